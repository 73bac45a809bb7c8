"""A wall cabinet of keys with numbered tags, some hooks empty, photographed by flash."""

from __future__ import annotations

import math
import random

from bpy.types import Material, Object
from PIL import Image, ImageDraw

from scenes.assets import font, keep
from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule, Unshowable
from scenes.materials import Wear, concrete, film, metal, painted, plastic, printed
from scenes.mesh import Profile, bake, box, copy, cut, discard, extrude, label, rod, sheet, tube
from scenes.nodes import srgb
from scenes.photo import Look
from scenes.scene import Scene, Shot
from scenes.sight import overlapping, see_through
from scenes.stage import Frame, View, camera, exposure, lamp, surroundings

ROWS, HOOKS, PITCH, STEP = 4, 7, 0.040, 0.093
WIDTH, HEIGHT, DEPTH = 0.306, 0.412, 0.075
TOP = 0.168
RING, WIRE, HOOK, SLOT = 0.0115, 0.0006, 0.0015, 0.0055
COLOURS = ("#a8201c", "#1f4f96", "#d9a915", "#24703c", "#2a2b2d", "#c75a17")


def corner(x: float, y: float, radius: float, start_deg: float) -> Profile:
    """Return a quarter round that begins at an angle."""
    turns = (math.radians(start_deg + 15 * i) for i in range(7))
    return [(x + radius * math.cos(t), y + radius * math.sin(t)) for t in turns]


def tag_pattern() -> Object:
    """Return a tag hanging from its hole at the origin, its front towards +z, with a pocket for the paper."""
    half, low, high, r = 0.0125, -0.039, -0.0075, 0.003
    outline = [*corner(half - r, low + r, r, -90), *corner(half - r, high - r, r, 0)]
    outline += [*corner(0.0045, 0.0025, 0.0038, 0), *corner(-0.0045, 0.0025, 0.0038, 90)]
    outline += [*corner(-half + r, high - r, r, 90), *corner(-half + r, low + r, r, 180)]
    body = extrude(outline, 0.0024, None, "tag pattern", 0.0005)
    body.location.z = -0.0012
    hole = bake(box((0.0098, SLOT, 0.02), (0, 0, 0), None, "slot", 0.0018))
    pocket = box((0.0205, 0.0245, 0.002), (0, -0.0232, 0.0014), None, "pocket")
    body.location.z = 0
    cut(body, hole, pocket)
    for vertex in body.data.vertices:
        vertex.co.z -= 0.0012
    return body


def key_pattern(kind: int) -> Object:
    """Return a cylinder-lock key hanging from its hole at the origin."""
    bow: Profile
    if kind == 0:
        bow = [(0.0118 * math.sin(t), -0.0062 + 0.0118 * math.cos(t)) for t in _turns(158, 40)]
    elif kind == 1:
        bow = [*corner(0.0075, -0.0145, 0.0035, -90), *corner(0.0065, 0.002, 0.0045, 0)]
        bow = [*bow, *corner(-0.0065, 0.002, 0.0045, 90), *corner(-0.0075, -0.0145, 0.0035, 180)][::-1]
    else:
        bow = [
            ((0.0106 + 0.0016 * math.cos(3 * t)) * math.sin(t), -0.0055 + 0.0112 * math.cos(t))
            for t in _turns(156, 48)
        ]
    right = max(bow, key=lambda p: p[0])[0]
    cuts = (
        (0.003, 0.0026),
        (0.006, 0.0014),
        (0.0095, 0.0031),
        (0.0130, 0.0018),
        (0.0165, 0.0028),
        (0.0200, 0.001),
    )
    shift = (0.0004, -0.0005, 0.0008)[kind]
    blade: list[tuple[float, float]] = [(0.0042, -0.0195), (0.0042, -0.023)]
    for along, deep in cuts:
        y = -0.0245 - along
        blade += [(0.0042 - deep - shift, y + 0.0006), (0.0042 - deep - shift, y - 0.0006)]
        blade += [(0.0042 - min(deep, 0.0012), y - 0.0018)]
    blade += [(0.0006, -0.0495), (-0.0012, -0.0500), (-0.0040, -0.0470), (-0.0040, -0.0195)]
    outline = [p for p in bow if p[1] > -0.0185 or abs(p[0]) > right * 0.3]
    body = extrude([*outline, *blade][::-1], 0.0021, None, f"key pattern {kind}", 0.00025)
    hole = bake(box((0.0105, SLOT, 0.02), (0, 0, 0), None, "slot", 0.0018))
    groove = box((0.0013, 0.034, 0.0007), (-0.0016, -0.037, 0.0021), None, "groove")
    cut(body, hole, groove)
    for vertex in body.data.vertices:
        vertex.co.z -= 0.00105
    return body


def _turns(reach_deg: float, steps: int) -> list[float]:
    """Return angles clockwise from the top, leaving the bottom open, from the left side round to the right."""
    return [math.radians(-reach_deg + 2 * reach_deg * i / steps) for i in range(steps + 1)]


def number_art(number: int, rng: random.Random) -> Material:
    """Return a paper insert with a handwritten number."""
    back = rng.choice([(240, 238, 229), (236, 231, 214), (243, 243, 240)])
    art = Image.new("RGB", (400, 480), back)
    draw = ImageDraw.Draw(art)
    ink = rng.choice([(24, 26, 34), (22, 34, 110), (24, 26, 34)])
    size = rng.uniform(300, 330)
    place = (200 + rng.uniform(-18, 18), 232 + rng.uniform(-22, 22))
    draw.text(place, str(number), ink, font("patrick-hand-400", size), anchor="mm", stroke_width=7)
    art = art.rotate(rng.uniform(-5, 5), Image.Resampling.BICUBIC, fillcolor=back)
    return printed(f"insert {number}", keep(art, f"insert_{number}"), 0.6, 0.35, size=0.03)


def split_ring(steel: Material) -> Object:
    """Return a split ring of two coils round the y axis."""
    points = []
    for step in range(97):
        t = math.tau * 2 * step / 96 + 0.9
        points.append((RING * math.sin(t), 0.00062 * (step / 48 - 1), RING * math.cos(t)))
    return tube(points, WIRE, steel, "ring", 10, 2)


def hang(
    item: Object, ring_at: tuple[float, float, float], yaw: float, along: float, turn: tuple[float, float]
) -> None:
    """Thread an item on a ring `along` radians from its lowest point; `turn` is its own yaw and swing."""
    x, y, z = ring_at
    x, y = x + RING * math.sin(along) * math.cos(yaw), y + RING * math.sin(along) * math.sin(yaw)
    drop = SLOT / 2 - WIRE - 0.0003 - 0.003 * abs(math.tan(along))
    item.location = (x, y, z - RING * math.cos(along) - drop)
    item.rotation_euler = (math.pi / 2, turn[1], turn[0])


def bunch(
    ring: Object, tag: Object, keys: list[Object], peg: Object, at: tuple[float, float], rng: random.Random
) -> None:
    """Hang a ring with its tag and keys on a hook so that nothing cuts through anything."""
    for _ in range(40):
        side, lean, twist = rng.choice([-1, 1]), rng.choice([-1, 1]), rng.uniform(-0.06, 0.06)
        yaw = side * math.radians(rng.uniform(48, 58))
        place = (at[0], -0.0165 + rng.uniform(-0.0015, 0.0015), at[1] + HOOK + 0.0006 - (RING - WIRE))
        ring.location, ring.rotation_euler = place, (0, 0, yaw)
        hang(tag, place, yaw, -side * math.radians(19), (rng.uniform(-0.09, 0.09), rng.uniform(-0.06, 0.06)))
        for order, key in enumerate(keys):
            swing = (lean if order == 0 else -lean) * rng.uniform(0.16, 0.40)
            along = side * math.radians(8 if order == 0 else 26)
            hang(key, place, yaw, along, (twist + rng.uniform(-0.02, 0.02), swing))
        if not overlapping([ring, tag, *keys, peg]):
            return
    raise Unshowable(f"{tag.name} does not hang freely")


def cabinet(paint: Material) -> None:
    """Build the open cabinet: back, frame, an open door at the left with the register card, rails."""
    inner = painted("inside", srgb("#aeb2ae"), chips=0.3, wear=Wear(0.6, 0.3, 0.6, 0.12))
    box((WIDTH, 0.002, HEIGHT), (0, 0.001, 0), inner, "back")
    for sign in (-1, 1):
        box((0.002, DEPTH, HEIGHT), (sign * WIDTH / 2, -DEPTH / 2, 0), paint, "side", 0.0006)
        box((0.014, 0.002, HEIGHT + 0.002), (sign * (WIDTH / 2 - 0.0065), -DEPTH, 0), paint, "stile", 0.0007)
        box((WIDTH, DEPTH, 0.002), (0, -DEPTH / 2, sign * HEIGHT / 2), paint, "cap", 0.0006)
        box((WIDTH - 0.027, 0.002, 0.012), (0, -DEPTH, sign * (HEIGHT / 2 - 0.006)), paint, "rail", 0.0007)
    door = box((WIDTH, 0.016, HEIGHT - 0.004), (WIDTH / 2, 0, 0), paint, "door", 0.002)
    art = Image.new("RGB", (900, 1300), (232, 228, 214))
    draw = ImageDraw.Draw(art)
    draw.text((450, 80), "KEY REGISTER", (30, 32, 36), font("barlow-condensed-700", 92), anchor="mm")
    for line in range(24):
        y = 170 + line * 46
        draw.line((40, y, 860, y), fill=(130, 134, 140), width=3)
    draw.line((200, 150, 200, 1230), fill=(130, 134, 140), width=3)
    card = printed("card", keep(art, "register"), 0.6, 0.4, size=0.2)
    label(door, card, 0.2, 0.29, (0, 0.0085, 0.01), (math.pi / 2, 0, math.pi))
    pivot = (-WIDTH / 2 - 0.004, -DEPTH - 0.002, 0)
    angle = math.radians(-112)
    door.location = (pivot[0] + WIDTH / 2 * math.cos(angle), pivot[1] + WIDTH / 2 * math.sin(angle), 0)
    door.rotation_euler.z = angle
    tape = Image.new("RGB", (1500, 200), (20, 22, 24))
    ImageDraw.Draw(tape).text(
        (750, 98), "WORKSHOP + YARD", (236, 236, 232), font("barlow-condensed-600", 150), anchor="mm"
    )
    strip = box(
        (0.09, 0.0005, 0.0105), (0.03, -DEPTH - 0.0013, HEIGHT / 2 - 0.006), paint, "tape", 0, (0, 0.012, 0)
    )
    label(
        strip,
        printed("tape", keep(tape, "tape"), 0.35, 0.05),
        0.0898,
        0.0104,
        (0, -0.0003, 0),
        (math.pi / 2, 0, 0),
    )
    for z in (-0.13, 0.13):
        rod((pivot[0], pivot[1], z - 0.02), (pivot[0], pivot[1], z + 0.02), 0.003, paint, "hinge")


def hooks(steel: Material) -> list[list[Object]]:
    """Fix the hook rails and return the hooks, row by row."""
    zinc = metal("rail zinc", srgb("#b3b5b4"), 0.36, Wear(0.6, 0.2, 0.5, 0.05), brushed=0.4)
    rows = []
    for row in range(ROWS):
        z = TOP - row * STEP
        box((HOOKS * PITCH, 0.0016, 0.013), (0, -0.0009, z), zinc, "hook rail", 0.0005)
        for sign in (-1, 1):
            x = sign * (HOOKS * PITCH / 2 - 0.005)
            rod((x, -0.0017, z), (x, -0.003, z), 0.0028, steel, "rail screw", 0.0008)
        line = []
        for index in range(HOOKS):
            x = (index - (HOOKS - 1) / 2) * PITCH
            path = [(x, -0.001, z), (x, -0.008, z), (x, -0.015, z), (x, -0.0205, z), (x, -0.0235, z + 0.0010)]
            path += [(x, -0.0256, z + 0.0036), (x, -0.0266, z + 0.0078)]
            line.append(tube(path, HOOK, steel, f"hook {row + 1}.{index + 1}", 14, 6))
        rows.append(line)
    return rows


def occupied(row: int, rng: random.Random) -> list[int]:
    """Return the hooks of a row that carry a tag; in the third the second tag is not on the second hook."""
    while True:
        taken = sorted(rng.sample(range(HOOKS), HOOKS - (2 if row == 2 else rng.choice([1, 2, 2, 3]))))
        if row != 2 or taken[-2] < HOOKS - 2 <= taken[-1]:
            return taken


def build(value: Value, rng: random.Random) -> Shot:
    """Hang the asked-for number second from the right in the third row."""
    wanted = int(str(value))
    numbers = rng.sample([n for n in range(11, 70) if n != wanted], ROWS * HOOKS)
    steel = metal("ring steel", srgb("#c4c4c2"), 0.22, Wear(0.5, 0.1, 0.5, 0.02))
    nickel = metal("nickel", srgb("#b9b6ad"), 0.28, Wear(0.8, 0.1, 0.7, 0.03), brushed=0.3)
    brass = metal("brass", srgb("#b1924f"), 0.3, Wear(0.8, 0.1, 0.8, 0.03), brushed=0.3)
    shells = [plastic(f"tag {code}", srgb(code), 0.33, Wear(0.7, 0.2, 0.6, 0.03), 0.15) for code in COLOURS]
    clear = film("window", (0.97, 0.97, 0.96), 0.06, 0.10, 0.35)
    patterns = [tag_pattern(), *(key_pattern(kind) for kind in range(3))]
    pegs, ring = hooks(steel), split_ring(steel)
    papers: list[Object] = []
    for row in range(ROWS):
        taken = occupied(row, rng)
        for index in taken:
            number = wanted if row == 2 and index == taken[-2] else numbers.pop()
            x, z = pegs[row][index].data.vertices[0].co.x, TOP - row * STEP
            tag = _coloured(patterns[0], rng.choice(shells), f"tag {number}")
            papers.append(label(tag, number_art(number, rng), 0.0203, 0.0243, (0, -0.0232, -0.0006)))
            window = see_through(sheet(0.0204, 0.0244, clear, "window"))
            window.parent, window.location = tag, (0, -0.0232, 0.0006)
            keys = [
                _coloured(rng.choice(patterns[1:]), rng.choice([nickel, nickel, brass]), f"key {number}.{order}")
                for order in range(rng.choice([1, 2, 2]))
            ]
            bunch(copy(ring, f"ring {number}"), tag, keys, pegs[row][index], (x, z), rng)
    discard(*patterns, ring)
    cabinet(painted("cabinet", srgb("#8c9694"), chips=0.45, wear=Wear(0.6, 0.3, 0.5, 0.12)))
    wall = concrete("wall", srgb("#b7a98d"), 5, 0.85)
    box((3, 0.05, 3), (0, 0.028, 0), wall, "wall")
    exposure(0.1)
    surroundings("lobby", rng.uniform(0, 360), 0.16)
    lamp((0.02, -1.02, 0.10), (0, 0, -0.02), 0.018, 13, (1, 0.98, 0.95))
    lamp((0.5, -0.8, 0.9), (0, 0, 0), 0.5, 3.0, (1, 0.82, 0.6))
    camera(View((0.085, -1.02, 0.035), (-0.004, -0.02, -0.004), 68, 9, roll_deg=1.6))
    return Shot(papers, Rule(0.85, 900), Look(grain=0.014, contrast=0.16))


def _coloured(pattern: Object, material: Material, name: str) -> Object:
    """Return a copy of a pattern in its own material."""
    item = copy(pattern, name)
    item.data = pattern.data.copy()
    item.data.materials.clear()
    item.data.materials.append(material)
    return item


SCENE = Scene(
    prompt=Prompt(
        id="SU11",
        title="Tag in a key cabinet",
        question=(
            "Look at the third row of hooks from the top. Empty hooks do not count. What number is on the "
            "second key tag from the right in that row? Answer only the number."
        ),
        answer=Answer("integer", 27),
        probes="Two ordinals, one from the top and one from the right, with empty hooks to be skipped.",
        difficulty="medium",
        tags=("facilities", "handwriting"),
    ),
    build=build,
    variant=lambda rng: rng.randint(11, 69),
    frame=Frame(960, 1280),
)

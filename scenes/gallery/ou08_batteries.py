"""Four AA cells in an open battery bay, one of them the wrong way round, under a desk lamp."""

from __future__ import annotations

import math
import random

from bpy.types import Material, Object
from PIL import Image, ImageDraw

from scenes.assets import font, keep
from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule, Unshowable
from scenes.materials import Wear, metal, plastic, printed, wood
from scenes.mesh import Profile, box, group, label, lathe, rod, sheet, tube
from scenes.nodes import Graph, srgb
from scenes.photo import Look
from scenes.scene import Scene, Shot
from scenes.sight import overlapping
from scenes.stage import View, camera, lamp, surroundings

SLOTS, PITCH = 4, 0.0165
CELL, RADIUS = 0.0495, 0.0071
BAY = 0.0575
FLOOR = 0.0025
RIM = 0.0125
SPRING = 0.0060
AXIS = FLOOR + RADIUS + 0.0002


def sleeve_art() -> Image.Image:
    """Draw the wrapper unrolled: 40 px to the millimetre along the cell (upwards), all round across."""
    art = Image.new("RGB", (1760, 1880), (18, 52, 60))
    draw = ImageDraw.Draw(art)
    draw.rectangle((0, 0, 1760, 430), fill=(196, 200, 192))
    draw.rectangle((0, 430, 1760, 446), fill=(214, 164, 40))
    side = Image.new("RGBA", (1300, 430), (0, 0, 0, 0))
    pen = ImageDraw.Draw(side)
    pen.text((20, 200), "CORVANE", (226, 220, 206), font("oswald-700", 250), anchor="lm")
    pen.text(
        (24, 372), "ALKALINE   AA  LR6  1.5 V", (190, 182, 166), font("barlow-condensed-500", 92), anchor="lm"
    )
    turned = side.rotate(90, expand=True)
    for centre in (440, 1320):
        art.paste(turned, (centre - 215, 500), turned)
        draw.text((centre, 216), "+", (24, 24, 26), font("barlow-condensed-700", 330), anchor="mm")
        draw.rectangle((centre - 70, 1824, centre + 70, 1840), fill=(226, 220, 206))
    fine = font("barlow-condensed-400", 50)
    warning = (
        "Do not recharge, open or",
        "dispose of in fire. Insert as",
        "marked. Replace all cells",
        "together. Keep dry.",
    )
    for line, words in enumerate(warning * 3):
        draw.text((880, 580 + line * 70), words, (150, 160, 156), fine, anchor="mm")
    return art


def cell(foil: Material, steel: Material, name: str, roll: float) -> list[Object]:
    """Return the parts of a cell lying along y, its positive end towards +y, its middle at the origin."""
    can: Profile = [
        (0, 0.0003),
        (0.0046, 0),
        (0.0050, 0.0004),
        (0.0062, 0.0005),
        (0.0066, 0.0011),
        (0.0066, 0.0482),
    ]
    top: Profile = [(0.0062, 0.0488), (0.0040, 0.0488), (0.0030, 0.0490), (0.0027, 0.0494), (0.0027, 0.0503)]
    metal_body = lathe([*can, *top, (0.0024, 0.0506), (0, 0.0507)], steel, name, 64)
    low, high = 0.0012, 0.0484
    skin: Profile = [(0.0061, 0.0007), (0.0067, low - 0.0002), (RADIUS, low + 0.0004), (RADIUS, high - 0.0004)]
    body = lathe([*skin, (0.0068, high + 0.0002), (0.0056, high + 0.0003)], foil, f"{name} wrapper", 96, 50)
    layer = body.data.uv_layers.new()
    for face in body.data.polygons:
        turns = [
            math.atan2(body.data.vertices[v].co.y, body.data.vertices[v].co.x) / math.tau for v in face.vertices
        ]
        wraps = max(turns) - min(turns) > 0.5
        for loop, turn in zip(face.loop_indices, turns, strict=True):
            z = body.data.vertices[body.data.loops[loop].vertex_index].co.z
            layer.data[loop].uv = (turn + 1 if wraps and turn < 0 else turn, (z - low) / (high - low))
    for part in (metal_body, body):
        part.location = (0, -CELL / 2, 0)
        part.rotation_euler = (-math.pi / 2, roll, 0)
    return [metal_body, body]


def spring(steel: Material, length: float) -> Object:
    """Return a conical coil along +y from the bay's wall at the origin."""
    turns, steps = 4.5, 90
    points = []
    for i in range(steps + 1):
        t = i / steps
        radius = 0.0046 - 0.0021 * t
        a = math.tau * turns * t
        points.append((radius * math.cos(a), length * (t**1.1), radius * math.sin(a)))
    return tube(points, 0.0004, steel, "spring", 8, 2)


def mark(plus: bool, x: float, y: float, ink: Material) -> None:
    """Inlay a polarity mark in the rim."""
    box((0.0046, 0.0011, 0.0003), (x, y, RIM + 0.00005), ink, "mark", 0.0001)
    if plus:
        box((0.0011, 0.0046, 0.0003), (x, y, RIM + 0.00006), ink, "mark", 0.0001)


def bay(ups: list[bool], shell: Material, steel: Material) -> list[Object]:
    """Return the bay: floor, walls, ribs, contacts, marks and slot numbers; `ups` tells where plus belongs."""
    width, length = SLOTS * PITCH + 0.006, BAY + 0.026
    parts = [box((width + 0.008, length + 0.008, FLOOR), (0, 0, FLOOR / 2), shell, "floor", 0.0008)]
    for side in (-1, 1):
        end = side * (BAY / 2 + 0.0065)
        parts.append(box((width, 0.013, RIM - FLOOR), (0, end, (RIM + FLOOR) / 2), shell, "end wall", 0.0006))
        flank = side * (SLOTS * PITCH / 2 + 0.0015)
        parts.append(
            box((0.003, BAY + 0.002, RIM - FLOOR), (flank, 0, (RIM + FLOOR) / 2), shell, "side wall", 0.0006)
        )
    for gap in range(1, SLOTS):
        x = (gap - SLOTS / 2) * PITCH
        size, middle = (0.0016, 0.010, 0.0045), FLOOR + 0.00225
        parts += [box(size, (x, y, middle), shell, "rib", 0.0004) for y in (-0.017, 0.017)]
    ink = plastic("white ink", srgb("#dedbd0"), 0.5, Wear(0.5, 0.2, 0.4, 0.01))
    for slot, up in enumerate(ups):
        x = (slot - (SLOTS - 1) / 2) * PITCH
        for side in (-1, 1):
            plus = up == (side > 0)
            wall = side * BAY / 2
            plate = box(
                (0.0115, 0.0005, 0.0085), (x, wall - side * 0.0003, FLOOR + 0.0052), steel, "contact", 0.0002
            )
            parts.append(plate)
            if not plus:
                coil = spring(steel, SPRING - 0.0004)
                coil.location, coil.rotation_euler = (
                    (x, wall - side * 0.0006, AXIS),
                    (0, 0, math.pi if side > 0 else 0),
                )
            mark(plus, x, side * (BAY / 2 + 0.0052), ink)
        digit = Image.new("L", (200, 200), 0)
        ImageDraw.Draw(digit).text((100, 100), str(slot + 1), 255, font("barlow-condensed-600", 210), anchor="mm")
        graph = Graph(f"digit {slot}")
        graph.set(base_color=srgb("#dedbd0"), roughness=0.5)
        graph.set(alpha=graph.image(keep(digit, f"digit_{slot}"), colour=False))
        number = sheet(0.0052, 0.0052, graph.material, "digit")
        number.location = (x, -BAY / 2 - 0.0101, RIM + 0.0001)
    return parts


def room(rng: random.Random) -> None:
    """Lay the table, the bay's lid, its screw, a spare cell's box and the leads."""
    box(
        (1.4, 1.0, 0.03),
        (0.1, 0.1, -0.015),
        wood("table", srgb("#3a2114"), srgb("#7d4a2a"), 0.38, 0, 0.4),
        "table",
        0.002,
    )
    shell = plastic("lid", srgb("#35393d"), 0.45, Wear(0.7, 0.4, 0.7, 0.06), texture=0.5)
    lid = box((0.078, 0.086, 0.0028), (0.098, 0.026, 0.0016), shell, "lid", 0.001, (0, 0, -0.42))
    for k in range(5):
        grip = box((0.026, 0.0012, 0.0008), (0, -0.032 + 0.0032 * k, 0.0016), shell, "grip", 0.0003)
        grip.parent = lid
    red, black = plastic("red lead", srgb("#8e1c18"), 0.4), plastic("black lead", srgb("#18181a"), 0.4)
    tube(
        [(-0.030, 0.043, 0.004), (-0.034, 0.062, 0.003), (-0.060, 0.082, 0.001), (-0.13, 0.085, 0.001)],
        0.0009,
        red,
    )
    tube(
        [(-0.026, 0.043, 0.004), (-0.027, 0.060, 0.003), (-0.050, 0.090, 0.001), (-0.12, 0.102, 0.001)],
        0.0009,
        black,
    )
    grip = plastic("screwdriver", srgb("#b58a1e"), 0.25, Wear(0.5, 0.2, 0.6, 0.03), coat=0.5)
    steel = metal("blade", srgb("#b7b7b5"), 0.25, Wear(0.5, 0.2, 0.5, 0.03))
    handle = lathe(
        [(0, 0), (0.006, 0), (0.008, 0.004), (0.0085, 0.05), (0.006, 0.07), (0, 0.072)], grip, "handle", 8, 25
    )
    blade = rod((0, 0, 0.07), (0, 0, 0.15), 0.0022, steel, "blade")
    group(
        "screwdriver",
        [handle, blade],
        (-0.13, -0.045, 0.0087),
        (math.pi / 2, 0, math.pi + rng.uniform(-0.25, -0.1)),
    )
    card = Image.new("RGB", (800, 500), (228, 223, 210))
    pen = ImageDraw.Draw(card)
    pen.text((60, 90), "Kettle scale  -  user guide", (50, 50, 56), font("roboto-condensed-500", 62), anchor="lm")
    for line in range(9):
        pen.line((60, 160 + 34 * line, 740 - 90 * (line % 3), 160 + 34 * line), fill=(150, 148, 142), width=7)
    guide = box(
        (0.10, 0.0625, 0.0012), (0.01, 0.095, 0.0007), plastic("paper", srgb("#dcd8cc"), 0.7), "guide", 0.0002
    )
    guide.rotation_euler.z = 0.2
    label(guide, printed("guide", keep(card, "guide"), 0.6, 0.4), 0.0998, 0.0623, (0, 0, 0.00064))


def require_free(cells: list[Object], body: list[Object]) -> None:
    """Raise `Unshowable` if a cell cuts into the bay."""
    inside = {item.name for item in cells}
    pairs = [(a, b) for a, b in overlapping([*cells, *body]) if (a in inside) != (b in inside)]
    if pairs:
        raise Unshowable(f"cut through each other: {pairs}")


def build(value: Value, rng: random.Random) -> Shot:
    """Put four cells in, all but the asked-for one as the marks say."""
    wrong = int(str(value)) - 1
    first = rng.choice([True, False])
    ups = [first == (slot % 2 == 0) for slot in range(SLOTS)]
    shell = plastic("bay", srgb("#2a2d31"), 0.48, Wear(0.6, 0.45, 0.6, 0.04), texture=0.5)
    steel = metal("nickel", srgb("#bdbab2"), 0.22, Wear(0.5, 0.2, 0.6, 0.01))
    body = bay(ups, shell, steel)
    foil = printed("wrapper", keep(sleeve_art(), "wrapper"), 0.3, 0.12, 0.6, 0.02)
    cells: list[Object] = []
    for slot, up in enumerate(ups):
        towards_far = up != (slot == wrong)
        parts = cell(foil, steel, f"cell {slot + 1}", rng.uniform(-0.45, 0.45))
        x = (slot - (SLOTS - 1) / 2) * PITCH
        # The spring pushes each cell against the opposite contact.
        push = (SPRING - 0.0042) * (1 if up else -1)
        group(f"slot {slot + 1}", parts, (x, push, AXIS), (0, 0, 0 if towards_far else math.pi))
        cells += parts
    require_free(cells, body)
    room(rng)
    surroundings("apartment", rng.uniform(0, 360), 0.25)
    lamp((-0.22, 0.20, 0.30), (0, 0, 0), 0.07, 3.4, (1, 0.80, 0.56))
    lamp((0.35, -0.3, 0.4), (0, 0, 0), 0.4, 0.9, (0.9, 0.92, 1))
    camera(View((0.030, -0.105, 0.190), (0.003, 0.003, 0.004), 49, 9, roll_deg=-3))
    return Shot(cells[1::2], Rule(0.6, 9000), Look(grain=0.012, warmth=0.02))


SCENE = Scene(
    prompt=Prompt(
        id="OU08",
        title="Battery the wrong way round",
        question=(
            "Going by the plus and minus marks beside the numbered slots, one battery is inserted the wrong way "
            "round. In which slot is it? Answer only the number."
        ),
        answer=Answer("integer", 2),
        probes=(
            "Slots alternate in direction, so the reversed cell lies like both its neighbours and the odd one out "
            "is right."
        ),
        difficulty="hard",
        tags=("electronics", "household"),
    ),
    build=build,
    variant=lambda rng: rng.randint(1, SLOTS),
)

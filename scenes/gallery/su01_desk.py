"""A mug and a notebook beside an open laptop, seen from the far side of the desk."""

from __future__ import annotations

import math
import random

from bpy.types import Object
from mathutils import Matrix
from PIL import Image, ImageDraw, ImageFilter

from scenes.assets import font, keep
from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule
from scenes.materials import Wear, fabric, metal, painted, plastic, printed, wood
from scenes.mesh import box, copy, cylinder, discard, extrude, group, label, lathe, rod, sheet, tube
from scenes.nodes import Graph, srgb
from scenes.photo import Look
from scenes.scene import Scene, Shot
from scenes.sight import require_apart
from scenes.stage import Point, View, aim, camera, exposure, lamp, sun, surroundings

WIDTH, DEPTH, THICK, LID = 0.312, 0.218, 0.013, 0.0055


def rounded(width: float, depth: float, radius: float) -> list[tuple[float, float]]:
    """Return the outline of a rectangle with round corners."""
    x, y = width / 2 - radius, depth / 2 - radius
    corners = ((x, y, 0), (-x, y, 90), (-x, -y, 180), (x, -y, 270))
    turns = [(cx, cy, math.radians(start + step)) for cx, cy, start in corners for step in range(0, 91, 15)]
    return [(cx + radius * math.cos(t), cy + radius * math.sin(t)) for cx, cy, t in turns]


def stickers() -> list[tuple[Image.Image, float, Point]]:
    """Draw the lid's stickers, each with its width in metres and its place on the lid (x, y, turn)."""
    tarn = Image.new("RGB", (500, 320), (236, 231, 216))
    draw = ImageDraw.Draw(tarn)
    draw.polygon([(40, 230), (170, 70), (240, 150), (310, 95), (460, 230)], fill=(42, 82, 92))
    draw.text((250, 272), "TARN TRAIL RUN", (42, 50, 52), font("oswald-600", 52), anchor="mm")
    radio = Image.new("RGB", (440, 150), (194, 60, 42))
    ImageDraw.Draw(radio).text(
        (220, 75), "radio pellow", (250, 240, 220), font("permanent-marker-400", 62), anchor="mm"
    )
    asset_tag = Image.new("RGB", (400, 130), (228, 228, 224))
    draw = ImageDraw.Draw(asset_tag)
    draw.text((200, 38), "PROPERTY OF HALDEN", (25, 25, 28), font("barlow-condensed-600", 40), anchor="mm")
    for index in range(70):
        draw.line((30 + 5 * index, 62, 30 + 5 * index, 112), fill=(20, 20, 22), width=1 + (index * 7) % 4)
    return [
        (tarn, 0.062, (0.078, 0.02, math.pi + 0.12)),
        (radio, 0.055, (-0.095, -0.052, math.pi - 0.2)),
        (asset_tag, 0.042, (0.115, -0.082, math.pi)),
    ]


def laptop() -> Object:
    """Return an open laptop on z = 0: its keyboard towards -y, the back of its lid towards +y."""
    shell = metal("anodised", srgb("#a3a5a8"), 0.42, Wear(0.25, 0.15, 0.7, 0.10), grain=0.3)
    dark = plastic("keys", srgb("#1b1c1f"), 0.5, Wear(0.2, 0.3, 0.8, 0.05))
    base = extrude(rounded(WIDTH, DEPTH, 0.012), THICK - 0.002, shell, "base", 0.0028)
    base.location.z = 0.002
    parts = [base]
    model = box((0.0152, 0.0148, 0.0016), (0, 0, 0), dark, "key", 0.0006)
    for row in range(5):
        for column in range(14):
            x, y = (column - 6.5) * 0.0187 + (row % 2) * 0.004, 0.068 - row * 0.0185
            parts.append(copy(model, "key", (x, y, THICK + 0.0006)))
    discard(model)
    pad = extrude(rounded(0.11, 0.07, 0.004), 0.0004, shell, "touch pad")
    pad.location = (0, -0.066, THICK)
    parts.append(pad)
    for x in (-0.11, 0.11):
        for y in (-0.085, 0.085):
            foot = cylinder(0.007, 0.0025, dark, "foot")
            foot.location = (x, y, 0)
            parts.append(foot)
    for y in (0.02, 0.045, 0.066):
        parts.append(box((0.002, 0.011, 0.0035), (WIDTH / 2 - 0.0007, y, 0.0075), dark, "port", 0.0008))
        parts.append(box((0.002, 0.011, 0.0035), (-WIDTH / 2 + 0.0007, y, 0.0075), dark, "port", 0.0008))
    parts.append(rod((-0.12, DEPTH / 2 - 0.003, 0.0125), (0.12, DEPTH / 2 - 0.003, 0.0125), 0.0042, dark, "hinge"))
    outer = extrude(rounded(WIDTH, DEPTH, 0.012), LID, shell, "lid", 0.0022)
    glass = box((WIDTH - 0.012, DEPTH - 0.012, 0.0006), (0, 0, -0.0002), dark, "bezel", 0.0002)
    shine = Graph("screen")
    shine.set(base_color=(0.05, 0.05, 0.06), emission_color=(0.75, 0.86, 1.0), emission_strength=1.2)
    screen = sheet(WIDTH - 0.024, DEPTH - 0.03, shine.material, "screen")
    screen.location, screen.rotation_euler = (0, 0, -0.0006), (math.pi, 0, 0)
    emblem = cylinder(0.011, 0.0003, metal("emblem", srgb("#3c3f44"), 0.2), "emblem")
    emblem.location = (0, 0, LID)
    prints: list[Object] = []
    for index, (art, width, (x, y, turn)) in enumerate(stickers()):
        paper = printed(f"sticker {index}", keep(art, f"sticker{index}"), 0.35, 0.1, 0.4, 0.05)
        prints.append(
            label(
                outer, paper, width, width * art.height / art.width, (x, y, LID + 0.00015), (0, 0, turn), "sticker"
            )
        )
    lid = group("lid root", [outer, glass, screen, emblem])
    # The lid's own -y edge is the hinge; it opens 104 degrees from lying on the keyboard.
    hinge = Matrix.Translation((0, DEPTH / 2 - 0.003, THICK + 0.0035))
    lid.matrix_world = hinge @ Matrix.Rotation(math.radians(-104), 4, "X") @ Matrix.Translation((0, -DEPTH / 2, 0))
    return group("laptop", [*parts, lid])


def mug() -> Object:
    """Return a glazed mug of coffee on z = 0, its handle towards +x."""
    graph = Graph("glaze")
    where = graph.where(1.0)
    speck = graph.remap(graph.noise(where, 900, 2, 0.5), 0.66, 0.70, 0.0, 0.55)
    cloud = graph.noise(where, 35, 5, 0.6)
    z = graph.node("SeparateXYZ", {0: graph.node("TexCoord").outputs["Object"]}).outputs[2]
    bare = graph.remap(z, 0.007, 0.0085, 1.0, 0.0)
    dip = graph.math("ADD", z, graph.math("MULTIPLY", graph.noise(where, 45, 3), 0.02))
    body_glaze = graph.ramp(cloud, (0.35, srgb("#cfc6b2")), (0.65, srgb("#e2dac8")))
    rim_glaze = graph.ramp(cloud, (0.35, srgb("#1d3f57")), (0.65, srgb("#34647c")))
    glaze = graph.mix(graph.remap(dip, 0.066, 0.069, 0.0, 1.0), body_glaze, rim_glaze)
    graph.set(base_color=graph.mix(bare, graph.mix(speck, glaze, srgb("#4b2a1a")), srgb("#c9b08c")))
    graph.set(roughness=graph.remap(bare, 0.0, 1.0, 0.12, 0.75), normal=graph.bump(cloud, 0.15, 0.002))
    outer = [(0.0, 0.002), (0.028, 0.002), (0.030, 0.0), (0.032, 0.001), (0.036, 0.006), (0.0405, 0.016)]
    outer += [(0.0422, 0.035), (0.0425, 0.06), (0.0428, 0.088), (0.0428, 0.0915), (0.0418, 0.0932)]
    inner = [(0.0402, 0.0925), (0.0392, 0.089), (0.039, 0.05), (0.037, 0.016), (0.03, 0.008), (0, 0.007)]
    body = lathe([*outer, *inner], graph.material, "mug", 128)
    loop = [(0.039, 0, 0.076), (0.052, 0, 0.079), (0.066, 0, 0.07), (0.0695, 0, 0.052), (0.063, 0, 0.034)]
    handle = tube([*loop, (0.05, 0, 0.026), (0.0395, 0, 0.026)], 0.0052, graph.material, "handle", 20, 8)
    coffee = lathe([(0, 0.0735), (0.037, 0.0735), (0.0391, 0.0741)], None, "coffee", 96)
    drink = Graph("coffee")
    foam = drink.noise(drink.where(1.0), 120, 6, 0.7)
    drink.set(base_color=drink.ramp(foam, (0.5, srgb("#2c1509")), (0.68, srgb("#8a5a34"))), roughness=0.06)
    coffee.data.materials.append(drink.material)
    return group("mug", [body, handle, coffee])


def page(seed: int) -> Image.Image:
    """Draw a ruled page with notes in pencil."""
    rng = random.Random(seed)
    art = Image.new("RGB", (900, 1260), (243, 239, 226))
    draw = ImageDraw.Draw(art)
    for y in range(140, 1240, 56):
        draw.line((0, y, 900, y), fill=(178, 196, 214), width=3)
    lines = [
        "Tue - call printer re proofs",
        "chapter 4: move map to p 61",
        "ask Ines about the index",
        "order ink!",
    ]
    lines += ["- title page 2nd version", "- captions, shorter", "train 14.52, platform 3", "milk, bread, stamps"]
    face = font("caveat-600", 68)
    for index, line in enumerate(rng.sample(lines, 7)):
        draw.text((70 + rng.randint(-8, 10), 134 + 112 * index), line, (46, 52, 74), face, anchor="ls")
    return art.filter(ImageFilter.GaussianBlur(0.7))


def notebook() -> Object:
    """Return an open notebook on z = 0 that is read from -y, with a pencil across it."""
    cover = plastic("cover", srgb("#22343c"), 0.6, Wear(0.4, 0.3, 0.4, 0.1), texture=0.6)
    parts = [box((0.252, 0.182, 0.003), (0, 0, 0.0015), cover, "cover", 0.0012)]
    edge = plastic("paper edge", srgb("#e6dfcc"), 0.85)
    for sign in (-1, 1):
        parts.append(box((0.122, 0.174, 0.008), (sign * 0.0615, 0, 0.007), edge, "pages", 0.0015))
        paper = printed(f"page {sign}", keep(page(5 + sign), f"page{sign}"), 0.85, 0.5, 0.2, 0.12)
        top = sheet(
            0.122, 0.174, paper, "page", (24, 4), lambda x, y, s=sign: 0.004 * (0.5 - s * x / 0.122) ** 2.0
        )  # type: ignore[misc]
        top.location = (sign * 0.0615, 0, 0.0113)
        parts.append(top)
    turns = [(0.0042 * math.cos(math.tau * i / 6), 0.0042 * math.sin(math.tau * i / 6)) for i in range(6)]
    lead = [
        extrude(
            turns,
            0.14,
            painted("pencil", srgb("#c8982a"), srgb("#c7a373"), 0.3, Wear(size=0.03)),
            "pencil",
            0.0004,
        ),
        lathe(
            [(0.0042, 0.14), (0.0012, 0.156), (0, 0.16)], wood("tip", srgb("#b98d58"), srgb("#d8b380")), "tip", 24
        ),
        lathe([(0, -0.012), (0.004, -0.012), (0.0042, 0)], plastic("eraser", srgb("#c46a68"), 0.7), "eraser", 24),
    ]
    parts.append(group("pencil root", lead, (0.02, -0.06, 0.0205), (0, math.radians(90), 0.75)))
    return group("notebook", parts)


def post(side: float, rng: random.Random) -> None:
    """Leave opened post and a paper clip at the near corner of the desk."""
    for index, code in enumerate(("#e8e4d8", "#c9a877", "#dfe3e6")):
        paper = plastic("envelope", srgb(code), 0.85, Wear(0.1, 0.2, 0.6, 0.1))
        at = (side * 0.5 + rng.uniform(-0.02, 0.02), 0.24 + rng.uniform(-0.02, 0.02), 0.0012 + 0.0022 * index)
        box((0.22, 0.11, 0.002), at, paper, "envelope", 0.0006, (0, 0, rng.uniform(-0.5, 0.5)))
    bends = [
        (0, 0),
        (0.026, 0),
        (0.029, 0.0035),
        (0.026, 0.007),
        (0.004, 0.007),
        (0.001, 0.0045),
        (0.004, 0.002),
        (0.022, 0.002),
    ]
    wire = metal("clip", srgb("#b9bbbd"), 0.25, Wear(0.2, 0.1, 0.3, 0.02))
    clip = tube([(x, y, 0.0006) for x, y in bends], 0.0005, wire, "clip", 8, 6)
    clip.location, clip.rotation_euler.z = (side * 0.16, 0.24, 0), rng.uniform(0, 6)


def room(rng: random.Random) -> None:
    """Build the far part of the room: the sitter's chair, floor, wall, shelf of books."""
    boards = wood("floor", srgb("#4a3322"), srgb("#8a6844"), 0.4, 0.13, 0.5)
    box((5, 5, 0.04), (0, -1.2, -0.76), boards, "floor").rotation_euler.z = math.pi / 2
    plaster = painted("wall", srgb("#c9c2b2"), chips=0.02, wear=Wear(0.1, 0.1, 0.4, 0.7))
    box((6, 0.1, 3), (0, -2.3, 0.7), plaster, "wall")
    box((6, 0.02, 0.12), (0, -2.24, -0.68), plastic("skirting", srgb("#e2ded2"), 0.4), "skirting", 0.004)
    ash = wood("shelf", srgb("#8f6d45"), srgb("#c8a572"), 0.45)
    for level in range(3):
        box((1.3, 0.24, 0.022), (-0.85, -2.11, -0.5 + 0.36 * level), ash, "shelf", 0.002)
        x = -1.45
        while x < -0.3:
            thick, tall = rng.uniform(0.015, 0.045), rng.uniform(0.19, 0.28)
            code = rng.choice(
                ["#7a2f2a", "#2f4a5c", "#c9b78d", "#46583e", "#d9d4c6", "#23262a", "#b0672e", "#5c4a66"]
            )
            cover = plastic("book", srgb(code), 0.6)
            box((thick, 0.17, tall), (x, -2.1, -0.488 + 0.36 * level + tall / 2), cover, "book", 0.002)
            x += thick + 0.003
    for x in (-1.49, -0.21):
        box((0.024, 0.26, 1.2), (x, -2.11, -0.15), ash, "shelf side", 0.002)
    oak = wood("chair", srgb("#5d3c20"), srgb("#9c6c3e"), 0.4)
    for x in (-0.2, 0.2):
        rod((x, -0.92, -0.74), (x * 1.05, -1.0, 0.27), 0.017, oak, "chair post")
        rod((x, -0.52, -0.74), (x, -0.52, -0.28), 0.017, oak, "chair leg")
    box((0.46, 0.44, 0.03), (0, -0.72, -0.28), oak, "seat", 0.01)
    box((0.42, 0.4, 0.03), (0, -0.72, -0.25), fabric("cushion", srgb("#7b3a34"), 0.0015), "cushion", 0.014)
    box((0.44, 0.022, 0.1), (0, -1.0, 0.22), oak, "top rail", 0.008, (-0.08, 0, 0))
    for index in range(5):
        x = (index - 2) * 0.075
        rod((x, -0.93, -0.26), (x, -0.995, 0.19), 0.008, oak, "spindle")


def window(towards: Point) -> None:
    """Hold a sash window before the sun, so that its bars fall across the desk."""
    white = plastic("sash", srgb("#d8d8d2"), 0.5)
    sides = [((1.2, 4, 0.05), (-1.07, 0, 0)), ((1.2, 4, 0.05), (1.07, 0, 0))]
    ends = [((4, 1.2, 0.05), (0, -1.0, 0)), ((4, 1.2, 0.05), (0, 1.02, 0))]
    bars = [((0.035, 2, 0.03), (0.06, 0, 0)), ((2, 0.035, 0.03), (0, 0.07, 0))]
    sash = group("window", [box(size, at, white, "sash") for size, at in (*sides, *ends, *bars)])
    sash.matrix_world = Matrix.Translation([-2.6 * part for part in towards]) @ aim((0, 0, 0), towards)


def build(value: Value, rng: random.Random) -> Shot:
    """Stand the mug at the sitter's left or right, and the notebook at the other hand."""
    hand = 1 if value == "right" else -1
    machine = laptop()
    machine.rotation_euler.z = rng.uniform(-0.06, 0.06)
    cup = mug()
    cup.location = (hand * rng.uniform(0.245, 0.265), rng.uniform(-0.02, 0.03), 0.0045)
    cup.rotation_euler.z = rng.uniform(0.3, 1.0) if hand > 0 else math.pi - rng.uniform(0.3, 1.0)
    coaster = cylinder(0.048, 0.0042, wood("cork", srgb("#8a6338"), srgb("#c39a63"), 0.85), "coaster", 0.001)
    coaster.location = (cup.location.x + 0.004, cup.location.y - 0.003, 0)
    notes = notebook()
    notes.location = (-hand * 0.325, rng.uniform(-0.05, 0.0), 0)
    notes.rotation_euler.z = hand * rng.uniform(0.05, 0.2)
    phone = extrude(
        rounded(0.071, 0.148, 0.009), 0.0078, plastic("phone", srgb("#0c0d10"), 0.06, coat=1), "phone", 0.0018
    )
    phone.location, phone.rotation_euler = (hand * 0.405, -0.03, 0), (0, 0, hand * -0.3)
    side = WIDTH / 2
    cord = [(hand * (side + 0.001), 0.066, 0.0078), (hand * (side + 0.03), 0.068, 0.006)]
    cord += [
        (hand * 0.23, 0.13, 0.0022),
        (hand * 0.30, 0.20, 0.0022),
        (hand * 0.5, 0.16, 0.0022),
        (hand * 0.9, 0.3, 0.0022),
    ]
    tube(cord, 0.0019, plastic("cord", srgb("#e3e3df"), 0.5), "cord")
    solid = [
        next(c for c in root.children if c.name.startswith(n)) for root, n in ((machine, "base"), (cup, "mug"))
    ]
    require_apart([*solid, coaster, phone, next(c for c in notes.children if c.name.startswith("cover"))])
    top = wood("desk", srgb("#6b4a2b"), srgb("#b58654"), 0.36, 0.14, 0.5)
    box((1.7, 0.78, 0.028), (0, -0.02, -0.014), top, "desk", 0.004)
    room(rng)
    post(-hand, rng)
    towards = (-0.62, -0.42, -0.52)
    window(towards)
    sun(towards, 9.0, 0.6, (1, 0.88, 0.72))
    exposure(-0.1)
    surroundings("apartment", rng.uniform(0, 360), 0.34)
    lamp((-1.6, 1.0, 1.2), (0, -0.4, 0), 1.4, 12, (0.86, 0.93, 1))
    lamp((0.6, -1.2, 1.6), (0, -1.8, 0), 0.8, 16, (1, 0.93, 0.84))
    camera(View((rng.uniform(0.02, 0.16), 0.80, 0.46), (0.0, -0.08, 0.075), 33, 5.6, roll_deg=-1.5, focus=0.82))
    return Shot([machine, cup, notes], Rule(0.5, 8000), Look(grain=0.01, warmth=0.015))


SCENE = Scene(
    prompt=Prompt(
        id="SU01",
        title="Mug from the other side of the desk",
        question=(
            "For a person sitting on the chair and typing on the laptop, is the mug to the left or to the right"
            " of the laptop? Answer only left or right."
        ),
        answer=Answer("choice", "right", {"options": ["left", "right"]}),
        probes="Taking the viewpoint of somebody who faces the camera: left and right change places.",
        difficulty="medium",
        tags=("office", "perspective taking"),
    ),
    build=build,
    variant=lambda rng: rng.choice(["left", "right"]),
)

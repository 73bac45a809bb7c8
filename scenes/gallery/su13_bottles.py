"""Five bottles at different depths on a bar."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from bpy.types import Material, Object
from PIL import Image, ImageDraw

from scenes.assets import font, keep
from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule, Unshowable
from scenes.materials import Wear, glass, metal, plastic, printed, wood
from scenes.mesh import box, lathe, rod
from scenes.nodes import srgb
from scenes.photo import Look
from scenes.scene import Scene, Shot
from scenes.sight import require_apart
from scenes.stage import View, camera, lamp, surroundings

TINTS = {"green": "#74c682", "amber": "#e39a45", "clear": "#f6faf8", "blue": "#5f8cf0", "red": "#f04a58"}
EYE = (0.02, -0.62, 0.30)


@dataclass(frozen=True)
class Shape:
    """A bottle's body radius, shoulder height, neck radius and full height, in metres."""

    radius: float
    shoulder: float
    neck: float
    height: float


SHAPES = [
    Shape(0.037, 0.17, 0.0135, 0.27),
    Shape(0.028, 0.11, 0.012, 0.20),
    Shape(0.043, 0.15, 0.016, 0.235),
    Shape(0.033, 0.20, 0.014, 0.31),
    Shape(0.025, 0.10, 0.011, 0.165),
]


def bottle(shape: Shape, tint: Material, paper: Material, seal: Material, name: str) -> Object:
    """Return a bottle with walls, a label and a cap."""
    r, n = shape.radius, shape.neck
    bend = [math.radians(d) for d in range(0, 91, 15)]
    rise = min(0.05, shape.height - shape.shoulder - 0.05)
    outer = [(r * 0.86, 0.0), (r * 0.97, 0.002), (r, 0.007), (r, shape.shoulder)]
    outer += [(n + (r - n) * math.cos(a), shape.shoulder + rise * math.sin(a)) for a in bend[1:]]
    outer += [
        (n, shape.height - 0.012),
        (n * 1.18, shape.height - 0.011),
        (n * 1.18, shape.height - 0.002),
        (n * 0.8, shape.height),
    ]
    inner = [(max(0.003, x - 0.0028), z) for x, z in outer if 0.007 <= z < shape.height - 0.012]
    profile = [(0, 0.004), (r * 0.6, 0.003), *outer, *inner[::-1], (r * 0.9, 0.0075), (0, 0.0095)]
    body = lathe(profile, tint, name, 96, 40)
    top = min(shape.shoulder - 0.012, 0.125)
    wrap = lathe([(r + 0.0002, 0.03), (r + 0.0002, top)], paper, name + " label", 96)
    uv = wrap.data.uv_layers.new()
    for polygon in wrap.data.polygons:
        turns = [
            math.atan2(wrap.data.vertices[i].co.x, -wrap.data.vertices[i].co.y) / math.tau + 0.5
            for i in polygon.vertices
        ]
        if max(turns) - min(turns) > 0.5:
            turns = [t + 1 if t < 0.5 else t for t in turns]
        for loop, turn in zip(polygon.loop_indices, turns, strict=True):
            z = wrap.data.vertices[wrap.data.loops[loop].vertex_index].co.z
            uv.data[loop].uv = (turn * 2 - 0.5, (z - 0.03) / (top - 0.03))
    cap = lathe(
        [
            (n * 1.3, shape.height - 0.02),
            (n * 1.32, shape.height),
            (n * 1.2, shape.height + 0.0025),
            (0, shape.height + 0.003),
        ],
        seal,
        name + " cap",
        64,
    )
    for part in (wrap, cap):
        part.parent = body
    return body


def label_art(index: int, rng: random.Random) -> Material:
    """Return a printed label of an invented brand; it says nothing of depth or colour."""
    names = ["MARL & SON", "Tidewrack", "OSTLER", "Pellow's", "No. 41"]
    lines = ["SLOE CORDIAL", "ELDERFLOWER", "BITTERS", "GINGER SYRUP", "VERMOUTH"]
    back = rng.choice([(238, 229, 205), (226, 220, 208), (30, 36, 40), (208, 190, 150)])
    ink = (236, 226, 200) if back[0] < 60 else (40, 30, 26)
    art = Image.new("RGB", (1000, 600), back)
    draw = ImageDraw.Draw(art)
    draw.rectangle((30, 30, 970, 570), outline=ink, width=6)
    draw.text((500, 200), names[index], ink, font("oswald-600", 130), anchor="mm")
    draw.line((250, 310, 750, 310), fill=ink, width=5)
    draw.text((500, 390), lines[index], ink, font("barlow-condensed-500", 90), anchor="mm")
    draw.text((500, 490), "ESTD 1887  70 cl", ink, font("barlow-condensed-400", 56), anchor="mm")
    return printed(f"label {index}", keep(art, f"bottle{index}"), 0.6, 0.4, size=0.06)


def back_bar(rng: random.Random) -> None:
    """Build a blurred shelf with bottles and a warm wall behind the bar."""
    box((3, 0.04, 2), (0, 1.5, 0.4), plastic("tiles", srgb("#b9ab92"), 0.3, Wear(0.2, 0.1, 0.8, 0.5)), "tiles")
    box((2.4, 0.2, 0.03), (0, 1.33, 0.35), wood("shelf", srgb("#2a170c"), srgb("#6d4325"), 0.4), "shelf", 0.004)
    colours = [
        plastic(f"far {code}", srgb(code), 0.12, coat=0.5)
        for code in ("#27402c", "#5d3510", "#7a1c20", "#c9c2a8", "#24364f")
    ]
    for index in range(15):
        r, h = rng.uniform(0.028, 0.042), rng.uniform(0.18, 0.28)
        item = lathe(
            [(0, 0), (r, 0), (r, h * 0.6), (r * 0.35, h * 0.8), (r * 0.35, h), (0, h)],
            rng.choice(colours),
            "far bottle",
            32,
        )
        item.location = (-0.9 + 0.13 * index, 1.33 + rng.uniform(-0.03, 0.03), 0.365)


def build(value: Value, rng: random.Random) -> Shot:
    """Stand the bottles so that the asked-for one is second nearest and height tells nothing of depth."""
    colours = [c for c in TINTS if c != value]
    rng.shuffle(colours)
    order = [colours[0], str(value), *colours[1:]]
    depths = [-0.19, -0.075, 0.03, 0.14, 0.25]
    lanes = [-0.10, 0.145, 0.015, -0.205, 0.275]
    sizes = [SHAPES[i] for i in rng.choice([(4, 0, 1, 2, 3), (1, 2, 4, 0, 3), (4, 1, 0, 3, 2)])]
    bottles = []
    for index, (colour, y, x, shape) in enumerate(zip(order, depths, lanes, sizes, strict=True)):
        tint = glass(f"{colour} glass", srgb(TINTS[colour]), 0.0, 1.5)
        seal = metal("cap", srgb(rng.choice(["#b8a46a", "#2c2c2e", "#a9a9a9"])), 0.3, Wear(0.4, 0.1, 0.5, 0.03))
        item = bottle(shape, tint, label_art(index, rng), seal, colour)
        item.location = (x + rng.uniform(-0.008, 0.008), y + rng.uniform(-0.008, 0.008), 0)
        item.rotation_euler.z = rng.uniform(-0.7, 0.7)
        bottles.append(item)
    require_apart(bottles)
    if [b.name for b in sorted(bottles, key=lambda b: math.dist(b.location, EYE))] != order:
        raise Unshowable("depth order came out differently")
    box(
        (2.4, 0.72, 0.05),
        (0, 0.06, -0.025),
        wood("bar top", srgb("#2b150a"), srgb("#7a4722"), 0.22, 0.18, 0.3),
        "bar",
        0.008,
    )
    rod((-1.2, -0.26, 0.02), (1.2, -0.26, 0.02), 0.008, metal("brass rail", srgb("#a98e58"), 0.25), "rail")
    back_bar(rng)
    surroundings("lobby", rng.uniform(0, 360), 0.35)
    lamp((0.5, 0.9, 0.9), (0, 0.1, 0.1), 0.4, 26, (1, 0.78, 0.5))
    lamp((-0.9, -0.2, 0.8), (0, 0, 0.1), 0.5, 10, (1, 0.88, 0.7))
    lamp((0.1, 1.0, 0.9), (0, 1.5, 0.2), 0.6, 16, (1, 0.7, 0.4))
    camera(View(EYE, (0.02, 0.05, 0.105), 36, 5.6, roll_deg=-1, focus=0.6))
    return Shot(bottles, Rule(0.6, 5000), Look(grain=0.012, warmth=0.02))


SCENE = Scene(
    prompt=Prompt(
        id="SU13",
        title="Depth order of bottles",
        question=(
            "Of the five bottles standing on the bar in front, which is second closest to the camera? Answer "
            "only its colour: green, amber, clear, blue or red."
        ),
        answer=Answer(
            "choice",
            "green",
            {
                "options": ["green", "amber", "clear", "blue", "red"],
                "synonyms": {"amber": ["brown", "orange"], "clear": ["colourless", "transparent"]},
            },
        ),
        probes="Depth order from footprints on the bar, with bottle sizes that contradict it.",
        difficulty="medium",
        tags=("bar", "glass"),
    ),
    build=build,
    variant=lambda rng: rng.choice(list(TINTS)),
)

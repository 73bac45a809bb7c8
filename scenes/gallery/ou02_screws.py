"""Ten screws in the cover of a machine, one with another drive, in hard sunlight."""

from __future__ import annotations

import math
import random

import bmesh
from bpy.types import Material, Object
from PIL import Image, ImageDraw

from scenes.assets import font, keep
from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule
from scenes.materials import Wear, concrete, metal, painted, plastic, printed
from scenes.mesh import Profile, bake, bevel, box, copy, cut, discard, extrude, finish, label, lathe, tube
from scenes.nodes import srgb
from scenes.photo import Look
from scenes.scene import Scene, Shot
from scenes.stage import View, camera, lamp, sun, surroundings

HEAD, CROWN = 0.0060, 0.0042
COVER = (0.176, 0.112)
TOP = 0.0034
PLACES = [
    (-76, 44),
    (-27, 44),
    (24, 44),
    (76, 44),
    (-76, -44),
    (-24, -44),
    (27, -44),
    (76, -44),
    (-76, 0),
    (76, 0),
]


def ring(radii: list[float]) -> Profile:
    """Return an outline from radii at even turns."""
    turns = [math.tau * i / len(radii) for i in range(len(radii))]
    return [(r * math.cos(t), r * math.sin(t)) for r, t in zip(radii, turns, strict=True)]


def cross(reach: float, half: float) -> Profile:
    """Return a cross with its inner corners taken off."""
    c = half + 0.00035
    wing = [(reach, -half), (reach, half), (c, half), (half, c)]
    return [(x * a - y * b, x * b + y * a) for a, b in ((1, 0), (0, 1), (-1, 0), (0, -1)) for x, y in wing]


def recess(drive: str) -> Object:
    """Return the body that the driver's point leaves in a head whose crown is at z = CROWN."""
    if drive == "Phillips":
        return tapered(cross(0.0031, 0.00062), cross(0.0009, 0.0004), 0.0031)
    if drive == "slotted":
        bar = [(-0.008, -0.0007), (0.008, -0.0007), (0.008, 0.0007), (-0.008, 0.0007)]
        return tapered(bar, bar, 0.0019)
    if drive == "Torx":
        star = [0.00245 + 0.00052 * math.cos(6 * math.tau * i / 96) for i in range(96)]
        return tapered(ring(star), ring([0.97 * r for r in star]), 0.0026)
    sides, across = (6, 0.0050) if drive == "hex socket" else (4, 0.0044)
    corners = ring([across / 2 / math.cos(math.pi / sides)] * sides)
    return tapered(corners, [(0.97 * x, 0.97 * y) for x, y in corners], 0.0026)


def tapered(top: Profile, floor: Profile, depth: float) -> Object:
    """Return a body between an outline above the crown and another at a depth below it."""
    built = bmesh.new()
    high = [built.verts.new((x, y, CROWN + 0.0004)) for x, y in top]
    low = [built.verts.new((x, y, CROWN - depth)) for x, y in floor]
    for i in range(len(high)):
        j = (i + 1) % len(high)
        built.faces.new((high[i], high[j], low[j], low[i]))
    built.faces.new(high)
    built.faces.new(low)
    return finish(built, "recess", None)


def screw(drive: str, steel: Material) -> Object:
    """Return a pan-head screw, its underside at z = 0."""
    dome = [(HEAD * math.cos(a), 0.0017 + (CROWN - 0.0017) * math.sin(a) ** 0.8) for a in _turns(5, 82, 12)]
    head = lathe(
        [(0, 0), (HEAD * 0.97, 0), (HEAD, 0.0004), (HEAD, 0.0015), *dome, (0, CROWN)], steel, drive, 96, 40
    )
    cut(head, recess(drive))
    bevel(head, 0.00007, 2)
    return bake(head)


def _turns(first: float, last: float, count: int) -> list[float]:
    return [math.radians(first + (last - first) * i / (count - 1)) for i in range(count)]


def plate(width: float, height: float, radius: float) -> Profile:
    """Return a rectangle with round corners."""
    corners = ((1, 1, 0), (-1, 1, 90), (-1, -1, 180), (1, -1, 270))
    return [
        (sx * (width / 2 - radius) + radius * math.cos(a), sy * (height / 2 - radius) + radius * math.sin(a))
        for sx, sy, start in corners
        for a in _turns(start, start + 90, 7)
    ]


def rating(rng: random.Random) -> None:
    """Rivet a rating plate on the cover."""
    art = Image.new("RGB", (900, 470), (184, 180, 166))
    draw = ImageDraw.Draw(art)
    draw.rectangle((0, 0, 900, 118), fill=(26, 42, 66))
    draw.text((450, 60), "ORTUS DRIVES", (205, 203, 195), font("oswald-600", 84), anchor="mm")
    rows = (
        "TYPE KD-40/3    400 V   50 Hz",
        f"No. {rng.randint(10000, 99999)}-21    IP 54",
        "ISOLATE BEFORE OPENING",
    )
    for line, text in enumerate(rows):
        draw.text((450, 178 + line * 84), text, (36, 36, 38), font("barlow-condensed-500", 66), anchor="mm")
        draw.line((60, 222 + line * 84, 840, 222 + line * 84), fill=(90, 88, 82), width=3)
    tin = metal("rating", srgb("#aaa695"), 0.42)
    body = box((0.058, 0.0305, 0.0007), (-0.016, 0.004, TOP + 0.0003), tin, "rating", 0.0002, (0, 0, 0.012))
    label(body, printed("rating print", keep(art, "rating"), 0.4, 0.2, 0.5, 0.04), 0.057, 0.0297, (0, 0, 0.00037))
    for x in (-0.0268, 0.0268):
        rivet = lathe([(0.0014, 0), (0.0013, 0.0005), (0.0006, 0.0009), (0, 0.001)], tin, "rivet", 24)
        rivet.parent, rivet.location = body, (x, 0, 0.0004)


def warning() -> None:
    """Stick a worn yellow triangle beside the plate."""
    art = Image.new("RGBA", (600, 540), (0, 0, 0, 0))
    draw = ImageDraw.Draw(art)
    draw.polygon([(300, 6), (596, 530), (4, 530)], fill=(22, 21, 20, 255))
    draw.polygon([(300, 66), (544, 500), (56, 500)], fill=(214, 168, 22, 255))
    bolt = [(322, 180), (228, 352), (292, 336), (270, 440), (244, 424)]
    bolt += [(268, 478), (316, 442), (290, 434), (352, 300), (292, 316)]
    draw.polygon(bolt, fill=(22, 21, 20, 255))
    material = printed("warning", keep(art.convert("RGB"), "warning"), 0.45, 0.2, 0.4, 0.05)
    outline = [(0, 0.0148), (0.0168, -0.0146), (-0.0168, -0.0146)]
    sticker = extrude(outline, 0.00012, material, "warning")
    layer = sticker.data.uv_layers.new()
    for loop, entry in zip(sticker.data.loops, layer.data, strict=True):
        x, y, _ = sticker.data.vertices[loop.vertex_index].co
        entry.uv = (x / 0.0340 + 0.5, y / 0.0306 + 0.5)
    sticker.location, sticker.rotation_euler = (0.042, 0.003, TOP), (0, 0, -0.05)


def housing() -> None:
    """Build the machine's casing, the cover with its gasket, a cable gland and the wall behind."""
    paint = painted("casing", srgb("#3f6660"), chips=0.75, wear=Wear(0.8, 0.5, 0.8, 0.16))
    box((0.262, 0.19, 0.13), (0.006, 0.004, -0.065), paint, "casing", 0.009)
    rubber = plastic("gasket", srgb("#191919"), 0.7, Wear(0.2, 0.5, 0.3, 0.05))
    extrude(plate(COVER[0] + 0.003, COVER[1] + 0.003, 0.0095), 0.0012, rubber, "gasket", 0.0004)
    grey = painted("cover", srgb("#7f8680"), srgb("#55504a"), 0.85, Wear(0.9, 0.5, 0.9, 0.10))
    cover = extrude(plate(*COVER, 0.008), TOP - 0.0012, grey, "cover", 0.0006)
    cover.location.z = 0.0012
    brass = metal("gland", srgb("#8d8468"), 0.36, Wear(0.6, 0.4, 0.5, 0.03))
    gland = lathe(
        [(0, 0), (0.013, 0), (0.013, 0.008), (0.010, 0.009), (0.010, 0.019), (0, 0.019)], brass, "gland", 6, 20
    )
    gland.location, gland.rotation_euler = (-0.075, 0.099, -0.03), (-math.pi / 2, 0, 0.3)
    black = plastic("cable", srgb("#232426"), 0.5, Wear(0.4, 0.6, 0.5, 0.05))
    tube(
        [(-0.075, 0.11, -0.03), (-0.074, 0.15, -0.03), (-0.05, 0.2, -0.02), (0.02, 0.3, 0.0)],
        0.0055,
        black,
        "cable",
    )
    box((3, 3, 0.05), (0, 0, -0.20), concrete("wall", srgb("#8b8778"), 4, 0.85), "wall")


def build(value: Value, rng: random.Random) -> Shot:
    """Drive nine Phillips screws and one of the asked-for kind into the cover."""
    odd = str(value)
    steel = metal("zinc", srgb("#a9a59a"), 0.34, Wear(0.8, 0.7, 0.7, 0.014), grain=0.35)
    models = {"Phillips": screw("Phillips", steel), odd: screw(odd, steel)}
    chosen = rng.choice([1, 2, 5, 6, 8])
    screws = []
    for index, (x, y) in enumerate(PLACES):
        at = (x / 1000 + rng.uniform(-0.0004, 0.0004), y / 1000 + rng.uniform(-0.0004, 0.0004), TOP - 0.0001)
        lean = (rng.uniform(-0.015, 0.015), rng.uniform(-0.015, 0.015), rng.uniform(0, 6))
        screws.append(copy(models[odd if index == chosen else "Phillips"], f"screw {index}", at, lean))
    discard(*models.values())
    housing()
    rating(rng)
    warning()
    surroundings("park", rng.uniform(0, 360), 0.6)
    sun((0.62, -0.55, -0.78), 3.7, 0.6)
    lamp((0.4, -0.2, 0.5), size=0.5, watts=0.8, colour=(0.8, 0.9, 1))
    bar = plastic("glazing bar", srgb("#222222"))
    box((0.016, 0.9, 0.02), (-0.345, 0.29, 0.43), bar, "glazing bar", 0, (0, 0, -0.25))
    camera(View((0.036, -0.098, 0.215), (0.003, -0.003, 0), 39, 9, roll_deg=-1, up=(0, 1, 0)))
    return Shot(screws, Rule(0.95, 2000), Look(grain=0.009, warmth=0.012))


SCENE = Scene(
    prompt=Prompt(
        id="OU02",
        title="Odd screw drive",
        question=(
            "Nine of these ten screws share one drive type and one is different. Which drive type has the "
            "different screw: slotted, Phillips, Torx, hex socket or square? Answer only the type."
        ),
        answer=Answer(
            "choice",
            "Torx",
            {
                "options": ["slotted", "Phillips", "Torx", "hex socket", "square"],
                "synonyms": {
                    "Torx": ["star"],
                    "hex socket": ["hex", "Allen", "hexagon socket"],
                    "slotted": ["slot", "flat"],
                    "square": ["Robertson"],
                },
            },
        ),
        probes="Small dark recesses that look alike at a glance, some of them in shadow.",
        difficulty="medium",
        tags=("hardware", "plant"),
    ),
    build=build,
    variant=lambda rng: rng.choice(["slotted", "Torx", "hex socket", "square"]),
)

"""A steel drum and an air receiver in a plant room, one small and near, the other large and behind."""

from __future__ import annotations

import math
import random
from pathlib import Path

from bpy.types import Material, Object
from mathutils import Vector
from PIL import Image, ImageDraw

from scenes.assets import font, keep
from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule, Unshowable
from scenes.materials import Wear, metal, painted, plastic, printed, wood
from scenes.mesh import box, cylinder, extrude, group, lathe, rod, sheet, tube
from scenes.nodes import Graph, srgb
from scenes.photo import Look
from scenes.scene import Scene, Shot
from scenes.stage import Point, View, camera, exposure, lamp, surroundings

EYE: Point = (0.05, -2.45, 0.78)
TILE = 0.3


def curved(width: float, height: float, radius: float, art: Path, name: str) -> Object:
    """Return a print bent round the z axis, facing -y, its middle at z = 0."""
    item = sheet(width, height, printed(name, art, 0.45, 0.15, size=0.15), name, (32, 1))
    for vertex in item.data.vertices:
        x, y, _ = vertex.co
        vertex.co = (radius * math.sin(x / radius), -radius * math.cos(x / radius), y)
    return item


def drum_art() -> Path:
    """Draw the drum's label."""
    art = Image.new("RGB", (1000, 760), (236, 232, 220))
    draw = ImageDraw.Draw(art)
    draw.rectangle((0, 0, 1000, 190), fill=(28, 34, 44))
    draw.text((500, 96), "MARLPIT", (240, 238, 230), font("oswald-700", 140), anchor="mm")
    draw.text((500, 300), "HYDRAULIC OIL", (30, 30, 32), font("oswald-600", 110), anchor="mm")
    draw.text((500, 430), "HM 46", (170, 32, 26), font("oswald-700", 130), anchor="mm")
    draw.text(
        (500, 570),
        "Keep closed. Store upright and dry.",
        (40, 40, 42),
        font("barlow-condensed-400", 58),
        anchor="mm",
    )
    draw.text(
        (500, 650),
        "LOT 0417-B      MADE BY MARLPIT LUBRICANTS",
        (40, 40, 42),
        font("barlow-condensed-500", 46),
        anchor="mm",
    )
    return keep(art, "su04_drum")


def plate_art() -> Path:
    """Draw the receiver's maker's plate."""
    art = Image.new("RGB", (900, 560), (196, 196, 190))
    draw = ImageDraw.Draw(art)
    draw.rectangle((18, 18, 882, 542), outline=(30, 32, 36), width=6)
    draw.text((450, 90), "HARROWBY VESSELS", (24, 26, 30), font("barlow-condensed-700", 96), anchor="mm")
    for row, (name, number) in enumerate(
        (("PS", "11 bar"), ("TS", "-10 / +50 C"), ("No.", "27-10946"), ("YEAR", "2014"))
    ):
        draw.text((60, 150 + 92 * row), name, (30, 32, 36), font("barlow-condensed-500", 66))
        draw.text((300, 150 + 92 * row), number, (30, 32, 36), font("share-tech-mono-400", 62))
    return keep(art, "su04_plate")


def drum() -> Object:
    """Return a 210-litre tight-head drum on z = 0: chimes, rolling hoops, bungs, label towards -y."""
    red = painted("drum red", srgb("#a81f17"), srgb("#4a3429"), 0.75, Wear(0.9, 0.6, 0.8, 0.5))
    r, h = 0.286, 0.88
    profile = [
        (0, 0.018),
        (r - 0.012, 0.018),
        (r - 0.008, 0.002),
        (r, 0.0),
        (r + 0.006, 0.005),
        (r + 0.006, 0.014),
        (r, 0.022),
    ]
    for z in (h * 0.345, h * 0.655):
        profile += [(r, z - 0.03), (r + 0.006, z - 0.02), (r + 0.0135, z - 0.006), (r + 0.0135, z + 0.006)]
        profile += [(r + 0.006, z + 0.02), (r, z + 0.03)]
    profile += [(r, h - 0.022), (r + 0.006, h - 0.014), (r + 0.006, h - 0.004), (r, h), (r - 0.008, h - 0.002)]
    profile += [(r - 0.012, h - 0.018), (r - 0.04, h - 0.019), (r - 0.05, h - 0.016), (0, h - 0.016)]
    parts = [lathe(profile, red, "drum shell", 128, 50)]
    zinc = metal("bung", srgb("#a8a69e"), 0.35, Wear(0.5, 0.3, 0.5, 0.05))
    for x, y, size in ((0.19, -0.05, 0.035), (-0.19, 0.03, 0.02)):
        bung = lathe(
            [
                (size * 1.15, 0),
                (size * 1.1, 0.008),
                (size, 0.011),
                (size * 0.5, 0.011),
                (size * 0.45, 0.004),
                (0, 0.004),
            ],
            zinc,
            "bung",
        )
        bung.location = (x, y, h - 0.016)
        parts.append(bung)
    sign = curved(0.27, 0.205, r + 0.001, drum_art(), "drum label")
    sign.location.z = h * 0.5
    parts.append(sign)
    return group("drum", parts)


def receiver() -> Object:
    """Return a vertical air receiver on z = 0: dished ends, seams, legs, gauge, valve and plate towards -y."""
    blue = painted("tank blue", srgb("#1d4f8f"), srgb("#5a5650"), 0.8, Wear(0.8, 0.5, 0.8, 0.4))
    r, low, high = 0.25, 0.28, 1.18
    bend = [math.radians(d) for d in range(0, 91, 9)]
    bottom = [(r * math.sin(a), low - 0.13 * math.cos(a)) for a in bend]
    top = [(r * math.cos(a), high + 0.13 * math.sin(a)) for a in bend]
    seam = [(r, 0.0), (r + 0.003, 0.003), (r + 0.003, 0.009), (r, 0.012)]
    middle = [(x, z + base) for base in (low + 0.01, high - 0.022) for x, z in seam]
    parts = [lathe([*bottom, *middle, *top], blue, "shell", 128, 30)]
    for index in range(3):
        t = math.radians(30 + 120 * index)
        turn = (0, 0, t)
        leg = extrude([(-0.045, 0), (0.045, 0), (0.05, 0.34), (-0.05, 0.34)], 0.006, blue, "leg", 0.001)
        leg.rotation_euler = (math.pi / 2, 0, t + math.pi / 2)
        leg.location = ((r + 0.001) * math.cos(t), (r + 0.001) * math.sin(t), 0.004)
        parts.append(leg)
        parts.append(
            box(
                (0.09, 0.11, 0.008),
                ((r + 0.02) * math.cos(t), (r + 0.02) * math.sin(t), 0.004),
                blue,
                "foot",
                0.001,
                turn,
            )
        )
    weld = lathe(
        [(0.06, 0), (0.075, 0), (0.075, 0.05), (0.062, 0.05), (0.062, 0.012), (0, 0.012)], blue, "hand hole", 64
    )
    weld.rotation_euler, weld.location = (math.pi / 2, 0, 0.7), (0.155, -0.19, 0.42)
    brass = metal("brass", srgb("#a98d50"), 0.35, Wear(0.4, 0.3, 0.5, 0.04))
    black = plastic("gauge case", srgb("#1b1c1e"), 0.35)
    white = plastic("dial", srgb("#e9e7de"), 0.35)
    parts += [
        weld,
        rod((0, 0, 1.29), (0, 0, 1.37), 0.022, brass, "cross"),
        rod((-0.09, 0, 1.35), (0.12, 0, 1.35), 0.014, brass, "arm"),
    ]
    parts += [rod((0.12, 0, 1.34), (0.12, 0, 1.45), 0.018, brass, "safety valve", 0.003)]
    parts += [rod((-0.09, 0.0, 1.35), (-0.09, 0, 1.40), 0.008, brass, "gauge stem")]
    parts += [rod((-0.09, 0.012, 1.44), (-0.09, -0.018, 1.44), 0.045, black, "gauge", 0.004)]
    parts += [rod((-0.09, -0.0185, 1.44), (-0.09, -0.0195, 1.44), 0.039, white, "dial")]
    parts += [box((0.004, 0.001, 0.034), (-0.082, -0.0205, 1.45), black, "needle", 0, (0, 0.6, 0))]
    parts += [
        rod((0, 0, 0.16), (0, 0, 0.1), 0.014, brass, "drain"),
        rod((0, 0, 0.11), (0, -0.07, 0.11), 0.01, brass, "drain cock"),
    ]
    plate = curved(0.13, 0.081, r + 0.0025, plate_art(), "plate")
    plate.location.z = 0.93
    letters = Image.new("RGB", (1000, 300), (226, 226, 220))
    ImageDraw.Draw(letters).text(
        (500, 150), "AIR 11 bar", (24, 52, 98), font("barlow-condensed-700", 210), anchor="mm"
    )
    words = curved(0.26, 0.078, r + 0.002, keep(letters, "su04_air"), "letters")
    words.location.z = 0.74
    return group("tank", [*parts, plate, words])


def tiles() -> Material:
    """Return old quarry tiles with dirty joints."""
    graph = Graph("quarry tiles")
    where = graph.where(1.0, varied=False)
    brick = graph.node(
        "TexBrick",
        {
            "Vector": where,
            "Color1": srgb("#7c5145"),
            "Color2": srgb("#8d6253"),
            "Mortar": srgb("#4b463f"),
            "Scale": 1.0,
        }
        | {"Mortar Size": 0.004, "Brick Width": TILE, "Row Height": TILE},
        offset=0.0,
    )
    broad, fine = graph.noise(where, 1.7, 10, 0.68), graph.noise(where, 190, 5, 0.75)
    colour = graph.mix(
        0.75, brick.outputs[0], graph.ramp(broad, (0.34, (0.42, 0.4, 0.38)), (0.6, (1, 1, 1))), "MULTIPLY"
    )
    colour = graph.mix(0.6, colour, graph.ramp(fine, (0.35, (0.6, 0.58, 0.56)), (0.55, (1, 1, 1))), "MULTIPLY")
    graph.set(base_color=colour, roughness=graph.remap(broad, 0.3, 0.7, 0.3, 0.62))
    joint = graph.math("SUBTRACT", 1.0, brick.outputs[1])
    graph.set(normal=graph.bump(joint, 0.7, 0.003, graph.bump(fine, 0.25, 0.001)))
    return graph.material


def plant_room() -> None:
    """Build floor, two-tone wall, pipes, hose reel and clutter."""
    box((9, 9, 0.1), (0, 0, -0.05), tiles(), "floor")
    upper = painted("upper wall", srgb("#c5c3b0"), srgb("#9a978c"), 0.5, Wear(0.2, 0.2, 0.6, 0.6))
    lower = painted("lower wall", srgb("#5d7568"), srgb("#9a978c"), 0.7, Wear(0.4, 0.3, 0.6, 0.6))
    box((9, 0.1, 2.6), (0, 1.55, 1.9), upper, "upper wall")
    box((9, 0.11, 1.1), (0, 1.55, 0.55), lower, "lower wall")
    box((9, 0.03, 0.1), (0, 1.485, 0.05), lower, "skirting", 0.004)
    galvanised = metal("pipe", srgb("#8f9290"), 0.45, Wear(0.4, 0.5, 0.5, 0.2))
    clip = metal("clip", srgb("#6f706d"), 0.4)
    for z in (1.46, 1.58):
        rod((-4, 1.44, z), (4, 1.44, z), 0.021, galvanised, "pipe")
    for x in (-1.6, -0.5, 0.6, 1.7):
        box((0.03, 0.09, 0.22), (x, 1.46, 1.52), clip, "pipe clip", 0.003)
    rubber = plastic("hose", srgb("#23262a"), 0.55, Wear(0.4, 0.5, 0.5, 0.1))
    loops = [
        (1.02 + 0.2 * math.sin(t) + 0.003 * t, 1.43 - 0.004 * (t % 5), 0.98 + 0.24 * math.cos(t))
        for t in (0.55 * i for i in range(58))
    ]
    tube(loops, 0.012, rubber, "hose", 12, 4)
    rod((1.02, 1.5, 1.19), (1.02, 1.36, 1.21), 0.018, clip, "hose hook")
    pine = wood("timber", srgb("#7a5c38"), srgb("#b8935f"), 0.7)
    for index, lean in enumerate((0.0, 0.05, 0.09)):
        batten = box((1.9, 0.07, 0.04), (1.75 + 0.09 * index, 1.36 - lean, 0.95), pine, "batten", 0.002)
        batten.rotation_euler = (0.0, math.pi / 2 + 0.07 + lean, math.pi / 2)
    shell = plastic("bucket", srgb("#2b2d2f"), 0.5, Wear(0.6, 0.6, 0.6, 0.1))
    pail = lathe(
        [(0, 0.004), (0.11, 0), (0.15, 0.27), (0.158, 0.275), (0.153, 0.262), (0.112, 0.012), (0, 0.012)],
        shell,
        "bucket",
        64,
    )
    pail.location = (-1.35, 1.1, 0)
    box((0.12, 0.05, 0.2), (-1.1, 1.48, 1.15), plastic("switch box", srgb("#b9bab4"), 0.45), "switch box", 0.008)
    knob = cylinder(0.022, 0.03, plastic("knob", srgb("#b4231b"), 0.4), "knob", 0.004)
    knob.rotation_euler, knob.location = (math.pi / 2, 0, 0), (-1.1, 1.455, 1.17)
    rod((-1.1, 1.485, 1.25), (-1.1, 1.485, 2.9), 0.01, galvanised, "conduit")
    drain = metal("grate", srgb("#4a4845"), 0.5, Wear(0.5, 0.7, 0.4, 0.1))
    for index in range(9):
        box((0.012, 0.19, 0.004), (-0.62 + 0.021 * index, -0.55, 0.001), drain, "drain grate", 0.001)


def build(value: Value, rng: random.Random) -> Shot:
    """Stand the named one small and near, the other large and behind."""
    items = {"drum": drum(), "tank": receiver()}
    near = items.pop(str(value))
    (far,) = items.values()
    side = rng.choice((-1, 1))
    size = 0.44 if value == "drum" else 0.42
    near.scale = (size, size, size)
    near.location = (side * rng.uniform(0.30, 0.40) + 0.05, rng.uniform(-0.62, -0.52), 0)
    far.location = (-side * rng.uniform(0.30, 0.36), rng.uniform(0.28, 0.36), 0)
    for item in (near, far):
        item.rotation_euler.z = rng.uniform(-0.45, 0.45)
    gap = (far.location - Vector(EYE)).length - 0.3 - (near.location - Vector(EYE)).length
    if gap < 0.3:
        raise Unshowable(f"only {gap:.2f} m apart in depth")
    plant_room()
    exposure(0.2)
    surroundings("workshop", rng.uniform(0, 360), 0.22)
    lamp((EYE[0] + 0.03, EYE[1], EYE[2] + 0.07), (0, 0.2, 0.5), 0.03, 75, (1, 0.98, 0.95))
    lamp((-0.8, 0.5, 2.7), (-0.6, 0.3, 0), 0.12, 34, (0.93, 1.0, 0.9), 1.2)
    camera(View(EYE, (0.0, 0.2, 0.56), 33, 8, roll_deg=1.2))
    return Shot([near, far], Rule(0.85, 9000), Look(grain=0.014, vignette=0.3))


SCENE = Scene(
    prompt=Prompt(
        id="SU04",
        title="Nearer object despite its size",
        question="Which stands closer to the camera, the red drum or the blue tank? Answer only drum or tank.",
        answer=Answer(
            "choice",
            "drum",
            {"options": ["drum", "tank"], "synonyms": {"drum": ["barrel"], "tank": ["air receiver"]}},
        ),
        probes="Depth from where things touch the floor; the size in the picture says the opposite.",
        difficulty="easy",
        tags=("plant", "depth"),
    ),
    build=build,
    variant=lambda rng: rng.choice(["drum", "tank"]),
)

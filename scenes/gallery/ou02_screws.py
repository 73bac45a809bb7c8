"""Ten screws in an access panel, one with another drive."""

from __future__ import annotations

import math
import random

from bpy.types import Material, Object
from PIL import Image, ImageDraw

from scenes.assets import font, keep
from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule
from scenes.materials import Wear, metal, painted, plastic, printed
from scenes.mesh import box, copy, discard, label, lathe, smooth
from scenes.nodes import srgb
from scenes.photo import Look
from scenes.scene import Scene, Shot
from scenes.stage import View, camera, lamp, surroundings

HEAD = 0.0056
SPACING_X, SPACING_Y = 0.027, 0.050


def inside(drive: str, x: float, y: float) -> float:
    """Return how far inside a drive's outline a place is, in metres along the face; negative outside."""
    r, turn = math.hypot(x, y), math.atan2(y, x)
    if drive == "slotted":
        return 0.0007 - abs(y)
    if drive == "Phillips":
        wing = min(0.00062 - min(abs(x), abs(y)), 0.0031 - max(abs(x), abs(y)))
        return max(wing, 0.0013 - (abs(x) + abs(y)))
    if drive == "Torx":
        return 0.00235 + 0.00042 * math.cos(6 * turn) - r
    if drive == "hex socket":
        sector = (turn % (math.pi / 3)) - math.pi / 6
        return 0.0024 - r * math.cos(sector)
    return 0.0019 - max(abs(x), abs(y))


def screw(drive: str, steel: Material) -> Object:
    """Return a pan-head screw with its head's underside at z = 0, its recess pressed into a fine mesh."""
    rim = [(0, 0), (HEAD, 0), (HEAD, 0.0011), (HEAD * 0.985, 0.0017)]
    dome = [(HEAD * (1 - step / 70) * 0.97, 0.0022 + 0.0015 * (1 - (1 - step / 70) ** 2.4)) for step in range(71)]
    head = lathe([*rim, *dome], steel, drive, 264, 40)
    floor = {"slotted": 0.0016, "Phillips": 0.0028, "Torx": 0.0021, "hex socket": 0.0023, "square": 0.0023}[drive]
    for vertex in head.data.vertices:
        x, y, z = vertex.co
        if z > 0.0019:
            depth = min(1.0, max(0.0, inside(drive, x, y) / 0.00022))
            if drive == "Phillips":
                depth *= 1 - 0.55 * min(1.0, math.hypot(x, y) / 0.0031)
            vertex.co.z = z - floor * depth * depth * (3 - 2 * depth)
    smooth(head.data, 50)
    return head


def build(value: Value, rng: random.Random) -> Shot:
    """Drive nine Phillips screws and one of the asked-for kind into a panel."""
    odd = str(value)
    steel = metal("zinc", srgb("#b7b5ad"), 0.3, Wear(0.7, 0.2, 0.6, 0.012), grain=0.3)
    models = {"Phillips": screw("Phillips", steel), odd: screw(odd, steel)}
    places = [
        (-2, 1),
        (-0.9, 1),
        (0.15, 1),
        (1.1, 1),
        (2, 1),
        (-2, -1),
        (-0.9, -1),
        (0.15, -1),
        (1.1, -1),
        (2, -1),
    ]
    chosen = rng.choice([2, 3, 6, 7, 8])
    screws = []
    for index, (x, y) in enumerate(places):
        kind = odd if index == chosen else "Phillips"
        at = (x * SPACING_X, y * SPACING_Y / 2 + rng.uniform(-0.0004, 0.0004), 0.0013)
        screws.append(
            copy(
                models[kind],
                f"screw {index}",
                at,
                (rng.uniform(-0.02, 0.02), rng.uniform(-0.02, 0.02), rng.uniform(0, 6)),
            )
        )
    discard(*models.values())
    grey = painted("cover", srgb("#8d948f"), chips=0.7, wear=Wear(0.7, 0.3, 0.6, 0.09))
    box((0.150, 0.074, 0.0016), (0.001, 0, 0.0005), grey, "cover", 0.0005)
    box(
        (0.9, 0.7, 0.02),
        (0, 0, -0.0103),
        painted("housing", srgb("#47524e"), chips=0.5, wear=Wear(0.5, 0.35, 0.6, 0.14)),
        "housing",
        0.002,
    )
    plate(rng)
    gland = lathe(
        [(0, 0), (0.011, 0), (0.011, 0.006), (0.008, 0.007), (0.008, 0.016), (0.0045, 0.02), (0, 0.02)],
        plastic("gland", srgb("#222326"), 0.5),
        "gland",
        8,
        20,
    )
    gland.location = (-0.055, 0.066, 0)
    surroundings("workshop", rng.uniform(0, 360), 0.6)
    lamp((-0.16, 0.22, 0.2), size=0.08, watts=1.9, colour=(1, 0.95, 0.87))
    lamp((0.3, -0.05, 0.25), size=0.2, watts=1.3, colour=(0.86, 0.93, 1))
    camera(View((0.012, -0.076, 0.165), (0.001, 0.001, 0), 44, 11, roll_deg=-5))
    return Shot(screws, Rule(0.85, 1200), Look(grain=0.009))


def plate(rng: random.Random) -> None:
    """Rivet a rating plate on the cover."""
    art = Image.new("RGB", (900, 420), (196, 190, 170))
    draw = ImageDraw.Draw(art)
    draw.rectangle((14, 14, 886, 406), outline=(30, 30, 30), width=8)
    draw.text((450, 90), "ORTUS DRIVES", (30, 30, 30), font("oswald-600", 92), anchor="mm")
    for line, text in enumerate(
        ("TYPE KD-40/3   400 V  50 Hz", f"No. {rng.randint(10000, 99999)}-21   IP 54", "ISOLATE BEFORE OPENING")
    ):
        draw.text((450, 190 + line * 80), text, (30, 30, 30), font("barlow-condensed-500", 66), anchor="mm")
    body = box(
        (0.046, 0.0215, 0.0006), (-0.012, 0.0, 0.0015), metal("plate", srgb("#b9b4a0"), 0.4), "plate", 0.0002
    )
    label(body, printed("plate print", keep(art, "rating"), 0.45, 0.1, 0.5, 0.04), 0.0455, 0.021, (0, 0, 0.00032))


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
        probes="Small dark recesses that look alike at a glance.",
        difficulty="medium",
        tags=("hardware", "plant"),
    ),
    build=build,
    variant=lambda rng: rng.choice(["slotted", "Torx", "hex socket", "square"]),
)

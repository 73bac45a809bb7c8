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
from scenes.mesh import bake, box, copy, cut, discard, extrude, label, lathe, merged
from scenes.nodes import srgb
from scenes.photo import Look
from scenes.scene import Scene, Shot
from scenes.stage import View, camera, lamp, surroundings

HEAD = 0.0046
SPACING_X, SPACING_Y = 0.030, 0.052


def star(points: int, outer: float, inner: float) -> list[tuple[float, float]]:
    """Return a rounded star outline."""
    steps = points * 16
    middle, swing = (outer + inner) / 2, (outer - inner) / 2
    return [
        (
            (middle + swing * math.cos(points * t)) * math.cos(t),
            (middle + swing * math.cos(points * t)) * math.sin(t),
        )
        for t in (math.tau * i / steps for i in range(steps))
    ]


def recess(drive: str) -> list[Object]:
    """Return the solids that cut a drive into a head whose top is near z = 0."""
    depth = 0.0016
    if drive == "slotted":
        parts = [box((HEAD * 2.4, 0.0011, depth * 2), (0, 0, 0))]
    elif drive == "Phillips":
        parts = [_tapered(0.0027, 0.00062, turn) for turn in (0, math.pi / 2)]
    elif drive == "Torx":
        parts = [extrude(star(6, 0.0023, 0.00165), depth * 2)]
    elif drive == "hex socket":
        parts = [
            extrude(
                [(0.0023 * math.cos(t), 0.0023 * math.sin(t)) for t in (math.tau * i / 6 for i in range(6))],
                depth * 2,
            )
        ]
    else:
        parts = [box((0.0032, 0.0032, depth * 2), (0, 0, 0))]
    for part in parts:
        part.location.z += -depth if drive in {"Torx", "hex socket"} else 0.0
    return parts


def _tapered(reach: float, half: float, turn: float) -> Object:
    """Return one wing of a Phillips recess: a wedge narrower towards its floor."""
    outline = [
        (-reach, 0.0008),
        (reach, 0.0008),
        (reach, 0.0),
        (reach * 0.4, -0.0021),
        (-reach * 0.4, -0.0021),
        (-reach, 0.0),
    ]
    wing = extrude(outline, 2 * half)
    wing.rotation_euler = (math.pi / 2, 0, turn)
    wing.location = (half * math.sin(-turn) * -1, half * math.cos(turn), 0)
    return wing


def screw(drive: str, steel: Material) -> Object:
    """Return a pan-head screw with its head's underside at z = 0."""
    profile = [
        (0, 0),
        (HEAD, 0),
        (HEAD, 0.0009),
        (HEAD * 0.96, 0.0017),
        (HEAD * 0.85, 0.0023),
        (HEAD * 0.6, 0.0027),
        (0, 0.0028),
    ]
    head = lathe(profile, steel, drive, 96, 40)
    tools = recess(drive)
    for tool in tools:
        tool.location.z += 0.0028
    cut(head, merged(tools))
    return bake(head)


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
    camera(View((0.018, -0.095, 0.155), (0.001, 0.003, 0), 44, 11, roll_deg=-5))
    return Shot(screws, Rule(0.85, 1200), Look(grain=0.009))


def plate(rng: random.Random) -> None:
    """Rivet a rating plate on the cover."""
    art = Image.new("RGB", (900, 420), (196, 190, 170))
    draw = ImageDraw.Draw(art)
    draw.rectangle((14, 14, 886, 406), outline=(30, 30, 30), width=8)
    draw.text((450, 90), "KESTREL DRIVES", (30, 30, 30), font("oswald-600", 92), anchor="mm")
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

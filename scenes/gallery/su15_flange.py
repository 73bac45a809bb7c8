"""A pipe flange with twelve bolts, one of them not screwed in."""

from __future__ import annotations

import math
import random

import bpy

from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule
from scenes.hardware import hex_bolt, washer
from scenes.materials import Wear, concrete, metal, painted, plastic, rusty
from scenes.mesh import box, copy, cut, cylinder, discard, lathe, merged, rod, tube
from scenes.nodes import srgb
from scenes.photo import Look
from scenes.scene import Scene, Shot
from scenes.stage import Frame, View, add, camera, lamp, surroundings

CIRCLE, PROUD = 0.105, 0.021


def hour_place(hour: int, z: float) -> tuple[float, float, float]:
    """Return the place of an hour on the bolt circle; the flange faces +z with twelve towards +y."""
    turn = math.radians(90 - 30 * hour)
    return CIRCLE * math.cos(turn), CIRCLE * math.sin(turn), z


def flanges() -> None:
    """Build the blind cover with its bolt holes, the gasket, the flange behind and its pipe."""
    blue = painted("cover", srgb("#3a5f73"), chips=0.9, wear=Wear(0.4, 0.3, 0.5, 0.14))
    grey = painted("flange", srgb("#5f6a6c"), chips=0.9, wear=Wear(0.4, 0.3, 0.5, 0.14))
    cover = lathe(
        [
            (0, -0.020),
            (0.134, -0.020),
            (0.135, -0.019),
            (0.135, -0.0015),
            (0.1335, 0),
            (0.078, 0),
            (0.076, 0.0035),
            (0.074, 0.004),
            (0, 0.004),
        ],
        blue,
        "cover",
        128,
        30,
    )
    holes = []
    for hour in range(1, 13):
        hole = cylinder(0.0068, 0.06, None, "hole", segments=32)
        hole.location = hour_place(hour, -0.03)
        holes.append(hole)
    cut(cover, merged(holes))
    lathe(
        [(0.05, -0.0225), (0.130, -0.0225), (0.130, -0.020), (0.05, -0.020)],
        plastic("gasket", srgb("#7d2f24"), 0.8),
        "gasket",
        96,
    )
    lathe(
        [(0, -0.045), (0.134, -0.045), (0.135, -0.044), (0.135, -0.0237), (0.134, -0.0226), (0, -0.0226)],
        grey,
        "flange",
        128,
        30,
    )
    lathe([(0.088, -0.5), (0.088, -0.065), (0.095, -0.05), (0.100, -0.045)], grey, "pipe", 96)
    eye = lathe(
        [(0, 0), (0.012, 0), (0.012, 0.004), (0.009, 0.006), (0.009, 0.016), (0, 0.016)],
        metal("plug", srgb("#8b8574"), 0.35, Wear(0.6, 0.3, 0.6, 0.04)),
        "plug",
        6,
        20,
    )
    eye.location = (0, 0, 0.004)


def stamped(text: str) -> None:
    """Stamp the rating on the cover."""
    data = bpy.data.curves.new("stamp", "FONT")
    data.body, data.size, data.extrude, data.align_x = text, 0.0115, 0.0005, "CENTER"
    mark = add(data, "stamp")
    mark.location = (0, 0.034, 0.0042)
    mark.data.materials.append(painted("stamp", srgb("#376579"), chips=0.5, wear=Wear(size=0.05)))


def build(value: Value, rng: random.Random) -> Shot:
    """Screw in eleven bolts and leave the asked-for one standing proud of the cover."""
    loose = int(str(value))
    flanges()
    stamped("DN 150  PN 16")
    steel = rusty("bolt steel", (0.5, 0.49, 0.46), 0.18, Wear(0.4, 0.3, 0.5, 0.03))
    zinc = metal("washers", srgb("#a9a79f"), 0.36, Wear(0.6, 0.3, 0.6, 0.03))
    model, disc = hex_bolt(12, 42, 18, 7.5, 1.75, steel, 6), washer(13, 24, 2.4, zinc)
    bolts = []
    for hour in range(1, 13):
        height = 0.0025 + (PROUD if hour == loose else rng.uniform(0, 0.0002))
        tilt = rng.uniform(-0.03, 0.03) if hour == loose else 0.0
        bolts.append(copy(model, f"bolt {hour}", hour_place(hour, height), (tilt, tilt, rng.uniform(0, 6))))
        copy(disc, f"washer {hour}", hour_place(hour, 0.0013))
    discard(model, disc)
    box((4, 4, 0.02), (0, 0, -0.62), concrete("wall", srgb("#8b8a80"), 3, 0.8), "wall")
    rod(
        (-0.31, -1, -0.35),
        (-0.31, 1, -0.35),
        0.03,
        painted("far pipe", srgb("#a8842c"), chips=0.5, wear=Wear(size=0.2)),
    )
    rod((-1, 0.27, -0.46), (1, 0.24, -0.46), 0.022, rusty("far pipe 2", amount=0.5, wear=Wear(size=0.2)))
    cable = [(0.22 + 0.02 * math.sin(3 * t), -0.8 + 0.2 * t, -0.5 + 0.02 * math.cos(2 * t)) for t in range(9)]
    tube(cable, 0.008, plastic("cable", srgb("#1c1c1e"), 0.5), "cable")
    surroundings("warehouse", rng.uniform(0, 360), 0.55)
    lamp((-0.5, 0.55, 0.55), size=0.2, watts=16, colour=(1, 0.96, 0.9))
    lamp((0.8, -0.1, 0.6), size=0.6, watts=5, colour=(0.84, 0.92, 1))
    camera(View((0.20, -0.13, 0.46), (0.0, 0.0, -0.005), 52, 6.3, roll_deg=0, up=(0, 1, 0)))
    return Shot(bolts, Rule(0.5, 1200), Look(grain=0.01, warmth=-0.01))


SCENE = Scene(
    prompt=Prompt(
        id="SU15",
        title="Loose bolt by clock position",
        question=(
            "Treat the flange as a clock face with 12 at the top. At which hour position is the bolt that is "
            "not screwed in? Answer only a number from 1 to 12."
        ),
        answer=Answer("integer", 7),
        probes="Locating one bolt among twelve alike by angle, under perspective.",
        difficulty="medium",
        tags=("plant", "pipework"),
    ),
    build=build,
    variant=lambda rng: rng.randint(1, 12),
    frame=Frame(1280, 1280),
)

"""A machined flange with a groove and an O-ring."""

from __future__ import annotations

import math
import random

import numpy as np
from bpy.types import Object

from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule
from scenes.hardware import hex_bolt
from scenes.materials import Wear, fabric, metal, painted, plastic
from scenes.mesh import box, cut, cylinder, lathe, merged, sheet, tube
from scenes.nodes import srgb
from scenes.photo import Look
from scenes.scene import Scene, Shot
from scenes.stage import View, camera, lamp, surroundings

GROOVE, CORD = 0.036, 0.0019
BULGE_AT = math.radians(-62)


def flange() -> Object:
    """Return the turned face: bore, groove and bolt holes, top at z = 0."""
    steel = metal("turned steel", srgb("#b4b3ae"), 0.26, Wear(0.5, 0.12, 0.4, 0.06), grain=0.1)
    w, d = 0.0024, 0.0029
    profile = [
        (0.017, -0.016),
        (0.017, -0.0012),
        (0.0182, 0),
        (GROOVE - w, 0),
        (GROOVE - w, -d),
        (GROOVE + w, -d),
        (GROOVE + w, 0),
        (0.0625, 0),
        (0.0637, -0.0012),
        (0.0637, -0.016),
        (0.017, -0.016),
    ]
    face = lathe(profile, steel, "flange", 160, 25)
    holes = []
    for turn in range(6):
        hole = cylinder(0.0046, 0.04, None, "hole", segments=40)
        angle = math.radians(60 * turn + 14)
        hole.location = (0.0525 * math.cos(angle), 0.0525 * math.sin(angle), -0.02)
        holes.append(hole)
    return cut(face, merged(holes))


def ring(seated: bool) -> Object:
    """Return the O-ring, seated all round or with one stretch sprung out of its groove."""
    rest = -0.0029 + CORD
    points = []
    for t in np.linspace(0, math.tau, 145):
        away = (t - BULGE_AT + math.pi) % math.tau - math.pi
        out = 0.0 if seated else math.exp(-((away / 0.30) ** 2))
        radius = GROOVE + 0.0062 * out
        lift = (0.0029 + 0.0001) * min(1.0, out * 3.2)
        points.append((radius * math.cos(t), radius * math.sin(t), rest + lift))
    rubber = plastic("rubber", srgb("#131314"), 0.36, Wear(0.2, 0.06, 0.4, 0.03), texture=0.1)
    return tube(points, CORD, rubber, "O-ring", 24, 3)


def build(value: Value, rng: random.Random) -> Shot:
    """Lay the ring into its groove, or let it bulge out on one side."""
    face = flange()
    seal = ring(bool(value))
    blue = painted("housing", srgb("#46616e"), chips=0.5, wear=Wear(0.4, 0.2, 0.5, 0.1))
    lathe([(0.0, -0.10), (0.074, -0.10), (0.074, -0.0165), (0.06, -0.016), (0, -0.016)], blue, "housing", 96)
    lathe([(0, -0.0155), (0.0172, -0.0155)], plastic("bore", srgb("#0b0b0c"), 0.8), "bore floor", 48)
    box(
        (1.2, 1.2, 0.02),
        (0.1, 0.1, -0.11),
        metal("bench plate", srgb("#8f8e8a"), 0.42, Wear(0.5, 0.3, 0.5, 0.25)),
        "bench",
        0.002,
    )
    rag = sheet(
        0.2,
        0.16,
        fabric("rag", srgb("#9a4038"), 0.0007),
        "rag",
        (90, 70),
        lambda x, y: (
            0.012 + 0.008 * np.sin(x * 45 + 6) * np.sin(y * 52 + x * 20) + 0.004 * np.sin(x * 120 + y * 90)
        ),
    )
    rag.location, rag.rotation_euler = (-0.15, 0.12, -0.098), (0, 0, 0.4)
    bolt = hex_bolt(8, 30, 13, 5.3, 1.25, metal("zinc", srgb("#bdbcb6"), 0.3, Wear(0.5, 0.2, 0.5, 0.03)), 6)
    bolt.location, bolt.rotation_euler = (0.115, 0.0, -0.0935), (0, math.radians(-90), 0.6)
    surroundings("workshop", rng.uniform(0, 360), 0.6)
    lamp((-0.18, 0.2, 0.2), size=0.09, watts=2.4, colour=(1, 0.95, 0.87))
    lamp((0.35, -0.1, 0.3), size=0.3, watts=1.6, colour=(0.85, 0.92, 1))
    camera(View((0.03, -0.145, 0.148), (0.002, -0.012, -0.004), 46, 9, roll_deg=3))
    return Shot([face, seal], Rule(0.45, 5000), Look(grain=0.009))


SCENE = Scene(
    prompt=Prompt(
        id="DD14",
        title="O-ring on a flange",
        question="Is the black O-ring lying inside its groove all the way round? Answer only yes or no.",
        answer=Answer("yes_no", False),
        probes="A dark ring in a dark groove with a local deviation.",
        difficulty="easy",
        tags=("sealing", "workshop"),
    ),
    build=build,
    variant=lambda rng: rng.random() < 0.5,
)

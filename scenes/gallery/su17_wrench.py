"""A spanner and a hose crossing on a garage floor."""

from __future__ import annotations

import math
import random

import bpy
import numpy as np
from bpy.types import Object

from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule
from scenes.hardware import hex_nut, socket_screw
from scenes.materials import Wear, concrete, metal, painted, plastic
from scenes.mesh import Floats, bevel, box, cut, extrude, join, lathe, rod, tube
from scenes.nodes import srgb
from scenes.photo import Look
from scenes.scene import Scene, Shot
from scenes.stage import View, add, camera, lamp, surroundings

LENGTH, THICK, HOSE = 0.24, 0.0085, 0.0095


def spanner() -> Object:
    """Return a combination spanner along x, lying on z = 0, with its size forged into the shank."""
    chrome = metal("chrome vanadium", srgb("#b4b4b3"), 0.24, Wear(0.6, 0.06, 0.3, 0.06), grain=0.1)
    half = LENGTH / 2
    shank = extrude(
        [
            (-half + 0.01, -0.0062),
            (0, -0.0052),
            (half - 0.01, -0.0066),
            (half - 0.01, 0.0066),
            (0, 0.0052),
            (-half + 0.01, 0.0062),
        ],
        THICK * 0.72,
        chrome,
        "spanner",
    )
    shank.location.z = THICK * 0.14
    ring = lathe(
        [(0, 0), (0.0165, 0), (0.0175, 0.001), (0.0175, THICK - 0.001), (0.0165, THICK), (0, THICK)],
        chrome,
        "ring",
        64,
    )
    ring.location = (-half, 0, 0)
    jaw = lathe([(0, 0), (0.0205, 0), (0.0205, THICK * 0.92), (0, THICK * 0.92)], chrome, "jaw", 64)
    jaw.location = (half, 0, 0)
    bpy.context.view_layer.update()
    join(shank, ring, jaw)
    bore = extrude(
        [
            (
                0.0112 * (1 + 0.06 * math.cos(12 * t)) * math.cos(t),
                0.0112 * (1 + 0.06 * math.cos(12 * t)) * math.sin(t),
            )
            for t in np.linspace(0, math.tau, 96, endpoint=False)
        ],
        0.03,
    )
    bore.location = (-half, 0, -0.01)
    mouth = box((0.036, 0.0172, 0.03), (half + 0.0155, 0.004, 0), turn=(0, 0, math.radians(15)))
    hollow = box((0.11, 0.0062, 0.0024), (0.0, 0, THICK * 0.86), round_by=0.001)
    cut(shank, bore, mouth, hollow)
    bevel(shank, 0.0005, 2)
    text = bpy.data.curves.new("size", "FONT")
    text.body, text.size, text.extrude, text.align_x, text.align_y = (
        "19  HALDEN",
        0.0052,
        0.0005,
        "CENTER",
        "CENTER",
    )
    mark = add(text, "forged size")
    mark.location, mark.parent = (0, 0, THICK * 0.86 - 0.0014 - THICK * 0.14), shank
    mark.data.materials.append(chrome)
    return shank


def lifted(path: Floats, over: list[tuple[float, float, float, float]]) -> list[tuple[float, float, float]]:
    """Return the hose's path on the floor, raised near each (x, y, height, reach)."""
    points = []
    for x, y in path:
        z = HOSE + sum(h * math.exp(-(((math.hypot(x - cx, y - cy)) / reach) ** 2)) for cx, cy, h, reach in over)
        points.append((float(x), float(y), z))
    return points


def hose(spanner_under: bool) -> Object:
    """Lay a blue hose that loops over itself and crosses the middle of the spanner."""
    t = np.linspace(0, 1, 90)
    x = -0.42 + 0.92 * t + 0.135 * np.sin(t * 9.4 + 0.6)
    y = 0.30 - 0.46 * t + 0.16 * np.sin(t * 9.4 - 1.05)
    path = np.c_[x, y]
    rises: list[tuple[float, float, float, float]] = []
    if spanner_under:
        rises.append((0.0, 0.0, THICK + 0.001, 0.055))
    near = np.argmin(np.hypot(x, y))
    path = path - path[near]
    crossing = _self_crossing(path)
    points = lifted(path, rises)
    if crossing:
        weights = np.exp(-(((np.arange(len(path)) - crossing[1]) / 4.2) ** 2))
        points = [(px, py, pz + 2.08 * HOSE * w) for (px, py, pz), w in zip(points, weights, strict=True)]
    rubber = plastic("hose", srgb("#1e5fae"), 0.42, Wear(0.4, 0.4, 0.6, 0.08), texture=0.3)
    return tube(points, HOSE, rubber, "hose", 28, 4)


def _self_crossing(path: Floats) -> tuple[int, int] | None:
    """Return the indices of the nearest approach of two distant parts of a path, if they touch."""
    best: tuple[float, int, int] | None = None
    for i in range(len(path)):
        for j in range(i + 14, len(path)):
            gap = float(np.hypot(*(path[i] - path[j])))
            if gap < 2 * HOSE and (best is None or gap < best[0]):
                best = (gap, i, j)
    return best[1:] if best else None


def build(value: Value, rng: random.Random) -> Shot:
    """Lay the spanner on the floor under the hose, or on top of it."""
    under = value == "under"
    tool = spanner()
    hose(under)
    tool.rotation_euler = (0, 0, math.radians(38))
    if not under:
        tool.location.z = 2 * HOSE
        tool.rotation_euler = (0, math.radians(3.5), math.radians(38))
    box((5, 5, 0.1), (0, 0, -0.05), concrete("floor", srgb("#6f6c67"), 3.2, 0.62), "floor")
    dull = metal("dull", srgb("#8d8a82"), 0.35, Wear(0.5, 0.3, 0.5, 0.03))
    nut = hex_nut(12, 19, 10, 1.75, dull)
    nut.location = (-0.075, -0.125, 0.005)
    bolt = socket_screw(10, 35, 1.5, metal("black", srgb("#2a2a2b"), 0.4))
    bolt.location, bolt.rotation_euler = (0.175, -0.045, 0.0075), (math.pi / 2, 0, 0.8)
    red = painted("jack", srgb("#a32a1f"), chips=0.7, wear=Wear(0.5, 0.4, 0.5, 0.12))
    box((0.2, 0.12, 0.09), (0.32, 0.42, 0.045), red, "jack", 0.012, (0, 0, 0.5))
    rod((0.24, 0.36, 0.05), (-0.05, 0.55, 0.16), 0.012, red, "jack handle")
    surroundings("workshop", rng.uniform(0, 360), 0.5)
    lamp((-0.5, 0.5, 0.7), size=0.2, watts=17, colour=(1, 0.95, 0.86))
    lamp((0.8, -0.3, 0.8), size=0.6, watts=7, colour=(0.84, 0.92, 1))
    camera(View((0.03, -0.33, 0.40), (0.012, 0.012, 0), 42, 8, roll_deg=3))
    return Shot([tool], Rule(0.6, 8000), Look(grain=0.01, warmth=0.01))


SCENE = Scene(
    prompt=Prompt(
        id="SU17",
        title="Over or under",
        question=(
            "At the place where they cross, does the spanner (wrench) lie over or under the blue hose? Answer"
            " only over or under."
        ),
        answer=Answer(
            "choice",
            "under",
            {
                "options": ["over", "under"],
                "synonyms": {"over": ["above", "on top"], "under": ["below", "beneath", "underneath"]},
            },
        ),
        probes="One occlusion at one place, while the hose also crosses over itself.",
        difficulty="easy",
        tags=("garage", "tools"),
    ),
    build=build,
    variant=lambda rng: rng.choice(["over", "under"]),
)

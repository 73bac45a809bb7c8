"""Round and oblong tablets on a pharmacist's counting tray."""

from __future__ import annotations

import math
import random
from itertools import pairwise

import bmesh
from bpy.types import Material, Object

from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule
from scenes.materials import Wear, metal, plastic
from scenes.mesh import box, copy, discard, extrude, finish, lathe
from scenes.nodes import srgb
from scenes.photo import Look
from scenes.physics import Drop, settle
from scenes.scene import Scene, Shot
from scenes.sight import require_apart
from scenes.stage import View, camera, lamp, surroundings


def round_tablet(material: Material) -> Object:
    """Return a domed round tablet 9 mm wide with a score line."""
    r, h = 0.0045, 0.0038
    profile = [
        (0, -h / 2),
        (r * 0.55, -h * 0.46),
        (r * 0.92, -h * 0.3),
        (r, -h * 0.22),
        (r, h * 0.22),
        (r * 0.92, h * 0.3),
        (r * 0.55, h * 0.46),
        (0, h / 2),
    ]
    tablet = lathe(profile, material, "round", 56, 24)
    for vertex in tablet.data.vertices:
        if abs(vertex.co.y) < 0.00035 and abs(vertex.co.z) > h * 0.28:
            vertex.co.z *= 0.86
    return tablet


def oblong_tablet(material: Material) -> Object:
    """Return a caplet 13 mm long and 6 mm wide."""
    built, seg = bmesh.new(), 64
    half, r, h = 0.0036, 0.0031, 0.0042
    rings = []
    for share, z in (
        (0.3, -0.5),
        (0.7, -0.43),
        (0.93, -0.3),
        (1.0, -0.2),
        (1.0, 0.2),
        (0.93, 0.3),
        (0.7, 0.43),
        (0.3, 0.5),
    ):
        ring = []
        for i in range(seg):
            t = math.tau * i / seg
            centre = half if math.cos(t) >= 0 else -half
            ring.append(
                built.verts.new(
                    (centre * (0.6 + 0.4 * share) + r * share * math.cos(t), r * share * math.sin(t), h * z)
                )
            )
        rings.append(ring)
    for low, high in pairwise(rings):
        for i in range(seg):
            built.faces.new((low[i], low[(i + 1) % seg], high[(i + 1) % seg], high[i]))
    built.faces.new(rings[0])
    built.faces.new(rings[-1])
    return finish(built, "oblong", material, 24)


def tray(blue: Material) -> list[Object]:
    """Build the counting tray: a floor, low walls and the lidded chute along one side."""
    parts = [box((0.19, 0.14, 0.003), (0, 0, -0.0015), blue, "tray floor", 0.0008)]
    for size, at in (
        ((0.19, 0.004, 0.016), (0, 0.07, 0.006)),
        ((0.19, 0.004, 0.012), (0, -0.07, 0.004)),
        ((0.004, 0.144, 0.014), (0.095, 0, 0.005)),
    ):
        parts.append(box(size, at, blue, "tray wall", 0.0016))
    parts.append(box((0.004, 0.136, 0.012), (-0.066, 0, 0.006), blue, "divider", 0.0016))
    parts.append(box((0.034, 0.144, 0.002), (-0.083, 0, 0.0135), blue, "chute lid", 0.0008))
    parts.append(box((0.004, 0.144, 0.016), (-0.098, 0, 0.006), blue, "outer wall", 0.0016))
    return parts


def spatula() -> Object:
    """Return the flat counting spatula resting on the tray."""
    steel = metal("spatula", srgb("#c0c0bd"), 0.24, Wear(0.4, 0.02, 0.2, 0.06), brushed=0.4)
    outline = [
        (0, -0.011),
        (0.03, -0.0115),
        (0.036, -0.006),
        (0.045, -0.0045),
        (0.135, -0.0055),
        (0.138, 0),
        (0.135, 0.0055),
        (0.045, 0.0045),
        (0.036, 0.006),
        (0.03, 0.0115),
        (0, 0.011),
    ]
    blade = extrude(outline, 0.0012, steel, "spatula", 0.0003)
    blade.location, blade.rotation_euler = (0.030, -0.048, 0.0006), (0, math.radians(-5), -0.30)
    return blade


def build(value: Value, rng: random.Random) -> Shot:
    """Drop both kinds of tablet on to the tray."""
    white = plastic("film coat", srgb("#e9e7e0"), 0.36, Wear(0.1, 0.02, 0.3, 0.008), texture=0.1)
    parts = tray(plastic("tray", srgb("#1f5fa8"), 0.34, Wear(0.7, 0.25, 0.6, 0.14), texture=0.2))
    paddle = spatula()
    kinds = ["oblong"] * int(str(value)) + ["round"] * rng.randint(14, 18)
    rng.shuffle(kinds)
    models = {"round": round_tablet(white), "oblong": oblong_tablet(white)}
    tablets = []
    for index, kind in enumerate(kinds):
        at = (rng.uniform(-0.046, 0.058), rng.uniform(-0.026, 0.054), 0.010 + 0.0012 * index)
        item = copy(
            models[kind],
            f"{kind} {index}",
            at,
            (rng.uniform(-0.5, 0.5), rng.uniform(-0.5, 0.5), rng.uniform(0, 6.28)),
        )
        tablets.append(item)
    discard(*models.values())
    settle(tablets, [*parts, paddle], Drop(150, 24, 0.7, 0.0002))
    require_apart(tablets)
    bottle = lathe(
        [(0, 0), (0.024, 0), (0.026, 0.002), (0.026, 0.055), (0.023, 0.062), (0.023, 0.064), (0, 0.064)],
        plastic("bottle", srgb("#b8641c"), 0.2, coat=0.4),
        "bottle",
    )
    bottle.location = (0.135, 0.115, 0)
    cap = lathe(
        [(0, 0), (0.024, 0), (0.024, 0.014), (0.023, 0.015), (0, 0.015)],
        plastic("cap", srgb("#ecebe6"), 0.4),
        "cap",
        48,
    )
    cap.location = (0.135, 0.115, 0.064)
    box(
        (1.2, 1.0, 0.02),
        (0, 0.1, -0.0132),
        plastic("counter", srgb("#cdc8bb"), 0.3, Wear(0.5, 0.2, 0.6, 0.3)),
        "counter",
        0.002,
    )
    surroundings("lab", rng.uniform(0, 360), 0.6)
    lamp((-0.3, 0.28, 0.4), size=0.16, watts=4.2, colour=(1, 0.98, 0.94))
    lamp((0.4, -0.3, 0.5), size=0.4, watts=1.8, colour=(0.9, 0.95, 1))
    camera(View((0.01, -0.12, 0.235), (-0.002, 0.0, 0), 45, 9, roll_deg=-3))
    return Shot(tablets, Rule(0.55, 900), Look(grain=0.007))


SCENE = Scene(
    prompt=Prompt(
        id="OC07",
        title="Tablets on a counting tray",
        question="How many oblong tablets are on the tray? Do not count the round ones. Answer only a number.",
        answer=Answer("integer", 17),
        probes="Same colour and size, told apart by shape alone, in clusters.",
        difficulty="medium",
        tags=("pharmacy",),
    ),
    build=build,
    variant=lambda rng: rng.randint(11, 20),
)

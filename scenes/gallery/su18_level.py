"""A spirit level on a shelf board, the photograph itself tilted the other way."""

from __future__ import annotations

import math
import random

from bpy.types import Object
from PIL import Image, ImageDraw

from scenes.assets import font, keep
from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule
from scenes.materials import Wear, film, metal, painted, plastic, printed, wood
from scenes.mesh import bevel, box, cut, cylinder, group, label, lathe, rod
from scenes.nodes import Graph, srgb
from scenes.photo import Look
from scenes.scene import Scene, Shot
from scenes.sight import see_through
from scenes.stage import View, camera, lamp, surroundings

LENGTH, HEIGHT, THICK = 0.60, 0.05, 0.022
VIAL, VIAL_RADIUS = 0.052, 0.0078
SHIFT = 0.0125


def vial(shift: float) -> list[Object]:
    """Return the vial along x in the middle of the body: green liquid, bubble moved by `shift`, two ring marks."""
    liquid = Graph("liquid")
    liquid.set(
        base_color=srgb("#b7d92e"),
        transmission_weight=0.35,
        ior=1.4,
        roughness=0.05,
        emission_color=srgb("#b7d92e"),
        emission_strength=0.12,
    )
    parts = []
    body = rod((-VIAL / 2, 0, 0), (VIAL / 2, 0, 0), VIAL_RADIUS, liquid.material, "liquid", 0.0015)
    parts.append(body)
    air = Graph("bubble")
    air.set(
        base_color=srgb("#f2f7d2"), roughness=0.04, specular_ior_level=0.8, coat_weight=1.0, coat_roughness=0.02
    )
    bubble = lathe(
        [(0.0049 * math.sin(a), -0.0092 * math.cos(a)) for a in (math.pi * i / 24 for i in range(25))],
        air.material,
        "bubble",
        48,
        180,
    )
    bubble.rotation_euler, bubble.location, bubble.scale = (
        (0, math.pi / 2, 0),
        (shift, -0.0042, 0.0026),
        (1.0, 0.85, 1.0),
    )
    parts.append(bubble)
    black = plastic("ring", srgb("#111112"), 0.4)
    for x in (-0.0105, 0.0105):
        ring = lathe(
            [
                (VIAL_RADIUS + 0.00015, -0.0004),
                (VIAL_RADIUS + 0.0004, -0.0004),
                (VIAL_RADIUS + 0.0004, 0.0004),
                (VIAL_RADIUS + 0.00015, 0.0004),
            ],
            black,
            "ring",
            64,
        )
        ring.rotation_euler, ring.location = (0, math.pi / 2, 0), (x, 0, 0)
        parts.append(ring)
    glaze = film("vial glass", (0.97, 0.99, 0.95), 0.0, 0.02, 1.3)
    cover = see_through(
        lathe([(VIAL_RADIUS + 0.0008, -VIAL / 2), (VIAL_RADIUS + 0.0008, VIAL / 2)], glaze, "vial glass", 64)
    )
    cover.rotation_euler = (0, math.pi / 2, 0)
    return [*parts, cover]


def level(shift: float) -> tuple[Object, Object]:
    """Return the level, standing on z = 0 along x and facing -y, and its bubble."""
    yellow = painted("level body", srgb("#c99a16"), srgb("#8d8d88"), 0.35, Wear(0.6, 0.25, 0.5, 0.12))
    body = box((LENGTH, THICK, HEIGHT), (0, 0, HEIGHT / 2), yellow, "body")
    window = box((VIAL + 0.008, THICK * 2, 0.028), (0, 0, HEIGHT / 2 + 0.004))
    cut(body, window)
    bevel(body, 0.0022)
    parts: list[Object] = [body]
    backing = box(
        (VIAL + 0.008, 0.003, 0.028),
        (0, 0.0085, HEIGHT / 2 + 0.004),
        plastic("backing", srgb("#e9e8e0"), 0.5),
        "backing",
    )
    parts.append(backing)
    alloy = metal("edge", srgb("#bdbdb9"), 0.3, Wear(0.6, 0.2, 0.4, 0.1), brushed=0.6)
    parts += [
        box((LENGTH - 0.004, THICK + 0.001, 0.003), (0, 0, z), alloy, "milled edge", 0.0006)
        for z in (0.0015, HEIGHT - 0.0015)
    ]
    for sign in (-1, 1):
        parts.append(
            box(
                (0.008, THICK + 0.002, HEIGHT + 0.002),
                (sign * LENGTH / 2, 0, HEIGHT / 2),
                plastic("end cap", srgb("#1c1c1e"), 0.6),
                "end cap",
                0.003,
            )
        )
    art = Image.new("RGB", (900, 200), (30, 32, 36))
    ImageDraw.Draw(art).text((450, 100), "MARLPIT 600", (235, 228, 205), font("oswald-600", 130), anchor="mm")
    label(
        body,
        printed("brand", keep(art, "level_brand"), 0.5, 0.1, 0.3, 0.06),
        0.09,
        0.02,
        (0.105, -THICK / 2 - 0.0002, 0.001),
        (math.pi / 2, 0, 0),
    ).name = "brand"
    tube_parts = vial(shift)
    for part in tube_parts:
        part.location.z += HEIGHT / 2 + 0.004
    group("level", [*parts, *tube_parts])
    return body, tube_parts[1]


def build(value: Value, rng: random.Random) -> Shot:
    """Set the bubble towards the higher end, tilt the board a little, and roll the camera against it."""
    left_high = value == "left"
    sign = -1 if left_high else 1
    body, bubble = level(sign * SHIFT)
    root = body.parent
    tilt = math.radians(0.7) * (1 if left_high else -1)
    root.rotation_euler.y = tilt
    board = box(
        (1.3, 0.20, 0.022),
        (0.0, 0.03, -0.0112),
        wood("shelf", srgb("#7d5c38"), srgb("#c9a36c"), 0.5, stains=0.35),
        "shelf",
        0.002,
    )
    board.rotation_euler.y = tilt
    for x in (-0.42, 0.42):
        steel = painted("bracket", srgb("#d9d9d4"), chips=0.3, wear=Wear(0.3, 0.2, 0.4, 0.1))
        box((0.025, 0.17, 0.004), (x, 0.03, -0.026 - x * math.tan(tilt)), steel, "bracket", 0.001)
        box((0.025, 0.004, 0.20), (x, 0.115, -0.125), steel, "bracket", 0.001)
    box(
        (5, 0.05, 4),
        (0, 0.145, 0),
        painted("wall", srgb("#b5c0bd"), srgb("#9a9a92"), 0.15, Wear(0.2, 0.1, 0.4, 0.7)),
        "wall",
    )
    pencil = cylinder(
        0.0036, 0.15, painted("pencil", srgb("#a83224"), chips=0.2, wear=Wear(size=0.05)), "pencil", 0.0005, 6
    )
    pencil.rotation_euler, pencil.location = (0, math.pi / 2, 0.3), (-0.27, -0.045, 0.0042 + 0.27 * math.tan(tilt))
    for index in range(3):
        screw = rod(
            (0.20 + 0.022 * index, -0.045 + 0.006 * (index % 2), 0.0035),
            (0.228 + 0.024 * index, -0.035, 0.003),
            0.002,
            metal("screw", srgb("#b9a25c"), 0.35),
            "screw",
        )
        screw.name = "screw"
    surroundings("apartment", rng.uniform(0, 360), 0.6)
    lamp((-0.7, -0.7, 0.9), (0, 0, 0), 0.2, 17, (1, 0.94, 0.85))
    lamp((0.9, -0.6, 0.3), (0, 0, 0), 0.6, 7, (0.84, 0.92, 1))
    # Rolling the camera the other way lowers, in the picture, the end that the bubble shows to be the higher.
    camera(View((0.03, -0.44, 0.115), (0.0, 0, 0.022), 40, 7, roll_deg=-5.0 if left_high else 5.0))
    return Shot([bubble], Rule(0.15, 500), Look(grain=0.009))


SCENE = Scene(
    prompt=Prompt(
        id="SU18",
        title="Which end is high",
        question=(
            "Judging by the bubble, which end of the spirit level is higher: left or right? Answer only left "
            "or right."
        ),
        answer=Answer("choice", "left", {"options": ["left", "right"]}),
        probes="The tilt of the photograph contradicts the bubble.",
        difficulty="medium",
        tags=("building", "tools"),
    ),
    build=build,
    variant=lambda rng: rng.choice(["left", "right"]),
)

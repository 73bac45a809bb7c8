"""A bolt lying along a steel rule, away from the rule's zero."""

from __future__ import annotations

import math
import random

import bpy
from bpy.types import Object
from PIL import Image, ImageDraw

from scenes.assets import font, keep
from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule, Unshowable
from scenes.hardware import hex_bolt
from scenes.materials import Wear, metal, painted, plastic, wood
from scenes.mesh import box, copy, label, lathe
from scenes.nodes import Graph, srgb
from scenes.photo import Look
from scenes.scene import Scene, Shot
from scenes.sight import require_apart, to_pixels
from scenes.stage import View, camera, lamp, surroundings

RULE_LENGTH, RULE_WIDTH, RULE_THICK = 0.16, 0.026, 0.0010
START = 0.030
FRAME_SIZE = (1280, 960)


def rule_art() -> Image.Image:
    """Draw the etching: a millimetre scale on both edges, 25 px to the millimetre, white on black."""
    px = 25
    art = Image.new("L", (round(RULE_LENGTH * 1000) * px, round(RULE_WIDTH * 1000) * px), 0)
    draw = ImageDraw.Draw(art)
    for mm in range(round(RULE_LENGTH * 1000) - 4):
        x = (mm + 2) * px
        length = 7.5 if mm % 10 == 0 else 5.6 if mm % 5 == 0 else 3.8
        draw.line((x, 0, x, length * px), fill=255, width=5)
        if mm % 10 == 0:
            draw.text((x + 10, 7.2 * px), str(mm), 255, font("barlow-condensed-500", 105))
    for half in range((round(RULE_LENGTH * 1000) - 4) * 2):
        at = (half / 2 + 2) * px
        length = 6.5 if half % 20 == 0 else 4.6 if half % 10 == 0 else 3.2 if half % 2 == 0 else 2.0
        draw.line((at, art.height, at, art.height - length * px), fill=255, width=4)
    draw.text((art.width * 0.78, 13.4 * px), "TARN  STAINLESS", 255, font("barlow-condensed-400", 84), anchor="lm")
    draw.text((10 * px, 15 * px), "mm", 255, font("barlow-condensed-400", 84), anchor="lm")
    return art


def steel_rule() -> Object:
    """Return the rule with its zero 2 mm from the left end, lying with its scale edge at y = 0."""
    blank = metal("satin steel", srgb("#c2c2bf"), 0.4, Wear(0.6, 0.15, 0.5, 0.08), brushed=0.6)
    body = box(
        (RULE_LENGTH, RULE_WIDTH, RULE_THICK),
        (RULE_LENGTH / 2 - 0.002, -RULE_WIDTH / 2, RULE_THICK / 2),
        blank,
        "rule",
        0.00025,
    )
    graph = Graph("etching")
    ink = graph.image(keep(rule_art(), "rule"), colour=False)
    hair = graph.noise(graph.where((60, 9000, 1)), 1.0, 4, 0.7)
    stain = graph.noise(graph.where(1.0), 60, 6, 0.65)
    worn = graph.math("MULTIPLY", ink, graph.remap(stain, 0.3, 0.45, 0.75, 1.0))
    graph.set(
        base_color=graph.mix(worn, srgb("#bdbdb9"), srgb("#161616")), metallic=graph.math("SUBTRACT", 1.0, worn)
    )
    graph.set(
        roughness=graph.math(
            "ADD", graph.remap(hair, 0.3, 0.7, 0.3, 0.46), graph.remap(stain, 0.4, 0.7, 0.0, 0.12)
        )
    )
    label(body, graph.material, RULE_LENGTH - 0.0006, RULE_WIDTH - 0.0006, (0, 0, RULE_THICK / 2 + 0.00002))
    return body


def error_mm(bolt_end: float, height: float) -> float:
    """Return how far the picture shifts a point of the bolt against the scale edge, in millimetres."""
    bpy.context.view_layer.update()
    x0, x1 = bolt_end, bolt_end + 0.001
    lifted, low, next_low = to_pixels(
        [(x0, height / 2, height), (x0, 0, RULE_THICK), (x1, 0, RULE_THICK)], *FRAME_SIZE
    )
    along = next_low - low
    return float(abs(((lifted - low) @ along) / (along @ along)))


def build(value: Value, rng: random.Random) -> Shot:
    """Lay a bolt of the asked-for length with the underside of its head at 30 mm."""
    length = float(str(value)) / 1000
    rule = steel_rule()
    zinc = metal("zinc", srgb("#b9b7ae"), 0.3, Wear(0.5, 0.15, 0.6, 0.03))
    bolt = hex_bolt(10, length * 1000, 16, 6.4, 1.5, zinc, plain=max(0.0, length * 1000 - 26))
    bolt.rotation_euler = (0, math.radians(-90), 0)
    bolt.location = (START, 0.0086, 0.0081)
    spare = hex_bolt(8, 25, 13, 5.3, 1.25, metal("black", srgb("#2c2c2e"), 0.42, Wear(0.4, 0.2, 0.4, 0.03)))
    spare.location, spare.rotation_euler = (0.092, 0.045, 0.0066), (0, math.radians(90), 0.7)
    ring = lathe(
        [(0.0053, 0), (0.010, 0), (0.010, 0.002), (0.0053, 0.002), (0.0053, 0)],
        metal("dull zinc", srgb("#86857f"), 0.3, Wear(0.5, 0.25, 0.5, 0.03)),
        "washer",
    )
    ring.location = (0.046, 0.045, 0)
    copy(ring, "washer 2", (0.063, 0.055, 0.0))
    require_apart([rule, bolt, spare, ring])
    pencil = lathe(
        [(0, 0), (0.0007, 0.003), (0.0036, 0.018), (0.0036, 0.17), (0, 0.17)],
        painted("pencil", srgb("#b3541e"), chips=0.2, wear=Wear(size=0.05)),
        "pencil",
        6,
        20,
    )
    pencil.location, pencil.rotation_euler = (-0.03, -0.041, 0.0034), (0, math.pi / 2, 0.06)
    box(
        (1.2, 1.0, 0.04),
        (0.05, 0.1, -0.02),
        wood("bench", srgb("#5b4630"), srgb("#b09468"), 0.6, 0.12, 0.7),
        "bench",
        0.002,
    )
    box(
        (0.12, 0.09, 0.06),
        (-0.015, 0.13, 0.03),
        painted("vice", srgb("#3f5e54"), chips=0.6),
        "vice",
        0.006,
        (0, 0, 0.2),
    )
    box(
        (0.05, 0.03, 0.018),
        (0.13, 0.08, 0.009),
        plastic("rubber", srgb("#8a4b46"), 0.8),
        "eraser",
        0.004,
        (0, 0, -0.5),
    )
    surroundings("hall", rng.uniform(0, 360), 0.6)
    lamp((-0.25, 0.3, 0.35), size=0.14, watts=4.6, colour=(0.93, 0.97, 1))
    lamp((0.5, -0.3, 0.5), size=0.4, watts=2.0, colour=(1, 0.92, 0.82))
    middle = START + length / 2
    camera(View((middle - 0.002, -0.075, 0.2), (middle - 0.006, 0.004, 0), 56, 11, roll_deg=4))
    worst = max(error_mm(START, 0.012), error_mm(START + length, 0.0095))
    if worst > 1.2:
        raise Unshowable(f"perspective shifts an end by {worst:.1f} mm")
    return Shot([bolt], Rule(0.9, 8000), Look(grain=0.008))


SCENE = Scene(
    prompt=Prompt(
        id="OU03",
        title="Bolt length with an offset ruler",
        question=(
            "Using the steel rule, how long is the long bolt beside it from the underside of the head to the "
            "tip, in mm? Answer only a whole number."
        ),
        answer=Answer("number", 45, {"abs_tolerance": 1, "unit": "mm"}),
        probes="The bolt does not start at zero, so the end mark alone gives the wrong length.",
        difficulty="medium",
        tags=("measuring", "workshop"),
    ),
    build=build,
    variant=lambda rng: rng.choice([35, 40, 50, 55, 60, 65]),
)

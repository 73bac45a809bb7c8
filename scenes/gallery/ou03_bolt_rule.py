"""A bolt lying against a steel rule on a surface plate, away from the rule's zero, seen from above."""

from __future__ import annotations

import math
import random

import bpy
import numpy as np
from bpy.types import Material, Object
from mathutils import Matrix, Vector
from PIL import Image, ImageDraw

from scenes.assets import font, keep
from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule, Unshowable
from scenes.hardware import hex_bolt, hex_nut, washer
from scenes.materials import Wear, fabric, metal
from scenes.mesh import Floats, box, label, lathe, sheet
from scenes.nodes import Graph, srgb
from scenes.photo import Look
from scenes.scene import Scene, Shot
from scenes.sight import require_apart, to_pixels
from scenes.stage import Frame, View, camera, lamp, surroundings

RULE_LENGTH, RULE_WIDTH, RULE_THICK = 0.206, 0.026, 0.0010
START = 0.020
DIAMETER, ACROSS = 8.0, 13.0
FRAME = Frame(1280, 960)


def rule_art() -> Image.Image:
    """Draw the etching: millimetres on the upper edge, half millimetres on the lower, 25 px to the millimetre."""
    px, length = 25, round(RULE_LENGTH * 1000)
    art = Image.new("L", (length * px, round(RULE_WIDTH * 1000) * px), 0)
    draw = ImageDraw.Draw(art)
    for mm in range(length - 4):
        x = (mm + 2) * px
        reach = 7.5 if mm % 10 == 0 else 5.6 if mm % 5 == 0 else 3.8
        draw.line((x, 0, x, reach * px), fill=255, width=5)
        if mm % 10 == 0:
            draw.text((x, 9.2 * px), str(mm), 255, font("barlow-condensed-500", 92), anchor="mm")
    for half in range((length - 4) * 2):
        x = (half / 2 + 2) * px
        reach = 6.2 if half % 20 == 0 else 4.4 if half % 10 == 0 else 3.2 if half % 2 == 0 else 2.0
        draw.line((x, art.height, x, art.height - reach * px), fill=255, width=4)
    draw.text((112 * px, 14.6 * px), "TARN  STAINLESS", 255, font("barlow-condensed-400", 84), anchor="lm")
    draw.text((6 * px, 14.6 * px), "mm", 255, font("barlow-condensed-400", 84), anchor="lm")
    return art


def steel_rule() -> Object:
    """Return the rule with its zero 2 mm from the left end, lying with its scale edge at y = 0."""
    blank = metal("satin steel", srgb("#c2c2bf"), 0.4, Wear(0.6, 0.15, 0.5, 0.08), brushed=0.6)
    middle = (RULE_LENGTH / 2 - 0.002, -RULE_WIDTH / 2, RULE_THICK / 2)
    body = box((RULE_LENGTH, RULE_WIDTH, RULE_THICK), middle, blank, "rule", 0.0002)
    graph = Graph("etching")
    ink = graph.image(keep(rule_art(), "rule"), colour=False)
    hair = graph.noise(graph.where((60, 9000, 1)), 1.0, 4, 0.7)
    stain = graph.noise(graph.where(1.0), 60, 6, 0.65)
    worn = graph.math("MULTIPLY", ink, graph.remap(stain, 0.3, 0.45, 0.8, 1.0))
    steel = graph.mix(graph.remap(stain, 0.52, 0.62, 0.0, 0.35), srgb("#bdbdb9"), srgb("#8f8a7e"))
    graph.set(base_color=graph.mix(worn, steel, srgb("#161616")), metallic=graph.math("SUBTRACT", 1.0, worn))
    dull = graph.remap(stain, 0.4, 0.7, 0.0, 0.16)
    graph.set(roughness=graph.math("ADD", graph.remap(hair, 0.3, 0.7, 0.3, 0.48), dull))
    label(body, graph.material, RULE_LENGTH - 0.0004, RULE_WIDTH - 0.0004, (0, 0, RULE_THICK / 2 + 0.00002))
    return body


def granite() -> Material:
    """Lapped black granite: grains of three tones, a few bright ones, oil marks."""
    graph = Graph("granite")
    where = graph.where(1.0, varied=False)
    cells = graph.node("TexVoronoi", {"Vector": where, "Scale": 1500.0}).outputs[1]
    tone = graph.node("SeparateColor", {0: cells}).outputs[0]
    coarse = graph.noise(where, 380, 6, 0.75)
    mixed = graph.math("ADD", graph.math("MULTIPLY", tone, 0.4), graph.math("MULTIPLY", coarse, 0.65))
    stone = graph.ramp(
        mixed, (0.36, srgb("#141516")), (0.54, srgb("#232527")), (0.68, srgb("#393c3f")), (0.80, srgb("#6f6f6c"))
    )
    oil = graph.noise(where, 22, 8, 0.7, 0.6)
    wet = graph.remap(oil, 0.5, 0.6, 0.0, 1.0)
    graph.set(base_color=graph.mix(graph.math("MULTIPLY", wet, 0.5), stone, srgb("#7c7a76"), "MULTIPLY"))
    graph.set(roughness=graph.remap(wet, 0.0, 1.0, 0.42, 0.24), specular_ior_level=0.45)
    return graph.material


def lay(bolt: Object, length: float) -> None:
    """Lay the bolt down on a flat of its head and on its tip, its head to the left and reaching over the rule."""
    lean = math.atan((ACROSS - DIAMETER) / 2 / length)
    turn = Matrix.Rotation(lean - math.pi / 2, 4, "Y") @ Matrix.Rotation(math.pi / 6, 4, "Z")
    height = ACROSS / 2 * math.cos(lean) / 1000
    beside = (ACROSS / 2 + RULE_THICK * 1000) * math.tan(math.pi / 6) / 1000 + 0.0002
    bolt.matrix_world = Matrix.Translation((START + 0.00015, beside, height + 0.00005)) @ turn


def seen_at(points: list[tuple[float, float, float]]) -> list[float]:
    """Return the millimetres at which points seem to stand on the scale from the camera."""
    bpy.context.view_layer.update()
    low, high, *seen = to_pixels([(0, 0, RULE_THICK), (0.1, 0, RULE_THICK), *points], FRAME.width, FRAME.height)
    along = (high - low) / 100
    return [float((each - low) @ along / (along @ along)) for each in seen]


def require_no_parallax(bolt: Object, length: float) -> None:
    """Raise `Unshowable` if the bolt's ends do not appear at their marks on the scale."""
    bpy.context.view_layer.update()
    x, y = math.cos(math.radians(-120)) / 1000, math.sin(math.radians(-120)) / 1000
    corner, end = ACROSS / 2 / math.cos(math.pi / 6), DIAMETER / 2 - 0.7
    near = [(corner * x, corner * y, 0.0), (end * x, end * y, -length / 1000)]
    head, tip = seen_at([tuple(bolt.matrix_world @ Vector(point)) for point in near])
    if max(abs(head - START * 1000), abs(tip - START * 1000 - length)) > 0.3:
        raise Unshowable(f"parallax: head at {head:.2f} mm, tip at {tip:.2f} mm")


def rag(x: Floats, y: Floats) -> Floats:
    """Return the folds of a cloth."""
    fold = 0.006 * np.sin(70 * x + 25 * y) + 0.004 * np.sin(-60 * x + 110 * y + 1.0)
    lifted: Floats = 0.0105 + fold + 0.0015 * np.sin(310 * x + 40 * y)
    return lifted


def clutter(rng: random.Random) -> list[Object]:
    """Lay nuts, washers, a scriber and a cloth at the picture's edges."""
    zinc = metal("bright zinc", srgb("#b3ad95"), 0.3, Wear(0.6, 0.2, 0.6, 0.02))
    black = metal("black", srgb("#37373a"), 0.42, Wear(0.5, 0.25, 0.4, 0.02))
    nuts = [hex_nut(8, 13, 6.5, 1.25, each, "nut") for each in (zinc, black)]
    for nut, at in zip(nuts, ((0.084, 0.030), (0.006, 0.042)), strict=True):
        nut.location, nut.rotation_euler = (*at, 0.00325), (0, 0, rng.uniform(0, 3))
    ring = washer(8.4, 16, 1.6, zinc)
    ring.location = (0.101, 0.023, 0.0008)
    cloth = sheet(0.12, 0.09, fabric("cloth", srgb("#7c2f2a"), 0.0007), "cloth", (150, 120), rag)
    cloth.location, cloth.rotation_euler = (0.152, 0.074, 0), (0, 0, 0.4)
    brass = metal("brass", srgb("#9a8350"), 0.33, Wear(0.6, 0.3, 0.6, 0.03))
    outline = [
        (0, 0),
        (0.0004, 0.0),
        (0.0012, 0.022),
        (0.0042, 0.026),
        (0.0042, 0.085),
        (0.003, 0.088),
        (0, 0.088),
    ]
    scriber = lathe(outline, brass, "scriber", 32)
    scriber.location, scriber.rotation_euler = (0.012, -0.047, 0.0042), (0, math.pi / 2, -0.16)
    return [*nuts, ring, scriber]


def build(value: Value, rng: random.Random) -> Shot:
    """Lay a bolt of the asked-for length with the underside of its head at 20 mm."""
    length = float(str(value))
    rule = steel_rule()
    zinc = metal("zinc", srgb("#b5a983"), 0.27, Wear(0.7, 0.3, 0.7, 0.02), grain=0.3)
    bolt = hex_bolt(DIAMETER, length, ACROSS, 5.3, 1.25, zinc, plain=max(0.0, length - 22))
    lay(bolt, length)
    require_apart([rule, bolt, *clutter(rng)], allowed=1)
    box((1.0, 0.8, 0.1), (0.05, 0.0, -0.05), granite(), "surface plate", 0.002)
    surroundings("warehouse", rng.uniform(0, 360), 0.3)
    lamp((-0.42, -0.30, 0.40), size=0.05, length=0.3, watts=11.5, colour=(0.92, 0.97, 1))
    lamp((0.5, 0.3, 0.45), size=0.25, watts=2.2, colour=(1, 0.9, 0.78))
    middle = START + length / 2000
    up = (math.sin(0.13), math.cos(0.13), 0)
    camera(View((middle, -0.012, 0.9), (middle + 0.012, 0.001, 0.002), 225, 22, up=up))
    require_no_parallax(bolt, length)
    return Shot([bolt], Rule(0.95, 9000), Look(grain=0.009, warmth=-0.01))


SCENE = Scene(
    prompt=Prompt(
        id="OU03",
        title="Bolt length with an offset ruler",
        question=(
            "Using the steel rule, how long is the bolt from the underside of its head to its tip, in mm? "
            "Answer only a whole number."
        ),
        answer=Answer("number", 45, {"abs_tolerance": 1, "unit": "mm"}),
        probes="The bolt does not start at zero, so the end mark alone gives the wrong length.",
        difficulty="medium",
        tags=("measuring", "workshop"),
    ),
    build=build,
    variant=lambda rng: rng.choice([35, 40, 50, 55, 60]),
    frame=FRAME,
)

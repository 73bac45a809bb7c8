"""A dusty pressure gauge on pipework."""

from __future__ import annotations

import math
import random

import bpy
from bpy.types import Object
from PIL import Image, ImageDraw

from scenes.assets import font, keep
from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule, Unshowable
from scenes.hardware import hex_nut
from scenes.materials import Wear, concrete, film, metal, painted, plastic, printed, rusty
from scenes.mesh import box, copy, extrude, lathe, rod
from scenes.nodes import srgb
from scenes.photo import Look
from scenes.scene import Scene, Shot
from scenes.sight import see_through, to_pixels
from scenes.stage import Frame, View, camera, lamp, surroundings

RADIUS = 0.05
FULL_SCALE = 16
FRAME = Frame(1280, 1280)
NEEDLE_HEIGHT = 0.0022


def angle(bar: float) -> float:
    """Return the needle's angle in radians at a pressure: 225 degrees at zero, -45 at full scale."""
    return math.radians(225 - 270 * bar / FULL_SCALE)


def dial_art() -> Image.Image:
    """Draw the dial, 1800 px across the dial's radius twice."""
    size, c = 1800, 900
    image = Image.new("RGB", (size, size), (233, 231, 222))
    draw = ImageDraw.Draw(image)

    def at(radius: float, a: float) -> tuple[float, float]:
        return c + radius * math.cos(a), c - radius * math.sin(a)

    draw.arc(
        (c - 800, c - 800, c + 800, c + 800),
        -math.degrees(angle(12)),
        -math.degrees(angle(16)),
        fill=(186, 30, 22),
        width=26,
    )
    for tick in range(FULL_SCALE * 5 + 1):
        a = angle(tick / 5)
        inner, weight = (664, 13) if tick % 10 == 0 else (700, 9) if tick % 5 == 0 else (730, 6)
        draw.line([at(772, a), at(inner, a)], fill=(16, 16, 16), width=weight)
        if tick % 10 == 0:
            draw.text(at(575, a), str(tick // 5), (16, 16, 16), font("barlow-condensed-600", 128), anchor="mm")
    draw.text((c, c + 255), "bar", (16, 16, 16), font("barlow-condensed-600", 120), anchor="mm")
    draw.text((c, c - 300), "HALDEN", (28, 40, 70), font("oswald-600", 80), anchor="mm")
    draw.text((c, c + 420), "CL 1.6   EN 837-1", (50, 50, 50), font("barlow-condensed-500", 54), anchor="mm")
    draw.text((c, c + 490), "No. 40 2291 7", (50, 50, 50), font("barlow-condensed-400", 44), anchor="mm")
    return image


def needle(bar: float) -> Object:
    """Return the pointer with its counterweight."""
    outline = [
        (-0.0135, -0.0022),
        (-0.0135, 0.0022),
        (-0.004, 0.0013),
        (0.0, 0.0016),
        (0.0392, 0.00028),
        (0.0392, -0.00028),
        (0.0, -0.0016),
        (-0.004, -0.0013),
    ]
    pointer = extrude(outline, 0.0005, plastic("needle", srgb("#141414"), 0.4), "needle")
    pointer.location, pointer.rotation_euler = (0, 0, NEEDLE_HEIGHT), (0, 0, angle(bar))
    lathe(
        [(0, 0.001), (0.0045, 0.001), (0.0045, 0.0045), (0.0038, 0.0052), (0, 0.0052)],
        metal("hub", srgb("#4a4a4a"), 0.35, Wear(size=0.01)),
        "hub",
    )
    return pointer


def gauge(bar: float) -> Object:
    """Build the gauge facing +z with its stem towards -y, and return its needle."""
    art = printed("dial", keep(dial_art(), "dial"), 0.5, 0.1, size=0.1)
    face = lathe([(0, 0), (RADIUS, 0)], art, "dial", 128)
    uv = face.data.uv_layers.new()
    for loop, entry in zip(face.data.loops, uv.data, strict=True):
        x, y, _ = face.data.vertices[loop.vertex_index].co
        entry.uv = (x / RADIUS / 2 + 0.5, y / RADIUS / 2 + 0.5)
    steel = metal("bezel", srgb("#b9b6ae"), 0.24, Wear(0.6, 0.5, 0.8, 0.05))
    rim = [
        (0.985, -0.001),
        (0.985, 0.0095),
        (1.0, 0.0125),
        (1.04, 0.0142),
        (1.10, 0.0140),
        (1.145, 0.0115),
        (1.155, 0.008),
        (1.155, -0.016),
        (1.08, -0.022),
    ]
    lathe([*((RADIUS * r, z) for r, z in rim), (0, -0.022)], steel, "bezel", 160, 40)
    pane = film("pane", (0.95, 0.96, 0.94), ripple=0.0, rough=0.03, gain=0.75)
    see_through(lathe([(0, 0.0088), (RADIUS * 0.99, 0.0088)], pane, "pane", 96))
    return needle(bar)


def pipework(rng: random.Random) -> None:
    """Build the tee, pipes and wall behind the gauge."""
    brass = metal("brass", srgb("#8f7a4e"), 0.36, Wear(0.6, 0.4, 0.4, 0.04), grain=0.35)
    z = -0.012
    rod((0, -0.05, z), (0, -0.09, z), 0.0075, brass)
    stem_nut = hex_nut(17, 24, 14, 1.5, brass)
    stem_nut.location, stem_nut.rotation_euler = (0, -0.074, z), (math.pi / 2, 0.2, 0)
    rod((-0.03, -0.108, z), (0.03, -0.108, z), 0.0195, brass, "tee", 0.003)
    rod((0, -0.108, z), (0, -0.085, z), 0.0155, brass, "tee branch", 0.002)
    steel = rusty("pipe", amount=0.35, wear=Wear(size=0.12))
    rod((-0.6, -0.108, z), (0.6, -0.108, z), 0.0165, steel)
    union = hex_nut(36, 47, 20, 2.0, brass, "union")
    union.location, union.rotation_euler = (-0.045, -0.108, z), (0, math.pi / 2, 0)
    copy(union, "union 2", (0.045, -0.108, z), (0, math.pi / 2, 0))
    box((2, 2, 0.02), (0, 0, -0.15), concrete("wall", srgb("#7d7f78"), 5, 0.8))
    rod(
        (0.17, -0.7, -0.09),
        (0.17, 0.7, -0.09),
        0.024,
        painted("green pipe", srgb("#2c6650"), chips=0.6, wear=Wear(0.4, 0.3, 0.6, 0.2)),
    )
    rod(
        (-0.13, -0.7, -0.125),
        (-0.13, 0.7, -0.125),
        0.009,
        metal("copper", srgb("#9a6242"), 0.4, Wear(0.4, 0.3, 1.0, 0.1)),
    )
    for y in (-0.28, 0.12):
        box((0.04, 0.02, 0.012), (-0.13, y, -0.122), metal("clip", srgb("#8d8d8d"), 0.4), round_by=0.004)


def parallax_bar(bar: float) -> float:
    """Return by how many bar the needle's tip seems to read wrong from the camera, in absolute value."""
    bpy.context.view_layer.update()
    tip = (0.0392 * math.cos(angle(bar)), 0.0392 * math.sin(angle(bar)))
    lifted, centre = (*tip, NEEDLE_HEIGHT + 0.0003), (0, 0, NEEDLE_HEIGHT)
    scale = [(*(0.0405 * f(angle(bar + step)) for f in (math.cos, math.sin)), 0.0) for step in (-0.2, 0.0, 0.2)]
    seen, low, mid, high = to_pixels([lifted, *scale], FRAME.width, FRAME.height)
    hub = to_pixels([centre], FRAME.width, FRAME.height)[0]
    ray = (seen - hub) / math.dist(seen, hub)
    offset = (mid - hub)[0] * ray[1] - (mid - hub)[1] * ray[0]
    return 0.4 * abs(float(offset)) / math.dist(low, high)


def build(value: Value, rng: random.Random) -> Shot:
    """Set the needle and look from slightly off the axis."""
    bar = float(str(value))
    pointer = gauge(bar)
    pipework(rng)
    surroundings("workshop", rng.uniform(0, 360), 0.7)
    lamp((-0.35, 0.4, 0.45), size=0.18, watts=6, colour=(1, 0.94, 0.85))
    lamp((0.6, -0.1, 0.5), size=0.4, watts=2.2, colour=(0.85, 0.93, 1))
    camera(View((0.05, -0.045, 0.32), (0.004, -0.026, 0), 50, 6.3, roll_deg=rng.uniform(3, 6), up=(0, 1, 0)))
    error = parallax_bar(bar)
    if error > 0.05:
        raise Unshowable(f"parallax moves the reading by {error:.2f} bar")
    return Shot([pointer], Rule(0.7, 600), Look(warmth=0.015, grain=0.009))


SCENE = Scene(
    prompt=Prompt(
        id="OU01",
        title="Pressure gauge",
        question=(
            "What pressure in bar does the gauge show? The scale has a tick every 0.2 bar. Answer only a "
            "number like 1.2."
        ),
        answer=Answer("number", 3.8, {"abs_tolerance": 0.05, "unit": "bar"}),
        probes="Reading a needle between numbered marks on ticks of 0.2, which are easily taken for 0.1.",
        difficulty="medium",
        tags=("instrument", "plant"),
    ),
    build=build,
    variant=lambda rng: rng.choice([k / 5 for k in range(6, 78) if k % 10]),
    frame=FRAME,
)

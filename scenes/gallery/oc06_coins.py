"""A loose pile of copper, brass and nickel coins on slate."""

from __future__ import annotations

import math
import random

from bpy.types import Material, Object
from PIL import Image, ImageDraw, ImageFilter

from scenes.assets import font, keep
from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule
from scenes.materials import concrete, plastic
from scenes.mesh import box, copy, discard, lathe
from scenes.nodes import Graph, srgb
from scenes.photo import Look
from scenes.physics import Drop, settle
from scenes.scene import Scene, Shot
from scenes.sight import require_apart
from scenes.stage import View, camera, lamp, surroundings


def relief(number: str, word: str) -> Image.Image:
    """Draw a coin's face as heights: a figure in a wreath of dots with a legend."""
    art = Image.new("L", (900, 900), 40)
    draw = ImageDraw.Draw(art)
    draw.ellipse((14, 14, 886, 886), outline=230, width=40)
    draw.text((450, 420), number, 225, font("oswald-700", 380), anchor="mm")
    draw.text((450, 700), word, 205, font("barlow-condensed-700", 120), anchor="mm")
    for turn in range(48):
        x, y = 450 + 370 * math.cos(turn * math.tau / 48), 450 + 370 * math.sin(turn * math.tau / 48)
        draw.ellipse((x - 10, y - 10, x + 10, y + 10), fill=190)
    return art.filter(ImageFilter.GaussianBlur(5))


def alloy(name: str, code: str, dark: str, number: str, word: str) -> Material:
    """Return struck metal of a colour, darkened where fingers do not rub."""
    graph = Graph(name)
    face = graph.image(keep(relief(number, word), f"coin_{name}"), colour=False)
    where = graph.where(1.0)
    tarnish = graph.noise(where, 220, 8, 0.72)
    spots = graph.noise(where, 60, 5, 0.6)
    low = graph.remap(face, 0.1, 0.6, 0.75, 0.0)
    aged = graph.math("MULTIPLY", low, graph.remap(tarnish, 0.3, 0.7, 0.5, 1.0))
    aged = graph.math("MAXIMUM", aged, graph.remap(spots, 0.55, 0.72, 0.0, 0.55))
    graph.set(
        base_color=graph.mix(aged, srgb(code), srgb(dark)),
        metallic=1.0,
        roughness=graph.remap(tarnish, 0.3, 0.7, 0.22, 0.44),
    )
    return graph.set(normal=graph.bump(face, 0.7, 0.00045, graph.bump(tarnish, 0.15, 0.0001)))


def coin(radius: float, thick: float, material: Material, name: str) -> Object:
    """Return a coin with a reeded edge, its face print mapped from above on both sides."""
    outline = [
        (0, -0.46),
        (0.9, -0.46),
        (0.93, -0.5),
        (0.985, -0.5),
        (1, -0.42),
        (1, 0.42),
        (0.985, 0.5),
        (0.93, 0.5),
        (0.9, 0.46),
        (0, 0.46),
    ]
    item = lathe([(radius * r, thick * z) for r, z in outline], material, name, 120, 30)
    uv = item.data.uv_layers.new()
    for loop, entry in zip(item.data.loops, uv.data, strict=True):
        x, y, z = item.data.vertices[loop.vertex_index].co
        entry.uv = ((x if z > 0 else -x) / radius / 2 + 0.5, y / radius / 2 + 0.5)
    for index, vertex in enumerate(item.data.vertices):
        if vertex.co.xy.length > radius * 0.995 and index % 2:
            vertex.co.x, vertex.co.y = vertex.co.x * 0.985, vertex.co.y * 0.985
    return item


def build(value: Value, rng: random.Random) -> Shot:
    """Drop the asked-for copper coins with brass and nickel ones."""
    kinds = {
        "copper": [
            coin(0.0102, 0.0017, alloy("copper", "#b5623a", "#3c1d12", "2", "TALLY"), "c2"),
            coin(0.0130, 0.0019, alloy("bronze", "#a85a34", "#331a10", "5", "TALLY"), "c5"),
        ],
        "brass": [
            coin(0.0112, 0.0021, alloy("brass", "#c4a75c", "#4a3a1a", "10", "MARKS"), "b10"),
            coin(0.0122, 0.0023, alloy("brass2", "#bfa661", "#463818", "20", "MARKS"), "b20"),
        ],
        "nickel": [
            coin(0.0118, 0.0019, alloy("nickel", "#b9b8b2", "#3c3b38", "50", "MARKS"), "n50"),
            coin(0.0138, 0.0024, alloy("nickel2", "#b2b1ad", "#38372f", "1", "CROWN"), "n1"),
        ],
    }
    names = ["copper"] * int(str(value)) + ["brass"] * rng.randint(7, 9) + ["nickel"] * rng.randint(7, 9)
    rng.shuffle(names)
    coins = []
    for index, kind in enumerate(names):
        at = (rng.uniform(-0.072, 0.072), rng.uniform(-0.052, 0.05), 0.012 + 0.003 * index)
        coins.append(
            copy(
                rng.choice(kinds[kind]),
                f"{kind} {index}",
                at,
                (rng.uniform(-0.7, 0.7), rng.uniform(-0.7, 0.7), rng.uniform(0, 6.28)),
            )
        )
    discard(*(model for several in kinds.values() for model in several))
    slate = box((1.0, 0.8, 0.02), (0, 0.1, -0.01), concrete("slate", srgb("#33373a"), 9, 0.55), "slate")
    settle(coins, [slate], Drop(170, 24, 0.5, 0.00015))
    require_apart(coins, allowed=2)
    purse = lathe(
        [(0, 0), (0.05, 0), (0.055, 0.006), (0.05, 0.03), (0.03, 0.045), (0, 0.048)],
        plastic("purse", srgb("#5a2e22"), 0.5, texture=0.9),
        "purse",
    )
    purse.location, purse.scale = (-0.12, 0.13, 0), (1.3, 0.9, 0.8)
    surroundings("sunset", rng.uniform(0, 360), 0.35)
    lamp((0.3, 0.26, 0.3), size=0.12, watts=3.4, colour=(1, 0.93, 0.82))
    lamp((-0.4, 0.0, 0.4), size=0.4, watts=2.2, colour=(0.88, 0.94, 1))
    camera(View((0.0, -0.145, 0.235), (0.0, -0.002, 0), 40, 9, roll_deg=4))
    return Shot([c for c in coins if c.name.startswith("copper")], Rule(0.45, 1200), Look(grain=0.009))


SCENE = Scene(
    prompt=Prompt(
        id="OC06",
        title="Copper coins",
        question=(
            "How many copper-coloured (reddish) coins are visible? Count every reddish coin, also those "
            "partly covered. Answer only a number."
        ),
        answer=Answer("integer", 12),
        probes="Overlap and colours that shift with the light.",
        difficulty="hard",
        tags=("money",),
    ),
    build=build,
    variant=lambda rng: rng.randint(8, 14),
)

"""Struck coins and tokens of invented currencies: relief, alloy and body. Lengths in metres."""

from __future__ import annotations

import math

from bpy.types import Material, Object
from PIL import Image, ImageDraw, ImageFilter

from scenes.assets import font, keep
from scenes.mesh import lathe
from scenes.nodes import Graph, srgb


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

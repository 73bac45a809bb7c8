"""Tileable wear maps drawn once per process: fine scratches, dust with fibres, and smudges. Pixels only."""

from __future__ import annotations

import functools
import math
import random
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from scenes.assets import keep

SIZE = 1024


def _wrapped_line(draw: ImageDraw.ImageDraw, points: list[tuple[float, float]], fill: int, width: int) -> None:
    """Draw a line nine times so that the map tiles."""
    for dx in (-SIZE, 0, SIZE):
        for dy in (-SIZE, 0, SIZE):
            draw.line([(x + dx, y + dy) for x, y in points], fill=fill, width=width)


def _stroke(rng: random.Random, length: float, bend: float) -> list[tuple[float, float]]:
    """Return a gently curved stroke of a given length in pixels."""
    x, y, angle = rng.uniform(0, SIZE), rng.uniform(0, SIZE), rng.uniform(0, math.tau)
    points = [(x, y)]
    for _ in range(8):
        angle += rng.uniform(-bend, bend)
        x, y = x + math.cos(angle) * length / 8, y + math.sin(angle) * length / 8
        points.append((x, y))
    return points


@functools.cache
def scratches() -> Path:
    """White hairlines on black."""
    rng = random.Random(11)
    image = Image.new("L", (SIZE, SIZE), 0)
    draw = ImageDraw.Draw(image)
    for _ in range(520):
        _wrapped_line(draw, _stroke(rng, rng.expovariate(1 / 110), 0.07), round(40 + 215 * rng.random() ** 3), 1)
    for _ in range(26):
        _wrapped_line(draw, _stroke(rng, rng.uniform(60, 420), 0.05), rng.randint(150, 255), 2)
    return keep(image.filter(ImageFilter.GaussianBlur(0.6)), "grime_scratches")


@functools.cache
def dust() -> Path:
    """White specks and short fibres on black, in uneven patches."""
    rng = random.Random(12)
    image = Image.new("L", (SIZE, SIZE), 0)
    draw = ImageDraw.Draw(image)
    for _ in range(2600):
        x, y, r = rng.uniform(0, SIZE), rng.uniform(0, SIZE), rng.choice((0.4, 0.6, 0.8, 1.0, 1.6))
        draw.ellipse((x - r, y - r, x + r, y + r), fill=rng.randint(50, 230))
    for _ in range(40):
        _wrapped_line(draw, _stroke(rng, rng.uniform(12, 55), 0.5), rng.randint(120, 230), 1)
    return keep(image.filter(ImageFilter.GaussianBlur(0.7)), "grime_dust")


@functools.cache
def smudges() -> Path:
    """Soft wipes and finger marks, mid grey with light and dark parts."""
    rng = random.Random(13)
    image = Image.new("L", (SIZE, SIZE), 110)
    draw = ImageDraw.Draw(image, "L")
    for _ in range(90):
        _wrapped_line(draw, _stroke(rng, rng.uniform(60, 420), 0.3), rng.randint(60, 190), rng.randint(8, 42))
    soft = np.asarray(image.filter(ImageFilter.GaussianBlur(15))).astype(float)
    fine = np.asarray(
        Image.fromarray((np.random.default_rng(5).random((256, 256)) * 255).astype(np.uint8)).resize(
            (SIZE, SIZE), 3
        )
    )
    return keep(Image.fromarray(np.clip(soft + (fine - 127.0) * 0.12, 0, 255).astype(np.uint8)), "grime_smudges")

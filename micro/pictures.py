"""What the micro model is shown: one to three shapes of one colour on a plain ground."""

from __future__ import annotations

import random
from collections.abc import Callable

from msgspec import Struct
from PIL import Image, ImageDraw

COLOURS = {
    "red": (215, 35, 35),
    "green": (35, 160, 65),
    "blue": (45, 70, 215),
    "yellow": (235, 215, 45),
    "black": (15, 15, 15),
    "white": (245, 245, 245),
}
SHAPES = ("circle", "square", "triangle")
COUNTS = (1, 2, 3)
GROUNDS = ((110, 110, 110), (130, 130, 130), (150, 150, 150))
CELLS = ((0, 0), (0, 1), (1, 0), (1, 1))
MARGIN = 0.06


class Scene(Struct, frozen=True):
    """What is to be seen, and so the answer to every question about it."""

    colour: str
    shape: str
    count: int


QUESTIONS: dict[str, Callable[[Scene], str]] = {
    "What color is the shape?": lambda scene: scene.colour,
    "Which shape is it?": lambda scene: scene.shape,
    "How many shapes are there?": lambda scene: str(scene.count),
}


def random_scene(rng: random.Random) -> Scene:
    """Return a scene, every one equally likely."""
    return Scene(rng.choice(list(COLOURS)), rng.choice(SHAPES), rng.choice(COUNTS))


def draw(scene: Scene, rng: random.Random, size_px: int) -> Image.Image:
    """Draw a scene: each shape in a quarter of its own, at a random place and size within it."""
    image = Image.new("RGB", (size_px, size_px), rng.choice(GROUNDS))
    canvas = ImageDraw.Draw(image)
    quarter = size_px / 2
    for row, column in rng.sample(CELLS, scene.count):
        side = quarter * rng.uniform(0.66, 0.82)
        slack = quarter * (1 - MARGIN) - side
        left = column * quarter + quarter * MARGIN / 2 + rng.uniform(0, slack)
        top = row * quarter + quarter * MARGIN / 2 + rng.uniform(0, slack)
        _draw_shape(canvas, scene.shape, (left, top, left + side, top + side), COLOURS[scene.colour])
    return image


def _draw_shape(
    canvas: ImageDraw.ImageDraw,
    shape: str,
    box: tuple[float, float, float, float],
    colour: tuple[int, int, int],
) -> None:
    left, top, right, bottom = box
    if shape == "circle":
        canvas.ellipse(box, fill=colour)
    elif shape == "square":
        canvas.rectangle(box, fill=colour)
    else:
        canvas.polygon([(left, bottom), (right, bottom), ((left + right) / 2, top)], fill=colour)

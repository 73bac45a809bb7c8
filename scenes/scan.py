"""Turn a clean page into a scan or a photocopy: paper tone, folds, skew, toner faults, ink on top. Pixels only."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from scenes.assets import font

Pixels = NDArray[np.float32]
Stroke = Sequence[tuple[float, float]]


def typeset(source: str, dots_per_inch: float = 170.0) -> Image.Image:
    """Compile a Typst document's first page to an image."""
    import typst

    page = typst.compile(source.encode(), format="png", ppi=dots_per_inch)
    return Image.open(io.BytesIO(page if isinstance(page, bytes) else page[0])).convert("RGB")


@dataclass(frozen=True)
class Paper:
    """How a page was scanned: tone of the paper, fold heights as fractions of the page, skew in degrees, faults 0
    to 1.
    """

    tone: tuple[float, float, float] = (0.965, 0.955, 0.93)
    folds: tuple[float, ...] = ()
    skew_deg: float = 0.6
    toner: float = 0.3
    streaks: float = 0.0
    bed: tuple[int, int, int] = (52, 51, 49)


def scanned(page: Image.Image, paper: Paper, seed: int) -> Image.Image:
    """Return the page as a flat-bed scanner sees it."""
    rng = np.random.default_rng(seed)
    pixels = np.asarray(page).astype(np.float32) / 255
    pixels = _toner(pixels, paper.toner, rng)
    pixels = pixels * np.array(paper.tone, np.float32) * _cloud(pixels.shape[:2], rng, 9, 0.05)[..., None]
    pixels = _folds(pixels, paper.folds, rng)
    pixels = _streaks(pixels, paper.streaks, rng)
    pixels += rng.normal(0, 0.012, pixels.shape).astype(np.float32)
    image = Image.fromarray((np.clip(pixels, 0, 1) * 255).astype(np.uint8))
    fibres = Image.new("L", image.size, 0)
    _specks(ImageDraw.Draw(fibres), rng, image.size)
    image = Image.composite(
        Image.new("RGB", image.size, (70, 66, 60)), image, fibres.filter(ImageFilter.GaussianBlur(0.6))
    )
    return image.rotate(paper.skew_deg, Image.Resampling.BICUBIC, fillcolor=paper.bed).filter(
        ImageFilter.GaussianBlur(0.45)
    )


def _cloud(shape: tuple[int, ...], rng: np.random.Generator, cells: int, depth: float) -> Pixels:
    """Return slow unevenness about 1, of a depth."""
    coarse = Image.fromarray((rng.random((cells, cells)) * 255).astype(np.uint8))
    slow = np.asarray(coarse.resize((shape[1], shape[0]), Image.Resampling.BICUBIC)).astype(np.float32) / 255
    return 1 - depth * slow


def _toner(pixels: Pixels, strength: float, rng: np.random.Generator) -> Pixels:
    """Let the black fade and break up in places."""
    fade = 1 - _cloud(pixels.shape[:2], rng, 7, 0.45 * strength)
    grit = (rng.random(pixels.shape[:2]) < 0.06 * strength).astype(np.float32) * 0.6
    worn: Pixels = pixels + (1 - pixels) * np.clip(fade + grit, 0, 1)[..., None]
    return worn


def _folds(pixels: Pixels, folds: Sequence[float], rng: np.random.Generator) -> Pixels:
    """Shade each horizontal fold: a dark crease beside a light one, slightly off level, toner cracked along it."""
    height, width = pixels.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    for fold in folds:
        line = (
            fold * height + (x - width / 2) * rng.uniform(-0.004, 0.004) + 1.5 * np.sin(x / 37 + rng.uniform(0, 6))
        )
        away = y - line
        shade = (
            1
            - 0.13 * np.exp(-((away / 2.2) ** 2))
            + 0.05 * np.exp(-(((away - 7) / 7) ** 2))
            - 0.05 * np.exp(-(((away + 30) / 40) ** 2))
        )
        pixels = pixels * shade[..., None]
        crack = (np.abs(away) < 1.6) & (rng.random((height, width)) < 0.45)
        pixels[crack] = pixels[crack] * 0.4 + 0.57
    return pixels


def _streaks(pixels: Pixels, strength: float, rng: np.random.Generator) -> Pixels:
    """Add a copier's vertical drum streaks."""
    columns = np.zeros(pixels.shape[1], np.float32)
    for _ in range(round(7 * strength)):
        columns[rng.integers(0, pixels.shape[1])] = rng.uniform(0.1, 0.5) * strength
    wide = np.convolve(columns, [0.3, 1, 0.6], "same")
    return pixels * (1 - wide * (0.5 + 0.5 * rng.random((pixels.shape[0], 1))))[..., None]


def _specks(draw: ImageDraw.ImageDraw, rng: np.random.Generator, size: tuple[int, int]) -> None:
    for _ in range(110):
        x, y, r = rng.uniform(0, size[0]), rng.uniform(0, size[1]), rng.choice([0.5, 0.7, 1.1])
        draw.ellipse((x - r, y - r, x + r, y + r), fill=int(rng.integers(60, 200)))
    for _ in range(5):
        x, y, a = rng.uniform(0, size[0]), rng.uniform(0, size[1]), rng.uniform(0, 6)
        draw.arc((x, y, x + 30, y + 22), a * 57, a * 57 + 120, fill=110)


def ink(image: Image.Image, strokes: Sequence[Stroke], colour: tuple[int, int, int], width: float) -> Image.Image:
    """Draw pen strokes that vary in weight over the print, which shows through."""
    scale = 3
    mask = Image.new("L", (image.width * scale, image.height * scale), 0)
    draw = ImageDraw.Draw(mask)
    for stroke in strokes:
        for index, (a, b) in enumerate(pairwise(stroke)):
            weight = width * scale * (0.8 + 0.35 * np.sin(index * 0.35))
            draw.line(
                [(a[0] * scale, a[1] * scale), (b[0] * scale, b[1] * scale)], fill=225, width=max(1, round(weight))
            )
    mask = mask.resize(image.size, Image.Resampling.LANCZOS)
    return multiply(image, Image.new("RGB", image.size, colour), mask)


def handwrite(
    image: Image.Image, words: str, at: tuple[int, int], face: str, size: float, colour: tuple[int, int, int]
) -> Image.Image:
    """Write words with a pen, each letter a little off line."""
    mask = Image.new("L", image.size, 0)
    draw = ImageDraw.Draw(mask)
    rng = np.random.default_rng(len(words) + at[0])
    x = float(at[0])
    for letter in words:
        glyphs = font(face, size * rng.uniform(0.96, 1.05))
        draw.text((x, at[1] + rng.normal(0, size * 0.02)), letter, 215, glyphs, anchor="ls")
        x += glyphs.getlength(letter)
    return multiply(image, Image.new("RGB", image.size, colour), mask.filter(ImageFilter.GaussianBlur(0.5)))


def multiply(image: Image.Image, colour: Image.Image, mask: Image.Image) -> Image.Image:
    """Lay a transparent colour over the image through a mask."""
    base, top = (np.asarray(each).astype(np.float32) / 255 for each in (image, colour))
    share = np.asarray(mask).astype(np.float32)[..., None] / 255
    return Image.fromarray((base * (1 - share + share * top) * 255).astype(np.uint8))


def stamp(
    image: Image.Image, mark: Image.Image, at: tuple[int, int], colour: tuple[int, int, int], seed: int
) -> Image.Image:
    """Press a rubber stamp (a white-on-black mask) on to the page, patchy as an ink pad leaves it."""
    rng = np.random.default_rng(seed)
    patch = _cloud((mark.height, mark.width), rng, 6, 0.75) * (0.75 + 0.25 * rng.random((mark.height, mark.width)))
    worn = Image.fromarray(np.clip(np.asarray(mark) * patch, 0, 255).astype(np.uint8)).filter(
        ImageFilter.GaussianBlur(0.8)
    )
    mask = Image.new("L", image.size, 0)
    mask.paste(worn, at)
    return multiply(image, Image.new("RGB", image.size, colour), mask)


def stain_ring(image: Image.Image, centre: tuple[float, float], radius: float, seed: int) -> Image.Image:
    """Leave the ring of a wet cup."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0 : image.height, 0 : image.width].astype(np.float32)
    turn = np.arctan2(y - centre[1], x - centre[0])
    away = np.hypot(x - centre[0], y - centre[1]) - radius * (
        1 + 0.012 * np.sin(3 * turn + 1) + 0.006 * np.sin(11 * turn)
    )
    weight = np.clip(0.55 + 0.5 * np.sin(turn * 1.0 + rng.uniform(0, 6)), 0.12, 1)
    mask = weight * (np.exp(-((away / 3.5) ** 2)) + 0.35 * np.exp(-((away / 11) ** 2)) + 0.12 * (away < 0))
    return multiply(
        image,
        Image.new("RGB", image.size, (176, 128, 70)),
        Image.fromarray(np.clip(mask * 190, 0, 255).astype(np.uint8)),
    )

"""A solar module with one cracked cell, seen obliquely on a roof."""

from __future__ import annotations

import math
import random
import re

import numpy as np
from bpy.types import Material
from PIL import Image, ImageDraw, ImageFilter

from scenes.assets import keep
from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule
from scenes.materials import Wear, concrete, metal
from scenes.mesh import Floats, box, rod, sheet
from scenes.nodes import Graph, srgb
from scenes.photo import Look
from scenes.scene import Scene, Shot
from scenes.sight import gate_only
from scenes.stage import View, camera, exposure, sun, surroundings

ROWS, COLUMNS, CELL = 4, 6, 0.156
GAP, BORDER, PX = 0.004, 0.018, 2600
WIDTH = COLUMNS * CELL + (COLUMNS - 1) * GAP + 2 * BORDER
DEPTH = ROWS * CELL + (ROWS - 1) * GAP + 2 * BORDER


def cell_box(row: int, column: int) -> tuple[int, int, int, int]:
    """Return a cell's frame in artwork pixels; row 0 at the top, column 0 at the left."""
    x, y = (BORDER + column * (CELL + GAP)) * PX, (BORDER + row * (CELL + GAP)) * PX
    return round(x), round(y), round(x + CELL * PX), round(y + CELL * PX)


def crystals(rng: np.random.Generator) -> Image.Image:
    """Draw the flakes of multicrystalline silicon as a grey image for all cells."""
    size = (round(WIDTH * PX), round(DEPTH * PX))
    y, x = np.mgrid[0 : size[1] // 8, 0 : size[0] // 8].astype(np.float32)
    best, shade = np.full(x.shape, np.inf, np.float32), np.zeros(x.shape, np.float32)
    for cx, cy, grey_level in rng.random((1400, 3)):
        away = (x - cx * x.shape[1]) ** 2 + (y - cy * x.shape[0]) ** 2 * 1.6
        nearer = away < best
        best[nearer], shade[nearer] = away[nearer], grey_level
    grey = (shade * 255).astype(np.uint8)
    return Image.fromarray(grey).resize(size, Image.Resampling.BILINEAR)


def crack(
    start: tuple[float, float], angle: float, length: float, rng: random.Random, depth: int = 0
) -> list[list[tuple[float, float]]]:
    """Return the broken lines of a crack that runs straight, kinks and forks, in pixels."""
    points, lines = [start], []
    x, y = start
    for step in range(round(length / 7)):
        angle += rng.gauss(0, 0.07) + (rng.choice((-0.45, 0.45)) if rng.random() < 0.1 else 0)
        x, y = x + 7 * math.cos(angle), y + 7 * math.sin(angle)
        points.append((x, y))
        if depth < 2 and step % 9 == 6 and rng.random() < 0.6:
            lines += crack(
                (x, y), angle + rng.choice((-1, 1)) * rng.uniform(0.5, 0.8), length * 0.35, rng, depth + 1
            )
    return [points, *lines]


def droppings(art: Image.Image, keep_off: tuple[int, int, int, int], rng: random.Random) -> None:
    """Smear two bird droppings over the module, clear of one cell."""
    splash = Image.new("L", art.size, 0)
    pen, left = ImageDraw.Draw(splash), 2
    while left:
        x, y = rng.uniform(0.1, 0.9) * art.width, rng.uniform(0.1, 0.75) * art.height
        if keep_off[0] - 120 < x < keep_off[2] + 120 and keep_off[1] - 260 < y < keep_off[3] + 120:
            continue
        left -= 1
        for _ in range(26):
            r, cx, cy = rng.uniform(2, 13), x + rng.gauss(0, 13), y + abs(rng.gauss(0, 24))
            pen.ellipse((cx - r, cy - r * 1.3, cx + r, cy + r * 1.3), fill=255)
        pen.line((x, y, x + rng.uniform(-6, 6), y + rng.uniform(70, 130)), fill=200, width=12)
        for _ in range(9):
            r, cx, cy = rng.uniform(1, 4), x + rng.gauss(0, 40), y + rng.gauss(0, 45)
            pen.ellipse((cx - r, cy - r, cx + r, cy + r), fill=255)
    soft = splash.filter(ImageFilter.GaussianBlur(5)).point(lambda v: min(235, max(0, (v - 70) * 4)))
    art.paste((206, 203, 190), (0, 0), soft)
    art.paste(
        (120, 114, 92), (3, -4), splash.filter(ImageFilter.GaussianBlur(9)).point(lambda v: max(0, v - 215) * 5)
    )


def module_art(bad: tuple[int, int], rng: random.Random) -> tuple[Image.Image, Image.Image]:
    """Return the module's colours and a mask of the crack."""
    size = (round(WIDTH * PX), round(DEPTH * PX))
    art, broken = Image.new("RGB", size, (222, 224, 226)), Image.new("L", size, 0)
    flakes = np.asarray(crystals(np.random.default_rng(rng.randint(0, 9999)))).astype(np.float32)[..., None] / 255
    blue = Image.fromarray((np.array([17, 27, 56]) + flakes * np.array([15, 24, 40])).astype(np.uint8))
    draw = ImageDraw.Draw(art)
    for row in range(ROWS):
        for column in range(COLUMNS):
            left, top, right, bottom = cell_box(row, column)
            art.paste(blue.crop((left, top, right, bottom)), (left, top))
            for k in range(1, 60):
                finger = top + (bottom - top) * k / 60
                draw.line((left, finger, right, finger), fill=(70, 86, 122), width=1)
            for share in (0.25, 0.75):
                bar = left + (right - left) * share
                draw.line((bar, top - 6, bar, bottom + 6), fill=(205, 208, 212), width=6)
    left, top, right, bottom = cell_box(*bad)
    pen = ImageDraw.Draw(broken)
    middle = (left + (right - left) * rng.uniform(0.38, 0.6), top + (bottom - top) * rng.uniform(0.38, 0.6))
    heading = rng.uniform(0, math.tau)
    for arm in range(4):
        for line in crack(
            middle,
            heading + arm * math.tau / 4 + rng.uniform(-0.3, 0.3),
            (right - left) * rng.uniform(0.4, 0.7),
            rng,
        ):
            stop = next((i for i, (x, y) in enumerate(line) if not (left < x < right and top < y < bottom)), None)
            pen.line(line[:stop], fill=255, width=3, joint="curve")
    droppings(art, (left, top, right, bottom), rng)
    return art, broken.filter(ImageFilter.GaussianBlur(0.7))


def laminate(art: Image.Image, broken: Image.Image) -> Material:
    """Return the cells under dusty glass."""
    graph = Graph("laminate")
    mask = graph.image(keep(broken, "solar_crack"), colour=False)
    dirt = graph.noise(graph.where(1.0, varied=False), 7, 9, 0.68)
    spots = graph.noise(graph.where(1.0, varied=False), 60, 4, 0.6)
    dusty = graph.math("ADD", graph.remap(dirt, 0.42, 0.75, 0.0, 0.10), graph.remap(spots, 0.66, 0.74, 0.0, 0.12))
    cracked = graph.mix(graph.math("MULTIPLY", mask, 0.8), graph.image(keep(art, "solar")), srgb("#c3cad3"))
    graph.set(base_color=graph.mix(dusty, cracked, srgb("#9a9284")), roughness=0.42)
    graph.set(coat_weight=1.0, coat_roughness=graph.remap(dirt, 0.4, 0.75, 0.03, 0.22))
    return graph.material


def tile_height(x: Floats, y: Floats) -> Floats:
    """Return the height of a roof of pantiles, 0.2 m wide and lapped every 0.3 m."""
    roll: Floats = 0.034 * np.abs(np.cos(math.pi * x / 0.2)) + 0.032 * ((-y / 0.3) % 1)
    return roll


def build(value: Value, rng: random.Random) -> Shot:
    """Crack the asked-for cell and look across the module."""
    row, column = (int(part) - 1 for part in re.findall(r"\d+", str(value)))
    face = sheet(WIDTH, DEPTH, laminate(*module_art((row, column), rng)), "module")
    alloy = metal("frame", srgb("#b9bbbb"), 0.34, Wear(0.5, 0.35, 0.4, 0.2), brushed=0.5)
    for sign in (-1, 1):
        box((WIDTH + 0.05, 0.025, 0.035), (0, sign * (DEPTH / 2 + 0.0122), -0.013), alloy, "frame", 0.001)
        box((0.025, DEPTH, 0.035), (sign * (WIDTH / 2 + 0.0122), 0, -0.013), alloy, "frame", 0.001)
    clay = concrete("clay", srgb("#80503c"), 16, 0.85)
    tiles = sheet(3.2, 2.6, clay, "tiles", (192, 300), tile_height)
    tiles.location.z = -0.2
    for y in (-0.25, 0.25):
        rod((-2, y, -0.06), (2, y, -0.06), 0.02, alloy, "mounting rail")
    gap = CELL + GAP
    centre = (-WIDTH / 2 + BORDER + CELL / 2 + column * gap, DEPTH / 2 - BORDER - CELL / 2 - row * gap, 0.001)
    marker = gate_only(box((CELL * 0.8, CELL * 0.8, 0.0005), centre, None, "cracked cell"))
    exposure(0.0)
    surroundings("city", 140 + rng.uniform(-30, 30), 0.6)
    sun((0.65, 0.5, -0.7), 5.0, 0.6)
    camera(View((0.10, -0.76, 1.0), (0.012, -0.035, 0), 33, 11, roll_deg=-2))
    return Shot([face, marker], Rule(0.85, 6000), Look(grain=0.008, warmth=0.035))


SCENE = Scene(
    prompt=Prompt(
        id="DD10",
        title="Cracked cell in a solar module",
        question=(
            "One cell of the solar module is cracked. Give its row counted from the far edge "
            "(the top of the picture) and its column from the left. Answer like R3C1."
        ),
        answer=Answer("grid_cell", "R2C5"),
        probes="A crack among bus bars, crystal flakes and reflections; grid indexing under perspective.",
        difficulty="medium",
        tags=("energy",),
    ),
    build=build,
    variant=lambda rng: f"R{rng.randint(1, ROWS)}C{rng.randint(1, COLUMNS)}",
)

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
from scenes.materials import Wear, metal, plastic
from scenes.mesh import Floats, box, cylinder, sheet
from scenes.nodes import Graph, srgb
from scenes.photo import Look
from scenes.scene import Scene, Shot
from scenes.sight import gate_only
from scenes.stage import View, camera, exposure, sun, surroundings

ROWS, COLUMNS, CELL = 4, 6, 0.156
GAP, BORDER, PX = 0.004, 0.018, 2600
TILE_WIDE, TILE_LONG = 0.2, 0.3
WIDTH = COLUMNS * CELL + (COLUMNS - 1) * GAP + 2 * BORDER
DEPTH = ROWS * CELL + (ROWS - 1) * GAP + 2 * BORDER


def cell_box(row: int, column: int) -> tuple[int, int, int, int]:
    """Return a cell's frame in artwork pixels; row 0 at the top, column 0 at the left."""
    x, y = (BORDER + column * (CELL + GAP)) * PX, (BORDER + row * (CELL + GAP)) * PX
    return round(x), round(y), round(x + CELL * PX), round(y + CELL * PX)


def crystals(rng: np.random.Generator) -> Image.Image:
    """Draw the flakes of multicrystalline silicon as a grey image for all cells."""
    size = (round(WIDTH * PX), round(DEPTH * PX))
    y, x = np.mgrid[0 : size[1] // 5, 0 : size[0] // 5].astype(np.float32)
    best, shade = np.full(x.shape, np.inf, np.float32), np.zeros(x.shape, np.float32)
    for cx, cy, grey_level in rng.random((2200, 3)):
        away = (x - cx * x.shape[1]) ** 2 + (y - cy * x.shape[0]) ** 2 * 1.6
        nearer = away < best
        best[nearer], shade[nearer] = away[nearer], grey_level
    grey = (shade * 255).astype(np.uint8)
    return Image.fromarray(grey).resize(size, Image.Resampling.BILINEAR)


def crack(
    start: tuple[float, float], angle: float, length: float, rng: random.Random, depth: int = 0
) -> list[list[tuple[float, float]]]:
    """Return the broken lines of a crack that runs straight, kinks and forks, in pixels, the trunk first."""
    points, lines = [start], []
    x, y = start
    for step in range(round(length / 7)):
        angle += rng.gauss(0, 0.015) + (rng.choice((-0.35, 0.35)) if rng.random() < 0.08 else 0)
        x, y = x + 7 * math.cos(angle), y + 7 * math.sin(angle)
        points.append((x, y))
        if depth < 1 and step % 11 == 7 and rng.random() < 0.55:
            turn = rng.choice((-1, 1)) * rng.uniform(0.45, 0.9)
            lines += crack((x, y), angle + turn, length * 0.4, rng, depth + 1)
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
        for _ in range(14):
            r, cx, cy = rng.uniform(3, 11), x + rng.gauss(0, 9), y + rng.gauss(0, 11)
            pen.ellipse((cx - r, cy - r * 1.4, cx + r, cy + r * 1.4), fill=255)
        for _ in range(3):
            run, cx = rng.uniform(30, 150), x + rng.gauss(0, 8)
            pen.line((cx, y, cx + rng.uniform(-3, 3), y + run), fill=235, width=rng.randint(3, 7))
        for _ in range(34):
            r, away, turn = rng.uniform(0.8, 3.2), 14 + rng.expovariate(1 / 26), rng.uniform(0, math.tau)
            cx, cy = x + away * math.cos(turn), y + away * 1.2 * math.sin(turn)
            pen.ellipse((cx - r, cy - r * 1.3, cx + r, cy + r * 1.3), fill=220)
    art.paste((198, 194, 180), (0, 0), splash.filter(ImageFilter.GaussianBlur(1.6)).point(lambda v: v * 0.9))
    core = splash.filter(ImageFilter.GaussianBlur(7)).point(lambda v: max(0, v - 190) * 4)
    art.paste((112, 104, 82), (2, -5), core)


def wafer(rng: random.Random, flakes: Floats) -> Image.Image:
    """Return the silicon of one cell: a cut from the flakes, turned at random, in its own shade of blue."""
    side = round(CELL * PX)
    top, left = rng.randint(0, flakes.shape[0] - side), rng.randint(0, flakes.shape[1] - side)
    cut = np.rot90(flakes[top : top + side, left : left + side], rng.randint(0, 3))[..., None]
    blue = np.array([15, 22, 43]) + cut**1.4 * np.array([13, 21, 38])
    shade = rng.uniform(0.88, 1.1) * np.array([rng.uniform(0.9, 1.15), 1.0, rng.uniform(0.96, 1.04)])
    return Image.fromarray(np.clip(blue * shade, 0, 255).astype(np.uint8))


def module_art(bad: tuple[int, int], rng: random.Random) -> tuple[Image.Image, Image.Image]:
    """Return the module's colours and a mask of the crack."""
    size = (round(WIDTH * PX), round(DEPTH * PX))
    art, broken = Image.new("RGB", size, (203, 205, 206)), Image.new("L", size, 0)
    flakes = np.asarray(crystals(np.random.default_rng(rng.randint(0, 9999)))).astype(np.float64) / 255
    draw = ImageDraw.Draw(art)
    for row in range(ROWS):
        for column in range(COLUMNS):
            left, top, right, bottom = cell_box(row, column)
            art.paste(wafer(rng, flakes).resize((right - left, bottom - top)), (left, top))
            for k in range(1, 60):
                finger = top + (bottom - top) * k / 60
                draw.line((left, finger, right, finger), fill=(47, 58, 88), width=1)
            for share in (0.25, 0.75):
                bar = left + (right - left) * share
                draw.line((bar, top - 6, bar, bottom + 6), fill=(172, 176, 181), width=4)
    shatter(art, broken, cell_box(*bad), rng)
    droppings(art, cell_box(*bad), rng)
    return art, broken.filter(ImageFilter.GaussianBlur(0.7))


def shatter(art: Image.Image, broken: Image.Image, cell: tuple[int, int, int, int], rng: random.Random) -> None:
    """Crack a cell from one point to its edges; one of the shards lies a little askew and looks paler."""
    left, top, right, bottom = cell
    middle = (left + (right - left) * rng.uniform(0.38, 0.6), top + (bottom - top) * rng.uniform(0.38, 0.6))
    pen, heading, arms = ImageDraw.Draw(broken), rng.uniform(0, math.tau), []
    for arm in range(5):
        angle = heading + arm * math.tau / 5 + rng.uniform(-0.3, 0.3)
        lines = crack(middle, angle, (right - left) * rng.uniform(0.5, 0.8), rng)
        arms.append(lines[0])
        for index, line in enumerate(lines):
            stop = next((i for i, (x, y) in enumerate(line) if not (left < x < right and top < y < bottom)), None)
            pen.line(line[:stop], fill=255, width=3 if index else 4, joint="curve")
    shard = Image.new("L", art.size, 0)
    ImageDraw.Draw(shard).polygon([*arms[0], *reversed(arms[1])], fill=44)
    inside = Image.new("L", art.size, 0)
    inside.paste(shard.crop(cell), (left, top))
    art.paste((96, 118, 168), (0, 0), inside)


def laminate(art: Image.Image, broken: Image.Image) -> Material:
    """Return the cells under dusty glass, with what the rain has washed down against the lower frame."""
    graph = Graph("laminate")
    mask = graph.image(keep(broken, "solar_crack"), colour=False)
    where = graph.where(1.0, varied=False)
    dirt, spots = graph.noise(where, 7, 9, 0.68), graph.noise(where, 60, 4, 0.6)
    streaks = graph.noise(graph.where((45, 3.0, 1), varied=False), 1.0, 5, 0.65)
    y = graph.node("SeparateXYZ", {0: where}).outputs[1]
    ragged = graph.math("ADD", y, graph.remap(dirt, 0.3, 0.7, -0.012, 0.012))
    tide = graph.remap(ragged, -DEPTH / 2, -DEPTH / 2 + 0.045, 0.6, 0.0)
    dusty = graph.math("ADD", graph.remap(dirt, 0.42, 0.75, 0.01, 0.13), graph.remap(spots, 0.64, 0.74, 0.0, 0.12))
    dusty = graph.math("ADD", dusty, graph.remap(streaks, 0.5, 0.75, 0.0, 0.14))
    dusty = graph.math("MAXIMUM", dusty, graph.math("MULTIPLY", tide, graph.remap(spots, 0.25, 0.6, 0.5, 1.0)))
    cracked = graph.mix(graph.math("MULTIPLY", mask, 0.8), graph.image(keep(art, "solar")), srgb("#bcc6d2"))
    graph.set(base_color=graph.mix(dusty, cracked, srgb("#8f8778")), roughness=0.42)
    graph.set(coat_weight=1.0, coat_roughness=graph.remap(dirt, 0.4, 0.75, 0.03, 0.22))
    return graph.material


def pantile_clay() -> Material:
    """Return fired clay, each tile of its own shade, dark in troughs and under laps, with patches of lichen."""
    graph = Graph("pantile clay")
    where = graph.where(1.0, varied=False)
    axes = graph.node("SeparateXYZ", {0: where})
    across = graph.math("DIVIDE", axes.outputs[0], TILE_WIDE)
    along = graph.math("DIVIDE", graph.math("MULTIPLY", axes.outputs[1], -1.0), TILE_LONG)
    index = graph.node(
        "CombineXYZ",
        {0: graph.math("FLOOR", graph.math("ADD", across, 0.5)), 1: graph.math("FLOOR", along)},
    ).outputs[0]
    own = graph.node("TexWhiteNoise", {0: index}, noise_dimensions="2D").outputs[0]
    clay = graph.ramp(
        own, (0.0, srgb("#54362b")), (0.35, srgb("#6d4435")), (0.7, srgb("#7c4c38")), (1.0, srgb("#6a4a3e"))
    )
    broad, fine = graph.noise(where, 11, 11, 0.7), graph.noise(where, 190, 6, 0.7)
    clay = graph.mix(0.75, clay, graph.ramp(broad, (0.32, (0.4, 0.37, 0.34)), (0.62, (1.0, 1.0, 1.0))), "MULTIPLY")
    clay = graph.mix(0.6, clay, graph.ramp(fine, (0.34, (0.55, 0.55, 0.55)), (0.52, (1.0, 1.0, 1.0))), "MULTIPLY")
    roll = graph.math("ABSOLUTE", graph.math("COSINE", graph.math("MULTIPLY", across, math.pi)))
    trough = graph.remap(roll, 0.05, 0.55, 0.9, 0.0)
    lap = graph.remap(graph.math("FRACT", along), 0.0, 0.22, 0.8, 0.0)
    grime = graph.math("MULTIPLY", graph.math("MAXIMUM", trough, lap), graph.remap(broad, 0.35, 0.55, 1.0, 0.45))
    clay = graph.mix(grime, clay, srgb("#2a251b"))
    patch = graph.math("MULTIPLY", graph.remap(graph.noise(where, 34, 7, 0.6), 0.6, 0.64, 0.0, 1.0), own)
    graph.set(base_color=graph.mix(graph.math("MULTIPLY", patch, 0.75), clay, srgb("#8f8d79")), roughness=0.88)
    graph.set(normal=graph.bump(patch, 0.4, 0.002, graph.bump(fine, 0.5, 0.0016)))
    return graph.material


def tile_height(x: Floats, y: Floats) -> Floats:
    """Return the height of a roof of lapped pantiles, no two lying quite alike."""
    column, row = np.floor(x / TILE_WIDE + 0.5), np.floor(-y / TILE_LONG)
    chance = np.sin(column * 12.9898 + row * 78.233) * 43758.5453
    chance = chance - np.floor(chance) - 0.5
    roll = 0.034 * np.abs(np.cos(math.pi * x / TILE_WIDE)) + 0.032 * ((-y / TILE_LONG) % 1)
    height: Floats = roll + 0.008 * chance + 0.06 * chance * (x - TILE_WIDE * column)
    return height


def clamp(x: float, y: float, alloy: Material, steel: Material) -> None:
    """Hold the module's frame down on to a rail with an end clamp and its bolt."""
    out = math.copysign(1.0, x)
    box((0.034, 0.04, 0.004), (x + out * 0.008, y, 0.0068), alloy, "clamp", 0.0008)
    box((0.004, 0.04, 0.042), (x + out * 0.023, y, -0.0145), alloy, "clamp leg", 0.0008)
    bolt = cylinder(0.0065, 0.006, steel, "clamp bolt", 0.001)
    bolt.location = (x + out * 0.012, y, 0.0086)


def build(value: Value, rng: random.Random) -> Shot:
    """Crack the asked-for cell and look across the module."""
    row, column = (int(part) - 1 for part in re.findall(r"\d+", str(value)))
    face = sheet(WIDTH, DEPTH, laminate(*module_art((row, column), rng)), "module")
    alloy = metal("frame", srgb("#b9bbbb"), 0.34, Wear(0.5, 0.35, 0.4, 0.2), brushed=0.5)
    steel = metal("steel", srgb("#8d8c88"), 0.3, Wear(0.5, 0.2, 0.4, 0.02))
    slot = plastic("slot", srgb("#141414"), 0.6)
    for sign in (-1, 1):
        box((WIDTH + 0.05, 0.025, 0.035), (0, sign * (DEPTH / 2 + 0.0122), -0.013), alloy, "frame", 0.001)
        box((0.025, DEPTH, 0.035), (sign * (WIDTH / 2 + 0.0122), 0, -0.013), alloy, "frame", 0.001)
    tiles = sheet(3.2, 2.6, pantile_clay(), "tiles", (480, 520), tile_height)
    tiles.location.z = -0.2
    for y in (-0.25, 0.25):
        box((4, 0.038, 0.038), (0, y, -0.0545), alloy, "mounting rail", 0.002)
        box((4, 0.009, 0.002), (0, y, -0.0349), slot, "rail slot")
        for sign in (-1, 1):
            clamp(sign * (WIDTH / 2 + 0.02), y, alloy, steel)
    gap = CELL + GAP
    centre = (-WIDTH / 2 + BORDER + CELL / 2 + column * gap, DEPTH / 2 - BORDER - CELL / 2 - row * gap, 0.001)
    marker = gate_only(box((CELL * 0.8, CELL * 0.8, 0.0005), centre, None, "cracked cell"))
    exposure(0.25)
    surroundings("city", 140 + rng.uniform(-30, 30), 0.6)
    sun((0.75, 0.35, -0.62), 4.6, 0.6)
    camera(View((0.10, -0.76, 1.0), (0.012, -0.035, 0), 33, 5.6, roll_deg=-2))
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

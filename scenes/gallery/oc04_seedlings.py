"""A plug tray of seedlings on a greenhouse bench, some of its cells bare."""

from __future__ import annotations

import math
import random
from itertools import pairwise

import bmesh
import numpy as np
from bpy.types import Material, Object
from mathutils import Vector
from PIL import Image, ImageDraw

from scenes.assets import font, keep
from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule
from scenes.materials import Wear, concrete, plastic, printed, wood
from scenes.mesh import Profile, box, copy, discard, finish, group, label, lathe, sheet, tube
from scenes.nodes import Graph, srgb
from scenes.photo import Look
from scenes.scene import Scene, Shot
from scenes.sight import gate_only
from scenes.stage import View, camera, exposure, sun, surroundings

ROWS, COLUMNS, PITCH, DEPTH = 6, 9, 0.038, 0.044
SOIL = -0.0045


def leaf_material(name: str, dark: str, light: str) -> Material:
    """Return a thin leaf with a pale midrib and side veins that lets light through."""
    graph = Graph(name)
    uv = graph.node("SeparateXYZ", {0: graph.node("TexCoord").outputs["UV"]})
    off = graph.math("ABSOLUTE", graph.math("SUBTRACT", uv.outputs[1], 0.5))
    rib = graph.remap(off, 0.012, 0.035, 1.0, 0.0)
    slant = graph.math("SUBTRACT", graph.math("MULTIPLY", uv.outputs[0], 7.0), graph.math("MULTIPLY", off, 5.0))
    side = graph.remap(graph.math("PINGPONG", slant, 0.5), 0.0, 0.07, 0.55, 0.0)
    vein = graph.math("MAXIMUM", rib, side)
    mottle = graph.noise(graph.where(1.0), 110, 5, 0.6)
    tone = graph.node("ObjectInfo").outputs["Random"]
    green = graph.mix(graph.remap(mottle, 0.3, 0.7, 0.0, 1.0), srgb(dark), srgb(light))
    green = graph.mix(graph.math("MULTIPLY", tone, 0.3), green, srgb("#8a9a3a"))
    colour = graph.mix(graph.math("MULTIPLY", vein, 0.45), green, srgb("#b3c27a"))
    blister = graph.bump(graph.math("SUBTRACT", 1.0, vein), 0.6, 0.0008, graph.bump(mottle, 0.3, 0.0006))
    graph.set(base_color=colour, roughness=graph.remap(mottle, 0.3, 0.7, 0.36, 0.52), normal=blister)
    through = graph.node("BsdfTranslucent", {"Color": graph.mix(0.6, colour, srgb("#b6cf3a"))})
    mixed = graph.node("MixShader", {0: 0.32, 1: graph.shader.outputs[0], 2: through.outputs[0]})
    graph.put(graph.output.inputs[0], mixed.outputs[0])
    return graph.material


def peat() -> Material:
    """Return damp potting compost with fibres and grains of perlite."""
    graph = Graph("peat")
    where = graph.where(1.0)
    crumb, fine = graph.noise(where, 420, 8, 0.75), graph.noise(where, 1500, 4, 0.7)
    wet = graph.math("MULTIPLY", graph.node("ObjectInfo").outputs["Random"], 0.5)
    brown = graph.ramp(
        crumb, (0.34, srgb("#140e0a")), (0.5, srgb("#33241a")), (0.62, srgb("#563e2c")), (0.7, srgb("#2a1d15"))
    )
    colour = graph.mix(wet, brown, graph.mix(1.0, brown, (0.45, 0.42, 0.4), "MULTIPLY"))
    grain = graph.node("TexVoronoi", {"Vector": where, "Scale": 210.0})
    chosen = graph.remap(graph.node("SeparateXYZ", {0: grain.outputs[1]}).outputs[0], 0.955, 0.96, 0.0, 1.0)
    white = graph.math("MULTIPLY", chosen, graph.remap(grain.outputs[0], 0.32, 0.4, 1.0, 0.0))
    graph.set(base_color=graph.mix(white, colour, srgb("#d9d4c6")), roughness=0.85)
    graph.set(normal=graph.bump(white, 0.5, 0.001, graph.bump(crumb, 0.9, 0.0035, graph.bump(fine, 0.6, 0.001))))
    return graph.material


def opening(half: float, corner: float) -> Profile:
    """Return a square with rounded corners, in 32 points."""
    points = []
    for i in range(32):
        quarter, step = divmod(i, 8)
        turn, middle = (quarter + step / 7) * math.pi / 2, (quarter + 0.5) * math.pi / 2
        x, y = math.copysign(half - corner, math.cos(middle)), math.copysign(half - corner, math.sin(middle))
        points.append((x + corner * math.cos(turn), y + corner * math.sin(turn)))
    return points


def cell_places() -> list[tuple[float, float]]:
    """Return the middles of the cells, row by row."""
    return [
        ((column - (COLUMNS - 1) / 2) * PITCH, (row - (ROWS - 1) / 2) * PITCH)
        for row in range(ROWS)
        for column in range(COLUMNS)
    ]


def tray(black: Material) -> None:
    """Build the thin tray: tapering cells hanging from a web, with a rim turned down all round."""
    built = bmesh.new()
    courses = (
        (PITCH / 2, 0.0004, 0.0),
        (0.0172, 0.004, 0.0),
        (0.0168, 0.004, -0.0006),
        (0.0166, 0.004, -0.0016),
        (0.0115, 0.003, -DEPTH),
    )
    for x, y in cell_places():
        rings = [
            [built.verts.new((x + a, y + b, z)) for a, b in opening(half, corner)] for half, corner, z in courses
        ]
        for high, low in pairwise(rings):
            for i in range(32):
                built.faces.new((high[i], high[(i + 1) % 32], low[(i + 1) % 32], low[i]))
        built.faces.new(rings[-1])
    item = finish(built, "tray", black, 40)
    item.modifiers.new("skin", "SOLIDIFY").thickness = 0.0006
    wide, deep = COLUMNS * PITCH, ROWS * PITCH
    for sign in (-1, 1):
        for size, at in (
            ((wide + 0.022, 0.0115, 0.0012), (0, sign * (deep / 2 + 0.0052), -0.0004)),
            ((0.0115, deep, 0.0012), (sign * (wide / 2 + 0.0052), 0, -0.0004)),
            ((wide + 0.022, 0.0012, 0.014), (0, sign * (deep / 2 + 0.0108), -0.0066)),
            ((0.0012, deep + 0.021, 0.014), (sign * (wide / 2 + 0.0108), 0, -0.0066)),
        ):
            box(size, at, black, "rim", 0.0005)


def soil(compost: Material, rng: random.Random) -> None:
    """Fill every cell, no two alike."""
    for number, (x, y) in enumerate(cell_places()):
        waves = [(rng.uniform(90, 700), rng.uniform(0, 6.3), rng.uniform(0, 6.3)) for _ in range(9)]

        def relief(u: np.ndarray, v: np.ndarray, waves: list[tuple[float, float, float]] = waves) -> np.ndarray:
            bumps = sum(0.09 / k * np.sin(k * (u * math.cos(a) + v * math.sin(a)) + p) for k, a, p in waves)
            return bumps - 6.0 * (u**2 + v**2)

        item = sheet(0.0326, 0.0326, compost, f"soil {number}", (22, 22), relief)
        item.location = (x, y, SOIL + rng.uniform(-0.0012, 0.0012))


def crumbs(compost: Material, rng: random.Random) -> None:
    """Strew crumbs of compost over web, rim and bench."""
    lumps = []
    for _ in range(5):
        built = bmesh.new()
        bmesh.ops.create_icosphere(built, subdivisions=2, radius=0.0012)
        for vertex in built.verts:
            vertex.co *= rng.uniform(0.65, 1.25)
        lumps.append(finish(built, "lump", compost, 60))
    for _ in range(230):
        column, row = rng.randint(0, COLUMNS), rng.uniform(-ROWS / 2, ROWS / 2) * PITCH
        x, y = (column - COLUMNS / 2) * PITCH + rng.gauss(0, 0.0012), row
        if rng.random() < 0.5:
            x, y = rng.uniform(-0.17, 0.17), (rng.randint(0, ROWS) - ROWS / 2) * PITCH + rng.gauss(0, 0.0012)
        item = copy(rng.choice(lumps), "crumb", (x, y, 0.0003), (rng.uniform(0, 6), rng.uniform(0, 6), 0))
        item.scale = [rng.uniform(0.25, 0.8)] * 3
    for _ in range(260):
        front = (rng.gauss(0.02, 0.2), -0.165 - abs(rng.gauss(0, 0.03)))
        beside = (0.215 + abs(rng.gauss(0, 0.03)), rng.gauss(0, 0.1))
        at = (*rng.choice((front, beside)), -DEPTH + 0.0003)
        item = copy(rng.choice(lumps), "crumb", at, (rng.uniform(0, 6), rng.uniform(0, 6), 0))
        item.scale = [rng.uniform(0.4, 1.9)] * 3
    discard(*lumps)


def leaf(long: float, wide: float, droop: float, skin: Material, *, pointed: bool) -> Object:
    """Return a leaf with its stalk end on the origin, growing along x and arching down."""
    item = sheet(1, 1, skin, "leaf", (14, 8))
    for vertex in item.data.vertices:
        u, v = vertex.co.x + 0.5, vertex.co.y
        blade = max(0.0, (u - 0.12) / 0.88)
        span = math.sin(math.pi * blade ** (0.72 if pointed else 1.0)) ** (0.8 if pointed else 0.6)
        half = max(span, 0.05)
        cup = 0.22 * wide * (2 * v * half) ** 2
        wave = 0.05 * wide * math.sin(9 * u) * (2 * v)
        vertex.co = Vector((long * u, wide * v * half, cup + wave - droop * long * u**2))
    return item


def seedling(name: str, age: float, skins: tuple[Material, Material, Material], rng: random.Random) -> Object:
    """Return a plant on z = 0; `age` 0 has only its seed leaves, 1 has two or three pairs of true ones."""
    young, true, stalk = skins
    tall = 0.013 + 0.020 * age + rng.uniform(0, 0.005)
    lean = (rng.gauss(0, 0.005), rng.gauss(0, 0.005))
    path = [(0, 0, -0.004), (lean[0] * 0.2, lean[1] * 0.2, tall * 0.4), (lean[0], lean[1], tall)]
    parts = [tube(path, 0.0007 + 0.0003 * age, stalk, "stem", 8, 5)]
    spin = rng.uniform(0, math.pi)

    def pair(share: float, long: float, wide: float, lift: float, skin: Material, turn: float) -> None:
        for side in (0, math.pi):
            size = rng.uniform(0.85, 1.12)
            item = leaf(long * size, wide * size, rng.uniform(0.15, 0.45), skin, pointed=skin is true)
            item.location = (lean[0] * share, lean[1] * share, tall * share - 0.0004)
            item.rotation_euler = (
                rng.gauss(0, 0.15),
                -lift + rng.gauss(0, 0.12),
                turn + side + rng.gauss(0, 0.15),
            )
            parts.append(item)

    pair(0.68 if age > 0.3 else 1.0, 0.0105, 0.0075, 0.25, young, spin)
    if age > 0.3:
        pair(0.97, 0.012 + 0.009 * age, 0.008 + 0.006 * age, 0.4, true, spin + math.pi / 2)
        pair(1.0, 0.005 + 0.009 * age, 0.003 + 0.006 * age, 0.85, true, spin + rng.uniform(-0.2, 0.2))
    return group(name, parts)


def bench(compost: Material, rng: random.Random) -> None:
    """Build the bench and what lies on it: pots and a written label."""
    z = -DEPTH - 0.0008
    timber = wood("slat", srgb("#57503f"), srgb("#9d917b"), 0.8, stains=1.0)
    for index in range(-7, 8):
        at = (0.05 + rng.uniform(-0.01, 0.01), 0.02 + index * 0.094, z - 0.011)
        box((2.4, 0.088, 0.022), at, timber, "slat", 0.003, (0, 0, rng.uniform(-0.002, 0.002)))
    box((4, 4, 0.02), (0, 0, -0.8), concrete("path", srgb("#5b5a52"), 2), "path")
    clay = concrete("terracotta", srgb("#9a5436"), 9, 0.8)
    wall = [
        (0.0, 0.0),
        (0.034, 0.0),
        (0.045, 0.062),
        (0.049, 0.062),
        (0.051, 0.085),
        (0.047, 0.086),
        (0.042, 0.06),
    ]
    pots = [(-0.235, 0.19, 0), (-0.135, 0.225, 0), (0.25, 0.2, 0)]
    for x, y, turn in pots:
        pot = lathe([*wall, (0.041, 0.058), (0, 0.057)], clay, "pot", 72, 40)
        pot.location, pot.rotation_euler = (x, y, z), (0, 0, turn)
        earth = sheet(
            0.058, 0.058, compost, "pot earth", (20, 20), lambda u, v: 0.0015 * np.sin(300 * u) * np.cos(260 * v)
        )
        earth.location = (x, y, z + 0.064)
    art = Image.new("RGB", (900, 150), "#e9e6da")
    ImageDraw.Draw(art).text(
        (70, 72), "basil 'Marla', sown 12/3", "#2b3550", font("patrick-hand-400", 88), anchor="lm"
    )
    tag = box(
        (0.1, 0.0165, 0.0008),
        (-0.1, -0.155, z + 0.0024),
        plastic("tag", srgb("#e9e6da"), 0.4),
        "tag",
        0.0003,
        (0.05, 0.03, 0.2),
    )
    label(tag, printed("tag print", keep(art, "seed_tag"), 0.45, 0.1, size=0.06), 0.098, 0.0163, (0, 0, 0.0005))


def build(value: Value, rng: random.Random) -> Shot:
    """Plant all cells but the asked-for number."""
    compost = peat()
    tray(plastic("tray", srgb("#191a1b"), 0.42, Wear(0.7, 0.25, 0.5, 0.16), texture=0.2))
    soil(compost, rng)
    skins = (
        leaf_material("seed leaf", "#4c7a2e", "#6f9a3f"),
        leaf_material("true leaf", "#2f6a22", "#4f8a30"),
        plastic("stem", srgb("#8fa35a"), 0.5),
    )
    places = cell_places()
    empty = set(rng.sample(range(len(places)), int(str(value))))
    subjects = []
    for number, (x, y) in enumerate(places):
        if number in empty:
            marker = sheet(0.029, 0.029, None, f"empty cell {number}")
            marker.location = (x, y, SOIL + 0.004)
            subjects.append(gate_only(marker))
            continue
        age = rng.choice((0.0, 0.15, 0.45, 0.6, 0.75, 0.9, 1.0))
        plant = seedling(f"plant {number}", age, skins, rng)
        plant.location = (x + rng.gauss(0, 0.002), y + rng.gauss(0, 0.002), SOIL)
        subjects.append(plant)
    crumbs(compost, rng)
    bench(compost, rng)
    exposure(0.35)
    surroundings("city", rng.uniform(0, 360), 0.55)
    sun((-0.55, -0.42, -0.72), 4.2, 1.2, (1, 0.95, 0.85))
    for x in (0.35, 0.95):
        box((0.05, 3, 0.05), (x + 0.2, 0.6, 1.1), None, "glazing bar", 0, (0, 0, 0.2))
    camera(View((0.045, -0.345, 0.57), (0.004, -0.004, 0), 54, 10, roll_deg=1.8))
    return Shot(subjects, Rule(0.5, 450), Look(grain=0.007, warmth=0.005))


SCENE = Scene(
    prompt=Prompt(
        id="OC04",
        title="Empty cells in a seedling tray",
        question="How many cells of the seedling tray have no plant in them? Answer only a number.",
        answer=Answer("integer", 8),
        probes="Counting absences on a grid in perspective; leaves hang over into neighbouring cells.",
        difficulty="medium",
        tags=("horticulture",),
    ),
    build=build,
    variant=lambda rng: rng.randint(5, 11),
    seed=2,
)

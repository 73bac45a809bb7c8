"""Four wine glasses on a table, one of them with a chipped rim or none."""

from __future__ import annotations

import math
import random
from itertools import combinations

import bmesh
import bpy
import numpy as np
from bpy.types import Material, Object
from mathutils import Vector, noise

from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule, Unshowable
from scenes.grime import smudges
from scenes.materials import Wear, fabric, metal, painted, plastic, wood
from scenes.mesh import box, catmull_rom, cut, finish, lathe, sheet, smooth
from scenes.nodes import Graph, srgb
from scenes.photo import Look
from scenes.scene import Scene, Shot
from scenes.sight import gate_only, require_apart, see_through, to_pixels
from scenes.stage import Frame, View, camera, lamp, surroundings

RIM, HIGH, WALL = 0.0325, 0.200, 0.0013
FRAME = Frame(1280, 960, 16)
PLACES = ((-0.101, 0.070), (0.033, 0.086), (-0.041, -0.046), (0.092, -0.036))


def crystal() -> Material:
    """Return clear glass with faint wipe marks that lets light through to what stands behind it."""
    graph = Graph("crystal")
    smudge = graph.image(smudges(), graph.where(14.0), colour=False, tiled_box=True)
    graph.set(base_color=(0.985, 0.995, 0.99), transmission_weight=1.0, ior=1.5)
    graph.set(roughness=graph.remap(smudge, 0.5, 0.85, 0.0, 0.05))
    clear = graph.node("BsdfTransparent", {0: (0.86, 0.88, 0.87)}).outputs[0]
    shadow = graph.node("LightPath").outputs["Is Shadow Ray"]
    mixed = graph.node("MixShader", {0: shadow, 1: graph.shader.outputs[0], 2: clear}).outputs[0]
    graph.put(graph.output.inputs[0], mixed)
    return graph.material


def wine_glass(material: Material, name: str) -> Object:
    """Return a blown glass: foot, stem, tulip bowl with a rounded rim."""
    shape = [
        (0.0048, 0.080),
        (0.0105, 0.0865),
        (0.0265, 0.0985),
        (0.0372, 0.117),
        (0.0404, 0.137),
        (0.0385, 0.163),
    ]
    outer = [(p[0], p[1]) for p in catmull_rom([(x, z, 0.0) for x, z in [*shape, (RIM, HIGH)]], 7)]
    inner = [(x - WALL, z) for x, z in outer if x - WALL > 0.013]
    rim = [
        (RIM - WALL / 2 + WALL / 2 * math.cos(a), HIGH + WALL / 2 * math.sin(a))
        for a in np.linspace(0.3, math.pi - 0.3, 5)
    ]
    foot = [(0, 0.0014), (0.026, 0.0004), (0.0330, 0.0), (0.0345, 0.0006), (0.0345, 0.0014), (0.0335, 0.0021)]
    stem = [(0.020, 0.0037), (0.0085, 0.0075), (0.0052, 0.014), (0.0038, 0.026), (0.0035, 0.052), (0.0039, 0.072)]
    low = [(0.0085, inner[0][1] - 0.0016), (0.0042, inner[0][1] - 0.0024), (0, inner[0][1] - 0.0026)]
    return see_through(lathe([*foot, *stem, *outer, *rim, *inner[::-1], *low], material, name, 224, 40))


def shell(size: tuple[float, float, float], rough: float, rng: random.Random) -> Object:
    """Return a lumpy ellipsoid, whose surface leaves a fracture where it is cut away."""
    built = bmesh.new()
    bmesh.ops.create_icosphere(built, subdivisions=5, radius=1)
    shift = Vector((rng.uniform(0, 9), rng.uniform(0, 9), rng.uniform(0, 9)))
    for vertex in built.verts:
        ripple = 0.35 * math.sin(11 * vertex.co.x + 7 * vertex.co.z + shift.x)
        vertex.co *= 1 + rough * (noise.fractal(vertex.co * 1.7 + shift, 0.8, 2.1, 4) + 0.25 * ripple)
        vertex.co = Vector((vertex.co.x * size[0], vertex.co.y * size[1], vertex.co.z * size[2]))
    return finish(built, "fracture", None, 25)


def chip(glass: Object, turn: float, rng: random.Random) -> None:
    """Break a piece out of the rim and flake the outside below it."""
    for width, tall, deep, out, drop in (
        (0.0072, 0.0062, 0.006, 0.0, 0.0004),
        (0.0088, 0.0095, 0.0011, 0.0008, 0.0015),
    ):
        tool = shell((deep, width, tall), 0.24, rng)
        r = RIM - WALL / 2 + out
        tool.location = (r * math.cos(turn), r * math.sin(turn), HIGH - drop)
        tool.rotation_euler.z = turn
        cut(glass, tool)
    smooth(glass.data, 28)


def rim_marks(spot: tuple[float, float]) -> np.ndarray:
    """Return the corners of the rim's circle in the picture."""
    turns = np.linspace(0, math.tau, 48)
    ring = [(spot[0] + RIM * math.cos(t), spot[1] + RIM * math.sin(t), HIGH) for t in turns]
    return to_pixels(ring, FRAME.width, FRAME.height)


def require_clear_rims(spots: list[tuple[float, float]]) -> None:
    """Raise `Unshowable` if one rim is seen through or against another."""
    for a, b in combinations([rim_marks(spot) for spot in spots], 2):
        gap = np.maximum(a.min(0) - b.max(0), b.min(0) - a.max(0)).max()
        if gap < 8:
            raise Unshowable(f"two rims overlap in the picture, {gap:.0f} px")


def table() -> None:
    """Lay the cloth and build the room behind."""
    cloth = sheet(
        1.6,
        1.3,
        linen(),
        "cloth",
        (200, 160),
        lambda x, y: (
            0.0014 * np.exp(-(((x + 0.21 - 0.05 * y) / 0.004) ** 2))
            + 0.0007 * np.sin(9 * x + 4 * y) * np.sin(7 * y)
        ),
    )
    cloth.location.z = -0.0024
    wall = painted("wall", srgb("#6d5a4c"), chips=0.0, wear=Wear(0.1, 0.1, 0.5, 0.8))
    box((5, 0.1, 3), (0, 1.9, 0.6), wall, "wall")
    box(
        (1.9, 0.42, 0.5),
        (0.25, 1.5, -0.28),
        wood("sideboard", srgb("#2c1a10"), srgb("#6a4225"), 0.35),
        "sideboard",
        0.006,
    )
    for x, code, r, h in (
        (-0.33, "#20301f", 0.038, 0.3),
        (-0.21, "#331a10", 0.037, 0.31),
        (0.42, "#c8c2b0", 0.07, 0.16),
    ):
        item = lathe(
            [(0, 0), (r, 0), (r, h * 0.6), (r * 0.4, h * 0.78), (r * 0.38, h), (0, h)],
            plastic("far", srgb(code), 0.15, coat=0.6),
            "far",
            48,
        )
        item.location = (x, 1.42, -0.03)


def linen() -> Material:
    """Return dark table linen."""
    return fabric("linen", srgb("#2f4048"), 0.0005, 0.35)


def cutlery() -> None:
    """Lay a corkscrew's handle and a folded napkin at the edges."""
    napkin = sheet(
        0.16,
        0.13,
        fabric("napkin", srgb("#c9c3b4"), 0.0005),
        "napkin",
        (80, 60),
        lambda x, y: 0.006 + 0.0016 * np.sin(34 * x + 12 * y),
    )
    napkin.location, napkin.rotation_euler = (0.215, -0.14, -0.001), (0, 0, 0.5)
    steel = metal("steel", srgb("#b9b8b4"), 0.2, Wear(0.3, 0.05, 0.5, 0.03))
    box((0.012, 0.11, 0.006), (-0.205, -0.13, 0.0035), steel, "waiter's friend", 0.0025, (0, 0, 0.35))


def build(value: Value, rng: random.Random) -> Shot:
    """Stand the glasses; chip one of them on its near side if asked."""
    clear = crystal()
    spots = [(x + rng.uniform(-0.006, 0.006), y + rng.uniform(-0.006, 0.006)) for x, y in PLACES]
    bad = rng.randrange(len(spots))
    subjects: list[Object] = []
    glasses = []
    for index, spot in enumerate(spots):
        item = wine_glass(clear, f"glass {index + 1}")
        turn = math.radians(-90 + rng.uniform(25, 50) * rng.choice((-1, 1)))
        if value and index == bad:
            chip(item, turn, rng)
            place = box((0.001, 0.011, 0.005), (0, 0, 0), None, "place of the chip")
            place.location = (spot[0] + RIM * math.cos(turn), spot[1] + RIM * math.sin(turn), HIGH - 0.002)
            place.rotation_euler.z = turn
            subjects.append(gate_only(place))
        item.location = (*spot, 0)
        ring = lathe(
            [(RIM - WALL, HIGH), (RIM, HIGH - 0.0015), (RIM, HIGH), (RIM - WALL, HIGH)],
            None,
            f"rim {index + 1}",
            64,
        )
        ring.location = (*spot, 0)
        subjects.append(gate_only(ring))
        glasses.append(item)
    require_apart(glasses)
    table()
    cutlery()
    cycles = bpy.context.scene.cycles
    cycles.max_bounces = cycles.transmission_bounces = 14
    surroundings("lobby", rng.uniform(0, 360), 0.4)
    lamp((-1.0, 0.25, 0.75), (0, 0, 0.12), 0.7, 22, (0.9, 0.95, 1), 0.9)
    lamp((0.7, 0.75, 0.8), (0, 0, 0.15), 0.12, 6, (1, 0.82, 0.6))
    lamp((0.3, -0.6, 1.0), (0, 0, 0.1), 0.3, 4)
    camera(View((0.03, -0.47, 0.52), (0.0, 0.012, 0.135), 50, 11, roll_deg=1.5, focus=0.58))
    require_clear_rims(spots)
    return Shot(subjects, Rule(0.6, 300), Look(grain=0.01))


SCENE = Scene(
    prompt=Prompt(
        id="DD06",
        title="Chipped rim of a wine glass",
        question="Does any of the four wine glasses have a chipped rim? Answer only yes or no.",
        answer=Answer("yes_no", True),
        probes="A fault in a transparent thing, seen only as a break in the rim's bright line.",
        difficulty="medium",
        tags=("glass", "hospitality"),
    ),
    build=build,
    variant=lambda rng: rng.random() < 0.5,
    frame=FRAME,
)

"""A bottle crate seen from above, with two colours of cap and a few empty cells."""

from __future__ import annotations

import math
import random
from itertools import pairwise

import bmesh
from bpy.types import Material, Object

from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule
from scenes.materials import Wear, concrete, glass, painted, plastic
from scenes.mesh import bevel, box, cut, finish, lathe
from scenes.nodes import Graph, srgb
from scenes.photo import Look
from scenes.scene import Scene, Shot
from scenes.stage import View, camera, lamp, surroundings

ROWS, COLUMNS, PITCH = 4, 6, 0.066
INNER_X, INNER_Y, WALL, HEIGHT = COLUMNS * PITCH, ROWS * PITCH, 0.006, 0.245


def crown_cap(material: Material, name: str) -> Object:
    """Return a crown cap with its 21 flutes, rim at z = 0."""
    built, seg = bmesh.new(), 126

    def ring(radius: float, z: float, flute: float) -> list[bmesh.types.BMVert]:
        points = []
        for i in range(seg):
            t = math.tau * i / seg
            r = radius * (1 + flute * math.cos(21 * t))
            points.append(built.verts.new((r * math.cos(t), r * math.sin(t), z)))
        return points

    rings = [
        ring(0.0158, 0, 0.035),
        ring(0.0152, 0.0022, 0.03),
        ring(0.0143, 0.0043, 0.008),
        ring(0.0132, 0.0057, 0),
        ring(0.0118, 0.0062, 0),
        ring(0.0112, 0.0060, 0),
    ]
    for low, high in pairwise(rings):
        for i in range(seg):
            built.faces.new((low[i], low[(i + 1) % seg], high[(i + 1) % seg], high[i]))
    built.faces.new(rings[-1])
    return finish(built, name, material, 40)


def lacquer(name: str, code: str) -> Material:
    """Return lacquered tinplate with a worn edge."""
    graph = Graph(name)
    where = graph.where(1.0)
    scuff = graph.noise(where, 240, 7, 0.72)
    worn = graph.remap(scuff, 0.60, 0.66, 0.0, 0.7)
    graph.set(
        base_color=graph.mix(worn, srgb(code), srgb("#b9b4a6")),
        metallic=0.55,
        roughness=graph.remap(scuff, 0.3, 0.7, 0.2, 0.42),
    )
    return graph.set(coat_weight=0.4, coat_roughness=0.1)


def crate(material: Material) -> None:
    """Build the crate: floor, walls with hand grips, dividers."""
    x, y = INNER_X / 2, INNER_Y / 2
    box((INNER_X + 2 * WALL, INNER_Y + 2 * WALL, 0.008), (0, 0, 0.004), material, "floor")
    rim = box((INNER_X + 0.022, INNER_Y + 0.022, 0.02), (0, 0, HEIGHT - 0.008), material, "rim")
    bevel(cut(rim, box((INNER_X - 0.008, INNER_Y - 0.008, 0.1), (0, 0, HEIGHT))), 0.004)
    for sign in (-1, 1):
        box(
            (INNER_X + 2 * WALL, WALL, HEIGHT),
            (0, sign * (y + WALL / 2), HEIGHT / 2),
            material,
            "long wall",
            0.0018,
        )
        box(
            (WALL, INNER_Y, HEIGHT * 0.62),
            (sign * (x + WALL / 2), 0, HEIGHT * 0.31),
            material,
            "short wall",
            0.0018,
        )
        for end in (-1, 1):
            box(
                (WALL, INNER_Y * 0.27, HEIGHT),
                (sign * (x + WALL / 2), end * INNER_Y * 0.365, HEIGHT / 2),
                material,
                "grip post",
                0.0018,
            )
    for i in range(1, COLUMNS):
        box((0.003, INNER_Y, 0.125), (-x + i * PITCH, 0, 0.07), material, "divider", 0.001)
    for j in range(1, ROWS):
        box((INNER_X, 0.003, 0.125), (0, -y + j * PITCH, 0.07), material, "divider", 0.001)


def bottle(material: Material, cap: Object) -> Object:
    """Return a brown bottle 0.207 m tall that carries a cap."""
    bend = [math.radians(d) for d in range(0, 91, 15)]
    shoulder = [(0.0135 + 0.0165 * math.cos(a), 0.120 + 0.045 * math.sin(a)) for a in bend]
    body = lathe(
        [
            (0, 0),
            (0.028, 0),
            (0.030, 0.003),
            *shoulder,
            (0.0125, 0.195),
            (0.0142, 0.197),
            (0.0142, 0.206),
            (0, 0.207),
        ],
        material,
        "bottle",
        48,
        40,
    )
    cap.parent, cap.location = body, (0, 0, 0.2022)
    return body


def build(value: Value, rng: random.Random) -> Shot:
    """Cap the asked-for number green, the rest dark blue, and leave three cells empty."""
    green, blue = lacquer("green lacquer", "#0c6b3c"), lacquer("blue lacquer", "#14275c")
    brown = glass("brown glass", srgb("#a5652a"), 0.02, 1.5)
    crate(plastic("crate", srgb("#9e2a1e"), 0.45, Wear(1.0, 0.5, 0.7, 0.25), texture=0.3))
    count = int(str(value))
    kinds = [green] * count + [blue] * (ROWS * COLUMNS - 3 - count) + [None] * 3
    rng.shuffle(kinds)
    caps = []
    for index, kind in enumerate(kinds):
        if kind is None:
            continue
        row, column = divmod(index, COLUMNS)
        cap = crown_cap(kind, f"cap {index}")
        cap.rotation_euler.z = rng.uniform(0, 6)
        item = bottle(brown, cap)
        loose = 0.0022
        x, y = ((column - 2.5) * PITCH, (1.5 - row) * PITCH)
        item.location = (x + rng.uniform(-loose, loose), y + rng.uniform(-loose, loose), 0.0085)
        item.rotation_euler = (rng.uniform(-0.012, 0.012), rng.uniform(-0.012, 0.012), 0)
        caps.append(cap)
    box((3, 3, 0.1), (0, 0, -0.05), concrete("floor", srgb("#6d6b66"), 2.2), "floor slab")
    plank = painted("kick board", srgb("#3d4a3f"), chips=0.8, wear=Wear(size=0.2))
    box((2, 0.03, 0.3), (0.1, 0.42, 0.15), plank, "kick board", 0.003, (0, 0, 0.06))
    surroundings("hall", rng.uniform(0, 360), 0.45)
    lamp((-0.9, 0.3, 1.1), size=0.25, watts=26, colour=(1, 0.95, 0.86))
    lamp((0.7, -0.7, 1.4), size=0.8, watts=9, colour=(0.82, 0.91, 1))
    camera(View((0.018, -0.26, 0.90), (-0.008, 0.014, 0.13), 47, 7, roll_deg=6))
    return Shot(caps, Rule(0.75, 900), Look(grain=0.009, warmth=0.01))


SCENE = Scene(
    prompt=Prompt(
        id="OC02",
        title="Caps in a bottle crate",
        question="How many bottles in the crate have a green cap? Answer only a number.",
        answer=Answer("integer", 13),
        probes="A dense grid with two dark cap colours; empty cells look like dark caps.",
        difficulty="medium",
        tags=("beverages", "logistics"),
    ),
    build=build,
    variant=lambda rng: rng.randint(8, 15),
)

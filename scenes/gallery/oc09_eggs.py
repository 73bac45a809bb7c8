"""A pulp tray of eggs at a farm shop, some of its places empty."""

from __future__ import annotations

import math
import random

import numpy as np
from bpy.types import Material, Object

from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule
from scenes.materials import Wear, metal, painted, plastic, wood
from scenes.mesh import Floats, box, copy, discard, lathe, sheet, tube
from scenes.nodes import Graph, srgb
from scenes.photo import Look
from scenes.scene import Scene, Shot
from scenes.sight import gate_only, require_apart
from scenes.stage import View, camera, exposure, sun, surroundings

ROWS, COLUMNS, PITCH = 5, 6, 0.047
RISE, LIFT = 0.0165, 0.0216
EDGE = 0.010


def pulp_height(x: Floats, y: Floats) -> Floats:
    """Return the tray's relief: a cup at each place, a rounded peak between four, low saddles between two."""
    a, b = np.cos(math.tau * (x / PITCH + COLUMNS / 2)), np.cos(math.tau * (y / PITCH + ROWS / 2))
    cup, peak = (1 - a) * (1 - b) / 4, (1 + a) * (1 + b) / 4
    flat = 0.3 + 0.7 * peak - 1.3 * cup
    beyond = np.maximum(np.abs(x) - COLUMNS * PITCH / 2, np.abs(y) - ROWS * PITCH / 2)
    wall = np.clip(beyond / EDGE, 0, 1)
    rim = 0.35 * RISE
    return np.where(beyond > 0, flat * RISE * (1 - wall) + rim * wall, flat * RISE)


def pulp(name: str, code: str) -> Material:
    """Return moulded paper pulp: grey, fibrous, flecked with bits of print."""
    graph = Graph(name)
    where = graph.where(1.0)
    broad, fibre = graph.noise(where, 30, 6, 0.6), graph.noise(where, 900, 5, 0.75, 0.8)
    grey = graph.mix(graph.remap(broad, 0.3, 0.7, 0.0, 1.0), srgb(code), srgb("#a59c8c"))
    fleck = graph.remap(graph.noise(where, 620, 2, 0.5), 0.69, 0.73, 0.0, 0.55)
    tooth = graph.ramp(fibre, (0.35, (0.72, 0.71, 0.7)), (0.6, (1, 1, 1)))
    colour = graph.mix(fleck, graph.mix(0.8, grey, tooth, "MULTIPLY"), srgb("#46505c"))
    graph.set(base_color=colour, roughness=0.93, specular_ior_level=0.2)
    return graph.set(normal=graph.bump(fibre, 0.7, 0.0012, graph.bump(broad, 0.4, 0.002)))


def tray(skin: Material, name: str, z: float, turn: float) -> Object:
    """Return one tray of 30 places with the middle of its relief at `z`."""
    wide, deep = COLUMNS * PITCH + 2 * EDGE, ROWS * PITCH + 2 * EDGE
    item = sheet(wide, deep, skin, name, (210, 180), pulp_height)
    item.modifiers.new("wall", "SOLIDIFY").thickness = 0.0022
    item.location, item.rotation_euler.z = (0, 0, z), turn
    return item


def shell() -> Material:
    """Return an eggshell whose brown differs from egg to egg, with darker freckles on some."""
    graph = Graph("shell")
    where = graph.where(1.0)
    random_ = graph.node("ObjectInfo").outputs["Random"]
    tone = graph.ramp(
        random_,
        (0.05, srgb("#a5683f")), (0.35, srgb("#bd8457")), (0.65, srgb("#d0a078")), (0.85, srgb("#b37449")),
        (0.95, srgb("#dcbc9c")),
    )  # fmt: skip
    broad, pore = graph.noise(where, 55, 4, 0.6), graph.noise(where, 1500, 3, 0.6)
    freckle = graph.remap(graph.noise(where, 420, 3, 0.6), 0.60, 0.66, 0.0, 0.6)
    few = graph.remap(graph.noise(where, 38, 2, 0.5), 0.45, 0.6, 0.0, 1.0)
    shade = graph.mix(
        0.5, tone, graph.ramp(broad, (0.35, (0.82, 0.79, 0.76)), (0.65, (1.05, 1.04, 1.03))), "MULTIPLY"
    )
    graph.set(base_color=graph.mix(graph.math("MULTIPLY", freckle, few), shade, srgb("#7a4426")))
    graph.set(
        roughness=graph.remap(pore, 0.3, 0.7, 0.42, 0.6),
        subsurface_weight=0.1,
        subsurface_radius=(0.004, 0.002, 0.001),
    )
    return graph.set(normal=graph.bump(pore, 0.18, 0.0004))


def egg(skin: Material) -> Object:
    """Return an egg 57 mm long, blunt end up, its middle on the origin."""
    profile = []
    for step in range(41):
        turn = math.pi * step / 40
        z = -0.0285 * math.cos(turn)
        profile.append((0.0217 * math.sin(turn) * (1 + 0.13 * z / 0.0285), z))
    return lathe(profile, skin, "egg", 64, 80)


def table(rng: random.Random) -> None:
    """Build the market table, a scoop of straw and the corner of a cash tin."""
    boards = wood("table", srgb("#4a3a2a"), srgb("#96764f"), 0.6, 0.12, 0.8)
    box((1.6, 1.4, 0.03), (0, 0.1, -0.0670), boards, "table", 0.003, (0, 0, 0.12))
    straw = [plastic(f"straw {i}", srgb(c), 0.6) for i, c in enumerate(("#c9a95c", "#a88a45", "#dcc483"))]
    for _ in range(120):
        angle = rng.uniform(0, math.tau)
        reach = rng.uniform(0.17, 0.34)
        x, y = reach * 1.15 * math.cos(angle), reach * math.sin(angle)
        if abs(x) < 0.172 and abs(y) < 0.148:
            continue
        turn, half, z = rng.uniform(0, math.pi), rng.uniform(0.008, 0.035), -0.0506 + rng.uniform(0, 0.0025)
        dx, dy = half * math.cos(turn), half * math.sin(turn)
        path = [(x - dx, y - dy, z), (x + dy * 0.1, y + dx * 0.1, z + 0.001), (x + dx, y + dy, z)]
        tube(path, rng.uniform(0.0004, 0.0009), rng.choice(straw), "straw", 6, 4)
    tin = painted("cash tin", srgb("#3f5d4a"), chips=0.8, wear=Wear(0.8, 0.2, 0.6, 0.1))
    box((0.16, 0.12, 0.07), (0.245, 0.225, -0.0167), tin, "cash tin", 0.005, (0, 0, -0.25))
    steel = metal("handle", srgb("#b9b8b4"), 0.3)
    tube(
        [(0.22, 0.225, 0.0183), (0.224, 0.222, 0.034), (0.268, 0.211, 0.034), (0.272, 0.21, 0.0183)],
        0.002,
        steel,
        "handle",
    )


def build(value: Value, rng: random.Random) -> Shot:
    """Fill all places of the top tray but the asked-for number."""
    grey = [pulp("pulp", "#8d8678"), pulp("old pulp", "#958b7a")]
    for level in (1, 2):
        tray(grey[level % 2], f"tray below {level}", -0.0165 * level, rng.uniform(-0.006, 0.006))
    top = tray(grey[0], "tray", 0, 0)
    model = egg(shell())
    empty = set(rng.sample(range(ROWS * COLUMNS), int(str(value))))
    subjects = []
    for number in range(ROWS * COLUMNS):
        row, column = divmod(number, COLUMNS)
        x, y = (column - (COLUMNS - 1) / 2) * PITCH, (row - (ROWS - 1) / 2) * PITCH
        if number in empty:
            marker = sheet(0.02, 0.02, None, f"empty place {number}")
            marker.location = (x, y, -0.0065)
            subjects.append(gate_only(marker))
            continue
        tilt = (rng.gauss(0, 0.09), rng.gauss(0, 0.09), rng.uniform(0, 6.3))
        item = copy(model, f"egg {number}", (x, y, LIFT), tilt)
        size = rng.uniform(0.93, 1.0)
        item.scale = (size * rng.uniform(0.98, 1.0), size, size * rng.uniform(0.95, 1.03))
        subjects.append(item)
    discard(model)
    require_apart([top, *(item for item in subjects if item.name.startswith("egg"))])
    table(rng)
    exposure(0.3)
    surroundings("city", rng.uniform(0, 360), 0.5)
    sun((0.58, -0.42, -0.72), 3.6, 1.0, (1, 0.92, 0.8))
    camera(View((-0.04, -0.23, 0.60), (0.004, -0.002, 0), 52, 10, roll_deg=-2.5))
    return Shot(subjects, Rule(0.4, 700), Look(grain=0.008, warmth=0.01))


SCENE = Scene(
    prompt=Prompt(
        id="OC09",
        title="Empty places in an egg tray",
        question="The egg tray on top has 30 places, six a row. How many of them are empty? Answer only a number.",
        answer=Answer("integer", 9),
        probes="Counting absences on a grid in perspective; eggs lean over and throw shadows on the empty places.",
        difficulty="medium",
        tags=("food", "farming"),
    ),
    build=build,
    variant=lambda rng: rng.randint(5, 11),
    seed=2,
)

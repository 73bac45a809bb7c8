"""Forks, spoons and knives lying as they fell in a kitchen drawer."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import bpy
import numpy as np
from bpy.types import Material, Object
from PIL import Image, ImageDraw

from scenes.assets import font, keep
from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule, Unshowable
from scenes.materials import Wear, cardboard, fabric, metal, painted, plastic, printed, wood
from scenes.mesh import bake, box, copy, discard, label, lathe, tube
from scenes.nodes import srgb
from scenes.photo import Look
from scenes.physics import Drop, settle
from scenes.scene import Scene, Shot
from scenes.sight import gate_only, require_apart
from scenes.stage import View, add, camera, exposure, lamp, surroundings

MM = 0.001
WIDE, DEEP, TALL = 0.44, 0.30, 0.075
THICK = 3.4
TAIL = ((0, 5.0), (2, 7.6), (7, 9.2), (18, 9.6), (32, 8.9), (48, 7.8), (64, 6.7), (80, 5.6), (96, 4.6), (110, 3.8))
ARCH = ((0, 1.4), (30, 4), (60, 8), (90, 12.5), (110, 15), (122, 15.4))
TINES = (-8.7, -2.9, 2.9, 8.7)


@dataclass(frozen=True)
class Station:
    """A cross-section: its place along the piece, thickness, and the points (across, height) from edge to edge."""

    x: float
    thick: float
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Blank:
    """A piece of cutlery as a sheet; its working end begins at `head`, and `gap` says where the slots are."""

    stations: Sequence[Station]
    head: float
    gap: Callable[[float, int], bool] = lambda x, column: False


def handle(bend: Callable[[float], float]) -> list[Station]:
    """Return the stations of the handle that all pieces of the set share."""
    return [Station(x, 2.6, [(half * f, bend(x)) for f in np.linspace(-1, 1, 8)]) for x, half in TAIL]


def fork() -> Blank:
    """Return a table fork with four tines."""
    path = [*ARCH, (134, 12), (144, 7), (154, 4), (166, 2.8), (178, 4), (190, 8), (200, 13)]

    def bend(x: float) -> float:
        return float(np.interp(x, *zip(*path, strict=True)))

    stations = handle(bend)
    lines = [middle + side * 1.75 for middle in TINES for side in (-1, 1)]
    for x, half in ((122, 3.3), (130, 3.8), (136, 5.8), (141, 8.4), (146, 10.0), (151, 10.4), (155.5, 10.45)):
        stations.append(Station(x, 2.5, [(y * half / 10.45, bend(x)) for y in lines]))
    for x, half in ((158, 1.6), (166, 1.55), (174, 1.5), (182, 1.4), (190, 1.25), (196, 0.95), (200, 0.55)):
        tips = [middle + side * half for middle in TINES for side in (-1, 1)]
        stations.append(Station(x, 2.1, [(y, bend(x)) for y in tips]))
    return Blank(stations, 136, lambda x, column: x >= 155 and column % 2 == 1)


def spoon() -> Blank:
    """Return a table spoon."""
    path = [*ARCH, (134, 12.5), (146, 9.8), (172, 8.6), (205, 10)]

    def bend(x: float) -> float:
        return float(np.interp(x, *zip(*path, strict=True)))

    stations = handle(bend)
    shares = np.linspace(-1, 1, 8)
    stations += [Station(x, 2.5, [(half * f, bend(x)) for f in shares]) for x, half in ((122, 3.2), (131, 3.3))]
    for x in (138, 141, 145, 150, 157, 165, 173, 181, 189, 195, 200, 203, 205):
        inside = math.sqrt(max(0.02, 1 - ((x - 171) / 34.2) ** 2))
        half, sunk = 21 * inside**0.92, 8.2 * inside
        points = [(half * f, bend(x) - sunk * (1 - f * f)) for f in shares]
        stations.append(Station(x, 1.9, points))
    return Blank(stations, 140)


def knife() -> Blank:
    """Return a table knife with a rounded point."""
    stations = [Station(x, THICK, [(half * f, 2) for f in np.linspace(-1, 1, 8)]) for x, half in TAIL[:6]]
    shape = (
        (66, -7.2, 7.2), (88, -6.8, 6.8), (104, -6.6, 6.6), (112, -5.6, 6.2), (116, -6.6, 6.4), (121, -9.0, 6.8),
        (134, -10.4, 7.6), (160, -10.6, 8.0), (186, -10.2, 8.0), (204, -8.6, 8.0), (216, -5.6, 7.6),
        (224, -1.8, 6.6), (228, 2.0, 5.4),
    )  # fmt: skip
    for x, low, high in shape:
        stations.append(Station(x, THICK if x < 114 else 1.3, [(y, 2) for y in np.linspace(low, high, 8)]))
    return Blank(stations, 118)


def pressed(blank: Blank, skin: Material | None, name: str, scale: float = 1.0) -> Object:
    """Return the solid piece: the sheet given its thickness, with rounded edges."""
    item = _sheet(blank, blank.stations, skin, name, scale)
    solid = item.modifiers.new("solid", "SOLIDIFY")
    solid.thickness, solid.offset, solid.vertex_group = THICK * MM * scale, 0.0, "thick"
    round_off = item.modifiers.new("round", "SUBSURF")
    round_off.levels = round_off.render_levels = 2
    return bake(item)


def head_marker(blank: Blank, name: str, scale: float) -> Object:
    """Return the stand-in for a working end, a little thicker than the piece itself."""
    item = _sheet(blank, [s for s in blank.stations if s.x >= blank.head], None, name, scale)
    solid = item.modifiers.new("solid", "SOLIDIFY")
    solid.thickness, solid.offset = 3.2 * MM, 0.0
    return gate_only(bake(item))


def _sheet(blank: Blank, stations: Sequence[Station], skin: Material | None, name: str, scale: float) -> Object:
    mesh = bpy.data.meshes.new(name)
    middle = 105.0
    points = [((s.x - middle) * MM * scale, y * MM * scale, z * MM * scale) for s in stations for y, z in s.points]
    faces = [
        (8 * i + j, 8 * i + j + 1, 8 * i + j + 9, 8 * i + j + 8)
        for i in range(len(stations) - 1)
        for j in range(7)
        if not blank.gap(stations[i].x, j)
    ]
    mesh.from_pydata(points, [], faces)
    if skin:
        mesh.materials.append(skin)
    item = add(mesh, name)
    group = item.vertex_groups.new(name="thick")
    for index, station in enumerate(stations):
        group.add(list(range(8 * index, 8 * index + 8)), station.thick / THICK, "REPLACE")
    return item


BLANKS = {
    "fork": (fork(), 1.0),
    "small fork": (fork(), 0.84),
    "spoon": (spoon(), 1.0),
    "teaspoon": (spoon(), 0.68),
    "knife": (knife(), 1.0),
}


def poses(kinds: Sequence[str], rng: random.Random) -> list[tuple[float, float, float]]:
    """Draw a place and direction for each piece so that no working end lies under a later piece."""
    heads: list[np.ndarray] = []
    found = []
    for kind in kinds:
        scale = BLANKS[kind][1]
        for _ in range(900):
            turn = rng.choice((0.5, 1.5)) * math.pi + rng.gauss(0, 0.5)
            along = np.array((math.cos(turn), math.sin(turn)))
            middle = np.array((rng.uniform(-0.19, 0.19), rng.uniform(-0.06, 0.06)))
            ends = (middle - 0.105 * scale * along, middle + 0.125 * scale * along)
            if any(abs(e[0]) > WIDE / 2 - 0.015 or abs(e[1]) > DEEP / 2 - 0.012 for e in ends):
                continue
            head = middle + 0.068 * scale * along
            if all(_apart(other, middle, along, scale) for other in heads):
                heads.append(head)
                found.append((float(middle[0]), float(middle[1]), turn))
                break
        else:
            raise Unshowable(f"no room for another {kind}")
    return found


def _apart(head: np.ndarray, middle: np.ndarray, along: np.ndarray, scale: float) -> bool:
    """Say whether a piece leaves an earlier working end in sight."""
    offset = head - middle
    lengthwise, across = float(offset @ along), abs(float(offset[0] * along[1] - offset[1] * along[0]))
    if abs(lengthwise) > 0.14 * scale + 0.012:
        return True
    return across > (0.030 if lengthwise > 0.02 else 0.013)


def drawer() -> list[Object]:
    """Build the drawer, pulled out from under a worktop; return what the cutlery can touch."""
    ply = wood("ply", srgb("#a67f52"), srgb("#d3b183"), 0.5, stains=0.35)
    floor = box((WIDE, DEEP, 0.008), (0, 0, -0.004), fabric("mat", srgb("#59636b"), 0.0011, 0.3), "mat")
    sides = [
        box((0.014, DEEP + 0.028, TALL), (s * (WIDE / 2 + 0.007), 0, TALL / 2 - 0.008), ply, "side", 0.0015)
        for s in (-1, 1)
    ]
    sides.append(box((WIDE, 0.014, TALL), (0, DEEP / 2 + 0.007, TALL / 2 - 0.008), ply, "back", 0.0015))
    sides.append(box((WIDE, 0.014, TALL), (0, -DEEP / 2 - 0.007, TALL / 2 - 0.008), ply, "inner front", 0.0015))
    front = painted("front", srgb("#6f7f79"), srgb("#b9a27c"), 0.35, Wear(0.5, 0.15, 0.7, 0.2))
    box((WIDE + 0.09, 0.02, 0.16), (0, -DEEP / 2 - 0.0245, 0.0), front, "drawer front", 0.003)
    for side in (-1, 1):
        box((0.3, 0.5, 0.7), (side * (WIDE / 2 + 0.022 + 0.15), 0.34, -0.3), front, "carcass", 0.002)
    top = wood("worktop", srgb("#4d3320"), srgb("#8c6440"), 0.35, 0.09, 0.4)
    box((1.6, 0.5, 0.035), (0, DEEP / 2 + 0.215, TALL + 0.03), top, "worktop", 0.003)
    tiles = painted("floor", srgb("#8d867b"), chips=0.0, wear=Wear(0.4, 0.3, 0.7, 0.5))
    box((4, 4, 0.02), (0, 0, -0.85), tiles, "kitchen floor")
    return [floor, *sides]


def odds_and_ends(rng: random.Random) -> list[Object]:
    """Return what else ends up in such a drawer: corks, a box of matches."""
    cork = plastic("cork", srgb("#b48a5c"), 0.85, Wear(0.6, 0.2, 0.5, 0.02), texture=1.0)
    items = []
    for x, y in ((0.19, -0.11), (-0.185, 0.115)):
        item = lathe(
            [(0, 0), (0.0108, 0), (0.0116, 0.0008), (0.0116, 0.0432), (0.0108, 0.044), (0, 0.044)], cork, "cork"
        )
        item.location, item.rotation_euler = (x, y, 0.0118), (math.pi / 2, 0, rng.uniform(0, 3))
        items.append(item)
    art = Image.new("RGB", (520, 340), "#b8352a")
    draw = ImageDraw.Draw(art)
    draw.rectangle((18, 18, 502, 322), outline="#f0dfb4", width=8)
    draw.text((260, 140), "Swallowtail", "#f0dfb4", font("saira-stencil-one-400", 76), anchor="mm")
    draw.text((260, 240), "SAFETY MATCHES", "#f0dfb4", font("barlow-condensed-600", 54), anchor="mm")
    at, turn = (-0.186, -0.115, 0.0078), (0, 0, 0.25)
    matches = box((0.053, 0.036, 0.015), at, cardboard("match card"), "matches", 0.0006, turn)
    label(
        matches, printed("matches print", keep(art, "matches"), 0.5, 0.2, size=0.05), 0.052, 0.035, (0, 0, 0.00765)
    )
    return [*items, matches]


def rubber_band() -> None:
    """Lay a rubber band on the mat."""
    rubber = plastic("rubber", srgb("#b5482f"), 0.55, texture=0.2)
    ring = [
        (0.2 + 0.013 * math.cos(t), 0.1 + (0.026 + 0.005 * math.sin(3 * t)) * math.sin(t), 0.0011)
        for t in np.linspace(0, math.tau, 25)
    ]
    tube(ring, 0.0009, rubber, "rubber band", 8, 4)


def build(value: Value, rng: random.Random) -> Shot:
    """Drop the asked-for forks with spoons and knives into the drawer."""
    solid = [*drawer(), *odds_and_ends(rng)]
    skins = [
        metal("polished", srgb("#cfcdc8"), 0.14, Wear(0.7, 0.02, 0.9, 0.05), grain=0.05),
        metal("dulled", srgb("#bdbab3"), 0.27, Wear(0.9, 0.03, 0.9, 0.05), grain=0.1, brushed=0.3),
    ]
    count = int(str(value))
    small = rng.randint(1, 2)
    kinds = ["fork"] * (count - small) + ["small fork"] * small
    kinds += ["spoon"] * rng.randint(4, 5) + ["teaspoon"] * rng.randint(3, 4) + ["knife"] * rng.randint(4, 5)
    rng.shuffle(kinds)
    models = {
        (kind, i): pressed(BLANKS[kind][0], skin, kind, BLANKS[kind][1])
        for kind in BLANKS
        for i, skin in enumerate(skins)
    }
    pieces = []
    for index, (kind, (x, y, turn)) in enumerate(zip(kinds, poses(kinds, rng), strict=True)):
        item = copy(
            models[kind, rng.choice((0, 0, 1))], f"{kind} {index}", (x, y, 0.012 + 0.011 * index), (0, 0, turn)
        )
        item["mass"] = 0.05
        pieces.append(item)
    discard(*models.values())
    settle(pieces, solid, Drop(110, 24, 0.5, 0.0003, 0.4))
    require_apart([*pieces, *solid[5:]])
    heads = []
    for kind, item in zip(kinds, pieces, strict=True):
        marker = head_marker(BLANKS[kind][0], f"head of {item.name}", BLANKS[kind][1])
        marker.matrix_world = item.matrix_world
        heads.append(marker)
    rubber_band()
    exposure(0.4)
    surroundings("apartment", rng.uniform(0, 360), 0.5)
    lamp((-0.9, -0.5, 1.2), (0, 0, 0), 0.55, 26, (0.86, 0.93, 1), 0.9)
    lamp((0.25, 0.1, 1.5), (0, 0, 0), 0.08, 13, (1, 0.78, 0.52))
    camera(View((0.02, -0.17, 0.66), (0.004, 0.004, 0.01), 43, 9, roll_deg=-2.2, up=(0, 1, 0)))
    return Shot(heads, Rule(0.4, 700), Look(grain=0.012, warmth=0.02))


SCENE = Scene(
    prompt=Prompt(
        id="OC10",
        title="Forks in a drawer",
        question="How many forks are in the drawer? Count forks of every size. Answer only a number.",
        answer=Answer("integer", 7),
        probes="Handles all alike, pieces that cross one another, tines partly covered.",
        difficulty="medium",
        tags=("kitchen",),
    ),
    build=build,
    variant=lambda rng: rng.randint(5, 9),
    seed=8,
)

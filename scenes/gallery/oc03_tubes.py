"""The ends of steel tubes in a stock rack, round ones among square ones."""

from __future__ import annotations

import math
import random
from itertools import pairwise

import bmesh
from bpy.types import Material, Object
from mathutils import Matrix
from PIL import Image, ImageDraw

from scenes.assets import font, keep
from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule
from scenes.materials import Wear, concrete, glowing, metal, painted, printed, rusty, wood
from scenes.mesh import Profile, box, discard, extrude, finish, label
from scenes.nodes import srgb
from scenes.photo import Look
from scenes.physics import Drop, settle
from scenes.scene import Scene, Shot
from scenes.sight import gate_only, require_apart
from scenes.stage import View, camera, exposure, lamp, surroundings

MM = 0.001
LONG, BAY = 0.9, 0.335
SECTIONS = {"round": ((33.7, 2.6), (42.4, 3.2), (48.3, 3.2)), "square": ((30, 2.5), (40, 3.0), (50, 4.0))}
SEGMENTS = 64
STUB = 0.05
"""Short pieces fall in the tubes' place, between two plates, so that all stay parallel."""


def outline(kind: str, half: float, corner: float) -> Profile:
    """Return the outline of a section: a circle, or a square with rounded corners."""
    points = []
    for i in range(SEGMENTS):
        if kind == "round":
            turn = math.tau * i / SEGMENTS
            points.append((half * math.cos(turn), half * math.sin(turn)))
            continue
        quarter, step = divmod(i, SEGMENTS // 4)
        turn = (quarter + step / (SEGMENTS // 4 - 1)) * math.pi / 2
        middle = (quarter + 0.5) * math.pi / 2
        flat = half - corner
        x, z = math.copysign(flat, math.cos(middle)), math.copysign(flat, math.sin(middle))
        points.append((x + corner * math.cos(turn), z + corner * math.sin(turn)))
    return points


def tube(kind: str, size: float, wall: float, skin: Material, sawn: Material, name: str) -> Object:
    """Return a tube along y, sawn off at y = 0 and open at the other end. Size and wall in mm."""
    built, edge, half = bmesh.new(), 0.4 * MM, size * MM / 2
    wall *= MM
    courses = (
        (wall, LONG),
        (wall, edge),
        (wall - edge, 0),
        (edge, 0),
        (0, edge),
        (0, LONG),
    )
    rings = [
        [built.verts.new((x, y, z)) for x, z in outline(kind, half - inset, max(2.2 * wall - inset, 0.5 * wall))]
        for inset, y in courses
    ]
    for index, (a, b) in enumerate([*pairwise(rings), (rings[-1], rings[0])]):
        for i in range(SEGMENTS):
            face = built.faces.new((a[i], a[(i + 1) % SEGMENTS], b[(i + 1) % SEGMENTS], b[i]))
            face.material_index = int(index in (1, 2, 3))
    item = finish(built, name, skin, 30)
    item.data.materials.append(sawn)
    return item


def steels(rng: random.Random) -> tuple[list[Material], list[Material]]:
    """Return the skins and the sawn faces to choose from."""
    skins = [
        rusty(f"skin {i}", srgb("#5a5d60"), amount, Wear(size=0.09)) for i, amount in enumerate((0.1, 0.35, 0.6))
    ]
    skins.append(metal("galvanised", srgb("#9a9d9e"), 0.42, Wear(0.6, 0.4, 0.8, 0.1)))
    fine = Wear(0.9, 0.25, 0.8, 0.03)
    faces = [
        metal("fresh cut", srgb("#b4b3af"), 0.34, fine, brushed=0.9),
        metal("dull cut", srgb("#85827d"), 0.45, fine, brushed=0.7),
        rusty("old cut", srgb("#8a8580"), 0.4, Wear(size=0.02)),
        painted("blue code", srgb("#1f4672"), srgb("#7a7672"), 0.9, Wear(0.6, 0.4, 0.5, 0.04)),
        painted("yellow code", srgb("#a37e1f"), srgb("#7a7672"), 0.9, Wear(0.6, 0.4, 0.5, 0.04)),
    ]
    return skins, faces


def rack() -> list[Object]:
    """Build the bay: two frames of painted channel with timber on the bearers."""
    paint = painted("rack", srgb("#38473d"), (0.13, 0.075, 0.045), 0.8, Wear(0.8, 0.5, 0.8, 0.12))
    timber = wood("bearer", srgb("#3c3024"), srgb("#86694a"), 0.8, stains=0.9)
    solid = []
    for y in (0.13, 0.7):
        for side in (-1, 1):
            post = box((0.05, 0.06, 1.3), (side * (BAY / 2 + 0.025), y, 0.05), paint, "post", 0.004)
            solid.append(post)
        solid.append(box((BAY * 3.4, 0.07, 0.03), (0, y - 0.0665, -0.015), timber, "bearer", 0.003))
        box((BAY * 3.4, 0.05, 0.08), (0, y - 0.0565, -0.0705), paint, "beam", 0.004)
    return solid


def fill(count: int, rng: random.Random) -> list[Object]:
    """Drop the round tubes with square ones into the bay in mixed order."""
    kinds = ["round"] * count + ["square"] * rng.randint(13, 16)
    rng.shuffle(kinds)
    sections = [(kind, *rng.choice(SECTIONS[kind])) for kind in kinds]
    stubs = []
    for index, (kind, size, _) in enumerate(sections):
        half = size * MM / 2 + 0.0002
        stub = extrude([(x, -z) for x, z in outline(kind, half, half * 0.2)], STUB, None, "stub")
        stub.data.transform(Matrix.Rotation(math.pi / 2, 4, "X"))
        row, column = divmod(index, 6)
        stub.location = ((column - 2.5) * 0.0535 + rng.uniform(-1, 1) * MM, 0, 0.035 + row * 0.075)
        stub.rotation_euler.y = rng.uniform(-0.3, 0.3)
        stub["mass"] = 1.0
        stubs.append(stub)
    walls = [box((1, 0.02, 2.6), (0, y, 0.6), None, "stop") for y in (0.0115, -STUB - 0.0115)]
    walls += [box((0.05, 0.4, 2), (side * (BAY / 2 + 0.025), 0, 0.9), None, "wall") for side in (-1, 1)]
    walls.append(box((1, 0.4, 0.05), (0, 0, -0.025), None, "ground"))
    settle(stubs, walls, Drop(200, 20, 0.35, 0.0003))
    skins, faces = steels(rng)
    tubes = []
    for index, ((kind, size, wall), stub) in enumerate(zip(sections, stubs, strict=True)):
        item = tube(kind, size, wall, rng.choice(skins), rng.choices(faces, (4, 4, 3, 2, 1))[0], f"{kind} {index}")
        across = stub.matrix_world.to_3x3().col[0]
        item.rotation_euler.y = math.atan2(-across.z, across.x)
        place = stub.matrix_world.translation
        item.location = (place.x, rng.uniform(-0.016, 0.012), place.z)
        tubes.append(item)
    discard(*stubs, *walls)
    return tubes


def end_marker(item: Object, kind: str) -> Object:
    """Return the stand-in for a tube's end, as large as its outline."""
    half = max(vertex.co.x for vertex in item.data.vertices)
    disc = extrude(outline(kind, half * 0.97, half * 0.2), 0.0002, None, f"end of {item.name}")
    disc.matrix_world = (
        item.matrix_world @ Matrix.Translation((0, -0.0005, 0)) @ Matrix.Rotation(math.pi / 2, 4, "X")
    )
    return gate_only(disc)


def plate() -> Material:
    """Return the rack's painted sign."""
    art = Image.new("RGB", (600, 220), "#d9d3bf")
    draw = ImageDraw.Draw(art)
    draw.rectangle((10, 10, 590, 210), outline="#2a2826", width=8)
    draw.text((300, 112), "BAY C  TUBE", "#2a2826", font("roboto-condensed-700", 104), anchor="mm")
    return printed("sign", keep(art, "bay_sign"), 0.5, 0.2, size=0.1)


def neighbours(rng: random.Random) -> None:
    """Put angles into the bay on the left and flat bars into the one on the right."""
    steel = [rusty(f"bar {i}", srgb("#55585b"), amount, Wear(size=0.1)) for i, amount in enumerate((0.2, 0.55))]
    for index in range(13):
        leg = 0.05
        corner = [(0, 0), (leg, 0), (leg, 0.005), (0.005, 0.005), (0.005, leg), (0, leg)]
        angle = extrude(corner, LONG, rng.choice(steel), "angle", 0.0006)
        shift = index * 0.0075
        angle.location = (-BAY / 2 - 0.13 - shift * 0.72, LONG + rng.uniform(-0.02, 0.02), 0.004 + shift * 0.72)
        angle.rotation_euler = (math.pi / 2, 0, 0)
    z = 0.0
    for _ in range(17):
        thick = rng.choice((0.006, 0.008, 0.01))
        wide = rng.choice((0.06, 0.08, 0.1))
        at = (
            BAY / 2 + 0.11 + rng.uniform(-0.006, 0.006),
            LONG / 2 + rng.uniform(-0.03, 0.02),
            z + thick / 2 + 0.0003,
        )
        box((wide, LONG, thick), at, rng.choice(steel), "flat bar", 0.0006, (0, 0, rng.uniform(-0.006, 0.006)))
        z += thick + 0.0004


def hall() -> None:
    """Build what lies behind the rack: the floor, a wall and a bright doorway."""
    box((12, 12, 0.1), (0, 0, -0.95), concrete("floor", srgb("#5d5b57"), 1.2), "floor")
    box(
        (12, 0.1, 6), (0, 4, 1), painted("wall", srgb("#6d7672"), chips=0.3, wear=Wear(0.2, 0.3, 0.6, 1.0)), "wall"
    )
    box((1.5, 0.02, 1.5), (0.85, 3.93, 0.2), glowing("window", (0.8, 0.9, 1.0), 0.9), "window")
    frame = painted("window frame", srgb("#3b4144"))
    for step in range(5):
        box((0.05, 0.05, 1.6), (0.1 + 0.375 * step, 3.9, 0.2), frame, "mullion")
        box((1.6, 0.05, 0.05), (0.85, 3.89, -0.55 + 0.375 * step), frame, "transom")
    cabinet = painted("cabinet", srgb("#7a7f80"), chips=0.2, wear=Wear(size=0.5))
    box((0.9, 0.5, 1.5), (-0.75, 3.2, -0.1), cabinet, "cabinet", 0.01)
    for x, z, code in ((-1.0, 0.72, "#8a6a3c"), (-0.62, 0.7, "#2f4d6e"), (-0.45, 0.69, "#93322a")):
        box((0.24, 0.3, 0.14), (x, 3.1, z), painted("tin", srgb(code)), "tin", 0.01)


def build(value: Value, rng: random.Random) -> Shot:
    """Drop the asked-for round tubes with square ones into the bay."""
    solid = rack()
    tubes = fill(int(str(value)), rng)
    require_apart([*tubes, *solid])
    ends = [end_marker(item, item.name.split()[0]) for item in tubes]
    neighbours(rng)
    hall()
    sign = box(
        (0.12, 0.002, 0.044), (-0.04, 0.0475, -0.07), metal("sign plate", srgb("#888888")), "sign plate", 0.0005
    )
    label(sign, plate(), 0.118, 0.0425, (0, -0.0012, 0), (math.pi / 2, 0, 0))
    exposure(0.75)
    surroundings("warehouse", 120, 0.25)
    lamp((0.3, -0.8, 1.9), (0, 0, 0.1), 0.12, 40, (0.88, 1.0, 0.97), 1.6)
    lamp((-2.2, -1.6, 0.9), (0, 0, 0.1), 1.2, 46, (0.9, 0.95, 1))
    camera(View((0.09, -1.12, 0.34), (0.004, 0, 0.115), 66, 9, roll_deg=-1.4))
    return Shot(ends, Rule(0.7, 1200), Look(grain=0.011, tint=0.008))


SCENE = Scene(
    prompt=Prompt(
        id="OC03",
        title="Tube ends in a rack",
        question="How many round tubes are in the rack? Do not count square tubes. Answer only a number.",
        answer=Answer("integer", 23),
        probes="Two profiles of the same steel in several sizes, densely packed; painted ends distract.",
        difficulty="hard",
        tags=("metalwork", "storage"),
    ),
    build=build,
    variant=lambda rng: rng.randint(18, 26),
)

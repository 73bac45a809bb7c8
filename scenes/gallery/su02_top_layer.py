"""A pallet of cartons whose top layer is not complete, from a little above."""

from __future__ import annotations

import math
import random
from itertools import pairwise

import bmesh
from bpy.types import Material, Object
from PIL import Image, ImageDraw, ImageFilter

from scenes.assets import font, keep
from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule, Unshowable
from scenes.materials import Wear, cardboard, concrete, film, metal, painted, plastic, printed, wood
from scenes.mesh import bevel, box, finish, group, label, lathe, rod, sheet, tube
from scenes.nodes import Graph, srgb
from scenes.pallet import HEIGHT as PALLET
from scenes.pallet import pallet
from scenes.photo import Look
from scenes.scene import Scene, Shot
from scenes.sight import gate_only, require_apart, see_through
from scenes.stage import Point, View, camera, exposure, lamp, surroundings

SIDE, TALL, PITCH, LAYERS = 0.388, 0.235, 0.397, 3
CELLS = [((column - 1) * PITCH, (row - 0.5) * PITCH) for row in range(2) for column in range(3)]


def ink(name: str, art: Image.Image, code: str) -> Material:
    """Return a one-colour flexo print, a little broken, on nothing; the art is a mask."""
    graph = Graph(name)
    mask = graph.image(keep(art.filter(ImageFilter.GaussianBlur(1.2)), name.replace(" ", "_")), colour=False)
    fibre = graph.noise(graph.where(1.0), 260, 5, 0.8)
    graph.set(base_color=srgb(code), roughness=0.8, specular_ior_level=0.2)
    graph.set(alpha=graph.math("MULTIPLY", mask, graph.remap(fibre, 0.36, 0.55, 0.4, 0.92)))
    return graph.material


def side_print() -> Material:
    """Return the maker's print on a carton's side."""
    art = Image.new("L", (1200, 640), 0)
    draw = ImageDraw.Draw(art)
    draw.text((60, 60), "OSTERLY", 235, font("oswald-700", 150))
    draw.text((64, 262), "GLAZED WALL TILE  150 x 75", 225, font("barlow-condensed-600", 66))
    draw.text((64, 348), "0.5 m2   44 PCS   11.6 kg", 215, font("barlow-condensed-400", 60))
    for x in (930, 1060):
        draw.polygon(
            [(x, 70), (x - 52, 150), (x - 22, 150), (x - 22, 240), (x + 22, 240), (x + 22, 150), (x + 52, 150)],
            fill=235,
        )
    draw.rectangle((866, 258, 1124, 278), fill=235)
    draw.rectangle((40, 30, 1160, 610), outline=200, width=7)
    return ink("side print", art, "#23304a")


def shipping_label(number: int) -> Material:
    """Return a thermal label with a bar code."""
    rng = random.Random(number)
    art = Image.new("RGB", (700, 440), (238, 237, 231))
    draw = ImageDraw.Draw(art)
    draw.text((40, 30), f"BATCH {rng.randint(2100, 9800)}-C", (20, 20, 22), font("roboto-condensed-700", 72))
    draw.text((40, 124), "SHADE 07  CAL 2  OFF WHITE", (30, 30, 32), font("roboto-condensed-400", 46))
    x = 40
    while x < 640:
        width = rng.choice((4, 4, 8, 12))
        draw.rectangle((x, 200, x + width, 380), fill=(18, 18, 20))
        x += width + rng.choice((5, 9, 13))
    return printed(f"label {number}", keep(art, f"su02_label_{number}"), 0.55, 0.2, size=0.1)


def carton(card: Material, prints: list[Material], rng: random.Random, name: str) -> Object:
    """Return a packed carton standing on z = 0: bulging sides, taped flaps, print and label."""
    built = bmesh.new()
    bmesh.ops.create_cube(built, size=1)
    bmesh.ops.subdivide_edges(built, edges=built.edges, cuts=7, use_grid_fill=True)
    swell = {(axis, sign): rng.uniform(-0.0016, 0.003) for axis in (0, 1) for sign in (-1, 1)}
    for vertex in built.verts:
        place = [part * 2 for part in vertex.co]
        for (axis, sign), depth in swell.items():
            if abs(place[axis] - sign) < 1e-4:
                other = place[1 - axis]
                vertex.co[axis] += sign * depth / SIDE * (1 - other**2) * (1 - place[2] ** 2)
    bmesh.ops.scale(built, vec=(SIDE, SIDE, TALL), verts=built.verts)
    bmesh.ops.translate(built, vec=(0, 0, TALL / 2), verts=built.verts)
    body = bevel(finish(built, name, card, 50), 0.003)
    seam = sheet(SIDE - 0.008, 0.0022, plastic("seam", srgb("#2a1d10"), 0.9), "seam")
    seam.parent, seam.location = body, (0, rng.uniform(-0.002, 0.002), TALL + 0.0003)
    clear = film("tape", (0.80, 0.62, 0.40), 0.25, 0.12, 1.4)
    strips: list[tuple[tuple[float, float], Point, Point]] = [
        ((SIDE - 0.006, 0.05), (0, 0, TALL + 0.0007), (0, 0, 0))
    ]
    strips += [((0.065, 0.05), (s * (SIDE / 2 + 0.0036), 0, TALL - 0.036), (0, math.pi / 2, 0)) for s in (-1, 1)]
    for size, at, turn in strips:
        tape = see_through(sheet(*size, clear, "tape"))
        tape.parent, tape.location, tape.rotation_euler = body, at, turn
    out = SIDE / 2 + 0.0036
    label(body, prints[0], 0.34, 0.181, (0, -out, TALL * 0.52), (math.pi / 2, 0, 0), "print")
    label(body, prints[0], 0.34, 0.181, (out, 0, TALL * 0.52), (math.pi / 2, 0, math.pi / 2), "print")
    if rng.random() < 0.7:
        where = (rng.uniform(0.07, 0.10), rng.uniform(0.05, 0.065))
        paper = rng.choice(prints[1:])
        label(body, paper, 0.105, 0.066, (where[0], -out - 0.0004, where[1]), (math.pi / 2, 0, 0), "label")
        label(
            body, paper, 0.105, 0.066, (out + 0.0004, where[0], where[1]), (math.pi / 2, 0, math.pi / 2), "label"
        )
    return body


def load(
    missing: set[int], cards: list[Material], prints: list[Material], rng: random.Random, name: str
) -> list[Object]:
    """Stack layers of six cartons on a pallet at the origin; of the top layer, some are missing."""
    cartons = []
    for layer in range(LAYERS):
        for index, (x, y) in enumerate(CELLS):
            if layer == LAYERS - 1 and index in missing:
                continue
            body = carton(rng.choice(cards), prints, rng, f"{name} {layer} {index}")
            body.location = (
                x + rng.uniform(-0.001, 0.001),
                y + rng.uniform(-0.001, 0.001),
                PALLET + 0.001 + layer * (TALL + 0.001),
            )
            body.rotation_euler.z = rng.uniform(-0.004, 0.004)
            cartons.append(body)
    return cartons


def hall() -> None:
    """Build the floor with its yellow line, the wall, a guard post and what stands about."""
    box((12, 12, 0.1), (0, 0, -0.05), concrete("floor", srgb("#7d7a74"), 0.9, 0.5), "floor")
    yellow = painted("line", srgb("#d2a21c"), srgb("#77746c"), 1.1, Wear(0.8, 0.5, 0.6, 0.35))
    line = box((0.09, 8, 0.001), (-1.02, 0, 0.0005), yellow, "line")
    line.rotation_euler.z = 0.03
    panel = painted("wall", srgb("#b4b9b6"), srgb("#8b8a84"), 0.3, Wear(0.3, 0.2, 0.5, 0.6))
    box((9, 0.1, 3), (0, 1.75, 1.5), panel, "wall")
    for index in range(23):
        box((0.06, 0.03, 3), (-3 + 0.27 * index, 1.70, 1.5), panel, "rib", 0.008)
    guard = painted("guard", srgb("#d8a01a"), chips=0.7, wear=Wear(0.6, 0.4, 0.5, 0.2))
    black = painted("band", srgb("#1d1d1e"), chips=0.6, wear=Wear(0.6, 0.4, 0.5, 0.2))
    post = lathe([(0, 0), (0.075, 0), (0.075, 1.0), (0.06, 1.03), (0, 1.04)], guard, "guard post", 64)
    post.location = (0.86, 1.35, 0)
    for z in (0.3, 0.6, 0.9):
        band = lathe([(0.0758, z - 0.06), (0.0758, z + 0.06)], black, "band", 64)
        band.location = (0.86, 1.35, 0)
    steel = metal("bolt", srgb("#8d8d8a"), 0.4)
    box((0.24, 0.24, 0.01), (0.86, 1.35, 0.005), guard, "foot plate", 0.002)
    for x in (-0.09, 0.09):
        for y in (-0.09, 0.09):
            rod((0.86 + x, 1.35 + y, 0.01), (0.86 + x, 1.35 + y, 0.025), 0.011, steel, "anchor")


def strapping() -> None:
    """Leave a cut end of plastic strapping on the floor."""
    white = plastic("strapping", srgb("#d9dcdc"), 0.4, Wear(0.3, 0.4, 0.4, 0.05))
    path = [(-0.98, -0.40, 0.004), (-0.85, -0.52, 0.012), (-0.70, -0.50, 0.02), (-0.60, -0.62, 0.012)]
    path += [(-0.68, -0.74, 0.004), (-0.80, -0.68, 0.006), (-0.80, -0.54, 0.022), (-0.66, -0.42, 0.03)]
    tube(path, 0.004, white, "strapping", 8, 12)


def wrapped(
    at: Point, cards: list[Material], prints: list[Material], timbers: list[Material], rng: random.Random
) -> None:
    """Stand a full pallet beside the first one, wound in stretch film."""
    full = load(set(), cards, prints, rng, "wrapped")
    x, y = PITCH * 1.5 + 0.004, PITCH + 0.004
    wall = [(-x, -y), (x, -y), (x, y), (-x, y)]
    built = bmesh.new()
    rings = [
        [built.verts.new((px, py, z)) for px, py in wall] for z in (PALLET - 0.03, PALLET + 0.31, PALLET + 0.717)
    ]
    for low, high in pairwise(rings):
        for i in range(4):
            built.faces.new((low[i], low[(i + 1) % 4], high[(i + 1) % 4], high[i]))
    skin = see_through(finish(built, "stretch film", film("stretch film", (0.86, 0.89, 0.91), 1.0, 0.12, 2.6), 30))
    group("wrapped pallet", [*full, skin, pallet(timbers, "pallet", False, rng)], at, (0, 0, 0.04))


def build(value: Value, rng: random.Random) -> Shot:
    """Leave the asked-for number of places of the top layer empty."""
    count = int(str(value))
    missing = set(rng.sample(range(6), count))
    if count == 2 and (min(missing) > 2 or max(missing) < 3 or max(missing) - min(missing) == 3):
        raise Unshowable("the two gaps lie in one row or behind each other, which is too plain")
    codes = (("#5a4a38", "#a88f68"), ("#54432f", "#b79d76"), ("#4d463d", "#9c8f78"))
    timbers = [
        wood(f"timber {i}", srgb(dark), srgb(light), 0.8, stains=0.7) for i, (dark, light) in enumerate(codes)
    ]
    cards = [cardboard(f"card {i}", srgb(code)) for i, code in enumerate(("#a67f4e", "#ab8553", "#9f7848"))]
    prints = [side_print(), *(shipping_label(number) for number in range(4))]
    pallet(timbers, "pallet", False, rng)
    cartons = load(missing, cards, prints, rng, "carton")
    top = cartons[-(6 - count) :]
    require_apart(cartons)
    floor = PALLET + 0.001 + (LAYERS - 1) * (TALL + 0.001)
    gaps = [
        gate_only(box((SIDE * 0.9, SIDE * 0.9, 0.002), (*CELLS[i], floor + TALL + 0.002), None, f"gap {i}"))
        for i in sorted(missing)
    ]
    spare = carton(cards[0], prints, rng, "spare")
    spare.location, spare.rotation_euler = (1.04, -0.24, 0.001), (0, 0, 0.5)
    hall()
    strapping()
    wrapped((-1.62, 0.28, 0), cards, prints, timbers, rng)
    exposure(0.25)
    surroundings("warehouse", rng.uniform(0, 360), 0.4)
    lamp((3.2, -1.2, 2.2), (0, 0, 0.5), 1.8, 190, (0.9, 0.95, 1), 2.4)
    lamp((-0.5, 0.4, 3.6), (-0.3, 0, 0), 0.3, 40, (1, 0.95, 0.86), 2.0)
    camera(View((0.95, -1.95, 2.06), (0.06, 0.0, 0.52), 33, 7, roll_deg=1.5))
    return Shot([*top, *gaps], Rule(0.4, 3000), Look(grain=0.011))


SCENE = Scene(
    prompt=Prompt(
        id="SU02",
        title="Incomplete top layer",
        question=(
            "How many more cartons does the top layer of the pallet in the foreground need to be complete?"
            " Every full layer has 6 cartons. Answer only a number."
        ),
        answer=Answer("integer", 2),
        probes="Inferring empty places of a layer, one of them behind cartons, with a loose carton as a decoy.",
        difficulty="medium",
        tags=("logistics",),
    ),
    build=build,
    variant=lambda rng: rng.randint(1, 4),
    seed=2001,
)

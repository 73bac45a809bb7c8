"""A laboratory rack of sample tubes with lettered rows and numbered columns."""

from __future__ import annotations

import random

from bpy.types import Material, Object
from PIL import Image, ImageDraw

from scenes.assets import font, keep
from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule
from scenes.materials import CLEAN, Wear, film, metal, plastic, printed
from scenes.mesh import box, copy, cut, cylinder, group, lathe, merged, sheet
from scenes.nodes import srgb
from scenes.photo import Look
from scenes.scene import Scene, Shot
from scenes.sight import see_through
from scenes.stage import View, camera, lamp, surroundings

ROWS, COLUMNS, PITCH = "ABCDEF", 8, 0.021
WIDTH, DEPTH = COLUMNS * PITCH + 0.032, len(ROWS) * PITCH + 0.022
DECK = 0.058


def cell(row: int, column: int) -> tuple[float, float]:
    """Return the centre of a cell; row A is farthest from the camera, column 1 at the left."""
    return (column - (COLUMNS - 1) / 2) * PITCH + 0.009, ((len(ROWS) - 1) / 2 - row) * PITCH + 0.004


def legend() -> Image.Image:
    """Draw the rack's top: letters down the left edge, numbers along the near edge. 8000 px to the metre."""
    scale = 8000
    image = Image.new("RGB", (round(WIDTH * scale), round(DEPTH * scale)), (232, 233, 230))
    draw = ImageDraw.Draw(image)
    face = font("barlow-condensed-600", 74)
    for column in range(COLUMNS):
        x = (cell(0, column)[0] + WIDTH / 2) * scale
        draw.text((x, (DEPTH - 0.0085) * scale), str(column + 1), (24, 40, 74), face, anchor="mm")
    for row, letter in enumerate(ROWS):
        y = (DEPTH / 2 - cell(row, 0)[1]) * scale
        draw.text((0.0075 * scale, y), letter, (24, 40, 74), face, anchor="mm")
    return image


def rack() -> Object:
    """Return the rack: a printed, drilled deck on end plates with a floor."""
    white = plastic("rack", srgb("#e4e5e1"), 0.42, Wear(0.4, 0.1, 0.5, 0.12))
    deck = sheet(WIDTH, DEPTH, printed("deck print", keep(legend(), "rack"), 0.42, 0.1, 0.5, 0.12), "deck print")
    deck.location.z = DECK + 0.0001
    slab = box((WIDTH, DEPTH, 0.004), (0, 0, DECK - 0.002), white, "slab")
    holes = [cylinder(0.0086, 0.02, None, "hole", segments=32) for _ in range(len(ROWS) * COLUMNS)]
    for index, hole in enumerate(holes):
        hole.location = (*cell(*divmod(index, COLUMNS)), DECK - 0.01)
    punches = [copy(hole, "punch") for hole in holes]
    for punch in punches:
        punch.data = punch.data.copy()
    cut(slab, merged(holes))
    cut(deck, merged(punches))
    for x in (-WIDTH / 2 + 0.002, WIDTH / 2 - 0.002):
        box((0.004, DEPTH, DECK), (x, 0, DECK / 2), white, "end", 0.0008)
    box((WIDTH, DEPTH, 0.003), (0, 0, 0.0115), white, "floor", 0.0005)
    return slab


def tube(
    cap: Material, wall: Material, liquid: Material | None, paper: Material, rng: random.Random
) -> list[Object]:
    """Return the parts of one tube standing at the origin: glass, sample, label and ribbed cap."""
    body = see_through(
        lathe([(0, 0), (0.004, 0.0006), (0.0068, 0.004), (0.0075, 0.008), (0.0075, 0.080)], wall, "glass", 40)
    )
    parts = [body]
    if liquid:
        fill = rng.uniform(0.030, 0.052)
        parts.append(
            lathe(
                [(0, 0.001), (0.0038, 0.0014), (0.0064, 0.0044), (0.007, 0.008), (0.007, fill), (0, fill)],
                liquid,
                "sample",
                40,
            )
        )
    parts.append(lathe([(0.00765, 0.026), (0.00765, 0.064)], paper, "sleeve", 40))
    ribs = [
        (0.0083, 0.074),
        (0.0088, 0.0745),
        (0.0088, 0.0875),
        (0.0082, 0.0885),
        (0.006, 0.0887),
        (0.0056, 0.0877),
        (0, 0.0877),
    ]
    lid = lathe(ribs, cap, "cap", 60, 40)
    for index, vertex in enumerate(lid.data.vertices):
        if 0.0744 < vertex.co.z < 0.088 and vertex.co.xy.length > 0.0085 and index % 2:
            vertex.co.x, vertex.co.y = vertex.co.x * 0.955, vertex.co.y * 0.955
    parts.append(lid)
    return parts


def placed(parts: list[Object], at: tuple[float, float], name: str, rng: random.Random) -> Object:
    """Stand a tube in its cell, a little crooked, and return its cap."""
    lid = parts[-1]
    lid.name = name
    group(
        name + " tube",
        parts,
        (*at, 0.0135),
        (rng.uniform(-0.035, 0.035), rng.uniform(-0.035, 0.035), rng.uniform(0, 6.28)),
    )
    return lid


def build(value: Value, rng: random.Random) -> Shot:
    """Put the only red lid into the asked-for cell among other colours."""
    row, column = ROWS.index(str(value)[0]), int(str(value)[1:]) - 1
    rack()
    fine = Wear(0.3, 0.08, 0.4, 0.02)
    caps = {
        name: plastic(name, srgb(code), 0.36, fine, 0.05)
        for name, code in (
            ("red", "#b3141c"),
            ("orange", "#e0771a"),
            ("violet", "#6b4a9a"),
            ("blue", "#2361a8"),
            ("grey", "#8d9296"),
        )
    }
    wall = film("tube", (0.93, 0.95, 0.96), 0.0, 0.03, 1.2)
    serum, blood = plastic("serum", srgb("#c79a3c"), 0.1, CLEAN), plastic("blood", srgb("#4d0a0c"), 0.1, CLEAN)
    paper = plastic("paper", srgb("#e9e7df"), 0.6, fine)
    empty = set(rng.sample([(r, c) for r in range(6) for c in range(8) if (r, c) != (row, column)], 17))
    lids: list[Object] = []
    red: list[Object] = []
    for r in range(6):
        for c in range(8):
            if (r, c) in empty:
                continue
            kind = (
                "red"
                if (r, c) == (row, column)
                else rng.choices(["orange", "violet", "blue", "grey"], [4, 3, 3, 3])[0]
            )
            parts = tube(caps[kind], wall, rng.choice([serum, serum, blood, None]), paper, rng)
            lid = placed(parts, cell(r, c), f"lid {ROWS[r]}{c + 1}", rng)
            (red if kind == "red" else lids).append(lid)
    box(
        (1.4, 1.0, 0.03),
        (0, 0.2, -0.015),
        plastic("bench", srgb("#3b4046"), 0.3, Wear(0.3, 0.15, 0.5, 0.3)),
        "bench",
        0.002,
    )
    box((1.4, 0.02, 0.8), (0, 0.62, 0.4), plastic("tiles", srgb("#c9d2d3"), 0.25), "wall")
    box((0.22, 0.2, 0.24), (0.26, 0.42, 0.12), plastic("machine", srgb("#d9dad5"), 0.4), "analyser", 0.015)
    box((0.12, 0.005, 0.06), (0.24, 0.318, 0.17), plastic("screen", srgb("#10161c"), 0.1), "screen", 0.002)
    bottle = lathe(
        [
            (0, 0),
            (0.032, 0),
            (0.034, 0.003),
            (0.034, 0.1),
            (0.03, 0.115),
            (0.014, 0.125),
            (0.014, 0.14),
            (0, 0.14),
        ],
        plastic("wash bottle", srgb("#d8dee0"), 0.35),
        "bottle",
    )
    bottle.location = (-0.2, 0.24, 0)
    box(
        (0.02, 0.11, 0.004),
        (0.135, -0.04, 0.002),
        metal("spatula", srgb("#b5b5b5"), 0.25),
        "spatula",
        0.001,
        (0, 0, 0.5),
    )
    surroundings("lab", rng.uniform(0, 360), 0.6)
    lamp((-0.5, 0.1, 0.9), size=0.3, length=1.2, watts=14, colour=(0.95, 0.98, 1))
    lamp((0.5, -0.5, 0.7), size=0.5, watts=4, colour=(1, 0.96, 0.9))
    camera(View((-0.035, -0.165, 0.39), (0.0, 0.002, 0.045), 44, 9, roll_deg=-2))
    return Shot([*red, *lids], Rule(0.45, 900), Look(warmth=-0.015))


SCENE = Scene(
    prompt=Prompt(
        id="SU05",
        title="Sample tube position",
        question=(
            "In which position of the rack is the tube with the red lid? Rows are lettered, columns are "
            "numbered on the rack. Answer like B7."
        ),
        answer=Answer("grid_cell", "E5"),
        probes=(
            "Binding row letter and column number printed at the edges of a tilted grid; orange lids as decoys."
        ),
        difficulty="medium",
        tags=("laboratory",),
    ),
    build=build,
    variant=lambda rng: rng.choice(ROWS) + str(rng.randint(1, COLUMNS)),
)

"""Three trays of red and green tomatoes; the fullest has the most green ones, another the largest share."""

from __future__ import annotations

import math
import random
from itertools import pairwise

import bmesh
import numpy as np
from bpy.types import Material, Object
from mathutils import Matrix
from PIL import Image, ImageDraw

from scenes.assets import font, keep
from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule, Unshowable
from scenes.materials import cardboard, concrete, plastic, printed, wood
from scenes.mesh import box, copy, discard, finish, label, lathe, sheet, tube
from scenes.nodes import Graph, srgb
from scenes.photo import Look
from scenes.physics import Drop, settle
from scenes.scene import Scene, Shot
from scenes.sight import measure
from scenes.stage import Frame, View, camera, lamp, sun, surroundings

FRAME = Frame(1440, 920)
WIDTH, DEPTH, HEIGHT, WALL = 0.37, 0.27, 0.085, 0.009
PLACES = ((-0.415, 0.012, 0.03), (0.0, -0.012, -0.02), (0.412, 0.02, -0.05))
LETTERS = "KMP"
FULL, GREENEST, REST = (36, 0.33), (16, 0.57), (22, 0.20)


def skin(name: str, *tones: str) -> Material:
    """Return a glossy skin whose tone differs from fruit to fruit, paler round the stalk."""
    graph = Graph(name)
    chance = graph.node("ObjectInfo").outputs["Random"]
    tone = graph.ramp(chance, (0.0, srgb(tones[0])), (1.0, srgb(tones[1])))
    where = graph.where(1.0)
    height = graph.node("SeparateXYZ", {0: graph.node("TexCoord").outputs["Object"]}).outputs[2]
    mottle = graph.noise(where, 55, 6, 0.65)
    shoulder = graph.math(
        "ADD", graph.remap(height, 0.008, 0.024, 0.0, 0.45), graph.remap(mottle, 0.4, 0.7, 0.0, 0.3)
    )
    graph.set(base_color=graph.mix(shoulder, tone, srgb(tones[2])), coat_weight=0.25, coat_roughness=0.1)
    fine = graph.noise(where, 900, 3, 0.6)
    graph.set(roughness=graph.remap(mottle, 0.3, 0.7, 0.2, 0.36), normal=graph.bump(fine, 0.06, 0.0004))
    return graph.material


def tomato(size: float, lobes: int, depth: float, name: str) -> Object:
    """Return a tomato about its middle, stalk upwards: flattened, ribbed towards the dimple."""
    turns = [math.radians(a) for a in range(-90, 91, 9)]
    profile = []
    for a in turns:
        radius, z = math.cos(a), 0.80 * math.sin(a)
        z -= 0.26 * math.exp(-((radius / 0.28) ** 2)) * (a > 0) - 0.07 * math.exp(-((radius / 0.2) ** 2)) * (a < 0)
        profile.append((max(0.0, radius) * size, z * size))
    profile[0], profile[-1] = (0.0, profile[0][1]), (0.0, profile[-1][1])
    item = lathe(profile, None, name, 60, 80)
    for vertex in item.data.vertices:
        x, y, z = vertex.co
        rib = 1 + depth * math.cos(lobes * math.atan2(y, x)) * (0.35 + 0.65 * max(0.0, z / size))
        vertex.co = (x * rib, y * rib, z)
    item.data.materials.append(None)
    return item


def calyx(leaf: Material, size: float) -> Object:
    """Return the green star and stalk that sit in a tomato's dimple."""
    built = bmesh.new()
    for k in range(5):
        turn = math.tau * k / 5 + 0.2 * math.sin(3 * k)
        rows = []
        for i in range(6):
            t = i / 5
            half, reach = 0.085 * size * math.sin(math.pi * (0.18 + 0.82 * t)), size * 0.62 * t
            lift = size * (0.60 + 0.16 * math.sin(math.pi * t) + (0.16 if k % 2 else 0.03) * t * t)
            row = []
            for side in (-1, 0, 1):
                x, y = reach, side * half
                z = lift + 0.02 * size * abs(side)
                row.append(
                    built.verts.new(
                        (x * math.cos(turn) - y * math.sin(turn), x * math.sin(turn) + y * math.cos(turn), z)
                    )
                )
            rows.append(row)
        for low, high in pairwise(rows):
            for s in range(2):
                built.faces.new((low[s], low[s + 1], high[s + 1], high[s]))
    star = finish(built, "calyx", leaf, 80)
    stalk = tube(
        [(0, 0, 0.55 * size), (0, 0, 0.78 * size), (0.03 * size, 0, 0.93 * size)],
        0.075 * size,
        leaf,
        "stalk",
        8,
        3,
    )
    stalk.parent = star
    return star


def tray(letter: str, timber: Material) -> list[Object]:
    """Return a shallow wooden tray at the origin: floor, two slats a side, corner posts and a card."""
    parts = [box((WIDTH, DEPTH, 0.006), (0, 0, 0.006), timber, "tray floor", 0.0008)]
    for z in (0.026, 0.068):
        for side in (-1, 1):
            y, x = side * (DEPTH - WALL) / 2, side * (WIDTH - WALL) / 2
            parts.append(box((WIDTH, WALL, 0.034), (0, y, z), timber, "long slat", 0.001))
            end = box((DEPTH - 2 * WALL, WALL, 0.034), (x, 0, z), timber, "end slat", 0.001)
            end.rotation_euler.z = math.pi / 2
            parts.append(end)
    for x in (-1, 1):
        for y in (-1, 1):
            at = (x * (WIDTH / 2 - WALL - 0.008), y * (DEPTH / 2 - WALL - 0.008), 0.054)
            post = box((0.10, 0.016, 0.016), at, timber, "post", 0.001, (0, math.pi / 2, 0))
            parts.append(post)
    art = Image.new("RGB", (500, 460), (226, 220, 204))
    ImageDraw.Draw(art).text((250, 226), letter, (26, 26, 34), font("permanent-marker-400", 380), anchor="mm")
    card = box((0.086, 0.0012, 0.079), (-0.09, -DEPTH / 2 - 0.0009, 0.050), cardboard("card"), "card", 0.0003)
    print_ = printed(f"letter {letter}", keep(art, f"letter_{letter}"), 0.7, 0.4)
    label(card, print_, 0.0855, 0.0785, (0, -0.0007, 0), (math.pi / 2, 0, 0))
    card.rotation_euler = (0.03, 0.03, 0)
    return [*parts, card]


def heap(models: list[Object], count: int, rng: random.Random) -> list[Object]:
    """Return tomatoes hanging over a tray at the origin in loose layers."""
    grid = [(x, y) for y in (-0.078, -0.012, 0.054) for x in (-0.135, -0.075, -0.015, 0.045, 0.105)]
    fruit = []
    for index in range(count):
        layer, slot = divmod(index, len(grid))
        if slot == 0:
            rng.shuffle(grid)
        x, y = grid[slot]
        at = (x + 0.012 + rng.uniform(-0.006, 0.006), y + 0.012 + rng.uniform(-0.006, 0.006), 0.05 + 0.068 * layer)
        turn = (rng.uniform(-1.3, 1.3), rng.uniform(-1.3, 1.3), rng.uniform(0, 6))
        fruit.append(copy(rng.choice(models), f"tomato {index}", at, turn))
    return fruit


def place(items: list[Object], at: tuple[float, float, float]) -> None:
    """Move what belongs to a tray to the tray's place and turn."""
    move = Matrix.Translation((at[0], at[1], 0)) @ Matrix.Rotation(at[2], 4, "Z")
    for item in items:
        item.matrix_world = move @ item.matrix_world


def colour(
    trays: dict[str, list[Object]], goals: dict[str, float], green: Material, red: Material, rng: random.Random
) -> list[Object]:
    """Colour the fruit so that of those in sight each tray has about its share; return those well in sight.

    Raises `Unshowable` if the share depends on whether half-hidden fruit is counted.
    """
    everything = [item for fruit in trays.values() for item in fruit]
    seen = measure(everything, FRAME.width, FRAME.height)
    clear: list[Object] = []
    for letter, fruit in trays.items():
        visible = [item for item in fruit if item.name in seen and seen[item.name].visible > 60]
        plain = [item for item in visible if seen[item.name].share >= 0.4 and seen[item.name].visible > 700]
        half = [item for item in visible if item not in plain]
        unripe = set()
        for pool in (plain, half):
            unripe |= {item.name for item in rng.sample(pool, round(len(pool) * goals[letter]))}
        for item in fruit:
            item.data = item.data.copy()
            item.data.materials[0] = green if item.name in unripe else red
        for pool in (plain, visible):
            share = sum(item.name in unripe for item in pool) / len(pool)
            if abs(share - goals[letter]) > 0.08:
                raise Unshowable(f"tray {letter}: {share:.0%} green")
        clear += plain
    return clear


def market() -> None:
    """Lay the table, what lies on it and the ground behind."""
    boards = wood("table", srgb("#4c463c"), srgb("#8f8674"), 0.7, 0.16, 0.8)
    box((2.6, 0.96, 0.03), (0, 0.12, -0.0125), boards, "table", 0.002)
    box((6, 6, 0.05), (0, 2.2, -0.8), concrete("ground", srgb("#6d6a64"), 2.5, 0.85), "ground")
    art = Image.new("RGB", (900, 420), (38, 42, 40))
    draw = ImageDraw.Draw(art)
    draw.text((450, 130), "Tomatoes", (226, 224, 214), font("caveat-700", 190), anchor="mm")
    draw.text((450, 300), "2.40 / kg", (226, 214, 150), font("caveat-700", 170), anchor="mm")
    slate = box((0.27, 0.008, 0.126), (-0.20, 0.34, 0.063), plastic("slate", srgb("#262a28"), 0.7), "slate", 0.002)
    slate.rotation_euler = (-0.32, 0, 0.07)
    label(
        slate,
        printed("slate print", keep(art, "slate"), 0.8, 0.4),
        0.265,
        0.1235,
        (0, -0.0042, 0),
        (math.pi / 2, 0, 0),
    )
    kraft = cardboard("bags", srgb("#9a7650"))
    for k in range(14):
        bag = sheet(0.18, 0.27, kraft, "bag", (12, 16), lambda x, y: 0.0012 * np.sin(40 * x + 9) * np.cos(31 * y))
        bag.location, bag.rotation_euler = (
            (0.33 + 0.001 * k, 0.40, 0.005 + 0.0016 * k),
            (0, 0, 0.3 + 0.03 * math.sin(5 * k)),
        )


def build(value: Value, rng: random.Random) -> Shot:
    """Give the asked-for tray the largest share of green tomatoes and another one the largest number."""
    greenest = str(value)
    others = [letter for letter in LETTERS if letter != greenest]
    rng.shuffle(others)
    kinds = {greenest: GREENEST, others[0]: FULL, others[1]: REST}
    models = [tomato(0.031, 5, 0.03, "model"), tomato(0.029, 7, 0.025, "model"), tomato(0.033, 6, 0.045, "model")]
    timber = wood("tray wood", srgb("#7d5f3c"), srgb("#c29f6c"), 0.65, 0, 0.5)
    trays: dict[str, list[Object]] = {}
    for letter, at in zip(LETTERS, PLACES, strict=True):
        walls = tray(letter, timber)
        fruit = heap(models, kinds[letter][0], rng)
        settle(fruit, walls[:-1], Drop(110, 12, 0.5, 0.0006))
        place([*walls, *fruit], at)
        trays[letter] = fruit
    leaf = plastic("calyx", srgb("#4b6a24"), 0.6)
    stars = [calyx(leaf, size) for size in (0.031, 0.029, 0.033)]
    sizes = {model.data.name: star for model, star in zip(models, stars, strict=True)}
    for fruit in trays.values():
        for item in fruit:
            star = copy(sizes[item.data.name], "calyx")
            stem = copy(sizes[item.data.name].children[0], "stalk")
            star.parent, stem.parent = item, item
    discard(*models, *(star.children[0] for star in stars), *stars)
    market()
    surroundings("park", rng.uniform(0, 360), 1.25)
    sun((0.5, 0.35, -0.8), 3.0, 3.0, (1, 0.95, 0.87))
    lamp((-1.0, -1.2, 1.8), size=1.2, watts=30, colour=(1, 0.97, 0.93))
    camera(View((0.06, -0.70, 1.12), (0.004, 0.055, 0.03), 34, 8, roll_deg=-1.5))
    green, red = skin("unripe", "#6f8f2c", "#8ba648", "#a3b66a"), skin("ripe", "#a3140b", "#b9260f", "#bd3a16")
    goals = {letter: share for letter, (_, share) in kinds.items()}
    clear = colour(trays, goals, green, red, rng)
    return Shot(clear, Rule(0.4, 700), Look(grain=0.008, warmth=0.02))


SCENE = Scene(
    prompt=Prompt(
        id="OU09",
        title="Tray with the largest share of green tomatoes",
        question=(
            "Which of the three trays, K, M or P, has the largest share of green tomatoes among its tomatoes? "
            "Answer only the letter."
        ),
        answer=Answer("choice", "M", {"options": list(LETTERS)}),
        probes="Proportion against number: the fullest tray holds the most green tomatoes, not the largest share.",
        difficulty="medium",
        tags=("food", "market"),
    ),
    build=build,
    variant=lambda rng: rng.choice(LETTERS),
    frame=FRAME,
)

"""Stacks of coloured fish crates with stamped codes in a wet market hall."""

from __future__ import annotations

import math
import random
from itertools import pairwise

import numpy as np
from bpy.types import Material, Object
from PIL import Image, ImageDraw, ImageFilter

from scenes.assets import font, keep
from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule
from scenes.materials import Wear, metal, painted, plastic, rusty
from scenes.mesh import Floats, bake, box, copy, cut, discard, lathe, merged, sheet, tube
from scenes.nodes import Graph, srgb
from scenes.photo import Look
from scenes.scene import Scene, Shot
from scenes.sight import require_apart
from scenes.stage import View, camera, exposure, lamp, surroundings

COLOURS = {"white": "#c9cbc4", "red": "#a3211d", "blue": "#1e4f8f", "green": "#1f6b41", "yellow": "#d0a318"}
WIDTH, DEPTH, HEIGHT = 0.44, 0.32, 0.165
COLUMNS, TIERS = 3, 4
WANTED = "VLNU 204418"
DECOYS = ("VLNU 204481", "VLNU 204148", "VLNU 204818", "VLNU 240418")


def crate_pattern() -> Object:
    """Return an open crate standing on its origin, its flat panel for the print towards -y."""
    body = bake(
        box((WIDTH - 0.024, DEPTH - 0.024, HEIGHT - 0.004), (0, 0, HEIGHT / 2 - 0.002), None, "crate", 0.008)
    )
    hollow = box((WIDTH - 0.034, DEPTH - 0.034, HEIGHT), (0, 0, HEIGHT / 2 + 0.006), None, "hollow")
    grip = bake(box((0.115, 2, 0.024), (0, 0, HEIGHT - 0.040), None, "grip", 0.008))
    cut(body, hollow, grip)
    parts = [body]
    front, side = DEPTH / 2 - 0.012, WIDTH / 2 - 0.012
    for sign in (-1, 1):
        for z, tall, out in (
            (HEIGHT - 0.011, 0.022, 0.012),
            (HEIGHT - 0.062, 0.007, 0.008),
            (0.012, 0.012, 0.006),
        ):
            parts.append(
                bake(
                    box(
                        (WIDTH - 0.024 + 2 * out, out, tall),
                        (0, sign * (front + out / 2), z),
                        None,
                        "flange",
                        0.0022,
                    )
                )
            )
            parts.append(
                bake(box((out, DEPTH - 0.024, tall), (sign * (side + out / 2), 0, z), None, "flange", 0.0022))
            )
        for x in (-0.198, -0.182, -0.166, 0.166, 0.182, 0.198):
            rib = box(
                (0.005, 0.007, HEIGHT - 0.075),
                (x, sign * (front + 0.0035), HEIGHT / 2 - 0.026),
                None,
                "rib",
                0.0015,
            )
            parts.append(bake(rib))
        for y in (-0.10, -0.05, 0.0, 0.05, 0.10):
            rib = box(
                (0.007, 0.005, HEIGHT - 0.075),
                (sign * (side + 0.0035), y, HEIGHT / 2 - 0.026),
                None,
                "rib",
                0.0015,
            )
            parts.append(bake(rib))
        for x in (-0.085, 0.085):
            post = box(
                (0.006, 0.008, 0.052), (x, sign * (front + 0.004), HEIGHT - 0.036), None, "grip post", 0.0015
            )
            parts.append(bake(post))
    return merged(parts, "crate pattern")


def stamp(code: str, dark: bool) -> Material:
    """Return hot-stamped print on nothing, rubbed thin in places."""
    art = Image.new("L", (1400, 360), 0)
    draw = ImageDraw.Draw(art)
    draw.text((700, 130), code, 255, font("barlow-condensed-700", 262), anchor="mm")
    draw.text((700, 305), "PROPERTY OF VELLIN QUAY FISH HALL", 225, font("barlow-condensed-600", 74), anchor="mm")
    graph = Graph(f"stamp {code}")
    mask = graph.image(
        keep(art.filter(ImageFilter.GaussianBlur(2)), "stamp_" + code.replace(" ", "")), colour=False
    )
    rub = graph.noise(graph.where((60, 60, 60)), 1.0, 6, 0.7)
    fine = graph.noise(graph.where(1.0), 700, 3, 0.7)
    thin = graph.math("MULTIPLY", graph.remap(rub, 0.34, 0.46, 0.55, 1.0), graph.remap(fine, 0.3, 0.42, 0.6, 0.97))
    graph.set(base_color=srgb("#15181c") if dark else srgb("#dfe0da"), roughness=0.55)
    graph.set(alpha=graph.math("MULTIPLY", mask, thin))
    return graph.material


def polythene(name: str, code: str) -> Material:
    """Return scuffed, faded crate plastic, dirty towards the bottom."""
    graph = Graph(name)
    where = graph.where(1.0)
    broad, fine = graph.noise(where, 7, 8, 0.7), graph.noise(where, 90, 6, 0.75)
    colour = srgb(code)
    faded = tuple(0.72 * c + 0.28 * 0.42 for c in colour)
    shade = graph.ramp(broad, (0.34, colour), (0.66, faded))
    streak = graph.noise(graph.where((34, 34, 3.5)), 1.0, 6, 0.7)
    low = graph.node("SeparateXYZ", {0: graph.node("TexCoord").outputs["Object"]}).outputs[2]
    soil = graph.math(
        "MULTIPLY", graph.remap(streak, 0.46, 0.64, 0.0, 1.0), graph.remap(low, 0.0, HEIGHT, 0.75, 0.22)
    )
    scuff = graph.math(
        "MULTIPLY", graph.remap(fine, 0.60, 0.66, 0.0, 0.5), graph.remap(broad, 0.42, 0.6, 0.0, 1.0)
    )
    shade = graph.mix(scuff, shade, tuple(0.5 * c + 0.5 * 0.62 for c in colour))
    graph.set(base_color=graph.mix(soil, shade, srgb("#4b4335")))
    graph.set(
        roughness=graph.math("ADD", graph.remap(broad, 0.3, 0.7, 0.30, 0.42), graph.math("MULTIPLY", soil, 0.25))
    )
    return graph.set(normal=graph.bump(fine, 0.12, 0.0015, graph.bump(broad, 0.1, 0.006)))


def wet_floor() -> Material:
    """Return a concrete floor with standing water in the hollows."""
    graph = Graph("wet floor")
    where = graph.where(1.0, varied=False)
    broad, fine = graph.noise(where, 1.7, 8, 0.6, 0.3), graph.noise(where, 120, 7, 0.75)
    wet = graph.remap(broad, 0.46, 0.53, 0.0, 1.0)
    grit = graph.ramp(fine, (0.34, srgb("#4b4a46")), (0.5, srgb("#7f7c74")), (0.68, srgb("#a19c92")))
    graph.set(base_color=graph.mix(wet, grit, graph.mix(1.0, grit, (0.42, 0.42, 0.42), "MULTIPLY")))
    graph.set(roughness=graph.remap(wet, 0.0, 1.0, 0.62, 0.04))
    dry = graph.remap(wet, 0.0, 1.0, 0.5, 0.03)
    bump = graph.node("Bump", {"Height": fine, "Strength": dry, "Distance": 0.003})
    return graph.set(normal=bump.outputs[0], specular_ior_level=0.5)


def hall_wall() -> None:
    """Build a wall of old corrugated sheet on a concrete plinth."""

    def waves(x: Floats, y: Floats) -> Floats:
        return 0.011 * np.sin(x * math.tau / 0.076)

    clad = painted("cladding", srgb("#6f8a86"), srgb("#5b3a26"), 0.75, Wear(0.4, 0.3, 0.5, 0.3))
    wall = sheet(5, 2.2, clad, "cladding", (1300, 2), waves)
    wall.location, wall.rotation_euler = (0, 0.62, 1.42), (math.pi / 2, 0, 0)
    plinth = painted("plinth", srgb("#a9a79c"), srgb("#6b675e"), 0.9, Wear(0.5, 0.5, 0.6, 0.5))
    box((5, 0.2, 0.32), (0, 0.69, 0.16), plinth, "plinth", 0.008)
    steel = metal("screw", srgb("#8d8b86"), 0.4)
    heads = []
    for index in range(-14, 15):
        head = lathe([(0.011, 0), (0.011, 0.002), (0.006, 0.004), (0.006, 0.008), (0, 0.008)], steel, "screw", 16)
        head.location, head.rotation_euler = (index * 0.152 + 0.019, 0.609, 0.48), (math.pi / 2, 0, 0)
        heads.append(head)
    merged(heads, "screws").data.materials.append(steel)


def rope() -> None:
    """Drop a coil of rope at the right."""
    points = []
    for step in range(80):
        t = step * 0.52
        r = 0.13 + 0.018 * math.sin(1.7 * t) + 0.008 * math.sin(0.37 * step)
        points.append((0.90 + r * math.cos(t), -0.02 + 0.8 * r * math.sin(t), 0.010 + 0.0011 * step))
    points += [(0.80, -0.26, 0.05), (0.72, -0.36, 0.011), (0.62, -0.40, 0.010), (0.50, -0.52, 0.010)]
    tube(
        points, 0.0095, plastic("rope", srgb("#3f6f8c"), 0.8, Wear(0.2, 0.5, 0.6, 0.1), texture=1.5), "rope", 10, 5
    )


def plan(value: str, rng: random.Random) -> tuple[list[list[str]], list[list[str]]]:
    """Return colours and codes by column and tier: the asked-for colour stands on the wanted code only."""
    names = list(COLOURS)
    while True:
        colours = [[rng.choice(names) for _ in range(TIERS)] for _ in range(COLUMNS)]
        column, tier = rng.randrange(COLUMNS), rng.choice([1, 2])
        colours[column][tier + 1] = value
        flat = [name for stack in colours for name in stack]
        calm = all(a != b for stack in colours for a, b in pairwise(stack))
        if (
            calm
            and len(set(flat)) == len(names)
            and flat.count(value) in (2, 3)
            and colours[column][tier - 1] != value
        ):
            break
    others = [f"VLNU {rng.randint(201000, 209999)}" for _ in range(COLUMNS * TIERS)]
    codes = [others[c * TIERS : (c + 1) * TIERS] for c in range(COLUMNS)]
    free = [
        (c, t)
        for c in range(COLUMNS)
        for t in range(TIERS)
        if (c, t) != (column, tier) and (t + 1 == TIERS or colours[c][t + 1] != value)
    ]
    for decoy, (c, t) in zip(DECOYS, rng.sample(free, len(DECOYS)), strict=True):
        codes[c][t] = decoy
    codes[column][tier] = WANTED
    return colours, codes


def build(value: Value, rng: random.Random) -> Shot:
    """Stack the crates by a plan and stamp their codes."""
    colours, codes = plan(str(value), rng)
    pattern = crate_pattern()
    skins = {name: polythene(name, code) for name, code in COLOURS.items()}
    crates: list[Object] = []
    prints: list[Object] = []
    for column in range(COLUMNS):
        x, y = (column - 1) * (WIDTH + 0.022), rng.uniform(-0.03, 0.03)
        for tier in range(TIERS):
            colour = colours[column][tier]
            item = copy(pattern, f"crate {column}.{tier} {colour}")
            item.data = pattern.data.copy()
            item.data.materials.clear()
            item.data.materials.append(skins[colour])
            place = (x + rng.uniform(-0.006, 0.006), y + rng.uniform(-0.008, 0.008), tier * (HEIGHT + 0.0004))
            item.location, item.rotation_euler = place, (0, 0, rng.uniform(-0.012, 0.012))
            mark = sheet(
                0.30, 0.0771, stamp(codes[column][tier], colour in {"white", "yellow"}), codes[column][tier]
            )
            mark.parent, mark.location = item, (rng.uniform(-0.004, 0.004), -DEPTH / 2 + 0.0113, 0.058)
            mark.rotation_euler = (math.pi / 2, rng.uniform(-0.008, 0.008), 0)
            crates.append(item)
            prints.append(mark)
    discard(pattern)
    require_apart(crates)
    box((8, 8, 0.1), (0, 0, -0.05), wet_floor(), "floor")
    hall_wall()
    rope()
    pail = [
        (0, 0.004),
        (0.10, 0.0),
        (0.104, 0.004),
        (0.135, 0.25),
        (0.140, 0.252),
        (0.140, 0.258),
        (0.133, 0.257),
        (0.102, 0.008),
    ]
    bucket = lathe(
        [*pail, (0, 0.008)], plastic("bucket", srgb("#22252a"), 0.5, Wear(0.8, 0.5, 0.7, 0.2)), "bucket", 64
    )
    bucket.location = (-0.93, 0.30, 0)
    pipe = rusty("pipe", amount=0.35, wear=Wear(size=0.3))
    tube([(0.98, 0.55, 0), (0.98, 0.55, 1), (0.98, 0.55, 2.2)], 0.03, pipe, "pipe", 24, 2)
    exposure(0.5)
    surroundings("warehouse", rng.uniform(0, 360), 0.3)
    lamp((-2.6, -1.6, 1.7), (0, 0, 0.35), 1.6, 120, (0.86, 0.94, 1), 2.0)
    lamp((1.1, -0.5, 2.3), (0.2, 0.1, 0.3), 0.16, 26, (1, 0.80, 0.55), 1.0)
    camera(View((-0.26, -2.10, 0.72), (0.0, 0.0, 0.335), 46, 6.3, roll_deg=1.3))
    return Shot([*crates, *prints], Rule(0.4, 2500), Look(grain=0.011, warmth=-0.008))


SCENE = Scene(
    prompt=Prompt(
        id="SU19",
        title="Crate on top of a crate",
        question=(
            f"Which colour is the crate directly on top of the crate marked {WANTED}? Answer only the colour: "
            "white, red, blue, green or yellow."
        ),
        answer=Answer("choice", "white", {"options": list(COLOURS)}),
        probes="Finding one code among near-identical ones, then moving up one tier.",
        difficulty="medium",
        tags=("logistics", "print"),
    ),
    build=build,
    variant=lambda rng: rng.choice(list(COLOURS)),
)

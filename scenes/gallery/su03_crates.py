"""A leaning stack of stencilled wooden crates."""

from __future__ import annotations

import math
import random

import numpy as np
from bpy.types import Material, Object
from PIL import Image, ImageDraw, ImageFilter

from scenes.assets import font, keep
from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule
from scenes.materials import Wear, concrete, metal, painted, plastic, wood
from scenes.mesh import box, group, rod, sheet, tube
from scenes.nodes import Graph, srgb
from scenes.photo import Look
from scenes.scene import Scene, Shot
from scenes.stage import Frame, View, camera, lamp, surroundings

LETTERS = "ABDEFGHJKLMNPRSTUVWXZ"
CRATES, WIDTH, DEPTH, HEIGHT, BOARD = 7, 0.46, 0.32, 0.155, 0.012


def stencil(letter: str, rng: random.Random) -> Material:
    """Return a sprayed letter on nothing: black paint, thin and broken at its edges."""
    art = Image.new("L", (400, 440), 0)
    ImageDraw.Draw(art).text((200, 225), letter, 255, font("saira-stencil-one-400", 380), anchor="mm")
    soft = np.asarray(art.filter(ImageFilter.GaussianBlur(4))).astype(float)
    noise = np.asarray(
        Image.fromarray(
            (np.random.default_rng(rng.randint(0, 999)).random((110, 100)) * 255).astype(np.uint8)
        ).resize((400, 440), 3)
    ).astype(float)
    graph = Graph(f"stencil {letter}")
    mask = graph.image(
        keep(Image.fromarray(np.clip(soft * (0.6 + noise / 400), 0, 255).astype(np.uint8)), f"stencil_{letter}"),
        colour=False,
    )
    grain = graph.noise(graph.where((12, 1, 420), varied=True), 1.0, 5, 0.75)
    graph.set(base_color=srgb("#17181c"), roughness=0.7)
    graph.set(alpha=graph.math("MULTIPLY", mask, graph.remap(grain, 0.35, 0.55, 0.35, 0.97)))
    return graph.material


def crate(letter: str, timber: Material, nails: Material, rng: random.Random) -> Object:
    """Return a crate standing on its own origin: slatted sides, corner posts, a letter on the front."""
    parts: list[Object] = []
    slat = (HEIGHT - 0.012) / 3
    for level in range(3):
        z = 0.006 + slat * (level + 0.5)
        for sign in (-1, 1):
            wobble = rng.uniform(-0.0012, 0.0012)
            parts.append(
                box(
                    (WIDTH, BOARD, slat - 0.006),
                    (wobble, sign * (DEPTH / 2 - BOARD / 2), z),
                    timber,
                    "slat",
                    0.0014,
                )
            )
            end = box(
                (DEPTH - 2 * BOARD, BOARD, slat - 0.006),
                (sign * (WIDTH / 2 - BOARD / 2), 0, z),
                timber,
                "end slat",
                0.0014,
            )
            end.rotation_euler.z = math.pi / 2
            parts.append(end)
    for x in (-1, 1):
        for y in (-1, 1):
            post = box(
                (HEIGHT - 0.002, 0.028, 0.028),
                (x * (WIDTH / 2 - 0.027), y * (DEPTH / 2 - 0.027), HEIGHT / 2),
                timber,
                "post",
                0.0015,
                (0, math.pi / 2, 0),
            )
            parts.append(post)
            for level in range(3):
                z = 0.006 + slat * (level + 0.5) + rng.uniform(-0.008, 0.008)
                nail = rod(
                    (x * (WIDTH / 2 - 0.027), -DEPTH / 2 - 0.0004, z),
                    (x * (WIDTH / 2 - 0.027), -DEPTH / 2 + 0.004, z),
                    0.0024,
                    nails,
                    "nail",
                )
                if y < 0:
                    parts.append(nail)
    base = (WIDTH - 0.03, 0.05, 0.008)
    parts += [box(base, (0, (index - 2) * 0.058, 0.004), timber, "base board", 0.001) for index in range(5)]
    side = 0.118
    mark = sheet(side, side * 1.1, stencil(letter, rng), f"letter {letter}")
    mark.location = (rng.uniform(-0.05, 0.05), -DEPTH / 2 - 0.0012, HEIGHT / 2)
    mark.rotation_euler = (math.pi / 2, 0, 0)
    return group(f"crate {letter}", [*parts, mark])


def broom() -> None:
    """Lean a broom against the wall."""
    handle = wood("handle", srgb("#6b4c2c"), srgb("#b58c58"), 0.5)
    rod((0.425, 0.505, 0.08), (0.50, 0.555, 1.35), 0.014, handle, "broom handle")
    foot, turn = (0.425, 0.505), (0, 0, 0.3)
    box((0.3, 0.06, 0.032), (*foot, 0.072), plastic("broom", srgb("#8c2f22"), 0.6), "broom head", 0.008, turn)
    bristles = plastic("bristles", srgb("#3a2a1a"), 0.9, texture=1.0)
    spread = random.Random(3)
    tufts = []
    for row in (-1, 0, 1):
        for index in range(17):
            x, y = (index - 8) * 0.0172, row * 0.016
            end = (x + (index - 8) * 0.0012 + spread.gauss(0, 0.002), y * 1.5 + spread.gauss(0, 0.003), 0.001)
            tufts.append(rod((x, y, 0.06), end, 0.0075, bristles, "tuft", 0.002))
    group("bristles", tufts, (*foot, 0), turn)


def build(value: Value, rng: random.Random) -> Shot:
    """Stack seven crates with the asked-for letter third from the bottom."""
    others = rng.sample([c for c in LETTERS if c != value], CRATES - 1)
    order = [*others[:2], str(value), *others[2:]]
    timbers = [
        wood(f"timber {i}", srgb(dark), srgb(light), 0.75, stains=0.75)
        for i, (dark, light) in enumerate((("#4a3a28", "#a88f68"), ("#54432f", "#b79d76"), ("#3f352a", "#8f8168")))
    ]
    nails = metal("nail", srgb("#5d564e"), 0.5, Wear(0.3, 0.3, 0.4, 0.01))
    marks: list[Object] = []
    x = y = 0.0
    for level, letter in enumerate(order):
        x, y = x + rng.uniform(-0.014, 0.018), y + rng.uniform(-0.008, 0.008)
        root = crate(letter, rng.choice(timbers), nails, rng)
        root.location, root.rotation_euler = (x, y, level * (HEIGHT + 0.0005)), (0, 0, rng.uniform(-0.05, 0.05))
        marks += [child for child in root.children if child.name.startswith("letter")]
    box((6, 6, 0.1), (0, 0, -0.05), concrete("floor", srgb("#77736c"), 1.4, 0.7), "floor")
    box(
        (6, 0.1, 3),
        (0, 0.62, 1.5),
        painted("wall", srgb("#a9b0a4"), srgb("#8d8a80"), 0.5, Wear(0.3, 0.2, 0.5, 0.6)),
        "wall",
    )
    box(
        (6, 0.11, 0.42),
        (0, 0.618, 0.21),
        painted("dado", srgb("#4f6259"), srgb("#8d8a80"), 0.6, Wear(0.3, 0.2, 0.5, 0.6)),
        "dado",
    )
    broom()
    tube(
        [(-0.7, 0.56, 2.4), (-0.66, 0.56, 1.6), (-0.7, 0.565, 1.0), (-0.69, 0.56, 0.5)],
        0.009,
        plastic("cable", srgb("#25272a"), 0.5),
        "cable",
    )
    surroundings("warehouse", rng.uniform(0, 360), 0.5)
    lamp((-1.5, -0.9, 1.9), (0, 0, 0.5), 0.5, 85, (1, 0.95, 0.87))
    lamp((1.6, -1.4, 1.2), (0, 0, 0.5), 1.2, 30, (0.82, 0.9, 1))
    camera(View((0.28, -1.72, 0.74), (0.02, 0.0, 0.55), 38, 5.6, roll_deg=-1.5))
    return Shot(marks, Rule(0.9, 1500), Look(grain=0.012, warmth=0.01))


SCENE = Scene(
    prompt=Prompt(
        id="SU03",
        title="Third crate from the bottom",
        question="Which letter is on the third crate from the bottom of the stack? Answer only the letter.",
        answer=Answer("identifier", "K"),
        probes="An ordinal counted upwards, against the habit of counting from the top.",
        difficulty="easy",
        tags=("logistics", "timber"),
    ),
    build=build,
    variant=lambda rng: rng.choice(LETTERS),
    frame=Frame(960, 1280),
)

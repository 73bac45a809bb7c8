"""Five dice on felt after a throw."""

from __future__ import annotations

import math
import random

from bpy.types import Material, Object
from mathutils import Matrix, Vector

from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule
from scenes.materials import Wear, fabric, plastic, wood
from scenes.mesh import bake, bevel, box, copy, cylinder, discard, lathe
from scenes.nodes import Graph, srgb
from scenes.photo import Look
from scenes.scene import Scene, Shot
from scenes.sight import require_apart
from scenes.stage import View, camera, lamp, surroundings

EDGE = 0.016
FACES = {1: (0, 0, 1), 6: (0, 0, -1), 2: (0, -1, 0), 5: (0, 1, 0), 3: (1, 0, 0), 4: (-1, 0, 0)}
PIPS = {
    1: [(0, 0)],
    2: [(-1, -1), (1, 1)],
    3: [(-1, -1), (0, 0), (1, 1)],
    4: [(-1, -1), (1, -1), (-1, 1), (1, 1)],
    5: [(-1, -1), (1, -1), (0, 0), (-1, 1), (1, 1)],
    6: [(-1, -1), (-1, 0), (-1, 1), (1, -1), (1, 0), (1, 1)],
}


def resin(name: str, code: str) -> Material:
    """Return translucent cast resin."""
    graph = Graph(name)
    graph.set(
        base_color=srgb(code),
        transmission_weight=0.55,
        ior=1.5,
        subsurface_weight=0.4,
        subsurface_radius=(0.004, 0.002, 0.002),
    )
    scuff = graph.noise(graph.where(1.0), 500, 5, 0.7)
    return graph.set(roughness=graph.remap(scuff, 0.35, 0.7, 0.06, 0.28))


def die(body: Material, pip: Material, name: str) -> Object:
    """Return a die with shallow painted pips, opposite faces adding up to seven."""
    cube = box((EDGE, EDGE, EDGE), (0, 0, 0), body, name)
    bevel(cube, EDGE * 0.10, 4)
    bake(cube)
    for face, normal in FACES.items():
        out = Vector(normal)
        turn = out.to_track_quat("Z", "Y").to_matrix().to_4x4()
        for x, y in PIPS[face]:
            spot = lathe(
                [(0, 0), (0.0013, 0), (0.00145, -0.0001), (0.0013, 0.00012), (0, -0.00005)], pip, "pip", 28
            )
            spot.parent = cube
            spot.matrix_parent_inverse = Matrix()
            spot.matrix_basis = (
                Matrix.Translation(out * (EDGE / 2 + 0.00002))
                @ turn
                @ Matrix.Translation((x * EDGE * 0.27, y * EDGE * 0.27, 0))
            )
    return cube


def tops_adding_to(total: int, rng: random.Random) -> list[int]:
    """Return five top faces with a sum, not all alike."""
    while True:
        tops = [rng.randint(1, 6) for _ in range(5)]
        if sum(tops) == total and len(set(tops)) > 2:
            return tops


def lay(cube: Object, top: int, at: tuple[float, float], rng: random.Random) -> None:
    """Lay a die flat with a face up and turned at random."""
    to_top = Vector(FACES[top]).rotation_difference(Vector((0, 0, 1))).to_matrix().to_4x4()
    spin = Matrix.Rotation(rng.uniform(0, math.tau), 4, "Z")
    cube.matrix_world = Matrix.Translation((*at, EDGE / 2)) @ spin @ to_top


def build(value: Value, rng: random.Random) -> Shot:
    """Lay five dice whose tops add up to the value, with a cup and a wooden rim behind."""
    white = plastic("pip white", srgb("#f2efe6"), 0.5, Wear(0, 0, 0.2, 0.01))
    bodies = [
        resin("red", "#b01722"),
        resin("blue", "#17469c"),
        resin("green", "#0e7a45"),
        resin("smoke", "#4a3c52"),
        resin("orange", "#c95a12"),
    ]
    spots = [(-0.036, 0.022), (0.004, 0.034), (0.040, 0.012), (-0.012, -0.008), (0.022, -0.024)]
    dice = []
    for body, top, (x, y) in zip(bodies, tops_adding_to(int(str(value)), rng), spots, strict=True):
        dice.append(die(body, white, "die"))
        lay(dice[-1], top, (x + rng.uniform(-0.006, 0.006), y + rng.uniform(-0.006, 0.006)), rng)
    require_apart(dice)
    box((1, 0.8, 0.01), (0, 0.1, -0.005), fabric("felt", srgb("#1d5a45"), 0.0004, 0.8), "felt")
    box(
        (1, 0.03, 0.03),
        (0, 0.17, 0.012),
        wood("rim", srgb("#2c1409"), srgb("#6f3a1c"), 0.3, stains=0.3),
        "rim",
        0.004,
    )
    leather = plastic("leather", srgb("#4b2a1c"), 0.5, Wear(0.3, 0.1, 0.6, 0.06), texture=0.8)
    cup = lathe(
        [
            (0, 0),
            (0.036, 0),
            (0.0375, 0.002),
            (0.041, 0.094),
            (0.0405, 0.096),
            (0.039, 0.094),
            (0.0345, 0.006),
            (0, 0.005),
        ],
        leather,
        "cup",
        96,
    )
    cup.location, cup.rotation_euler = (0.085, 0.098, 0.0365), (math.radians(-90), 0, 0.75)
    cup.location.z = 0.0415
    chip = cylinder(0.0195, 0.0033, plastic("chip", srgb("#d8d2c0"), 0.4), "chip", 0.0006)
    for index, (x, y) in enumerate(((-0.088, 0.052), (-0.094, 0.046), (-0.118, 0.084))):
        copy(chip, f"chip {index}", (x, y, 0.0034 * (index % 2)))
    discard(chip)
    surroundings("lobby", rng.uniform(0, 360), 0.35)
    lamp((-0.25, 0.12, 0.32), size=0.07, watts=3.4, colour=(1, 0.84, 0.64))
    lamp((0.4, -0.3, 0.5), size=0.4, watts=1.0, colour=(0.8, 0.88, 1))
    camera(View((0.0, -0.145, 0.118), (0.002, 0.008, 0.006), 54, 11, roll_deg=2))
    return Shot(dice, Rule(0.75, 3000), Look(warmth=0.02, grain=0.01))


SCENE = Scene(
    prompt=Prompt(
        id="OU11",
        title="Sum of five dice",
        question="What is the sum of the pips on the top faces of all five dice? Answer only a number.",
        answer=Answer("integer", 18),
        probes="Top faces must be told from side faces that are just as visible.",
        difficulty="medium",
        tags=("games",),
    ),
    build=build,
    variant=lambda rng: rng.randint(12, 24),
)

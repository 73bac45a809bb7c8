"""Nuts, bolts and washers dropped on a workbench."""

from __future__ import annotations

import random

from bpy.types import Object

from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule
from scenes.hardware import hex_bolt, hex_nut, washer
from scenes.materials import Wear, metal, painted, rusty, wood
from scenes.mesh import box, copy, discard, tube
from scenes.nodes import srgb
from scenes.photo import Look
from scenes.physics import Drop, settle
from scenes.scene import Scene, Shot
from scenes.sight import require_apart
from scenes.stage import View, camera, lamp, surroundings

SMALL = Wear(0.5, 0.12, 0.6, 0.02)


def patterns() -> dict[str, list[Object]]:
    """Return the fasteners to copy: M8 in zinc and rust, M10 in brass."""
    zinc = metal("zinc", srgb("#c3c4c2"), 0.3, SMALL)
    brass = metal("brass", srgb("#b3945f"), 0.26, SMALL)
    old = rusty("old steel", amount=0.6, wear=SMALL)
    return {
        "bolt": [
            hex_bolt(8, 30, 13, 5.3, 1.25, zinc, 8),
            hex_bolt(8, 22, 13, 5.3, 1.25, old),
            hex_bolt(6, 25, 10, 4, 1.0, zinc),
        ],
        "nut": [hex_nut(8, 13, 6.5, 1.25, zinc), hex_nut(10, 16, 8, 1.5, brass), hex_nut(8, 13, 6.5, 1.25, old)],
        "washer": [washer(8.4, 16, 1.6, zinc), washer(10.5, 20, 2.0, old)],
    }


def scatter(count: dict[str, int], rng: random.Random) -> list[Object]:
    """Return copies of the fasteners hanging above the bench in mixed order."""
    kinds = [kind for kind, number in count.items() for _ in range(number)]
    rng.shuffle(kinds)
    models = patterns()
    items = []
    for index, kind in enumerate(kinds):
        at = (rng.uniform(-0.06, 0.06), rng.uniform(-0.04, 0.04), 0.02 + 0.008 * index)
        turn = (rng.uniform(0, 6.28), rng.uniform(0, 6.28), rng.uniform(0, 6.28))
        items.append(copy(rng.choice(models[kind]), f"{kind}{index:02d}", at, turn))
    discard(*(model for several in models.values() for model in several))
    return items


def build(value: Value, rng: random.Random) -> Shot:
    """Drop the asked-for nuts with other fasteners and keep every one in sight."""
    bench = box(
        (1.4, 1.0, 0.04),
        (0.05, 0.13, -0.02),
        wood("bench", srgb("#3a2818"), srgb("#8d6b46"), 0.55, 0.14, 0.8),
        "bench",
        0.002,
    )
    items = scatter({"nut": int(str(value)), "bolt": rng.randint(8, 10), "washer": rng.randint(5, 7)}, rng)
    hex_key = tube(
        [
            (-0.13, 0.085, 0.003),
            (-0.06, 0.09, 0.003),
            (-0.004, 0.094, 0.003),
            (0.004, 0.09, 0.003),
            (0.006, 0.066, 0.003),
        ],
        0.0027,
        metal("black oxide", srgb("#2a2a2c"), 0.4),
        "hex key",
        6,
    )
    tin = box(
        (0.14, 0.1, 0.05),
        (0.14, 0.16, 0.025),
        painted("drawer", srgb("#35566b"), chips=0.8),
        "drawer",
        0.003,
        (0, 0, 0.3),
    )
    settle(items, [bench, hex_key, tin], Drop(150))
    require_apart([*items, hex_key])
    surroundings("workshop", rng.uniform(0, 360), 0.5)
    lamp((0.35, 0.28, 0.4), size=0.12, watts=8, colour=(1, 0.93, 0.82))
    lamp((-0.7, -0.1, 0.7), size=0.7, watts=4, colour=(0.8, 0.9, 1))
    camera(View((0.02, -0.2, 0.25), (0, 0.005, 0), 47, 8, roll_deg=-2))
    return Shot(items, Rule(visible_pixels=500), Look(warmth=0.02))


SCENE = Scene(
    prompt=Prompt(
        id="OC01",
        title="Nuts among fasteners",
        question="How many nuts are on the bench? Do not count bolts or washers. Answer only a number.",
        answer=Answer("integer", 9),
        probes=(
            "Fine class distinction between nut, washer and bolt head; three finishes; nuts that stand on edge."
        ),
        difficulty="medium",
        tags=("hardware", "workshop"),
    ),
    build=build,
    variant=lambda rng: rng.randint(6, 12),
)

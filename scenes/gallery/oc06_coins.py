"""A loose pile of copper, brass and nickel coins on slate."""

from __future__ import annotations

import random

from scenes.coins import alloy, coin
from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule
from scenes.materials import concrete, plastic
from scenes.mesh import box, copy, discard, lathe
from scenes.nodes import srgb
from scenes.photo import Look
from scenes.physics import Drop, settle
from scenes.scene import Scene, Shot
from scenes.sight import require_apart
from scenes.stage import View, camera, lamp, surroundings


def build(value: Value, rng: random.Random) -> Shot:
    """Drop the asked-for copper coins with brass and nickel ones."""
    kinds = {
        "copper": [
            coin(0.0102, 0.0017, alloy("copper", "#b5623a", "#3c1d12", "2", "TALLY"), "c2"),
            coin(0.0130, 0.0019, alloy("bronze", "#a85a34", "#331a10", "5", "TALLY"), "c5"),
        ],
        "brass": [
            coin(0.0112, 0.0021, alloy("brass", "#c4a75c", "#4a3a1a", "10", "MARKS"), "b10"),
            coin(0.0122, 0.0023, alloy("brass2", "#bfa661", "#463818", "20", "MARKS"), "b20"),
        ],
        "nickel": [
            coin(0.0118, 0.0019, alloy("nickel", "#b9b8b2", "#3c3b38", "50", "MARKS"), "n50"),
            coin(0.0138, 0.0024, alloy("nickel2", "#b2b1ad", "#38372f", "1", "CROWN"), "n1"),
        ],
    }
    names = ["copper"] * int(str(value)) + ["brass"] * rng.randint(7, 9) + ["nickel"] * rng.randint(7, 9)
    rng.shuffle(names)
    coins = []
    for index, kind in enumerate(names):
        at = (rng.uniform(-0.072, 0.072), rng.uniform(-0.052, 0.05), 0.012 + 0.003 * index)
        coins.append(
            copy(
                rng.choice(kinds[kind]),
                f"{kind} {index}",
                at,
                (rng.uniform(-0.7, 0.7), rng.uniform(-0.7, 0.7), rng.uniform(0, 6.28)),
            )
        )
    discard(*(model for several in kinds.values() for model in several))
    slate = box((1.0, 0.8, 0.02), (0, 0.1, -0.01), concrete("slate", srgb("#33373a"), 9, 0.55), "slate")
    settle(coins, [slate], Drop(170, 24, 0.5, 0.00015))
    require_apart(coins, allowed=2)
    purse = lathe(
        [(0, 0), (0.05, 0), (0.055, 0.006), (0.05, 0.03), (0.03, 0.045), (0, 0.048)],
        plastic("purse", srgb("#5a2e22"), 0.5, texture=0.9),
        "purse",
    )
    purse.location, purse.scale = (-0.12, 0.13, 0), (1.3, 0.9, 0.8)
    surroundings("sunset", rng.uniform(0, 360), 0.35)
    lamp((0.3, 0.26, 0.3), size=0.12, watts=3.4, colour=(1, 0.93, 0.82))
    lamp((-0.4, 0.0, 0.4), size=0.4, watts=2.2, colour=(0.88, 0.94, 1))
    camera(View((0.0, -0.145, 0.235), (0.0, -0.002, 0), 40, 9, roll_deg=4))
    return Shot([c for c in coins if c.name.startswith("copper")], Rule(0.45, 1200), Look(grain=0.009))


SCENE = Scene(
    prompt=Prompt(
        id="OC06",
        title="Copper coins",
        question=(
            "How many copper-coloured (reddish) coins are visible? Count every reddish coin, also those "
            "partly covered. Answer only a number."
        ),
        answer=Answer("integer", 12),
        probes="Overlap and colours that shift with the light.",
        difficulty="hard",
        tags=("money",),
    ),
    build=build,
    variant=lambda rng: rng.randint(8, 14),
)

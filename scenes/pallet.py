"""A timber pallet of 1200 by 800 mm."""

from __future__ import annotations

import random

from bpy.types import Material, Object

from scenes.mesh import box, group
from scenes.stage import Point

LENGTH, WIDTH, HEIGHT = 1.2, 0.8, 0.144


def plank(size: Point, at: Point, timber: Material, rng: random.Random, parts: list[Object]) -> None:
    """Nail on a board, never quite square."""
    turn = (rng.uniform(-0.004, 0.004), rng.uniform(-0.003, 0.003), rng.uniform(-0.008, 0.008))
    item = box(
        size,
        (at[0] + rng.uniform(-0.004, 0.004), at[1] + rng.uniform(-0.003, 0.003), at[2]),
        timber,
        "board",
        0.0016,
        turn,
    )
    parts.append(item)


def pallet(timbers: list[Material], name: str, broken: bool, rng: random.Random) -> Object:
    """Return a pallet on z = 0, its long side facing -y: three runners with blocks, stringers and a deck."""
    parts: list[Object] = []
    for y in (-0.35, 0.0, 0.35):
        plank((LENGTH, 0.1 if y else 0.145, 0.022), (0, y, 0.011), rng.choice(timbers), rng, parts)
        for x in (-0.5275, 0.0, 0.5275):
            block = box((0.145, 0.1 if y else 0.145, 0.078), (x, y, 0.061), rng.choice(timbers), "block", 0.003)
            parts.append(block)
    for x in (-0.5275, 0.0, 0.5275):
        cross = box((0.8, 0.145, 0.022), (x, 0, 0.111), rng.choice(timbers), "stringer", 0.0016)
        cross.rotation_euler.z = 1.5708
        parts.append(cross)
    for index, y in enumerate((-0.3275, -0.164, 0.0, 0.164, 0.3275)):
        if broken and index == 0:
            plank((LENGTH * 0.55, 0.145, 0.022), (-LENGTH * 0.225, y, 0.133), rng.choice(timbers), rng, parts)
            continue
        plank(
            (LENGTH, 0.145 if index in (0, 2, 4) else 0.1, 0.022), (0, y, 0.133), rng.choice(timbers), rng, parts
        )
    return group(name, parts)

"""One axial resistor on a scrap of stripboard."""

from __future__ import annotations

import math
import random

from bpy.types import Material, Object

from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule, Unshowable
from scenes.materials import Wear, metal, plastic, wood
from scenes.mesh import box, cut, cylinder, group, lathe, merged, tube
from scenes.nodes import Graph, srgb
from scenes.photo import Look
from scenes.scene import Scene, Shot
from scenes.stage import View, camera, lamp, surroundings

MM = 1e-3
COLOURS = [
    "#121212",
    "#5a2f16",
    "#b3161a",
    "#d9620f",
    "#cf9c00",
    "#1d7a35",
    "#1f3f9e",
    "#6d2f8e",
    "#7d7f82",
    "#ebeae4",
]
NAMES = ["black", "brown", "red", "orange", "yellow", "green", "blue", "violet", "grey", "white"]
HALF = 3.15
PITCH = 2.54


def band_digits(ohms: int) -> tuple[int, int, int]:
    """Return the first digit, second digit and power of ten of a two-digit value."""
    text = str(ohms)
    if len(text) < 2 or text[2:].strip("0"):
        raise Unshowable(f"{ohms} ohm has no four-band code")
    return int(text[0]), int(text[1]), len(text) - 2


def radius_at(x: float) -> float:
    """Return the body's radius in mm at a place along it: bulged ends, waisted middle."""
    a = abs(x)
    if a > HALF:
        return 0.0
    if a > 1.75:
        bulge: float = max(0.0, 1 - ((a - 2.25) / 0.9) ** 2) ** 0.275
        return 1.25 * bulge
    return 1.04 + 0.21 * max(0.0, (a - 1.25) / 0.5) ** 2


def body(bands: list[tuple[float, float, Material]], lacquer: Material) -> list[Object]:
    """Return the lacquered body along z with painted bands a hair above it."""
    steps = [i / 60 * 2 * HALF - HALF for i in range(61)]
    parts = [lathe([(max(0.0, radius_at(x)) * MM, x * MM) for x in steps], lacquer, "body", 72, 60)]
    for place, width, paint in bands:
        ring = [place - width / 2 + width * i / 8 for i in range(9)]
        parts.append(lathe([((radius_at(x) + 0.012) * MM, x * MM) for x in ring], paint, "band", 72, 60))
    return parts


def stripboard(width: int, height: int) -> list[Object]:
    """Return brown stripboard of a number of holes, component side up."""
    base = Graph("paper laminate")
    grain = base.noise(base.where((40, 400, 40)), 4.0, 6, 0.7)
    base.set(base_color=base.ramp(grain, (0.35, srgb("#8a5a2c")), (0.65, srgb("#b98448"))), roughness=0.5)
    base.set(normal=base.bump(grain, 0.3, 0.0001))
    slab = box((width * PITCH * MM, height * PITCH * MM, 1.6 * MM), (0, 0, -0.8 * MM), base.material, "stripboard")
    holes = []
    for i in range(width):
        for j in range(height):
            hole = cylinder(0.52 * MM, 4 * MM, None, "hole", segments=20)
            hole.location = ((i - (width - 1) / 2) * PITCH * MM, (j - (height - 1) / 2) * PITCH * MM, -2.5 * MM)
            holes.append(hole)
    cut(slab, merged(holes))
    return [slab]


def build(value: Value, rng: random.Random) -> Shot:
    """Paint the bands of the value with a gold tolerance band, gold end away from the reader's habit."""
    first, second, power = band_digits(int(str(value)))
    fine = Wear(0.15, 0.05, 0.3, 0.01)
    paints = [
        plastic(f"paint {NAMES[d]} {i}", srgb(COLOURS[d]), 0.3, fine, 0.03, 0.3)
        for i, d in enumerate((first, second, power))
    ]
    gold = metal("gold paint", srgb("#a8823a"), 0.34, fine)
    lacquer = plastic("lacquer", srgb("#c9ab7c"), 0.3, fine, 0.05, 0.35)
    bands = [(-2.25, 0.62, paints[0]), (-0.95, 0.55, paints[1]), (0.12, 0.55, paints[2]), (2.25, 0.62, gold)]
    parts = body(bands, lacquer)
    for part in parts:
        part.rotation_euler = (0, math.pi / 2, 0)
    tin = metal("lead", srgb("#c4c4c0"), 0.28, Wear(0.4, 0.1, 0.4, 0.01))
    leads = []
    for sign in (-1, 1):
        path = [
            (sign * 3.0 * MM, 0, 0),
            (sign * 4.2 * MM, 0, 0),
            (sign * 5.0 * MM, 0, -0.35 * MM),
            (sign * 5.08 * MM, 0, -1.2 * MM),
            (sign * 5.08 * MM, 0, -3.2 * MM),
        ]
        leads.append(tube(path, 0.3 * MM, tin, "lead", 16, 6))
    resistor = group("resistor", [*parts, *leads], (0.5 * PITCH * MM, 0, 1.5 * MM), (0, 0, math.pi))
    board = stripboard(15, 11)
    group("board", [resistor, *board], (0, 0, 0.0042), (0, 0, math.radians(rng.uniform(-16, -8))))
    tube(
        [
            (-0.012, 0.0076, 0.0054),
            (-0.010, 0.0076, 0.0066),
            (0.004, 0.0078, 0.0068),
            (0.010, 0.0076, 0.0062),
            (0.0118, 0.0076, 0.005),
        ],
        0.0006,
        plastic("wire", srgb("#2a5fb5"), 0.4, fine),
        "wire",
    )
    box(
        (0.8, 0.7, 0.02),
        (0, 0.1, -0.01),
        wood("bench", srgb("#3b2819"), srgb("#84603c"), 0.5, 0.16, 0.7),
        "bench",
        0.002,
    )
    tube(
        [
            (
                -0.06 + 0.012 * math.cos(t * 0.55) * (1 + 0.02 * t),
                0.035 + 0.012 * math.sin(t * 0.55),
                0.0008 + 0.00012 * t,
            )
            for t in range(34)
        ],
        0.0007,
        metal("solder wire", srgb("#b5b5b3"), 0.3),
        "solder wire",
        10,
        3,
    )
    surroundings("apartment", rng.uniform(0, 360), 0.5)
    lamp((0.1, 0.1, 0.13), size=0.06, watts=0.62, colour=(1, 0.95, 0.88))
    lamp((-0.14, -0.1, 0.14), size=0.12, watts=0.45, colour=(0.92, 0.96, 1))
    camera(View((0.0, -0.022, 0.043), (0.0012, 0.0008, 0.005), 60, 16, roll_deg=3))
    return Shot(parts[1:], Rule(0.3, 600), Look(grain=0.009, saturation=1.05))


SCENE = Scene(
    prompt=Prompt(
        id="OU10",
        title="Resistor colour bands",
        question=(
            "What is the nominal value of this four-band resistor in ohms? Answer only a whole number like 100."
        ),
        answer=Answer("number", 4700, {"abs_tolerance": 0.5, "unit": "ohm"}),
        probes="Colour naming, the colour code, and the reading direction given by the gold band.",
        difficulty="hard",
        tags=("electronics",),
    ),
    build=build,
    variant=lambda rng: rng.choice([22, 33, 47, 56, 68]) * 10 ** rng.randint(1, 4),
)

"""Five grey cables that cross between a tagged patch panel and numbered sockets."""

from __future__ import annotations

import math
import random

from bpy.types import Material, Object
from PIL import Image, ImageDraw

from scenes.assets import font, keep
from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule, Unshowable
from scenes.materials import Wear, metal, painted, plastic, printed, wood
from scenes.mesh import box, label, lathe, tube
from scenes.nodes import srgb
from scenes.photo import Look
from scenes.scene import Scene, Shot
from scenes.sight import require_apart
from scenes.stage import View, camera, lamp, surroundings

TAGS, PITCH, HALF = "ABCDE", 0.044, 0.165
RADIUS = 0.0032
BOOT = 0.05
Point3 = tuple[float, float, float]


def row(index: int) -> float:
    """Return the y of a jack; the first lies farthest from the camera."""
    return (2 - index) * PITCH


def order_with(target: int, rng: random.Random) -> list[int]:
    """Return the socket of each cable A to E, with C in the asked-for one and six to eight crossings."""
    for _ in range(500):
        order = rng.sample(range(5), 5)
        crossings = sum(order[i] > order[j] for i in range(5) for j in range(i + 1, 5))
        if order[2] == target - 1 and 6 <= crossings <= 8 and order[2] != 2:
            return order
    raise Unshowable(f"no order leads C to socket {target}")


def cable_path(start: int, end: int, layer: int, rng: random.Random) -> list[Point3]:
    """Return a cable's path from its jack at the left to its socket at the right, in its own layer where cables
    cross, and straight inside the strain reliefs at both ends (a share `BOOT` of its length each).
    """
    y0, y1, top = row(start), row(end), RADIUS + 0.0006 + layer * (2 * RADIUS + 0.0008)
    sway, phase = rng.uniform(0.004, 0.012), rng.uniform(0, 6)
    points: list[Point3] = []
    for step in range(41):
        along = step / 40
        t = min(1.0, max(0.0, (along - BOOT) / (1 - 2 * BOOT)))
        ease = t * t * (3 - 2 * t)
        middle = math.sin(math.pi * t) ** 2
        lift = min(1.0, min(t, 1 - t) / 0.16)
        y = y0 + (y1 - y0) * ease + sway * middle * math.sin(7 * t + phase)
        z = 0.011 + (top - 0.011) * lift * lift * (3 - 2 * lift)
        points.append((-HALF + 2 * HALF * along, y, z))
    return points


def plug(at: tuple[float, float], facing: int, shell: Material) -> None:
    """Build a plug with its strain relief at the end of a cable."""
    x, y = at
    box((0.024, 0.013, 0.012), (x + facing * 0.014, y, 0.011), shell, "plug", 0.0015)
    ribs: list[tuple[float, float]] = [(0, 0), (0.0047, 0), (0.0047, 0.003)]
    for rib in range(4):
        base, wide = 0.003 + 0.003 * rib, 0.0046 - 0.0002 * rib
        ribs += [(wide - 0.0006, base + 0.0003), (wide - 0.0006, base + 0.0011), (wide, base + 0.0014)]
        ribs.append((wide - 0.00006, base + 0.003))
    relief = lathe([*ribs, (RADIUS, 0.0153), (0, 0.0153)], shell, "strain relief", 40)
    relief.location, relief.rotation_euler = (x + facing * 0.002, y, 0.011), (0, -facing * math.pi / 2, 0)


def panel(left: bool, names: str) -> None:
    """Build a jack block with a printed strip that names its jacks."""
    sign = -1 if left else 1
    x = sign * (HALF + 0.045)
    body = painted("jack block", srgb("#2b2f33"), chips=0.4, wear=Wear(0.5, 0.3, 0.4, 0.1))
    block = box((0.042, 5 * PITCH + 0.012, 0.026), (x, 0, 0.013), body, "jack block", 0.002)
    art = Image.new("RGB", (260, 2240), (228, 226, 215))
    draw = ImageDraw.Draw(art)
    for index, name in enumerate(names):
        draw.text(
            (130, 2240 / 5 * (index + 0.5)), name, (22, 24, 30), font("barlow-condensed-700", 250), anchor="mm"
        )
        draw.line((0, 448 * index, 260, 448 * index), fill=(120, 118, 110), width=5)
    strip = printed(f"strip {names}", keep(art, f"strip_{names}"), 0.5, 0.1, size=0.1)
    label(block, strip, 0.0255, 5 * PITCH, (sign * 0.004, 0, 0.01302))
    for index in range(5):
        box(
            (0.006, 0.017, 0.016),
            (x - sign * 0.0205, row(index), 0.011),
            plastic("jack", srgb("#0f1011"), 0.5),
            "jack",
            0.0008,
        )
    steel = metal("block screw", srgb("#a5a49e"), 0.3, Wear(0.5, 0.2, 0.4, 0.02))
    for y in (-1, 1):
        screw = lathe([(0.004, 0), (0.004, 0.0012), (0.003, 0.002), (0, 0.0022)], steel, "block screw", 32)
        screw.location = (x - sign * 0.013, y * (2.5 * PITCH + 0.001), 0.026)


def build(value: Value, rng: random.Random) -> Shot:
    """Run cable C to the asked-for socket across the others."""
    order = order_with(int(str(value)), rng)
    layers = rng.sample(range(5), 5)
    sheath = plastic("sheath", srgb("#8f9294"), 0.48, Wear(0.3, 0.25, 0.5, 0.08), texture=0.2)
    shell = plastic("plug shell", srgb("#5d6164"), 0.5, Wear(0.3, 0.25, 0.4, 0.03), texture=0.2)
    cables: list[Object] = []
    for index, end in enumerate(order):
        path = cable_path(index, end, layers[index], rng)
        cables.append(tube(path, RADIUS, sheath, f"cable {TAGS[index]}", 20, 4))
        plug((-HALF, row(index)), -1, shell)
        plug((HALF, row(end)), 1, shell)
    require_apart(cables)
    panel(True, TAGS)
    panel(False, "12345")
    box(
        (0.62, 0.36, 0.018),
        (0, 0, -0.009),
        wood("board", srgb("#8a6a44"), srgb("#c9a576"), 0.55, stains=0.5),
        "board",
        0.002,
    )
    box(
        (2, 1.4, 0.04),
        (0, 0.1, -0.038),
        plastic("bench", srgb("#4c5658"), 0.5, Wear(0.5, 0.3, 0.4, 0.3)),
        "bench",
        0.002,
    )
    tie = plastic("offcut", srgb("#1d1e20"), 0.5)
    tube([(-0.06, -0.135, 0.0012), (-0.03, -0.13, 0.0016), (0.0, -0.138, 0.0012)], 0.0012, tie, "cable tie", 8)
    surroundings("warehouse", rng.uniform(0, 360), 0.6)
    lamp((-0.35, 0.4, 0.45), size=0.14, watts=7, colour=(1, 0.96, 0.9))
    lamp((0.5, -0.3, 0.6), size=0.4, watts=3.2, colour=(0.86, 0.93, 1))
    camera(View((0.015, -0.28, 0.42), (0.0, -0.008, 0.0), 32, 11, roll_deg=-1.5))
    return Shot(cables, Rule(0.72, 4000), Look(grain=0.009))


SCENE = Scene(
    prompt=Prompt(
        id="SU08",
        title="Trace a cable",
        question=(
            "Into which numbered socket on the right does the cable from jack C on the left lead? Answer only"
            " the number."
        ),
        answer=Answer("integer", 4),
        probes="Following one of five identical cables through several crossings by which lies over which.",
        difficulty="hard",
        tags=("electrics",),
    ),
    build=build,
    variant=lambda rng: rng.choice([1, 2, 4, 5]),
)

"""A painted panel with scratches and a steel rule laid beside them."""

from __future__ import annotations

import math
import random
from itertools import pairwise

from bpy.types import Material, Object
from PIL import Image, ImageDraw, ImageFilter

from scenes.assets import keep
from scenes.entry import Answer, Prompt, Value
from scenes.gallery.ou03_bolt_rule import steel_rule
from scenes.gate import Rule, Unshowable
from scenes.materials import Wear, fabric, metal, painted
from scenes.mesh import box, rod, sheet, tube
from scenes.nodes import Graph, srgb
from scenes.photo import Look
from scenes.scene import Scene, Shot
from scenes.sight import gate_only
from scenes.stage import View, camera, lamp, surroundings

WIDTH, DEPTH, PX = 0.30, 0.22, 12000
LIMIT = 0.050
Line = list[tuple[float, float]]


def lengths(long_ones: int, rng: random.Random) -> list[float]:
    """Return seven lengths in metres, each at least eight millimetres from the limit."""
    pool_long, pool_short = [0.066, 0.072, 0.078, 0.084, 0.090, 0.096], [0.010, 0.015, 0.022, 0.028, 0.034, 0.040]
    chosen = rng.sample(pool_long, long_ones) + rng.sample(pool_short, 7 - long_ones)
    rng.shuffle(chosen)
    return chosen


def scratch(length: float, centre: tuple[float, float], heading: float, rng: random.Random) -> Line:
    """Return a nearly straight line of a length through a centre, in metres."""
    steps, bend = 24, rng.uniform(-0.10, 0.10)
    points = []
    for step in range(steps + 1):
        s = (step / steps - 0.5) * length
        angle = heading + bend * s / length
        points.append((centre[0] + s * math.cos(angle), centre[1] + s * math.sin(angle)))
    return points


def lay_out(sizes: list[float], rng: random.Random) -> list[Line]:
    """Place the scratches apart from each other on the free part of the panel."""
    placed: list[Line] = []
    for size in sizes:
        for _ in range(400):
            centre = (rng.uniform(-0.105, 0.105), rng.uniform(-0.022, 0.082))
            line = scratch(size, centre, rng.gauss(0.15, 0.45), rng)
            inside = all(abs(x) < 0.135 and -0.032 < y < 0.095 for x, y in line)
            if inside and all(_gap(line, other) > 0.011 for other in placed):
                placed.append(line)
                break
        else:
            raise Unshowable("no room for all scratches")
    return placed


def _gap(a: Line, b: Line) -> float:
    return min(math.dist(p, q) for p in a for q in b)


def mask(lines: list[Line], rng: random.Random) -> Image.Image:
    """Draw the scratches with ragged width and tapering ends."""
    art = Image.new("L", (round(WIDTH * PX), round(DEPTH * PX)), 0)
    draw = ImageDraw.Draw(art)
    for line in lines:
        for index, (a, b) in enumerate(pairwise(line)):
            share = min(index, len(line) - 2 - index) / 4
            width = max(6, round((7 + rng.uniform(0, 4)) * min(1.0, 0.7 + share)))
            ends = [((x + WIDTH / 2) * PX, (DEPTH / 2 - y) * PX) for x, y in (a, b)]
            draw.line(ends, fill=255, width=width)
    return art.filter(ImageFilter.GaussianBlur(1.0))


def coated(scratched: Image.Image) -> Material:
    """Return grey textured paint, scratched down to bright metal with raised edges."""
    graph = Graph("panel paint")
    cutting = graph.image(keep(scratched, "scratches"), colour=False)
    where = graph.where(1.0, varied=False)
    peel, broad = graph.noise(where, 900, 3, 0.6), graph.noise(where, 9, 6, 0.6)
    paint = graph.ramp(broad, (0.35, srgb("#5f6b70")), (0.65, srgb("#6a767b")))
    graph.set(
        base_color=graph.mix(cutting, paint, srgb("#c9c8c2")), metallic=graph.math("MULTIPLY", cutting, 0.85)
    )
    graph.set(roughness=graph.remap(cutting, 0.0, 1.0, 0.42, 0.3))
    deep = graph.bump(graph.math("SUBTRACT", 1.0, cutting), 0.7, 0.0002)
    return graph.set(normal=graph.bump(peel, 0.22, 0.00022, deep))


def stand_in(line: Line, index: int) -> Object:
    """Return the unrendered strip that shows that a scratch is in sight."""
    strip = tube([(x, y, 0.0203) for x, y in line[::6]], 0.0004, None, f"scratch {index}", 6, 2)
    return gate_only(strip)


def build(value: Value, rng: random.Random) -> Shot:
    """Scratch the panel so that the asked-for number exceeds 50 mm."""
    lines = lay_out(lengths(int(str(value)), rng), rng)
    sheet(WIDTH, DEPTH, coated(mask(lines, rng)), "panel face").location.z = 0.0201
    edge = painted("panel edge", srgb("#616d72"), chips=0.6, wear=Wear(0.4, 0.2, 0.4, 0.1))
    box((WIDTH + 0.001, DEPTH + 0.001, 0.02), (0, 0, 0.01), edge, "panel", 0.0012)
    rule = steel_rule()
    rule.location, rule.rotation_euler = (0.002, -0.060, 0.0207), (0, 0, 0.035)
    box((1.4, 1.0, 0.03), (0, 0.1, -0.015), fabric("bench felt", srgb("#54463a"), 0.0012), "bench")
    rod((0.19, -0.12, 0.007), (0.17, 0.1, 0.007), 0.0065, metal("torch", srgb("#2d2f33"), 0.35), "torch", 0.002)
    surroundings("warehouse", rng.uniform(0, 360), 0.55)
    lamp((-0.35, 0.30, 0.24), (0, 0, 0.02), 0.1, 3.2, (0.96, 0.98, 1))
    lamp((0.4, -0.3, 0.5), (0, 0, 0.02), 0.4, 2.2, (1, 0.95, 0.88))
    camera(View((0.012, -0.03, 0.38), (0.0, 0.004, 0.02), 40, 11, roll_deg=-3, up=(0, 1, 0)))
    return Shot([stand_in(line, index) for index, line in enumerate(lines)], Rule(0.95, 60), Look(grain=0.008))


SCENE = Scene(
    prompt=Prompt(
        id="DD07",
        title="Scratches over the limit",
        question=(
            "A scratch longer than 50 mm fails inspection. Judging by the steel rule (marked in mm), how many "
            "of the scratches on the grey panel fail? Answer only a number."
        ),
        answer=Answer("integer", 3),
        probes="Carrying a scale from the rule to seven scratches; every length is at least 10 mm from the limit.",
        difficulty="hard",
        tags=("metalwork", "measuring"),
    ),
    build=build,
    variant=lambda rng: rng.randint(2, 5),
)

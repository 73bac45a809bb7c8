"""A demonstration train of five numbered gears."""

from __future__ import annotations

import math
import random

from bpy.types import Material, Object
from PIL import Image, ImageDraw

from scenes.assets import font, keep
from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule
from scenes.gears import involute_outline, meshing_turn
from scenes.materials import Wear, metal, plastic, wood
from scenes.mesh import box, cut, cylinder, extrude, lathe, merged, sheet
from scenes.nodes import Graph, srgb
from scenes.photo import Look
from scenes.scene import Scene, Shot
from scenes.sight import see_through
from scenes.stage import View, camera, lamp, surroundings

MODULE, THICK = 0.0026, 0.007
LOW, HIGH = 0.004, 0.0145
FIGURES = {1: (0.0, -0.0135), 2: (-0.028, -0.010), 3: (0.0, -0.0125), 4: (0.0, -0.0165), 5: (0.0, -0.0135)}
"""Where each gear's number stands from its centre."""
TEETH = {1: 18, 2: 30, 3: 14, 4: 24, 5: 16}


def gear(number: int, brass: Material) -> Object:
    """Return a gear lying on z = 0: teeth, four lightening holes if large, hub and bore."""
    teeth = TEETH[number]
    wheel = extrude(involute_outline(teeth, MODULE), THICK, brass, f"gear {number}")
    radius = MODULE * teeth / 2
    tools = [cylinder(0.0041, 0.03, None, "bore", segments=40)]
    tools[0].location.z = -0.01
    if teeth > 20 and number not in (2, 4):
        for turn in range(5):
            hole = cylinder(radius * 0.17, 0.03, None, "hole", segments=40)
            angle = math.tau * (turn + 0.5) / 5
            hole.location = (radius * 0.62 * math.cos(angle), radius * 0.62 * math.sin(angle), -0.01)
            tools.append(hole)
    cut(wheel, merged(tools))
    hub = lathe(
        [
            (0.0041, THICK - 0.001),
            (0.0085, THICK - 0.001),
            (0.0085, THICK + 0.0016),
            (0.008, THICK + 0.002),
            (0.0041, THICK + 0.002),
        ],
        brass,
        "hub",
        64,
    )
    hub.parent = wheel
    return wheel


def painted_mark(name: str, art: Image.Image, colour: str) -> Material:
    """Return thin paint in the shape of a mask."""
    graph = Graph(name)
    mask = graph.image(keep(art, name), colour=False)
    worn = graph.noise(graph.where(1.0), 900, 5, 0.7)
    graph.set(base_color=srgb(colour), roughness=0.5)
    graph.set(alpha=graph.math("MULTIPLY", mask, graph.remap(worn, 0.30, 0.36, 0.7, 1.0)))
    return graph.material


def number_mark(number: int) -> Material:
    """Return a painted figure."""
    art = Image.new("L", (256, 256), 0)
    ImageDraw.Draw(art).text((128, 124), str(number), 255, font("barlow-condensed-700", 240), anchor="mm")
    return painted_mark(f"figure_{number}", art, "#0c0c0d")


def arrow_mark(clockwise: bool) -> Material:
    """Return a painted arc with an arrow head, seen from above."""
    art = Image.new("L", (1024, 1024), 0)
    draw = ImageDraw.Draw(art)
    draw.arc((150, 150, 874, 874), 205, 335, fill=255, width=58)
    end = math.radians(335 if clockwise else 205)
    x, y, way = 512 + 333 * math.cos(end), 512 + 333 * math.sin(end), 1 if clockwise else -1
    ahead = (-math.sin(end) * way, math.cos(end) * way)
    out = (math.cos(end), math.sin(end))
    tip = (x + ahead[0] * 135, y + ahead[1] * 135)
    draw.polygon([tip, (x + out[0] * 92, y + out[1] * 92), (x - out[0] * 92, y - out[1] * 92)], fill=255)
    return painted_mark("turn_arrow", art, "#c21f1a")


def build(value: Value, rng: random.Random) -> Shot:
    """Lay the train: 1 drives 2, 3 sits above 2 on its shaft, 3 drives 4, 4 drives 5."""
    brass = metal("brass", srgb("#b59a5b"), 0.26, Wear(0.5, 0.03, 0.3, 0.05), grain=0.12)
    steel = metal("shaft", srgb("#b4b4b2"), 0.25, Wear(0.5, 0.1, 0.4, 0.03))
    reach = {pair: MODULE * (TEETH[pair[0]] + TEETH[pair[1]]) / 2 + 0.0002 for pair in ((1, 2), (3, 4), (4, 5))}
    headings = {(1, 2): math.radians(-10), (3, 4): math.radians(22), (4, 5): math.radians(-48)}
    places = {1: (-0.094, 0.010)}
    for (a, b), heading in headings.items():
        if a == 3:
            places[3] = places[2]
        x, y = places[a]
        places[b] = (x + reach[a, b] * math.cos(heading), y + reach[a, b] * math.sin(heading))
    turns = {1: rng.uniform(0, 1)}
    turns[2] = meshing_turn(turns[1], TEETH[1], TEETH[2], headings[1, 2])
    turns[3] = rng.uniform(0, 1)
    turns[4] = meshing_turn(turns[3], TEETH[3], TEETH[4], headings[3, 4])
    turns[5] = meshing_turn(turns[4], TEETH[4], TEETH[5], headings[4, 5])
    gears = []
    for number in TEETH:
        wheel = gear(number, brass)
        level = LOW if number < 3 else HIGH
        wheel.location, wheel.rotation_euler = (*places[number], level), (0, 0, turns[number])
        gears.append(wheel)
        shaft = cylinder(0.004, level + THICK + 0.008, steel, "shaft", 0.0006)
        shaft.location = (*places[number], 0)
        figure = see_through(sheet(0.0165, 0.0165, number_mark(number), f"figure {number}"))
        right, up = FIGURES[number]
        figure.location = (places[number][0] + right, places[number][1] + up, level + THICK + 0.0001)
    clockwise = value == "counter-clockwise"
    arc = see_through(sheet(0.052, 0.052, arrow_mark(clockwise), "turn arrow"))
    arc.location = (*places[1], LOW + THICK + 0.00015)
    base = wood("base board", srgb("#5a3a20"), srgb("#a5733f"), 0.35, stains=0.25)
    box((0.29, 0.145, 0.018), (-0.004, -0.004, -0.009), base, "base board", 0.003)
    box(
        (1.4, 1.0, 0.03),
        (0, 0.1, -0.033),
        plastic("bench", srgb("#37474d"), 0.45, Wear(0.5, 0.3, 0.5, 0.25)),
        "bench",
        0.002,
    )
    for x in (-0.139, 0.131):
        for y in (-0.066, 0.058):
            screw = lathe([(0.0045, 0), (0.0045, 0.0005), (0.003, 0.0022), (0, 0.0026)], steel, "wood screw", 40)
            screw.location = (x, y, 0)
    surroundings("workshop", rng.uniform(0, 360), 0.6)
    lamp((-0.3, 0.3, 0.35), size=0.14, watts=4.4, colour=(1, 0.95, 0.87))
    lamp((0.4, -0.2, 0.45), size=0.35, watts=2.4, colour=(0.86, 0.93, 1))
    camera(View((-0.012, -0.135, 0.235), (-0.014, -0.006, 0.006), 40, 11, roll_deg=1.5))
    return Shot(gears, Rule(0.3, 3000), Look(grain=0.008))


SCENE = Scene(
    prompt=Prompt(
        id="SU16",
        title="Direction in a gear chain",
        question=(
            "Gear 1 meshes with gear 2; gears 2 and 3 are fixed to the same shaft; gear 3 meshes with 4, "
            "and 4 with 5. Gear 1 turns in the direction of its red arrow. Seen from above, does gear 5 turn "
            "clockwise or counter-clockwise? Answer only clockwise or counter-clockwise."
        ),
        answer=Answer(
            "choice",
            "clockwise",
            {
                "options": ["clockwise", "counter-clockwise"],
                "synonyms": {"clockwise": ["cw"], "counter-clockwise": ["ccw", "anticlockwise", "anti-clockwise"]},
            },
        ),
        probes="Counting meshes, and treating two gears on one shaft as one.",
        difficulty="hard",
        tags=("mechanics",),
    ),
    build=build,
    variant=lambda rng: rng.choice(["clockwise", "counter-clockwise"]),
)

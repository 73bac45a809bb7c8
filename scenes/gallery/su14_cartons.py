"""Nine cartons in a van, some with their arrows not pointing upwards."""

from __future__ import annotations

import math
import random

from bpy.types import Material, Object
from PIL import Image, ImageDraw, ImageFilter

from scenes.assets import font, keep
from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule
from scenes.materials import Wear, cardboard, fabric, film, metal, painted, plastic, wood
from scenes.mesh import box, rod, sheet
from scenes.nodes import Graph, srgb
from scenes.photo import Look
from scenes.scene import Scene, Shot
from scenes.sight import require_apart, see_through
from scenes.stage import View, camera, lamp, surroundings

SIDE = 0.34


def print_art(number: int) -> Image.Image:
    """Draw a carton's print as a mask: two arrows over a bar, the words and a maker's name."""
    art = Image.new("L", (900, 900), 0)
    draw = ImageDraw.Draw(art)
    for x in (300, 600):
        draw.polygon(
            [(x, 150), (x - 95, 300), (x - 42, 300), (x - 42, 470), (x + 42, 470), (x + 42, 300), (x + 95, 300)],
            fill=235,
        )
    draw.rectangle((170, 500, 730, 534), fill=235)
    draw.text((450, 612), "THIS WAY UP", 235, font("barlow-condensed-700", 118), anchor="mm")
    draw.text(
        (450, 740),
        ("HARROWBY GLASS", "TARN OPTICAL", "WENDLEBRO")[number % 3],
        220,
        font("oswald-500", 66),
        anchor="mm",
    )
    draw.text(
        (450, 820), f"ART {4100 + 37 * number}   12 x 0.7 l", 210, font("barlow-condensed-400", 50), anchor="mm"
    )
    return art.filter(ImageFilter.GaussianBlur(1.2))


def ink(number: int) -> Material:
    """Return flexo print, a little broken, on nothing."""
    graph = Graph(f"print {number}")
    mask = graph.image(keep(print_art(number), f"carton_{number}"), colour=False)
    fibre = graph.noise(graph.where(1.0), 260, 5, 0.8)
    graph.set(base_color=srgb(("#1b2a4a", "#2a1a14", "#5a1414")[number % 3]), roughness=0.8)
    graph.set(alpha=graph.math("MULTIPLY", mask, graph.remap(fibre, 0.36, 0.55, 0.45, 0.93)))
    return graph.material


def carton(number: int, card: Material, turn: float, name: str) -> Object:
    """Return a carton whose print on the near side is turned; its tape runs with the print."""
    body = box((SIDE, SIDE, SIDE), (0, 0, 0), card, name, 0.004)
    front = sheet(SIDE * 0.86, SIDE * 0.86, ink(number), f"{name} print")
    front.parent, front.location, front.rotation_euler = body, (0, -SIDE / 2 - 0.0012, 0), (math.pi / 2, turn, 0)
    tape = see_through(sheet(0.052, SIDE * 0.3, film("tape", (0.75, 0.58, 0.38), 0.2, 0.12, 1.5), f"{name} tape"))
    tape.parent, tape.rotation_euler = body, (math.pi / 2, turn, 0)
    tape.location = (math.sin(turn) * SIDE * 0.35, -SIDE / 2 - 0.0008, math.cos(turn) * SIDE * 0.35)
    return body


def van() -> None:
    """Build the load space: ribbed floor, plywood sides, back wall and a lashing rail."""
    ply = wood("plywood", srgb("#8b6a42"), srgb("#c9a574"), 0.6, stains=0.35)
    steel = painted("van white", srgb("#c9ccca"), chips=0.5, wear=Wear(0.5, 0.35, 0.5, 0.5))
    box(
        (2.4, 3.0, 0.04),
        (0, -0.6, -0.02),
        plastic("floor", srgb("#4a4c4d"), 0.6, Wear(0.9, 0.6, 0.6, 0.3), texture=0.5),
        "floor",
    )
    for index in range(-5, 6):
        box(
            (0.03, 3.0, 0.006),
            (index * 0.17, -0.6, 0.001),
            metal("rib", srgb("#8e8e8c"), 0.4, Wear(0.8, 0.3, 0.5, 0.2)),
            "rib",
        )
    for sign in (-1, 1):
        box((0.03, 3.0, 0.9), (sign * 0.84, -0.6, 0.45), ply, "side lining", 0.002)
        box((0.05, 3.0, 1.2), (sign * 0.88, -0.6, 1.45), steel, "side", 0.01)
        rod(
            (sign * 0.80, -2, 0.93),
            (sign * 0.80, 0.5, 0.93),
            0.014,
            metal("rail", srgb("#9a9a98"), 0.35),
            "lashing rail",
        )
    box((1.9, 0.04, 2.2), (0, 0.47, 1.1), ply, "bulkhead", 0.003)


def build(value: Value, rng: random.Random) -> Shot:
    """Stack three by three cartons and turn the asked-for number of them."""
    wrong = set(rng.sample(range(9), int(str(value))))
    cards = [cardboard(f"card {i}", srgb(code)) for i, code in enumerate(("#a8814f", "#b08a58", "#9c7546"))]
    turns = [math.pi / 2, math.pi, -math.pi / 2, math.pi / 2]
    cartons = []
    for index in range(9):
        turn = rng.choice(turns) if index in wrong else 0.0
        body = carton(rng.randrange(9), rng.choice(cards), turn, f"carton {index}")
        column, level = index % 3, index // 3
        x = (column - 1) * (SIDE + 0.016) + rng.uniform(-0.006, 0.006)
        body.location = (x, 0.19 + rng.uniform(-0.035, 0.03), SIDE / 2 + 0.006 + level * (SIDE + 0.0006))
        body.rotation_euler.z = rng.uniform(-0.018, 0.018)
        cartons.append(body)
    require_apart(cartons)
    van()
    strap = plastic("strap", srgb("#c7641b"), 0.7, Wear(0.4, 0.3, 0.4, 0.1))
    box((1.66, 0.003, 0.03), (0, -0.75, 0.012), strap, "strap on the floor", 0.001, (0, 0, 0.12))
    box(
        (0.5, 0.42, 0.05),
        (0.52, -0.62, 0.03),
        fabric("blanket", srgb("#44566b"), 0.002),
        "blanket",
        0.02,
        (0, 0, 0.35),
    )
    surroundings("hall", rng.uniform(0, 360), 0.35)
    lamp((0.2, -1.6, 2.1), (0, 0.2, 0.4), 0.9, 46, (0.9, 0.95, 1))
    lamp((-0.6, -0.3, 1.9), (-0.2, 0.2, 0.4), 0.15, 14, (1, 0.93, 0.82))
    camera(View((-0.24, -1.72, 0.93), (0.02, 0.1, 0.50), 32, 6.3, roll_deg=-2))
    prints = [child for body in cartons for child in body.children if child.name.endswith("print")]
    return Shot(prints, Rule(0.7, 6000), Look(grain=0.012))


SCENE = Scene(
    prompt=Prompt(
        id="SU14",
        title="Cartons lying wrong",
        question="How many of the nine cartons have arrows that do not point upwards? Answer only a number.",
        answer=Answer("integer", 4),
        probes="Arrows turned by a quarter and by a half among upright ones.",
        difficulty="easy",
        tags=("logistics",),
    ),
    build=build,
    variant=lambda rng: rng.randint(2, 6),
)

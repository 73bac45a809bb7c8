"""Six open ball bearings, one with a ball missing."""

from __future__ import annotations

import math
import random

from bpy.types import Material, Object
from PIL import Image, ImageDraw

from scenes.assets import font, keep
from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule
from scenes.materials import Wear, cardboard, fabric, metal, plastic, printed
from scenes.mesh import box, copy, discard, group, lathe, sheet
from scenes.nodes import srgb
from scenes.photo import Look
from scenes.scene import Scene, Shot
from scenes.stage import View, camera, lamp, surroundings

LETTERS = "ABCDEF"
OUTER, BORE, TRACK, BALL, HALF = 0.0215, 0.0085, 0.0150, 0.0031, 0.0055
BALLS = 8


def races(steel: Material) -> list[Object]:
    """Return the grooved outer and inner rings, lying flat."""
    arc = [math.radians(d) for d in range(-40, 41, 10)]
    groove = BALL * 1.06
    outside = [
        (OUTER, -HALF + 0.0004),
        (OUTER, HALF - 0.0004),
        (OUTER - 0.0004, HALF),
        (TRACK + 0.0030, HALF),
        (TRACK + 0.0027, HALF - 0.0006),
    ]
    outside += [(TRACK + groove * math.cos(a), -groove * math.sin(a)) for a in arc]
    outside += [
        (TRACK + 0.0027, -HALF + 0.0006),
        (TRACK + 0.0030, -HALF),
        (OUTER - 0.0004, -HALF),
        (OUTER, -HALF + 0.0004),
    ]
    inside = [
        (BORE, -HALF + 0.0004),
        (BORE + 0.0004, -HALF),
        (TRACK - 0.0030, -HALF),
        (TRACK - 0.0027, -HALF + 0.0006),
    ]
    inside += [(TRACK - groove * math.cos(a), groove * math.sin(a)) for a in arc]
    inside += [
        (TRACK - 0.0027, HALF - 0.0006),
        (TRACK - 0.0030, HALF),
        (BORE + 0.0004, HALF),
        (BORE, HALF - 0.0004),
        (BORE, -HALF + 0.0004),
    ]
    return [lathe(outside, steel, "outer race", 128, 30), lathe(inside, steel, "inner race", 128, 30)]


def ball_turns(count: int, rng: random.Random, uneven: bool) -> list[float]:
    """Return the balls' angles: about even, loosely spread, or with one wide gap when one is missing."""
    start = rng.uniform(0, math.tau)
    step = math.tau / BALLS
    if count < BALLS:
        return [start + step * i + rng.uniform(-0.05, 0.05) for i in range(count)]
    if uneven:
        squeezed = step * 0.88
        return [start + squeezed * i for i in range(count)]
    return [start + step * i + rng.uniform(-0.06, 0.06) for i in range(count)]


def tray_card() -> Image.Image:
    """Draw the letters printed on the insert below each place."""
    art = Image.new("RGB", (1600, 1280), (52, 66, 62))
    draw = ImageDraw.Draw(art)
    for index, letter in enumerate(LETTERS):
        x, y = place(index)
        draw.text(
            (800 + x * 10000, 640 - (y + (0.0335 if index < 3 else 0.0298)) * 10000),
            letter,
            (226, 222, 205),
            font("barlow-condensed-600", 92),
            anchor="mm",
        )
    return art


def place(index: int) -> tuple[float, float]:
    """Return where a bearing lies; A to C in the far row from the left, D to F in the near row."""
    return (index % 3 - 1) * 0.052, 0.0245 - 0.061 * (index // 3)


def build(value: Value, rng: random.Random) -> Shot:
    """Lay out six bearings and take one ball from the asked-for one."""
    steel = metal("race steel", srgb("#b9b9b6"), 0.2, Wear(0.4, 0.02, 0.2, 0.03), grain=0.08)
    chrome = metal("ball steel", srgb("#c9c9c8"), 0.1, Wear(0.1, 0.03, 0.2, 0.02), grain=0.02)
    rings = races(steel)
    sphere = lathe(
        [(BALL * math.sin(a), -BALL * math.cos(a)) for a in (math.pi * i / 20 for i in range(21))],
        chrome,
        "ball",
        40,
        180,
    )
    decoys = rng.sample([c for c in LETTERS if c != value], 2)
    balls = []
    for index, letter in enumerate(LETTERS):
        x, y = place(index)
        count = BALLS - 1 if letter == value else BALLS
        parts = [copy(ring, f"{ring.name} {letter}", (0, 0, 0), (0, 0, 0)) for ring in rings]
        for number, turn in enumerate(ball_turns(count, rng, letter in decoys)):
            item = copy(sphere, f"ball {letter}{number}", (TRACK * math.cos(turn), TRACK * math.sin(turn), 0))
            parts.append(item)
            balls.append(item)
        group(
            f"bearing {letter}",
            parts,
            (x + rng.uniform(-0.001, 0.001), y + rng.uniform(-0.001, 0.001), HALF + 0.0006),
            (0, 0, rng.uniform(0, 6)),
        )
    discard(sphere, *rings)
    card = sheet(0.160, 0.128, printed("insert", keep(tray_card(), "insert"), 0.8, 0.5, 0.2, 0.1), "insert")
    card.location.z = 0.0004
    edge = plastic("tray", srgb("#2b2e31"), 0.5, Wear(0.6, 0.3, 0.5, 0.1), texture=0.5)
    for sign in (-1, 1):
        box((0.176, 0.008, 0.012), (0, sign * 0.068, 0.004), edge, "tray side", 0.002)
        box((0.008, 0.136, 0.012), (sign * 0.084, 0, 0.004), edge, "tray end", 0.002)
    box((0.17, 0.138, 0.003), (0, 0, -0.0018), edge, "tray floor")
    box((1.2, 0.9, 0.02), (0, 0.1, -0.0133), fabric("cloth", srgb("#7b7468"), 0.0008), "bench cloth")
    box(
        (0.07, 0.07, 0.03),
        (0.13, 0.09, 0.012),
        cardboard("bearing box", srgb("#2f5f9a")),
        "bearing box",
        0.001,
        (0, 0, 0.4),
    )
    grease = lathe(
        [(0, 0), (0.02, 0), (0.02, 0.03), (0.019, 0.031), (0, 0.031)],
        plastic("tin", srgb("#b9882a"), 0.35),
        "grease",
        64,
    )
    grease.location = (-0.115, 0.095, -0.0033)
    surroundings("workshop", rng.uniform(0, 360), 0.65)
    lamp((-0.2, 0.24, 0.3), size=0.12, watts=2.8, colour=(1, 0.96, 0.9))
    lamp((0.3, -0.2, 0.4), size=0.35, watts=1.8, colour=(0.86, 0.93, 1))
    camera(View((0.010, -0.080, 0.225), (0.0, -0.002, 0), 43, 11, roll_deg=2.5))
    return Shot(balls, Rule(0.4, 250), Look(grain=0.008))


SCENE = Scene(
    prompt=Prompt(
        id="DD05",
        title="Bearing with a missing ball",
        question=(
            "One of the six bearings has fewer balls than the others. Which letter is printed above it? "
            "Answer only the letter."
        ),
        answer=Answer("choice", "D", {"options": list(LETTERS)}),
        probes="Fine counting in six places and comparison; unevenly spread balls in two good bearings as decoys.",
        difficulty="hard",
        tags=("bearings", "workshop"),
    ),
    build=build,
    variant=lambda rng: rng.choice(LETTERS),
)

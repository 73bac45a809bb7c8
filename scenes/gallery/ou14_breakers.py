"""A distribution board with handwritten circuit labels and one breaker switched off."""

from __future__ import annotations

import math
import random

from bpy.types import Object
from PIL import Image, ImageDraw

from scenes.assets import font, keep
from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule
from scenes.materials import Wear, metal, painted, plastic, printed
from scenes.mesh import box, group, label, lathe, rod, tube
from scenes.nodes import srgb
from scenes.photo import Look
from scenes.scene import Scene, Shot
from scenes.stage import View, camera, lamp, surroundings

CIRCUITS = [
    "Lights shop", "Sockets N", "Pump 1", "Pump 2", "Heater", "Compressor",
    "Lights yard", "Sockets S", "Fan 1", "Fan 2", "Boiler", "Door motor",
]  # fmt: skip
PITCH, ROW_GAP = 0.018, 0.125
BODY = (0.0176, 0.0445, 0.082)


def breaker(is_on: bool, parts: list[Object], at: tuple[float, float]) -> Object:
    """Add one breaker standing off the rail (facing -y) and return its toggle."""
    white = plastic("breaker", srgb("#d9d8d2"), 0.42, Wear(0.3, 0.25, 0.4, 0.04), texture=0.2)
    x, z = at
    parts.append(box(BODY, (x, 0, z), white, "breaker", 0.0008))
    parts.append(box((BODY[0] - 0.0004, 0.022, 0.045), (x, -0.0270, z), white, "nose", 0.0012))
    black = plastic("toggle", srgb("#17181a"), 0.4, Wear(0.3, 0.2, 0.4, 0.02))
    slot = box((0.009, 0.001, 0.022), (x, -0.0381, z), plastic("slot", srgb("#3b3c3e"), 0.6), "slot")
    parts.append(slot)
    lean = math.radians(34 if is_on else -34)
    toggle = box(
        (0.0076, 0.017, 0.0095),
        (x, -0.0425, z + (0.0055 if is_on else -0.0055)),
        black,
        "toggle",
        0.0014,
        (lean, 0, 0),
    )
    parts.append(toggle)
    for sign in (-1, 1):
        screw = rod(
            (x, -0.0215, z + sign * 0.032),
            (x, -0.0226, z + sign * 0.032),
            0.0032,
            metal("terminal", srgb("#a8a7a1"), 0.35),
            "terminal",
        )
        parts.append(screw)
    return toggle


def rating_art() -> Image.Image:
    """Draw the print on a breaker's nose."""
    art = Image.new("RGB", (170, 120), (217, 216, 210))
    draw = ImageDraw.Draw(art)
    draw.text((85, 36), "HALDEN", (40, 60, 110), font("barlow-condensed-600", 40), anchor="mm")
    draw.text((85, 84), "C16", (30, 30, 32), font("barlow-condensed-600", 48), anchor="mm")
    return art


def strip_art(names: list[str], rng: random.Random) -> Image.Image:
    """Write the names of six circuits on a paper strip, one per two-module width."""
    art = Image.new("RGB", (6 * 520, 330), (238, 235, 222))
    draw = ImageDraw.Draw(art)
    for index, name in enumerate(names):
        x = index * 520
        draw.line((x, 0, x, 330), fill=(120, 118, 110), width=4)
        size = 128 if len(name) < 9 else 104
        words = name.split(" ")
        ink = (26, 34, 96)
        lines = (
            [name]
            if len(name) < 8
            else [" ".join(words[:-1]) or words[0], words[-1]]
            if len(words) > 1
            else [name]
        )
        for row, line in enumerate(lines):
            y = 165 + (row - (len(lines) - 1) / 2) * 122 + rng.uniform(-8, 8)
            draw.text((x + 260 + rng.uniform(-14, 14), y), line, ink, font("patrick-hand-400", size), anchor="mm")
    draw.rectangle((0, 0, art.width - 1, 329), outline=(120, 118, 110), width=6)
    return art


def build(value: Value, rng: random.Random) -> Shot:
    """Switch off the breaker that belongs to the asked-for label; each label stands below its breaker."""
    names = CIRCUITS.copy()
    rng.shuffle(names)
    off = names.index(str(value))
    parts: list[Object] = []
    toggles = []
    rating = printed("rating", keep(rating_art(), "rating"), 0.5, 0.05)
    strips = []
    for row in range(2):
        z = ROW_GAP / 2 - row * ROW_GAP + 0.012
        for index in range(6):
            x = (index - 2.5) * PITCH * 2
            toggles.append(breaker(row * 6 + index != off, parts, (x - PITCH / 2, z)))
            blank = plastic("neutral", srgb("#cfd3d6"), 0.42, Wear(0.3, 0.25, 0.4, 0.04), texture=0.2)
            parts.append(box(BODY, (x + PITCH / 2, 0, z), blank, "neutral", 0.0008))
            parts.append(
                box((BODY[0] - 0.0004, 0.020, 0.043), (x + PITCH / 2, -0.0265, z), blank, "neutral nose", 0.0012)
            )
            mark = label(parts[-1], rating, 0.0125, 0.0085, (-PITCH, -0.01165, 0.0165), (math.pi / 2, 0, 0))
            mark.name = "rating"
        art = printed(
            f"strip {row}", keep(strip_art(names[row * 6 : row * 6 + 6], rng), f"strip{row}"), 0.7, 0.4, size=0.1
        )
        paper = box(
            (6 * PITCH * 2, 0.0008, 0.0228),
            (0, -0.0228, z - 0.056),
            plastic("strip", srgb("#e6e3d6"), 0.6),
            "strip",
        )
        parts.append(paper)
        strips.append(label(paper, art, 6 * PITCH * 2 - 0.0005, 0.0224, (0, -0.00045, 0), (math.pi / 2, 0, 0)))
    shell = painted("door", srgb("#c3c6c3"), chips=0.35, wear=Wear(0.4, 0.3, 0.4, 0.15))
    width, height = 0.29, 0.34
    box((width, 0.004, height), (0, 0.024, 0), plastic("back", srgb("#2a2c2e"), 0.6), "back plate")
    for sign in (-1, 1):
        box((0.03, 0.06, height), (sign * (width / 2 + 0.001), -0.004, 0), shell, "side", 0.003)
        box((width + 0.03, 0.06, 0.034), (0, -0.004, sign * (height / 2)), shell, "top", 0.003)
        box((0.225, 0.006, 0.010), (0, -0.0185, 0.118 if sign > 0 else -0.148), shell, "cover lip", 0.001)
    box(
        (3, 0.04, 3),
        (0, 0.06, 0),
        painted("wall", srgb("#a7a294"), srgb("#8d897e"), 0.4, Wear(0.3, 0.3, 0.4, 0.5)),
        "wall",
    )
    for x in (-0.09, 0.03, 0.08):
        tube(
            [(x, 0.0, 0.18), (x + 0.004, 0.002, 0.4), (x, 0.02, 0.8)],
            0.011,
            plastic("conduit", srgb("#8b8f91"), 0.45),
            "conduit",
        )
    hinge = lathe(
        [(0, -0.03), (0.005, -0.03), (0.005, 0.03), (0, 0.03)], metal("hinge", srgb("#8e8d88"), 0.4), "hinge"
    )
    hinge.location = (-width / 2 - 0.018, -0.03, 0.08)
    group("board", parts)
    surroundings("warehouse", rng.uniform(0, 360), 0.5)
    lamp((-0.35, -0.55, 0.5), (0, 0, 0), 0.12, 6.0, (1, 0.95, 0.88))
    lamp((0.5, -0.5, -0.05), (0, 0, 0), 0.4, 1.8, (0.85, 0.92, 1))
    camera(View((0.07, -0.44, 0.045), (0.004, -0.01, 0.002), 44, 9, roll_deg=2))
    return Shot([*toggles, *strips], Rule(0.35, 350), Look(grain=0.01))


SCENE = Scene(
    prompt=Prompt(
        id="OU14",
        title="Tripped breaker",
        question=(
            "One breaker on this board is switched off (its lever is down). Each handwritten label belongs to the "
            "breaker directly above it. What is written on the label of the breaker that is off? Answer only the "
            "label text."
        ),
        answer=Answer("text", "Pump 2"),
        probes="A small state among twelve, then binding the lever to handwritten text below it.",
        difficulty="medium",
        tags=("electrics", "handwriting"),
    ),
    build=build,
    variant=lambda rng: rng.choice(CIRCUITS),
)

"""A bench scale with a bag of screws on its pan."""

from __future__ import annotations

import math
import random

from bpy.types import Object
from PIL import Image, ImageDraw

from scenes.assets import font, keep
from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule
from scenes.hardware import hex_bolt
from scenes.materials import Wear, cardboard, metal, painted, plastic, printed, wood
from scenes.mesh import box, copy, cylinder, discard, group, label, rod, sheet, tube
from scenes.nodes import Graph, srgb
from scenes.photo import Look
from scenes.physics import Drop, settle
from scenes.scene import Scene, Shot
from scenes.stage import View, camera, lamp, surroundings

SCREEN = (0.094, 0.034)


def display(text: str) -> Image.Image:
    """Draw a reflective LCD: dark segments, faint unlit ones, the unit and the stable mark."""
    art = Image.new("RGB", (1410, 510), (148, 160, 132))
    draw = ImageDraw.Draw(art)
    face = font("DSEG7Classic-Bold", 250)
    ghost, ink = (138, 150, 123), (26, 32, 24)
    right = 1130
    plain = text.replace(".", "")
    width = face.getlength("8")
    for index in range(5):
        draw.text((right - width * (index + 1) * 1.06, 130), "8", ghost, face)
    for index, digit in enumerate(reversed(plain)):
        draw.text((right - width * (index + 1) * 1.06, 130), digit, ink, face)
    decimals = len(text.split(".")[1])
    x = right - width * decimals * 1.06 - 12
    draw.rectangle((x - 26, 352, x + 6, 384), fill=ink)
    draw.text((1160, 290), "kg", ink, font("barlow-condensed-600", 150))
    draw.text((60, 40), "NET", ink, font("barlow-condensed-600", 74))
    draw.ellipse((1230, 60, 1280, 110), outline=ink, width=10)
    draw.text((420, 40), "TARE", ink, font("barlow-condensed-600", 74))
    return art


def panel(text: str) -> list[Object]:
    """Return the indicator head, facing +z with +y up: case, bezel, LCD, window and keys."""
    shell = plastic("indicator", srgb("#d3d3cc"), 0.42, Wear(0.5, 0.3, 0.6, 0.1), texture=0.3)
    dark = plastic("bezel", srgb("#23262b"), 0.35, Wear(0.4, 0.3, 0.5, 0.08))
    parts = [
        box((0.20, 0.098, 0.04), (0, 0, -0.02), shell, "case", 0.008),
        box((0.182, 0.080, 0.001), (0, 0, 0.0002), dark, "bezel", 0.0004),
    ]
    lcd = Graph("lcd")
    lcd.set(base_color=lcd.image(keep(display(text), "lcd")), roughness=0.22, specular_ior_level=0.4)
    glass = sheet(*SCREEN, lcd.material, "lcd")
    glass.location = (-0.032, 0.012, 0.0009)
    parts.append(glass)
    art = Image.new("RGB", (900, 120), (35, 38, 43))
    ImageDraw.Draw(art).text(
        (20, 60),
        "MARLOCK  BW-30   Max 30 kg  e=0.01 kg",
        (205, 205, 198),
        font("barlow-condensed-500", 62),
        anchor="lm",
    )
    parts.append(
        label(
            parts[1], printed("brand", keep(art, "scale_brand"), 0.4, 0.05), 0.09, 0.012, (-0.034, -0.024, 0.0007)
        )
    )
    for index, name in enumerate(("ZERO", "TARE", "UNIT", "OFF")):
        key = box(
            (0.019, 0.012, 0.0024),
            (0.040 + 0.027 * (index % 2), 0.016 - 0.022 * (index // 2), 0.0016),
            plastic("key", srgb("#6d7a86"), 0.5),
            "key",
            0.001,
        )
        word = Image.new("RGB", (190, 120), (109, 122, 134))
        ImageDraw.Draw(word).text((95, 60), name, (245, 245, 240), font("barlow-condensed-600", 66), anchor="mm")
        label(key, printed(f"key {name}", keep(word, f"key_{name}"), 0.5, 0.05), 0.0172, 0.0102, (0, 0, 0.00122))
        parts.append(key)
    return parts


def bag(rng: random.Random) -> tuple[list[Object], list[Object]]:
    """Return an open carton and the bolts that will fall into it."""
    card = cardboard("tray", srgb("#a98352"))
    walls = [
        box((0.15, 0.11, 0.003), (0, 0, 0.0885), card, "carton base"),
        box((0.15, 0.003, 0.05), (0, 0.0535, 0.113), card, "carton wall", 0.001),
        box((0.15, 0.003, 0.05), (0, -0.0535, 0.113), card, "carton wall", 0.001),
        box((0.003, 0.11, 0.05), (0.0735, 0, 0.113), card, "carton wall", 0.001),
        box((0.003, 0.11, 0.05), (-0.0735, 0, 0.113), card, "carton wall", 0.001),
    ]
    zinc = metal("zinc", srgb("#b6b6b1"), 0.3, Wear(0.4, 0.1, 0.5, 0.02))
    model = hex_bolt(8, 32, 13, 5.3, 1.25, zinc, 8)
    bolts = [
        copy(
            model,
            f"bolt {i}",
            (rng.uniform(-0.05, 0.05), rng.uniform(-0.03, 0.03), 0.12 + 0.009 * i),
            (rng.uniform(0, 6), rng.uniform(0, 6), rng.uniform(0, 6)),
        )
        for i in range(46)
    ]
    discard(model)
    return walls, bolts


def build(value: Value, rng: random.Random) -> Shot:
    """Show the weight on the LCD with a carton of bolts on the pan."""
    walls, bolts = bag(rng)
    settle(bolts, walls, Drop(130, 20, 0.6, 0.0003))
    steel = metal("pan", srgb("#c2c2be"), 0.26, Wear(0.8, 0.15, 0.5, 0.12), brushed=0.8)
    box((0.25, 0.20, 0.006), (0, 0, 0.084), steel, "pan", 0.002)
    shell = painted("base", srgb("#5b6770"), chips=0.4, wear=Wear(0.4, 0.3, 0.5, 0.12))
    box((0.23, 0.18, 0.03), (0, 0, 0.062), shell, "base", 0.008)
    for x in (-0.09, 0.09):
        for y in (-0.06, 0.06):
            foot = cylinder(0.014, 0.05, plastic("foot", srgb("#1d1d1f"), 0.6), "foot", 0.002)
            foot.location = (x, y, 0)
    head = group("head", panel(f"{float(str(value)):.2f}"), (0.02, -0.145, 0.055), (math.radians(52), 0, 0.05))
    rod((0.0, -0.12, 0.03), (0.0, -0.08, 0.055), 0.012, shell, "neck")
    box((0.06, 0.05, 0.03), (0.02, -0.115, 0.015), shell, "stand", 0.005)
    box(
        (1.8, 1.2, 0.04),
        (0, 0.1, -0.02),
        wood("bench", srgb("#4d3a27"), srgb("#94734c"), 0.5, 0.2, 0.7),
        "bench",
        0.003,
    )
    box(
        (4, 0.05, 2),
        (0, 0.9, 0.6),
        painted("wall", srgb("#98a39f"), chips=0.1, wear=Wear(0.2, 0.2, 0.6, 0.5)),
        "wall",
    )
    shade = plastic("bin inside", srgb("#16181a"), 0.6)
    for index, code in enumerate(("#35597c", "#8c3d33", "#35597c", "#a8883f")):
        x = -0.42 + 0.16 * index
        box((0.14, 0.2, 0.1), (x, 0.55, 0.05), plastic(f"bin {index}", srgb(code), 0.45), "bin", 0.008)
        box((0.112, 0.004, 0.046), (x, 0.4495, 0.062), shade, "bin mouth", 0.001)
    cable = [(0.1, 0.02, 0.05), (0.2, 0.05, 0.01), (0.32, 0.2, 0.006), (0.5, 0.25, 0.006), (0.7, 0.5, 0.006)]
    tube(cable, 0.0035, plastic("cable", srgb("#1a1a1c"), 0.5), "cable")
    surroundings("workshop", rng.uniform(0, 360), 0.55)
    lamp((-0.6, 0.3, 0.8), size=0.25, watts=16, colour=(1, 0.96, 0.9))
    lamp((0.6, -0.7, 0.7), size=0.5, watts=6, colour=(0.88, 0.94, 1))
    camera(View((0.12, -0.50, 0.30), (0.012, -0.06, 0.085), 44, 8, roll_deg=-2.5))
    screen = [child for child in head.children if child.name.startswith("lcd")]
    return Shot(screen, Rule(0.9, 8000), Look(grain=0.01))


SCENE = Scene(
    prompt=Prompt(
        id="OU13",
        title="Bench scale display",
        question="What weight in kg does the scale display? Answer only the number as displayed.",
        answer=Answer("number", 12.46, {"abs_tolerance": 0.001, "unit": "kg"}),
        probes=(
            "Dark segments on a reflective display at an angle, with faint unlit segments and a small decimal"
            " point."
        ),
        difficulty="easy",
        tags=("instrument", "workshop"),
    ),
    build=build,
    variant=lambda rng: round(rng.uniform(10.02, 28.98), 2),
)

"""Lot and dates embossed without ink on a medicine carton."""

from __future__ import annotations

import math
import random

import numpy as np
from bpy.types import Material
from PIL import Image, ImageDraw, ImageFilter

from scenes.assets import font, keep
from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule
from scenes.materials import Wear, fabric, metal, plastic, printed
from scenes.mesh import box, lathe, sheet
from scenes.nodes import Graph, srgb
from scenes.photo import Look
from scenes.scene import Scene, Shot
from scenes.stage import View, camera, lamp, surroundings

WIDTH, HEIGHT = 0.062, 0.030


def embossing(expiry: str, made: str, lot: str) -> Image.Image:
    """Draw the die as heights: grey is flat, white raised. 40 px to the millimetre."""
    die = Image.new("L", (round(WIDTH * 40000), round(HEIGHT * 40000)), 0)
    draw = ImageDraw.Draw(die)
    face = font("share-tech-mono-400", 225)
    for line, text in enumerate((f"LOT {lot}", f"MFG {made}", f"EXP {expiry}")):
        draw.text((330, 275 + line * 320), text, 255, face, anchor="lm")
    return die.filter(ImageFilter.GaussianBlur(4))


def board(die: Image.Image) -> Material:
    """Return coated white board pressed by the die."""
    graph = Graph("embossed board")
    raised = graph.image(keep(die, "emboss"), colour=False)
    fibre = graph.noise(graph.where(1.0, varied=False), 3500, 4, 0.7)
    waves = graph.noise(graph.where(1.0, varied=False), 120, 3, 0.5)
    graph.set(base_color=graph.ramp(waves, (0.35, srgb("#dfe0dd")), (0.65, srgb("#e9e9e6"))), roughness=0.42)
    height = graph.math(
        "ADD", raised, graph.math("ADD", graph.math("MULTIPLY", fibre, 0.05), graph.math("MULTIPLY", waves, 0.25))
    )
    return graph.set(normal=graph.bump(height, 1.0, 0.00042))


def sleeve_art() -> Image.Image:
    """Draw the carton's printed front."""
    art = Image.new("RGB", (1500, 560), (240, 240, 238))
    draw = ImageDraw.Draw(art)
    draw.rectangle((0, 0, 1500, 120), fill=(120, 28, 74))
    draw.polygon([(1080, 120), (1500, 120), (1500, 560), (1240, 560)], fill=(216, 170, 190))
    draw.text((70, 190), "Cardalux", (120, 28, 74), font("barlow-condensed-700", 190))
    draw.text((76, 400), "5 mg film-coated tablets", (70, 60, 66), font("barlow-condensed-400", 86))
    return art


def build(value: Value, rng: random.Random) -> Shot:
    """Light the flap from the side so that the letters throw shadows."""
    year, month = str(value).split("-")
    made_year, made_month = int(year) - 3, rng.choice([m for m in range(1, 13) if m != int(month)])
    die = embossing(
        f"{month} {year}", f"{made_month:02d} {made_year}", f"{rng.randint(10, 99)}K{rng.randint(1000, 9999)}"
    )
    flap = sheet(
        WIDTH,
        HEIGHT,
        board(die),
        "flap",
        (60, 30),
        lambda x, y: 0.0016 * np.cos(y / HEIGHT * 2.6) - 0.00025 * (x / WIDTH * 2) ** 4,
    )
    flap.location, flap.rotation_euler = (0, 0, 0.0205), (math.radians(7), 0, 0)
    white = plastic("board edge", srgb("#e4e4e1"), 0.5, Wear(0.2, 0.1, 0.3, 0.05))
    box((WIDTH - 0.001, 0.09, 0.0195), (0, 0.0601, 0.00985), white, "carton", 0.0004)
    box((WIDTH - 0.003, 0.028, 0.018), (0, 0.001, 0.0091), white, "end", 0.0004)
    top = sheet(
        WIDTH - 0.001,
        0.0895,
        printed("sleeve", keep(sleeve_art().rotate(90, expand=True).rotate(180), "sleeve"), 0.4, 0.2, 0.5, 0.1),
        "sleeve",
    )
    top.location = (0, 0.0601, 0.01963)
    box((0.9, 0.8, 0.02), (0, 0.1, -0.01), fabric("cloth", srgb("#46586a"), 0.0009, 0.3), "cloth")
    foil = metal("blister foil", srgb("#c0c0bd"), 0.32, Wear(0.5, 0.1, 0.4, 0.03), grain=0.6)
    box((0.07, 0.035, 0.0006), (-0.066, 0.02, 0.0008), foil, "blister", 0.0002, (0.0, 0.01, 0.5))
    for x, y in ((0.052, -0.004), (0.061, 0.01)):
        pill = lathe(
            [
                (0, 0),
                (0.0025, 0.0002),
                (0.004, 0.0012),
                (0.0043, 0.0022),
                (0.004, 0.0032),
                (0.0025, 0.0042),
                (0, 0.0044),
            ],
            plastic("tablet", srgb("#d9b3bf"), 0.45),
            "tablet",
            40,
            60,
        )
        pill.location = (x, y, 0)
    surroundings("night", rng.uniform(0, 360), 0.25)
    lamp((-0.16, 0.05, 0.052), (0, 0, 0.02), 0.02, 1.1, (1, 0.93, 0.82))
    lamp((0.3, -0.2, 0.4), (0, 0, 0.02), 0.3, 0.8, (0.82, 0.9, 1))
    camera(View((0.012, -0.066, 0.104), (0.001, 0.004, 0.0205), 47, 11, roll_deg=-4))
    return Shot([flap], Rule(0.9, 100_000, 3.0), Look(grain=0.011, warmth=0.015))


SCENE = Scene(
    prompt=Prompt(
        id="DU09",
        title="Embossed expiry date",
        question="What is the expiry date embossed on the flap? Answer as month and year like 01/2026.",
        answer=Answer("date", "2027-08", {"order": "dmy"}),
        probes="There is no ink: the text shows by shading alone, and a manufacturing date stands just above.",
        difficulty="medium",
        tags=("pharmacy", "packaging"),
    ),
    build=build,
    variant=lambda rng: f"{rng.randint(2026, 2029)}-{rng.randint(1, 12):02d}",
)

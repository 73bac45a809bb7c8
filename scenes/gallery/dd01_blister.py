"""A foil blister of capsules with one pocket pressed out, on a steel tray beside its carton."""

from __future__ import annotations

import math
import random
import re

import bmesh
import numpy as np
from bpy.types import Material, Object
from PIL import Image, ImageDraw

from scenes.assets import font, keep
from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule
from scenes.materials import Wear, fabric, film, metal, plastic, printed
from scenes.mesh import Floats, Relief, box, finish, group, label, lathe, sheet
from scenes.nodes import Graph, srgb
from scenes.photo import Look
from scenes.scene import Scene, Shot
from scenes.sight import see_through
from scenes.stage import Point, View, camera, lamp, surroundings

ROWS, COLUMNS = 2, 5
PITCH_X, PITCH_Y = 0.019, 0.0245
WIDTH, DEPTH = COLUMNS * PITCH_X + 0.010, ROWS * PITCH_Y + 0.012
CAPSULE_LENGTH, CAPSULE_RADIUS = 0.0168, 0.0031
DOME = 0.0076


def pocket_centre(row: int, column: int) -> tuple[float, float]:
    """Return the centre of a pocket; row 0 lies nearest the carton (+y), column 0 at the left."""
    return (column - (COLUMNS - 1) / 2) * PITCH_X, ((ROWS - 1) / 2 - row) * PITCH_Y


def foil() -> Material:
    """Return embossed aluminium foil, bright but broken up by its diamond pattern."""
    graph = Graph("foil")
    where = graph.where(1.0, varied=False, turn=(0, 0, 0.785))
    waves = [
        graph.node("TexWave", {"Vector": where, "Scale": 270.0}, bands_direction=axis).outputs[1]
        for axis in ("X", "Y")
    ]
    crinkle = graph.noise(where, 70, 5, 0.6)
    height = graph.math("ADD", graph.math("ADD", *waves), graph.math("MULTIPLY", crinkle, 4.0))
    graph.set(base_color=srgb("#c9cacb"), metallic=1.0, roughness=graph.remap(crinkle, 0.3, 0.7, 0.24, 0.38))
    return graph.set(normal=graph.bump(height, 0.35, 0.00022))


def blister_height(empty: tuple[int, int]) -> Relief:
    """Return the height function of the plastic sheet: a dome over each pocket, the empty one pushed in."""

    def height(x: Floats, y: Floats) -> Floats:
        z = np.full_like(x, 0.0003)
        for row in range(ROWS):
            for column in range(COLUMNS):
                cx, cy = pocket_centre(row, column)
                along = np.maximum(np.abs(y - cy) - (CAPSULE_LENGTH / 2 - CAPSULE_RADIUS), 0)
                inside = np.clip((CAPSULE_RADIUS + 0.0017 - np.hypot(x - cx, along)) / 0.003, 0, 1)
                dome = DOME * inside**0.5
                if (row, column) == empty:
                    dent = (
                        0.5
                        + 0.22 * np.sin((x - cx) * 1700 + 1) * np.cos((y - cy) * 900)
                        - 0.25 * np.exp(-(((y - cy) / 0.004) ** 2))
                    )
                    dome = dome * dent
                z = z + np.maximum(dome, 0)
        return z

    return height


def capsule(upper: Material, lower: Material, at: Point, turn: Point) -> Object:
    """Return a two-part gelatin capsule along its own z."""
    r, half = CAPSULE_RADIUS, CAPSULE_LENGTH / 2
    bow = np.linspace(0, math.pi / 2, 12)
    body = lathe([(r * math.sin(a), -half + r - r * math.cos(a)) for a in bow] + [(r, 0.0006)], lower, "body", 48)
    cap_r = r * 1.06
    cap = lathe(
        [(r * 0.99, -0.0001), (cap_r, 0.0)]
        + [(cap_r * math.cos(a), half - cap_r + cap_r * math.sin(a)) for a in bow],
        upper,
        "cap",
        48,
    )
    cap.parent = body
    body.location, body.rotation_euler = at, turn
    return body


def torn_foil(at: tuple[float, float], rng: random.Random) -> Object:
    """Return the dark ragged hole where the foil behind an empty pocket has burst."""
    built = bmesh.new()
    points = []
    for i in range(46):
        t, ragged = math.tau * i / 46, rng.uniform(0.75, 1.08)
        points.append(
            built.verts.new(
                (at[0] + 0.0028 * ragged * math.cos(t), at[1] + 0.0068 * ragged * math.sin(t), 0.00034)
            )
        )
    built.faces.new(points)
    return finish(built, "torn foil", plastic("hole", srgb("#1b1a19"), 0.9))


def carton() -> Object:
    """Return the medicine carton with its printed top and front."""
    top = Image.new("RGB", (1200, 460), (238, 240, 242))
    draw = ImageDraw.Draw(top)
    draw.rectangle((0, 330, 1200, 460), fill=(16, 70, 120))
    draw.polygon([(860, 0), (1200, 0), (1200, 330), (980, 330)], fill=(20, 128, 120))
    draw.text((60, 60), "Solvexin", (16, 50, 96), font("barlow-condensed-700", 150))
    draw.text((66, 220), "150 mg hard capsules", (60, 66, 74), font("barlow-condensed-400", 66))
    draw.text((60, 362), "10 capsules   ORAL USE", (236, 240, 244), font("barlow-condensed-500", 62))
    front = Image.new("RGB", (1200, 200), (238, 240, 242))
    draw = ImageDraw.Draw(front)
    draw.rectangle((0, 0, 1200, 46), fill=(16, 70, 120))
    draw.text((60, 70), "Solvexin 150 mg", (16, 50, 96), font("barlow-condensed-600", 84))
    draw.text((640, 86), "LOT 4C118  EXP 11 2027", (60, 60, 60), font("share-tech-mono-400", 36))
    body = box(
        (0.12, 0.046, 0.02),
        (-0.012, 0.078, 0.0102),
        plastic("board", srgb("#e6e8ea"), 0.5),
        "carton",
        0.0006,
        (0, 0, 0.16),
    )
    label(body, printed("top", keep(top, "carton_top"), 0.42, 0.2, 0.5, 0.1), 0.1196, 0.0456, (0, 0, 0.01006))
    label(
        body,
        printed("front", keep(front, "carton_front"), 0.42, 0.2, 0.5, 0.1),
        0.1196,
        0.0196,
        (0, -0.02306, 0),
        (math.pi / 2, 0, 0),
    )
    return body


def build(value: Value, rng: random.Random) -> Shot:
    """Fill every pocket but one; every capsule must be seen."""
    row, column = (int(part) - 1 for part in re.findall(r"\d+", str(value)))
    fine = Wear(0.2, 0.05, 0.2, 0.02)
    teal, ivory = (
        plastic("teal", srgb("#0f7a70"), 0.16, fine, 0.02, 0.7),
        plastic("ivory", srgb("#e9e2d0"), 0.18, fine, 0.02, 0.7),
    )
    parts = [box((WIDTH, DEPTH, 0.0005), (0, 0, 0), foil(), "foil", 0.0002)]
    blister = film("blister", (0.93, 0.94, 0.95), ripple=0.12, rough=0.03, gain=3.2)
    parts.append(
        see_through(
            sheet(WIDTH - 0.0004, DEPTH - 0.0004, blister, "blister", (340, 210), blister_height((row, column)))
        )
    )
    capsules = []
    for r in range(ROWS):
        for c in range(COLUMNS):
            x, y = pocket_centre(r, c)
            if (r, c) == (row, column):
                parts.append(torn_foil((x, y), rng))
                continue
            lean = math.pi / 2 * rng.choice((-1, 1))
            turn = (lean, rng.uniform(0, 6.28), rng.uniform(-0.06, 0.06))
            capsules.append(
                capsule(
                    teal,
                    ivory,
                    (x + rng.uniform(-0.0004, 0.0004), y + rng.uniform(-0.0012, 0.0012), CAPSULE_RADIUS + 0.0006),
                    turn,
                )
            )
    group("pack", [*parts, *capsules], (0.004, -0.004, 0.001), (0, 0, -0.09))
    box(
        (0.8, 0.7, 0.01),
        (0, 0.05, -0.0052),
        metal("tray", srgb("#b7b7b5"), 0.36, Wear(0.6, 0.12, 0.35, 0.2), brushed=1.0),
        "tray",
        0.001,
    )
    carton()
    cloth = sheet(
        0.3,
        0.16,
        fabric("cloth", srgb("#6f8fa3")),
        "cloth",
        (120, 60),
        lambda x, y: 0.003 + 0.002 * np.sin(x * 60 + 8 * y) + 0.0015 * np.sin(y * 110 + x * 30),
    )
    cloth.location, cloth.rotation_euler = (0.2, 0.02, 0.002), (0, 0, 1.2)
    surroundings("lab", rng.uniform(0, 360), 0.55)
    lamp((0.22, 0.25, 0.42), size=0.16, watts=3.4, colour=(1, 0.97, 0.93))
    lamp((-0.4, -0.15, 0.5), size=0.5, watts=1.6, colour=(0.9, 0.95, 1))
    camera(View((0.012, -0.115, 0.165), (0.0, 0.017, 0), 40, 9, roll_deg=1.5))
    return Shot(capsules, Rule(0.6, 1500), Look(grain=0.007))


SCENE = Scene(
    prompt=Prompt(
        id="DD01",
        title="Missing capsule in a blister pack",
        question=(
            "Which pocket of the blister pack is empty? Rows are numbered from the edge nearest the carton, "
            "columns from the left. Answer like R2C4."
        ),
        answer=Answer("grid_cell", "R1C3"),
        probes="A transparent empty dome still catches light; row and column must be counted under perspective.",
        difficulty="easy",
        tags=("pharmacy", "packaging"),
    ),
    build=build,
    variant=lambda rng: f"R{rng.randint(1, ROWS)}C{rng.randint(1, COLUMNS)}",
)

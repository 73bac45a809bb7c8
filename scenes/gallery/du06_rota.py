"""A weekly rota on a whiteboard with corrections."""

from __future__ import annotations

import math
import random
from itertools import pairwise

import numpy as np
from bpy.types import Object
from PIL import Image, ImageDraw, ImageFilter

from scenes.assets import font, keep
from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule
from scenes.materials import Wear, metal, painted, plastic
from scenes.mesh import box, group, lathe, rod, sheet
from scenes.nodes import Graph, srgb
from scenes.photo import Look
from scenes.scene import Scene, Shot
from scenes.stage import Frame, View, camera, lamp, surroundings

NAMES = ["Marta", "Yusuf", "Ines", "Tomek", "Priya", "Callum", "Noor", "Bryn"]
DAYS, SHIFTS = ["Mon", "Tue", "Wed", "Thu", "Fri"], ["Early", "Late", "Night"]
SIZE = (1900, 1240)
LEFT, TOP, CELL_X, CELL_Y = 250, 300, 318, 270
BLACK, BLUE, RED, GREEN = (30, 32, 38), (28, 58, 150), (186, 30, 36), (20, 110, 66)
Rgb = tuple[int, int, int]


class Marker:
    """Writes on the board by hand: every letter a little off, every line a little bent."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.board = Image.new("RGB", SIZE, (242, 243, 241))

    def write(self, words: str, at: tuple[float, float], size: float, colour: Rgb) -> float:
        """Write words centred on a place and return their width."""
        draw = ImageDraw.Draw(self.board)
        faces = [font("permanent-marker-400", size * self.rng.uniform(0.94, 1.06)) for _ in words]
        width = sum(face.getlength(letter) for face, letter in zip(faces, words, strict=True))
        x, drift = at[0] - width / 2, self.rng.uniform(-0.03, 0.03)
        for face, letter in zip(faces, words, strict=True):
            y = at[1] + (x - at[0]) * drift + self.rng.gauss(0, size * 0.025)
            draw.text((x, y), letter, colour, face, anchor="lm")
            x += face.getlength(letter)
        return width

    def stroke(self, points: list[tuple[float, float]], colour: Rgb, width: int = 9) -> None:
        """Draw a hand-drawn line through points with round ends."""
        bent = []
        for (x0, y0), (x1, y1) in pairwise(points):
            bent += [
                (
                    x0 + (x1 - x0) * t / 12 + self.rng.gauss(0, 0.8),
                    y0 + (y1 - y0) * t / 12 + self.rng.gauss(0, 0.8),
                )
                for t in range(13)
            ]
        draw = ImageDraw.Draw(self.board)
        draw.line(bent, fill=colour, width=width, joint="curve")
        for x, y in (bent[0], bent[-1]):
            draw.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=colour)

    def strike(self, at: tuple[float, float], width: float, colour: Rgb) -> None:
        """Cross a word out with two strokes."""
        for offset in (-8, 10):
            self.stroke(
                [(at[0] - width / 2 - 14, at[1] + offset), (at[0] + width / 2 + 14, at[1] + offset - 12)],
                colour,
                8,
            )


def cell(day: int, shift: int) -> tuple[float, float]:
    """Return the middle of a cell."""
    return LEFT + CELL_X * (day + 0.5), TOP + CELL_Y * (shift + 0.5)


def rota(answer: str, rng: random.Random) -> Image.Image:
    """Write the rota; Thursday's night shift is corrected to the answer, and two other cells are swapped."""
    others = [name for name in NAMES if name != answer]
    pen = Marker(rng)
    pen.write("ROTA  week 12", (560, 110), 92, BLUE)
    pen.write("Depot 5", (1560, 112), 74, GREEN)
    for column in range(6):
        x = LEFT + CELL_X * column
        pen.stroke([(x, TOP - 95), (x + rng.uniform(-5, 5), TOP + 3 * CELL_Y)], BLACK, 6)
    for row in range(4):
        y = TOP + CELL_Y * row
        pen.stroke([(40, y + rng.uniform(-4, 4)), (LEFT + 5 * CELL_X, y + rng.uniform(-4, 4))], BLACK, 6)
    for day, name in enumerate(DAYS):
        pen.write(name, (LEFT + CELL_X * (day + 0.5), TOP - 46), 70, BLUE)
    for shift, name in enumerate(SHIFTS):
        pen.write(name, (142, TOP + CELL_Y * (shift + 0.5)), 62, BLUE)
    written = {(d, s): rng.choice(NAMES) for d in range(5) for s in range(3)}
    for day in range(5):
        for shift, name in enumerate(rng.sample(NAMES, 3)):
            written[day, shift] = name
    first = rng.choice([n for n in others if n not in (written[3, 0], written[3, 1])])
    if written[3, 0] == answer or written[3, 1] == answer:
        spare = [n for n in others if n not in (first, written[3, 0], written[3, 1])]
        written[3, 0 if written[3, 0] == answer else 1] = spare[0]
    written[3, 2] = first
    for (day, shift), name in written.items():
        middle_x, middle_y = cell(day, shift)
        corrected = (day, shift) == (3, 2)
        place = (middle_x, middle_y - 52 if corrected else middle_y + rng.uniform(-10, 10))
        width = pen.write(name, place, 74, BLACK)
        if corrected:
            pen.strike(place, width, RED)
            pen.write(answer, (middle_x + 6, middle_y + 52), 76, RED)
    swap(pen, cell(0, 1), cell(1, 1))
    return wiped(pen.board, rng)


def swap(pen: Marker, a: tuple[float, float], b: tuple[float, float]) -> None:
    """Draw a two-headed arrow from one cell to the next."""
    y = a[1] + 78
    pen.stroke([(a[0] - 10, y - 8), (a[0] + 90, y + 20), (b[0] - 90, y + 20), (b[0] + 10, y - 8)], GREEN, 8)
    for x, way in ((a[0] - 10, 1), (b[0] + 10, -1)):
        pen.stroke([(x + way * 36, y - 22), (x, y - 8), (x + way * 26, y + 24)], GREEN, 8)


def wiped(board: Image.Image, rng: random.Random) -> Image.Image:
    """Add the ghosts of earlier writing and dry-wipe streaks, and let the ink break up."""
    ghost = Image.new("L", SIZE, 0)
    draw = ImageDraw.Draw(ghost)
    for _ in range(7):
        draw.text(
            (rng.uniform(100, 1700), rng.uniform(200, 1150)),
            rng.choice(["Fri", "stock", "call", "14:30", "x2", "keys"]),
            60,
            font("permanent-marker-400", 70),
        )
    for _ in range(40):
        x, y = rng.uniform(0, SIZE[0]), rng.uniform(0, SIZE[1])
        draw.line(
            (x, y, x + rng.uniform(80, 300), y + rng.uniform(-60, 60)),
            fill=rng.randint(8, 26),
            width=rng.randint(20, 70),
        )
    haze = np.asarray(ghost.filter(ImageFilter.GaussianBlur(9))).astype(np.float32)[..., None] / 255
    pixels = np.asarray(board.filter(ImageFilter.GaussianBlur(0.8))).astype(np.float32)
    grit = np.random.default_rng(3).random(pixels.shape[:2])[..., None]
    ink = (pixels.mean(-1, keepdims=True) < 200) & (grit < 0.05)
    pixels = np.where(ink, pixels * 0.4 + 140, pixels)
    return Image.fromarray(
        np.clip(pixels * (1 - haze * 0.5) + np.array([150, 155, 170]) * haze * 0.5, 0, 255).astype(np.uint8)
    )


def whiteboard(art: Image.Image) -> Object:
    """Return the board's face; frame, tray and pens are added round it. It faces -y."""
    graph = Graph("enamel")
    smear = graph.noise(graph.where((3, 1, 9)), 2.0, 5, 0.6)
    graph.set(
        base_color=graph.image(keep(art, "rota")),
        roughness=graph.remap(smear, 0.3, 0.7, 0.12, 0.32),
        specular_ior_level=0.5,
        coat_weight=0.3,
    )
    width, height = 1.2, 1.2 * SIZE[1] / SIZE[0]
    face = sheet(width, height, graph.material, "whiteboard")
    face.rotation_euler.x = math.pi / 2
    alloy = metal("alloy", srgb("#b3b3b0"), 0.34, Wear(0.5, 0.2, 0.3, 0.2), brushed=0.6)
    for sign in (-1, 1):
        box((0.022, 0.02, height + 0.044), (sign * (width / 2 + 0.011), 0.0, 0), alloy, "frame", 0.004)
        box((width + 0.044, 0.02, 0.022), (0, 0, sign * (height / 2 + 0.011)), alloy, "frame", 0.004)
    box((0.5, 0.07, 0.004), (0.1, -0.04, -height / 2 - 0.018), alloy, "tray", 0.001)
    for index, code in enumerate(("#1c3a96", "#ba1e24", "#1b1c1f")):
        x = 0.02 + 0.14 * index
        body = rod(
            (x, -0.045, -height / 2 - 0.007),
            (x + 0.09, -0.047 + 0.008 * index, -height / 2 - 0.007),
            0.009,
            plastic("barrel", srgb("#e8e8e4"), 0.35),
            "marker",
            0.002,
        )
        body.name = "marker"
        rod(
            (x + 0.088, -0.047 + 0.008 * index, -height / 2 - 0.007),
            (x + 0.125, -0.048 + 0.01 * index, -height / 2 - 0.007),
            0.0098,
            plastic("cap", srgb(code), 0.3),
            "marker cap",
            0.002,
        )
    return face


def build(value: Value, rng: random.Random) -> Shot:
    """Hang the board on an office wall."""
    face = whiteboard(rota(str(value), rng))
    box(
        (6, 0.04, 4),
        (0, 0.035, 0),
        painted("wall", srgb("#c9bfae"), srgb("#9a9488"), 0.05, Wear(0.1, 0.1, 0.2, 0.6)),
        "wall",
    )
    magnets = []
    for x, z, code in ((-0.47, 0.345, "#c22f2a"), (0.53, 0.335, "#2c6fb0")):
        dot = lathe(
            [(0, 0), (0.014, 0), (0.014, 0.005), (0.012, 0.007), (0, 0.0075)],
            plastic("magnet", srgb(code), 0.3),
            "magnet",
            48,
        )
        dot.location, dot.rotation_euler = (x, -0.0005, z), (math.pi / 2, 0, 0)
        magnets.append(dot)
    group("magnets", magnets)
    surroundings("apartment", rng.uniform(0, 360), 0.7)
    lamp((-0.7, -1.3, 1.5), (0, 0, 0), 0.3, 42, (1, 0.95, 0.88), 1.2)
    lamp((1.7, -1.0, 0.2), (0, 0, 0), 1.0, 16, (0.84, 0.92, 1))
    camera(View((-0.42, -1.28, -0.06), (0.0, 0, -0.005), 31, 5.6, roll_deg=1.8))
    return Shot([face], Rule(0.95, 300_000, 2.0), Look(grain=0.011, warmth=0.02))


SCENE = Scene(
    prompt=Prompt(
        id="DU06",
        title="Corrected handwritten rota",
        question="Who works the night shift on Thursday after the corrections on this rota? Answer only the name.",
        answer=Answer("text", "Marta"),
        probes="The struck-out name must not be read; another correction elsewhere must not be applied.",
        difficulty="easy",
        tags=("handwriting", "office"),
    ),
    build=build,
    variant=lambda rng: rng.choice(NAMES),
    frame=Frame(1360, 1020, 12),
)

"""A photocopied drawing of a bracket with baseline dimensions."""

from __future__ import annotations

import math
import random

from PIL import Image, ImageDraw

from scenes.assets import font
from scenes.entry import Answer, Prompt, Value
from scenes.photo import Look
from scenes.scan import Paper, ink, scanned, stain_ring
from scenes.scene import Document

SIZE = (1560, 1130)
PX = 7.4
LEFT, BASE = 190.0, 560.0
INK = (20, 20, 24)
Pair = tuple[float, float]


class Pen:
    """Draws on the page in drawing millimetres, x from the datum edge and y up from the lower edge of the part."""

    def __init__(self) -> None:
        self.page = Image.new("RGB", SIZE, (255, 255, 255))
        self.draw = ImageDraw.Draw(self.page)

    def at(self, x: float, y: float) -> Pair:
        """Return page pixels."""
        return LEFT + x * PX, BASE - y * PX

    def line(self, *points: Pair, width: int = 2) -> None:
        """Draw a solid line."""
        self.draw.line([self.at(*p) for p in points], fill=INK, width=width)

    def dashed(self, a: Pair, b: Pair, pattern: tuple[float, ...], width: int = 2) -> None:
        """Draw a line with dashes and gaps of the pattern's lengths in millimetres."""
        length, done, index = math.dist(a, b), 0.0, 0
        unit = ((b[0] - a[0]) / length, (b[1] - a[1]) / length)
        while done < length:
            end = min(length, done + pattern[index % len(pattern)])
            if index % 2 == 0:
                self.line(*((a[0] + unit[0] * s, a[1] + unit[1] * s) for s in (done, end)), width=width)
            done, index = end, index + 1

    def circle(self, centre: Pair, diameter: float, width: int = 4) -> None:
        """Draw a circle with its centre lines."""
        (x, y), r = self.at(*centre), diameter / 2 * PX
        self.draw.ellipse((x - r, y - r, x + r, y + r), outline=INK, width=width)
        reach = diameter / 2 + 2.5
        self.dashed((centre[0] - reach, centre[1]), (centre[0] + reach, centre[1]), (4, 0.8, 1, 0.8))
        self.dashed((centre[0], centre[1] - reach), (centre[0], centre[1] + reach), (4, 0.8, 1, 0.8))

    def words(
        self, at: Pair, text: str, size: float = 30, anchor: str = "mm", face: str = "roboto-condensed-400"
    ) -> None:
        """Write at a place in drawing millimetres."""
        self.draw.text(self.at(*at), text, INK, font(face, size), anchor=anchor)

    def arrow(self, tip: Pair, way: float) -> None:
        """Draw a dimension arrow head pointing along x (`way` 1 or -1)."""
        x, y = self.at(*tip)
        self.draw.polygon([(x, y), (x - way * 19, y - 5), (x - way * 19, y + 5)], fill=INK)

    def stem(self, tip: Pair, way: float) -> None:
        """Draw a dimension arrow head pointing along y (`way` 1 or -1)."""
        x, y = self.at(*tip)
        self.draw.polygon([(x, y), (x - 5, y + way * 19), (x + 5, y + way * 19)], fill=INK)

    def baseline(self, x: float, y: float, level: float, text: str) -> None:
        """Dimension from the datum edge to a place x; the extension line starts at height y."""
        self.line((x, y), (x, level - 1.6))
        self.line((0, level), (x, level))
        self.arrow((0, level), -1)
        self.arrow((x, level), 1)
        self.words((x / 2 if x > 14 else x / 2 + 1, level + 2.3), text)


def title_block(pen: Pen) -> None:
    """Draw frame and title block."""
    draw = pen.draw
    draw.rectangle((40, 40, SIZE[0] - 40, SIZE[1] - 40), outline=INK, width=4)
    left, top, right, bottom = SIZE[0] - 640, SIZE[1] - 230, SIZE[0] - 40, SIZE[1] - 40
    draw.rectangle((left, top, right, bottom), outline=INK, width=3)
    for y in (top + 62, top + 126):
        draw.line((left, y, right, y), fill=INK, width=2)
    for x, y0, y1 in (
        (left + 330, top, top + 126),
        (left + 200, top + 126, bottom),
        (left + 420, top + 126, bottom),
    ):
        draw.line((x, y0, x, y1), fill=INK, width=2)
    small, big = font("roboto-condensed-400", 18), font("roboto-condensed-500", 32)
    cells = [
        (left, top, "TITLE", "SENSOR BRACKET"),
        (left + 330, top, "DRG No.", "HK-2071-03"),
        (left, top + 62, "MATERIAL", "S275  6 mm plate"),
        (left + 330, top + 62, "FINISH", "Zinc plate"),
        (left, top + 126, "SCALE", "1 : 1"),
        (left + 200, top + 126, "DRAWN", "T.K."),
        (left + 420, top + 126, "REV", "C"),
    ]
    for x, y, key, text in cells:
        draw.text((x + 8, y + 3), key, INK, small)
        draw.text((x + 16, y + 22), text, INK, big)


def edge_view(pen: Pen, left: float) -> None:
    """Draw the plate seen from the right, with its thickness and the hidden holes."""
    pen.line((left, 0), (left + 6, 0), (left + 6, 46), (left, 46), (left, 0), width=5)
    for low, high in ((9.5, 18.5), (28.7, 35.3)):
        for y in (low, high):
            pen.dashed((left, y), (left + 6, y), (1.6, 0.9))
        pen.dashed((left - 3, (low + high) / 2), (left + 9, (low + high) / 2), (4, 0.8, 1, 0.8))
    for x in (left, left + 6):
        pen.line((x, -1.5), (x, -11))
    pen.line((left - 7, -9), (left + 13, -9))
    pen.arrow((left, -9), 1)
    pen.arrow((left + 6, -9), -1)
    pen.words((left + 16, -9), "6", 30)


def part(pen: Pen, holes: dict[str, float], right: float) -> None:
    """Draw the plate with its slot and holes, then every dimension from the left edge."""
    outline = [(0, 0), (right, 0), (right, 34), (right - 12, 46), (18, 46), (0, 46)]
    pen.line(*outline, outline[0], width=5)
    heights = {"A": 14.0, "B": 32.0, "C": 14.0, "D": 32.0}
    for name, x in holes.items():
        diameter = 9.0 if name in "AC" else 6.6
        pen.circle((x, heights[name]), diameter)
        pen.words(
            (x + diameter / 2 + 3.1, heights[name] + diameter / 2 + 1.4), name, 42, face="roboto-condensed-600"
        )
    pen.line((0, -1), (0, -37))
    for level, (name, x) in enumerate(sorted(holes.items(), key=lambda pair: pair[1])):
        pen.baseline(x, heights[name] - 8, -8.5 - 7.2 * level, f"{x:g}")
    pen.baseline(right, -1, -8.5 - 7.2 * len(holes), f"{right:g}")
    for y, x in ((14.0, right + 8), (32.0, right + 16), (46.0, right + 24)):
        pen.line((right + 1, y), (x + 1.5, y))
        pen.line((x, 0), (x, y))
        pen.words((x - 2.9, y / 2), f"{y:g}", 30, "mm")
        pen.stem((x, 0), -1)
        pen.stem((x, y), 1)
    pen.line((right + 1, 0), (right + 25.5, 0))
    pen.words((holes["A"] - 3, 58), "2 x Ø9  (A, C)", 30, "lm")
    pen.line((holes["A"] + 1, 56), (holes["A"], 19.5))
    pen.words((holes["B"] + 9, 58), "2 x Ø6.6  (B, D)", 30, "lm")
    pen.line((holes["B"] + 12, 56), (holes["B"] + 1.5, 35.5))
    pen.words((right - 6, 51), "12 x 45°", 28, "lm")


def draw(value: Value, rng: random.Random) -> Image.Image:
    """Return the copied sheet on which C lies `value` millimetres from A."""
    spacing = float(str(value))
    first = rng.choice([16.5, 18.5, 21.0, 22.5])
    holes = {"A": first, "C": first + spacing}
    holes["B"] = first + round(spacing * rng.uniform(0.42, 0.55))
    holes["D"] = holes["C"] + rng.choice([14.0, 15.5, 17.0])
    pen = Pen()
    title_block(pen)
    part(pen, holes, holes["D"] + 14.5)
    edge_view(pen, holes["D"] + 54)
    pen.words((-16, -59), "ALL DIMENSIONS IN mm     GENERAL TOLERANCE ±0.2     REMOVE ALL BURRS", 24, "lm")
    page = stain_ring(pen.page, (420, 815), 132, rng.randint(0, 99))
    tick = [(1385, 118), (1396, 138), (1406, 146), (1420, 112), (1448, 72)]
    page = ink(page, [tick], (150, 26, 30), 4)
    return scanned(page, Paper((0.93, 0.93, 0.925), (0.49,), 0.5, 0.55, 0.7, (205, 205, 203)), rng.randint(0, 999))


SCENE = Document(
    prompt=Prompt(
        id="DU04",
        title="Hole spacing on an engineering drawing",
        question=(
            "What is the horizontal distance in mm between the centres of hole A and hole C on this drawing? "
            "Answer only a number."
        ),
        answer=Answer("number", 57.5, {"abs_tolerance": 0.05, "unit": "mm"}),
        probes=(
            "The distance is printed nowhere: two dimensions from the same edge must be subtracted; hole B is"
            " a decoy."
        ),
        difficulty="hard",
        tags=("drawing", "workshop"),
    ),
    draw=draw,
    variant=lambda rng: rng.choice([42.5, 48.0, 53.5, 61.5, 66.0]),
    look=Look(grain=0.004, vignette=0, aberration=0, saturation=0.9, contrast=0.15, blur_px=0, sharpen_percent=40),
)

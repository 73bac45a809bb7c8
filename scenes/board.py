"""Printed circuit boards: artwork with traces, pads and legend, the bare board, and solder. Board drawing in
millimetres.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

from bpy.types import Material, Object
from PIL import Image, ImageDraw, ImageFilter

from scenes.assets import font, keep
from scenes.materials import Wear, metal, plastic
from scenes.mesh import box, lathe, sheet
from scenes.nodes import Graph, scaled

MM = 1e-3
PX = 34
LEGEND = (228, 229, 222)
Rgb = tuple[int, int, int]


@dataclass(frozen=True)
class Pad:
    """A tinned land: centre and size in millimetres."""

    x: float
    y: float
    width: float
    height: float


Words = tuple[str, tuple[float, float], float]


class Board:
    """A board of a size in millimetres with its solder mask's colour; centre at the origin, top at z = 0."""

    def __init__(self, width: float, height: float, mask: Rgb) -> None:
        self.width, self.height, self.mask = width, height, mask
        size = (round(width * PX), round(height * PX))
        self.colour, self.metal, self.relief = (
            Image.new("RGB", size, mask),
            Image.new("L", size, 0),
            Image.new("L", size, 60),
        )

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Return artwork pixels."""
        return (x + self.width / 2) * PX, (self.height / 2 - y) * PX

    def draw(self, pads: Sequence[Pad], rng: random.Random, words: Sequence[Words], traces: int = 120) -> None:
        """Draw traces between pads, vias, the pads themselves, mounting holes and the legend."""
        red, green, blue = (min(255, round(c * 1.35 + 12)) for c in self.mask)
        lighter = (red, green, blue)
        for _ in range(traces):
            self._trace(rng.choice(pads), rng, lighter)
        for _ in range(traces // 2):
            self._via(
                (rng.uniform(-0.47, 0.47) * self.width, rng.uniform(-0.47, 0.47) * self.height), pads, lighter
            )
        for pad in pads:
            self._land(pad)
        for x in (-1, 1):
            for y in (-1, 1):
                self._hole((x * (self.width / 2 - 3.4), y * (self.height / 2 - 3.4)))
        for text, place, size in words:
            ImageDraw.Draw(self.colour).text(
                self.at(*place), text, LEGEND, font("roboto-condensed-500", size * PX), anchor="mm"
            )

    def _trace(self, start: Pad, rng: random.Random, colour: Rgb) -> None:
        """Draw a trace from a pad to somewhere near, in 45 degree steps."""
        dx, dy = rng.uniform(-16, 16), rng.uniform(-14, 14)
        bend = math.copysign(min(abs(dx), abs(dy)), dx), math.copysign(min(abs(dx), abs(dy)), dy)
        points = [
            self.at(start.x, start.y),
            self.at(start.x + bend[0], start.y + bend[1]),
            self.at(start.x + dx, start.y + dy),
        ]
        width = round(rng.choice([0.22, 0.25, 0.4]) * PX)
        ImageDraw.Draw(self.colour).line(points, fill=colour, width=width, joint="curve")
        ImageDraw.Draw(self.relief).line(points, fill=105, width=width, joint="curve")

    def _via(self, place: tuple[float, float], pads: Sequence[Pad], colour: Rgb) -> None:
        if any(abs(place[0] - p.x) < p.width / 2 + 0.7 and abs(place[1] - p.y) < p.height / 2 + 0.7 for p in pads):
            return
        x, y = self.at(*place)
        for radius, fill in ((0.34, colour), (0.15, scaled_rgb(self.mask, 0.35))):
            r = radius * PX
            ImageDraw.Draw(self.colour).ellipse((x - r, y - r, x + r, y + r), fill=fill)
            ImageDraw.Draw(self.relief).ellipse((x - r, y - r, x + r, y + r), fill=110)

    def _land(self, pad: Pad) -> None:
        x, y = self.at(pad.x, pad.y)
        frame = (x - pad.width / 2 * PX, y - pad.height / 2 * PX, x + pad.width / 2 * PX, y + pad.height / 2 * PX)
        ImageDraw.Draw(self.colour).rounded_rectangle(frame, 4, fill=(198, 199, 196))
        ImageDraw.Draw(self.metal).rounded_rectangle(frame, 4, fill=255)
        ImageDraw.Draw(self.relief).rounded_rectangle(frame, 4, fill=125)

    def _hole(self, place: tuple[float, float]) -> None:
        x, y = self.at(*place)
        for radius, fill, is_metal in ((2.7, (196, 188, 150), 255), (1.6, (12, 12, 12), 0)):
            r = radius * PX
            ImageDraw.Draw(self.colour).ellipse((x - r, y - r, x + r, y + r), fill=fill)
            ImageDraw.Draw(self.metal).ellipse((x - r, y - r, x + r, y + r), fill=is_metal)

    def material(self) -> Material:
        """Return the board's face."""
        graph = Graph("board face")
        land = graph.image(keep(self.metal, "board_metal"), colour=False)
        relief = graph.image(keep(self.relief.filter(ImageFilter.GaussianBlur(2)), "board_relief"), colour=False)
        haze = graph.noise(graph.where(1.0), 260, 7, 0.7)
        dull = graph.mix(
            graph.remap(haze, 0.45, 0.75, 0.0, 0.03),
            graph.image(keep(self.colour, "board_colour")),
            (0.5, 0.48, 0.44),
        )
        graph.set(base_color=dull, metallic=land, roughness=graph.remap(haze, 0.35, 0.7, 0.26, 0.36))
        return graph.set(normal=graph.bump(relief, 0.6, 0.00012))

    def parts(self) -> list[Object]:
        """Return the laminate and its printed face."""
        edge = plastic("laminate", scaled((self.mask[0] / 500, self.mask[1] / 400, self.mask[2] / 600), 1.0), 0.6)
        slab = box((self.width * MM, self.height * MM, 1.6 * MM), (0, 0, -0.81 * MM), edge, "laminate", 0.0001)
        return [slab, sheet(self.width * MM, self.height * MM, self.material(), "board face")]


def scaled_rgb(colour: Rgb, factor: float) -> Rgb:
    """Return an 8-bit colour made darker or lighter."""
    red, green, blue = (min(255, round(c * factor)) for c in colour)
    return red, green, blue


def soldered(pads: Sequence[Pad], height: float = 0.55) -> list[Object]:
    """Return a solder fillet on each pad, `height` in millimetres."""
    tin = metal("solder", (0.72, 0.72, 0.71), 0.18, Wear(0.2, 0.05, 0.3, 0.01))
    result = []
    for pad in pads:
        bead = lathe([(1, 0), (0.93, 0.35), (0.7, 0.75), (0.35, 0.96), (0, 1)], tin, "solder", 20, 180)
        bead.location, bead.scale = (
            (pad.x * MM, pad.y * MM, 0),
            (pad.width * 0.46 * MM, pad.height * 0.46 * MM, height * MM),
        )
        result.append(bead)
    return result

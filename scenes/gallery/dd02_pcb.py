"""A motor-controller board on which one resistor was never placed."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from bpy.types import Material, Object

from scenes.board import Board, Pad, soldered
from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule, Unshowable
from scenes.kicad import load_part
from scenes.materials import Wear, metal, plastic
from scenes.mesh import box, extrude, group
from scenes.nodes import srgb
from scenes.photo import Look
from scenes.scene import Scene, Shot
from scenes.sight import gate_only
from scenes.stage import Frame, View, add, camera, lamp, surroundings

MM = 1e-3


@dataclass(frozen=True)
class Part:
    """One placed part: designator, model, place in millimetres, turn in degrees, its lands and where its name is
    printed.
    """

    name: str
    model: str
    x: float
    y: float
    turn: int
    lands: tuple[Pad, ...]
    text_at: tuple[float, float]

    def pads(self) -> list[Pad]:
        """Return the lands on the board."""
        c, s = round(math.cos(math.radians(self.turn))), round(math.sin(math.radians(self.turn)))
        return [
            Pad(
                self.x + p.x * c - p.y * s,
                self.y + p.x * s + p.y * c,
                *((p.width, p.height) if c else (p.height, p.width)),
            )
            for p in self.lands
        ]


def two(reach: float, width: float, height: float) -> tuple[Pad, ...]:
    """Return a pair of lands."""
    return Pad(-reach, 0, width, height), Pad(reach, 0, width, height)


def rows(count: int, pitch: float, reach: float) -> tuple[Pad, ...]:
    """Return two rows of lands as under a small-outline package."""
    half = count // 2
    return tuple(
        Pad(side * reach, (i - (half - 1) / 2) * pitch, 1.6, pitch * 0.5) for i in range(half) for side in (-1, 1)
    )


def quad(count: int, pitch: float, reach: float) -> tuple[Pad, ...]:
    """Return four rows of lands as under a flat quad package."""
    side = count // 4
    places = [(i - (side - 1) / 2) * pitch for i in range(side)]
    flat = [Pad(p, s * reach, pitch * 0.55, 1.5) for p in places for s in (-1, 1)]
    return (*flat, *(Pad(p.y, p.x, p.height, p.width) for p in flat))


CHIP = two(1.0, 1.1, 1.4)


def parts() -> list[Part]:
    """Return the bill of materials with 21 resistors."""
    found = [
        Part("U1", "LQFP-48_7x7mm_P0.5mm", 0, 2, 0, quad(48, 0.5, 4.2), (0, 6.4)),
        Part("U2", "SOIC-8_3.9x4.9mm_P1.27mm", -22, 13, 90, rows(8, 1.27, 2.6), (-22, 17.2)),
        Part("U3", "SOIC-16_3.9x9.9mm_P1.27mm", 20, -12.5, 0, rows(16, 1.27, 2.6), (20, -8.4)),
        Part(
            "U4",
            "SOT-223",
            -23,
            -6,
            0,
            (Pad(-3.1, -2.3, 1.8, 1.4), Pad(-3.1, 0, 1.8, 1.4), Pad(-3.1, 2.3, 1.8, 1.4), Pad(3.1, 0, 1.8, 3.6)),
            (-23, -1.4),
        ),
        Part(
            "Y1",
            "Crystal_HC49-4H_Vertical",
            -0.5,
            14,
            0,
            (Pad(0, 0, 1.5, 1.5), Pad(4.88, 0, 1.5, 1.5)),
            (-5.2, 14),
        ),
        Part(
            "J1",
            "PinHeader_1x06_P2.54mm_Vertical",
            32.5,
            4,
            0,
            tuple(Pad(0, -2.54 * i, 1.7, 1.7) for i in range(6)),
            (32.5, 6.6),
        ),
        Part(
            "J2",
            "TerminalBlock_Phoenix_MKDS-1,5-3_1x03_P5.00mm_Horizontal",
            -27,
            -19.5,
            0,
            tuple(Pad(5 * i, 0, 2.4, 2.4) for i in range(3)),
            (-10.5, -18),
        ),
    ]
    for i, (x, y) in enumerate([(-30, 3), (29.5, 15.5), (10.5, -19.5)]):
        found.append(
            Part(
                f"C{i + 1}", ("CP_Elec_6.3x5.4", "CP_Elec_6.3x7.7")[i % 2], x, y, 0, two(2.7, 3, 1.6), (x, y + 4.6)
            )
        )
    grid = [(x, y) for y in (-6.2, -10.6, -15.0) for x in (-12, -7.4, -2.8)]
    grid += [(x, 8.0 + dy) for x in (12.5, 17.2, 21.9) for dy in (0, 4.4, 8.8)] + [(-14, y) for y in (0, 4.4, 8.8)]
    for i, (x, y) in enumerate(grid):
        found.append(Part(f"R{i + 1}", "R_0805_2012Metric", x, y, 0, CHIP, (x, y + 1.5)))
    for i, (x, y) in enumerate([(9, 4.5), (9.6, -3.4), (-9, 9.5), (14.5, 2.0), (19, 2.0)]):
        found.append(Part(f"C{i + 4}", "C_0805_2012Metric", x, y, 90, CHIP, (x, y + 2.75)))
    for i, x in enumerate((-6, -1, 3.6)):
        found.append(Part(f"D{i + 1}", "LED_0805_2012Metric", x, -21.4, 0, CHIP, (x, -19.7)))
    return found


def tweezers(at: tuple[float, float, float], turn: float) -> None:
    """Lay a pair of tweezers on the mat."""
    steel = metal("tweezers", srgb("#b4b4b2"), 0.26, Wear(0.5, 0.1, 0.4, 0.05), brushed=0.7)
    outline = [
        (0, 0.0003),
        (0.02, 0.0016),
        (0.07, 0.0042),
        (0.12, 0.0046),
        (0.12, -0.0046),
        (0.07, -0.0042),
        (0.02, -0.0016),
        (0, -0.0003),
    ]
    for sign in (-1, 1):
        arm = extrude(outline, 0.0011, steel, "tweezer arm", 0.0003)
        arm.rotation_euler = (math.radians(90), 0, turn + sign * 0.028)
        arm.location = (at[0] + sign * 0.0006 * -math.sin(turn), at[1] + sign * 0.0006 * math.cos(turn), at[2])


def build(value: Value, rng: random.Random) -> Shot:
    """Populate the board but for the asked-for resistor, whose bare lands must be seen."""
    everything = parts()
    missing = [part for part in everything if part.name == value]
    if not missing:
        raise Unshowable(f"no part {value!r} on the board")
    board = Board(72, 52, (10, 64, 36))
    pads = [pad for part in everything for pad in part.pads()]
    words = [(part.name, part.text_at, 1.25 if part.name[0] in "RCD" else 1.5) for part in everything]
    board.draw(pads, rng, [*words, ("ORTUS MOTOR CTRL", (4, 23.2), 2.0), ("REV C  2291-07", (4, 20.8), 1.4)], 130)
    known: dict[str, Material] = {}
    placed: list[Object] = []
    for part in everything:
        if part.name == value:
            continue
        item = add(load_part(part.model, known), part.name)
        item.location = (
            (part.x + rng.uniform(-0.05, 0.05)) * MM,
            (part.y + rng.uniform(-0.05, 0.05)) * MM,
            0.02 * MM,
        )
        item.rotation_euler.z = math.radians(part.turn + rng.uniform(-1.5, 1.5))
        placed.append(item)
    wet = [pad for part in everything if part.name != value and part.lands == CHIP for pad in part.pads()]
    bare = missing[0]
    marker = box((3.2 * MM, 1.5 * MM, 0.02 * MM), (bare.x * MM, bare.y * MM, 0.03 * MM), None, "bare lands")
    gate_only(marker)
    spread = [Pad(p.x + (0.28 if p.x > 0 else 0.0), p.y, p.width, p.height) for p in wet]
    group(
        "board",
        [*board.parts(), *placed, *soldered(spread, 0.34), marker],
        (0, 0, 0.0036),
        (0, 0, rng.uniform(0.12, 0.2)),
    )
    box(
        (0.8, 0.7, 0.004),
        (0, 0.1, -0.002),
        plastic("mat", srgb("#2b557c"), 0.62, Wear(0.3, 0.25, 0.5, 0.12), texture=0.6),
        "mat",
        0.0005,
    )
    tweezers((0.052, 0.012, 0.005), 0.9)
    surroundings("workshop", rng.uniform(0, 360), 0.55)
    lamp((0.15, 0.16, 0.22), size=0.08, watts=1.5, colour=(1, 0.96, 0.9))
    lamp((-0.3, -0.05, 0.3), size=0.3, watts=0.9, colour=(0.88, 0.94, 1))
    camera(View((-0.004, -0.05, 0.098), (-0.001, -0.0005, 0), 42, 16, roll_deg=1))
    chips = [item for item in placed if item.name[0] == "R"]
    return Shot([*chips, marker], Rule(0.5, 350), Look(grain=0.008))


SCENE = Scene(
    prompt=Prompt(
        id="DD02",
        title="Unpopulated footprint on a circuit board",
        question=(
            "One resistor was never placed on this board, so its pads are bare. Which designator is printed "
            "beside them? Answer like R10."
        ),
        answer=Answer("identifier", "R3"),
        probes="A tiny target among look-alike parts; the legend must be bound to the right pads.",
        difficulty="hard",
        tags=("electronics",),
    ),
    build=build,
    variant=lambda rng: f"R{rng.randint(1, 21)}",
    frame=Frame(1400, 1050, 12),
)

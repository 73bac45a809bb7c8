"""An eight-way DIP switch on a control board."""

from __future__ import annotations

import math
import random

from bpy.types import Material, Object
from PIL import Image, ImageDraw

from scenes.assets import font, keep
from scenes.board import Board, Pad, soldered
from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule
from scenes.materials import Wear, metal, plastic, printed
from scenes.mesh import box, cut, cylinder, group, lathe, merged, sheet
from scenes.nodes import srgb
from scenes.photo import Look
from scenes.scene import Scene, Shot
from scenes.stage import View, camera, lamp, surroundings

MM, PITCH, WAYS = 1e-3, 2.54e-3, 8
BODY = (22.4 * MM, 9.8 * MM, 5.4 * MM)
SLOT = (1.25 * MM, 5.2 * MM)


def legend() -> Image.Image:
    """Draw the print on the switch: numbers below the slots, ON above, 100 px to the millimetre."""
    art = Image.new("RGB", (round(BODY[0] * 1e5), round(BODY[1] * 1e5)), (158, 24, 22))
    draw = ImageDraw.Draw(art)
    for way in range(WAYS):
        x = art.width / 2 + (way - 3.5) * 254
        draw.text(
            (x, art.height - 115), str(way + 1), (240, 236, 228), font("barlow-condensed-600", 165), anchor="mm"
        )
        draw.rectangle(
            (x - SLOT[0] * 5e4, art.height / 2 - SLOT[1] * 5e4, x + SLOT[0] * 5e4, art.height / 2 + SLOT[1] * 5e4),
            fill=(20, 8, 8),
        )
    draw.text((225, 118), "ON", (240, 236, 228), font("barlow-condensed-600", 165), anchor="mm")
    draw.polygon([(350, 150), (420, 60), (490, 150)], fill=(240, 236, 228))
    return art


def switch(states: str) -> list[Object]:
    """Return the parts of the switch; way 1 at the left, ON towards +y."""
    red = plastic("switch body", srgb("#9e1816"), 0.4, Wear(0.3, 0.15, 0.4, 0.03))
    x, y, z = BODY
    parts = [box((x, y, z - 1.1 * MM), (0, 0, (z - 1.1 * MM) / 2 + 0.4 * MM), red, "base", 0.0002)]
    top = z + 0.4 * MM
    edges = (
        [-x / 2] + [(way - 3.5) * PITCH + side * SLOT[0] / 2 for way in range(WAYS) for side in (-1, 1)] + [x / 2]
    )
    for a, b in zip(edges[::2], edges[1::2], strict=True):
        parts.append(box((b - a, SLOT[1], 1.1 * MM), ((a + b) / 2, 0, top - 0.55 * MM), red, "web"))
    bar = (x, (y - SLOT[1]) / 2, 1.1 * MM)
    parts += [box(bar, (0, sign * (y + SLOT[1]) / 4, top - 0.55 * MM), red, "bar") for sign in (-1, 1)]
    print_ = printed("legend", keep(legend(), "dip_legend"), 0.42, 0.1, 0.4, 0.03)
    parts += _printed_frame(print_, top)
    white = plastic("slider", srgb("#ece8dc"), 0.35, Wear(0.4, 0.2, 0.5, 0.02))
    for way, state in enumerate(states):
        at = ((way - 3.5) * PITCH, (1 if state == "1" else -1) * 1.55 * MM, top - 0.1 * MM)
        parts.append(box((1.12 * MM, 1.9 * MM, 1.9 * MM), at, white, f"slider {way + 1}", 0.00018))
    return parts


def _printed_frame(print_: Material, top: float) -> list[Object]:
    """Lay the print on the face round the slots, as one sheet with the slots left out."""
    x, y, _ = BODY
    face = sheet(x - 0.2 * MM, y - 0.2 * MM, print_, "print")
    face.location.z = top + 0.015 * MM
    punches = [box((SLOT[0], SLOT[1], 2 * MM), ((way - 3.5) * PITCH, 0, top)) for way in range(WAYS)]
    return [cut(face, merged(punches))]


def build(value: Value, rng: random.Random) -> Shot:
    """Set the sliders and photograph the board from its far side, upside down to the reader's habit."""
    states = str(value)
    board = Board(64, 46, (12, 44, 92))
    pads = [Pad((way - 3.5) * 2.54, side * 4.9, 1.5, 1.9) for way in range(WAYS) for side in (-1, 1)]
    board.draw(
        pads,
        rng,
        [
            ("SW3", (-14.6, 3.2), 2.0),
            ("ADDRESS", (0, 7.6), 1.8),
            ("LARCH-IO 16  rev 4", (-8, -14.5), 2.2),
            ("J4", (20.5, 12.5), 1.8),
            ("C7", (21.5, -6.2), 1.6),
            ("C8", (-23.5, -5.6), 1.6),
            ("PWR", (-22, 13.5), 1.5),
        ],
    )
    parts: list[Object] = [*board.parts(), *switch(states)]
    sliders = [p for p in parts if p.name.startswith("slider")]
    tin = metal("pins", srgb("#c9c9c6"), 0.3, Wear(0.4, 0.1, 0.4, 0.01))
    parts += soldered(pads)
    can = plastic("can sleeve", srgb("#20242a"), 0.3, Wear(0.3, 0.15, 0.3, 0.02))
    lid = metal("can lid", srgb("#bcbcba"), 0.3, Wear(0.4, 0.1, 0.4, 0.01))
    for x, y in ((21.5, -11.0), (-23.5, -10.5)):
        drum = cylinder(4 * MM, 9 * MM, can, "capacitor", 0.0005)
        drum.location = (x * MM, y * MM, 0.3 * MM)
        cap = lathe([(0, 0), (3.3 * MM, 0), (3.2 * MM, 0.06 * MM), (0, 0.05 * MM)], lid, "capacitor lid")
        cap.location = (x * MM, y * MM, 9.3 * MM)
        parts += [drum, cap]
    black = plastic("header", srgb("#19191b"), 0.5, Wear(0.3, 0.2, 0.4, 0.02))
    for index in range(5):
        x = (15.4 + 2.54 * index) * MM
        parts += [
            box((2.5 * MM, 2.5 * MM, 2.5 * MM), (x, 8.5 * MM, 1.25 * MM), black, "header", 0.0003),
            box((0.64 * MM, 0.64 * MM, 9 * MM), (x, 8.5 * MM, 4.6 * MM), tin, "pin", 0.0001),
        ]
    lens = plastic("led", srgb("#c8d8c0"), 0.15, coat=0.5)
    parts.append(box((1.6 * MM, 0.9 * MM, 0.8 * MM), (-22 * MM, 11 * MM, 0.4 * MM), lens, "led", 0.0001))
    group("board", parts, (0, 0, 0.004), (0, 0, math.radians(180 + rng.uniform(-9, -4))))
    box(
        (0.8, 0.6, 0.01),
        (0, 0.1, -0.005),
        plastic("bench", srgb("#b8ad98"), 0.55, Wear(0.3, 0.3, 0.5, 0.15), texture=0.4),
        "bench",
        0.001,
    )
    driver = group(
        "driver",
        [
            lathe([(0, 0), (0.0011, 0), (0.0011, 0.06), (0, 0.06)], tin, "blade"),
            lathe(
                [
                    (0.0011, 0.058),
                    (0.004, 0.06),
                    (0.0045, 0.064),
                    (0.004, 0.072),
                    (0.0048, 0.08),
                    (0.0048, 0.13),
                    (0, 0.132),
                ],
                plastic("handle", srgb("#c7641b"), 0.25, coat=0.4),
                "handle",
                12,
            ),
        ],
    )
    driver.location, driver.rotation_euler = (-0.044, -0.018, 0.0048), (0, math.radians(90), math.radians(72))
    surroundings("workshop", rng.uniform(0, 360), 0.55)
    lamp((0.12, 0.14, 0.16), size=0.07, watts=1.1, colour=(1, 0.94, 0.86))
    lamp((-0.2, -0.05, 0.2), size=0.2, watts=0.7, colour=(0.85, 0.93, 1))
    camera(View((0.006, -0.036, 0.066), (0.0, 0.0005, 0.006), 52, 16, roll_deg=4))
    return Shot(sliders, Rule(0.5, 500), Look(grain=0.009))


SCENE = Scene(
    prompt=Prompt(
        id="OU06",
        title="DIP switch setting",
        question=(
            "Read the DIP switch from position 1 to position 8. Write 1 for ON and 0 for OFF. Answer with "
            "eight digits like 00001111."
        ),
        answer=Answer("identifier", "10110010", {"ignore_separators": True}),
        probes="Eight small states bound to the ON side of a switch that is seen upside down.",
        difficulty="hard",
        tags=("electronics",),
    ),
    build=build,
    variant=lambda rng: "".join(rng.sample("00001111", 8)),
)

"""Three pipes with lever valves, one of them tagged red."""

from __future__ import annotations

import math
import random

from bpy.types import Material, Object
from PIL import Image, ImageDraw

from scenes.assets import font, keep
from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule
from scenes.hardware import hex_nut
from scenes.materials import Wear, metal, painted, plastic, printed
from scenes.mesh import box, extrude, group, lathe, rod, sheet, tube
from scenes.nodes import srgb
from scenes.photo import Look
from scenes.scene import Scene, Shot
from scenes.stage import View, camera, lamp, surroundings

PIPE = 0.0135
SPACING = 0.128


def valve(brass: Material, grip: Material, is_open: bool, name: str) -> Object:
    """Return a ball valve on a vertical pipe (along z), its lever towards the viewer (-y); return the lever."""
    parts: list[Object] = []
    body = lathe(
        [
            (0.014, -0.034),
            (0.0175, -0.034),
            (0.0175, -0.02),
            (0.0235, -0.012),
            (0.0245, 0),
            (0.0235, 0.012),
            (0.0175, 0.02),
            (0.0175, 0.034),
            (0.014, 0.034),
        ],
        brass,
        "valve body",
        64,
    )
    parts.append(body)
    for z in (-0.036, 0.036):
        union = hex_nut(26, 36, 14, 1.5, brass, "union")
        union.location = (0, 0, z)
        parts.append(union)
    parts.append(rod((0, -0.016, 0), (0, -0.040, 0), 0.008, brass, "stem", 0.001))
    nut = hex_nut(6, 10, 5, 1.0, metal("stem nut", srgb("#b5b4ae"), 0.3, Wear(0.5, 0.2, 0.5, 0.02)), "stem nut")
    nut.rotation_euler, nut.location = (math.pi / 2, 0, 0), (0, -0.0455, 0)
    parts.append(nut)
    outline = [
        (-0.016, -0.012),
        (0.012, -0.012),
        (0.03, -0.0075),
        (0.088, -0.0095),
        (0.094, 0),
        (0.088, 0.0095),
        (0.03, 0.0075),
        (0.012, 0.012),
        (-0.016, 0.012),
    ]
    lever = extrude(outline, 0.0028, grip, name, 0.0008)
    sleeve = box((0.062, 0.0225, 0.0065), (0.0615, 0, 0.0016), grip, "sleeve", 0.003)
    sleeve.parent = lever
    # Local x is the lever's length: upwards when open, sideways when closed.
    lever.rotation_euler = (math.pi / 2, math.radians(-90), 0) if is_open else (math.pi / 2, 0, 0)
    lever.location = (0, -0.0400, 0)
    parts.append(lever)
    group(f"{name} valve", parts)
    return lever


def tag(text: str, code: str) -> list[Object]:
    """Return a round plastic tag on a wire, hanging in the xz plane."""
    art = Image.new("RGB", (400, 400), tuple(int(code[i : i + 2], 16) for i in (1, 3, 5)))
    ImageDraw.Draw(art).text((200, 200), text, (245, 243, 238), font("barlow-condensed-700", 190), anchor="mm")
    disc = lathe(
        [(0, 0), (0.0165, 0), (0.0168, 0.0006), (0.0165, 0.0012), (0, 0.0012)],
        plastic(f"tag {text}", srgb(code), 0.4),
        "tag",
        64,
    )
    disc.rotation_euler = (math.pi / 2, 0, 0)
    face = sheet(0.021, 0.021, printed(f"tag print {text}", keep(art, f"tag_{text}"), 0.4, 0.05), "tag print")
    face.parent, face.location = disc, (0, 0, 0.00125)
    return [disc]


def build(value: Value, rng: random.Random) -> Shot:
    """Set the tagged valve and the other two the other way."""
    is_open = value == "open"
    brass = metal("brass", srgb("#94825a"), 0.36, Wear(0.6, 0.35, 0.4, 0.04), grain=0.35)
    copper = metal("copper", srgb("#a56a4a"), 0.36, Wear(0.5, 0.25, 0.6, 0.1))
    wall_paint = painted("wall", srgb("#c7c2b4"), srgb("#9b958a"), 0.4, Wear(0.3, 0.25, 0.5, 0.5))
    marked = rng.choice([0, 1, 2])
    levers, tags = [], []
    codes = ["#2a5fa5", "#2a5fa5", "#2a5fa5"]
    codes[marked] = "#b9201c"
    for index in range(3):
        x = (index - 1) * SPACING
        colour = painted(
            f"lever {index}",
            srgb(("#27508f", "#1d1f22", "#27508f")[index]),
            chips=0.5,
            wear=Wear(0.5, 0.3, 0.5, 0.05),
        )
        lever = valve(brass, colour, is_open if index == marked else not is_open, f"lever {index + 1}")
        lever.parent.location = (x, 0, rng.uniform(-0.012, 0.012))
        z = lever.parent.location.z
        rod((x, 0, -0.9), (x, 0, z - 0.03), PIPE, copper, "pipe")
        rod((x, 0, z + 0.03), (x, 0, 0.9), PIPE, copper, "pipe")
        for height in (-0.165, 0.185):
            box((0.036, 0.018, 0.014), (x, 0.008, height), plastic("clip", srgb("#d8d6cf"), 0.5), "clip", 0.003)
            rod((x, 0.012, height), (x, 0.05, height), 0.004, brass, "clip screw")
        disc = tag(("A", "B", "C")[index], codes[index])[0]
        disc.location = (x + 0.004, -0.0268, z - 0.066)
        disc.rotation_euler = (math.pi / 2 - 0.05, rng.uniform(-0.12, 0.12), 0)
        tube(
            [(x - 0.014, -0.004, z - 0.043), (x, -0.021, z - 0.044), (x + 0.004, -0.0262, z - 0.0515)],
            0.0006,
            brass,
            "tag wire",
            8,
        )
        levers.append(lever)
        tags.append(disc)
    box((3, 0.04, 3), (0, 0.07, 0), wall_paint, "wall")
    rod(
        (-0.28, 0.02, -1),
        (-0.28, 0.02, 1),
        0.028,
        plastic("waste pipe", srgb("#8f9497"), 0.45, Wear(0.4, 0.4, 0.5, 0.2)),
        "waste pipe",
    )
    tube(
        [(0.23, 0.03, 0.9), (0.235, 0.03, 0.3), (0.225, 0.032, -0.2), (0.24, 0.03, -0.9)],
        0.006,
        plastic("cable", srgb("#e1e0da"), 0.5),
        "cable",
    )
    for height in (-0.15, 0.12):
        box((0.02, 0.012, 0.01), (0.231, 0.034, height), plastic("saddle", srgb("#2c2d30"), 0.5), "saddle", 0.002)
    surroundings("workshop", rng.uniform(0, 360), 0.55)
    lamp((-0.45, -0.45, 0.45), (0, 0, 0), 0.16, 8, (1, 0.94, 0.85))
    lamp((0.6, -0.5, 0.1), (0, 0, 0), 0.4, 2.6, (0.84, 0.92, 1))
    camera(View((0.14, -0.50, 0.10), (0.016, 0.0, 0.0), 40, 7.1, roll_deg=2))
    return Shot([*levers, *tags], Rule(0.6, 1500), Look(grain=0.01))


SCENE = Scene(
    prompt=Prompt(
        id="OU05",
        title="Ball valve position",
        question="Is the valve with the red tag open or closed? Answer only open or closed.",
        answer=Answer("choice", "closed", {"options": ["open", "closed"], "synonyms": {"closed": ["shut"]}}),
        probes="The convention that a lever across its pipe means closed; the other two stand the other way.",
        difficulty="easy",
        tags=("plant", "pipework"),
    ),
    build=build,
    variant=lambda rng: rng.choice(["open", "closed"]),
)

"""A wall clock seen only in a washroom mirror."""

from __future__ import annotations

import math
import random
import re

from bpy.types import Object
from PIL import Image, ImageDraw

from scenes.assets import font, keep
from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule
from scenes.materials import Wear, metal, painted, plastic, printed
from scenes.mesh import box, cylinder, extrude, group, lathe, rod, tube
from scenes.nodes import Graph, srgb
from scenes.photo import Look
from scenes.scene import Scene, Shot
from scenes.sight import gate_only
from scenes.stage import Frame, Point, View, camera, lamp, surroundings

RADIUS = 0.15
MIRROR_Z = 1.55


def dial_art() -> Image.Image:
    """Draw the dial: minute marks and hour strokes; numerals would give the mirror away."""
    art = Image.new("RGB", (1200, 1200), (240, 238, 230))
    draw = ImageDraw.Draw(art)
    for minute in range(60):
        a = math.tau * minute / 60
        inner, width = (450, 26) if minute % 15 == 0 else (490, 18) if minute % 5 == 0 else (535, 6)
        ends = [(600 + r * math.sin(a), 600 - r * math.cos(a)) for r in (565, inner)]
        draw.line(ends, fill=(22, 22, 24), width=width)
    draw.text((600, 400), "TARN", (60, 60, 62), font("oswald-500", 62), anchor="mm")
    return art


def clock(minutes: int) -> list[Object]:
    """Return the parts of a clock facing +z, twelve towards +y, showing the minutes since midnight."""
    face = lathe([(0, 0), (RADIUS * 0.94, 0)], printed("dial", keep(dial_art(), "clock"), 0.5, 0.05), "dial", 128)
    uv = face.data.uv_layers.new()
    for loop, entry in zip(face.data.loops, uv.data, strict=True):
        x, y, _ = face.data.vertices[loop.vertex_index].co
        entry.uv = (x / RADIUS / 1.88 + 0.5, y / RADIUS / 1.88 + 0.5)
    rim = [(0.94, 0.0), (0.94, 0.02), (0.97, 0.026), (1.0, 0.022), (1.02, 0.0), (1.02, -0.03), (0, -0.03)]
    case = lathe([(RADIUS * r, z) for r, z in rim], plastic("case", srgb("#24282c"), 0.25, coat=0.4), "case", 128)
    black = plastic("hand", srgb("#101012"), 0.4)
    hands = []
    for length, width, turn, z in ((0.078, 0.0105, minutes / 720, 0.006), (0.118, 0.007, minutes / 60, 0.009)):
        outline = [
            (-width / 2, -0.022),
            (width / 2, -0.022),
            (width / 2 * 0.8, length),
            (-width / 2 * 0.8, length),
        ]
        hand = extrude(outline, 0.0015, black, "hand")
        hand.location, hand.rotation_euler = (0, 0, z), (0, 0, -math.tau * turn)
        hands.append(hand)
    second = extrude(
        [(-0.001, -0.03), (0.001, -0.03), (0.0006, 0.125), (-0.0006, 0.125)],
        0.001,
        plastic("second", srgb("#b5201c"), 0.4),
    )
    second.location, second.rotation_euler = (0, 0, 0.012), (0, 0, -math.tau * 0.33)
    pin = cylinder(0.007, 0.014, black, "pin", 0.002)
    return [face, case, *hands, second, pin]


def tiles(width: float, height: float, size: float, at: Point, name: str) -> Object:
    """Return a tiled wall in the xz plane facing -y."""
    graph = Graph(name)
    brick = graph.node(
        "TexBrick",
        {
            "Vector": graph.where(1.0, varied=False, kind="Object"),
            "Color1": srgb("#d7dcd6"),
            "Color2": srgb("#cbd2cc"),
            "Mortar": srgb("#8f8d84"),
            "Scale": 1.0,
            "Mortar Size": 0.0022,
            "Brick Width": size,
            "Row Height": size,
        },
        offset=0.0,
    )
    stain = graph.noise(graph.where(1.0, varied=False), 6, 8, 0.65)
    graph.set(base_color=brick.outputs[0], roughness=graph.remap(stain, 0.35, 0.7, 0.08, 0.3), coat_weight=0.3)
    graph.set(normal=graph.bump(graph.math("SUBTRACT", 1.0, brick.outputs[1]), 0.5, 0.0015))
    wall = box((width, height, 0.02), (0, 0, 0), graph.material, name)
    wall.rotation_euler, wall.location = (math.pi / 2, 0, 0), at
    return wall


def mirror() -> None:
    """Hang the mirror: silvered glass with a bevelled frame, spotted with water."""
    graph = Graph("silver")
    spots = graph.noise(graph.where(1.0, varied=False), 90, 3, 0.6)
    haze = graph.noise(graph.where(1.0, varied=False), 5, 5, 0.6)
    dirty = graph.math("ADD", graph.remap(spots, 0.66, 0.70, 0.0, 0.22), graph.remap(haze, 0.5, 0.8, 0.0, 0.06))
    graph.set(base_color=srgb("#e4e9e7"), metallic=1.0, roughness=dirty)
    box((0.62, 0.006, 0.76), (0, -0.012, MIRROR_Z), graph.material, "mirror")
    frame = metal("mirror frame", srgb("#b1b1ad"), 0.3, Wear(0.4, 0.1, 0.4, 0.1))
    for sign in (-1, 1):
        box((0.014, 0.016, 0.788), (sign * 0.317, -0.012, MIRROR_Z), frame, "frame", 0.003)
        box((0.648, 0.016, 0.014), (0, -0.012, MIRROR_Z + sign * 0.387), frame, "frame", 0.003)


def washroom() -> None:
    """Build both walls, shelf, tap and bottle."""
    tiles(4, 3.2, 0.15, (0, 0.0, 1.3), "mirror wall")
    back = painted("back wall", srgb("#8fa3a0"), srgb("#c9c6bb"), 0.05, Wear(0.1, 0.1, 0.3, 0.7))
    box((4, 0.04, 3.4), (0, -1.68, 1.5), back, "back wall")
    box(
        (0.9, 0.05, 2.1),
        (0.78, -1.65, 1.05),
        painted("door", srgb("#c9c3b2"), srgb("#a39d8e"), 0.1, Wear(size=0.5)),
        "door",
        0.004,
    )
    box((0.04, 2.4, 3.4), (-1.1, -0.8, 1.5), back, "side wall")
    box((4, 4, 0.04), (0, -0.8, 2.75), plastic("ceiling", srgb("#d9d8d2"), 0.8), "ceiling")
    glass = plastic("shelf", srgb("#b9c9c4"), 0.12, coat=0.5)
    box((0.6, 0.12, 0.01), (0.0, -0.075, 1.115), glass, "shelf", 0.003)
    chrome = metal("chrome", srgb("#cfcfcd"), 0.1, Wear(0.2, 0.1, 0.5, 0.06))
    for x in (-0.26, 0.26):
        rod((x, 0.0, 1.105), (x, -0.07, 1.105), 0.008, chrome, "shelf pin")
    soap = lathe(
        [
            (0, 0),
            (0.03, 0),
            (0.033, 0.004),
            (0.033, 0.1),
            (0.026, 0.118),
            (0.012, 0.122),
            (0.012, 0.135),
            (0, 0.135),
        ],
        plastic("soap", srgb("#3f8a6a"), 0.2, coat=0.5),
        "soap bottle",
        64,
    )
    soap.location = (0.17, -0.075, 1.12)
    tube(
        [(0.17, -0.075, 1.25), (0.17, -0.075, 1.285), (0.158, -0.09, 1.292), (0.145, -0.11, 1.288)],
        0.004,
        plastic("pump", srgb("#e6e6e1"), 0.35),
        "pump",
    )
    cup = lathe(
        [(0, 0), (0.032, 0), (0.037, 0.095), (0.0345, 0.095), (0.030, 0.006), (0, 0.006)],
        plastic("cup", srgb("#c9713a"), 0.3, coat=0.3),
        "cup",
        64,
    )
    cup.location = (-0.17, -0.07, 1.12)
    for lean, code in ((0.35, "#2f5fa5"), (-0.3, "#b8323a")):
        rod(
            (-0.17 - lean * 0.04, -0.07, 1.128),
            (-0.17 + lean * 0.17, -0.07, 1.29),
            0.0045,
            plastic("brush", srgb(code), 0.3),
            "toothbrush",
            0.002,
        )


def build(value: Value, rng: random.Random) -> Shot:
    """Hang the clock behind the camera so that only its reflection is seen."""
    hours, minutes = (int(part) for part in re.findall(r"\d+", str(value)))
    washroom()
    mirror()
    at = (-0.30, -1.648, 1.90)
    group("clock", clock(hours * 60 + minutes), at, (-math.pi / 2, math.pi, 0))
    image = cylinder(RADIUS, 0.01, None, "reflected clock")
    image.rotation_euler, image.location = (math.pi / 2, 0, 0), (at[0], -2 * 0.015 - at[1], at[2])
    surroundings("apartment", rng.uniform(0, 360), 0.25)
    lamp((0.1, -0.75, 2.68), (0.1, -0.75, 0), 0.5, 34, (1, 0.95, 0.87), 0.5)
    lamp((-0.5, -1.2, 2.5), (-0.3, -1.65, 1.9), 0.2, 5, (1, 0.96, 0.9))
    camera(View((0.17, -0.98, 1.46), (-0.03, 0.0, MIRROR_Z - 0.01), 42, 8, roll_deg=1.5, focus=2.2))
    gate_only(image)["see_through"] = False
    return Shot([image], Rule(0.0, 0, 150.0), Look(grain=0.011, warmth=0.015))


SCENE = Scene(
    prompt=Prompt(
        id="OU07",
        title="Clock seen in a mirror",
        question="The clock is seen in a mirror. What time does it really show? Answer like 3:05.",
        answer=Answer("time", "07:10"),
        probes="Mirror inversion: the reflection looks like ten to five.",
        difficulty="hard",
        tags=("time", "reflection"),
    ),
    build=build,
    variant=lambda rng: f"{rng.randint(1, 11):02d}:{rng.choice([5, 10, 20, 25, 35, 40, 50, 55]):02d}",
    frame=Frame(960, 1280),
)

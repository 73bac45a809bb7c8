"""Ten juice bottles on the belt behind a filler; some caps are not screwed down."""

from __future__ import annotations

import math
import random
from itertools import pairwise

import bmesh
import numpy as np
from bpy.types import Material, Object
from PIL import Image, ImageDraw

from scenes.assets import font, keep
from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule
from scenes.materials import Wear, film, glass, metal, painted, plastic, printed
from scenes.mesh import box, finish, group, lathe, rod, sheet, tube
from scenes.nodes import Graph, srgb
from scenes.photo import Look
from scenes.scene import Scene, Shot
from scenes.sight import gate_only, require, require_apart, see_through
from scenes.stage import Frame, View, camera, exposure, lamp, surroundings

FRAME = Frame()
RADIUS, PITCH, RING = 0.031, 0.073, 0.170
"""Body radius, distance between bottles, and height of the support ring under the cap."""
SEAT = RING + 0.0018
WALL = [
    (0.024, 0.0),
    (0.0285, 0.002),
    (0.031, 0.008),
    (0.031, 0.052),
    (0.0302, 0.055),
    (0.0302, 0.103),
    (0.031, 0.106),
]
WALL += [(0.0308, 0.114), (0.0295, 0.124), (0.0265, 0.135), (0.0222, 0.145), (0.0178, 0.154), (0.0148, 0.161)]


def closure(material: Material, name: str) -> Object:
    """Return a ribbed screw cap with its tamper band, lower edge at z = 0."""
    built, seg = bmesh.new(), 240

    def ring(radius: float, z: float, rib: float = 0.0) -> list[bmesh.types.BMVert]:
        turns = [math.tau * i / seg for i in range(seg)]
        wave = [radius + rib * min(1.0, max(-1.0, 2.2 * math.cos(60 * t))) for t in turns]
        return [built.verts.new((r * math.cos(t), r * math.sin(t), z)) for r, t in zip(wave, turns, strict=True)]

    outline = [(14.0, 13), (14.0, 0), (15.0, 0), (15.25, 0.3), (15.25, 2.6), (15.0, 2.9), (14.5, 3.0), (14.5, 3.4)]
    rings = [ring(r / 1000, z / 1000) for r, z in [*outline, (15.1, 3.5)]]
    rings += [ring(0.0152, z, 0.00022) for z in (0.0039, 0.0130)]
    rings += [
        ring(r / 1000, z / 1000) for r, z in [(15.1, 13.8), (14.8, 14.6), (14.2, 15.1), (13.2, 15.3), (12.6, 15.2)]
    ]
    for low, high in pairwise(rings):
        for i in range(seg):
            built.faces.new((low[i], low[(i + 1) % seg], high[(i + 1) % seg], high[i]))
    built.faces.new(rings[-1])
    return finish(built, name, material, 30)


def neck(clear: Material) -> Object:
    """Return the bare mouth: support ring, locking bead and a thread of one and a half turns."""
    outside = [(14.4, 162), (13.2, 166), (13.0, 169), (16.4, 169.2), (16.7, 169.6), (16.7, 170.4), (16.3, 170.8)]
    outside += [(12.9, 171), (12.9, 173.4), (13.7, 174), (13.6, 174.6), (12.7, 175.6), (12.7, 186), (12.4, 186.4)]
    inside = [(11.2, 186.4), (10.9, 186), (10.9, 168), (12.6, 162)]
    profile = [(r / 1000, z / 1000) for r, z in [*outside, *inside, outside[0]]]
    item = lathe(profile, clear, "neck", 96, 40)
    turns = np.linspace(0, 3.4 * math.pi, 70)
    path = [(0.0129 * math.cos(t), 0.0129 * math.sin(t), 0.1775 + 0.0033 * t / math.tau) for t in turns]
    thread = tube(path, 0.00075, clear, "thread", 8, 2)
    thread.parent = item
    return item


def juice() -> Material:
    """Return cloudy orange juice as seen through the wall."""
    graph = Graph("juice")
    where = graph.where(1.0)
    pulp = graph.noise(where, 700, 3, 0.6)
    z = graph.node("SeparateXYZ", {0: graph.node("TexCoord").outputs["Object"]}).outputs[2]
    settled = graph.remap(
        graph.math("ADD", z, graph.math("MULTIPLY", graph.noise(where, 40, 3), 0.03)), 0.02, 0.15, 0, 1
    )
    colour = graph.mix(settled, srgb("#e88a14"), srgb("#f2a32a"))
    colour = graph.mix(0.5, colour, graph.ramp(pulp, (0.35, (0.86, 0.78, 0.7)), (0.6, (1, 1, 1))), "MULTIPLY")
    graph.set(subsurface_weight=0.25, subsurface_radius=(0.006, 0.003, 0.001), subsurface_scale=1.0)
    return graph.set(base_color=colour, roughness=0.35)


def label_art() -> Image.Image:
    """Draw the wrap-round label, front and back alike."""
    cream, green, orange = (247, 240, 222), (32, 84, 52), (226, 116, 22)
    art = Image.new("RGB", (1680, 400), cream)
    draw = ImageDraw.Draw(art)
    draw.rectangle((0, 0, 1680, 34), fill=green)
    draw.rectangle((0, 372, 1680, 400), fill=orange)
    for x0 in (0, 840):
        draw.ellipse((x0 + 40, 70, x0 + 330, 360), fill=orange)
        draw.ellipse((x0 + 60, 90, x0 + 310, 340), fill=(240, 150, 50), outline=cream, width=6)
        for k in range(10):
            a = math.tau * k / 10
            centre = (x0 + 185, 215)
            draw.line(
                (centre, (centre[0] + 120 * math.cos(a), centre[1] + 120 * math.sin(a))), fill=cream, width=5
            )
        draw.text((x0 + 560, 130), "Ollerby", green, font("oswald-700", 110), anchor="mm")
        draw.text((x0 + 560, 238), "PRESSED ORANGE", orange, font("barlow-condensed-700", 60), anchor="mm")
        draw.text(
            (x0 + 560, 312), "with bits   500 ml", (70, 64, 54), font("barlow-condensed-500", 46), anchor="mm"
        )
    return art


def wrapped(art: Material) -> Object:
    """Return the label bent round the body."""
    r = RADIUS - 0.00055
    item = sheet(math.tau * r, 0.047, art, "label", (96, 1))
    for vertex in item.data.vertices:
        turn = vertex.co.x / r
        vertex.co = (r * math.sin(turn), -r * math.cos(turn), vertex.co.y + 0.079)
    return item


def hall(steel: Material) -> None:
    """Build the belt with its rails and, out of focus, the plant behind it."""
    slat = plastic("slat", srgb("#c6c8c4"), 0.42, Wear(1.0, 0.5, 0.8, 0.1))
    for k in range(-13, 14):
        box((0.0375, 0.26, 0.006), (k * 0.038, 0.03, -0.003), slat, "belt slat", 0.0012)
    for y in (-0.095, 0.155):
        rod((-0.8, y, 0.062), (0.8, y, 0.062), 0.006, steel, "guide rail")
        box((1.8, 0.012, 0.06), (0, y + math.copysign(0.012, y - 0.03), -0.015), steel, "belt frame", 0.002)
        for x in (-0.34, 0.31):
            rod(
                (x, y + math.copysign(0.012, y), -0.01),
                (x, y + math.copysign(0.012, y), 0.066),
                0.005,
                steel,
                "post",
            )
    wall = painted("wall", srgb("#aeb9b8"), chips=0.1, wear=Wear(size=0.5))
    box((5, 0.05, 3), (0, 2.2, 0.4), wall, "wall")
    box((5, 3, 0.05), (0, 1.0, -0.8), painted("floor", srgb("#7b5a48"), wear=Wear(size=0.4)), "floor")
    box((0.75, 0.5, 1.5), (-0.75, 1.5, 0.0), steel, "filler housing", 0.03)
    box((0.22, 0.02, 0.16), (-0.62, 1.23, 0.30), plastic("screen", srgb("#1c2a38"), 0.15), "screen", 0.008)
    tank = lathe([(0.3, -0.7), (0.3, 0.7), (0.22, 0.8), (0, 0.86)], steel, "tank")
    tank.location = (0.75, 1.65, 0)
    box((0.5, 0.3, 0.3), (0.1, 1.3, -0.3), plastic("bin", srgb("#39566e"), 0.5), "bin", 0.03)


def build(value: Value, rng: random.Random) -> Shot:
    """Leave the asked-for number of caps high or askew."""
    count, total = int(str(value)), 10
    faults = [rng.choice(["high", "askew"]) for _ in range(count)]
    faults = [*faults, *[""] * (total - count)]
    rng.shuffle(faults)
    pet, wall = glass("neck", (0.97, 0.98, 0.98), 0.0, 1.5), film("bottle wall", gain=1.3, ripple=0.04)
    green = plastic("cap", srgb("#1d7a41"), 0.36, Wear(0.3, 0.1, 0.5, 0.05), texture=0.05)
    cloudy, art = juice(), printed("label", keep(label_art(), "juice"), 0.45, 0.1, size=0.06)
    bottles, caps, seams = [], [], []
    for index, fault in enumerate(faults):
        row, place = divmod(index, 5)
        cap = closure(green, f"cap {index}")
        lift, tilt = {"": (0.0, 0.0), "high": (rng.uniform(0.0043, 0.0056), 0.012), "askew": (0.0036, 0.15)}[fault]
        cap.location = (0, 0, SEAT + lift)
        swing = rng.choice((0, math.pi)) + rng.uniform(-0.5, 0.5) - math.pi / 2
        cap.rotation_euler = (
            tilt * math.cos(swing),
            tilt * math.sin(swing),
            rng.uniform(0, 6) if not fault else 0,
        )
        skin = see_through(lathe(WALL, wall, "wall", 96, 60))
        level = [(r - 0.0006, max(z, 0.001)) for r, z in WALL]
        fill = lathe([(0, 0.001), *level, (0, 0.1611)], cloudy, "juice", 96, 60)
        mark = gate_only(lathe([(0.0169, RING - 0.001), (0.0169, RING + 0.001)], None, f"seam {index}"))
        parts = [cap, skin, fill, neck(pet), wrapped(art), mark]
        x = (place - 2.25 + 0.5 * row) * PITCH + rng.uniform(-0.003, 0.003)
        spin = rng.uniform(-0.7, 0.7) if not fault else rng.uniform(-0.15, 0.15)
        parts[4].rotation_euler.z = rng.uniform(-1.2, 1.2)
        group(f"bottle {index}", parts, (x, row * 0.078 + rng.uniform(-0.004, 0.004), 0.0002), (0, 0, spin))
        bottles.append(fill)
        caps.append(cap)
        seams.append(mark)
    require_apart(bottles)
    hall(metal("stainless", srgb("#b9bcbc"), 0.3, Wear(0.5, 0.1, 0.6, 0.25), brushed=0.4))
    exposure(0.2)
    surroundings("warehouse", rng.uniform(0, 360), 0.7)
    for x in (-0.5, 0.5):
        lamp((x, 0.1, 1.3), (x * 0.6, 0.0, 0.1), 0.12, 9, (0.9, 0.98, 1.0), 1.2)
    lamp((0.2, -1.1, 0.7), (0, 0, 0.1), 0.8, 5, (1, 1, 0.97))
    lamp((0, 1.1, 1.6), (0, 1.7, 0), 1.0, 30, (0.92, 0.98, 1.0))
    camera(View((0.05, -0.66, 0.40), (0.0, 0.03, 0.126), 63, 10, roll_deg=-1.5, focus=0.69))
    require(seams, Rule(0.4, 120), FRAME.width, FRAME.height)
    return Shot([*caps, *seams], Rule(0.4, 120, 20), Look(grain=0.009, warmth=-0.015, tint=0.008))


SCENE = Scene(
    prompt=Prompt(
        id="DD12",
        title="Caps not screwed down",
        question="How many of the ten bottles have a cap that is not screwed down fully? Answer only a number.",
        answer=Answer("integer", 3),
        probes="A gap of a few millimetres under a cap, at two depths, among identical bottles.",
        difficulty="medium",
        tags=("beverages", "manufacturing"),
    ),
    build=build,
    variant=lambda rng: rng.randint(2, 5),
    frame=FRAME,
)

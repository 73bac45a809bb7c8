"""A DIP chip on conductive foam with one leg bent outwards."""

from __future__ import annotations

import math
import random

from bpy.types import Material, Object
from PIL import Image, ImageDraw

from scenes.assets import font, keep
from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule
from scenes.materials import Wear, metal, plastic
from scenes.mesh import box, copy, cut, cylinder, discard, extrude, group, label, lathe
from scenes.nodes import Graph, srgb
from scenes.photo import Look
from scenes.scene import Scene, Shot
from scenes.stage import View, camera, lamp, surroundings

PINS, PITCH, MM = 16, 2.54e-3, 1e-3
LENGTH, WIDTH, THICK = 19.4 * MM, 6.4 * MM, 3.4 * MM
STANDOFF = 3.6 * MM


def foam() -> Material:
    """Return black conductive foam with open pores."""
    graph = Graph("foam")
    where = graph.where(1.0, varied=False)
    cells = graph.node("TexVoronoi", {"Vector": where, "Scale": 2600.0, "Randomness": 1.0}).outputs[0]
    grain = graph.noise(where, 700, 4, 0.7)
    height = graph.math("ADD", cells, graph.math("MULTIPLY", grain, 0.4))
    graph.set(base_color=graph.ramp(height, (0.25, srgb("#0c0c0e")), (0.75, srgb("#3d3d42"))), roughness=0.85)
    return graph.set(normal=graph.bump(height, 0.9, 0.0009))


def body() -> Object:
    """Return the moulded body, notch towards +x, with its laser marking; it stands clear of the foam."""
    mould = plastic("mould", srgb("#232326"), 0.55, Wear(0.25, 0.08, 0.3, 0.02), texture=0.5)
    block = box((LENGTH, WIDTH, THICK), (0, 0, 0), mould, "body")
    for vertex in block.data.vertices:
        if vertex.co.z > 0 or vertex.co.z < 0:
            vertex.co.y *= 0.955
    notch = cylinder(1.35 * MM, 2 * MM, None, "notch", segments=32)
    notch.location = (LENGTH / 2, 0, THICK / 2 - 1.1 * MM)
    cut(block, notch)
    dot = lathe([(0, 0), (0.75 * MM, 0), (0.75 * MM, 1 * MM), (0, 1 * MM)], None, "dot", 24)
    dot.location = (LENGTH / 2 - 1.75 * MM, WIDTH / 2 - 1.75 * MM, THICK / 2 - 0.3 * MM)
    cut(block, dot)
    art = Image.new("RGB", (1300, 330), (0, 0, 0))
    draw = ImageDraw.Draw(art)
    draw.text((650, 100), "KST 4316N", (205, 205, 198), font("share-tech-mono-400", 150), anchor="mm")
    draw.text((650, 240), "2431 B7 MYS", (205, 205, 198), font("share-tech-mono-400", 110), anchor="mm")
    graph = Graph("marking")
    ink = graph.image(keep(art, "dip_mark"))
    graph.set(base_color=graph.mix(ink, srgb("#232326"), srgb("#a9a89f")), roughness=0.6)
    label(block, graph.material, 11.5 * MM, 2.9 * MM, (-0.8 * MM, 0, THICK / 2 + 0.006 * MM), (0, 0, math.pi))
    spot = lathe([(0, 0), (0.6 * MM, 0)], plastic("ink", srgb("#c9c8bd"), 0.6), "dot ink", 24)
    spot.parent, spot.location = block, (LENGTH / 2 - 1.75 * MM, WIDTH / 2 - 1.75 * MM, THICK / 2 - 0.28 * MM)
    block.location.z = STANDOFF + THICK / 2
    return block


def leg(material: Material, name: str) -> Object:
    """Return one leg on the +y side at x = 0: shoulder out of the body, then down, wide above and narrow below."""
    z0 = STANDOFF + THICK / 2
    shoulder = box((1.45 * MM, 0.85 * MM, 0.27 * MM), (0, WIDTH / 2 + 0.3 * MM, z0), material, name, 0.00006)
    wide = extrude(
        [
            (-0.72 * MM, 0),
            (0.72 * MM, 0),
            (0.72 * MM, -2.3 * MM),
            (0.26 * MM, -2.9 * MM),
            (0.22 * MM, -6.4 * MM),
            (-0.22 * MM, -6.4 * MM),
            (-0.26 * MM, -2.9 * MM),
            (-0.72 * MM, -2.3 * MM),
        ],
        0.27 * MM,
        material,
        "blade",
        0.00005,
    )
    wide.parent = shoulder
    wide.location = (0, 0.40 * MM, 0.10 * MM)
    wide.rotation_euler = (math.radians(84), 0, 0)
    return shoulder


def legs(bent: int) -> list[Object]:
    """Return all legs; pin 1 is beside the notch (+x) on the +y side, numbered counter-clockwise from above."""
    tin = metal("tin", srgb("#dad9d4"), 0.45, Wear(0.4, 0.1, 0.3, 0.008), grain=0.3)
    result = []
    for pin in range(1, PINS + 1):
        side = 1 if pin <= PINS // 2 else -1
        slot = (pin - 1) if side > 0 else PINS - pin
        item = leg(tin, f"pin {pin}")
        item.location.x = (3.5 - slot) * PITCH
        if pin == bent:
            item.children[0].rotation_euler.x = math.radians(84 + 68)
            item.children[0].rotation_euler.y = math.radians(6)
        root = group(f"pin {pin} root", [item])
        root.rotation_euler.z = 0 if side > 0 else math.pi
        if side < 0:
            item.location.x = -item.location.x
        result.append(item)
    return result


def build(value: Value, rng: random.Random) -> Shot:
    """Bend the asked-for leg and turn the chip well away from the usual orientation."""
    pin = int(str(value))
    all_legs = legs(pin)
    chip = group("chip", [body(), *(item.parent for item in all_legs)], (0, 0, -2.9 * MM))
    far_side = pin > PINS // 2
    # The bent leg's side faces the camera, which leaves the notch at the right or the left.
    chip.rotation_euler.z = math.radians(rng.uniform(18, 30) + (0 if far_side else 180))
    box((0.054, 0.038, 0.012), (0.002, 0.001, -0.006), foam(), "foam", 0.0015, (0, 0, 0.12))
    mat = plastic("mat", srgb("#2f5d7a"), 0.6, Wear(0.3, 0.15, 0.4, 0.15), texture=0.5)
    box((0.8, 0.7, 0.004), (0, 0.1, -0.0142), mat, "mat", 0.001)
    steel = metal("tweezers", srgb("#a7a8a8"), 0.25, Wear(0.5, 0.1, 0.5, 0.05), brushed=0.6)
    for sign in (-1, 1):
        arm = extrude(
            [(0, -0.0012), (0.05, -0.004), (0.12, -0.0048), (0.12, 0.0048), (0.05, 0.004), (0, 0.0012)],
            0.0011,
            steel,
            "tweezer arm",
            0.0003,
        )
        arm.location = (0.026, 0.026 + sign * 0.0006, 0.0012 + 0.0006)
        arm.rotation_euler = (0, math.radians(-3), 0.55 + sign * 0.035)
        arm.location.z += 0.0012 if sign > 0 else 0
    pot = lathe(
        [(0, 0), (0.01, 0), (0.011, 0.001), (0.011, 0.022), (0.0095, 0.022), (0.0095, 0.004), (0, 0.004)],
        plastic("pot", srgb("#c8c4b4"), 0.4),
        "pot",
    )
    pot.location = (-0.038, 0.042, -0.012)
    spare = cylinder(0.0028, 0.009, plastic("sleeve", srgb("#27448a"), 0.3), "capacitor", 0.0004)
    copy(spare, "capacitor 2", (-0.034, 0.004, -0.0092), (math.pi / 2, 0, 0.9))
    discard(spare)
    surroundings("workshop", rng.uniform(0, 360), 0.55)
    lamp((0.12, 0.16, 0.16), size=0.06, watts=1.1, colour=(1, 0.95, 0.88))
    lamp((-0.1, -0.16, 0.09), size=0.12, watts=0.9, colour=(0.9, 0.95, 1))
    camera(View((0.0, -0.048, 0.058), (0.0, 0.0, 0.001), 52, 14, roll_deg=-3))
    shown = all_legs[8:] if far_side else all_legs[:8]
    return Shot(shown, Rule(0.5, 900), Look(grain=0.009))


SCENE = Scene(
    prompt=Prompt(
        id="DD15",
        title="Bent pin on a DIP chip",
        question=(
            "One leg of this 16-pin chip is bent outward. Pin 1 is at the dot beside the notch and pins are "
            "numbered counter-clockwise seen from above. What is the number of the bent pin? Answer only a "
            "number."
        ),
        answer=Answer("integer", 11),
        probes="The pin convention must be applied to a chip that is turned away from the usual orientation.",
        difficulty="hard",
        tags=("electronics",),
    ),
    build=build,
    variant=lambda rng: rng.choice([3, 4, 5, 6, 7, 10, 11, 12, 13, 14]),
)

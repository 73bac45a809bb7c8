"""A two-finger gripper over coloured blocks, with a plumb bob hanging between its fingers."""

from __future__ import annotations

import math
import random

from bpy.types import Material, Object
from PIL import Image, ImageDraw

from scenes.assets import font, keep
from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule
from scenes.hardware import socket_screw
from scenes.materials import Wear, cardboard, metal, painted, plastic, printed, wood
from scenes.mesh import box, copy, discard, extrude, group, lathe, rod, sheet, tube
from scenes.nodes import Graph, scaled, srgb
from scenes.photo import Look
from scenes.scene import Scene, Shot
from scenes.sight import require_apart
from scenes.stage import Frame, Point, View, camera, exposure, lamp, surroundings

COLOURS = {
    "red": "#a3211c",
    "blue": "#1f4f9c",
    "green": "#2c7a3d",
    "yellow": "#dba81b",
    "white": "#dcd9cf",
    "black": "#232325",
}
SIDE, PITCH, HOLES = 0.04, 0.086, 0.025
BODY = 0.178
"""Height of the gripper body's underside."""


def block(colour: str, name: str) -> Object:
    """Return a lacquered wooden cube standing on z = 0, its corners worn to the wood."""
    graph = Graph(name)
    where = graph.where(1.0)
    edge = graph.node("NewGeometry").outputs["Pointiness"]
    rubbed = graph.noise(where, 160, 6, 0.7)
    fibre = graph.noise(graph.node("Mapping", {"Vector": where, "Scale": (40, 700, 700)}).outputs[0], 1.0, 4, 0.7)
    bare = graph.remap(
        graph.math("ADD", graph.math("MULTIPLY", edge, 0.9), graph.math("MULTIPLY", rubbed, 0.42)),
        0.785,
        0.80,
        0.0,
        1.0,
    )
    tone = srgb(COLOURS[colour])
    paint = graph.mix(0.5, tone, graph.ramp(fibre, (0.35, scaled(tone, 0.82)), (0.6, scaled(tone, 1.1))))
    graph.set(
        base_color=graph.mix(bare, paint, srgb("#b48c5a")), roughness=graph.remap(rubbed, 0.3, 0.7, 0.28, 0.5)
    )
    graph.set(normal=graph.bump(fibre, 0.25, 0.0004))
    item = box((SIDE, SIDE, SIDE), (0, 0, 0), graph.material, name, 0.0022)
    item.location.z = SIDE / 2
    return item


def breadboard() -> Material:
    """Return a milled aluminium plate with tapped holes in a square grid."""
    graph = Graph("breadboard")
    where = graph.where(1.0, varied=False)
    axes = graph.node("SeparateXYZ", {0: where}).outputs
    squares = [graph.math("POWER", graph.math("PINGPONG", axes[i], HOLES / 2), 2.0) for i in (0, 1)]
    away = graph.math("SQRT", graph.math("ADD", *squares))
    up = graph.node("SeparateXYZ", {0: graph.node("NewGeometry").outputs["Normal"]}).outputs[2]
    hole = graph.math(
        "MULTIPLY", graph.remap(away, 0.0029, 0.0032, 1.0, 0.0), graph.remap(up, 0.8, 0.95, 0.0, 1.0)
    )
    sink = graph.remap(away, 0.0029, 0.0040, 0.0, 1.0)
    lines = graph.noise(graph.node("Mapping", {"Vector": where, "Scale": (20, 1800, 1)}).outputs[0], 1.0, 4, 0.7)
    stain = graph.noise(where, 14, 8, 0.7)
    graph.set(
        base_color=graph.mix(
            hole, graph.ramp(stain, (0.3, srgb("#a3a5a6")), (0.6, srgb("#b3b5b6"))), (0.01, 0.01, 0.01)
        )
    )
    rough = graph.math("ADD", graph.remap(lines, 0.3, 0.7, 0.26, 0.42), graph.remap(stain, 0.4, 0.7, 0.0, 0.08))
    graph.set(metallic=graph.remap(hole, 0.0, 1.0, 1.0, 0.0), roughness=rough)
    graph.set(normal=graph.bump(sink, 1.0, 0.0012, graph.bump(lines, 0.15, 0.0002)))
    return graph.material


def gripper() -> Object:
    """Return the gripper on its vertical axis; its middle line is the z axis, its fingers open along x."""
    black = metal("hard anodised", srgb("#2a2b2e"), 0.42, Wear(0.6, 0.15, 0.5, 0.06), grain=0.3)
    alloy = metal("milled", srgb("#b4b6b8"), 0.3, Wear(0.5, 0.1, 0.5, 0.05))
    rubber = plastic("pad", srgb("#17181a"), 0.8, texture=0.8)
    steel = metal("screw", srgb("#3a3a3c"), 0.35, Wear(0.4, 0.1, 0.4, 0.02))
    parts = [box((0.104, 0.05, 0.062), (0, 0, BODY + 0.031), black, "body", 0.004)]
    parts += [box((0.1, 0.026, 0.006), (0, 0, BODY - 0.003), alloy, "guide", 0.001)]
    screw = socket_screw(4, 8, 0.7, steel)
    for sign in (-1, 1):
        x = sign * 0.036
        parts.append(box((0.026, 0.044, 0.016), (x, 0, BODY - 0.0145), alloy, "jaw", 0.0015))
        outline = [
            (0.0, 0.0),
            (0.010, 0.0),
            (0.012, -0.004),
            (0.010, -0.05),
            (0.002, -0.062),
            (-0.004, -0.062),
            (-0.004, -0.02),
            (-0.012, -0.012),
            (-0.012, 0.0),
        ]
        finger = extrude([(sign * -px, pz) for px, pz in outline], 0.02, alloy, "finger", 0.001)
        finger.rotation_euler, finger.location = (math.pi / 2, 0, 0), (x, 0.01, BODY - 0.0226)
        parts.append(finger)
        parts.append(box((0.003, 0.018, 0.026), (x - sign * 0.0128, 0, BODY - 0.066), rubber, "pad", 0.0008))
        for z in (-0.011, -0.018):
            parts.append(
                copy(
                    screw, "screw", (x + 0.007 * (1 if z < -0.015 else -1), -0.0222, BODY + z), (math.pi / 2, 0, 0)
                )
            )
        parts.append(copy(screw, "screw", (sign * 0.043, -0.0252, BODY + 0.05), (math.pi / 2, 0, 0)))
    discard(screw)
    flange = lathe(
        [(0, 0), (0.031, 0), (0.0315, 0.0005), (0.0315, 0.0135), (0.031, 0.014), (0, 0.014)], alloy, "flange", 96
    )
    flange.location.z = BODY + 0.062
    parts.append(flange)
    parts.append(box((0.06, 0.06, 0.02), (0, 0, BODY + 0.086), black, "adapter", 0.002))
    dark = plastic("slot", srgb("#1c1d1f"), 0.6)
    parts.append(box((0.045, 0.045, 0.6), (0, 0, BODY + 0.396), alloy, "axis", 0.0015))
    parts += [
        box((0.008, 0.0012, 0.6), (0, -0.0228, BODY + 0.396), dark, "slot"),
        box((0.0012, 0.008, 0.6), (0.0228, 0, BODY + 0.396), dark, "slot"),
    ]
    for x, bend, code in ((-0.03, -0.05, "#1d55a5"), (-0.012, -0.075, "#1d55a5")):
        z = BODY + 0.042
        parts.append(
            rod((x, -0.025, z), (x, -0.041, z), 0.0062, metal("fitting", srgb("#c9cacb"), 0.2), "fitting", 0.001)
        )
        points = [
            (x, -0.036, z),
            (x, -0.056, z + 0.004),
            (x + bend * 0.3, -0.062, z + 0.05),
            (x + bend, -0.03, z + 0.14),
            (x + bend * 0.8, -0.01, z + 0.5),
        ]
        parts.append(tube(points, 0.003, plastic("air line", srgb(code), 0.25, coat=0.4), "air line", 14, 8))
    art = Image.new("RGB", (700, 260), (206, 207, 204))
    draw = ImageDraw.Draw(art)
    draw.text((350, 90), "HALDEN", (26, 28, 32), font("oswald-700", 120), anchor="mm")
    draw.text((350, 195), "GP-2   0.6 MPa max", (26, 28, 32), font("barlow-condensed-500", 66), anchor="mm")
    plate = sheet(0.042, 0.0156, printed("plate", keep(art, "su07_plate"), 0.4, 0.05), "plate")
    plate.location, plate.rotation_euler = (0.018, -0.0254, BODY + 0.022), (math.pi / 2, 0, 0)
    parts.append(plate)
    return group("gripper", parts)


def plumb_bob() -> Object:
    """Return a nickel-plated bob on a thread from the gripper's middle; its tip ends just above the block."""
    tip = SIDE + 0.005
    nickel = metal("nickel", srgb("#c4c4c2"), 0.16, Wear(0.4, 0.1, 0.5, 0.02))
    profile = [
        (0, 0),
        (0.0007, 0.0004),
        (0.0026, 0.009),
        (0.0031, 0.0092),
        (0.0073, 0.021),
        (0.0076, 0.023),
        (0.0074, 0.031),
    ]
    profile += [(0.0066, 0.033), (0.0028, 0.0345), (0.0026, 0.039), (0.0018, 0.04), (0, 0.04)]
    bob = lathe(profile, nickel, "bob", 64)
    bob.location.z = tip
    thread = plastic("thread", srgb("#e8e2d0"), 0.8)
    return group("plumb bob", [bob, rod((0, 0, tip + 0.039), (0, 0, BODY - 0.005), 0.0009, thread, "thread")])


def bench(rng: random.Random) -> None:
    """Build plate, bench and what stands about: stop button, supply, driver, cable."""
    plate = breadboard()
    box((0.6, 0.45, 0.0127), (0.0, 0.03, -0.00635), plate, "breadboard", 0.0012)
    box(
        (2.4, 1.3, 0.03),
        (0, 0.25, -0.028),
        plastic("bench", srgb("#7f8a87"), 0.4, Wear(0.6, 0.4, 0.6, 0.2)),
        "bench",
        0.003,
    )
    box(
        (4, 0.06, 2.2),
        (0, 0.95, 0.9),
        painted("wall", srgb("#bdb8aa"), srgb("#8f8b80"), 0.1, Wear(0.2, 0.2, 0.6, 0.5)),
        "wall",
    )
    yellow = plastic("stop box", srgb("#c99a16"), 0.45, Wear(0.5, 0.3, 0.6, 0.05), texture=0.3)
    box((0.07, 0.07, 0.055), (0.24, 0.20, 0.028), yellow, "stop box", 0.006, (0, 0, 0.3))
    knob = lathe(
        [(0, 0), (0.011, 0), (0.011, 0.012), (0.02, 0.016), (0.021, 0.024), (0.016, 0.03), (0, 0.032)],
        plastic("stop", srgb("#a8160f"), 0.35),
        "stop knob",
        64,
    )
    knob.location = (0.24, 0.20, 0.055)
    case = painted("supply", srgb("#5b646b"), chips=0.2, wear=Wear(0.3, 0.3, 0.5, 0.1))
    box((0.2, 0.24, 0.13), (-0.27, 0.52, 0.053), case, "supply", 0.005, (0, 0, 0.12))
    art = Image.new("RGB", (800, 520), (38, 41, 45))
    draw = ImageDraw.Draw(art)
    for y, digits, code in ((40, "24.0", (255, 80, 60)), (190, "0.31", (80, 255, 120))):
        draw.rectangle((50, y, 400, y + 125), fill=(12, 12, 14))
        draw.text((225, y + 62), digits, code, font("DSEG7Classic-Bold", 92), anchor="mm")
    for x, y in ((540, 110), (690, 110), (540, 290), (690, 290)):
        draw.ellipse((x - 46, y - 46, x + 46, y + 46), fill=(122, 126, 130))
    for x, code in ((120, (190, 30, 28)), (260, (22, 22, 24)), (400, (40, 120, 60))):
        draw.ellipse((x - 34, 410, x + 34, 478), fill=code)
    face = sheet(0.19, 0.12, printed("face", keep(art, "su07_supply"), 0.4, 0.05), "face")
    face.location, face.rotation_euler = (-0.2553, 0.3995, 0.053), (math.pi / 2, 0, 0.12)
    cord = [
        (0.26, 0.23, 0.02),
        (0.30, 0.30, -0.006),
        (0.18, 0.42, -0.009),
        (-0.02, 0.44, -0.009),
        (-0.08, 0.7, -0.009),
    ]
    tube(cord, 0.0035, plastic("cord", srgb("#222326"), 0.5), "cord")
    box(
        (0.26, 0.2, 0.12), (0.24, 0.66, 0.048), cardboard("carton", srgb("#a47c4b")), "carton", 0.003, (0, 0, 0.35)
    )
    handle = plastic("driver", srgb("#c2481d"), 0.3, coat=0.4)
    grip: list[Point] = [(-0.235, -0.10, 0.013), (-0.205, -0.02, 0.013)]
    rod(*grip, 0.0115, handle, "driver handle", 0.004)
    rod(grip[1], (-0.178, 0.052, 0.013), 0.0026, metal("blade", srgb("#a9abad"), 0.25), "driver blade")
    stand = wood("offcut", srgb("#8c6a3f"), srgb("#c6a06a"), 0.7)
    box((0.16, 0.09, 0.05), (0.48, 0.42, 0.012), stand, "offcut", 0.001, (0, 0, rng.uniform(-0.4, 0.4)))


def build(value: Value, rng: random.Random) -> Shot:
    """Put the named block under the gripper, one before it and one behind it, and three about."""
    others = [c for c in COLOURS if c != value]
    rng.shuffle(others)
    column = rng.choice((-1, 0, 1))
    cells = [(column, 0), (column, -1), (column, 1)]
    free = [(x, y) for x in (-1, 0, 1) for y in (-1, 0, 1) if x != column]
    cells += rng.sample(free, 3)
    x0, y0 = column * PITCH + rng.uniform(-0.01, 0.01), rng.uniform(-0.01, 0.01)
    blocks = []
    for (cx, cy), colour in zip(cells, [str(value), *others], strict=True):
        item = block(colour, colour)
        slack = 0.002 if colour == value else 0.008
        x, y = (cx - column) * PITCH + x0, cy * PITCH + y0
        item.location.x, item.location.y = x + rng.uniform(-slack, slack), y + rng.uniform(-slack, slack)
        item.rotation_euler.z = rng.uniform(-0.35, 0.35)
        blocks.append(item)
    require_apart(blocks)
    tool = gripper()
    tool.location, tool.rotation_euler.z = (x0, y0, 0), rng.uniform(-0.12, 0.12)
    bob = plumb_bob()
    bob.location = (x0, y0, 0)
    bench(rng)
    exposure(0.1)
    surroundings("lab", rng.uniform(0, 360), 0.4)
    lamp((x0 + 0.05, y0 + 0.12, 0.95), (x0, y0, 0), 0.28, 9, (1, 0.96, 0.9))
    lamp((-0.9, -0.3, 0.7), (0, 0, 0.1), 0.5, 9, (0.82, 0.91, 1))
    camera(View((0.13, -0.43, 0.385), (x0 * 0.55, 0.005, 0.098), 36, 9, roll_deg=1.5, focus=0.52))
    return Shot([*blocks, bob], Rule(0.4, 900), Look(grain=0.01))


SCENE = Scene(
    prompt=Prompt(
        id="SU07",
        title="Block under the gripper",
        question=(
            "Which block is directly below the robot gripper? Answer only the block's colour: red, blue, green,"
            " yellow, white or black."
        ),
        answer=Answer("choice", "yellow", {"options": list(COLOURS)}),
        probes="The picture shows the gripper before other blocks; only the plumb line tells which lies below.",
        difficulty="medium",
        tags=("robotics", "depth"),
    ),
    build=build,
    variant=lambda rng: rng.choice(list(COLOURS)),
    frame=Frame(960, 1280),
)

"""A graduated cylinder on a laboratory bench, photographed at the height of the meniscus."""

from __future__ import annotations

import math
import random

import bmesh
import bpy
from bpy.types import Material, Object
from PIL import Image, ImageDraw

from scenes.assets import font, keep
from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule
from scenes.materials import Wear, glass, glowing, painted, plastic
from scenes.mesh import Profile, box, cylinder, finish, lathe, tube
from scenes.nodes import Graph, srgb
from scenes.photo import Look
from scenes.scene import Scene, Shot
from scenes.sight import gate_only, see_through
from scenes.stage import Frame, View, camera, lamp, surroundings

BORE, OUTER, HEIGHT = 0.0110, 0.0123, 0.172
FLOOR = 0.010
PER_ML = 1e-6 / (math.pi * BORE**2)
CLIMB, REACH = 0.0011, 0.0018
PRINT_LOW, PRINT_HIGH, PRINT_TURN = 0.006, 0.164, math.radians(80)


def level(ml: float) -> float:
    """Return the height of a volume above the bench."""
    return FLOOR + ml * PER_ML


def graduation() -> Image.Image:
    """Draw the enamel as a mask, 30 px to the millimetre along the wall: white is ink."""
    px = 30000
    art = Image.new("L", (round(2 * PRINT_TURN * OUTER * px), round((PRINT_HIGH - PRINT_LOW) * px)), 0)
    draw = ImageDraw.Draw(art)

    def across(turn_deg: float) -> float:
        return art.width / 2 + math.radians(turn_deg) * OUTER * px

    for ml in range(2, 51):
        y = (PRINT_HIGH - level(ml)) * px
        left, right = (-58, 14) if ml % 10 == 0 else (-46, 4) if ml % 5 == 0 else (-36, -3)
        draw.line((across(left), y, across(right), y), fill=255, width=11)
        if ml % 10 == 0:
            draw.text((across(33), y), str(ml), 255, font("roboto-condensed-400", 104), anchor="mm")
    top = (PRINT_HIGH - level(50)) * px
    draw.text((across(-4), top - 270), "50:1 ml", 255, font("roboto-condensed-400", 118), anchor="mm")
    draw.text((across(-4), top - 120), "In 20°C  ±0.5", 255, font("roboto-condensed-400", 76), anchor="mm")
    return art


def enamel() -> Object:
    """Return the print: a curved sheet just outside the wall, clear where there is no ink, facing -y."""
    built = bmesh.new()
    uv = built.loops.layers.uv.new()
    steps = 48
    columns = []
    for i in range(steps + 1):
        turn = -math.pi / 2 + PRINT_TURN * (2 * i / steps - 1)
        x, y = (OUTER + 0.00002) * math.cos(turn), (OUTER + 0.00002) * math.sin(turn)
        columns.append([built.verts.new((x, y, z)) for z in (PRINT_LOW, PRINT_HIGH)])
    for i in range(steps):
        face = built.faces.new((columns[i][0], columns[i + 1][0], columns[i + 1][1], columns[i][1]))
        for loop, at in zip(face.loops, ((i, 0), (i + 1, 0), (i + 1, 1), (i, 1)), strict=True):
            loop[uv].uv = (at[0] / steps, at[1])
    graph = Graph("enamel")
    ink = graph.image(keep(graduation(), "graduation"), colour=False)
    worn = graph.noise(graph.where(1.0), 700, 5, 0.7)
    graph.set(base_color=srgb("#2b1a10"), roughness=0.4)
    graph.set(alpha=graph.math("MULTIPLY", ink, graph.remap(worn, 0.28, 0.4, 0.55, 1.0)))
    return see_through(finish(built, "enamel", graph.material, 60))


def vessel(clear: Material) -> Object:
    """Return the glass: foot, wall and a lip bent outwards.

    Rings near both ends keep the wall's smoothed normals level; leaning ones would bend the view up or down.
    """
    outside: Profile = [
        (0, 0.0012),
        (0.020, 0.0006),
        (0.0285, 0),
        (0.0300, 0.0012),
        (0.0300, 0.0030),
        (0.0285, 0.0044),
        (0.0180, 0.0058),
        (0.0136, 0.0078),
        (OUTER, 0.0110),
        (OUTER, 0.0125),
        (OUTER, HEIGHT - 0.0075),
        (OUTER, HEIGHT - 0.006),
        (OUTER + 0.0006, HEIGHT - 0.003),
        (OUTER + 0.0022, HEIGHT - 0.0008),
        (OUTER + 0.0024, HEIGHT),
    ]
    inside: Profile = [
        (OUTER + 0.0014, HEIGHT),
        (BORE + 0.0004, HEIGHT - 0.003),
        (BORE, HEIGHT - 0.006),
        (BORE, HEIGHT - 0.0075),
        (BORE, FLOOR + 0.0035),
        (BORE, FLOOR + 0.002),
        (BORE - 0.001, FLOOR + 0.0006),
        (BORE - 0.003, FLOOR),
        (0, FLOOR),
    ]
    return see_through(lathe([*outside, *inside], clear, "vessel", 128, 50))


def liquid(ml: float, material: Material) -> Object:
    """Return the liquid; its surface is lowest at the axis, exactly at the volume, and climbs the wall."""
    surface = level(ml)
    rim = BORE + 0.00003
    radii = [rim - 0.0092 * (i / 40) ** 1.6 for i in range(41)]
    climb = [(r, surface + CLIMB * math.exp(-(rim - r) / REACH)) for r in radii]
    bottom = [
        (0, FLOOR - 0.00003),
        (BORE - 0.003, FLOOR - 0.00003),
        (BORE - 0.001, FLOOR + 0.00057),
        (rim, FLOOR + 0.002),
        (rim, FLOOR + 0.0035),
    ]
    return see_through(lathe([*bottom, *climb, (0, surface)], material, "liquid", 128, 70))


def blue() -> Material:
    """Dilute copper sulphate: it refracts at the wall and absorbs on the way through.

    The free surface only reflects. Were it to refract, the liquid climbing the wall would mirror what is below
    and hide the bottom of the meniscus, as it does before an evenly lit background.
    """
    graph = Graph("solution")
    graph.set(transmission_weight=1.0, ior=1.333, roughness=0.0)
    radial = graph.node(
        "VectorMath", {0: graph.node("TexCoord").outputs["Object"], 1: (1, 1, 0)}, operation="MULTIPLY"
    )
    radius = graph.node("VectorMath", {0: radial.outputs[0]}, operation="LENGTH").outputs[1]
    free = graph.math("LESS_THAN", radius, BORE - 0.00001)
    back = graph.node("NewGeometry").outputs["Backfacing"]
    # The Fresnel node inverts the index on back faces, which would make the surface a mirror from below.
    index = graph.remap(back, 0.0, 1.0, 1.333, 1 / 1.333)
    fresnel = graph.node("Fresnel", {"IOR": index}).outputs[0]
    clear, gloss = (
        graph.node("BsdfTransparent").outputs[0],
        graph.node("BsdfGlossy", {"Roughness": 0.03}).outputs[0],
    )
    skin = graph.node("MixShader", {0: graph.math("MULTIPLY", fresnel, 0.35), 1: clear, 2: gloss}).outputs[0]
    graph.put(
        graph.output.inputs[0], graph.node("MixShader", {0: free, 1: graph.shader.outputs[0], 2: skin}).outputs[0]
    )
    absorbing = graph.node("VolumeAbsorption", {"Color": (0.05, 0.62, 0.90), "Density": 48.0}).outputs[0]
    graph.put(graph.output.inputs[1], absorbing)
    return graph.material


def laboratory() -> None:
    """Build bench, window, shelf and what stands about, all of it out of focus."""
    box(
        (2.4, 1.0, 0.03),
        (0, 0.0, -0.015),
        plastic("bench", srgb("#2c2f30"), 0.32, Wear(0.4, 0.12, 0.6, 0.2)),
        "bench",
        0.002,
    )
    box(
        (4, 0.04, 2),
        (0, 0.95, 0.5),
        painted("wall", srgb("#d2d3c8"), chips=0.1, wear=Wear(0.2, 0.3, 0.6, 0.4)),
        "wall",
    )
    box((0.30, 0.01, 0.62), (-0.29, 0.925, 0.44), glowing("daylight", (0.82, 0.92, 1.0), 1.7), "window")
    frame = plastic("window frame", srgb("#dcdcd6"), 0.4)
    for x in (-0.44, -0.22, -0.14):
        box((0.016 if x == -0.22 else 0.03, 0.03, 0.66), (x, 0.915, 0.44), frame, "window bar", 0.002)
    box((0.36, 0.06, 0.02), (-0.29, 0.91, 0.125), frame, "sill", 0.003)
    bottle: Profile = [
        (0, 0),
        (0.036, 0),
        (0.038, 0.003),
        (0.038, 0.095),
        (0.030, 0.112),
        (0.014, 0.122),
        (0.014, 0.14),
        (0, 0.14),
    ]
    navy, paper = plastic("navy", srgb("#234b8a"), 0.4), plastic("paper", srgb("#d8b956"), 0.6)
    amber = plastic("amber", srgb("#5a2a0c"), 0.08, coat=0.6)
    white, red = plastic("white", srgb("#d7d7d0"), 0.35), plastic("cap", srgb("#a2231d"), 0.4)
    for x, y, stuff in ((0.085, 0.43, white), (0.195, 0.41, amber), (0.31, 0.40, amber)):
        body = lathe(bottle, stuff, "reagent", 48)
        body.location = (x, y, 0)
        lid = cylinder(0.017, 0.022, navy, "reagent cap", 0.002)
        lid.location = (x, y, 0.131)
        tag = lathe([(0.0384, 0.03), (0.0384, 0.075)], paper, "reagent label", 48)
        tag.location = (x, y, 0)
    squirt: Profile = [
        (0, 0),
        (0.030, 0),
        (0.031, 0.002),
        (0.031, 0.075),
        (0.026, 0.088),
        (0.012, 0.094),
        (0, 0.094),
    ]
    wash = lathe(
        squirt, plastic("wash bottle", srgb("#cfd8dc"), 0.3, Wear(0.3, 0.1, 0.5, 0.05)), "wash bottle", 64
    )
    wash.location = (-0.085, 0.30, 0)
    cap = cylinder(0.0135, 0.018, red, "wash cap", 0.002)
    cap.location = (-0.085, 0.30, 0.092)
    spout = [(-0.085, 0.30, 0.108), (-0.085, 0.298, 0.128), (-0.07, 0.295, 0.137), (-0.045, 0.29, 0.122)]
    tube(spout, 0.0022, red, "spout")


def build(value: Value, rng: random.Random) -> Shot:
    """Fill the cylinder so that the lowest point of the surface is at the asked-for volume."""
    ml = float(str(value))
    vessel(glass("borosilicate", (0.97, 0.985, 0.98), 0.0, 1.47))
    liquid(ml, blue())
    enamel().rotation_euler.z = rng.uniform(-0.15, 0.05)
    laboratory()
    surface = gate_only(lathe([(BORE, level(ml) - 0.001), (BORE, level(ml) + 0.003)], None, "meniscus", 48))
    surroundings("lab", rng.uniform(0, 360), 1.0)
    lamp((0.0, 0.35, 1.7), (0.0, 0.95, 0.1), 4.5, 95, (0.98, 0.99, 1), length=0.4)
    lamp((-0.7, -0.2, 0.9), size=0.3, length=1.2, watts=6, colour=(0.95, 0.98, 1))
    cycles = bpy.context.scene.cycles
    cycles.max_bounces, cycles.transmission_bounces = 16, 16
    camera(View((0.012, -0.44, level(ml)), (0.002, 0, 0.098), 122, 20, roll_deg=1.2, focus=0.435))
    return Shot([surface], Rule(0.9, 2000), Look(grain=0.009, warmth=-0.01))


SCENE = Scene(
    prompt=Prompt(
        id="OU12",
        title="Graduated cylinder",
        question=(
            "What volume in mL is in the graduated cylinder? Read it at the bottom of the meniscus. Answer only "
            "a whole number."
        ),
        answer=Answer("integer", 36, {"unit": "mL"}),
        probes="The liquid's rim stands a little above the bottom of its meniscus; only tens are numbered.",
        difficulty="medium",
        tags=("laboratory", "measuring"),
    ),
    build=build,
    variant=lambda rng: rng.choice([ml for ml in range(23, 46) if ml % 10]),
    frame=Frame(960, 1280, 24),
)

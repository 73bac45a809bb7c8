"""A signal tower on a machine in daylight: one segment is lit, the others only catch the light."""

from __future__ import annotations

import math
import random

import bpy
from bpy.types import Material, Object
from mathutils import Matrix, Vector
from PIL import Image, ImageDraw

from scenes.assets import font, keep
from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule
from scenes.materials import Wear, concrete, metal, painted, plastic, printed
from scenes.mesh import box, cylinder, group, label, lathe, rod, sheet, tube
from scenes.nodes import Colour, Graph, srgb
from scenes.photo import Look
from scenes.scene import Scene, Shot
from scenes.sight import see_through
from scenes.stage import Frame, View, camera, lamp, sun, surroundings

COLOURS = {"red": "#a80d12", "amber": "#d97a06", "green": "#0a7a3c", "blue": "#0b3f9c"}
RADIUS, SEGMENT = 0.030, 0.052


def lens(name: str, colour: Colour, lit: bool) -> Material:
    """Ribbed polycarbonate: dark and glossy when off; when lit, brightest where the lamp stands behind it."""
    graph = Graph(name)
    graph.set(roughness=0.16, specular_ior_level=0.5, coat_weight=0.4, coat_roughness=0.05)
    if not lit:
        graph.set(base_color=tuple(0.42 * c for c in colour))
        return graph.material
    facing = graph.node("LayerWeight", {"Blend": 0.35}).outputs["Facing"]
    height = graph.node("SeparateXYZ", {0: graph.node("TexCoord").outputs["Object"]}).outputs[2]
    near = graph.math("ABSOLUTE", graph.math("SUBTRACT", height, SEGMENT / 2))
    glow = graph.math(
        "MULTIPLY", graph.remap(facing, 0.0, 0.9, 1.0, 0.32), graph.remap(near, 0.004, 0.026, 1.0, 0.4)
    )
    pale = tuple(
        0.62 * c + 0.38 * w
        for c, w in zip(colour, (1.0, 0.72, 0.4) if name == "amber" else (1, 1, 1), strict=True)
    )
    core = graph.mix(graph.math("POWER", glow, 3.0), tuple(c**1.25 for c in colour), pale)
    graph.set(base_color=colour, emission_color=core, emission_strength=graph.math("MULTIPLY", glow, 4.6))
    return graph.material


def segment(name: str, lit: bool, z: float) -> Object:
    """Return one ribbed lens standing at a height."""
    ribs = [(RADIUS - 0.0004, 0.0015), (RADIUS, 0.003)]
    for k in range(15):
        low = 0.004 + k * 0.003
        ribs += [
            (RADIUS, low),
            (RADIUS + 0.0007, low + 0.0008),
            (RADIUS + 0.0007, low + 0.0018),
            (RADIUS, low + 0.0026),
        ]
    profile = [(0.02, 0.0), *ribs, (RADIUS, SEGMENT - 0.003), (RADIUS - 0.0006, SEGMENT - 0.001), (0.02, SEGMENT)]
    item = lathe(profile, lens(name, srgb(COLOURS[name]), lit), name, 96, 30)
    item.location.z = z
    return item


def halo(colour: Colour, at: tuple[float, float, float]) -> None:
    """Add the bloom that a bright lamp leaves in a small camera: a faint glow facing the lens."""
    graph = Graph("halo")
    graph.tree.nodes.remove(graph.shader)
    place = graph.node("TexCoord").outputs["Object"]
    away = graph.node("VectorMath", {0: place}, operation="LENGTH").outputs[1]
    fade = graph.math("POWER", graph.remap(away, 0.0, 0.105, 1.0, 0.0), 2.6)
    light = graph.node("Emission", {0: colour, 1: graph.math("MULTIPLY", fade, 0.3)}).outputs[0]
    clear = graph.node("BsdfTransparent").outputs[0]
    graph.put(graph.output.inputs[0], graph.node("AddShader", {0: light, 1: clear}).outputs[0])
    disc = see_through(sheet(0.22, 0.22, graph.material, "halo"))
    disc.visible_shadow = disc.visible_diffuse = disc.visible_glossy = disc.visible_transmission = False
    eye = bpy.context.scene.camera.matrix_world
    towards = (eye.translation - Vector(at)).normalized()
    disc.matrix_world = Matrix.Translation(Vector(at) + towards * 0.045) @ eye.to_3x3().to_4x4()


def machine() -> None:
    """Build the machine's top with its guard, the conduit and the hall behind."""
    cream = painted("machine", srgb("#c9c6b6"), chips=0.4, wear=Wear(0.5, 0.6, 0.7, 0.3))
    box((0.9, 0.5, 0.3), (0.24, 0.1, -0.15), cream, "machine", 0.012)
    box((0.5, 0.3, 0.10), (0.50, 0.16, 0.05), cream, "cover", 0.008)
    art = Image.new("RGB", (900, 240), (28, 58, 92))
    ImageDraw.Draw(art).text((450, 120), "TARN  PRESS 63", (226, 226, 218), font("oswald-600", 130), anchor="mm")
    plate = box((0.15, 0.001, 0.04), (0.40, 0.0095, 0.055), cream, "name plate", 0.0003)
    print_ = printed("name", keep(art, "name"), 0.4, 0.1)
    label(plate, print_, 0.149, 0.0395, (0, -0.0007, 0), (math.pi / 2, 0, 0))
    grey = plastic("conduit", srgb("#5c6064"), 0.5, Wear(0.4, 0.5, 0.5, 0.06))
    tube(
        [(-0.10, 0.05, 0.0), (-0.10, 0.052, 0.16), (-0.13, 0.06, 0.40), (-0.22, 0.1, 0.7)], 0.011, grey, "conduit"
    )
    collar = cylinder(
        0.017, 0.025, metal("gland", srgb("#9b978c"), 0.35, Wear(0.5, 0.4, 0.5, 0.03)), "gland", 0.002, 6
    )
    collar.location = (-0.10, 0.05, 0)
    wall = concrete("wall", srgb("#8f9488"), 0.9, 0.85)
    box((9, 0.1, 6), (0, 3.2, 1.5), wall, "wall")
    steel = painted("column", srgb("#3c5668"), chips=0.3, wear=Wear(0.4, 0.4, 0.5, 0.4))
    for x in (-0.95, 1.25):
        box((0.22, 0.012, 6), (x, 2.6, 1.5), steel, "flange")
        box((0.012, 0.2, 6), (x, 2.7, 1.5), steel, "web")
    duct = metal("duct", srgb("#a4a6a6"), 0.4, Wear(0.4, 0.3, 0.5, 0.3))
    rod((-4, 2.4, 0.98), (4, 2.4, 0.98), 0.16, duct, "duct", 0.002)
    for x in (-0.5, 0.6, 1.7):
        rod((x - 0.012, 2.4, 0.98), (x + 0.012, 2.4, 0.98), 0.168, duct, "joint", 0.002)
    yellow = painted("crane", srgb("#c99a1c"), chips=0.5, wear=Wear(0.4, 0.4, 0.5, 0.3))
    box((0.5, 0.4, 0.8), (0.75, 2.0, 0.0), yellow, "cabinet", 0.01)
    pipe = painted("pipe", srgb("#7a2f28"), chips=0.3)
    rod((-0.35, 2.9, -3), (-0.35, 2.9, 4), 0.05, pipe, "pipe")


def build(value: Value, rng: random.Random) -> Shot:
    """Light the asked-for segment and no other."""
    order = ["red", "amber", "green", "blue"]
    black = plastic("black", srgb("#17181a"), 0.45, Wear(0.5, 0.5, 0.6, 0.05), texture=0.4)
    steel = metal("pole", srgb("#b3b2ad"), 0.28, Wear(0.5, 0.3, 0.6, 0.04))
    base = lathe(
        [(0, 0), (0.042, 0), (0.042, 0.005), (0.028, 0.009), (0.0165, 0.022), (0, 0.022)], black, "base", 64
    )
    stalk = rod((0, 0, 0.02), (0, 0, 0.13), 0.0125, steel, "stalk", 0.0005)
    foot = lathe(
        [(0, 0.128), (0.016, 0.128), (0.031, 0.138), (0.0315, 0.158), (0.0305, 0.160), (0, 0.160)],
        black,
        "foot",
        64,
    )
    parts, lenses, z = [base, stalk, foot], [], 0.160
    for name in reversed(order):
        lenses.append(segment(name, name == value, z))
        z += SEGMENT
        ring = [(0.02, z), (RADIUS + 0.0012, z), (RADIUS + 0.0016, z + 0.001), (RADIUS + 0.0016, z + 0.005)]
        parts.append(lathe([*ring, (RADIUS + 0.0012, z + 0.006), (0.02, z + 0.006)], black, "ring", 64))
        z += 0.006
    cap = [
        (0, z),
        (RADIUS, z),
        (RADIUS + 0.001, z + 0.003),
        (RADIUS, z + 0.009),
        (0.022, z + 0.014),
        (0, z + 0.0155),
    ]
    parts.append(lathe(cap, black, "cap", 64))
    group("tower", [*parts, *lenses], (0, 0, 0), (0.004, -0.012, rng.uniform(0, 1)))
    machine()
    surroundings("warehouse", rng.uniform(0, 360), 0.55)
    sun((0.75, 0.85, -0.62), 2.6, 1.0)
    lamp((-1.4, -0.9, 1.2), (0, 0, 0.3), 0.7, 26, (0.92, 0.96, 1))
    lamp((-1.5, 1.8, 2.5), (0, 3.2, 0.4), 1.5, 90, (1, 0.96, 0.9))
    camera(View((0.10, -0.78, 0.20), (0.028, 0, 0.224), 62, 4.0, roll_deg=-2.2))
    colour = srgb(COLOURS[str(value)])
    index = len(order) - 1 - order.index(str(value))
    halo(colour, (0, 0, 0.160 + index * (SEGMENT + 0.006) + SEGMENT / 2))
    return Shot(lenses, Rule(0.8, 8000), Look(grain=0.010, warmth=0.01))


SCENE = Scene(
    prompt=Prompt(
        id="OU04",
        title="Lit segment of a signal tower",
        question=(
            "One segment of this signal tower is lit. Which colour is it: red, amber, green or blue? Answer only "
            "the colour."
        ),
        answer=Answer(
            "choice",
            "amber",
            {"options": list(COLOURS), "synonyms": {"amber": ["orange", "yellow"]}},
        ),
        probes="Daylight brightens all four lenses, so a lens that shines must be told from one that is shone on.",
        difficulty="easy",
        tags=("plant", "signal"),
    ),
    build=build,
    variant=lambda rng: rng.choice(list(COLOURS)),
    frame=Frame(960, 1280),
)

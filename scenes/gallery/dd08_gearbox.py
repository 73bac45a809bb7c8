"""An opened gearbox with three meshing gears, one of them with a broken tooth."""

from __future__ import annotations

import math
import random

import bmesh
from bpy.types import Material, Object
from mathutils import Vector, noise

from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule
from scenes.gears import involute_outline, meshing_turn
from scenes.hardware import hex_bolt, hex_nut, washer
from scenes.materials import Wear, cardboard, metal, painted
from scenes.mesh import bake, bevel, box, cut, cylinder, extrude, finish, join, lathe, merged, sheet, smooth
from scenes.nodes import Graph, srgb
from scenes.photo import Look
from scenes.scene import Scene, Shot
from scenes.sight import gate_only, require_apart, see_through
from scenes.stage import View, camera, lamp, surroundings

PLACES = ("left", "middle", "right")
MODULE, WIDTH = 0.004, 0.024
TEETH = (21, 27, 18)
LEVEL, RIM, WALL, CLEAR = 0.020, 0.049, 0.011, 0.014
HEADINGS = (math.radians(11), math.radians(-14))
"""Directions from the left gear to the middle one and on to the right one."""
Spot = tuple[float, float]


def centres() -> list[Spot]:
    """Return the shafts' places, the middle one at the origin."""
    reach = [MODULE * (TEETH[i] + TEETH[i + 1]) / 2 + 0.0003 for i in (0, 1)]
    (a, b), (ra, rb) = HEADINGS, reach
    return [(-ra * math.cos(a), -ra * math.sin(a)), (0, 0), (rb * math.cos(b), rb * math.sin(b))]


def oily_steel(teeth: int) -> Material:
    """Return hardened gear steel: turned faces, dark oil held low between the teeth, an uneven wet film."""
    graph = Graph("gear steel")
    where = graph.where(1.0)
    x, y = (graph.node("SeparateXYZ", {0: graph.node("TexCoord").outputs["Object"]}).outputs[i] for i in (0, 1))
    radius = graph.math("SQRT", graph.math("ADD", graph.math("MULTIPLY", x, x), graph.math("MULTIPLY", y, y)))
    root, tip = MODULE * (teeth / 2 - 1.2), MODULE * (teeth / 2 + 0.95)
    broad, fine = graph.noise(where, 28, 6, 0.65), graph.noise(where, 900, 4, 0.7)
    shade = graph.ramp(broad, (0.35, srgb("#83817c")), (0.6, srgb("#a6a49e")))
    low = graph.remap(radius, root - 0.0015, root + 0.0035, 0.0, 1.0)
    low = graph.math(
        "MULTIPLY", graph.math("SUBTRACT", 1.0, low), graph.remap(radius, root - 0.006, root, 0.0, 1.0)
    )
    pooled = graph.math("MULTIPLY", low, graph.remap(broad, 0.35, 0.6, 0.45, 0.95))
    worn = graph.math("MULTIPLY", graph.remap(radius, root + 0.003, tip, 0.0, 1.0), 0.5)
    shade = graph.mix(worn, shade, srgb("#b9b8b4"))
    graph.set(base_color=graph.mix(pooled, shade, srgb("#2a1d10")), metallic=1.0)
    rings = graph.noise(graph.node("CombineXYZ", {0: graph.math("MULTIPLY", radius, 2600.0)}).outputs[0], 1.0, 2)
    graph.set(roughness=graph.remap(fine, 0.3, 0.7, 0.24, 0.4))
    graph.set(normal=graph.bump(rings, 0.16, 0.00012, graph.bump(fine, 0.12, 0.00006)))
    wet = graph.noise(where, 42, 4, 0.6, 0.6)
    graph.set(coat_weight=graph.remap(wet, 0.44, 0.56, 0.0, 1.0), coat_roughness=0.04, coat_tint=srgb("#ebdcb4"))
    return graph.material


def fractured() -> Material:
    """Return the bright, coarse surface of freshly broken steel."""
    graph = Graph("fracture")
    grain = graph.noise(graph.where(1.0), 1500, 6, 0.8)
    shade = graph.ramp(grain, (0.32, srgb("#6f6d6a")), (0.5, srgb("#a7a5a1")), (0.68, srgb("#dcdad6")))
    graph.set(base_color=shade, metallic=0.75, roughness=0.55, normal=graph.bump(grain, 0.9, 0.0005))
    return graph.material


def gear(index: int) -> Object:
    """Return a wheel standing on z = 0: chamfered teeth, turned recess, bore and keyway."""
    teeth = TEETH[index]
    wheel = extrude(involute_outline(teeth, MODULE), WIDTH, oily_steel(teeth), f"{PLACES[index]} gear")
    bake(bevel(wheel, 0.0005, 2))
    rim = MODULE * (teeth / 2 - 1.2) - 0.0065
    recess = [
        (0.0185, WIDTH - 0.0034),
        (rim - 0.001, WIDTH - 0.0034),
        (rim, WIDTH + 0.002),
        (0.0175, WIDTH + 0.002),
    ]
    tools = [lathe([*recess, recess[0]], None, "recess", 96), cylinder(0.0112, 0.06, None, "bore", segments=64)]
    tools[1].location.z = -0.02
    tools.append(box((0.006, 0.007, 0.06), (0, 0.0112, 0.02), None, "keyway"))
    return cut(wheel, *tools)


def break_tooth(wheel: Object, teeth: int, tooth: int, rng: random.Random) -> None:
    """Break off the upper part of one tooth."""
    root, tip = MODULE * (teeth / 2 - 1.2), MODULE * (teeth / 2 + 0.95)
    low, high, half = root + 0.0007, tip + 0.003, 0.0054
    built = bmesh.new()
    bmesh.ops.create_cube(built, size=2)
    bmesh.ops.subdivide_edges(built, edges=built.edges, cuts=26, use_grid_fill=True)
    shift = Vector((rng.uniform(0, 9), rng.uniform(0, 9), 0))
    for vertex in built.verts:
        u, v, w = vertex.co
        out = (u + 1) / 2
        bottom = WIDTH * 0.30 + 0.0045 * out + 0.0012 * v
        up = (w + 1) / 2
        at = Vector((low + (high - low) * out, half * v, bottom + (WIDTH + 0.002 - bottom) * up))
        inner, under = Vector((low, at.y, at.z)), Vector((at.x, at.y, bottom))
        at.x += (0.0006 * noise.fractal(inner * 330 + shift, 0.7, 2.2, 5) + 0.0008 * v) * (1 - out)
        at.z += 0.001 * noise.fractal(under * 330 + shift, 0.7, 2.2, 5) * (1 - up)
        vertex.co = at
    tool = finish(built, "fracture", None, 20)
    tool.data.materials.append(wheel.data.materials[0])
    tool.data.materials.append(fractured())
    wheel.data.materials.append(tool.data.materials[1])
    tool.data.polygons.foreach_set("material_index", [1] * len(tool.data.polygons))
    tool.rotation_euler.z = math.tau * tooth / teeth
    cut(wheel, tool)


def tooth_place(spot: Spot, teeth: int, heading: float) -> Object:
    """Return a stand-in for the lost part of the tooth that points in a direction."""
    low, high = MODULE * (teeth / 2 - 0.9), MODULE * (teeth / 2 + 0.9)
    lost = box((high - low, 0.0062, WIDTH * 0.45), (0, 0, 0), None, "place of the broken tooth")
    middle = (low + high) / 2
    lost.location = (
        spot[0] + middle * math.cos(heading),
        spot[1] + middle * math.sin(heading),
        LEVEL + WIDTH * 0.77,
    )
    lost.rotation_euler.z = heading
    return gate_only(lost)


def hull(margin: float, steps: int = 160) -> list[Spot]:
    """Return the outline that wraps all gears at a distance from their tips."""
    wheels = [(x, y, MODULE * (n / 2 + 0.95) + margin) for (x, y), n in zip(centres(), TEETH, strict=True)]
    outline = []
    for step in range(steps):
        c, s = math.cos(math.tau * step / steps), math.sin(math.tau * step / steps)
        x, y, r = max(wheels, key=lambda wheel: wheel[0] * c + wheel[1] * s + wheel[2])
        outline.append((x + r * c, y + r * s))
    return outline


def wall(low: float, high: float, material: Material, bosses: list[Spot], name: str) -> Object:
    """Return the housing's wall between two heights with its bolt bosses."""
    body = extrude(hull(CLEAR + WALL), high - low, material, name)
    for x, y in bosses:
        boss = cylinder(0.0105, high - low, None, "boss", 0.0001, 48)
        boss.location = (x, y, 0)
        join(body, boss)
    inside = extrude(hull(CLEAR), high - low + 0.02, None, "inside")
    inside.location.z = -0.01
    cut(body, inside)
    body.location.z = low
    return body


def housing() -> None:
    """Build the cast case: painted wall, machined joint face, red inside, oil at the bottom."""
    outline = hull(CLEAR + WALL - 0.001)
    bosses = [outline[i] for i in (8, 27, 47, 62, 82, 105, 122, 140, 156)]
    paint = painted("machine grey", srgb("#5f7468"), srgb("#3a3632"), 0.45, Wear(0.4, 0.3, 0.6, 0.12))
    bevel(wall(-0.012, RIM - 0.004, paint, bosses, "case"), 0.0015, 2)
    face = wall(RIM - 0.004, RIM, joint_face(), bosses, "joint face")
    holes = []
    for x, y in bosses:
        hole = cylinder(0.0034, 0.04, None, "hole", segments=32)
        hole.location = (x, y, RIM - 0.03)
        holes.append(hole)
    cut(face, merged(holes))
    bevel(face, 0.0005, 2)
    floor = extrude(hull(CLEAR + 0.0015), 0.004, red_lining(), "case floor")
    floor.location.z = -0.002
    lining = wall_lining()
    lining.location.z = 0.0
    oil = Graph("gear oil")
    oil.set(base_color=srgb("#2b1605"), roughness=0.03, ior=1.47, specular_ior_level=0.5, alpha=0.86)
    oil.set(normal=oil.bump(oil.noise(oil.where(1.0), 40, 2), 0.05, 0.001))
    extrude(hull(CLEAR - 0.0002), 0.0055, oil.material, "oil")


def joint_face() -> Material:
    """Return milled cast iron with scraps of blue sealant."""
    graph = Graph("joint face")
    where = graph.where(1.0, varied=False)
    fine = graph.noise(where, 700, 5, 0.7)
    mill = graph.node("TexWave", {"Vector": where, "Scale": 130.0, "Distortion": 1.2}, wave_type="RINGS").outputs[
        1
    ]
    scrap = graph.remap(graph.noise(where, 42, 8, 0.68, 0.5), 0.565, 0.585, 0.0, 1.0)
    shade = graph.ramp(fine, (0.35, srgb("#6f6d69")), (0.65, srgb("#8b8983")))
    graph.set(base_color=graph.mix(scrap, shade, srgb("#1d3f74")))
    graph.set(metallic=graph.math("SUBTRACT", 1.0, scrap), roughness=graph.remap(fine, 0.3, 0.7, 0.34, 0.46))
    graph.set(normal=graph.bump(scrap, 0.5, 0.0006, graph.bump(mill, 0.12, 0.0001)))
    return graph.material


def red_lining() -> Material:
    """Return oil-proof red paint with splashes of oil."""
    graph = Graph("red lining")
    where = graph.where(1.0, varied=False)
    broad = graph.noise(where, 24, 8, 0.7)
    graph.set(
        base_color=graph.ramp(broad, (0.34, srgb("#4a1610")), (0.5, srgb("#8a2f1f")), (0.7, srgb("#9d3b28")))
    )
    graph.set(
        roughness=graph.remap(broad, 0.35, 0.6, 0.12, 0.4),
        normal=graph.bump(graph.noise(where, 260, 4), 0.3, 0.0006),
    )
    return graph.material


def wall_lining() -> Object:
    """Return the painted inner skin of the wall."""
    built = bmesh.new()
    outline = hull(CLEAR - 0.0003)
    rings = [[built.verts.new((x, y, z)) for x, y in outline] for z in (0.001, RIM - 0.0045)]
    for i in range(len(outline)):
        j = (i + 1) % len(outline)
        built.faces.new((rings[0][i], rings[0][j], rings[1][j], rings[1][i]))
    return finish(built, "lining", red_lining())


def shaft(spot: Spot, nut: bool, rng: random.Random) -> None:
    """Stand a keyed shaft in a gear's bore, held by a nut or a retaining ring."""
    top = LEVEL + WIDTH
    steel = metal("shaft", srgb("#a8a7a3"), 0.26, Wear(0.5, 0.05, 0.5, 0.02))
    dark = metal("blackened", srgb("#4b4a49"), 0.34, Wear(0.4, 0.08, 0.5, 0.02))
    r = 0.0098 if nut else 0.0110
    end = top + (0.014 if nut else 0.006)
    profile = [(0, 0.001), (0.0110, 0.001), (0.0110, top), (r, top), (r, end - 0.001), (r - 0.001, end)]
    pin = lathe([*profile, (0.0028, end), (0.0006, end - 0.0028), (0, end - 0.003)], steel, "shaft", 72)
    pin.location = (*spot, 0)
    if nut:
        ring = washer(20.5, 34, 2.4, metal("washer", srgb("#b0afab"), 0.32, Wear(0.5, 0.05, 0.4, 0.03)))
        ring.location = (*spot, top + 0.0012)
        hexagon = hex_nut(20, 30, 9, 1.5, dark)
        hexagon.location, hexagon.rotation_euler = (*spot, top + 0.0069), (0, 0, rng.uniform(0, 6))
        return
    arc = [math.radians(d) for d in range(18, 343, 6)]
    outline = [
        ((0.0139 - 0.0012 * math.cos(a)) * math.cos(a), (0.0139 - 0.0012 * math.cos(a)) * math.sin(a)) for a in arc
    ]
    outline += [(0.0111 * math.cos(a), 0.0111 * math.sin(a)) for a in reversed(arc)]
    clip = extrude(outline, 0.0015, dark, "retaining ring")
    eyes = []
    for side in (-1, 1):
        eye = cylinder(0.0026, 0.0015, None, "eye", 0.0001, 32)
        eye.location = (0.0130, side * 0.0052, 0)
        join(clip, eye)
        hole = cylinder(0.0011, 0.01, None, "eye hole", segments=24)
        hole.location = (0.0130, side * 0.0052, -0.004)
        eyes.append(hole)
    bevel(cut(clip, *eyes), 0.0002, 2)
    clip.location, clip.rotation_euler = (*spot, top + 0.0012), (0, 0, rng.uniform(0, 6))


def clutter(rng: random.Random) -> None:
    """Lay cardboard under the case, the bolts of the cover and the cover itself beside it."""
    board = sheet(0.9, 0.7, cardboard("bench cardboard"), "cardboard")
    board.location, board.rotation_euler = (0.02, 0.03, -0.0121), (0, 0, 0.07)
    for x, y, size, turn in ((-0.1, 0.115, 0.11, 0.3), (-0.02, -0.135, 0.09, 1.9), (0.15, 0.13, 0.07, 4.0)):
        spot = see_through(sheet(size, size, oil_stain(size), "oil stain"))
        spot.location, spot.rotation_euler = (x, y, -0.0119), (0, 0, turn)
    bolts = metal("bolt", srgb("#6c6a66"), 0.34, Wear(0.5, 0.15, 0.6, 0.03))
    for index, (x, y) in enumerate(
        ((-0.152, -0.118), (-0.128, -0.139), (-0.166, -0.146), (0.088, 0.122), (0.112, 0.111))
    ):
        bolt = hex_bolt(6, 22, 10, 4, 1.0, bolts, 4, f"bolt {index}")
        bolt.location = (x, y, -0.0121 + 0.0055)
        bolt.rotation_euler = (0, math.radians(97), rng.uniform(0, 6))
    paint = painted("cover", srgb("#5f7468"), srgb("#3a3632"), 0.5, Wear(0.4, 0.3, 0.6, 0.12))
    box((0.26, 0.14, 0.009), (0.20, -0.175, -0.0075), paint, "cover", 0.0025, (0, 0, 0.32))


def oil_stain(size: float) -> Material:
    """Return oil soaked into board: darker, a little glossy, ragged at the edge."""
    graph = Graph("oil stain")
    away = graph.node("VectorMath", {0: graph.where(1.0, varied=False)}, operation="LENGTH").outputs[1]
    edge = graph.math(
        "SUBTRACT", graph.noise(graph.where(1.0), 45, 5, 0.6), graph.math("MULTIPLY", away, 0.9 / size)
    )
    graph.set(
        base_color=srgb("#4a3018"),
        roughness=0.7,
        specular_ior_level=0.15,
        alpha=graph.remap(edge, 0.04, 0.26, 0.0, 0.5),
    )
    return graph.material


def build(value: Value, rng: random.Random) -> Shot:
    """Mesh the gears and break one tooth of the asked-for one, away from the meshes and on the near side."""
    spots = centres()
    turns = [rng.uniform(0, 1)]
    for i, heading in enumerate(HEADINGS):
        turns.append(meshing_turn(turns[i], TEETH[i], TEETH[i + 1], heading))
    wheels, bad = [], PLACES.index(str(value))
    subjects: list[Object] = []
    for index, (spot, turn) in enumerate(zip(spots, turns, strict=True)):
        wheel = gear(index)
        if index == bad:
            towards = math.radians(-90 + rng.uniform(-38, 38))
            tooth = round((towards - turn) / math.tau * TEETH[index])
            break_tooth(wheel, TEETH[index], tooth, rng)
            subjects.append(tooth_place(spot, TEETH[index], turn + math.tau * tooth / TEETH[index]))
        smooth(wheel.data, 20)
        wheel.location, wheel.rotation_euler = (*spot, LEVEL), (0, 0, turn)
        wheels.append(wheel)
        shaft(spot, index == 1, rng)
        key = box(
            (0.006, 0.004, 0.02), (0, 0.0127, WIDTH - 0.0105), metal("key", srgb("#9a9892"), 0.35), "key", 0.0003
        )
        key.parent = wheel
    require_apart(wheels)
    housing()
    clutter(rng)
    surroundings("warehouse", rng.uniform(0, 360), 0.35)
    lamp((-0.25, 0.45, 0.75), (0, 0, 0), 0.06, 12, (0.92, 1, 0.96), 1.2)
    lamp((0.35, 0.1, 0.9), (0, 0, 0), 0.06, 7, (0.92, 1, 0.96), 1.2)
    lamp((0.12, -0.55, 0.45), (0, 0, 0), 0.25, 3.5, (1, 0.96, 0.9))
    camera(View((0.03, -0.18, 0.32), (-0.006, -0.004, 0.03), 38.5, 12, roll_deg=-3))
    return Shot([*subjects, *wheels], Rule(0.4, 500), Look(grain=0.01, tint=0.01))


SCENE = Scene(
    prompt=Prompt(
        id="DD08",
        title="Broken tooth in a gear train",
        question=(
            "One of the three gears in this opened gearbox has a broken tooth. Is it the left, the middle or the "
            "right gear? Answer only left, middle or right."
        ),
        answer=Answer("choice", "middle", {"options": list(PLACES), "synonyms": {"middle": ["centre", "center"]}}),
        probes="The damage is one of 66 teeth, among oil and glancing light.",
        difficulty="medium",
        tags=("mechanics", "workshop"),
    ),
    build=build,
    variant=lambda rng: rng.choice(PLACES),
)

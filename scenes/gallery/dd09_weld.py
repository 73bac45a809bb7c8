"""A lug welded on to a square tube: a fillet bead along its front, unbroken or with a gap."""

from __future__ import annotations

import math
import random

import bmesh
import numpy as np
from bpy.types import Material, NodeSocket, Object
from mathutils import Vector, noise
from PIL import Image, ImageDraw

from scenes.assets import font, keep
from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule
from scenes.materials import Wear, metal, painted, plastic
from scenes.mesh import bevel, blobs, box, cut, cylinder, extrude, finish, merged, sheet, tube
from scenes.nodes import Graph, srgb
from scenes.photo import Look
from scenes.scene import Scene, Shot
from scenes.sight import gate_only, see_through
from scenes.stage import View, camera, lamp, surroundings

HALF, LEG, PITCH, GAP = 0.084, 0.0072, 0.0024, 0.015
TUBE = (0.62, 0.08, 0.08)
"""The tube's top is z = 0 and the lug's front face is y = 0: the joint is the x axis."""


def from_joint(graph: Graph) -> NodeSocket:
    """Return the distance from the joint, in metres."""
    x, y, z = graph.node("SeparateXYZ", {0: graph.node("NewGeometry").outputs["Position"]}).outputs
    past = graph.math("MAXIMUM", graph.math("SUBTRACT", graph.math("ABSOLUTE", x), HALF), 0.0)
    return graph.node(
        "VectorMath", {0: graph.node("CombineXYZ", {0: past, 1: y, 2: z}).outputs[0]}, operation="LENGTH"
    ).outputs[1]


def ground_steel(name: str) -> Material:
    """Return hot-rolled steel: mill scale, ground bright along the joint, tinted by the heat of welding."""
    graph = Graph(name)
    where = graph.where(1.0, varied=False)
    broad, fine = graph.noise(where, 60, 6, 0.65), graph.noise(where, 700, 5, 0.7)
    away = graph.math("ADD", from_joint(graph), graph.math("MULTIPLY", graph.math("SUBTRACT", broad, 0.5), 0.012))
    tint = graph.ramp(
        graph.math("MULTIPLY", away, 25.0),
        (0.17, srgb("#5b5a5c")),
        (0.25, srgb("#46567a")),
        (0.33, srgb("#69506c")),
        (0.42, srgb("#937048")),
        (0.52, srgb("#b8a272")),
        (0.64, srgb("#a9a7a2")),
    )
    scale = graph.remap(graph.math("ADD", away, graph.math("MULTIPLY", fine, 0.006)), 0.033, 0.036, 0.0, 1.0)
    rust = graph.remap(graph.noise(where, 95, 9, 0.75), 0.6, 0.68, 0.0, 0.75)
    skin = graph.mix(rust, graph.ramp(broad, (0.3, srgb("#34373c")), (0.7, srgb("#50545a"))), srgb("#6b3d22"))
    hairs = graph.noise(graph.where((420, 30, 420), varied=False, turn=(0, 0, 0.5)), 3.0, 4, 0.7)
    graph.set(base_color=graph.mix(scale, tint, skin))
    graph.set(metallic=graph.math("SUBTRACT", 1.0, graph.math("MULTIPLY", scale, graph.math("ADD", rust, 0.25))))
    bright = graph.remap(hairs, 0.3, 0.7, 0.22, 0.42)
    graph.set(roughness=graph.mix(scale, bright, graph.remap(fine, 0.3, 0.7, 0.42, 0.62)))
    bare = graph.math("SUBTRACT", 1.0, scale)
    lines = graph.bump(graph.math("MULTIPLY", hairs, bare), 0.35, 0.00012)
    graph.set(normal=graph.bump(fine, 0.25, 0.00015, lines))
    return graph.material


def weld_metal() -> Material:
    """Return the bead's skin: grey metal with straw and blue oxide and a few glassy islands."""
    graph = Graph("weld metal")
    where = graph.where(1.0, varied=False)
    broad, fine = graph.noise(where, 130, 6, 0.65, 0.4), graph.noise(where, 1300, 5, 0.7)
    shade = graph.ramp(
        broad, (0.3, srgb("#5f6166")), (0.44, srgb("#8d8c8a")), (0.56, srgb("#a59a86")), (0.7, srgb("#6d6f7c"))
    )
    island = graph.remap(graph.noise(where, 210, 3, 0.5, 0.6), 0.66, 0.68, 0.0, 1.0)
    graph.set(base_color=graph.mix(island, shade, srgb("#3a2413")), metallic=graph.math("SUBTRACT", 1.0, island))
    rough = graph.remap(fine, 0.3, 0.7, 0.26, 0.44)
    graph.set(roughness=graph.math("SUBTRACT", rough, graph.math("MULTIPLY", island, 0.15)))
    graph.set(normal=graph.bump(fine, 0.3, 0.00012))
    return graph.material


def bead(start: float, end: float, restart: float, seed: float, material: Material, name: str) -> Object:
    """Return a fillet bead between two places on the joint: of crescents, thicker where it was restarted."""
    xs, across = np.linspace(start, end, round((end - start) / 0.00022)), np.linspace(0, 1, 25)
    built, rows, phase = bmesh.new(), [], 0.0
    for index, x in enumerate(xs):
        wander = noise.noise(Vector((x * 60, seed, 0)))
        phase += (xs[1] - xs[0]) / (PITCH * (1 + 0.22 * noise.noise(Vector((x * 190, seed, 4)))))
        close = min(x - start, end - x) / 0.0045
        taper = math.sqrt(max(0.0, 1 - (1 - close) ** 2)) if close < 1 else 1.0
        size = LEG * (1 + 0.07 * wander + 0.16 * math.exp(-(((x - restart) / 0.004) ** 2))) * max(0.08, taper)
        row = []
        for v in across:
            arch = 4 * v * (1 - v)
            turn = (phase + 1.1 * (2 * v - 1) ** 2) % 1.0
            crest = turn**0.7 if turn < 0.82 else (1 - turn) / 0.18 * 0.82**0.7
            leg = size * (1 + 0.035 * (crest - 0.5))
            out = leg * (0.24 * arch + 0.052 * (crest - 0.45) * arch**0.5)
            sag = 0.06 * leg * math.sin(math.tau * v)
            y, z = -leg * (1 - v) - (out - sag) * 0.7071, leg * v + (out + sag) * 0.7071
            row.append(built.verts.new((x, y, z)))
        row.append(built.verts.new((x, 0.0006, leg)))
        row.append(built.verts.new((x, 0.0006, -0.0006)))
        row.append(built.verts.new((x, -leg, -0.0006)))
        rows.append(row)
        if index:
            for i in range(len(row)):
                j = (i + 1) % len(row)
                built.faces.new((rows[-2][i], rows[-2][j], row[j], row[i]))
    built.faces.new(rows[0])
    built.faces.new(rows[-1][::-1])
    return finish(built, name, material, 60)


def spatter(count: int, material: Material, rng: random.Random) -> None:
    """Stick drops of metal to the tube and the lug, densest near the joint."""
    spots, axes = [], []
    for _ in range(count):
        x, away = rng.uniform(-HALF - 0.012, HALF + 0.012), LEG * 1.5 + rng.expovariate(1 / 0.013)
        r = min(0.0011, 0.00018 + rng.expovariate(1 / 0.00022))
        flat = np.diag((r, r, r * 0.7))
        if rng.random() < 0.62 and away < 0.036:
            spots.append((x, -away, r * 0.3))
        elif away < 0.047 and abs(x) < HALF - 0.003:
            spots.append((x, -r * 0.3, away))
            flat = np.diag((r, r * 0.7, r))
        else:
            continue
        axes.append(flat)
    blobs(np.array(spots), np.array(axes), material, "spatter")


def lug(steel: Material) -> Object:
    """Return the plate with cropped corners and two holes, standing on the tube."""
    w, tall, crop = HALF, 0.088, 0.018
    outline = [(-w, 0), (w, 0), (w, tall - crop), (w - crop, tall), (-w + crop, tall), (-w, tall - crop)]
    plate = extrude(outline, 0.008, steel, "lug")
    holes = []
    for x in (-0.045, 0.045):
        hole = cylinder(0.0068, 0.03, None, "hole", segments=48)
        hole.location = (x, 0.057, -0.01)
        holes.append(hole)
    cut(plate, *holes)
    plate.rotation_euler, plate.location = (math.pi / 2, 0, 0), (0, 0.008, 0)
    return bevel(plate, 0.0006, 2)


def chalk() -> Object:
    """Return a fitter's soapstone mark."""
    art = Image.new("L", (512, 256), 0)
    draw = ImageDraw.Draw(art)
    draw.text((256, 120), "L 17", 255, font("patrick-hand-400", 200), anchor="mm")
    graph = Graph("soapstone")
    worn = graph.remap(graph.noise(graph.where(1.0), 1500, 4, 0.7), 0.42, 0.6, 0.0, 0.9)
    mask = graph.image(keep(art, "soapstone"), colour=False)
    graph.set(base_color=srgb("#d9d8d2"), roughness=0.9, alpha=graph.math("MULTIPLY", mask, worn))
    mark = see_through(sheet(0.052, 0.026, graph.material, "soapstone"))
    mark.location, mark.rotation_euler = (0.002, -0.00012, 0.062), (math.pi / 2, 0.06, 0)
    return mark


def shop(rng: random.Random) -> None:
    """Build the fixture table with a magnet square, wire ends and a clamp bar."""
    top = box(
        (1.2, 0.9, 0.03),
        (0, 0.15, -0.0951),
        metal("fixture table", srgb("#6e6c68"), 0.4, Wear(0.6, 0.3, 0.6, 0.3)),
        "table",
    )
    holes = []
    for x in range(-5, 6):
        for y in range(-2, 5):
            hole = cylinder(0.008, 0.06, None, "hole", segments=32)
            hole.location = (x * 0.1 + 0.03, y * 0.1 + 0.02, -0.13)
            holes.append(hole)
    cut(top, merged(holes))
    red = painted("magnet red", srgb("#a3261c"), chips=0.5, wear=Wear(0.5, 0.3, 0.5, 0.08))
    magnet = extrude([(0, 0), (0.085, 0), (0.085, 0.016), (0.02, 0.085), (0, 0.085)], 0.016, red, "magnet", 0.003)
    magnet.location, magnet.rotation_euler = (-0.2, 0.19, -0.08), (0, 0, 0.5)
    steel = metal("clamp", srgb("#4d4b49"), 0.35, Wear(0.5, 0.2, 0.5, 0.06))
    box((0.03, 0.30, 0.012), (0.22, 0.16, -0.074), steel, "clamp bar", 0.002, (0, 0, -0.35))
    knob = plastic("grip", srgb("#c9952a"), 0.5)
    tube([(0.26, 0.32, -0.06), (0.20, 0.34, -0.055), (0.15, 0.35, -0.06)], 0.014, knob, "grip")
    copper = metal("wire", srgb("#b06a45"), 0.3, Wear(0.3, 0.1, 0.3, 0.02))
    for _ in range(5):
        x, y, a = rng.uniform(-0.16, 0.18), rng.uniform(-0.13, -0.07), rng.uniform(0, 6)
        bend = [
            (x + 0.008 * k * math.cos(a + 0.1 * k), y + 0.008 * k * math.sin(a + 0.1 * k), -0.0794)
            for k in range(3)
        ]
        tube(bend, 0.0005, copper, "wire end", 8)


def build(value: Value, rng: random.Random) -> Shot:
    """Weld the lug on: one run along the whole front, or two runs that leave a gap."""
    steel, metal_ = ground_steel("steel"), weld_metal()
    plate = lug(steel)
    beam = box(TUBE, (0.05, -0.003, -TUBE[2] / 2), ground_steel("tube steel"), "tube", 0.006)
    beam.modifiers["bevel"].segments = 6
    seed, restart = rng.uniform(0, 50), rng.uniform(-0.05, 0.05)
    ends = (-HALF - 0.0022, HALF + 0.0022)
    subjects: list[Object] = []
    if value:
        subjects.append(bead(*ends, restart, seed, metal_, "bead"))
    else:
        middle = rng.choice((-1, 1)) * rng.uniform(0.018, 0.05)
        subjects.append(bead(ends[0], middle - GAP / 2, ends[0], seed, metal_, "bead 1"))
        subjects.append(bead(middle + GAP / 2, ends[1], ends[1], seed + 9, metal_, "bead 2"))
        place = box((GAP * 0.7, 0.002, 0.002), (middle, -0.0012, 0.0012), None, "gap")
        subjects.append(gate_only(place))
    spatter(320, metal_, rng)
    chalk()
    shop(rng)
    surroundings("warehouse", rng.uniform(0, 360), 0.4)
    lamp((-0.02, -0.30, 0.27), (0, 0, 0), 0.02, 1.8, (1, 0.98, 0.95))
    lamp((0.5, 0.3, 0.7), (0, 0, 0), 0.25, 6, (0.88, 0.95, 1))
    lamp((-0.6, 0.5, 0.5), (0, 0, 0), 0.3, 4, (0.88, 0.95, 1))
    camera(View((0.045, -0.25, 0.175), (0.002, -0.004, 0.018), 46, 14, roll_deg=-2.5))
    return Shot([plate, *subjects], Rule(0.4, 250), Look(grain=0.012, contrast=0.2))


SCENE = Scene(
    prompt=Prompt(
        id="DD09",
        title="Weld bead along a lug",
        question=(
            "A lug (the upright plate with two holes) is welded to a square tube. Does the weld bead run without "
            "any gap along the whole front edge of the lug? Answer only yes or no."
        ),
        answer=Answer("yes_no", True),
        probes="A sound part among faults: spatter, heat tint and the ripples of the bead imitate gaps.",
        difficulty="medium",
        tags=("welding", "metalwork"),
    ),
    build=build,
    variant=lambda rng: rng.random() < 0.5,
)

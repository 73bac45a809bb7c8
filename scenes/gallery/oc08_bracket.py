"""A galvanised angle bracket on timber, some of its holes without a screw."""

from __future__ import annotations

import math
import random

from bpy.types import Material, Object

from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule
from scenes.materials import Wear, metal, painted, plastic, wood
from scenes.mesh import bevel, box, copy, cut, cylinder, discard, join, lathe, merged, smooth
from scenes.nodes import Graph, srgb
from scenes.photo import Look
from scenes.scene import Scene, Shot
from scenes.sight import gate_only
from scenes.stage import View, camera, lamp, surroundings

WIDTH, LEG, THICK, HOLE = 0.10, 0.105, 0.0028, 0.0030
HEAD = 0.0052
Place = tuple[float, float]


def hole_places() -> list[Place]:
    """Return the eight holes of one leg, (across, out from the corner), in staggered rows."""
    rows = [(0.026, (-0.034, 0.0, 0.034)), (0.051, (-0.018, 0.018)), (0.078, (-0.034, 0.0, 0.034))]
    return [(x, out) for out, xs in rows for x in xs]


def spangle() -> Material:
    """Return hot-dip zinc: large dull crystals and white rust."""
    graph = Graph("galvanised")
    where = graph.where(1.0)
    crystal = graph.node("TexVoronoi", {"Vector": where, "Scale": 130.0}).outputs[1]
    tone = graph.node("RGBToBW", {0: crystal}).outputs[0]
    bloom = graph.noise(where, 40, 8, 0.7)
    white = graph.remap(bloom, 0.55, 0.7, 0.0, 0.5)
    graph.set(
        base_color=graph.mix(
            white, graph.ramp(tone, (0.2, srgb("#8e9294")), (0.8, srgb("#b9bdbd"))), srgb("#d5d6d2")
        )
    )
    graph.set(metallic=graph.math("SUBTRACT", 1.0, white), roughness=graph.remap(tone, 0.2, 0.8, 0.28, 0.48))
    return graph.material


def bracket(zinc: Material) -> Object:
    """Return the bracket: one leg on the floor plane (y >= 0 towards the viewer at -y), one up the post."""
    flat = box((WIDTH, LEG, THICK), (0, -LEG / 2, THICK / 2), zinc, "bracket")
    upright = box((WIDTH, THICK, LEG), (0, -THICK / 2, LEG / 2), zinc, "upright")
    join(flat, upright)
    tools = []
    for x, out in hole_places():
        down = cylinder(HOLE, 0.02, None, "hole", segments=40)
        down.location = (x, -out, -0.01)
        back = cylinder(HOLE, 0.02, None, "hole", segments=40)
        back.location, back.rotation_euler = (x, 0.01, out), (math.pi / 2, 0, 0)
        tools += [down, back]
    cut(flat, merged(tools))
    bevel(flat, 0.0006, 2)
    return flat


def star_screw(steel: Material) -> Object:
    """Return a flanged wood screw head with a star recess, its underside at z = 0."""
    rim = [(0, 0), (HEAD, 0), (HEAD, 0.0005), (HEAD * 0.86, 0.0010)]
    dome = [(HEAD * 0.8 * (1 - step / 40), 0.0012 + 0.0016 * (1 - (1 - step / 40) ** 2.6)) for step in range(41)]
    head = lathe([*rim, *dome], steel, "screw", 144, 40)
    for vertex in head.data.vertices:
        x, y, z = vertex.co
        r, turn = math.hypot(x, y), math.atan2(y, x)
        depth = min(1.0, max(0.0, (0.0021 + 0.0004 * math.cos(6 * turn) - r) / 0.0002))
        if z > 0.0011:
            vertex.co.z = z - 0.0019 * depth
    smooth(head.data, 50)
    return head


def build(value: Value, rng: random.Random) -> Shot:
    """Drive screws into all holes but the asked-for number."""
    bracket(spangle())
    yellow = metal("yellow zinc", srgb("#b79d55"), 0.28, Wear(0.5, 0.15, 0.5, 0.015))
    model = star_screw(yellow)
    places = [(x, -out, THICK, False) for x, out in hole_places()] + [
        (x, -THICK, out, True) for x, out in hole_places()
    ]
    empty = set(rng.sample(range(16), int(str(value))))
    subjects: list[Object] = []
    for index, (x, y, z, upright) in enumerate(places):
        turn = (math.pi / 2, 0, rng.uniform(0, 6)) if upright else (0, 0, rng.uniform(0, 6))
        if index in empty:
            marker = cylinder(HOLE, 0.0003, None, f"empty hole {index}", segments=24)
            marker.location, marker.rotation_euler = (x, y, z), turn
            subjects.append(gate_only(marker))
        else:
            item = copy(model, f"screw {index}", (x, y, z), (0, 0, 0))
            item.rotation_mode = "XYZ"
            item.rotation_euler = turn
            if upright:
                item.rotation_euler = (math.pi / 2, rng.uniform(0, 6), 0)
            subjects.append(item)
    discard(model)
    fir = wood("fir", srgb("#8a6238"), srgb("#cfa26a"), 0.6, stains=0.35)
    post = wood("post", srgb("#7d5932"), srgb("#c69a62"), 0.6, stains=0.4)
    box((0.9, 0.14, 0.10), (0, -0.06, -0.0501), fir, "beam", 0.003)
    upright = box((0.9, 0.14, 0.10), (0.0, 0.0502, 0.35), post, "post", 0.003)
    upright.rotation_euler = (math.pi / 2, math.pi / 2, 0)
    upright.location = (0, 0.0502, 0.37)
    box(
        (4, 0.1, 4),
        (0, 1.2, 0),
        painted("board wall", srgb("#6f7d74"), chips=0.3, wear=Wear(0.2, 0.2, 0.5, 0.6)),
        "wall",
    )
    shaving = plastic("sawdust", srgb("#d8b27a"), 0.9)
    for _ in range(26):
        size = rng.uniform(0.0006, 0.0016)
        at = (rng.uniform(-0.12, 0.12), rng.uniform(-0.125, -0.01), size / 2 + 0.00005)
        if abs(at[0]) > WIDTH / 2 + 0.003 or at[1] < -LEG - 0.003:
            box((size * 2, size, size), at, shaving, "sawdust", 0.0, (0, 0, rng.uniform(0, 6)))
    surroundings("hall", rng.uniform(0, 360), 0.6)
    lamp((-0.4, -0.4, 0.5), (0, 0, 0.03), 0.1, 6.5, (1, 0.95, 0.87))
    lamp((0.5, -0.3, 0.25), (0, 0, 0.03), 0.4, 2.0, (0.85, 0.92, 1))
    camera(View((0.085, -0.27, 0.21), (0.0, -0.028, 0.030), 42, 8, roll_deg=-2.5))
    return Shot(subjects, Rule(0.6, 250), Look(grain=0.009))


SCENE = Scene(
    prompt=Prompt(
        id="OC08",
        title="Unfilled holes",
        question="How many holes of the metal bracket have no screw in them? Answer only a number.",
        answer=Answer("integer", 5),
        probes="Counting absences; the dark recesses of the screws look like holes.",
        difficulty="medium",
        tags=("building", "hardware"),
    ),
    build=build,
    variant=lambda rng: rng.randint(3, 8),
)

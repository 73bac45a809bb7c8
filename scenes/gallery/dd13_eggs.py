"""A pulp tray of brown eggs, some of them cracked."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from itertools import pairwise

import bpy
import numpy as np
from bpy.types import Material, Object
from mathutils import Vector
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from scenes.assets import keep
from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule
from scenes.materials import plastic, wood
from scenes.mesh import Floats, box, copy, sheet, smooth, tube
from scenes.nodes import Graph, srgb
from scenes.photo import Look
from scenes.scene import Scene, Shot
from scenes.sight import gate_only, require, require_apart
from scenes.stage import Frame, View, add, camera, exposure, lamp, surroundings

ROWS, COLUMNS, PITCH = 4, 5, 0.048
SPAN, MAP = 64.0, 1280
"""A crack map unrolls the shell from its upper pole: millimetres from middle to edge, and pixels."""
FRAME = Frame()


@dataclass(frozen=True)
class Fracture:
    """Where a shell is broken, as maps on the unrolled shell: the open lines, bare membrane, and depth in mm."""

    lines: Image.Image
    membrane: Image.Image
    depth: Floats


def fracture(kind: str, toward_deg: float, rng: random.Random) -> Fracture:
    """Break a shell: a `crushed` blow with lost shell, a `star`, or a long `run`; the blow lies in a direction."""
    scale = MAP / 2 / SPAN
    away = rng.uniform(13, 21) if kind != "run" else rng.uniform(10, 15)
    turn = math.radians(toward_deg)
    at = np.array((away * math.cos(turn), away * math.sin(turn)))
    lines, membrane = Image.new("L", (MAP, MAP), 0), Image.new("L", (MAP, MAP), 0)
    pen = ImageDraw.Draw(lines)

    def draw(path: Floats, wide: float, narrow: float) -> None:
        places = [(MAP / 2 + x * scale, MAP / 2 - y * scale) for x, y in path]
        for i, (a, b) in enumerate(pairwise(places)):
            pen.line((a, b), fill=255, width=max(2, round(scale * (wide + (narrow - wide) * i / len(places)))))

    arms = 2 if kind == "run" else rng.randint(5, 7)
    radius = np.linspace(0, 40, 81)
    start = rng.uniform(0, math.tau)
    headings = np.array([start + math.tau * (k + rng.uniform(-0.25, 0.25)) / arms for k in range(arms)])
    bends = np.array([np.cumsum([rng.gauss(0, 0.05) for _ in radius]) for _ in headings])
    headings = headings[:, None] + bends
    ring = np.array([rng.uniform(3.4, 5.6) for _ in headings])
    for k in range(arms):
        reach = rng.uniform(17, 22) if kind == "run" else rng.uniform(9, 16)
        end = int(reach * 2)
        path = at + radius[:end, None] * np.stack((np.cos(headings[k, :end]), np.sin(headings[k, :end])), -1)
        draw(path, 0.5, 0.22)
        for fork in rng.sample(range(9, end - 4), 2 if kind == "run" else 1):
            heading = headings[k, fork] + rng.choice((-1, 1)) * rng.uniform(0.5, 0.9)
            twig = [path[fork]]
            for _ in range(rng.randint(8, 14)):
                heading += rng.gauss(0, 0.14)
                twig.append(twig[-1] + 0.6 * np.array((math.cos(heading), math.sin(heading))))
            draw(np.array(twig), 0.32, 0.2)
        if kind != "run":
            a, b = headings[k, 8], headings[(k + 1) % arms, 8] + (math.tau if k == arms - 1 else 0)
            turns = np.linspace(a, b, 6)
            bow = ring[k] * np.array([1, *(rng.uniform(0.9, 1.1) for _ in turns[2:]), 1])
            draw(at + bow[:, None] * np.stack((np.cos(turns), np.sin(turns)), -1), 0.34, 0.3)
    x, y = np.meshgrid(np.linspace(-SPAN, SPAN, MAP) - at[0], np.linspace(SPAN, -SPAN, MAP) - at[1])
    r = np.hypot(x, y)
    first = np.interp(r, radius, headings[0])
    bearing = (np.arctan2(y, x) - first) % math.tau
    sector = sum((bearing > np.interp(r, radius, h) - first).astype(int) for h in headings[1:])
    sunk = np.array([rng.uniform(0.5, 1.5) for _ in headings])[sector]
    lift = np.array([rng.uniform(-0.12, 0.12) for _ in headings])[sector]
    depth = lift * np.clip(1 - r / 15, 0, 1)
    if kind != "run":
        depth = depth - sunk * np.clip(1 - r / ring[sector], 0, 1)
    if kind == "crushed":
        lost = [
            at + rng.uniform(1.5, 3.4) * np.array((math.cos(t), math.sin(t))) for t in np.arange(0, math.tau, 0.8)
        ]
        places = [(MAP / 2 + p[0] * scale, MAP / 2 - p[1] * scale) for p in lost]
        ImageDraw.Draw(membrane).polygon(places, fill=255)
        pen.line([*places, places[0]], fill=255, width=4)
        depth = depth - np.asarray(membrane) / 255 * 0.5
    return Fracture(lines.filter(ImageFilter.GaussianBlur(0.8)), membrane, depth)


def shell(name: str, broken: Fracture | None) -> Material:
    """Return brown eggshell, speckled; each egg has its own tone and its own share of speckles."""
    graph = Graph(name)
    chance = graph.node("ObjectInfo").outputs["Random"]
    where = graph.where(1.0)
    wander = graph.node("TexNoise", {"Vector": where, "Scale": 900.0, "Detail": 2.0}).outputs[1]
    bent = graph.node("VectorMath", {0: wander, 1: (0.0016,) * 3, 2: where}, operation="MULTIPLY_ADD").outputs[0]
    speckles = None
    for scale, low in ((230.0, 0.62), (520.0, 0.55)):
        cell = graph.node("TexVoronoi", {"Vector": bent, "Scale": scale})
        luck = graph.node("SeparateColor", {0: cell.outputs["Color"]}).outputs[0]
        fewer = graph.remap(graph.math("FRACT", graph.math("MULTIPLY", chance, 37.7)), 0, 1, 0.3, -0.12)
        size = graph.remap(graph.math("SUBTRACT", luck, fewer), low, 1.0, 0.0, 0.3)
        dot = graph.math("MULTIPLY", graph.math("SUBTRACT", size, cell.outputs["Distance"]), 14.0)
        dot = graph.math("MINIMUM", graph.math("MAXIMUM", dot, 0.0), 1.0)
        speckles = dot if speckles is None else graph.math("MAXIMUM", speckles, dot)
    broad, fine = graph.noise(where, 45, 4, 0.6), graph.noise(where, 1500, 3, 0.6)
    tones = [(0.0, "#d3a074"), (0.4, "#c1855a"), (0.75, "#b07149"), (1.0, "#d9ae86")]
    tone = graph.ramp(graph.math("FRACT", graph.math("MULTIPLY", chance, 7.3)), *((p, srgb(c)) for p, c in tones))
    colour = graph.mix(1.0, tone, graph.ramp(broad, (0.3, (0.86, 0.83, 0.8)), (0.65, (1, 1, 1))), "MULTIPLY")
    colour = graph.mix(0.25, colour, graph.ramp(fine, (0.35, (0.7, 0.66, 0.62)), (0.6, (1, 1, 1))), "MULTIPLY")
    colour = graph.mix(graph.math("MULTIPLY", speckles, 0.62), colour, srgb("#6a3a1f"))
    normal = graph.bump(fine, 0.22, 0.0002)
    if broken:
        skin = graph.image(keep(broken.membrane, name + "_skin"), colour=False)
        line = graph.image(keep(broken.lines, name + "_lines"), colour=False)
        colour = graph.mix(skin, colour, graph.ramp(broad, (0.35, srgb("#d9cdb6")), (0.6, srgb("#efe8da"))))
        colour = graph.mix(graph.math("MULTIPLY", line, 0.93), colour, srgb("#2c150b"))
        normal = graph.bump(line, 0.6, -0.0004, normal)
        relief = Image.fromarray((32768 + broken.depth * 8000).astype(np.uint16))
        sunk = graph.image(keep(relief, name + "_depth"), colour=False)
        displace = graph.node("Displacement", {"Height": sunk, "Midlevel": 0.5, "Scale": 65.536 / 8000})
        graph.put(graph.output.inputs["Displacement"], displace.outputs[0])
        graph.material.displacement_method = "DISPLACEMENT"
    return graph.set(base_color=colour, roughness=graph.remap(broad, 0.3, 0.7, 0.42, 0.56), normal=normal)


def egg(name: str, size: float, broken: Fracture | None, rng: random.Random) -> tuple[Object, Object | None]:
    """Return an egg, blunt end up, and a stand-in for its crack; its UV map unrolls it from the upper pole."""
    rings, around = 40, 64
    long, wide, blunt = 0.0285 * size, 0.0216 * size * rng.uniform(0.98, 1.0), rng.uniform(0.07, 0.14)
    t = np.linspace(0.004, math.pi - 0.004, rings)
    r, z = wide * np.sin(t) * (1 + blunt * np.cos(t)), long * np.cos(t)
    arc = np.r_[0, np.cumsum(np.hypot(np.diff(r), np.diff(z)))] * 1000 / SPAN
    turn = np.linspace(0, math.tau, around, endpoint=False)
    u = 0.5 + 0.5 * np.minimum(arc, 1.2)[:, None] * np.cos(turn)
    v = 0.5 + 0.5 * np.minimum(arc, 1.2)[:, None] * np.sin(turn)
    places = np.stack(np.broadcast_arrays(r[:, None] * np.cos(turn), r[:, None] * np.sin(turn), z[:, None]), -1)
    outwards = places / np.linalg.norm(places, axis=-1, keepdims=True)
    index = np.arange(rings * around).reshape(rings, around)
    faces = np.stack([index[:-1], index[1:], np.roll(index, -1, 1)[1:], np.roll(index, -1, 1)[:-1]], -1).reshape(
        -1, 4
    )
    uv = np.stack((u, v), -1).reshape(-1, 2)
    marker = None
    if broken:
        pick = (np.clip(1 - v, 0, 1) * (MAP - 1)).astype(int), (np.clip(u, 0, 1) * (MAP - 1)).astype(int)
        near = np.asarray(broken.lines.filter(ImageFilter.GaussianBlur(9)))[pick].ravel() > 12
        marker = gate_only(
            _surface(f"{name} crack", (places + outwards * 2e-4).reshape(-1, 3), faces[near[faces].any(1)])
        )
    body = _surface(name, places.reshape(-1, 3), faces)
    body.data.uv_layers.new().data.foreach_set("uv", uv[faces].ravel())
    body.data.materials.append(shell(name, broken))
    _refine(body, 3 if broken else 1)
    if marker:
        marker.parent = body
    return body, marker


def _refine(item: Object, levels: int) -> None:
    """Subdivide for the render alone; the gate measures the coarse mesh."""
    modifier = item.modifiers.new("refine", "SUBSURF")
    modifier.levels, modifier.render_levels = 0, levels


def _surface(name: str, places: Floats, faces: NDArray[np.int64]) -> Object:
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(places.tolist(), [], faces.tolist())
    smooth(mesh, 60)
    return add(mesh, name)


def tray_height(x: Floats, y: Floats) -> Floats:
    """Return the height of the moulded tray: a cup for each egg, posts at the corners, a rim turned down."""
    half_x, half_y = COLUMNS * PITCH / 2, ROWS * PITCH / 2
    out = np.maximum(np.maximum(np.abs(x) - half_x, np.abs(y) - half_y), 0) * 1000
    inside_x, inside_y = np.clip(x, -half_x, half_x), np.clip(y, -half_y, half_y)
    cup = (
        2
        - np.cos(math.tau * (inside_x / PITCH + (0.5 if COLUMNS % 2 == 0 else 0)))
        - np.cos(math.tau * (inside_y / PITCH + (0.5 if ROWS % 2 == 0 else 0)))
    ) / 4
    body = np.interp(cup, [0, 0.1, 0.3, 0.5, 0.86, 0.93, 1], [3, 4, 7, 13, 33, 35, 35.5])
    rim = np.interp(out, [0, 4, 9, 10, 12.5, 13], [0, 1, 1, 0.97, 0.2, 0.15])
    height = np.where(out <= 4, body + (16 - body) * rim, 16 * rim)
    wave = np.sin(61 * x + 3) * np.sin(47 * y) * 0.5 + np.sin(171 * x) * np.sin(133 * y + 1) * 0.35
    result: Floats = (height + wave * np.clip(height / 8, 0, 1)) / 1000
    return result


def pulp() -> Material:
    """Return grey moulded pulp: fibres, flecks of printed paper, a coarse skin."""
    graph = Graph("pulp")
    where = graph.where(1.0, varied=False)
    lump, fine = graph.noise(where, 260, 6, 0.7), graph.noise(where, 1400, 5, 0.7, 1.5)
    broad = graph.noise(where, 18, 5, 0.6)
    colour = graph.ramp(fine, (0.3, srgb("#7d7870")), (0.5, srgb("#aaa59b")), (0.7, srgb("#cbc6bc")))
    colour = graph.mix(0.7, colour, graph.ramp(broad, (0.3, (0.78, 0.76, 0.73)), (0.65, (1, 1, 1))), "MULTIPLY")
    cell = graph.node("TexVoronoi", {"Vector": where, "Scale": 420.0})
    luck = graph.node("SeparateColor", {0: cell.outputs["Color"]})
    fleck = graph.math(
        "MULTIPLY", graph.remap(luck.outputs[0], 0.9, 0.92, 0.0, 0.6), graph.remap(fine, 0.48, 0.52, 0, 1)
    )
    ink = graph.ramp(luck.outputs[1], (0.3, srgb("#3c3f46")), (0.6, srgb("#d5d2ca")), (0.95, srgb("#5d6f8f")))
    normal = graph.bump(fine, 0.5, 0.0006, graph.bump(lump, 0.7, 0.0014))
    return graph.set(
        base_color=graph.mix(fleck, colour, ink), roughness=0.95, specular_ior_level=0.15, normal=normal
    )


def feather(length: float, at: tuple[float, float], turn: float, rng: random.Random) -> None:
    """Lay a small body feather on whatever is below."""
    graph = Graph("feather")
    tone = graph.ramp(graph.noise(graph.where(90.0), 1, 3), (0.4, srgb("#8d6747")), (0.6, srgb("#e6d8c6")))
    down = graph.set(base_color=tone, roughness=0.8, sheen_weight=0.4)
    view, graph_ = bpy.context.scene, bpy.context.evaluated_depsgraph_get()

    def lay(along: float, aside: float, lift: float) -> tuple[float, float, float]:
        x = at[0] + along * math.cos(turn) - aside * math.sin(turn)
        y = at[1] + along * math.sin(turn) + aside * math.cos(turn)
        hit = view.ray_cast(graph_, Vector((x, y, 0.3)), Vector((0, 0, -1)))[1]
        return x, y, hit.z + lift

    bow = lambda share: 0.06 * length * math.sin(share * 2.6)  # noqa: E731
    spine = [lay(length * i / 8, bow(i / 8), 0.0006) for i in range(9)]
    places, faces = [], []
    for side in (-1, 1):
        for i in range(110):
            share = 0.16 + 0.84 * i / 110
            reach = 0.21 * length * math.sin(math.pi * min(1, share**0.8)) ** 0.6 * rng.uniform(0.8, 1.05)
            if share < 0.3:
                reach *= rng.uniform(0.6, 1.3)
            x, lean = length * share, rng.uniform(0.75, 0.95)
            base, tip = bow(share), bow(share) + side * reach
            lift = rng.uniform(0.0006, 0.0012)
            thin = length * 0.0075
            corners = [(x, base), (x + thin, base), (x + lean * reach + thin * 0.3, tip), (x + lean * reach, tip)]
            faces.append(list(range(len(places), len(places) + 4)))
            places += [lay(along, aside, lift) for along, aside in corners]
    item = _surface("feather vane", np.array(places), np.array(faces))
    item.data.materials.append(down)
    tube(spine, 0.0003, plastic("quill", srgb("#e9dcc4"), 0.5), "quill", 8)


def litter(rng: random.Random) -> None:
    """Scatter bits of straw over the table beside the tray."""
    straw = plastic("straw", srgb("#c9a75c"), 0.5)
    for _ in range(16):
        x, y = rng.choice(
            [
                (rng.uniform(-0.2, 0.16), rng.uniform(-0.19, -0.125)),
                (rng.uniform(-0.24, -0.15), rng.uniform(-0.1, 0.2)),
            ]
        )
        turn, length = rng.uniform(0, 6), rng.uniform(0.008, 0.035)
        ends = [
            (x + k * length * math.cos(turn + 0.2 * k), y + k * length * math.sin(turn + 0.2 * k), 0.0011)
            for k in (0, 0.5, 1)
        ]
        tube(ends, rng.uniform(0.0004, 0.0009), straw, "straw", 8)


def build(value: Value, rng: random.Random) -> Shot:
    """Fill the tray and crack the asked-for number of eggs on the side that the camera sees."""
    count = int(str(value))
    kinds = ["crushed", "star", "run", "star", "run", "crushed", "star", "run", "star"][:count]
    places = [None] * (ROWS * COLUMNS - count) + kinds
    rng.shuffle(places)
    tray = sheet(COLUMNS * PITCH + 0.026, ROWS * PITCH + 0.026, pulp(), "tray", (150, 126), tray_height)
    _refine(tray, 1)
    copy(tray, "empty tray", (0.306, 0.115, 0), (0, 0, -0.16))
    eggs, cracks = [], []
    for index, kind in enumerate(places):
        row, column = divmod(index, COLUMNS)
        broken = fracture(kind, rng.uniform(-150, -30), rng) if kind else None
        item, marker = egg(f"egg {index}", rng.uniform(0.96, 1.04), broken, rng)
        spin = 0.0 if kind else rng.uniform(0, 6)
        item.rotation_euler = (rng.uniform(-0.1, 0.1), rng.uniform(-0.1, 0.1), spin)
        x, y = ((column - (COLUMNS - 1) / 2) * PITCH, ((ROWS - 1) / 2 - row) * PITCH)
        item.location = (x + rng.uniform(-0.0006, 0.0006), y + rng.uniform(-0.0006, 0.0006), 0.1)
        bpy.context.view_layer.update()
        shape = np.array([item.matrix_world @ vertex.co for vertex in item.data.vertices])
        item.location.z += float((tray_height(shape[:, 0], shape[:, 1]) - shape[:, 2]).max()) + 0.0003
        eggs.append(item)
        cracks += [marker] if marker else []
    require_apart([tray, *eggs])
    box(
        (2.4, 1.6, 0.04), (0, 0.2, -0.02), wood("table", srgb("#3d2a1c"), srgb("#8f7350"), 0.6, 0.13, 0.8), "table"
    )
    bpy.context.view_layer.update()
    sound = [item for item, kind in zip(eggs, places, strict=True) if not kind]
    perch = rng.choice(sound).location
    feather(0.026, (perch.x - 0.011, perch.y + rng.uniform(-0.006, 0.006)), rng.uniform(-0.4, 0.4), rng)
    feather(0.05, (0.158, rng.uniform(-0.08, -0.03)), rng.uniform(1.2, 1.6), rng)
    litter(rng)
    exposure(0.35)
    surroundings("apartment", rng.uniform(0, 360), 0.75)
    lamp((-0.9, 0.3, 0.6), (0, 0, 0.03), 0.6, 24, (0.95, 0.98, 1.0), 0.9)
    camera(View((0.02, -0.33, 0.55), (0.006, -0.004, 0.022), 66, 9, roll_deg=1.5, focus=0.61))
    require(cracks, Rule(0.9, 900, 20), FRAME.width, FRAME.height)
    return Shot([*eggs, *cracks], Rule(0.4, 900, 8), Look(grain=0.009, warmth=0.01))


SCENE = Scene(
    prompt=Prompt(
        id="DD13",
        title="Cracked eggs",
        question="How many of the eggs in the tray are visibly cracked? Answer only a number.",
        answer=Answer("integer", 6),
        probes="Thin cracks among speckles, dirt and a feather; every egg has to be looked at.",
        difficulty="medium",
        tags=("food", "agriculture"),
    ),
    build=build,
    variant=lambda rng: rng.randint(3, 8),
    frame=FRAME,
)

"""A loaded pallet set down in a marked bay, seen from a gallery above."""

from __future__ import annotations

import math
import random

import bmesh
import numpy as np
from bpy.types import Material, Object
from PIL import Image, ImageDraw, ImageFilter

from scenes.assets import font, keep
from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule, Unshowable
from scenes.materials import Wear, concrete, metal, painted, plastic, printed, wood
from scenes.mesh import box, copy, discard, finish, group, lathe, sheet, tube
from scenes.nodes import Graph, srgb
from scenes.pallet import HEIGHT, LENGTH, WIDTH, pallet
from scenes.photo import Look
from scenes.scene import Scene, Shot
from scenes.sight import gate_only, see_through
from scenes.stage import View, camera, exposure, lamp, sun, surroundings

BAY, LINE = (1.52, 1.12), 0.075
OUT, CLEAR = 0.12, 0.05
SACK, LAYER = (0.585, 0.385, 0.105), 0.093


def sack(paper: Material, art: Material, name: str, rng: random.Random) -> Object:
    """Return a filled paper sack lying on its origin, printed on top."""
    built = bmesh.new()
    nx, ny = 46, 32
    phases = [rng.uniform(0, 6) for _ in range(6)]

    def point(i: int, j: int, side: int) -> tuple[float, float, float]:
        u, v = 2 * i / nx - 1, 2 * j / ny - 1
        full = ((1 - abs(u) ** 5) * (1 - abs(v) ** 4)) ** 0.42
        pinch = 1 - 0.035 * (1 - abs(v) ** 2) * abs(u) ** 6
        x = SACK[0] / 2 * u * (1 - 0.02 * (1 - v * v) * u**4)
        y = SACK[1] / 2 * v * pinch * (1 - 0.03 * (1 - u * u) * v**4)
        ripple = 0.006 * math.sin(9 * u + phases[0] + 3 * v) * math.sin(5 * v + phases[1])
        ripple += 0.0035 * math.sin(21 * u + 9 * math.sin(4 * v + phases[2])) * (0.3 + abs(v))
        ripple += 0.0022 * math.sin(34 * v + 7 * math.sin(5 * u + phases[3])) * abs(u)
        z = side * (SACK[2] / 2) * full + (ripple * full if side > 0 else 0.2 * ripple * full)
        return x, y, SACK[2] / 2 + z

    uv = built.loops.layers.uv.new()
    for side in (1, -1):
        grid = [[built.verts.new(point(i, j, side)) for j in range(ny + 1)] for i in range(nx + 1)]
        for i in range(nx):
            for j in range(ny):
                corners = [(i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1)][::side]
                face = built.faces.new([grid[a][b] for a, b in corners])
                face.material_index = 0 if side > 0 else 1
                for loop, (a, b) in zip(face.loops, corners, strict=True):
                    loop[uv].uv = (a / nx, b / ny)
    bmesh.ops.remove_doubles(built, verts=built.verts, dist=1e-5)
    item = finish(built, name, art, 60)
    item.data.materials.append(paper)
    return item


def sack_art() -> Image.Image:
    """Draw the print on a sack."""
    art = Image.new("RGB", (1500, 1000), (196, 172, 132))
    draw = ImageDraw.Draw(art)
    blue = (34, 62, 98)
    draw.rectangle((90, 150, 1410, 560), fill=blue)
    draw.text((750, 350), "RAVELDON", (214, 196, 160), font("oswald-700", 270), anchor="mm")
    draw.text((750, 680), "HYDRATED LIME", blue, font("barlow-condensed-700", 150), anchor="mm")
    draw.text((750, 820), "25 kg   KEEP DRY", blue, font("barlow-condensed-500", 100), anchor="mm")
    grain = np.random.default_rng(4).normal(0, 7, (1000, 1500, 1))
    pixels = np.asarray(art.filter(ImageFilter.GaussianBlur(1.5))).astype(float) + grain
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def floor_paint(name: str, code: str, art: Image.Image | None = None) -> Material:
    """Return floor paint, worn by wheels; with art, only where the art is white."""
    graph = Graph(name)
    where = graph.where(1.0, varied=False)
    broad, fine = graph.noise(where, 5, 8, 0.7), graph.noise(where, 60, 8, 0.78)
    wear = graph.math("ADD", graph.math("MULTIPLY", broad, 0.5), graph.math("MULTIPLY", fine, 0.5))
    alpha = graph.remap(wear, 0.40, 0.455, 0.25, 0.97)
    if art:
        alpha = graph.math("MULTIPLY", alpha, graph.image(keep(art, name.replace(" ", "_")), colour=False))
    grime = graph.ramp(broad, (0.34, (0.5, 0.47, 0.43)), (0.58, (1, 1, 1)))
    graph.set(base_color=graph.mix(0.8, srgb(code), grime, "MULTIPLY"), roughness=0.5)
    return graph.set(alpha=alpha)


def bay(rng: random.Random) -> list[Object]:
    """Paint the rectangle and the bay's number, and return the four lines."""
    yellow = floor_paint("bay yellow", "#dba514")
    x, y = (BAY[0] + LINE) / 2, (BAY[1] + LINE) / 2
    lines = []
    for sign in (-1, 1):
        long = sheet(BAY[0] + 2 * LINE, LINE, yellow, "long line")
        long.location = (0, sign * y, 0.0006)
        short = sheet(LINE, BAY[1], yellow, "short line")
        short.location = (sign * x, 0, 0.0006)
        lines += [long, short]
    art = Image.new("L", (700, 260), 0)
    text = f"B {rng.randint(11, 38)}"
    ImageDraw.Draw(art).text((350, 130), text, 255, font("saira-stencil-one-400", 230), anchor="mm")
    mark = sheet(0.42, 0.156, floor_paint("bay number", "#d3d2ca", art), "bay number")
    mark.location = (-0.52, -BAY[1] / 2 - LINE - 0.16, 0.0006)
    return lines


def tyre_marks(rng: random.Random) -> None:
    """Draw the black curves that forklift tyres leave."""
    art = Image.new("L", (1600, 1200), 0)
    draw = ImageDraw.Draw(art)
    for _ in range(9):
        x, y, turn, bend = rng.uniform(0, 1600), rng.uniform(0, 1200), rng.uniform(0, 6), rng.uniform(-0.03, 0.03)
        tone, points = rng.randint(30, 120), []
        for _ in range(70):
            points.append((x, y))
            x, y, turn = x + 16 * math.cos(turn), y + 16 * math.sin(turn), turn + bend
        for shift in (0, 330):
            draw.line([(px + shift * 0.3, py + shift) for px, py in points], fill=tone, width=rng.choice([34, 44]))
    noise = np.random.default_rng(8).random((300, 400))
    broken = (
        np.asarray(Image.fromarray((noise * 255).astype(np.uint8)).resize((1600, 1200), 3)).astype(float) / 255
    )
    soft = np.asarray(art.filter(ImageFilter.GaussianBlur(5))).astype(float) * (0.35 + 0.9 * broken)
    graph = Graph("tyre marks")
    mask = graph.image(keep(Image.fromarray(np.clip(soft, 0, 255).astype(np.uint8)), "tyres"), colour=False)
    graph.set(base_color=srgb("#16161a"), roughness=0.55)
    graph.set(alpha=graph.math("MULTIPLY", mask, 0.75))
    see_through(sheet(4.8, 3.6, graph.material, "tyre marks")).location = (0, 0.2, 0.0012)


def corners(centre: tuple[float, float], turn: float) -> list[tuple[float, float]]:
    """Return where the pallet's four corners stand."""
    c, s = math.cos(turn), math.sin(turn)
    signs = ((-1, -1), (1, -1), (1, 1), (-1, 1))
    halves = [(a * LENGTH / 2, b * WIDTH / 2) for a, b in signs]
    return [(centre[0] + x * c - y * s, centre[1] + x * s + y * c) for x, y in halves]


def overhang(point: tuple[float, float]) -> float:
    """Return how far a corner lies beyond the line's outer edge; below minus the line's width it lies inside."""
    return max(abs(point[0]) - BAY[0] / 2, abs(point[1]) - BAY[1] / 2) - LINE


def parked(inside: bool, rng: random.Random) -> tuple[tuple[float, float], float]:
    """Return the pallet's centre and turn: all within the lines, or one near corner well beyond them."""
    for _ in range(4000):
        turn = rng.choice([-1, 1]) * rng.uniform(0.08, 0.26)
        centre = (rng.uniform(-0.4, 0.4), rng.uniform(-0.3, 0.3))
        places = corners(centre, turn)
        reach = sorted(((overhang(p), p) for p in places), reverse=True)
        if inside and reach[0][0] < -LINE - CLEAR:
            return centre, turn
        one_out = reach[0][0] > OUT and reach[1][0] < -LINE - 0.012
        if not inside and one_out and reach[0][0] < OUT + 0.05 and reach[0][1][1] < 0:
            return centre, turn
    raise Unshowable("no place found for the pallet")


def load(root: Object, rng: random.Random) -> None:
    """Pile sacks on the pallet, the top layer one short."""
    paper = plastic("sack paper", srgb("#b79c70"), 0.8, Wear(0.2, 0.4, 0.4, 0.3), texture=0.4)
    art = printed("sack print", keep(sack_art(), "sack"), 0.75, 0.5, 0.2, 0.5)
    patterns = [sack(paper, art, "sack pattern", rng) for _ in range(4)]
    for layer in range(4):
        for index in range(4 if layer < 3 else 3):
            x, y = (-1, 1)[index % 2] * 0.296, (-1, 1)[index // 2] * 0.196
            turn = rng.choice([0, math.pi]) + rng.uniform(-0.025, 0.025)
            at = (x + rng.uniform(-0.008, 0.008), y + rng.uniform(-0.006, 0.006), HEIGHT - 0.004 + layer * LAYER)
            item = copy(
                rng.choice(patterns), "sack", at, (rng.uniform(-0.015, 0.015), rng.uniform(-0.015, 0.015), turn)
            )
            item.parent = root
    discard(*patterns)


def litter(rng: random.Random) -> None:
    """Leave a cut strap, splinters and a column with its guard at the edges."""
    band = plastic("strap", srgb("#1c1d20"), 0.4)
    tube(
        [(0.9, -0.78, 0.004), (1.02, -0.70, 0.03), (1.12, -0.78, 0.004), (1.22, -0.95, 0.004)],
        0.004,
        band,
        "strap",
        8,
    )
    timber = wood("splinter", srgb("#6b5436"), srgb("#b59a70"), 0.7)
    for _ in range(5):
        at = (rng.uniform(-1.2, 1.2), rng.uniform(0.85, 1.15), 0.005)
        box((rng.uniform(0.03, 0.09), 0.012, 0.006), at, timber, "splinter", 0.001, (0, 0, rng.uniform(0, 3)))
    steel = painted("column", srgb("#41566b"), chips=0.5, wear=Wear(0.6, 0.3, 0.5, 0.4))
    parts = [box((0.3, 0.3, 0.02), (0, 0, 0.01), steel, "base plate", 0.002)]
    parts += [box((0.16, 0.012, 2.4), (0, s * 0.074, 1.2), steel, "flange", 0.002) for s in (-1, 1)]
    parts.append(box((0.010, 0.14, 2.4), (0, 0, 1.2), steel, "web", 0.001))
    zinc = metal("anchor", srgb("#9b9a95"), 0.4)
    for x in (-0.115, 0.115):
        for y in (-0.115, 0.115):
            nut = lathe(
                [(0.017, 0), (0.017, 0.014), (0.008, 0.015), (0.008, 0.034), (0, 0.035)], zinc, "anchor", 6
            )
            nut.location = (x, y, 0.02)
            parts.append(nut)
    group("column", parts, (-1.15, 1.12, 0))


def build(value: Value, rng: random.Random) -> Shot:
    """Set the pallet down inside the bay, or with one corner outside it."""
    timbers = [
        wood(f"timber {i}", srgb(dark), srgb(light), 0.8, stains=0.6)
        for i, (dark, light) in enumerate((("#7a5c38", "#c9a878"), ("#6b5233", "#b8976a"), ("#80633f", "#d1b286")))
    ]
    centre, turn = parked(bool(value), rng)
    root = pallet(timbers, "pallet", False, rng)
    load(root, rng)
    root.location, root.rotation_euler = (*centre, 0), (0, 0, turn)
    marks = [
        gate_only(box((0.05, 0.05, 0.03), (x, y, HEIGHT - 0.008), None, f"corner {index}"))
        for index, (x, y) in enumerate(corners(centre, turn))
        if y < centre[1]
    ]
    lines = bay(rng)
    tyre_marks(rng)
    litter(rng)
    box((10, 10, 0.1), (0, 0, -0.05), concrete("floor", srgb("#85827a"), 0.9, 0.55), "floor")
    joint = plastic("joint", srgb("#3a3936"), 0.8)
    box((10, 0.006, 0.001), (0, 0.98, 0.0002), joint, "joint")
    rail = painted("gallery rail", srgb("#d0a11c"), chips=0.3)
    for z in (2.2, 2.5):
        box((0.04, 6, 0.04), (2.3, 0, z), rail, "rail")
    for y in (-1.2, -0.5, 0.2, 0.9, 1.6):
        box((0.04, 0.04, 0.7), (2.3, y, 2.2), rail, "post")
    exposure(0.4)
    surroundings("warehouse", rng.uniform(0, 360), 0.36)
    sun((-0.72, 0.22, -0.66), 4.2, 0.9, (1, 0.93, 0.8))
    lamp((-2.5, -1.5, 3.5), (0, 0, 0), 1.6, 110, (0.84, 0.92, 1))
    camera(View((-0.42, -2.42, 2.75), (0.02, 0.02, 0.1), 45, 8, roll_deg=-2.2))
    return Shot([*marks, *lines], Rule(0.3, 700), Look(grain=0.011))


SCENE = Scene(
    prompt=Prompt(
        id="SU12",
        title="Pallet in the marked bay",
        question="Is the whole pallet inside the yellow rectangle? Answer only yes or no.",
        answer=Answer("yes_no", False),
        probes="Judging all four corners of a pallet against a line that its load partly hides.",
        difficulty="easy",
        tags=("logistics", "safety"),
    ),
    build=build,
    variant=lambda rng: rng.random() < 0.5,
)

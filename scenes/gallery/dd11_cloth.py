"""A checked swatch of cloth on a cutting mat, with one pulled thread."""

from __future__ import annotations

import math
import random

import numpy as np
from bpy.types import Material
from PIL import Image, ImageDraw

from scenes.assets import font, keep
from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule
from scenes.materials import metal, plastic, printed, wood
from scenes.mesh import Floats, box, lathe, rod, sheet, tube
from scenes.nodes import Graph, srgb
from scenes.photo import Look
from scenes.scene import Scene, Shot
from scenes.sight import gate_only
from scenes.stage import View, camera, exposure, lamp, surroundings

WIDTH, DEPTH, YARN, DOTS = 200, 150, 0.8, 17
"""The swatch and the distance between threads in millimetres; dots of the weave maps per millimetre."""
LENGTH = 34.0
QUARTERS = {"top left": (-1, 1), "top right": (1, 1), "bottom left": (-1, -1), "bottom right": (1, -1)}


def soft_noise(rng: np.random.Generator, cells: tuple[int, int], size: tuple[int, int]) -> Floats:
    """Return smooth noise about -1 to 1 of a size (width, height) in pixels."""
    small = Image.fromarray(rng.normal(0, 0.5, cells[::-1]).astype(np.float32))
    return np.asarray(small.resize(size, Image.Resampling.BICUBIC))


def weave(x0: float, y0: float, seed: int) -> tuple[Image.Image, Image.Image, Image.Image]:
    """Return colours, heights and outline of a plain weave whose weft thread at (x0, y0) mm is pulled."""
    rng = np.random.default_rng(seed)
    size = (WIDTH * DOTS, DEPTH * DOTS)
    x, y = np.meshgrid(
        np.linspace(-WIDTH / 2, WIDTH / 2, size[0], dtype=np.float32),
        np.linspace(DEPTH / 2, -DEPTH / 2, size[1], dtype=np.float32),
    )
    along, aside = (x - x0) / (LENGTH / 2), y - y0
    pull = np.clip(1 - along**6, 0, 1) * (np.abs(along) < 1)
    outline = np.minimum(
        WIDTH / 2 - np.abs(x) - 2.6 * np.abs((y / 3.6) % 1 - 0.5),
        DEPTH / 2 - np.abs(y) - 2.6 * np.abs((x / 3.6) % 1 - 0.5),
    )
    pucker = (
        pull * np.exp(-np.abs(aside) / 3.2) * np.sin(x * 1.55 + 0.6 * np.sin(x * 0.4)) * (0.35 + np.abs(aside) / 3)
    )
    wx = x + 0.35 * soft_noise(rng, (14, 10), size) + 0.08 * soft_noise(rng, (90, 60), size)
    wy = y + 0.35 * soft_noise(rng, (14, 10), size) + 0.08 * soft_noise(rng, (90, 60), size)
    middle = float(wy[round((DEPTH / 2 - y0) * DOTS), round((x0 + WIDTH / 2) * DOTS)])
    wy = wy + pull * (np.exp(-(aside**2) / 6) * (y0 - y) * 0.25)
    column, line = np.floor(wx / YARN).astype(int), np.floor(wy / YARN).astype(int)
    a, b = wx / YARN - column - 0.5, wy / YARN - line - 0.5
    side = np.where((column + line) % 2 == 0, 1.0, -1.0)
    thick_x, thick_y = rng.normal(1, 0.06, 600)[column % 600], rng.normal(1, 0.06, 600)[line % 600]
    warp = thick_x * np.cos(math.pi * a * 0.96) + 0.45 * side * np.cos(math.pi * b)
    weft = thick_y * np.cos(math.pi * b * 0.96) - 0.45 * side * np.cos(math.pi * a)
    lost = pull * (line == math.floor(middle / YARN))
    weft = weft - 1.6 * lost
    on_top = warp > weft
    high = np.where(on_top, warp, weft)
    stripe = np.where(on_top, column, line) + 4
    tones = np.array([[238, 231, 216], [158, 44, 36], [197, 150, 58]], np.float32)
    which = np.where(stripe % 26 < 12, 1, 0) + np.where(stripe % 26 == 19, 2, 0)
    tint = rng.normal(1, 0.045, 1200)[np.where(on_top, column % 600, 600 + line % 600)]
    twist = 1 + 0.07 * np.sin(np.where(on_top, a * 9 + wy * 11, b * 9 + wx * 11))
    shade = np.clip(0.42 + 0.5 * high, 0.16, 1.0) * tint * twist * (1 - 0.45 * lost)
    fibre = 1 + 0.05 * rng.normal(0, 1, size[::-1]).astype(np.float32)
    colours = np.clip(tones[which] * (shade * fibre)[..., None], 0, 255).astype(np.uint8)
    relief = 0.16 * high + 0.34 * pucker - 0.12 * lost
    heights = np.clip((relief / 2.4 + 0.5) * 65535, 0, 65535).astype(np.uint16)
    return (
        Image.fromarray(colours),
        Image.fromarray(heights),
        Image.fromarray(((outline > 0) * 255).astype(np.uint8)),
    )


def cotton(maps: tuple[Image.Image, Image.Image, Image.Image]) -> Material:
    """Return the woven cloth on its UV map, cut along its outline."""
    graph = Graph("cotton")
    colour, height, outline = (
        keep(m, f"cloth_{n}") for m, n in zip(maps, ("colour", "height", "outline"), strict=True)
    )
    broad = graph.noise(graph.where(1.0, varied=False), 30, 5, 0.6)
    tone = graph.mix(
        0.5, graph.image(colour), graph.ramp(broad, (0.3, (0.8, 0.78, 0.74)), (0.6, (1, 1, 1))), "MULTIPLY"
    )
    normal = graph.bump(graph.image(height, colour=False), 1.0, 0.0024)
    graph.set(base_color=tone, alpha=graph.image(outline, colour=False), normal=normal)
    return graph.set(roughness=0.92, specular_ior_level=0.2, sheen_weight=0.25, sheen_roughness=0.5)


def mat_art() -> Image.Image:
    """Draw a cutting mat with a centimetre grid."""
    art = Image.new("RGB", (2400, 1800), (34, 74, 66))
    draw = ImageDraw.Draw(art)
    for k in range(0, 2400, 50):
        wide = 3 if k % 250 == 0 else 1
        draw.line((k, 0, k, 1800), fill=(150, 176, 150), width=wide)
        draw.line((0, k, 2400, k), fill=(150, 176, 150), width=wide)
        if k % 250 == 0:
            draw.text((k + 8, 320), str(k // 50), (160, 184, 158), font("roboto-condensed-400", 34))
    return art


def build(value: Value, rng: random.Random) -> Shot:
    """Pull a thread in the asked-for quarter of a creased swatch."""
    right, up = QUARTERS[str(value)]
    x0, y0 = right * rng.uniform(36, 66), up * rng.uniform(22, 54)
    y0 = (math.floor(y0 / YARN) + 0.5) * YARN
    creases = [(rng.uniform(-80, 80), rng.uniform(-60, 60), rng.uniform(0, math.pi)) for _ in range(9)]

    def height(x: Floats, y: Floats) -> Floats:
        mx, my = x * 1000, y * 1000
        lift = 1.3 * np.exp(-np.abs(mx + 0.8 * np.sin(my / 30)) / 7) + 1.0 * np.exp(-np.abs(my) / 7)
        lift = lift + 0.9 * np.sin(mx / 27 + 1) * np.sin(my / 23) + 1.6
        for cx, cy, turn in creases:
            run = (mx - cx) * math.cos(turn) + (my - cy) * math.sin(turn)
            off = -(mx - cx) * math.sin(turn) + (my - cy) * math.cos(turn) + 0.004 * run**2
            lift = lift + 1.1 * np.exp(-((off / 2.6) ** 2) - (run / 24) ** 2)
        result: Floats = lift / 1000
        return result

    turn = rng.uniform(-0.05, 0.05)
    cloth = sheet(
        WIDTH / 1000, DEPTH / 1000, cotton(weave(x0, y0, rng.randint(0, 9999))), "cloth", (130, 98), height
    )
    smoother = cloth.modifiers.new("refine", "SUBSURF")
    smoother.levels, smoother.render_levels = 0, 1
    cloth.rotation_euler.z = turn
    base = float(height(np.array(x0 / 1000), np.array(y0 / 1000)))
    flip = rng.choice((-1, 1))
    arc = [
        (-0.5, 0, 0),
        (-1.5, 1.5, 1.2),
        (-1.7, 3.4, 1.7),
        (-0.3, 5.0, 1.8),
        (1.4, 4.0, 1.7),
        (1.1, 1.6, 1.1),
        (0.5, 0, 0),
    ]
    path = []
    for dx, dy, z in arc:
        x, y = (x0 + 1.25 * dx * flip) / 1000, (y0 - 1.25 * dy) / 1000
        path.append((x, y, float(height(np.array(x), np.array(y))) + z / 1000 + 0.0003))
    yarn = plastic("yarn", srgb("#e9e2d2"), 0.85)
    loop = tube(path, 0.00038, yarn, "loop", 10)
    loop.parent = cloth
    marker = gate_only(
        box((LENGTH / 1000, 0.006, 0.0004), (x0 / 1000, y0 / 1000, base + 0.0028), None, "pulled thread")
    )
    marker.parent = cloth
    mat = sheet(0.48, 0.36, printed("mat", keep(mat_art(), "mat"), 0.6, 0.5, size=0.1), "mat")
    mat.rotation_euler.z = 0.03
    box((2, 1.5, 0.03), (0, 0, -0.0165), wood("table", srgb("#4a3020"), srgb("#8a6642"), 0.45), "table")
    steel = metal("pin", srgb("#b9b9b9"), 0.25)
    for x, y, angle, code in (
        (-0.111, 0.03, 1.3, "#c9302c"),
        (-0.114, 0.012, 1.9, "#f0e9d8"),
        (0.112, -0.04, 1.5, "#2a5aa0"),
    ):
        tip = (x + 0.03 * math.cos(angle), y + 0.03 * math.sin(angle), 0.0007)
        rod((x, y, 0.0017), tip, 0.0003, steel, "pin")
        head = lathe(
            [(0.0017 * math.sin(t), -0.0017 * math.cos(t)) for t in np.linspace(0, math.pi, 17)], None, "pin head"
        )
        head.data.materials.append(plastic(f"glass {code}", srgb(code), 0.1, coat=1.0))
        head.location = (x, y, 0.0018)
    ribs = [(0.0088 + 0.0002 * math.cos(i * math.pi), 0.004 + 0.00025 * i) for i in range(110)]
    spool = lathe([(0, 0.003), *ribs, (0, 0.032)], plastic("thread", srgb("#9a2c24"), 0.7), "thread", 48, 80)
    ends = lathe(
        [(0, 0), (0.0125, 0), (0.0125, 0.003), (0.009, 0.0045), (0, 0.0045)],
        wood("spool", srgb("#9a7a4c"), srgb("#c8a877")),
    )
    spool.location = ends.location = (0.117, 0.094, 0.0)
    exposure(0.25)
    surroundings("apartment", rng.uniform(0, 360), 0.35)
    lamp((-0.36, 0.22, 0.24), (0, 0, 0), 0.07, 4.2, (1, 0.82, 0.6))
    lamp((0.5, -0.3, 0.6), (0, 0, 0), 0.5, 1.6, (0.8, 0.88, 1.0))
    camera(View((0.012, -0.115, 0.405), (0.002, 0.001, 0), 60, 11, roll_deg=1.5, up=(0, 1, 0)))
    return Shot(
        [cloth, loop, marker], Rule(0.5, 120, 8), Look(grain=0.006, warmth=0.02, sharpen_percent=45, quality=88)
    )


SCENE = Scene(
    prompt=Prompt(
        id="DD11",
        title="Pulled thread in cloth",
        question=(
            "One thread of the checked cloth is pulled. In which quarter of the cloth, as seen in the picture, "
            "is it? Answer only top left, top right, bottom left or bottom right."
        ),
        answer=Answer("choice", "bottom left", {"options": list(QUARTERS)}),
        probes="A local fault in a periodic weave, among creases and the check itself.",
        difficulty="medium",
        tags=("textiles",),
    ),
    build=build,
    variant=lambda rng: rng.choice(list(QUARTERS)),
    seed=1001,
)

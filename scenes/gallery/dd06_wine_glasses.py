"""Four wine glasses on a table, one of them with a chipped rim or none."""

from __future__ import annotations

import math
import random
from itertools import combinations

import bmesh
import bpy
import numpy as np
from bpy.types import Material, Object
from mathutils import Vector, noise
from PIL import Image, ImageDraw

from scenes.assets import font, keep
from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule, Unshowable
from scenes.materials import Wear, glass, lit_through, metal, painted, plastic, printed, wood
from scenes.mesh import box, catmull_rom, cut, finish, lathe, sheet, smooth
from scenes.nodes import srgb
from scenes.photo import Look
from scenes.scene import Scene, Shot
from scenes.sight import gate_only, require_apart, see_through, to_pixels
from scenes.stage import Frame, View, camera, lamp, surroundings

RIM, HIGH, WALL = 0.0325, 0.200, 0.0013
FRAME = Frame(1280, 960, 16)
PLACES = ((-0.101, 0.070), (0.033, 0.086), (-0.041, -0.046), (0.092, -0.036))


def crystal() -> Material:
    """Return polished clear glass."""
    return lit_through(glass("crystal", (0.985, 0.995, 0.99), 0.0, 1.5), (0.88, 0.9, 0.89))


def wine_glass(material: Material, name: str) -> Object:
    """Return a blown glass: foot, stem, tulip bowl with a rounded rim."""
    shape = [
        (0.0048, 0.080),
        (0.0105, 0.0865),
        (0.0265, 0.0985),
        (0.0372, 0.117),
        (0.0404, 0.137),
        (0.0385, 0.163),
    ]
    outer = [(p[0], p[1]) for p in catmull_rom([(x, z, 0.0) for x, z in [*shape, (RIM, HIGH)]], 7)]
    inner = [(x - WALL, z) for x, z in outer if x - WALL > 0.013]
    rim = [
        (RIM - WALL / 2 + WALL / 2 * math.cos(a), HIGH + WALL / 2 * math.sin(a))
        for a in np.linspace(0.3, math.pi - 0.3, 5)
    ]
    foot = [(0, 0.0014), (0.026, 0.0004), (0.0330, 0.0), (0.0345, 0.0006), (0.0345, 0.0014), (0.0335, 0.0021)]
    stem = [(0.020, 0.0037), (0.0085, 0.0075), (0.0052, 0.014), (0.0038, 0.026), (0.0035, 0.052), (0.0039, 0.072)]
    low = [(0.0085, inner[0][1] - 0.0016), (0.0042, inner[0][1] - 0.0024), (0, inner[0][1] - 0.0026)]
    return see_through(lathe([*foot, *stem, *outer, *rim, *inner[::-1], *low], material, name, 224, 40))


def shell(size: tuple[float, float, float], rough: float, rng: random.Random) -> Object:
    """Return a lumpy ellipsoid, whose surface leaves a fracture where it is cut away."""
    built = bmesh.new()
    bmesh.ops.create_icosphere(built, subdivisions=5, radius=1)
    shift = Vector((rng.uniform(0, 9), rng.uniform(0, 9), rng.uniform(0, 9)))
    for vertex in built.verts:
        ripple = 0.35 * math.sin(11 * vertex.co.x + 7 * vertex.co.z + shift.x)
        vertex.co *= 1 + rough * (noise.fractal(vertex.co * 1.7 + shift, 0.8, 2.1, 4) + 0.25 * ripple)
        vertex.co = Vector((vertex.co.x * size[0], vertex.co.y * size[1], vertex.co.z * size[2]))
    return finish(built, "fracture", None, 25)


def chip(item: Object, turn: float, rng: random.Random) -> None:
    """Break a piece out of the rim and flake the outside below it."""
    whole = len(item.data.polygons) * 0.95
    for width, tall, deep, out, drop in (
        (0.0072, 0.0062, 0.006, 0.0, 0.0004),
        (0.0088, 0.0095, 0.0011, 0.0008, 0.0015),
    ):
        tool = shell((deep, width, tall), 0.24, rng)
        r = RIM - WALL / 2 + out
        tool.location = (r * math.cos(turn), r * math.sin(turn), HIGH - drop)
        tool.rotation_euler.z = turn
        cut(item, tool)
    if len(item.data.polygons) < whole:
        raise Unshowable("the boolean cut failed")
    smooth(item.data, 28)


def rim_marks(spot: tuple[float, float]) -> np.ndarray:
    """Return the corners of the rim's circle in the picture."""
    turns = np.linspace(0, math.tau, 48)
    ring = [(spot[0] + RIM * math.cos(t), spot[1] + RIM * math.sin(t), HIGH) for t in turns]
    return to_pixels(ring, FRAME.width, FRAME.height)


def require_clear_rims(spots: list[tuple[float, float]]) -> None:
    """Raise `Unshowable` if one rim is seen through or against another."""
    for a, b in combinations([rim_marks(spot) for spot in spots], 2):
        gap = np.maximum(a.min(0) - b.max(0), b.min(0) - a.max(0)).max()
        if gap < 8:
            raise Unshowable(f"two rims overlap in the picture, {gap:.0f} px")


def towel(rng: random.Random) -> Object:
    """Return a creased tea towel with woven stripes."""
    art = Image.new("RGB", (1500, 1200), (226, 222, 211))
    draw = ImageDraw.Draw(art)
    for edge, wide in ((90, 40), (150, 14), (184, 14), (1500 - 130, 40), (1500 - 164, 14), (1500 - 198, 14)):
        draw.rectangle((edge, 0, edge + wide, 1200), fill=(52, 78, 122))
    for edge in (80, 1110):
        draw.rectangle((0, edge, 1500, edge + 12), fill=(52, 78, 122))
    draw.text((1240, 1010), "Saltmarsh Linen", (150, 42, 38), font("caveat-600", 84), anchor="mm")
    pixels = np.asarray(art).astype(float)
    rows, columns = np.mgrid[0:1200, 0:1500]
    weave = 1 - 0.10 * ((rows // 2 + columns // 2) % 2) - 0.05 * ((rows // 3 + np.abs(columns % 48 - 24)) % 8 < 4)
    art = Image.fromarray((pixels * weave[..., None]).astype(np.uint8))
    shift = rng.uniform(0, 6)

    def creases(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        folds = [
            np.exp(-(((x - a) / 0.005) ** 2)) + np.exp(-(((y - b) / 0.005) ** 2))
            for a, b in ((-0.08, -0.1), (0.12, 0.07))
        ]
        waves = np.sin(31 * x + 9 * y + shift) * np.sin(27 * y - 8 * x)
        return 0.0012 * sum(folds) + 0.0009 * waves

    cloth = sheet(
        0.50, 0.40, printed("tea towel", keep(art, "tea_towel"), 0.9, 0.8, 0.1, 0.03), "towel", (250, 200), creases
    )
    cloth.location, cloth.rotation_euler = (0.01, 0.03, -0.0034), (0, 0, -0.13)
    return cloth


def kitchen(rng: random.Random) -> None:
    """Lay the towel on the worktop and build the room behind."""
    towel(rng)
    top = wood("worktop", srgb("#6e4a2b"), srgb("#b58a58"), 0.38, 0.06, 0.4)
    box((2.4, 1.0, 0.04), (0.1, 0.12, -0.0262), top, "worktop", 0.004)
    wall = painted("wall", srgb("#5c6f66"), chips=0.0, wear=Wear(0.1, 0.1, 0.5, 0.8))
    box((5, 0.1, 3), (0, 0.95, 0.2), wall, "wall")
    for x, y, code, r, h in ((-0.235, 0.37, "#1d2b1c", 0.036, 0.29), (0.245, 0.44, "#b3aa98", 0.055, 0.19)):
        glaze = plastic("glaze", srgb(code), 0.12, coat=0.7)
        curve = [(r * 0.8, 0), (r * 0.97, h * 0.06), (r, h * 0.25), (r * 0.98, h * 0.5), (r * 0.62, h * 0.72)]
        curve += [(r * 0.4, h * 0.86), (r * 0.42, h)]
        turned = [(q[0], q[1]) for q in catmull_rom([(u, z, 0.0) for u, z in curve], 8)]
        lathe(
            [(0, 0), *turned, (r * 0.34, h * 0.995), (r * 0.32, h * 0.9), (0, h * 0.9)], glaze, "bottle", 96
        ).location = (
            x,
            y,
            -0.006,
        )
    steel = metal("steel", srgb("#b9b8b4"), 0.2, Wear(0.3, 0.05, 0.5, 0.03))
    box((0.012, 0.11, 0.006), (-0.215, -0.10, 0.004), steel, "corkscrew", 0.0025, (0, 0, 0.35))


def build(value: Value, rng: random.Random) -> Shot:
    """Stand the glasses; chip the asked-for one, counted from the left, on its near side."""
    clear = crystal()
    spots = [(x + rng.uniform(-0.006, 0.006), y + rng.uniform(-0.006, 0.006)) for x, y in PLACES]
    rng.randrange(len(spots))  # one draw is passed over: the released picture is of this seed with it
    bad = sorted(range(len(spots)), key=lambda index: spots[index][0])[int(str(value)) - 1]
    subjects: list[Object] = []
    glasses = []
    for index, spot in enumerate(spots):
        item = wine_glass(clear, f"glass {index + 1}")
        turn = math.radians(-90 + rng.uniform(25, 50) * rng.choice((-1, 1)))
        if index == bad:
            chip(item, turn, rng)
            place = box((0.001, 0.011, 0.005), (0, 0, 0), None, "place of the chip")
            place.location = (spot[0] + RIM * math.cos(turn), spot[1] + RIM * math.sin(turn), HIGH - 0.002)
            place.rotation_euler.z = turn
            subjects.append(gate_only(place))
        item.location = (*spot, 0)
        ring = lathe(
            [(RIM - WALL, HIGH), (RIM, HIGH - 0.0015), (RIM, HIGH), (RIM - WALL, HIGH)],
            None,
            f"rim {index + 1}",
            64,
        )
        ring.location = (*spot, 0)
        subjects.append(gate_only(ring))
        glasses.append(item)
    require_apart(glasses)
    kitchen(rng)
    cycles = bpy.context.scene.cycles
    cycles.max_bounces = cycles.transmission_bounces = 14
    surroundings("apartment", rng.uniform(0, 360), 0.6)
    lamp((-1.0, 0.25, 0.75), (0, 0, 0.12), 0.6, 26, (0.93, 0.95, 1), 0.9)
    lamp((0.7, 0.75, 0.8), (0, 0, 0.15), 0.12, 6, (1, 0.82, 0.6))
    lamp((0.3, -0.6, 1.0), (0, 0, 0.1), 0.3, 4)
    camera(View((0.03, -0.47, 0.52), (0.0, 0.004, 0.138), 56, 12, roll_deg=1.5, focus=0.58))
    require_clear_rims(spots)
    return Shot(subjects, Rule(0.6, 300), Look(grain=0.01))


SCENE = Scene(
    prompt=Prompt(
        id="DD06",
        title="Chipped rim of a wine glass",
        question=(
            "The rim of one of the four wine glasses is chipped. Counting the glasses from the left, which one "
            "is it? Answer only a number."
        ),
        answer=Answer("integer", 2),
        probes="A fault in a transparent thing, seen only as a break in the rim's bright line.",
        difficulty="medium",
        tags=("glass", "hospitality"),
    ),
    build=build,
    variant=lambda rng: rng.randint(1, 4),
    frame=FRAME,
    seed=3,
)

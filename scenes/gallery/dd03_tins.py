"""Six tins on a packing-line belt, one with a dented shoulder."""

from __future__ import annotations

import math
import random

import bmesh
import numpy as np
from bpy.types import Material, Object
from PIL import Image, ImageDraw

from scenes.assets import font, keep
from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule
from scenes.materials import Wear, metal, painted, plastic, printed
from scenes.mesh import box, finish, lathe, rod
from scenes.nodes import srgb
from scenes.photo import Look
from scenes.scene import Scene, Shot
from scenes.sight import require_apart
from scenes.stage import View, camera, lamp, surroundings

RADIUS, HEIGHT, TINS = 0.037, 0.108, 6
DENT_DEPTH, DENT_WIDTH, DENT_TALL = 0.0135, 0.021, 0.026


def label_art(rng: random.Random) -> Image.Image:
    """Draw the wrap-round label with the front twice."""
    cream, red, green = (236, 224, 194), (146, 24, 20), (44, 66, 34)
    art = Image.new("RGB", (1648, 700), red)
    draw = ImageDraw.Draw(art)
    for frame in ((0, 0, 1648, 62), (0, 636, 1648, 700)):
        draw.rectangle(frame, fill=cream)
    for x0 in (0, 824):
        cx = x0 + 412
        draw.ellipse((cx - 246, 118, cx + 246, 584), fill=cream, outline=(96, 14, 12), width=9)
        draw.text((cx, 232), "Verano", red, font("oswald-700", 128), anchor="mm")
        draw.text((cx, 346), "CHOPPED", green, font("barlow-condensed-600", 82), anchor="mm")
        draw.text((cx, 424), "TOMATOES", green, font("barlow-condensed-600", 82), anchor="mm")
        draw.text((cx, 506), "400 g  e", (50, 44, 40), font("barlow-condensed-500", 46), anchor="mm")
    for line, text in enumerate(
        (
            "NUTRITION per 100 g",
            "Energy      98 kJ",
            "Fat          0.2 g",
            "Carbohydrate 4.1 g",
            "  of which sugars 3.9 g",
            "Protein      1.2 g",
            "Salt         0.03 g",
            "",
            "Store in a cool dry",
            "place. Once opened",
            "keep refrigerated.",
        )
    ):
        draw.text((838, 110 + line * 44), text, cream, font("roboto-condensed-400", 30))
    x = 20
    while x < 130:
        width = rng.choice([2, 2, 3, 5])
        draw.rectangle((x - 10, 200, x - 10 + width, 470), fill=cream)
        x += width + rng.choice([2, 3, 4])
    return art


def dent(theta: float, z: float, at: float) -> tuple[float, float]:
    """Return the radial and vertical push of a creased shoulder dent: a folded diamond, as sheet metal buckles."""
    across = ((theta - at + math.pi) % math.tau - math.pi) * RADIUS
    up = z - 0.87 * HEIGHT
    reach = abs(across) / DENT_WIDTH + abs(up + 0.25 * across) / DENT_TALL
    fold = max(0.0, 1 - reach) ** 0.8
    lip = math.exp(-(((reach - 1.08) / 0.1) ** 2))
    return -DENT_DEPTH * fold + 0.0007 * lip, -0.0032 * fold * max(0.0, (z / HEIGHT - 0.7) / 0.3)


def tin(art: Material, bare: Material, turn: float, dent_at: float | None, name: str) -> Object:
    """Return a tin with beads, label and seamed ends."""
    around, up = 168, 120
    built = bmesh.new()
    uv = built.loops.layers.uv.new()
    rows = []
    for j in range(up + 1):
        z = HEIGHT * j / up
        row = []
        for k in range(around):
            theta = math.tau * k / around
            bead = (
                0.00035 * (0.5 + 0.5 * math.cos(z / HEIGHT * math.tau * 22)) if 0.28 < z / HEIGHT < 0.72 else 0.0
            )
            push, sink = dent(theta, z, dent_at) if dent_at is not None else (0.0, 0.0)
            r = RADIUS - bead + push
            row.append(built.verts.new((r * math.cos(theta), r * math.sin(theta), z + sink)))
        rows.append(row)
    for j in range(up):
        for k in range(around):
            face = built.faces.new(
                (rows[j][k], rows[j][(k + 1) % around], rows[j + 1][(k + 1) % around], rows[j + 1][k])
            )
            for loop, (kk, jj) in zip(face.loops, ((k, j), (k + 1, j), (k + 1, j + 1), (k, j + 1)), strict=True):
                loop[uv].uv = (kk / around + 0.5 + turn / math.tau, jj / up)
    body = finish(built, name, art, 40)
    for end in (_lid(bare, dent_at), _base(bare)):
        end.parent = body
    return body


def _lid(bare: Material, dent_at: float | None) -> Object:
    """Return the seamed top, pushed in with the body below it."""
    r = RADIUS
    profile = [
        (r, -0.0002),
        (r + 0.0007, 0.0003),
        (r + 0.0009, 0.0016),
        (r + 0.0003, 0.0026),
        (r - 0.0008, 0.0022),
        (r - 0.0014, -0.0022),
    ]
    profile += [
        (r * 0.82, -0.0022),
        (r * 0.80, -0.0016),
        (r * 0.72, -0.0016),
        (r * 0.70, -0.0021),
        (r * 0.4, -0.0021),
        (r * 0.38, -0.0017),
        (0, -0.0017),
    ]
    lid = lathe(profile, bare, "lid", 128, 30)
    lid.location.z = HEIGHT
    if dent_at is not None:
        for vertex in lid.data.vertices:
            radius = math.hypot(vertex.co.x, vertex.co.y)
            if radius > 1e-6:
                push, sink = dent(math.atan2(vertex.co.y, vertex.co.x), HEIGHT, dent_at)
                share = min(1.0, max(0.0, (radius / RADIUS - 0.62) / 0.3))
                scale = (radius + push * share) / radius
                vertex.co = (vertex.co.x * scale, vertex.co.y * scale, vertex.co.z + sink * share)
    return lid


def _base(bare: Material) -> Object:
    r = RADIUS
    return lathe(
        [(r * 0.9, 0), (r + 0.0006, -0.0002), (r + 0.0009, -0.0016), (r - 0.0005, -0.0024), (r * 0.9, -0.0018)],
        bare,
        "base",
        96,
    )


def line_machinery() -> None:
    """Build belt, guide rails and the plant behind."""
    belt = plastic("belt", srgb("#3a3f42"), 0.55, Wear(0.6, 0.4, 0.5, 0.12), texture=0.6)
    box((2.4, 0.26, 0.01), (0, 0, -0.0075), belt, "belt", 0.001)
    steel = metal("rail", srgb("#a9a9a6"), 0.3, Wear(0.6, 0.2, 0.5, 0.1), brushed=0.8)
    for y in (-0.145, 0.15):
        box((2.4, 0.022, 0.055), (0, y, -0.012), steel, "side rail", 0.002)
    rod((-1.2, 0.118, 0.062), (1.2, 0.118, 0.062), 0.005, steel, "guide")
    for x in np.arange(-0.75, 0.8, 0.3):
        rod((float(x), 0.118, -0.02), (float(x), 0.118, 0.062), 0.005, steel, "post")
        box((0.025, 0.02, 0.02), (float(x), 0.118, 0.05), plastic("clamp", srgb("#26282a"), 0.5), "clamp", 0.003)
    box((5, 0.02, 2), (0, 1.5, 0.4), plastic("wall panels", srgb("#c3cac8"), 0.45), "wall")
    green = painted("machine", srgb("#2f6b4f"), chips=0.3, wear=Wear(0.3, 0.3, 0.5, 0.4))
    box((0.55, 0.4, 0.9), (0.5, 0.85, 0.2), green, "filler", 0.03)
    box((0.28, 0.02, 0.2), (0.42, 0.64, 0.33), plastic("panel", srgb("#2a2d30"), 0.3), "control panel", 0.01)
    rod(
        (0.36, 0.62, 0.36), (0.36, 0.635, 0.36), 0.018, plastic("stop", srgb("#b01818"), 0.3), "stop button", 0.004
    )
    box(
        (0.35, 0.3, 0.5),
        (-0.55, 0.9, 0.05),
        painted("hopper", srgb("#8f9694"), chips=0.2, wear=Wear(size=0.4)),
        "hopper",
        0.02,
    )
    rod((-0.2, 0.95, -0.4), (-0.2, 0.95, 1.2), 0.03, steel, "far pipe")


def build(value: Value, rng: random.Random) -> Shot:
    """Stand six tins in a row and dent the asked-for one on the side that the camera sees."""
    bad = int(str(value)) - 1
    art = printed("label", keep(label_art(rng), "tin_label"), 0.3, 0.12, 0.5, 0.06)
    bare = metal("tinplate", srgb("#c4c3be"), 0.22, Wear(0.5, 0.1, 0.4, 0.03), grain=0.1)
    tins = []
    for index in range(TINS):
        x = (index - (TINS - 1) / 2) * 0.086
        facing = math.atan2(-0.55, 0.03 - x)
        side = 0.42 if x < 0 else -0.42
        item = tin(art, bare, rng.uniform(-0.9, 0.9), facing + side if index == bad else None, f"tin {index + 1}")
        item.location = (x + rng.uniform(-0.004, 0.004), rng.uniform(-0.028, 0.03), 0.0)
        tins.append(item)
    require_apart(tins)
    line_machinery()
    surroundings("warehouse", rng.uniform(0, 360), 0.55)
    lamp((-0.75, -0.25, 0.42), (0, 0, 0.05), 0.22, 10, (1, 0.96, 0.9))
    lamp((0.5, -0.1, 0.85), (0, 0, 0), 0.5, 4.5, (0.95, 0.97, 1))
    lamp((0, 0.6, 1.2), (0, 0.9, 0.2), 0.8, 9)
    camera(View((0.03, -0.56, 0.215), (0.0, 0, 0.05), 39, 7.1, roll_deg=1.2, focus=0.58))
    return Shot(tins, Rule(0.75, 6000), Look(grain=0.01, contrast=0.25))


SCENE = Scene(
    prompt=Prompt(
        id="DD03",
        title="Dented tin on a conveyor",
        question="One of the tins is dented. Counting from the left, which one is it? Answer only a number.",
        answer=Answer("integer", 5),
        probes="The dent shows as crease lines and a lost highlight among labels that differ anyway by rotation.",
        difficulty="easy",
        tags=("packaging", "food"),
    ),
    build=build,
    variant=lambda rng: rng.randint(1, TINS),
)

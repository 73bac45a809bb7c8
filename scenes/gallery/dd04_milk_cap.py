"""The neck of a cold milk bottle: ribbed cap and tamper-evident ring, whole or torn."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import bmesh
import numpy as np
from bpy.types import Material, Object
from PIL import Image, ImageDraw

from scenes.assets import font, keep
from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule
from scenes.materials import Wear, cardboard, glass, lit_through, plastic, printed, wood
from scenes.mesh import blobs, box, finish, lathe, merged, sheet, smooth
from scenes.nodes import Graph, srgb
from scenes.photo import Look
from scenes.scene import Scene, Shot
from scenes.sight import gate_only, see_through, triangles
from scenes.stage import Frame, View, camera, lamp, sun, surroundings

CAP, TALL, SLOT, BAND, THICK = 0.0196, 0.0142, 0.0007, 0.0046, 0.0011
RIBS, BRIDGES, BODY, FOOT = 96, 20, 0.0440, -0.21
FRONT = math.radians(-90)
Offset = Callable[[float], tuple[float, float]]
"""How far out and up the ring stands off its seat at an angle, in metres."""


def cap(skin: Material) -> Object:
    """Return the screw cap, its lower edge at z = 0, ribbed for grip."""
    top, r = TALL, CAP
    profile = [(r - 0.002, 0.0), (r - 0.0001, 0.0), (r, 0.0002), (r, 0.0009), (r, 0.0013)]
    profile += [(r, 0.0013 + (top - 0.0035) * step / 10) for step in range(1, 11)]
    profile += [
        (r - 0.0018 * (1 - math.cos(a)), top - 0.0022 + 0.0022 * math.sin(a)) for a in np.linspace(0.1, 1.5, 7)
    ]
    profile += [(r - 0.0035, top), (r - 0.0042, top - 0.0004), (r - 0.006, top - 0.0005), (0, top - 0.0005)]
    body = lathe(profile, skin, "cap", RIBS * 8, 40)
    for vertex in body.data.vertices:
        x, y, z = vertex.co
        if math.hypot(x, y) > r - 0.0012 and z > 0.0011:
            fade = min(1.0, max(0.0, (top - 0.0010 - z) / 0.0012))
            groove = max(0.0, math.cos(RIBS * math.atan2(y, x))) ** 1.4
            vertex.co.xy = vertex.co.xy * (1 - 0.00055 * groove * fade / r)
    smooth(body.data, 50)
    return body


def ring(skin: Material, start: float, end: float, offset: Offset) -> Object:
    """Return the ring, or an arc of it between two angles, in its own section with rounded edges."""
    half, high, corner = THICK / 2, BAND / 2, 0.00025
    section = []
    for x, z in ((1, -1), (1, 1), (-1, 1), (-1, -1)):
        for step in range(4):
            turn = math.atan2(z, x) - math.pi / 4 + math.pi / 2 * step / 3
            section.append(
                (x * (half - corner) + corner * math.cos(turn), z * (high - corner) + corner * math.sin(turn))
            )
    whole = end - start > math.tau - 1e-6
    count = round((end - start) / math.tau * 480)
    angles = np.linspace(start, end, count, endpoint=not whole)
    built, rings = bmesh.new(), []
    for angle in angles:
        out, up = offset(angle)
        c, s = math.cos(angle), math.sin(angle)
        r, z = CAP - THICK / 2 + out, -SLOT - BAND / 2 + up
        rings.append([built.verts.new(((r + u) * c, (r + u) * s, z + w)) for u, w in section])
    pairs = list(zip(rings, rings[1:] + rings[:1] if whole else rings[1:], strict=False))
    for low, high_ring in pairs:
        for i in range(len(section)):
            j = (i + 1) % len(section)
            built.faces.new((low[i], low[j], high_ring[j], high_ring[i]))
    if not whole:
        built.faces.new(rings[0])
        built.faces.new(rings[-1][::-1])
    return finish(built, "tamper ring", skin, 50)


def bridges(skin: Material, keeps: Callable[[float], bool], phase: float) -> Object:
    """Return the thin ties between cap and ring, as far as they are kept."""
    ties = []
    for index in range(BRIDGES):
        angle = phase + math.tau * index / BRIDGES
        if keeps(angle):
            r = CAP - 0.0006
            at = (r * math.cos(angle), r * math.sin(angle), -SLOT / 2)
            ties.append(box((0.0009, 0.0011, SLOT + 0.0004), at, skin, "bridge", 0.0, (0, 0, angle)))
    item = merged(ties, "bridges")
    item.data.materials.append(skin)
    return item


def bottle(rng: random.Random) -> Object:
    """Return the blow-moulded bottle with its mould seam, from the neck down to the table."""
    graph = Graph("milky polyethylene")
    where = graph.where(1.0)
    height = graph.node("SeparateXYZ", {0: graph.node("TexCoord").outputs["Object"]}).outputs[2]
    graph.set(
        base_color=graph.ramp(
            graph.remap(height, -0.047, -0.040, 0.0, 1.0), (0.0, srgb("#f3f2ec")), (1.0, srgb("#d9dcd8"))
        )
    )
    graph.set(subsurface_weight=0.55, subsurface_scale=0.004, subsurface_radius=(1.0, 0.95, 0.85))
    fine = graph.noise(where, 500, 3)
    graph.set(roughness=graph.remap(graph.noise(where, 60, 4), 0.3, 0.7, 0.28, 0.42))
    graph.set(normal=graph.bump(graph.noise(where, 70, 3), 0.12, 0.001, graph.bump(fine, 0.1, 0.0001)))
    low = -SLOT - BAND
    profile = [(0.0165, 0.004), (0.0165, low - 0.0012), (0.0195, low - 0.0016), (0.0200, low - 0.0022)]
    profile += [(0.0200, low - 0.0036), (0.0195, low - 0.0042), (0.0180, low - 0.0048), (0.0178, low - 0.0085)]
    bend = np.linspace(0, 1, 22)[1:]
    profile += [(0.0178 + (BODY - 0.0178) * (3 * t * t - 2 * t**3) ** 0.9, low - 0.0085 - 0.042 * t) for t in bend]
    profile += [(BODY, z) for z in np.linspace(-0.062, FOOT + 0.008, 12)] + [(BODY - 0.006, FOOT), (0, FOOT)]
    body = lathe(profile[::-1], graph.material, "bottle", 720, 40)
    seam = FRONT + rng.uniform(0.25, 0.5) * rng.choice((-1, 1))
    for vertex in body.data.vertices:
        r, turn = math.hypot(*vertex.co.xy), math.atan2(vertex.co.y, vertex.co.x)
        away = min(abs((turn - seam) % math.pi), math.pi - abs((turn - seam) % math.pi)) * r
        if r > 0.017:
            vertex.co.xy = vertex.co.xy * (1 + 0.00035 * math.exp(-((away / 0.00042) ** 2)) / r)
    smooth(body.data, 40)
    return body


def label(rng: random.Random) -> Object:
    """Return the printed sleeve round the body."""
    blue, cream = (28, 74, 128), (247, 244, 234)
    art = Image.new("RGB", (2400, 900), cream)
    draw = ImageDraw.Draw(art)
    draw.rectangle((0, 0, 2400, 92), fill=blue)
    for x in range(300, 2400, 600):
        draw.text((x, 46), "FRESH  WHOLE  MILK", cream, font("barlow-condensed-600", 58), anchor="mm")
        draw.text((x, 250), "Lowmoor", blue, font("oswald-700", 170), anchor="mm")
        draw.text((x, 420), "DAIRY  FARMS", (60, 60, 58), font("barlow-condensed-600", 74), anchor="mm")
    paper = printed("sleeve", keep(art, "milk_sleeve"), 0.4, 0.2, 0.4, 0.05)
    top, low = -0.064, -0.064 - 0.1036
    wrap = lathe([(BODY + 0.0002, low), (BODY + 0.0002, top)], paper, "sleeve", 128)
    uv = wrap.data.uv_layers.new()
    shift = rng.uniform(0.35, 0.65)
    for polygon in wrap.data.polygons:
        turns = [
            math.atan2(wrap.data.vertices[i].co.y, wrap.data.vertices[i].co.x) / math.tau for i in polygon.vertices
        ]
        if max(turns) - min(turns) > 0.5:
            turns = [t + 1 if t < 0 else t for t in turns]
        for loop, i, turn in zip(polygon.loop_indices, polygon.vertices, turns, strict=True):
            uv.data[loop].uv = (turn + shift, (wrap.data.vertices[i].co.z - low) / (top - low))
    return wrap


def condensation(on: Object, count: int, largest: float, rng: random.Random) -> None:
    """Scatter flat drops of water over the near side of a body, none within another."""
    mesh = triangles(on)
    corners = mesh.vertices[mesh.triangles]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = np.linalg.norm(normals, axis=1)
    normals /= np.maximum(area, 1e-15)[:, None]
    middle = corners.mean(1)
    weight = (
        area * (middle[:, 1] < 0.008) * (normals[:, 1] < 0.5) * (middle[:, 2] > -0.062) * (normals[:, 2] > -0.5)
    )
    draw = np.random.default_rng(rng.randrange(2**32))
    chosen = draw.choice(len(weight), count, p=weight / weight.sum())
    shares = draw.dirichlet((1, 1, 1), count)
    spots = (corners[chosen] * shares[..., None]).sum(1)
    sizes = np.minimum(0.00018 + draw.exponential(largest / 5, count), largest)
    kept: list[int] = []
    for i in np.argsort(-sizes):
        if all(np.linalg.norm(spots[i] - spots[j]) > 1.15 * (sizes[i] + sizes[j]) for j in kept):
            kept.append(i)
    axes = []
    for i in kept:
        n = normals[chosen[i]]
        side = np.cross(n, (0.0, 0.0, 1.0) if abs(n[2]) < 0.95 else (1.0, 0.0, 0.0))
        side /= np.linalg.norm(side)
        axes.append(sizes[i] * np.stack((side, np.cross(n, side) * draw.uniform(1.0, 1.25), n * 0.72)))
    see_through(
        blobs(
            spots[kept],
            np.array(axes),
            lit_through(glass("water", (1, 1, 1), 0.0, 1.33), (0.85, 0.86, 0.87)),
            "drops",
        )
    )


def kitchen(rng: random.Random) -> None:
    """Build the worktop and, out of focus, what stands behind."""
    box(
        (1.6, 0.7, 0.03),
        (0.1, 0.15, FOOT - 0.0151),
        wood("worktop", srgb("#6b4526"), srgb("#b98752"), 0.4, 0.045),
        "worktop",
        0.003,
    )
    graph = Graph("wall tiles")
    brick = graph.node(
        "TexBrick",
        {
            "Vector": graph.where(1.0, varied=False),
            "Color1": srgb("#2f5f50"),
            "Color2": srgb("#24503f"),
            "Mortar": srgb("#b9b4a6"),
            "Scale": 1.0,
            "Mortar Size": 0.0022,
            "Brick Width": 0.15,
            "Row Height": 0.075,
        },
    )
    graph.set(base_color=brick.outputs[0], roughness=0.12, coat_weight=0.5)
    wall = sheet(3, 1.6, graph.material, "tiles")
    wall.location, wall.rotation_euler = (0, 0.50, 0.3), (math.pi / 2, 0, 0)
    blue = plastic("mug glaze", srgb("#a8432c"), 0.15, coat=0.6)
    mug = lathe(
        [(0, 0), (0.038, 0), (0.042, 0.004), (0.042, 0.098), (0.038, 0.098), (0.037, 0.006), (0, 0.005)],
        blue,
        "mug",
        64,
    )
    mug.location = (-0.092, 0.27, FOOT)
    packet = box(
        (0.17, 0.06, 0.27),
        (0.135, 0.31, FOOT + 0.135),
        cardboard("packet", srgb("#d9a441")),
        "packet",
        0.002,
        (0, 0, -0.3),
    )
    packet.name = "cereal packet"
    peel = plastic("orange peel", srgb("#d9731a"), 0.4, texture=0.6)
    for x, y, r in ((0.055, 0.25, 0.037), (-0.02, 0.40, 0.039), (0.005, 0.31, 0.036)):
        fruit = lathe(
            [(r * math.sin(a), -r * math.cos(a)) for a in np.linspace(0, math.pi, 24)], peel, "orange", 48
        )
        fruit.location = (x, y, FOOT + r)


def build(value: Value, rng: random.Random) -> Shot:
    """Close the bottle; a torn ring has parted near the front, one end sprung out and down."""
    skin = plastic("cap blue", srgb("#1f5fae"), 0.33, Wear(0.15, 0.02, 0.3, 0.02), texture=0.08)
    lid = cap(skin)
    phase, subjects = rng.uniform(0, 1), []
    if value == "torn":
        side, gap = rng.choice((-1, 1)), 0.36
        tear = FRONT + rng.uniform(-0.35, 0.35)

        def sprung(angle: float) -> tuple[float, float]:
            away = (angle - tear) * side % math.tau
            free = max(0.0, 1 - away / 1.0)
            return 0.0042 * free**2, -0.0034 * free**1.5

        band = ring(skin, tear + gap / 2, tear + math.tau - gap / 2, sprung)
        bridges(skin, lambda angle: 1.0 < (angle - tear) * side % math.tau < math.tau - 0.3, phase)
        r = CAP - 0.0004
        place = box(
            (0.001, gap * r * 0.6, BAND * 0.7),
            (r * math.cos(tear), r * math.sin(tear), -SLOT - BAND / 2),
            None,
            "tear",
        )
        place.rotation_euler.z = tear
        subjects.append(gate_only(place))
    else:
        band = ring(skin, 0.0, math.tau, lambda angle: (0.0, 0.0))
        bridges(skin, lambda angle: True, phase)
    jar = bottle(rng)
    label(rng)
    for item, count, largest in ((jar, 900, 0.0014), (lid, 240, 0.0008), (band, 36, 0.0005)):
        condensation(item, count, largest, rng)
    kitchen(rng)
    surroundings("apartment", rng.uniform(0, 360), 0.35)
    sun((0.7, 0.34, -0.5), 3.6, 1.0)
    lamp((-0.42, -0.4, 0.42), (0, 0, 0), 0.2, 5.0, (1, 0.97, 0.92))
    lamp((0.5, -0.35, 0.25), (0, 0, 0), 0.4, 1.6, (0.85, 0.92, 1))
    camera(View((0.035, -0.305, 0.052), (0.001, 0, -0.021), 102, 24, roll_deg=2.0, focus=0.295))
    return Shot([*subjects, lid, band], Rule(0.3, 250), Look(grain=0.011, warmth=0.01))


SCENE = Scene(
    prompt=Prompt(
        id="DD04",
        title="Tamper band on a milk bottle",
        question=(
            "Is the tamper-evident ring under the blue cap intact, torn or missing? "
            "Answer only intact, torn or missing."
        ),
        answer=Answer(
            "choice",
            "intact",
            {
                "options": ["intact", "torn", "missing"],
                "synonyms": {"intact": ["unbroken", "whole"], "torn": ["broken"]},
            },
        ),
        probes="A sound part among faults: mould seam, drops and the slot with its bridges invite a false alarm.",
        difficulty="medium",
        tags=("packaging", "kitchen"),
    ),
    build=build,
    variant=lambda rng: rng.choice(("intact", "torn")),
    frame=Frame(960, 1280, 24),
)

"""A blue bowl on a pile of a plate, a board and a tray, on a worktop in window light."""

from __future__ import annotations

import math
import random

import numpy as np
from bpy.types import Material, Object
from PIL import Image, ImageDraw

from scenes.assets import keep
from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule
from scenes.materials import CLEAN, Wear, glass, metal, plastic, printed, wood
from scenes.mesh import Floats, Profile, box, extrude, lathe, merged, rod, sheet
from scenes.nodes import Graph, srgb
from scenes.photo import Look
from scenes.scene import Scene, Shot
from scenes.sight import require_apart
from scenes.stage import View, camera, exposure, lamp, sun, surroundings

KINDS = ("plate", "board", "tray")
RADII = (0.168, 0.140, 0.112)
BOWL = 0.099


def glaze(name: str, code: str, edge: str, speckle: float) -> Material:
    """Return a stoneware glaze, thinner at the rim, with iron specks."""
    graph = Graph(name)
    where = graph.where(1.0)
    broad, fine = graph.noise(where, 22, 6, 0.6), graph.noise(where, 420, 3, 0.6)
    body = graph.ramp(broad, (0.35, srgb(code)), (0.65, tuple(min(1.0, c * 1.28) for c in srgb(code))))
    dots = graph.remap(fine, 0.655, 0.69, 0.0, speckle)
    facing = graph.node("LayerWeight", {0: 0.25}).outputs[1]
    pointed = graph.node("NewGeometry").outputs["Pointiness"]
    worn = graph.math("ADD", graph.remap(pointed, 0.53, 0.60, 0.0, 0.85), graph.math("MULTIPLY", facing, 0.05))
    graph.set(base_color=graph.mix(worn, graph.mix(dots, body, srgb("#3a2a1c")), srgb(edge)))
    graph.set(roughness=graph.remap(broad, 0.3, 0.7, 0.10, 0.2), coat_weight=0.5, coat_roughness=0.05)
    return graph.set(normal=graph.bump(broad, 0.15, 0.003))


def plate_profile(radius: float) -> list[tuple[float, float]]:
    """Return the upper side of a plate from the middle to the rim."""
    lift = radius / 0.165
    shape = (
        (0, 0.0060),
        (0.55, 0.0060),
        (0.62, 0.0066),
        (0.68, 0.0100),
        (0.74, 0.0140),
        (0.98, 0.0215),
        (1, 0.0212),
    )
    return [(r * radius, z * lift) for r, z in shape]


def plate(radius: float, ware: Material, name: str) -> Object:
    """Return a plate with a foot ring."""
    lift = radius / 0.165
    under = [(0, 0.0028), (0.48, 0.0028), (0.50, 0.0), (0.55, 0.0), (0.57, 0.0022), (0.66, 0.0045), (0.76, 0.0092)]
    under += [(0.97, 0.0168), (0.995, 0.0188)]
    top = plate_profile(radius)[::-1]
    profile: Profile = [(r * radius, z * lift) for r, z in under] + top
    return lathe(profile, ware, name, 128, 50)


def tray(radius: float, steel: Material, name: str) -> Object:
    """Return a round tray with a rolled edge."""
    bead = [
        (radius - 0.002 + 0.0022 * math.cos(t), 0.0100 + 0.0022 * math.sin(t))
        for t in (math.radians(d) for d in range(-80, 215, 25))
    ]
    inner = [(radius - 0.0048, 0.0072), (radius - 0.0085, 0.0022), (radius - 0.012, 0.0010), (0, 0.0010)]
    outer = [(0, 0), (radius - 0.012, 0), (radius - 0.0080, 0.0011), (radius - 0.0038, 0.0068)]
    return lathe([*outer, *bead, *inner], steel, name, 128, 50)


def board(radius: float, timber: Material, name: str) -> Object:
    """Return a round chopping board with eased edges."""
    turns = [math.tau * i / 120 for i in range(120)]
    return extrude([(radius * math.cos(t), radius * math.sin(t)) for t in turns], 0.0135, timber, name, 0.0022)


def rest_height(kind: str, radius: float, base: float) -> float:
    """Return how high over its own foot a thing carries something with a flat base of a radius."""
    if kind == "board":
        return 0.0135
    if kind == "tray":
        return 0.0010 if base < radius - 0.012 else 0.0122
    places = plate_profile(radius)
    return float(np.interp(base, [r for r, _ in places], [z for _, z in places]))


def base_of(kind: str, radius: float) -> float:
    """Return the radius of the ring on which a thing stands."""
    return {"plate": 0.55 * radius, "board": radius - 0.001, "tray": radius - 0.010}[kind]


def bowl(radius: float, ware: Material, name: str) -> Object:
    """Return a deep bowl on a foot ring."""
    r = radius
    outer = [(0.44 * r, 0.0), (0.47 * r, 0.001), (0.475 * r, 0.006)]
    arc = [math.radians(d) for d in range(0, 91, 6)]
    outer += [(0.475 * r + 0.525 * r * math.sin(a), 0.008 + 0.068 * (1 - math.cos(a)) ** 0.92) for a in arc]
    inner = [(0.40 * r + 0.555 * r * math.sin(a), 0.0125 + 0.0635 * (1 - math.cos(a)) ** 0.92) for a in arc]
    lip = [(0.993 * r, 0.0780), (0.975 * r, 0.0786)]
    profile = [(0, 0.004), (0.40 * r, 0.004), (0.41 * r, 0.0), *outer, *lip, *inner[::-1], (0, 0.0122)]
    return lathe(profile, ware, name, 128, 60)


def lemon(skin: Material, name: str) -> Object:
    """Return a lemon lying along x."""
    shape = [
        (0.0, -0.040),
        (0.004, -0.0385),
        (0.0065, -0.035),
        (0.0135, -0.031),
        (0.0215, -0.022),
        (0.0262, -0.010),
    ]
    shape += [(0.0270, 0.001), (0.0250, 0.013), (0.0190, 0.024), (0.0110, 0.0315), (0.0060, 0.0345), (0, 0.036)]
    item = lathe(shape, skin, name, 48, 80)
    item.modifiers.new("soft", "SUBSURF").render_levels = 2
    return item


def fruit(height: float, rng: random.Random) -> None:
    """Put lemons and limes into the bowl."""
    for index, code in enumerate(("#e3b71e", "#e8c02c", "#dfae18", "#e6bb24")):
        graph = Graph(f"peel {index}")
        pore = graph.noise(graph.where(1.0), 520, 2, 0.5)
        broad = graph.noise(graph.where(1.0), 30, 4, 0.6)
        graph.set(base_color=graph.ramp(broad, (0.3, srgb(code)), (0.75, srgb("#c9a51c"))), roughness=0.34)
        graph.set(normal=graph.bump(pore, 0.5, 0.0012), subsurface_weight=0.15, subsurface_scale=0.004)
        item = lemon(graph.material, "lemon")
        places = ((-0.036, -0.020, 0.052), (0.036, -0.018, 0.052), (0.002, 0.040, 0.052), (0.004, -0.002, 0.090))
        x, y, z = places[index]
        item.location = (x, y, height + z)
        item.rotation_euler = (math.pi / 2 + rng.uniform(-0.3, 0.3), rng.uniform(-0.3, 0.3), rng.uniform(0, 6))


def tiles() -> Material:
    """Return glazed wall tiles with grout."""
    graph = Graph("tiles")
    where = graph.where(1.0, varied=False)
    flat = graph.node("Mapping", {"Vector": where, "Rotation": (math.pi / 2, 0, 0)}).outputs[0]
    brick = graph.node(
        "TexBrick",
        {
            "Vector": flat,
            "Color1": srgb("#d8d4c6"),
            "Color2": srgb("#cfcabb"),
            "Mortar": srgb("#8e887b"),
            "Scale": 1.0,
            "Mortar Size": 0.0016,
            "Mortar Smooth": 0.3,
            "Brick Width": 0.2,
            "Row Height": 0.1,
        },
    )
    wavy = graph.noise(where, 26, 3, 0.5)
    graph.set(base_color=brick.outputs[0], roughness=graph.remap(brick.outputs[1], 0.0, 1.0, 0.13, 0.8))
    joint = graph.math("SUBTRACT", 1.0, brick.outputs[1])
    return graph.set(normal=graph.bump(joint, 0.6, 0.0015, graph.bump(wavy, 0.12, 0.006)))


def worktop() -> Material:
    """Return a speckled stone worktop with crumbs of dark."""
    graph = Graph("worktop")
    where = graph.where(1.0, varied=False)
    grit, chips = graph.noise(where, 300, 4, 0.75), graph.noise(where, 110, 2, 0.4)
    colour = graph.ramp(
        grit, (0.36, srgb("#5f5a52")), (0.47, srgb("#8b857a")), (0.56, srgb("#a8a297")), (0.66, srgb("#cfc9bd"))
    )
    crumb = graph.remap(chips, 0.66, 0.70, 0.0, 0.7)
    smear = graph.noise(where, 9, 6, 0.65)
    graph.set(base_color=graph.mix(crumb, colour, srgb("#4a443c")))
    return graph.set(roughness=graph.remap(smear, 0.3, 0.7, 0.16, 0.36))


def towel() -> Object:
    """Return a rumpled tea towel with checks."""
    art = Image.new("RGB", (1200, 900), (228, 222, 208))
    draw = ImageDraw.Draw(art, "RGBA")
    for x in range(60, 1200, 150):
        draw.rectangle((x, 0, x + 34, 900), fill=(150, 40, 34, 130))
    for y in range(45, 900, 150):
        draw.rectangle((0, y, 1200, y + 34), fill=(150, 40, 34, 130))

    def folds(x: Floats, y: Floats) -> Floats:
        ridge = 0.011 * np.abs(np.sin(38 * x + 9 * y + 2.2 * np.sin(21 * y)))
        return 0.004 + ridge + 0.006 * np.sin(60 * y + 11 * x) ** 2 + 0.008 * np.exp(-(((x - 0.04) / 0.05) ** 2))

    cloth = printed("towel", keep(art, "towel"), 0.9, 1.0, 0.1, 0.1)
    return sheet(0.30, 0.22, cloth, "towel", (150, 110), folds)


def pile(order: list[str], rng: random.Random) -> tuple[list[Object], float]:
    """Pile up the three things, largest lowest, and return them with the height of the top's surface."""
    white = glaze("white ware", "#d8d5ca", "#c6bda6", 0.15)
    steel = metal("tray steel", srgb("#bdbdbb"), 0.24, Wear(0.9, 0.08, 0.7, 0.12), grain=0.1)
    timber = wood("board", srgb("#6b4526"), srgb("#b98a54"), 0.5, stains=0.6)
    height, items = 0.0, []
    x = y = 0.0
    for level, (kind, radius) in enumerate(zip(order, RADII, strict=True)):
        if level:
            below = order[level - 1]
            height += rest_height(below, RADII[level - 1], base_of(kind, radius)) + 0.0002
            loose = 0.002 if below == "plate" else 0.006
            x, y = x + rng.uniform(-loose, loose), y + rng.uniform(-loose, loose)
        make = {"plate": plate, "board": board, "tray": tray}[kind]
        item = make(radius, {"plate": white, "board": timber, "tray": steel}[kind], kind)
        item.location, item.rotation_euler = (x, y, height), (0, 0, rng.uniform(0, 6))
        items.append(item)
    return items, height + rest_height(order[-1], RADII[-1], 0.47 * BOWL) + 0.0002


def second_pile() -> list[Object]:
    """Stack plates and a yellow bowl behind, at the right."""
    ware = glaze("second ware", "#d9d6cb", "#c6bda6", 0.05)
    items = []
    for index in range(3):
        item = plate(0.115, ware, f"far plate {index}")
        item.location = (0.33 + 0.003 * index, 0.20 - 0.002 * index, 0.0065 * index)
        items.append(item)
    top = bowl(0.078, glaze("yellow ware", "#c98f1c", "#7d5a20", 0.3), "yellow bowl")
    top.location = (0.334, 0.198, 0.013 + 0.0045)
    return [*items, top]


def build(value: Value, rng: random.Random) -> Shot:
    """Pile the things with the asked-for one on top, and set the blue bowl on it."""
    others = [kind for kind in KINDS if kind != value]
    rng.shuffle(others)
    items, height = pile([*others, str(value)], rng)
    blue = bowl(BOWL, glaze("blue ware", "#1c4a86", "#8a6a44", 0.5), "blue bowl")
    blue.location = (items[-1].location.x + 0.003, items[-1].location.y - 0.002, height)
    require_apart([*items, blue])
    fruit(height, rng)
    second_pile()
    cloth = towel()
    cloth.location, cloth.rotation_euler = (-0.30, -0.13, 0.0002), (0, 0, 0.5)
    box((2.4, 1.0, 0.04), (0, -0.02, -0.02), worktop(), "worktop", 0.003)
    box((2.4, 0.02, 1.2), (0, 0.43, 0.6), tiles(), "tiles")
    spoon = wood("spoon", srgb("#7a5230"), srgb("#c79a62"), 0.5)
    handle = rod((0.20, -0.19, 0.008), (0.42, -0.06, 0.008), 0.0055, spoon, "spoon")
    head = lathe([(0, 0), (0.020, 0.003), (0.026, 0.008), (0.022, 0.0085), (0, 0.004)], spoon, "spoon head", 48)
    head.scale, head.rotation_euler, head.location = (1.35, 1, 1), (0, 0, 0.53), (0.178, -0.203, 0.002)
    merged([handle, head], "wooden spoon").data.materials.append(spoon)
    tumbler = lathe(
        [(0, 0.0), (0.030, 0.0), (0.031, 0.002), (0.036, 0.11), (0.0345, 0.11), (0.0295, 0.008), (0, 0.007)],
        glass("tumbler", (0.97, 0.99, 0.98), 0.0, 1.5),
        "tumbler",
    )
    tumbler.location = (-0.20, 0.21, 0.0)
    soap = [(0, 0), (0.030, 0), (0.033, 0.004), (0.033, 0.11), (0.026, 0.135), (0.011, 0.148), (0.011, 0.172)]
    bottle = lathe([*soap, (0, 0.173)], plastic("soap", srgb("#3f7d4c"), 0.2, CLEAN, coat=0.4), "soap bottle")
    bottle.location = (-0.34, 0.27, 0)
    cap = lathe(
        [(0.0125, 0.146), (0.0125, 0.170), (0.006, 0.174), (0.005, 0.186), (0, 0.187)],
        plastic("cap", srgb("#d9d7cd"), 0.4),
        "soap cap",
        32,
    )
    cap.location = bottle.location
    frame = plastic("window frame", srgb("#d9d9d4"), 0.5)
    for z in (0.25, 0.78, 1.32):
        box((0.05, 2.4, 0.045), (-1.25, -0.2, z), frame, "window bar")
    for y in (-0.85, -0.32, 0.22):
        box((0.05, 0.045, 2.0), (-1.25, y, 0.9), frame, "window bar")
    exposure(0.2)
    surroundings("apartment", rng.uniform(0, 360), 0.2)
    sun((0.85, 0.16, -0.50), 9.0, 0.6, (1, 0.90, 0.74))
    lamp((0.7, -1.2, 1.4), (0, 0, 0), 1.4, 7, (0.86, 0.92, 1))
    camera(View((0.09, -0.80, 0.29), (0.012, 0.0, 0.052), 47, 7, roll_deg=1.4))
    return Shot([*items, blue], Rule(0.2, 4000), Look(grain=0.009, warmth=0.012))


SCENE = Scene(
    prompt=Prompt(
        id="SU10",
        title="Under the blue bowl",
        question=(
            "What is directly underneath the blue bowl: a white plate, a wooden board or a steel tray? Answer only"
            " plate, board or tray."
        ),
        answer=Answer("choice", "board", {"options": list(KINDS)}),
        probes="Order of contact in a pile that holds all three of the things named.",
        difficulty="easy",
        tags=("kitchen",),
    ),
    build=build,
    variant=lambda rng: rng.choice(KINDS),
)

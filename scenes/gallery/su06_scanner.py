"""Parcels on a belt conveyor that runs through a scanner arch."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
from bpy.types import Material, Object
from PIL import Image, ImageDraw

from scenes.assets import font, keep
from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule
from scenes.materials import Wear, cardboard, concrete, film, glowing, metal, painted, plastic, printed
from scenes.mesh import Floats, box, cylinder, group, label, lathe, rod, sheet
from scenes.nodes import Graph, srgb
from scenes.photo import Look
from scenes.scene import Scene, Shot
from scenes.sight import gate_only, require_apart, see_through
from scenes.stage import View, camera, exposure, lamp, surroundings

BELT, TOP, ARCH = 0.6, 0.72, 0.2
"""Belt width, belt height and the arch's length along the belt."""


def arrow_art() -> Path:
    """Draw the direction arrow: black on yellow, pointing right."""
    art = Image.new("RGB", (900, 260), (236, 190, 30))
    draw = ImageDraw.Draw(art)
    draw.polygon(
        [(60, 95), (600, 95), (600, 25), (840, 130), (600, 235), (600, 165), (60, 165)], fill=(22, 22, 22)
    )
    return keep(art, "su06_arrow")


def address_art(number: int) -> Path:
    """Draw an address label of an invented carrier."""
    rng = random.Random(number)
    art = Image.new("RGB", (600, 800), (240, 239, 234))
    draw = ImageDraw.Draw(art)
    draw.rectangle((0, 0, 600, 120), fill=((24, 26, 30), (150, 34, 30), (28, 62, 110))[number % 3])
    draw.text(
        (30, 60),
        ("WREN PARCEL", "OSTLER POST", "TARN 24")[number % 3],
        (240, 240, 238),
        font("oswald-600", 72),
        anchor="lm",
    )
    names = ["M. Aldous", "K. Brandreth", "Ines Pellow", "Tilework Ltd", "S. Okonedo", "Halden & Co"]
    draw.text((40, 160), rng.choice(names), (25, 25, 28), font("roboto-condensed-500", 58))
    draw.text(
        (40, 236),
        f"{rng.randint(2, 180)} {rng.choice(['Quarry Lane', 'Mill Street', 'Chapel Row'])}",
        (25, 25, 28),
        font("roboto-condensed-400", 54),
    )
    draw.text(
        (40, 304),
        f"{rng.choice(['Harrow', 'Marl', 'Kel'])}by  {rng.randint(1000, 9999)}",
        (25, 25, 28),
        font("roboto-condensed-700", 62),
    )
    draw.line((0, 400, 600, 400), fill=(20, 20, 20), width=5)
    x = 50
    while x < 545:
        width = rng.choice((4, 4, 8, 12))
        draw.rectangle((x, 440, x + width, 680), fill=(18, 18, 20))
        x += width + rng.choice((5, 9, 13))
    draw.text(
        (300, 735), f"{rng.randint(10**9, 10**10 - 1)}", (25, 25, 28), font("share-tech-mono-400", 54), anchor="mm"
    )
    return keep(art, f"su06_label_{number}")


def paper(number: int) -> Material:
    """Return an address label."""
    return printed(f"address {number}", address_art(number), 0.45, 0.15, size=0.1)


def carton(size: tuple[float, float, float], card: Material, number: int, rng: random.Random) -> Object:
    """Return a taped carton on z = 0 with an address on its top."""
    x, y, z = size
    body = box((x, y, z), (0, 0, 0), card, f"parcel {number}", 0.003)
    tape = film("tape", (0.80, 0.62, 0.40), 0.25, 0.12, 1.4)
    seam = sheet(x - 0.006, 0.0025, plastic("seam", srgb("#2a1d10"), 0.9), "seam")
    seam.parent, seam.location = body, (0, 0, z / 2 + 0.0003)
    for length, at, turn in (
        (x - 0.004, (0, 0, z / 2 + 0.0007), 0.0),
        (0.05, (x / 2 + 0.0006, 0, z / 2 - 0.028), 1.5708),
    ):
        strip = see_through(sheet(length, 0.048, tape, "tape"))
        strip.parent, strip.location, strip.rotation_euler = body, at, (0, turn, 0)
    side = min(0.1, y * 0.42)
    label(
        body,
        paper(number),
        side * 0.75,
        side,
        (rng.uniform(-0.2, 0.2) * x, rng.uniform(-0.2, 0.2) * y, z / 2 + 0.001),
        (0, 0, rng.choice((0, math.pi / 2)) + rng.uniform(-0.1, 0.1)),
    )
    label(body, paper(number + 1), 0.052, 0.07, (-x * 0.2, -y / 2 - 0.0006, 0), (math.pi / 2, 0, 0))
    return group(f"carton {number}", [body], (0, 0, z / 2))


def pouch(size: tuple[float, float, float], skin: Material, number: int, rng: random.Random) -> Object:
    """Return a padded envelope or a bag lying on z = 0: swollen, wrinkled, with an address."""
    x, y, z = size
    waves = [(rng.uniform(20, 75), rng.uniform(0, math.pi), rng.uniform(0, 6)) for _ in range(5)]

    def swell(u: Floats, v: Floats) -> Floats:
        rim = (
            np.clip(1 - np.abs(2 * u / x) ** 2.6, 0, 1) ** 0.6 * np.clip(1 - np.abs(2 * v / y) ** 2.6, 0, 1) ** 0.6
        )
        wrinkles = sum(np.sin(k * (u * math.cos(t) + v * math.sin(t)) + p) for k, t, p in waves)
        height: Floats = 0.003 + z * rim * (1 + 0.035 * wrinkles)
        return height

    def part(cx: float, cy: float, lift: float) -> Callable[[Floats, Floats], Floats]:
        return lambda u, v: swell(u + cx, v + cy) + lift

    body = sheet(x, y, skin, f"parcel {number}", (90, 70), part(0, 0, 0))
    skirt = box((x * 0.995, y * 0.995, 0.004), (0, 0, 0.0021), skin, "skirt", 0.0015)
    cx, cy = rng.uniform(-0.12, 0.12) * x, rng.uniform(-0.12, 0.12) * y
    tag = sheet(0.075, 0.1, paper(number), "label", (24, 30), part(cx, cy, 0.0012))
    tag.location = (cx, cy, 0)
    return group(f"pouch {number}", [body, skirt, tag])


def parcel(kind: int, number: int, rng: random.Random) -> tuple[Object, float, float]:
    """Return a parcel of a kind with its length along the belt and its width."""
    grey = plastic("bag", srgb("#8b9096"), 0.28, Wear(0.2, 0.1, 0.7, 0.1), texture=0.5)
    kraft = plastic("padded envelope", srgb("#b98f55"), 0.8, Wear(0.2, 0.1, 0.6, 0.1), texture=0.6)
    white = plastic("white envelope", srgb("#d6d6d1"), 0.6, Wear(0.2, 0.1, 0.6, 0.1), texture=0.4)
    size = [
        (rng.uniform(0.22, 0.27), rng.uniform(0.16, 0.19), rng.uniform(0.10, 0.15)),
        (rng.uniform(0.18, 0.22), rng.uniform(0.13, 0.17), rng.uniform(0.06, 0.11)),
        (rng.uniform(0.22, 0.26), rng.uniform(0.17, 0.2), rng.uniform(0.016, 0.026)),
        (rng.uniform(0.22, 0.27), rng.uniform(0.18, 0.21), rng.uniform(0.04, 0.06)),
        (rng.uniform(0.36, 0.38), rng.uniform(0.16, 0.18), rng.uniform(0.09, 0.12)),
    ][kind]
    if kind not in (2, 3):
        item = carton(size, cardboard("card", srgb(rng.choice(("#a8814f", "#b08a58", "#9c7546")))), number, rng)
    else:
        item = pouch(size, grey if kind == 3 else rng.choice((kraft, white)), number, rng)
    return item, size[0], size[1]


def place(item: Object, x: float, y: float, rng: random.Random) -> Object:
    """Lay a parcel on the belt, a little askew."""
    item.location = (x, y, item.location.z + TOP + 0.0005)
    item.rotation_euler.z = rng.uniform(-0.16, 0.16)
    return item


def conveyor(way: int) -> None:
    """Build belt, side rails with arrows that point along the travel, and legs."""
    graph = Graph("belt")
    where = graph.where(1.0, varied=False)
    weave = graph.node("TexChecker", {"Vector": where, "Scale": 420.0}).outputs[1]
    worn = graph.noise(graph.node("Mapping", {"Vector": where, "Scale": (0.5, 6, 1)}).outputs[0], 3.0, 9, 0.7)
    graph.set(
        base_color=graph.ramp(worn, (0.3, srgb("#1d2522")), (0.55, srgb("#2c3531")), (0.75, srgb("#4b524d")))
    )
    graph.set(roughness=graph.remap(worn, 0.3, 0.7, 0.42, 0.65), normal=graph.bump(weave, 0.25, 0.0004))
    box((5, BELT, 0.012), (0, 0, TOP - 0.006), graph.material, "belt")
    seam = box(
        (0.003, BELT * 1.12, 0.0006), (way * 0.62, 0, TOP), plastic("splice", srgb("#0f1312"), 0.7), "splice"
    )
    seam.rotation_euler.z = 0.45
    alloy = metal("profile", srgb("#b5b7b8"), 0.36, Wear(0.6, 0.3, 0.6, 0.12), brushed=0.5)
    slot = plastic("slot", srgb("#26282a"), 0.6)
    for sign in (-1, 1):
        y = sign * (BELT / 2 + 0.024)
        box((5, 0.04, 0.13), (0, y, TOP - 0.047), alloy, "side rail", 0.003)
        for z in (TOP - 0.096, TOP - 0.0):
            box((5, 0.0012, 0.009), (0, y + sign * 0.0201, z), slot, "slot")
    art = printed("arrow", arrow_art(), 0.4, 0.1, size=0.1)
    for x in (-0.6, 0.6):
        sign_ = sheet(0.24, 0.07, art, "arrow")
        sign_.location, sign_.rotation_euler = (
            (x + way * 0.02, -BELT / 2 - 0.0448, TOP - 0.047),
            (math.pi / 2, 0, 0),
        )
        if way < 0:
            sign_.rotation_euler = (math.pi / 2, math.pi, 0)
            sign_.scale.z = -1
    dark = painted("legs", srgb("#3b4a58"), chips=0.4, wear=Wear(0.4, 0.4, 0.5, 0.2))
    for x in (-1.25, -0.45, 0.45, 1.25):
        for sign in (-1, 1):
            box((0.06, 0.04, TOP - 0.11), (x, sign * BELT / 2, (TOP - 0.11) / 2), dark, "leg", 0.003)
        box((0.04, BELT, 0.05), (x, 0, 0.3), dark, "brace", 0.003)
    rod((-2.5, -0.12, TOP - 0.14), (2.5, -0.12, TOP - 0.14), 0.012, slot, "cable duct")


def arch() -> Object:
    """Return the scanner: a portal over the belt with windows, lamp and prints."""
    shell = painted("scanner", srgb("#d5d8d8"), chips=0.12, wear=Wear(0.3, 0.15, 0.6, 0.25))
    band = painted("band", srgb("#17597a"), chips=0.15, wear=Wear(0.3, 0.15, 0.6, 0.2))
    dark = plastic("window", srgb("#120d10"), 0.08, coat=1)
    outer, open_z, beam = BELT / 2 + 0.15, 0.29, 0.13
    parts = []
    for sign in (-1, 1):
        parts.append(
            box(
                (0.115, 0.09, open_z + 0.16),
                (0, sign * (outer - 0.045), TOP + (open_z - 0.16) / 2),
                shell,
                "post",
                0.012,
            )
        )
        parts.append(
            box(
                (0.07, 0.002, open_z * 0.5),
                (0, sign * (outer - 0.091), TOP + open_z * 0.5),
                dark,
                "window",
                0.0008,
            )
        )
        foot = box((0.1, 0.07, TOP - 0.16), (0, sign * (outer - 0.045), (TOP - 0.16) / 2), shell, "foot", 0.004)
        parts.append(foot)
    parts.append(box((ARCH, 2 * outer, beam), (0, 0, TOP + open_z + beam / 2), shell, "beam", 0.014))
    parts.append(box((ARCH + 0.002, 2 * outer + 0.002, 0.022), (0, 0, TOP + open_z + 0.03), band, "band", 0.002))
    parts.append(box((ARCH * 0.5, BELT * 0.8, 0.003), (0, 0, TOP + open_z - 0.0012), dark, "window", 0.001))
    name = Image.new("RGB", (1000, 200), (213, 216, 216))
    ImageDraw.Draw(name).text(
        (500, 100), "ORSELL  SCAN 4", (24, 52, 70), font("barlow-condensed-700", 150), anchor="mm"
    )
    sign_ = sheet(0.17, 0.034, printed("name", keep(name, "su06_name"), 0.4, 0.05), "name")
    sign_.location, sign_.rotation_euler = (0, -outer - 0.0012, TOP + open_z + 0.083), (math.pi / 2, 0, 0)
    warn = Image.new("RGB", (520, 300), (238, 196, 34))
    draw = ImageDraw.Draw(warn)
    draw.polygon([(40, 260), (150, 50), (260, 260)], outline=(20, 20, 20), width=18)
    draw.text((150, 195), "!", (20, 20, 20), font("oswald-700", 120), anchor="mm")
    for row, word in enumerate(("LASER", "CLASS 2")):
        draw.text((290, 80 + 84 * row), word, (20, 20, 20), font("barlow-condensed-700", 76))
    note = sheet(0.069, 0.04, printed("warning", keep(warn, "su06_warn"), 0.4, 0.1), "warning")
    note.location, note.rotation_euler = (0.0, -outer - 0.0006, TOP + 0.14), (math.pi / 2, 0, 0)
    top = TOP + open_z + beam
    base = cylinder(0.028, 0.03, plastic("lamp base", srgb("#1c1d1f"), 0.4), "lamp base", 0.003)
    base.location = (-0.03, -0.25, top)
    green = lathe(
        [(0.024, 0), (0.024, 0.04), (0.018, 0.052), (0, 0.055)],
        glowing("green lamp", srgb("#3fdc6a"), 2.2),
        "green lamp",
        48,
    )
    green.location = (-0.03, -0.25, top + 0.03)
    parts += [
        sign_,
        note,
        base,
        green,
        rod((0.04, 0.2, top), (0.04, 0.2, top + 1.2), 0.014, plastic("conduit", srgb("#8e9294"), 0.5), "conduit"),
    ]
    return group("arch", parts)


def hall(rng: random.Random) -> None:
    """Build floor, marked lane, a rail and stacked totes behind the line."""
    box((14, 14, 0.1), (0, 0, -0.05), concrete("floor", srgb("#8a8f8d"), 0.9, 0.38), "floor")
    yellow = painted("lane", srgb("#d8ac22"), srgb("#858883"), 1.2, Wear(0.8, 0.5, 0.6, 0.3))
    box((14, 0.08, 0.001), (0, 0.95, 0.0005), yellow, "lane")
    codes = ("#2d5f9a", "#6c7378", "#2d5f9a", "#9a3329")
    for column in range(5):
        for level in range(rng.randint(2, 4)):
            tote = plastic("tote", srgb(codes[(column * 2 + level) % 4]), 0.45, Wear(0.8, 0.4, 0.6, 0.2))
            at = (
                -1.9 + 0.72 * column + rng.uniform(-0.02, 0.02),
                2.0 + rng.uniform(-0.03, 0.03),
                0.14 + 0.283 * level,
            )
            turn = (0, 0, rng.uniform(-0.04, 0.04))
            parts = [
                box((0.56, 0.38, 0.26), (0, 0, 0), tote, "tote", 0.01),
                box((0.6, 0.42, 0.035), (0, 0, 0.122), tote, "tote rim", 0.006),
            ]
            parts += [box((0.018, 0.395, 0.2), (x, 0, -0.01), tote, "tote rib", 0.004) for x in (-0.18, 0.0, 0.18)]
            group("tote stack", parts, at, turn)
    rail = painted("barrier", srgb("#d3a11c"), chips=0.5, wear=Wear(0.5, 0.4, 0.5, 0.2))
    for z in (0.45, 0.95):
        rod((-6, 2.9, z), (6, 2.9, z), 0.03, rail, "barrier")
    for x in (-2.4, -0.8, 0.8, 2.4):
        rod((x, 2.9, 0), (x, 2.9, 1.0), 0.03, rail, "barrier post")
    box((14, 0.1, 3), (0, 4.2, 1.5), painted("wall", srgb("#aab1b1"), chips=0.1, wear=Wear(size=0.7)), "wall")


def build(value: Value, rng: random.Random) -> Shot:
    """Lay the asked-for number of parcels past the arch, one in it, and another number before it."""
    past = int(str(value))
    before = rng.choice([n for n in (2, 3, 4) if n != past])
    way = rng.choice((-1, 1))
    parcels: list[Object] = []
    kinds = [0, 2, 1, 3, 1, 2, 0, 3, 1]
    for side, count in ((way, past), (-way, before)):
        reach = {-0.14: ARCH / 2 + rng.uniform(0.18, 0.22), 0.14: ARCH / 2 + rng.uniform(0.26, 0.32)}
        for _ in range(count):
            lane = min(reach, key=lambda y: reach[y])
            item, length, _width = parcel(kinds.pop(0), len(parcels), rng)
            parcels.append(place(item, side * (reach[lane] + length / 2), lane + rng.uniform(-0.025, 0.025), rng))
            reach[lane] += length + rng.uniform(0.09, 0.16)
    inside, length, width = parcel(4, len(parcels), rng)
    parcels.append(place(inside, way * rng.uniform(0.0, 0.012), rng.uniform(-0.03, 0.03), rng))
    conveyor(way)
    arch()
    require_apart([next(c for c in item.children if c.name.startswith("parcel")) for item in parcels])
    size = (0.03, width + 0.004, 2 * (inside.location.z - TOP) + 0.004)
    ends = [gate_only(box(size, (0, 0, 0), None, f"end {sign}")) for sign in (-1, 1)]
    for sign, end in zip((-1, 1), ends, strict=True):
        end.parent, end.location = inside, (sign * (length / 2 - 0.013), 0, 0)
    hall(rng)
    exposure(0.4)
    surroundings("warehouse", rng.uniform(0, 360), 0.4)
    for x, y in ((-1.3, -0.5), (1.2, 0.3), (0.0, 2.2)):
        lamp((x, y, 3.3), (x, y, 0), 0.16, 46, (0.9, 1.0, 0.97), 1.5)
    camera(View((way * 0.05, -1.55, 1.74), (way * 0.03, 0.02, 0.77), 30, 8, roll_deg=-1.2))
    return Shot([*parcels[:-1], *ends], Rule(0.35, 1000), Look(grain=0.011, tint=0.008))


SCENE = Scene(
    prompt=Prompt(
        id="SU06",
        title="Parcels past the scanner",
        question=(
            "The belt moves in the direction of the yellow arrow signs. How many parcels (cartons, bags and "
            "envelopes) on the belt have already passed completely through the scanner arch? Answer only a number."
        ),
        answer=Answer("integer", 3),
        probes="Before and after by the direction of travel, with one parcel still under the arch.",
        difficulty="medium",
        tags=("logistics", "conveyor"),
    ),
    build=build,
    variant=lambda rng: rng.randint(2, 4),
    seed=2,
)

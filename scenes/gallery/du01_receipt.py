"""A creased till receipt on a dark table with coins and a pen."""

from __future__ import annotations

import math
import random

import numpy as np
from bpy.types import Material, Object
from PIL import Image, ImageDraw, ImageFilter

from scenes.assets import font, keep
from scenes.coins import alloy, coin
from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule, Unshowable
from scenes.materials import Wear, metal, plastic, printed, wood
from scenes.mesh import Floats, Relief, box, group, lathe, sheet
from scenes.nodes import srgb
from scenes.photo import Look
from scenes.scene import Scene, Shot
from scenes.sight import require_apart
from scenes.stage import Frame, View, camera, lamp, surroundings

GOODS = [
    ("WOOD SCREW 4X40", 3.85),
    ("MASKING TAPE 48", 2.60),
    ("SANDPAPER P120", 1.15),
    ("WALL PLUG RED", 2.25),
    ("PAINT BRUSH 50", 4.90),
    ("CABLE TIE 200", 3.30),
    ("HINGE BRASS 75", 5.45),
    ("DOOR STOP WHT", 1.95),
    ("FILLER 600ML", 6.75),
    ("DUST SHEET 4X5", 3.40),
]
WIDTH = 0.079
Basket = list[tuple[str, int, float]]


def basket_for(change: float, rng: random.Random) -> tuple[Basket, float]:
    """Return a basket and the cash paid such that, less ten per cent, the change comes out exactly."""
    for _ in range(200_000):
        basket = [(name, rng.choice([1, 1, 1, 2, 3]), price) for name, price in rng.sample(GOODS, 7)]
        net = net_of(basket)
        cash = 10 * math.ceil(net / 10)
        if net > 15 and abs(cash - net - change) < 0.001:
            return basket, cash
    raise Unshowable(f"no basket gives {change:.2f} change")


def net_of(basket: Basket) -> float:
    """Return the total after the ten per cent discount, in pounds."""
    subtotal = sum(count * price for _, count, price in basket)
    return round(subtotal - round(subtotal * 0.1 + 1e-9, 2), 2)


class Till:
    """A strip of thermal paper being printed downwards, 800 px wide."""

    def __init__(self) -> None:
        self.strip = Image.new("L", (800, 2200), 247)
        self.draw = ImageDraw.Draw(self.strip)
        self.y = 60

    def middle(self, text: str, face: str, size: int, feed: int) -> None:
        """Print a centred line."""
        self.draw.text((400, self.y), text, 26, font(face, size), anchor="ma")
        self.y += feed

    def row(self, left: str, right: str, size: int = 40, feed: int = 50, face: str = "ibm-plex-mono-400") -> None:
        """Print a line with an amount at the right."""
        self.draw.text((50, self.y), left, 30, font(face, size))
        self.draw.text((750, self.y), right, 30, font(face, size), anchor="ra")
        self.y += feed

    def bars(self, rng: random.Random) -> None:
        """Print a barcode."""
        x = 150
        while x < 640:
            width = rng.choice([3, 3, 5, 8])
            self.draw.rectangle((x, self.y, x + width, self.y + 105), fill=25)
            x += width + rng.choice([3, 4, 6, 8])
        self.y += 120


def receipt(change: float, rng: random.Random) -> Image.Image:
    """Print the receipt, faded in bands and with a dead dot in the print head."""
    basket, cash = basket_for(change, rng)
    net, subtotal = net_of(basket), sum(count * price for _, count, price in basket)
    till = Till()
    till.middle("HOLLOWAY HARDWARE", "roboto-condensed-700", 72, 90)
    till.middle("14 Quarry Lane, Dunmere", "ibm-plex-mono-400", 32, 42)
    till.middle("Tel 0191 555 0142", "ibm-plex-mono-400", 32, 62)
    till.row("TILL 03 OP 117", "21/03/2025 16:42", 31, 42)
    till.middle("-" * 38, "ibm-plex-mono-400", 31, 46)
    for name, count, price in basket:
        till.row(name, f"{count * price:.2f}")
        if count > 1:
            till.row(f"  {count} @ {price:.2f}", "", 32, 42)
    till.middle("-" * 38, "ibm-plex-mono-400", 31, 46)
    till.row("SUBTOTAL", f"{subtotal:.2f}")
    till.row("TRADE DISC 10%", f"-{subtotal - net:.2f}")
    till.row("VAT 20% INCL", f"{net - net / 1.2:.2f}")
    till.row("TOTAL", f"£{net:.2f}", 62, 86, "ibm-plex-mono-700")
    till.row("CASH", f"{cash:.2f}")
    till.row("CHANGE", f"{change:.2f}", feed=80)
    till.bars(rng)
    till.middle(f"0 317 42 {rng.randint(0, 999999):06d}", "ibm-plex-mono-400", 30, 52)
    till.middle("GOODS RETURNED WITHIN 28 DAYS", "ibm-plex-mono-400", 30, 40)
    till.middle("WITH RECEIPT   THANK YOU", "ibm-plex-mono-400", 30, 70)
    return faded(till.strip.crop((0, 0, 800, till.y)), rng.randint(0, 9999))


def faded(strip: Image.Image, seed: int) -> Image.Image:
    """Fade the print unevenly."""
    rng = np.random.default_rng(seed)
    pixels = np.asarray(strip).astype(float)
    height = pixels.shape[0]
    bands = 0.84 + 0.16 * (np.sin(np.linspace(0, 15, height)) * 0.5 + 0.5)[:, None] * (
        rng.random((height, 1)) * 0.25 + 0.75
    )
    pixels = 247 - (247 - pixels) * bands
    pixels[:, 556:559] = 247 - (247 - pixels[:, 556:559]) * 0.2
    return Image.fromarray(pixels.astype(np.uint8)).filter(ImageFilter.GaussianBlur(0.6)).convert("RGB")


def creases(depth: float, rng: np.random.Generator) -> Relief:
    """Return a height function of a strip that was crumpled, folded once and smoothed out."""
    ridges = [
        (
            rng.uniform(0, math.pi),
            rng.uniform(-0.09, 0.09),
            rng.uniform(0.004, 0.03),
            rng.uniform(-0.0015, 0.0026),
            rng.uniform(-0.08, 0.08),
            rng.uniform(0.015, 0.06),
        )
        for _ in range(64)
    ]

    def height(x: Floats, y: Floats) -> Floats:
        z = 0.004 * np.maximum(0, 1 - np.abs(y - 0.02) / 0.03)
        for turn, offset, width, lift, along, spread in ridges:
            u, v = x * np.cos(turn) + y * np.sin(turn), -x * np.sin(turn) + y * np.cos(turn)
            z = z + lift * np.maximum(0, 1 - np.abs(u - offset) / width) * np.exp(-(((v - along) / spread) ** 2))
        z = (
            z
            + 0.010 * np.maximum(0, np.abs(y) / depth - 0.36)
            + 0.0035 * (x / WIDTH * 2) ** 2 * np.sin(y * 25 + 1)
        )
        lifted: Floats = z - z.min() + 0.0004
        return lifted

    return height


def change_on_the_table(rng: random.Random) -> list[Object]:
    """Return the coins beside the receipt; what they are worth has nothing to do with the question."""
    copper, brass = (
        alloy("copper", "#b5623a", "#3c1d12", "2", "TALLY"),
        alloy("brass", "#c4a75c", "#4a3a1a", "20", "MARKS"),
    )
    nickel = alloy("nickel", "#b9b8b2", "#3c3b38", "50", "MARKS")
    coins = [
        coin(0.0098, 0.0017, copper, "coin"),
        coin(0.0115, 0.0021, brass, "coin"),
        coin(0.0127, 0.0019, nickel, "coin"),
        coin(0.0098, 0.0017, copper, "coin"),
    ]
    places = ((0.074, -0.066), (0.062, -0.044), (0.0875, -0.042), (0.0665, 0.058))
    for item, (x, y) in zip(coins, places, strict=True):
        item.location, item.rotation_euler = (x, y, 0.0012), (0, 0, rng.uniform(0, 6))
    return coins


def pen(material: Material) -> Object:
    """Return a ballpoint lying along x, tip at the origin, resting on its barrel."""
    steel = metal("tip", srgb("#b9b9b9"), 0.25, Wear(size=0.02))
    barrel = lathe(
        [(0.0015, 0.011), (0.0042, 0.021), (0.0047, 0.032), (0.0048, 0.118), (0.0044, 0.122)],
        material,
        "barrel",
        48,
        40,
    )
    tip = lathe([(0, 0), (0.0004, 0.0002), (0.0005, 0.003), (0.0016, 0.0112)], steel, "tip", 32)
    button = lathe(
        [(0.0044, 0.1215), (0.0046, 0.125), (0.003, 0.126), (0.0026, 0.135), (0, 0.1355)], steel, "button", 40
    )
    clip = box((0.0022, 0.0012, 0.038), (0, 0.0062, 0.104), steel, "clip", 0.0004)
    return group("pen", [barrel, tip, button, clip])


def build(value: Value, rng: random.Random) -> Shot:
    """Print, crumple and photograph the receipt for the asked-for change."""
    strip = receipt(float(str(value)), rng)
    depth = WIDTH * strip.height / strip.width
    thermal = printed("thermal", keep(strip, "receipt"), 0.45, 0.1, 0.35, 0.08)
    paper = sheet(
        WIDTH, depth, thermal, "receipt", (190, 400), creases(depth, np.random.default_rng(rng.randint(0, 9999)))
    )
    paper.rotation_euler.z = rng.uniform(0.08, 0.16)
    coins = change_on_the_table(rng)
    ballpoint = pen(plastic("barrel", srgb("#1a2b52"), 0.22, coat=0.5))
    ballpoint.location, ballpoint.rotation_euler = (-0.074, 0.095, 0.0049), (math.pi / 2, 0, 0.14)
    require_apart([paper, *coins, ballpoint.children[0]])
    top = wood("table", srgb("#1d110a"), srgb("#5b3820"), 0.34, stains=0.6)
    box((1.2, 1.2, 0.03), (0, 0, -0.015), top, "table", 0.002)
    surroundings("apartment", rng.uniform(0, 360), 0.4)
    lamp((0.30, 0.24, 0.16), size=0.1, watts=3.4, colour=(1, 0.9, 0.78))
    lamp((-0.4, -0.2, 0.6), size=0.5, watts=1.6, colour=(0.85, 0.93, 1))
    camera(View((0.0, -0.095, 0.235), (0.003, -0.004, 0), 40, 9, roll_deg=3, up=(0, 1, 0)))
    return Shot([paper], Rule(0.97, 100_000), Look(grain=0.009, warmth=0.01))


SCENE = Scene(
    prompt=Prompt(
        id="DU01",
        title="Change on a crumpled receipt",
        question="How much change was given according to this receipt? Answer only the amount like 1.00.",
        answer=Answer("money", "4.85", {"currency": "GBP"}),
        probes="Faded print on curved paper; subtotal, total, cash and change stand close together.",
        difficulty="easy",
        tags=("receipt", "retail"),
    ),
    build=build,
    variant=lambda rng: f"{rng.randint(21, 190) * 0.05:.2f}",
    frame=Frame(1020, 1360, 20),
)

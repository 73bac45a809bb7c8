"""A shipping label under clear tape on a parcel."""

from __future__ import annotations

import random

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from scenes.assets import font, keep
from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule
from scenes.materials import Wear, cardboard, concrete, film, metal, plastic, printed
from scenes.mesh import Floats, box, label, lathe, sheet
from scenes.nodes import srgb
from scenes.photo import Look
from scenes.scene import Scene, Shot
from scenes.sight import see_through
from scenes.stage import Frame, View, camera, lamp, surroundings

WIDTH, HEIGHT = 0.148, 0.105


def bars(draw: ImageDraw.ImageDraw, frame: tuple[int, int, int, int], rng: random.Random) -> None:
    """Draw a barcode in a frame."""
    x, top, right, bottom = frame
    while x < right:
        width = rng.choice([3, 3, 5, 8, 10])
        draw.rectangle((x, top, x + width, bottom), fill=(16, 16, 16))
        x += width + rng.choice([3, 4, 6, 9])


def label_art(consignment: str, rng: random.Random) -> Image.Image:
    """Draw the carrier's label with order, consignment and telephone numbers."""
    art = Image.new("RGB", (1480, 1050), (240, 239, 234))
    draw = ImageDraw.Draw(art)
    ink, plain, bold, mono = (18, 18, 18), "roboto-condensed-400", "roboto-condensed-700", "ibm-plex-mono-500"
    draw.rectangle((12, 12, 1468, 1038), outline=ink, width=5)
    draw.rectangle((12, 12, 1468, 150), fill=ink)
    draw.text((40, 82), "NORVAN", (240, 239, 234), font("oswald-700", 96), anchor="lm")
    draw.text((1440, 82), "24 H  PARCEL", (240, 239, 234), font(bold, 74), anchor="rm")
    draw.text((40, 172), "TO", ink, font(bold, 34))
    for line, text in enumerate(
        ("North Quay Instruments", "Goods In, Unit 12", "Saltpan Lane", "HARROWBY  HR4 7QX")
    ):
        draw.text((110, 168 + line * 56), text, ink, font(bold if line in (0, 3) else plain, 50))
    draw.text((110, 400), "Tel 0191 498 0226", ink, font(plain, 44))
    draw.line((860, 150, 860, 470), fill=ink, width=4)
    draw.text((890, 172), "FROM  Tarn Optical, Dunmere", ink, font(plain, 40))
    draw.text((890, 226), "ORDER NO.", ink, font(bold, 34))
    draw.text((890, 264), f"TO {rng.randint(7000, 7999)} {rng.randint(1000, 9999)}", ink, font(mono, 56))
    draw.text((890, 350), "PIECE 1 of 2     6.4 kg", ink, font(plain, 46))
    draw.text((890, 408), "DEPOT 41  ROUTE 7B", ink, font(plain, 46))
    draw.line((12, 470, 1468, 470), fill=ink, width=4)
    bars(draw, (90, 500, 1390, 770), rng)
    draw.text((40, 812), "CONSIGNMENT NO.", ink, font(bold, 38), anchor="lm")
    spaced = f"{consignment[:2]} {consignment[2:6]} {consignment[6:]}"
    draw.text((410, 812), spaced, ink, font(mono, 78), anchor="lm")
    draw.line((12, 868, 1468, 868), fill=ink, width=4)
    draw.text((40, 920), f"Customer ref {rng.randint(100000, 999999)}-B", ink, font(plain, 46), anchor="lm")
    draw.text((40, 984), "Leave with: neighbour NO   signature YES", ink, font(plain, 46), anchor="lm")
    draw.text((1440, 950), "HR4", ink, font("oswald-700", 120), anchor="rm")
    pixels = np.asarray(art).astype(float)
    pixels[:, 1003:1006] = 240 - (240 - pixels[:, 1003:1006]) * 0.25
    return Image.fromarray(pixels.astype(np.uint8)).filter(ImageFilter.GaussianBlur(0.5))


def build(value: Value, rng: random.Random) -> Shot:
    """Stick the label and tape on a worn carton."""
    card = cardboard("carton", srgb("#a9814f"))
    body = box((0.36, 0.27, 0.20), (0, 0.06, 0.1), card, "carton", 0.003, (0, 0, 0.06))
    flap = box((0.358, 0.0012, 0.0008), (0, 0.0, 0.1003), plastic("seam", srgb("#4a341f"), 0.9), "seam")
    flap.parent = body
    art = printed("label", keep(label_art(str(value), rng), "parcel_label"), 0.55, 0.1, 0.35, 0.12)
    stuck = sheet(
        WIDTH,
        HEIGHT,
        art,
        "label",
        (60, 40),
        lambda x, y: (
            0.0006 + 0.0005 * np.maximum(0, np.sin(x * 90 + 1.3 + y * 40)) * np.maximum(0, np.cos(y * 60 + 2))
        ),
    )
    stuck.parent, stuck.location, stuck.rotation_euler = body, (-0.03, -0.03, 0.1003), (0, 0, -0.09)
    clear = film("clear tape", (0.97, 0.965, 0.95), ripple=0.45, rough=0.05, gain=1.5)

    def wrinkles(x: Floats, y: Floats) -> Floats:
        lifted: Floats = (
            0.0014
            + 0.0006 * np.maximum(0, np.sin(x * 70 + y * 130)) ** 6
            + 0.0004 * np.maximum(0, np.sin(x * 31 - y * 210 + 2)) ** 8
        )
        return lifted

    for x, y, turn in ((-0.03, 0.008, -0.05), (-0.03, -0.058, -0.12)):
        strip = see_through(sheet(0.24, 0.05, clear, "tape", (260, 60), wrinkles))
        strip.parent, strip.location, strip.rotation_euler = body, (x, y, 0.1003), (0, 0, turn)
    brown = film("brown tape", (0.72, 0.52, 0.30), ripple=0.3, rough=0.1, gain=1.6)
    seal = see_through(
        sheet(0.355, 0.05, brown, "brown tape", (200, 20), lambda x, y: 0.0009 + 0.0003 * np.sin(x * 60 + y * 90))
    )
    seal.parent, seal.location = body, (0, 0.09, 0.1003)
    stamp = Image.new("RGB", (600, 300), (240, 90, 40))
    ImageDraw.Draw(stamp).text((300, 150), "FRAGILE", (250, 245, 235), font("oswald-700", 150), anchor="mm")
    sticker = label(
        body,
        printed("fragile", keep(stamp, "fragile"), 0.4, 0.1, 0.4, 0.1),
        0.07,
        0.035,
        (0.105, -0.05, 0.1012),
        (0, 0, 0.25),
    )
    sticker.name = "fragile"
    box((4, 4, 0.1), (0, 0, -0.05), concrete("floor", srgb("#8a8780"), 1.6, 0.6), "floor")
    box(
        (0.3, 0.3, 0.24),
        (0.38, 0.25, 0.12),
        cardboard("carton 2", srgb("#9a7447")),
        "carton 2",
        0.004,
        (0, 0, 0.4),
    )
    box(
        (0.5, 0.3, 0.32),
        (-0.42, 0.4, 0.16),
        cardboard("carton 3", srgb("#b38c5a")),
        "carton 3",
        0.004,
        (0, 0, -0.15),
    )
    roll = lathe(
        [(0.030, 0), (0.045, 0), (0.045, 0.048), (0.030, 0.048), (0.030, 0)],
        plastic("tape roll", srgb("#a8793f"), 0.25, Wear(0.2, 0.1, 0.3, 0.05)),
        "tape roll",
        96,
    )
    roll.location = (0.115, 0.115, 0.2003)
    knife = metal("blade", srgb("#b5b5b2"), 0.3, Wear(size=0.05))
    box((0.06, 0.012, 0.0012), (0.15, 0.03, 0.2012), knife, "knife blade", 0.0003, (0, 0, 1.1))
    surroundings("warehouse", rng.uniform(0, 360), 0.5)
    lamp((0.55, 0.75, 0.95), (0, 0, 0.2), 0.18, 22, (1, 0.97, 0.92), 0.9)
    lamp((-0.7, -0.4, 0.9), (0, 0, 0.2), 0.5, 6, (0.86, 0.93, 1))
    camera(View((-0.05, -0.235, 0.47), (-0.022, 0.03, 0.2), 40, 8, roll_deg=4))
    return Shot([stuck], Rule(0.9, 150_000), Look(grain=0.009, warmth=0.01))


SCENE = Scene(
    prompt=Prompt(
        id="DU03",
        title="Consignment number on a taped parcel",
        question=(
            "What is the consignment number on the parcel label? Answer only the letters and digits without "
            "spaces."
        ),
        answer=Answer("identifier", "CN70418826", {"ignore_separators": True}),
        probes="Order, consignment, reference and telephone numbers look alike; tape glare and perspective.",
        difficulty="easy",
        tags=("logistics", "label"),
    ),
    build=build,
    variant=lambda rng: f"CN{rng.randint(10_000_000, 99_999_999)}",
    frame=Frame(1320, 990, 12),
)

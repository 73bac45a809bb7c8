# ruff: noqa: E501  (the embedded document is kept as it is set)
"""A scanned supplier's invoice with ordered and delivered quantities."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from PIL import Image, ImageDraw

from scenes.assets import font
from scenes.entry import Answer, Prompt, Value
from scenes.photo import Look
from scenes.scan import Paper, handwrite, ink, scanned, stamp, typeset
from scenes.scene import Document

GOODS = [
    ("6204-2RS", "Deep-groove bearing 6204-2RS", 4.35),
    ("HB1060Z", "Hex bolt M10 x 60, 8.8 zinc", 0.42),
    ("TB5M450", "Timing belt HTD 5M 450", 18.90),
    ("PX12N", "Proximity sensor M12 NPN NO", 27.50),
    ("CG16N", "Cable gland PG16 nylon", 0.88),
    ("PT08B", "Pneumatic tube 8 mm blue, per m", 1.15),
    ("LS7R", "Limit switch, roller lever", 14.20),
    ("GR400", "Grease EP2, cartridge 400 g", 6.30),
    ("CC42I", "Circlip DIN 472, 42 mm", 0.37),
    ("SC20S", "Shaft collar 20 mm, split", 5.60),
]
ORDERS = (4, 6, 8, 10, 12, 16, 24, 25, 30, 40, 50, 60, 120, 150)


@dataclass(frozen=True)
class Line:
    """One line of the invoice; price in pounds."""

    code: str
    name: str
    ordered: int
    delivered: int
    price: float


def order_lines(short: int, rng: random.Random) -> list[Line]:
    """Return eight lines of which `short` were delivered short; quantities often look alike across the columns."""
    lacking = set(rng.sample(range(8), short))
    lines = []
    for index, (code, name, price) in enumerate(rng.sample(GOODS, 8)):
        ordered = rng.choice(ORDERS)
        missing = rng.choice([1, 2, 2, 4]) if ordered < 30 else rng.choice([2, 5, 10])
        lines.append(Line(code, name, ordered, ordered - (missing if index in lacking else 0), price))
    return lines


def page(lines: list[Line], number: int) -> str:
    """Return the invoice as Typst source."""
    rows = ",".join(
        f"[{i}],[{x.code}],[{x.name}],[{x.ordered}],[{x.delivered}],[{x.price:.2f}],[{x.delivered * x.price:,.2f}]"
        for i, x in enumerate(lines, 1)
    )
    goods = sum(x.delivered * x.price for x in lines)
    vat = (goods + 12.5) * 0.2
    return f"""#set page(width: 210mm, height: 206mm, margin: (x: 17mm, y: 15mm))
#set text(size: 10pt, font: "Liberation Sans")
#grid(columns: (1fr, 1fr), [#text(19pt, weight: "bold", fill: rgb("#1d3557"))[Brackwater Bearings] \\ Unit 7, Tannery Works, Elmstead \\ sales\\@brackwater.example · VAT 284 5510 37],
 align(right)[#text(20pt, tracking: 2pt)[INVOICE] \\ No. *BB-{number}* \\ Date 14 Feb 2025 \\ Your order *PO 4221/C*])
#line(length: 100%, stroke: 1.2pt + rgb("#1d3557"))
#v(1mm)
#grid(columns: (1fr, 1fr), [#text(8pt)[INVOICE TO] \\ Fenwick Conveyors \\ 3 Mill Street \\ Harrowby], [#text(8pt)[DELIVER TO] \\ Fenwick Conveyors, Goods In \\ Dock 2, Ironbridge Road \\ Harrowby])
#v(5mm)
#table(columns: (auto, auto, 1fr, auto, auto, auto, auto), align: (center, left, left, right, right, right, right), inset: 6.2pt, stroke: (x, y) => (bottom: .4pt + luma(120)), fill: (x, y) => if y == 0 {{ luma(226) }}, [*Ln*],[*Code*],[*Description*],[*Ordered*],[*Delivered*],[*Unit £*],[*Amount £*], {rows})
#v(2mm)
#align(right)[#table(columns: 2, stroke: none, align: right, inset: 4pt, [Goods], [{goods:,.2f}], [Carriage], [12.50], [VAT 20 %], [{vat:,.2f}], table.hline(), [*Total due*], [*£ {goods + 12.5 + vat:,.2f}*])]
#v(6mm)
#text(9pt)[Terms 30 days net. Please quote the invoice number with payment. Shortages must be reported within five days.]"""


def received_mark() -> Image.Image:
    """Return the RECEIVED stamp as a mask, turned a little."""
    mark = Image.new("L", (360, 190), 0)
    draw = ImageDraw.Draw(mark)
    draw.rounded_rectangle((20, 25, 340, 165), 12, outline=255, width=6)
    draw.text((180, 74), "RECEIVED", 255, font("roboto-condensed-700", 58), anchor="mm")
    draw.text((180, 130), "17 FEB 2025", 255, font("ibm-plex-mono-600", 36), anchor="mm")
    return mark.rotate(8, Image.Resampling.BICUBIC, expand=True)


def loop(centre: tuple[float, float], width: float, height: float) -> list[tuple[float, float]]:
    """Return a hand-drawn ring that overshoots its start."""
    turns = [-2.2 + 7.4 * i / 90 for i in range(91)]
    return [
        (centre[0] + width * math.cos(t) * (1 + 0.012 * t), centre[1] + height * math.sin(t) * (1 + 0.02 * t) - t)
        for t in turns
    ]


def draw(value: Value, rng: random.Random) -> Image.Image:
    """Return the scanned invoice with `value` short lines."""
    image = typeset(page(order_lines(int(str(value)), rng), rng.randint(10000, 99999)), 172)
    width, height = image.size
    image = stamp(image, received_mark(), (round(width * 0.11), round(height * 0.80)), (38, 62, 150), 3)
    image = ink(image, [loop((width * 0.872, height * 0.757), 84, 27)], (30, 34, 120), 2.6)
    image = handwrite(
        image, "chk'd  R. M.", (round(width * 0.40), round(height * 0.885)), "caveat-600", 58, (22, 24, 90)
    )
    return scanned(
        image, Paper(folds=(0.36, 0.69), skew_deg=rng.uniform(-1.3, -0.7), toner=0.35), rng.randint(0, 999)
    )


SCENE = Document(
    prompt=Prompt(
        id="DU02",
        title="Short-delivered lines on a scanned invoice",
        question="On how many lines of this invoice was fewer delivered than ordered? Answer only a number.",
        answer=Answer("integer", 3),
        probes="Row-wise comparison of two columns instead of reading one value off the page.",
        difficulty="easy",
        tags=("scan", "invoice", "table"),
    ),
    draw=draw,
    variant=lambda rng: rng.randint(1, 5),
    look=Look(
        grain=0.004, vignette=0.0, aberration=0.0, saturation=1.0, contrast=0.05, blur_px=0.0, sharpen_percent=40
    ),
)

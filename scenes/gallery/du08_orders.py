# ruff: noqa: E501  (the embedded document is kept as it is set)
"""A screenshot of an order list in a web admin."""

from __future__ import annotations

import random
import subprocess
from dataclasses import dataclass

from PIL import Image

from scenes.assets import SCRATCH
from scenes.entry import Answer, Prompt, Value
from scenes.scene import Document

COLOURS = {
    "Delayed": ("#9a3412", "#ffedd5"),
    "Packed": ("#1e40af", "#dbeafe"),
    "Shipped": ("#166534", "#dcfce7"),
    "Delivered": ("#3f3f46", "#e4e4e7"),
    "On hold": ("#854d0e", "#fef9c3"),
}
CUSTOMERS = (
    "Aldgate Joinery", "Fenwick Conveyors", "Harrowby Dairy", "K. Okafor", "Lindqvist Marine", "Mossgate Nursery", "North Quay Café",
    "P. Marchetti", "Quarry Lane School", "Redfern Cycles", "S. Yamada", "Tarn Optical", "Ulverby Print", "Westbrook Clinic",
)  # fmt: skip


@dataclass(frozen=True)
class Order:
    """One row of the list; total in pounds."""

    number: int
    customer: str
    placed: str
    carrier: str
    status: str
    total: float
    ticked: bool


def orders(ticked_delayed: int, rng: random.Random) -> list[Order]:
    """Return fourteen orders: the asked-for ticked delayed ones, unticked delayed decoys and others ticked or not."""
    states = [("Delayed", True)] * ticked_delayed + [("Delayed", False)] * rng.randint(2, 3)
    others = ["Packed", "Shipped", "Delivered", "On hold"]
    while len(states) < 14:
        states.append((others[len(states) % 4], len(states) % 5 < 2))
    rng.shuffle(states)
    names = rng.sample(CUSTOMERS, 14)
    return [
        Order(
            58214 - i,
            names[i],
            f"{18 - i // 3:02d} Mar 2025",
            rng.choice(["Parsel", "Norvan", "Own van"]),
            status,
            rng.uniform(18, 940),
            tick,
        )
        for i, (status, tick) in enumerate(states)
    ]


def row(order: Order) -> str:
    """Return one table row."""
    ink, paper = COLOURS[order.status]
    box = '<i class="box on">✓</i>' if order.ticked else '<i class="box"></i>'
    return (
        f'<tr class="{"sel" if order.ticked else ""}"><td>{box}</td><td class="no">#{order.number}</td><td>{order.customer}</td><td>{order.placed}</td>'
        f'<td>{order.carrier}</td><td><span class="chip" style="color:{ink};background:{paper}">{order.status}</span></td>'
        f'<td class="r">£{order.total:,.2f}</td><td class="dots">⋯</td></tr>'
    )


STYLE = """body{margin:0;font:14px 'Liberation Sans',Arial,sans-serif;color:#18181b;background:#f4f4f5;display:flex;height:800px}
nav{width:196px;background:#1c2434;color:#a8b2c7;padding:18px 0}nav b{color:#fff;font-size:17px;padding:0 20px;display:block;margin-bottom:22px}
nav a{display:block;padding:9px 20px}nav a.on{background:#2b364c;color:#fff;border-left:3px solid #6d8bff;padding-left:17px}nav a em{float:right;font-style:normal;background:#3b4a67;border-radius:9px;padding:0 7px;font-size:12px}
main{flex:1;padding:18px 26px;position:relative}h1{font-size:21px;margin:0 0 12px}.bar{display:flex;gap:9px;margin-bottom:12px;align-items:center}
.bar span{border:1px solid #d4d4d8;background:#fff;border-radius:6px;padding:6px 11px}.bar .f{background:#eef2ff;border-color:#a5b4fc;color:#3730a3}.bar .s{flex:1;color:#a1a1aa}.bar .p{background:#3f5bd9;color:#fff;border-color:#3f5bd9}
table{width:100%;border-collapse:collapse;background:#fff;border:1px solid #e4e4e7}th{font-size:12px;text-align:left;color:#71717a;background:#fafafa;padding:8px 12px;border-bottom:1px solid #e4e4e7;font-weight:600}
td{padding:10.6px 12px;border-bottom:1px solid #f0f0f1}.sel td{background:#f5f7ff}.r{text-align:right}.no{color:#3f5bd9}.dots{color:#a1a1aa}
.chip{border-radius:10px;padding:2px 10px;font-size:12.5px}.box{display:inline-block;width:15px;height:15px;border:1.5px solid #a1a1aa;border-radius:4px;font-style:normal;font-size:12px;line-height:15px;text-align:center;color:#fff;vertical-align:-2px}
.on.box{background:#3f5bd9;border-color:#3f5bd9}.toast{position:absolute;right:26px;top:16px;background:#18181b;color:#fff;border-radius:7px;padding:10px 15px;font-size:13px}"""


def html(rows: list[Order]) -> str:
    """Return the whole page."""
    menu = "".join(f'<a class="{"on" if name == "Orders" else ""}">{name}{extra}</a>' for name, extra in (("Overview", ""), ("Orders", "<em>14</em>"), ("Returns", "<em>3</em>"), ("Stock", ""), ("Customers", ""), ("Carriers", ""), ("Reports", ""), ("Settings", "")))  # fmt: skip
    head = "<tr><th><i class='box'></i></th><th>Order</th><th>Customer</th><th>Placed ▾</th><th>Carrier</th><th>Status</th><th class='r'>Total</th><th></th></tr>"
    bar = '<div class="bar"><span class="s">Search orders…</span><span class="f">Placed: last 7 days ✕</span><span>Status ▾</span><span>Carrier ▾</span><span class="p">Print labels</span></div>'
    body = "".join(row(each) for each in rows)
    toast = f'<div class="toast">Label for #{rows[0].number} sent to printer 2</div>'
    return f"<!doctype html><meta charset=utf-8><style>{STYLE}</style><nav><b>Larkspur</b>{menu}</nav><main><h1>Orders</h1>{toast}{bar}<table>{head}{body}</table><p style='color:#71717a'>14 of 312 orders</p></main>"


def draw(value: Value, rng: random.Random) -> Image.Image:
    """Return the screenshot taken by Chromium at 1280 x 800."""
    source, shot = SCRATCH / "orders.html", SCRATCH / "orders.png"
    source.write_text(html(orders(int(str(value)), rng)), encoding="utf-8")
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=1280,800"]
    subprocess.run(
        ["chromium", *flags, f"--screenshot={shot}", source.as_uri()], check=True, capture_output=True, timeout=120
    )
    return Image.open(shot).convert("RGB").crop((0, 0, 1280, 800))


SCENE = Document(
    prompt=Prompt(
        id="DU08",
        title="Ticked and delayed orders",
        question="How many ticked orders in this list have the status Delayed? Answer only a number.",
        answer=Answer("integer", 4),
        probes=(
            "Conjunction of two interface states; delayed but unticked rows and ticked but not delayed rows "
            "as decoys."
        ),
        difficulty="easy",
        tags=("screenshot", "interface", "table"),
    ),
    draw=draw,
    variant=lambda rng: rng.randint(2, 6),
    suffix=".png",
)

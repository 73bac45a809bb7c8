"""A printed bar chart of repairs and returns, photographed on a desk."""

from __future__ import annotations

import io
import random

import numpy as np
from PIL import Image

from scenes.assets import asset, keep
from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule, Unshowable
from scenes.materials import Wear, metal, plastic, printed, wood
from scenes.mesh import box, cylinder, lathe, rod, sheet
from scenes.nodes import srgb
from scenes.photo import Look
from scenes.scene import Scene, Shot
from scenes.stage import Frame, View, camera, lamp, surroundings

QUARTERS = ["Q3 2023", "Q4 2023", "Q1 2024", "Q2 2024", "Q3 2024", "Q4 2024"]


def series(answer: str, rng: random.Random) -> tuple[list[int], list[int]]:
    """Return repairs and returns; returns lead most in the asked-for quarter, not where they are tallest."""
    best = QUARTERS.index(answer)
    for _ in range(10_000):
        repairs = [rng.randrange(90, 260, 5) for _ in QUARTERS]
        returns = [r + rng.choice([-60, -45, -30, 15, 25, 30]) for r in repairs]
        returns[best] = repairs[best] + rng.choice([60, 65, 70])
        tallest = max(range(6), key=returns.__getitem__)
        lead = sorted(b - a for a, b in zip(repairs, returns, strict=True))
        if (
            tallest != best
            and lead[-1] - lead[-2] >= 30
            and lead[-2] >= 25
            and returns[tallest] - returns[best] >= 20
            and min(returns) > 40
        ):
            return repairs, returns
    raise Unshowable("no such pair of series")


def chart(repairs: list[int], returns: list[int]) -> Image.Image:
    """Draw the sheet: a heading, the clustered bars and a foot note."""
    import matplotlib
    from matplotlib import font_manager

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    for weight in (400, 600):
        font_manager.fontManager.addfont(str(asset("fonts", f"barlow-condensed-{weight}.ttf")))
    plt.rcParams["font.family"] = "Barlow Condensed"
    figure, axes = plt.subplots(figsize=(11.7, 8.27), dpi=170)
    figure.subplots_adjust(left=0.08, right=0.965, top=0.80, bottom=0.17)
    x = np.arange(6)
    axes.bar(x - 0.2, repairs, 0.38, color="#2a5d78", label="Repairs")
    axes.bar(x + 0.2, returns, 0.38, color="#d98a2b", label="Returns")
    axes.set_xticks(x, QUARTERS, fontsize=19)
    axes.tick_params(axis="y", labelsize=17)
    axes.set_ylim(0, 350)
    axes.set_ylabel("Units", fontsize=19)
    axes.yaxis.grid(True, color="#c9c9c9", linewidth=0.9)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.legend(fontsize=19, frameon=False, loc="upper right", ncols=2)
    figure.text(0.08, 0.925, "Workshop throughput", fontsize=34, weight=600)
    figure.text(0.08, 0.872, "Repairs carried out and returns received, per quarter", fontsize=20, color="#555555")
    figure.text(
        0.08,
        0.055,
        "Source: service desk log, depots 2 and 5.   Redfern Cycles, internal.",
        fontsize=15,
        color="#555555",
    )
    figure.text(0.965, 0.055, "page 4", fontsize=15, color="#555555", ha="right")
    buffer = io.BytesIO()
    figure.savefig(buffer, facecolor="#f7f6f2")
    plt.close(figure)
    return Image.open(buffer).convert("RGB")


def build(value: Value, rng: random.Random) -> Shot:
    """Print the chart on slightly curled glossy paper and look at it from the side of the desk."""
    art = chart(*series(str(value), rng))
    width, height = 0.297, 0.210
    gloss = printed("photo paper", keep(art, "chart"), 0.26, 0.05, 0.5, 0.3)
    paper = sheet(
        width,
        height,
        gloss,
        "print",
        (120, 90),
        lambda x, y: (
            0.0022
            + 0.011 * np.maximum(0, x / width + 0.12) ** 2
            + 0.004 * np.maximum(0, -y / height - 0.2) ** 2
            + 0.0011 * np.sin(x * 21 + 9 * y)
        ),
    )
    paper.rotation_euler.z = 0.10
    under = sheet(
        width,
        height,
        printed("under", keep(Image.new("RGB", (64, 64), (236, 235, 230)), "blank"), 0.5),
        "lower sheet",
        (20, 20),
        lambda x, y: 0.0003 + 0 * x,
    )
    under.location, under.rotation_euler = (0.03, 0.02, 0), (0, 0, -0.06)
    box(
        (1.6, 1.2, 0.03),
        (0, 0.1, -0.015),
        wood("desk", srgb("#8a6a48"), srgb("#cbab7e"), 0.4, stains=0.3),
        "desk",
        0.003,
    )
    cup_glaze = plastic("glaze", srgb("#3e5c58"), 0.12, Wear(0.1, 0.05, 0.3, 0.05), coat=0.6)
    cup = lathe(
        [
            (0, 0),
            (0.030, 0),
            (0.037, 0.01),
            (0.041, 0.05),
            (0.041, 0.092),
            (0.0385, 0.092),
            (0.0385, 0.05),
            (0.034, 0.012),
            (0, 0.010),
        ],
        cup_glaze,
        "cup",
        96,
    )
    cup.location = (-0.19, 0.185, 0)
    coffee = lathe([(0, 0), (0.0383, 0)], plastic("coffee", srgb("#1d0f08"), 0.05), "coffee", 64)
    coffee.location = (-0.19, 0.185, 0.074)
    steel = metal("steel", srgb("#9c9c99"), 0.28, Wear(0.4, 0.1, 0.4, 0.04))
    rod(
        (0.13, 0.150, 0.0075),
        (0.25, 0.095, 0.0075),
        0.0045,
        plastic("pen", srgb("#20242c"), 0.3, coat=0.4),
        "pen",
        0.002,
    )
    rod((0.25, 0.095, 0.0075), (0.262, 0.0895, 0.0075), 0.002, steel, "pen tip", 0.001)
    clip = cylinder(0.011, 0.008, plastic("magnet", srgb("#a02a24"), 0.35), "magnet", 0.002)
    clip.location = (0.19, 0.165, 0.0003)
    surroundings("apartment", rng.uniform(0, 360), 0.55)
    lamp((-0.42, 0.55, 0.46), (0, 0, 0), 0.1, 5, (1, 0.9, 0.76))
    lamp((0.6, -0.2, 0.8), (0, 0, 0), 0.6, 4.5, (0.86, 0.93, 1))
    camera(View((0.085, -0.235, 0.30), (0.006, -0.002, 0.0), 33, 8, roll_deg=-3))
    return Shot([paper], Rule(0.93, 200_000), Look(grain=0.008, warmth=0.01, contrast=0.2))


SCENE = Scene(
    prompt=Prompt(
        id="DU05",
        title="Bar chart on a glossy printout",
        question="In which quarter did returns exceed repairs by the largest amount? Answer like Q1 2023.",
        answer=Answer("text", "Q3 2024", {"aliases": ["2024 Q3", "Q3/2024"]}),
        probes="Two series must be compared pairwise; the tallest returns bar stands in another quarter.",
        difficulty="medium",
        tags=("chart", "office"),
    ),
    build=build,
    variant=lambda rng: rng.choice(QUARTERS),
    frame=Frame(1320, 990, 12),
)

# ruff: noqa: E501  (the embedded document is kept as it is set)
"""A bus-stop timetable behind scratched acrylic."""

from __future__ import annotations

import random
import re

import numpy as np

from scenes.assets import keep
from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule
from scenes.materials import Wear, film, metal, painted, plastic, printed
from scenes.mesh import box, rod, sheet, tube
from scenes.nodes import srgb
from scenes.photo import Look
from scenes.scan import typeset
from scenes.scene import Scene, Shot
from scenes.sight import see_through
from scenes.stage import Frame, View, camera, exposure, lamp, sun, surroundings

STOPS = ("Marlpit Lane", "Dunmere Bridge", "Harrowby Cross", "Hospital", "Tannery Works", "Elmstead Station")
STEPS = (0, 7, 13, 22, 28, 37)


def clock(minutes: int) -> str:
    """Return hours and minutes, 24-hour."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def journeys(answer: int, rng: random.Random) -> list[tuple[int, str]]:
    """Return departures from Harrowby Cross with note codes; the first after nine without NS or SH is the answer."""
    early = [(answer - 121, ""), (answer - 79, "NS"), (answer - 52, "")]
    after = [
        (9 * 60 + rng.randint(6, 12), "NS"),
        (9 * 60 + rng.randint(18, 26), "SH"),
        (answer, ""),
        (answer + 25, "NS"),
        (answer + 52, ""),
    ]
    return early + after


def poster(times: list[tuple[int, str]]) -> str:
    """Return the timetable as Typst source."""
    head = "[]," + ",".join(f'[#text(13pt, weight: "bold")[{code}]]' for _, code in times)
    rows = ""
    for index, stop in enumerate(STOPS):
        cells = ",".join(f"[{clock(start - STEPS[2] + STEPS[index])}]" for start, _ in times)
        rows += f"[{stop}],{cells},"
    return f"""#set page(width: 250mm, height: 160mm, margin: 9mm, fill: rgb("#f6f4ea"))
#set text(font: "Liberation Sans", size: 16.5pt)
#block(fill: rgb("#14532d"), width: 100%, inset: 9pt)[#text(fill: white, weight: "bold", size: 36pt)[47] #h(6mm) #text(fill: white, size: 22pt)[Marlpit Lane – Harrowby – Elmstead] #h(1fr) #text(fill: white, size: 14pt)[Mondays to Saturdays]]
#v(1mm)
#table(columns: (1fr, {", ".join(["auto"] * len(times))}), align: (left, {", ".join(["center"] * len(times))}), inset: (x: 5.6pt, y: 11.5pt), stroke: none, fill: (x, y) => if y == 0 {{ rgb("#dfe8dc") }} else if calc.odd(y) {{ rgb("#efeee2") }} else {{ none }}, [#text(13pt)[Notes]],{head.split(",", 1)[1]}, {rows})
#v(1mm)
#text(13.4pt)[*NS* #h(1mm) does not run on Saturdays #h(8mm) *SH* #h(1mm) runs on schooldays only (Monday to Friday) #v(0.5mm)
No service on Sundays and public holidays. Valid from 5 January 2025. Tarnside Buses, Depot Road, Dunmere. #h(4mm) Stop: *Harrowby Cross*]"""


def build(value: Value, rng: random.Random) -> Shot:
    """Hang the poster in a case at the roadside."""
    hours, minutes = (int(part) for part in re.findall(r"\d+", str(value)))
    art = typeset(poster(journeys(hours * 60 + minutes, rng)), 190)
    width, height = 0.5, 0.5 * art.height / art.width
    paper = printed("poster", keep(art, "timetable"), 0.85, 0.0, 0.08, 0.4)
    ripple = sheet(
        width,
        height,
        paper,
        "poster",
        (60, 40),
        lambda x, y: 0.0012 * np.sin(x * 19 + 1) * np.cos(y * 14) + 0.0015,
    )
    frame_paint = painted("frame", srgb("#2c4a3a"), chips=0.6, wear=Wear(0.5, 0.3, 0.12, 0.2))
    box((width + 0.02, height + 0.02, 0.004), (0, 0, -0.003), plastic("back", srgb("#c8c6bc"), 0.6), "back")
    for sign in (-1, 1):
        box((0.035, height + 0.09, 0.035), (sign * (width / 2 + 0.027), 0, 0.008), frame_paint, "post", 0.004)
        box((width + 0.02, 0.035, 0.033), (0, sign * (height / 2 + 0.027), 0.008), frame_paint, "rail", 0.004)
        screw = metal("screw", srgb("#a5a5a2"), 0.35, Wear(0.5, 0.3, 0.4, 0.02))
        for end in (-1, 1):
            at = (sign * (width / 2 + 0.027), end * height * 0.36)
            rod((*at, 0.024), (*at, 0.0275), 0.006, screw, "screw", 0.001)
    acrylic = film("acrylic", (0.95, 0.96, 0.95), ripple=0.0, rough=0.02, gain=0.45)
    pane = see_through(sheet(width, height, acrylic, "pane", (2, 2)))
    pane.location.z = 0.012
    scratched(width, height, rng)
    box(
        (4, 4, 0.05),
        (0, 0, -0.25),
        painted("shelter", srgb("#b7bcb9"), chips=0.1, wear=Wear(0.2, 0.3, 0.8, 0.5)),
        "shelter",
    )
    rod(
        (-0.42, -1.5, -0.1),
        (-0.42, 1.5, -0.1),
        0.045,
        painted("pole", srgb("#2c4a3a"), chips=0.4, wear=Wear(0.4, 0.4, 0.5, 0.3)),
    )
    exposure(-0.25)
    surroundings("city", rng.uniform(0, 360), 0.9)
    sun((0.5, -0.9, -0.9), 2.6, 1.2)
    lamp((-0.4, 0.7, 0.9), size=0.5, watts=7, colour=(0.85, 0.93, 1))
    camera(View((0.14, -0.10, 0.74), (0.0, 0.0, 0), 42, 8, roll_deg=-3, up=(0, 1, 0)))
    return Shot([ripple], Rule(0.8, 200_000, 2.0), Look(grain=0.008, vignette=0.15, contrast=0.35))


def scratched(width: float, height: float, rng: random.Random) -> None:
    """Scratch the acrylic: thin bright threads on its face that do not hide the print."""
    mark = plastic("scratch", srgb("#dedfdb"), 0.5)
    for _ in range(26):
        x, y = rng.uniform(-0.46, 0.46) * width, rng.uniform(-0.46, 0.46) * height
        dx, dy = rng.gauss(0, 0.035), rng.gauss(0, 0.025)
        tube(
            [(x, y, 0.0125), (x + dx * 0.5 + 0.002, y + dy * 0.5, 0.0125), (x + dx, y + dy, 0.0125)],
            0.00012,
            mark,
            "scratch",
            4,
            3,
        )


SCENE = Scene(
    prompt=Prompt(
        id="DU07",
        title="Timetable with footnotes",
        question=(
            "It is an ordinary Saturday. What time is the earliest bus that leaves Harrowby Cross after "
            "09:00? Answer like 09:30."
        ),
        answer=Answer("time", "09:47"),
        probes="The first two candidates carry footnotes that rule them out on a Saturday.",
        difficulty="medium",
        tags=("timetable", "transport"),
    ),
    build=build,
    variant=lambda rng: f"09:{rng.randint(36, 55):02d}",
    frame=Frame(1360, 1020, 12),
)

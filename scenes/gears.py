"""Involute spur gears: the outline of a wheel, and how one wheel must be turned to mesh with another."""

from __future__ import annotations

import math

PRESSURE = math.radians(20)


def involute_outline(teeth: int, module: float) -> list[tuple[float, float]]:
    """Return the outline of a 20 degree involute gear in metres, a tooth pointing along +x."""
    pitch_radius = module * teeth / 2
    base, tip, root = (
        pitch_radius * math.cos(PRESSURE),
        pitch_radius + module * 0.95,
        pitch_radius - module * 1.2,
    )
    half = math.pi / (2 * teeth) * 0.95 + _involute(math.acos(base / pitch_radius))
    flank = []
    for step in range(7):
        radius = max(base, root) + (tip - max(base, root)) * step / 6
        flank.append((radius, half - _involute(math.acos(min(1.0, base / radius)))))
    outline = []
    for tooth in range(teeth):
        middle = math.tau * tooth / teeth
        side = [(root, -half * 1.02), *((r, -a) for r, a in flank)]
        other = [(r, a) for r, a in reversed(side)]
        outline += [(r, middle + a) for r, a in side] + [(r, middle - a) for r, a in other]
    return [(r * math.cos(a), r * math.sin(a)) for r, a in outline]


def _involute(pressure: float) -> float:
    return math.tan(pressure) - pressure


def meshing_turn(driver_turn: float, driver_teeth: int, driven_teeth: int, heading: float) -> float:
    """Return the driven gear's turn at which its gap meets the driver's tooth along the heading between them."""
    ratio = driver_teeth / driven_teeth
    gap = math.pi / driven_teeth
    return heading + math.pi + gap - (driver_turn - heading) * ratio

"""Decide whether a picture shows its answer: every subject seen, large enough and clear of the frame's edge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scenes.zbuffer import Coverage


class Unshowable(Exception):  # noqa: N818  (it is an outcome of a seed, not an error)
    """The scene cannot show its answer with this seed; the next seed may."""


@dataclass(frozen=True)
class Rule:
    """What a subject must satisfy; pixels count at full size."""

    visible_share: float = 0.4
    visible_pixels: int = 300
    edge_pixels: float = 6.0


def faults(coverage: Mapping[str, Coverage], rule: Rule, width: int, height: int) -> list[str]:
    """Return one line for each subject that breaks the rule in a picture of this size."""
    found = []
    for name, seen in coverage.items():
        left, top, right, bottom = seen.box
        if seen.share < rule.visible_share:
            found.append(f"{name}: {seen.share:.0%} visible, at least {rule.visible_share:.0%} needed")
        if seen.visible < rule.visible_pixels:
            found.append(f"{name}: {seen.visible} px visible, at least {rule.visible_pixels} needed")
        if min(left, top, width - right, height - bottom) < rule.edge_pixels:
            found.append(f"{name}: reaches the frame's edge, box {left:.0f},{top:.0f},{right:.0f},{bottom:.0f}")
    return found

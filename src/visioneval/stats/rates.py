"""One rate: k passes of n prompts, and how far it may lie from the truth."""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist
from typing import NamedTuple


class Interval(NamedTuple):
    """Two ends, in the unit of what they enclose."""

    low: float
    high: float


def z_value(confidence: float = 0.95) -> float:
    """Return the two-sided normal quantile: 1.96 for 95 %."""
    return NormalDist().inv_cdf((1 + confidence) / 2)


def wilson(passes: float, n: float, *, confidence: float = 0.95, z: float | None = None) -> Interval:
    """Return Wilson's score interval of a proportion (Wilson 1927; Brown, Cai and DasGupta 2001).

    `n` may be an effective sample size, and `z` a quantile of Student's t, for clustered data.
    Raises ValueError unless 0 <= passes <= n and n > 0.
    """
    _check(passes, n)
    z = z_value(confidence) if z is None else z
    rate, spread = passes / n, z * z / n
    centre = (rate + spread / 2) / (1 + spread)
    half = z / (1 + spread) * sqrt(rate * (1 - rate) / n + spread / (4 * n))
    low = 0.0 if passes == 0 else max(0.0, centre - half)
    high = 1.0 if passes == n else min(1.0, centre + half)
    return Interval(low, high)


def worst_best(passes: int, verdicts: int, n: int) -> Interval:
    """Return the rate if all n - verdicts missing answers were wrong, and if all were right."""
    return Interval(passes / n, (passes + n - verdicts) / n)


def blind_gain(seen: float, blind: float) -> tuple[float, float]:
    """Return what the picture is worth: the gain in rate, and its share of what was left to gain.

    The gain is MMStar's multi-modal gain (Chen et al. 2024); the share is (seen - blind) / (1 - blind), 0 where
    nothing was left.
    """
    return seen - blind, (seen - blind) / (1 - blind) if blind < 1 else 0.0


def _check(passes: float, n: float) -> None:
    if n <= 0 or not 0 <= passes <= n:
        raise ValueError(f"{passes} passes of {n} is not a proportion")

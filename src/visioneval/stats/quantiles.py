"""Times: quantiles with intervals that assume nothing about their distribution."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import exp, floor, lgamma, log
from typing import NamedTuple

from visioneval.stats.rates import Interval


class Quantile(NamedTuple):
    """A quantile and its 95 % interval, in the unit of the values; None where the sample sets no bound."""

    value: float
    low: float | None
    high: float | None


def quantile(values: Sequence[float], p: float, *, confidence: float = 0.95) -> Quantile:
    """Return the p-quantile (linear interpolation) with its order-statistic interval. Needs a value."""
    ordered = sorted(values)
    low, high = quantile_ranks(len(ordered), p, confidence=confidence)
    return Quantile(
        _interpolate(ordered, p),
        None if low is None else ordered[low - 1],
        None if high is None else ordered[high - 1],
    )


def quantile_ranks(n: int, p: float, *, confidence: float = 0.95) -> tuple[int | None, int | None]:
    """Return the ranks, from 1, of the order statistics that bound the p-quantile; None where none does.

    The lower rank is the (1-confidence)/2 quantile of Binomial(n, p), the upper one its mirror plus one
    (Conover 1999, as `scipy.stats.quantile_test`).
    """
    tail = (1 - confidence) / 2
    low = _binomial_quantile(n, p, tail)
    high = n - _binomial_quantile(n, 1 - p, tail) + 1
    return (low if low >= 1 else None), (high if high <= n else None)


def _binomial_quantile(n: int, p: float, tail: float) -> int:
    """Return the smallest k with P(X <= k) >= tail for X ~ Binomial(n, p)."""
    total = 0.0
    for k in range(n + 1):
        total += exp(lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) + k * log(p) + (n - k) * log(1 - p))
        if total >= tail:
            return k
    return n


def _interpolate(ordered: Sequence[float], p: float) -> float:
    place = p * (len(ordered) - 1)
    below = floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


@lru_cache(maxsize=1_024)
def ratio_of_times(a: tuple[float, ...], b: tuple[float, ...], *, seed: int = 0) -> tuple[float, Interval, float]:
    """Return how many times as long B takes as A on the same prompts: geometric mean, interval, p-value.

    The interval is a paired bootstrap of log ratios, the p-value Wilcoxon's signed-rank test. Times are > 0.
    """
    from scipy.stats import wilcoxon

    from visioneval.stats.paired import paired_bootstrap

    logs = [log(second / first) for first, second in zip(a, b, strict=True)]
    low, high = paired_bootstrap(logs, seed=seed)
    p_value = float(wilcoxon(logs).pvalue) if any(logs) else 1.0
    return exp(sum(logs) / len(logs)), Interval(exp(low), exp(high)), p_value

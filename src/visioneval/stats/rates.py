"""One rate: k passes of n prompts, and how far it may lie from the truth."""

from __future__ import annotations

from collections.abc import Sequence
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


def clopper_pearson(passes: int, n: int, *, confidence: float = 0.95) -> Interval:
    """Return the exact interval (Clopper and Pearson 1934): where a guarantee is claimed."""
    from scipy.special import betaincinv

    _check(passes, n)
    tail = (1 - confidence) / 2
    low = 0.0 if passes == 0 else float(betaincinv(passes, n - passes + 1, tail))
    high = 1.0 if passes == n else float(betaincinv(passes + 1, n - passes, 1 - tail))
    return Interval(low, high)


def jeffreys(passes: int, n: int, *, confidence: float = 0.95) -> Interval:
    """Return the equal-tailed interval under Jeffreys' prior, with the usual ends at 0 and n passes."""
    from scipy.special import betaincinv

    _check(passes, n)
    tail, a, b = (1 - confidence) / 2, passes + 0.5, n - passes + 0.5
    low = 0.0 if passes == 0 else float(betaincinv(a, b, tail))
    high = 1.0 if passes == n else float(betaincinv(a, b, 1 - tail))
    return Interval(low, high)


def worst_best(passes: int, verdicts: int, n: int, *, sampling: bool = False) -> Interval:
    """Return the rate if all n - verdicts missing answers were wrong, and if all were right.

    With `sampling` the ends also take in Wilson's 95 % sampling error.
    """
    worst, best = passes, passes + n - verdicts
    if sampling:
        return Interval(wilson(worst, n).low, wilson(best, n).high)
    return Interval(worst / n, best / n)


def blind_gain(seen: float, blind: float) -> tuple[float, float]:
    """Return what the picture is worth: the gain in rate, and its share of what was left to gain.

    The gain is MMStar's multi-modal gain (Chen et al. 2024); the share is (seen - blind) / (1 - blind), 0 where
    nothing was left.
    """
    return seen - blind, (seen - blind) / (1 - blind) if blind < 1 else 0.0


def leak(blind: float, text_only: float) -> float:
    """Return MMStar's multi-modal leakage: what a model without its picture has over its language model alone."""
    return max(0.0, blind - text_only)


def stratified_se(strata: Sequence[tuple[int, int]]) -> float:
    """Return the standard error of the plain mean of several rates, given as (passes, n)."""
    return sqrt(sum(k / n * (1 - k / n) / (n - 1) for k, n in strata if n > 1)) / len(strata)


def heterogeneity_p(strata: Sequence[tuple[int, int]]) -> float:
    """Return the chi-squared p-value of "all these rates are one" (without continuity correction)."""
    from scipy.special import gammaincc

    total = sum(n for _, n in strata)
    pooled = sum(k for k, _ in strata) / total
    if pooled in (0.0, 1.0) or len(strata) < 2:
        return 1.0
    statistic = sum((k - n * pooled) ** 2 / (n * pooled * (1 - pooled)) for k, n in strata)
    return float(gammaincc((len(strata) - 1) / 2, statistic / 2))


def shrunk_rates(strata: Sequence[tuple[int, int]]) -> tuple[float, ...]:
    """Return each rate drawn towards their common mean: beta-binomial empirical Bayes.

    The prior Beta(a, b) is the one of greatest marginal likelihood. Use it when a "best category" is named.
    """
    a, b = _beta_prior(strata)
    return tuple((k + a) / (n + a + b) for k, n in strata)


def _beta_prior(strata: Sequence[tuple[int, int]]) -> tuple[float, float]:
    import numpy as np
    from scipy.optimize import minimize
    from scipy.special import betaln

    k, n = np.array(strata, dtype=float).T

    def loss(logs: Sequence[float]) -> float:
        a, b = np.exp(logs)
        return -float(np.sum(betaln(k + a, n - k + b) - betaln(a, b)))

    best = minimize(loss, np.log([2.0, 2.0]), method="Nelder-Mead", bounds=[(-6, 9), (-6, 9)])
    a, b = np.exp(best.x)
    return float(a), float(b)


def _check(passes: float, n: float) -> None:
    if n <= 0 or not 0 <= passes <= n:
        raise ValueError(f"{passes} passes of {n} is not a proportion")

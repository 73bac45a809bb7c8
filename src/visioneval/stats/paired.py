"""Two models on the same prompts: the 2x2 table, McNemar's tests, intervals of the difference, power.

Everywhere the difference is B minus A, and only the prompts on which they disagree say anything about it.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import cache, lru_cache
from math import comb, sqrt
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from visioneval.stats.rates import Interval, wilson, z_value

if TYPE_CHECKING:
    import numpy as np

    Array: TypeAlias = np.ndarray[Any, Any]


class PairedTable(NamedTuple):
    """Counts of prompts by who passes them."""

    both: int
    only_a: int
    only_b: int
    neither: int

    @classmethod
    def of(cls, a: Sequence[bool], b: Sequence[bool]) -> PairedTable:
        """Count two equally long rows of passes."""
        pairs = list(zip(a, b, strict=True))
        return cls(*(pairs.count(pair) for pair in ((True, True), (True, False), (False, True), (False, False))))

    @property
    def n(self) -> int:
        return sum(self)

    @property
    def difference(self) -> float:
        return (self.only_b - self.only_a) / self.n

    @property
    def discordance(self) -> float:
        return (self.only_a + self.only_b) / self.n


def mcnemar_exact(only_a: int, only_b: int) -> float:
    """Return the exact two-sided p-value of McNemar's test: binomial, half and half."""
    below, _ = _tail(min(only_a, only_b), only_a + only_b)
    return float(min(Fraction(1), 2 * below))


def mcnemar_midp(only_a: int, only_b: int) -> float:
    """Return the two-sided mid-p of McNemar's test (Fagerland, Lydersen and Laake 2013)."""
    below, point = _tail(min(only_a, only_b), only_a + only_b)
    return float(min(Fraction(1), 2 * below - point))


def _tail(m: int, n: int) -> tuple[Fraction, Fraction]:
    """Return P(X <= m) and P(X = m) for X ~ Binomial(n, 1/2), exactly."""
    return Fraction(sum(comb(n, i) for i in range(m + 1)), 2**n), Fraction(comb(n, m), 2**n)


def newcombe(
    table: tuple[float, float, float, float], *, confidence: float = 0.95, z: float | None = None
) -> Interval:
    """Return Newcombe's interval of a difference of paired proportions (Newcombe 1998, method 10).

    The table is as `PairedTable`. For clustered data its counts may be effective ones, and `z` Student's t.
    """
    a, b, c, _ = table
    n, z = sum(table), z_value(confidence) if z is None else z
    p1, p2, difference = (a + c) / n, (a + b) / n, (c - b) / n
    l1, u1 = wilson(min(a + c, n), n, z=z)
    l2, u2 = wilson(min(a + b, n), n, z=z)
    phi = _phi(table)
    down, up = (p1 - l1, u2 - p2), (u1 - p1, p2 - l2)
    return Interval(difference - _norm(*down, phi), difference + _norm(*up, phi))


def _phi(table: tuple[float, float, float, float]) -> float:
    a, b, c, d = table
    root = sqrt((a + b) * (c + d) * (a + c) * (b + d))
    if root == 0:
        return 0.0
    cross = a * d - b * c
    return (max(cross - sum(table) / 2, 0) if cross > 0 else cross) / root


def _norm(x: float, y: float, phi: float) -> float:
    return sqrt(max(0.0, x * x - 2 * phi * x * y + y * y))


def bonett_price(table: PairedTable, *, confidence: float = 0.95) -> Interval:
    """Return the adjusted Wald interval of Bonett and Price (2012): the simple cross-check."""
    m, z = table.n + 2, z_value(confidence)
    p, q = (table.only_a + 1) / m, (table.only_b + 1) / m
    half = z * sqrt((p + q - (q - p) ** 2) / m)
    return Interval(q - p - half, q - p + half)


def equivalent(table: PairedTable, margin: float) -> bool:
    """Return whether two one-sided tests at 5 % place the difference within +-margin (TOST)."""
    low, high = bonett_price(table, confidence=0.90)
    return -margin < low and high < margin


def paired_bootstrap(differences: Sequence[float], *, seed: int = 0) -> Interval:
    """Return the percentile bootstrap interval of a mean difference, one value a prompt.

    20,000 draws up to 200 prompts, fewer (never below 2,000) for more. Too narrow below about 60 prompts.
    """
    import numpy as np

    means = _resampling(len(differences), seed) @ np.asarray(differences, dtype=float)
    low, high = np.quantile(means, [0.025, 0.975])
    return Interval(float(low), float(high))


@lru_cache(maxsize=4)
def _resampling(n: int, seed: int) -> Array:
    """Return draws x n: the weight of each prompt in each draw. Every comparison sees the same draws."""
    import numpy as np

    draws = max(2_000, min(20_000, 4_000_000 // n))
    picked = np.random.default_rng(seed).integers(0, n, (draws, n)) + n * np.arange(draws)[:, None]
    return np.bincount(picked.ravel(), minlength=draws * n).reshape(draws, n) / n


@cache
def smallest_decisive_gap(disagreements: int, alpha: float = 0.05, *, midp: bool = True) -> int | None:
    """Return the smallest |only_a - only_b| with p <= alpha, or None when even all one way is not enough."""
    limit = Fraction(alpha) * 2**disagreements
    below, point, decisive = 0, 1, None
    for fewer in range(disagreements // 2 + 1):
        below += point
        if 2 * below - (point if midp else 0) > limit:
            break
        decisive = disagreements - 2 * fewer
        point = point * (disagreements - fewer) // (fewer + 1)
    return decisive


def power(n: int, discordance: float, difference: float, alpha: float = 0.05, *, midp: bool = True) -> float:
    """Return the chance that McNemar's test sees a true difference, exactly over the trinomial.

    n prompts, of which a share `discordance` is passed by one model only, and `difference` is B minus A.
    Raises ValueError unless |difference| <= discordance.
    """
    if not abs(difference) <= discordance + 1e-12:
        raise ValueError(f"a difference of {difference} needs at least as much discordance, not {discordance}")
    from scipy.special import bdtr
    from scipy.stats import binom

    m, last = _critical(n, alpha, midp)
    share = min(1.0, max(0.0, 0.5 + difference / (2 * discordance))) if discordance else 0.5
    ends = bdtr(last, m, share) + bdtr(last, m, 1 - share)
    return float((binom.pmf(m, n, discordance) * ends).sum())


@cache
def _critical(n: int, alpha: float, midp: bool) -> tuple[Array, Array]:
    """Return each number of disagreements that can decide, and the largest smaller count that does."""
    import numpy as np

    gaps = {m: gap for m in range(n + 1) if (gap := smallest_decisive_gap(m, alpha, midp=midp)) is not None}
    disagreements = np.array(list(gaps), dtype=int)
    return disagreements, (disagreements - np.array(list(gaps.values()), dtype=int)) // 2


def minimal_detectable_difference(
    n: int, discordance: float, wanted_power: float = 0.8, alpha: float = 0.05, *, midp: bool = True
) -> float | None:
    """Return the smallest true difference that is seen with the wanted power, or None when none is."""
    if power(n, discordance, discordance, alpha, midp=midp) < wanted_power:
        return None
    low, high = 0.0, discordance
    while high - low > 1e-4:
        middle = (low + high) / 2
        if power(n, discordance, middle, alpha, midp=midp) < wanted_power:
            low = middle
        else:
            high = middle
    return high

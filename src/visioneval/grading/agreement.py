"""Agreement: how well the grader's passes agree with labels given by hand. Positive means pass."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

from visioneval.stats.rates import wilson, z_value


class Share(NamedTuple):
    """A share of n with its 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def text(self) -> str:
        """The share alone; "unknown" where it is a share of nothing."""
        return "unknown" if math.isnan(self.value) else f"{self.value:.4f}"

    def __str__(self) -> str:
        return f"{self.text} [{self.low:.4f}, {self.high:.4f}]"


class Agreement(NamedTuple):
    """The four counts of an exam."""

    true_passes: int
    false_passes: int
    missed_passes: int
    true_fails: int

    @property
    def n(self) -> int:
        return sum(self)

    @property
    def precision(self) -> Share:
        """Share of the grader's passes that are labelled pass."""
        return _share(self.true_passes, self.true_passes + self.false_passes)

    @property
    def recall(self) -> Share:
        """Share of the labelled passes that the grader passes."""
        return _share(self.true_passes, self.true_passes + self.missed_passes)

    @property
    def kappa(self) -> Share:
        return cohens_kappa(self)


def count_agreement(pairs: Iterable[tuple[bool, bool]]) -> Agreement:
    """Count (passed, labelled pass) pairs."""
    counts = {(True, True): 0, (True, False): 0, (False, True): 0, (False, False): 0}
    for pair in pairs:
        counts[pair] += 1
    return Agreement(counts[True, True], counts[True, False], counts[False, True], counts[False, False])


def _share(k: int, n: int) -> Share:
    return Share(k / n, *wilson(k, n)) if n else Share(float("nan"), 0.0, 1.0)


def cohens_kappa(counts: Agreement) -> Share:
    """Cohen's kappa with the large-sample standard error of Fleiss, Cohen and Everitt (1969)."""
    n = counts.n
    if n == 0:
        return Share(float("nan"), -1.0, 1.0)
    tp, fp, fn, tn = (count / n for count in counts)
    rows, columns = (tp + fp, fn + tn), (tp + fn, fp + tn)
    observed = tp + tn
    expected = rows[0] * columns[0] + rows[1] * columns[1]
    if expected == 1:
        return Share(float("nan"), -1.0, 1.0)
    kappa = (observed - expected) / (1 - expected)
    cells = ((tp, fp), (fn, tn))
    agree = sum(cells[i][i] * (1 - (rows[i] + columns[i]) * (1 - kappa)) ** 2 for i in (0, 1))
    differ = (1 - kappa) ** 2 * sum(cells[i][j] * (columns[i] + rows[j]) ** 2 for i, j in ((0, 1), (1, 0)))
    variance = (agree + differ - (kappa - expected * (1 - kappa)) ** 2) / (n * (1 - expected) ** 2)
    half = z_value() * math.sqrt(max(0.0, variance))
    return Share(kappa, max(-1.0, kappa - half), min(1.0, kappa + half))

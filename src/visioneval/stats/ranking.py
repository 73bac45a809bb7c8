"""Many models at once: rank ranges, corrections for many tests, and how well a prompt tells models apart."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:
    import numpy as np

    Array: TypeAlias = np.ndarray[Any, Any]


class RankRange(NamedTuple):
    """Where a model ranks when the prompts are drawn again: 95 % of the draws, and how often it is first."""

    low: int
    high: int
    first_share: float


def rank_ranges(scores: Sequence[Sequence[float]], *, seed: int = 0, draws: int = 20_000) -> tuple[RankRange, ...]:
    """Return the rank range of each model from a bootstrap of the prompts, the same draw for every model.

    `scores` is models x prompts (or clusters). Ties share the best rank; being first together counts.
    """
    import numpy as np

    matrix = np.asarray(scores, dtype=float)
    models, prompts = matrix.shape
    rng = np.random.default_rng(seed)
    batch = max(1, 4_000_000 // prompts)
    ranks = np.concatenate(
        [
            _ranks(matrix, rng.integers(0, prompts, (min(batch, draws - start), prompts)))
            for start in range(0, draws, batch)
        ]
    )
    low, high = np.quantile(ranks, [0.025, 0.975], axis=0, method="inverted_cdf")
    first = (ranks == 1).mean(axis=0)
    return tuple(RankRange(int(low[i]), int(high[i]), float(first[i])) for i in range(models))


def _ranks(matrix: Array, drawn: Array) -> Array:
    """Return draws x models: each model's rank in each draw, ties sharing the best."""
    import numpy as np

    draws, prompts = drawn.shape
    places = drawn + prompts * np.arange(draws)[:, None]
    weights = np.bincount(places.ravel(), minlength=draws * prompts).reshape(draws, prompts)
    totals = np.round(weights @ matrix.T, 9)
    return np.stack([1 + (totals > totals[:, [model]]).sum(axis=1) for model in range(len(matrix))], axis=1)


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Return p-values corrected by Holm's step-down (1979): none of them is wrong, at alpha in all."""
    adjusted, highest, count = [0.0] * len(p_values), 0.0, len(p_values)
    for place, index in enumerate(_order(p_values)):
        highest = max(highest, min(1.0, (count - place) * p_values[index]))
        adjusted[index] = highest
    return tuple(adjusted)


def _order(values: Sequence[float]) -> list[int]:
    return sorted(range(len(values)), key=values.__getitem__)


def cochrans_q(passes: Sequence[Sequence[bool]]) -> tuple[float, float]:
    """Return Cochran's Q and its p-value for several models (rows) on the same prompts (Cochran 1950)."""
    from scipy.special import gammaincc

    models = len(passes)
    by_model = [sum(row) for row in passes]
    by_prompt = [sum(column) for column in zip(*passes, strict=True)]
    spread = models * sum(by_prompt) - sum(count**2 for count in by_prompt)
    if spread == 0:
        return 0.0, 1.0
    q = (models - 1) * (models * sum(k**2 for k in by_model) - sum(by_model) ** 2) / spread
    return q, float(gammaincc((models - 1) / 2, q / 2))


def point_biserial(passes: Sequence[float], rest: Sequence[float]) -> float | None:
    """Return how a prompt's scores go with the models' scores on the rest; None where either never varies."""
    n = len(passes)
    mean_x, mean_y = sum(passes) / n, sum(rest) / n
    xx = sum((x - mean_x) ** 2 for x in passes)
    yy = sum((y - mean_y) ** 2 for y in rest)
    if xx == 0 or yy == 0:
        return None
    return sum((x - mean_x) * (y - mean_y) for x, y in zip(passes, rest, strict=True)) / sqrt(xx * yy)

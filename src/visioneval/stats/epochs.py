"""Several runs of the same prompts, or several prompts on one picture: scores that come in clusters.

A cluster is a sequence of scores (0 or 1) that share a prompt or a picture. More epochs make each cluster
surer; only more clusters make the whole surer.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import comb, sqrt
from statistics import fmean, variance
from typing import NamedTuple

from visioneval.stats.rates import Interval, wilson

Clusters = Sequence[Sequence[float]]


class Variance(NamedTuple):
    """Where the scatter of the prompts' means comes from."""

    between: float
    """Variance of the prompts' true rates."""
    within: float
    """Variance of one epoch around its prompt's rate."""
    share_within: float
    """Part of the variance of the K-epoch means that more epochs could remove."""
    icc: float
    """Intraclass correlation of single epochs."""


def clustered_se(clusters: Clusters) -> float:
    """Return the standard error of the mean score, clustered (Korn and Graubard 1998), for >= 2 clusters."""
    n, groups = sum(map(len, clusters)), len(clusters)
    if groups < 2:
        raise ValueError("one cluster alone does not show how much clusters differ")
    mean = sum(map(sum, clusters)) / n
    squares = sum(sum(score - mean for score in cluster) ** 2 for cluster in clusters)
    return sqrt(groups / (groups - 1) * squares) / n


def effective_n(clusters: Clusters) -> float:
    """Return how many independent trials the clusters are worth: between 1 and the number of trials.

    Where nothing varies the data cannot tell, and the number of clusters is taken.
    """
    n = sum(map(len, clusters))
    mean = sum(map(sum, clusters)) / n
    if len(clusters) < 2 or mean in (0.0, 1.0):
        return float(len(clusters))
    se = clustered_se(clusters)
    return min(float(n), mean * (1 - mean) / se**2) if se > 0 else float(n)


def cluster_wilson(clusters: Clusters, *, confidence: float = 0.95) -> Interval:
    """Return Wilson's interval with the effective n and Student's t of (clusters - 1) degrees of freedom."""
    from scipy.special import stdtrit

    n = effective_n(clusters)
    mean = sum(map(sum, clusters)) / sum(map(len, clusters))
    if mean in (0.0, 1.0):  # nothing varies: no variance was estimated that Student's t would have to allow for
        return wilson(mean * n, n, confidence=confidence)
    freedom = max(1, len(clusters) - 1)
    return wilson(min(n, mean * n), n, z=float(stdtrit(freedom, (1 + confidence) / 2)))


def mean_t_interval(values: Sequence[float], *, confidence: float = 0.95) -> Interval:
    """Return Student's interval of a mean of independent values."""
    from scipy.special import stdtrit

    half = float(stdtrit(len(values) - 1, (1 + confidence) / 2)) * sqrt(variance(values) / len(values))
    return Interval(fmean(values) - half, fmean(values) + half)


def variance_parts(clusters: Clusters) -> Variance:
    """Return the variance components of prompts that were all run equally often (K >= 2 epochs)."""
    epochs = len(clusters[0])
    if epochs < 2 or any(len(cluster) != epochs for cluster in clusters):
        raise ValueError("every prompt needs the same number of epochs, at least 2")
    of_means = variance([fmean(cluster) for cluster in clusters])
    within = fmean(variance(cluster) for cluster in clusters)
    between = max(0.0, of_means - within / epochs)
    share = within / epochs / of_means if of_means else 0.0
    return Variance(between, within, share, between / (between + within) if between + within else 0.0)


def pass_at_k(passes: Sequence[int], epochs: int, k: int) -> float:
    """Return the chance that at least one of k tries passes, averaged over prompts (Chen et al. 2021)."""
    return 1 - fmean(comb(epochs - c, k) / comb(epochs, k) for c in passes)


def pass_hat_k(passes: Sequence[int], epochs: int, k: int) -> float:
    """Return the chance that all of k tries pass, averaged over prompts (tau-bench, Yao et al. 2024)."""
    return fmean(comb(c, k) / comb(epochs, k) for c in passes)


def sign_flip_p(differences: Sequence[float], *, seed: int = 0, draws: int = 20_000) -> float:
    """Return the two-sided p-value of "the mean difference is 0" by flipping the signs of the clusters.

    One difference a cluster. All sign patterns are tried when there are few, else `draws` random ones.
    """
    import numpy as np
    from scipy.stats import permutation_test

    moved = np.array([difference for difference in differences if difference])
    if len(moved) < 2:
        return 1.0
    result = permutation_test(
        (moved,),
        lambda values, axis: np.sum(values, axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=draws,
        batch=2_000,
        rng=np.random.default_rng(seed),
    )
    return float(min(1.0, result.pvalue))

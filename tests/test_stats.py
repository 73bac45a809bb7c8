"""The formulas against published and independently computed numbers, and against what must always hold."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from math import log
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from visioneval import stats

VECTORS: dict[str, Any] = json.loads((Path(__file__).parent / "fixtures/stats_vectors.json").read_text())
counts = st.integers(0, 40)
proportions = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
tables = st.tuples(counts, counts, counts, counts).filter(any).map(lambda abcd: stats.PairedTable(*abcd))


def close(expected: object, digits: float = 1e-9) -> Any:
    return pytest.approx(expected, abs=digits)


# Rates


@pytest.mark.parametrize("row", VECTORS["intervals"], ids=lambda row: f"{row['k']} of {row['n']}")
def test_the_interval_of_a_rate_is_exact(row: dict[str, Any]) -> None:
    assert stats.wilson(row["k"], row["n"]) == close(tuple(row["wilson"]))


@given(proportions)
def test_wilson_encloses_the_rate_and_stays_within_0_and_1(rate: tuple[int, int]) -> None:
    passes, n = rate
    low, high = stats.wilson(passes, n)
    assert 0 <= low <= passes / n <= high <= 1
    assert low < high


@given(proportions)
def test_wilson_of_the_failures_is_the_mirror_of_wilson_of_the_passes(rate: tuple[int, int]) -> None:
    passes, n = rate
    low, high = stats.wilson(passes, n)
    assert stats.wilson(n - passes, n) == close((1 - high, 1 - low))


@given(proportions)
def test_wilson_agrees_with_scipy(rate: tuple[int, int]) -> None:
    theirs = scipy.stats.binomtest(*rate).proportion_ci(method="wilson")
    assert stats.wilson(*rate) == close((theirs.low, theirs.high))


@pytest.mark.parametrize(("passes", "n"), [(1, 0), (-1, 5), (6, 5)])
def test_what_is_not_a_proportion_is_refused(passes: int, n: int) -> None:
    with pytest.raises(ValueError, match="is not a proportion"):
        stats.wilson(passes, n)


def test_missing_verdicts_are_bounded_by_the_worst_and_the_best_case() -> None:
    assert stats.worst_best(45, 62, 67) == close((0.6716, 0.7463), 1e-4)


def test_what_a_picture_is_worth() -> None:
    assert stats.blind_gain(50 / 67, 17 / 67) == close((33 / 67, 0.66))
    assert stats.blind_gain(1.0, 1.0) == (0.0, 0.0)


# Two models


@pytest.mark.parametrize("row", VECTORS["paired"], ids=lambda row: str(row["abcd"]))
def test_a_pair_of_models_is_exact(row: dict[str, Any]) -> None:
    table = stats.PairedTable(*row["abcd"])
    assert table.difference == close(row["delta"])
    assert stats.mcnemar_exact(table.only_a, table.only_b) == close(row["exact"])
    assert stats.mcnemar_midp(table.only_a, table.only_b) == close(row["midp"])
    assert stats.newcombe(table) == close(tuple(row["newcombe"]))
    assert stats.bonett_price(table) == close(tuple(row["bonett_price"]))


@given(tables)
def test_swapping_the_models_turns_the_interval_over(table: stats.PairedTable) -> None:
    a, b, c, d = table
    swapped = stats.PairedTable(a, c, b, d)
    low, high = stats.newcombe(table)
    assert stats.newcombe(swapped) == close((-high, -low))
    assert stats.mcnemar_midp(b, c) == stats.mcnemar_midp(c, b)


@given(tables)
def test_the_interval_of_a_difference_encloses_it_and_stays_within_one(table: stats.PairedTable) -> None:
    low, high = stats.newcombe(table)
    assert -1 - 1e-12 <= low <= table.difference + 1e-12
    assert table.difference - 1e-12 <= high <= 1 + 1e-12


@given(counts, counts)
def test_mid_p_is_a_p_value_and_never_above_the_exact_one(b: int, c: int) -> None:
    assert 0 < stats.mcnemar_midp(b, c) <= stats.mcnemar_exact(b, c) <= 1
    if b == c:
        assert stats.mcnemar_midp(b, c) == 1


@given(counts, counts)
def test_the_exact_test_agrees_with_scipy(b: int, c: int) -> None:
    theirs = scipy.stats.binomtest(b, b + c, 0.5).pvalue if b + c else 1.0
    assert stats.mcnemar_exact(b, c) == close(theirs)


def test_large_counts_do_not_overflow() -> None:
    assert stats.mcnemar_midp(4_000, 4_100) == close(stats.mcnemar_exact(4_000, 4_100), 0.01)


def test_no_evidence_of_a_difference_is_not_evidence_of_none() -> None:
    table = stats.PairedTable(42, 8, 10, 7)
    assert stats.bonett_price(table, confidence=0.90) == close((-0.0775, 0.1354), 1e-4)
    assert not stats.equivalent(table, 0.10)
    assert stats.equivalent(table, 0.14)


@pytest.mark.parametrize(
    ("disagreements", "exact", "midp"),
    [
        (5, None, 5),
        (6, 6, 6),
        (8, 8, 6),
        (10, 8, 8),
        (12, 8, 8),
        (15, 9, 9),
        (18, 10, 10),
        (20, 10, 10),
        (25, 11, 11),
        (30, 12, 12),
        (40, 14, 14),
    ],
)
def test_the_smallest_gap_that_decides(disagreements: int, exact: int | None, midp: int) -> None:
    assert stats.smallest_decisive_gap(disagreements, midp=False) == exact
    assert stats.smallest_decisive_gap(disagreements) == midp


@pytest.mark.parametrize(
    ("discordance", "midp_80", "midp_90", "exact_80", "exact_90"),
    [
        (0.16, 0.128, 0.141, 0.137, 0.149),
        (0.21, 0.149, 0.166, 0.158, 0.175),
        (0.26, 0.166, 0.187, 0.177, 0.197),
        (0.34, 0.194, 0.219, 0.204, 0.229),
        (0.42, 0.217, 0.247, 0.229, 0.257),
    ],
)
def test_what_67_prompts_can_see(
    discordance: float, midp_80: float, midp_90: float, exact_80: float, exact_90: float
) -> None:
    def detectable(wanted: float, midp: bool) -> float | None:
        return stats.minimal_detectable_difference(67, discordance, wanted, midp=midp)

    assert detectable(0.8, True) == close(midp_80, 1e-3)
    assert detectable(0.9, True) == close(midp_90, 1e-3)
    assert detectable(0.8, False) == close(exact_80, 1e-3)
    assert detectable(0.9, False) == close(exact_90, 1e-3)


@pytest.mark.parametrize(("n", "expected"), [(9, 0.06), (12, 0.18), (15, 0.35), (19, 0.57)])
def test_a_category_is_too_small_for_a_winner(n: int, expected: float) -> None:
    assert stats.power(n, 0.26, 0.26) == close(expected, 0.006)
    assert stats.minimal_detectable_difference(n, 0.26) is None


def test_power_is_the_test_size_when_there_is_no_difference() -> None:
    assert 0.042 <= stats.power(67, 0.26, 0.0) <= 0.05
    assert 0.023 <= stats.power(67, 0.26, 0.0, midp=False) <= 0.032


# Epochs


EPOCHS = [[1.0] * count + [0.0] * (3 - count) for count in VECTORS["passk"]["counts"]]


def test_three_epochs_of_67_prompts_are_worth_85_trials_not_201() -> None:
    assert stats.clustered_se(EPOCHS) == close(VECTORS["passk"]["clustered_se"])
    assert stats.effective_n(EPOCHS) == close(85.04, 0.005)
    assert stats.cluster_wilson(EPOCHS) == close(tuple(VECTORS["passk"]["cluster_wilson"]))


def test_most_of_the_scatter_is_between_prompts() -> None:
    parts = stats.variance_parts(EPOCHS)
    assert parts.share_within == close(0.142, 5e-4)
    errors = [((parts.between + parts.within / k) / 67) ** 0.5 for k in (1, 2, 3, 5, 10)]
    assert errors == close([0.0560, 0.0511, 0.0494, 0.0480, 0.0469], 1e-4)


def test_epochs_that_differ_more_than_prompts_explain_all_the_variance_and_no_more() -> None:
    assert stats.variance_parts([[1, 0], [1, 0], [0, 1], [1, 1]]).share_within == 1


def test_chances_of_one_and_of_all_of_k_tries() -> None:
    for k in (1, 2, 3):
        assert stats.pass_at_k(VECTORS["passk"]["counts"], 3, k) == close(VECTORS["passk"]["pass_at"][str(k)])
        assert stats.pass_hat_k(VECTORS["passk"]["counts"], 3, k) == close(VECTORS["passk"]["pass_hat"][str(k)])


@given(st.lists(st.integers(0, 1), min_size=2, max_size=60))
def test_clusters_of_one_are_nearly_independent_trials(scores: list[int]) -> None:
    effective = stats.effective_n([[score] for score in scores])
    assert len(scores) - 1 <= effective + 1e-9
    assert effective <= len(scores) + 1e-9


@given(st.lists(st.integers(0, 1), min_size=2, max_size=40), st.integers(2, 4))
def test_repeating_the_same_answers_adds_nothing(scores: list[int], copies: int) -> None:
    once = stats.effective_n([[score] for score in scores])
    assert stats.effective_n([[score] * copies for score in scores]) == close(once, 1e-6)


# Two models, in clusters


PAIRED = st.lists(
    st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=1, max_size=5), min_size=2, max_size=30
)


@given(PAIRED)
def test_clusters_never_make_the_interval_of_a_difference_narrower(clusters: list[list[tuple[int, int]]]) -> None:
    pairs = [(bool(a), bool(b)) for cluster in clusters for a, b in cluster]
    table = stats.PairedTable(*(pairs.count(each) for each in ((1, 1), (1, 0), (0, 1), (0, 0))))  # type: ignore[arg-type]
    low, high = stats.clustered_newcombe(clusters, len(pairs))
    single = stats.newcombe(table)
    assert high - low >= single.high - single.low - 1e-9
    assert -1 - 1e-9 <= low <= table.difference + 1e-9
    assert table.difference - 1e-9 <= high <= 1 + 1e-9


@given(PAIRED)
def test_swapping_the_models_turns_a_clustered_interval_over(clusters: list[list[tuple[int, int]]]) -> None:
    swapped = [[(b, a) for a, b in cluster] for cluster in clusters]
    n = sum(map(len, clusters))
    low, high = stats.clustered_newcombe(clusters, n)
    assert stats.clustered_newcombe(swapped, n) == close((-high, -low))


def test_answers_that_never_differ_leave_a_difference_open() -> None:
    same = [[(1.0, 1.0)]] * 50 + [[(0.0, 0.0)]] * 17
    alone = stats.newcombe(stats.PairedTable(50, 0, 0, 17))
    assert stats.clustered_newcombe(same, 3 * 67) == close(alone)
    assert alone == close((-0.0390, 0.0390), 1e-4)


def _epochs(rng: np.random.Generator) -> list[list[tuple[float, float]]]:
    """67 prompts of 3 epochs: 3 % only B solves, a fifth are coins for both."""
    first = (rng.random(67) < 0.7).astype(float)
    second, kind = first.copy(), rng.random(67)
    first[kind < 0.03], second[kind < 0.03] = 0, 1
    first[kind > 0.8] = second[kind > 0.8] = 0.5
    scores = zip(rng.binomial(3, first) / 3, rng.binomial(3, second) / 3, strict=True)
    return [[(float(a), float(b))] for a, b in scores]


def _pictures(rng: np.random.Generator) -> list[list[tuple[float, float]]]:
    """34 pictures of 2 prompts: of 3 % of the pictures B alone solves both."""
    flips = rng.random(34) < 0.03
    solved = (rng.random((34, 2)) < 0.7).astype(float)
    return [
        [(0.0, 1.0)] * 2 if flip else [(s, s) for s in row]
        for flip, row in zip(flips, solved.tolist(), strict=True)
    ]


@pytest.mark.parametrize(("draw", "answers"), [(_epochs, 201), (_pictures, 68)])
def test_a_clustered_interval_holds_a_rare_difference_as_often_as_it_says(
    draw: Callable[[np.random.Generator], list[list[tuple[float, float]]]], answers: int
) -> None:
    rng = np.random.default_rng(3)
    intervals = [stats.clustered_newcombe(draw(rng), answers) for _ in range(400)]
    assert np.mean([low <= 0.03 <= high for low, high in intervals]) > 0.93


def test_sign_flips_of_single_passes_are_the_exact_test() -> None:
    differences = [-1.0] * 3 + [1.0] * 9 + [0.0] * 20
    assert stats.sign_flip_p(differences) == close(stats.mcnemar_exact(3, 9), 1e-6)
    assert stats.sign_flip_p([0.0, 1.0]) == 1.0


def test_random_sign_flips_are_the_same_each_time() -> None:
    differences = [0.5, -0.5, 1.0] * 10
    assert stats.sign_flip_p(differences) == stats.sign_flip_p(differences)


# Ranks and many tests


def test_corrections_for_many_tests() -> None:
    p_values = [0.0127, 0.0768, 0.6476, 0.0004, 0.031]
    assert stats.holm(p_values) == close((0.0508, 0.1536, 0.6476, 0.0020, 0.0930))


@given(st.lists(st.floats(0, 1), max_size=12))
def test_corrected_p_values_are_larger_and_in_the_same_order(p_values: list[float]) -> None:
    adjusted = stats.holm(p_values)
    assert all(raw <= corrected <= 1 for raw, corrected in zip(p_values, adjusted, strict=True))
    in_order = [adjusted[i] for i in sorted(range(len(p_values)), key=p_values.__getitem__)]
    assert all(first <= second for first, second in pairwise(in_order))


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=80))
def test_cochrans_q_of_two_models_is_mcnemars_statistic(pairs: list[tuple[bool, bool]]) -> None:
    a, b = zip(*pairs, strict=True)
    table = stats.PairedTable.of(a, b)
    flips = table.only_a + table.only_b
    expected = (table.only_b - table.only_a) ** 2 / flips if flips else 0.0
    q, p = stats.cochrans_q([a, b])
    assert q == close(expected)
    assert p == close(scipy.stats.chi2.sf(expected, 1))


def test_cochrans_q_of_three_models() -> None:
    passes = ["111111110000", "111111000100", "110010100010"]
    rows = [[mark == "1" for mark in row] for row in passes]
    columns = [sum(column) for column in zip(*rows, strict=True)]
    totals = [sum(row) for row in rows]
    mean = sum(totals) / 3
    by_definition = 3 * 2 * sum((total - mean) ** 2 for total in totals) / sum(c * (3 - c) for c in columns)
    assert stats.cochrans_q(rows)[0] == close(by_definition)
    assert stats.cochrans_q([[True, False]] * 3) == (0.0, 1.0)


def test_models_far_apart_have_one_rank_and_equal_ones_share_it() -> None:
    good, poor = [1.0] * 60 + [0.0] * 7, [1.0] * 10 + [0.0] * 57
    first, twin, last = stats.rank_ranges([good, good, poor])
    assert first == twin == stats.RankRange(1, 1, 1.0)
    assert (last.low, last.high, last.first_share) == (3, 3, 0.0)


def test_models_close_together_share_a_range_of_ranks() -> None:
    rng = np.random.default_rng(7)
    scores = (rng.random((6, 67)) < 0.7).astype(float).tolist()
    ranges = stats.rank_ranges(scores)
    assert ranges == stats.rank_ranges(scores), "the draw is seeded"
    assert all(1 <= r.low <= r.high <= 6 for r in ranges)
    assert max(r.high - r.low for r in ranges) >= 3


def test_a_prompt_that_all_or_none_solve_tells_nothing() -> None:
    assert stats.point_biserial([1, 1, 1], [5, 6, 7]) is None
    assert stats.point_biserial([0, 1, 1], [3, 6, 7]) == close(np.corrcoef([0, 1, 1], [3, 6, 7])[0, 1])


# Times


@pytest.mark.parametrize("row", VECTORS["quantile_ranks"], ids=lambda row: f"p{row['p']} of {row['n']}")
def test_the_ranks_that_bound_a_quantile(row: dict[str, Any]) -> None:
    assert stats.quantile_ranks(row["n"], row["p"]) == (row["low"], row["high"])


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=200), st.sampled_from([0.5, 0.9, 0.95]))
def test_a_quantile_is_numpys_and_lies_between_its_bounds(values: list[float], p: float) -> None:
    found = stats.quantile(values, p)
    assert found.value == pytest.approx(np.quantile(values, p))
    assert found.low is None or found.low <= found.value * (1 + 1e-12)
    assert found.high is None or found.value <= found.high * (1 + 1e-12)


@settings(max_examples=30)
@given(st.integers(3, 300), st.sampled_from([0.5, 0.9]))
def test_the_bounds_of_a_quantile_agree_with_scipy(n: int, p: float) -> None:
    values = np.arange(1, n + 1, dtype=float)
    theirs = scipy.stats.quantile_test(values, q=float(np.quantile(values, p)), p=p).confidence_interval()
    low, high = stats.quantile_ranks(n, p)
    assert low == (None if np.isnan(theirs.low) else theirs.low)
    assert high == (None if np.isnan(theirs.high) else theirs.high)


def test_twice_as_slow_on_every_prompt_is_a_ratio_of_two() -> None:
    ratio, (low, high), p_value = stats.ratio_of_times((1.0, 2.0, 3.0, 4.0, 5.0), (2.0, 4.0, 6.0, 8.0, 10.0))
    assert (ratio, low, high) == close((2.0, 2.0, 2.0))
    assert p_value == close(0.0625)
    assert log(stats.ratio_of_times((1.0,) * 3, (1.0,) * 3)[0]) == 0

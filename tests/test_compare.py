"""Two runs side by side: the table, the test, the interval, and what may be said."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.made_up import PRICE, MadeUpRun, prompts
from visioneval import stats
from visioneval.compare import Comparison, GradedRun, compare, not_beaten_by_first
from visioneval.errors import UsageError
from visioneval.types import Outcome, Usage


def graded(run: MadeUpRun) -> GradedRun:
    return GradedRun.of(run.run, run.graded())


def pair(both: int, only_a: int, only_b: int, neither: int, **more: object) -> Comparison:
    """Compare two runs whose prompts fall into the four cells of the 2x2 table."""
    n = both + only_a + only_b + neither
    suite = prompts({"All": n})
    a: list[Outcome] = ["pass" if i < both + only_a else "fail" for i in range(n)]
    b: list[Outcome] = ["pass" if i < both or both + only_a <= i < n - neither else "fail" for i in range(n)]
    first = MadeUpRun(model="a", prompts=suite, outcomes=a)
    second = MadeUpRun(model="b", prompts=suite, outcomes=b, **more)  # type: ignore[arg-type]
    return compare(graded(first), graded(second))


def test_the_worked_example_is_no_evidence_of_a_difference() -> None:
    found = pair(42, 8, 10, 7).overall
    assert found.table == (42, 8, 10, 7)
    assert (found.rate_a.passes, found.rate_b.passes) == (50, 52)
    assert found.p == pytest.approx(0.6476, abs=1e-4)
    assert found.p_exact == pytest.approx(0.8145, abs=1e-4)
    assert found.interval == pytest.approx((-0.0976, 0.1564), abs=1e-4)
    assert found.decision == "none"


def test_a_clear_difference_is_decided_either_way() -> None:
    assert pair(47, 3, 14, 3).overall.decision == "b"
    assert pair(47, 14, 3, 3).overall.decision == "a"


def test_nine_prompts_on_which_test_and_interval_disagree_decide_nothing() -> None:
    assert pair(5, 0, 4, 0).overall.decision == "none"
    assert pair(1, 0, 7, 0).overall.decision == "undecided", "fewer than nine prompts"


def test_the_flips_are_named() -> None:
    found = pair(42, 8, 10, 7)
    assert [prompt.id for prompt in found.fixed_by_a] == [f"all-{i:02}" for i in range(43, 51)]
    assert len(found.fixed_by_b) == 10


def test_only_prompts_with_two_verdicts_are_compared() -> None:
    a = MadeUpRun(model="a", outcomes=["pass"] * 67)
    missing: list[Outcome] = ["error"] * 5
    b = MadeUpRun(model="b", outcomes=[*missing, *a.outcomes[5:]])
    found = compare(graded(a), graded(b))
    assert found.overall.n == 62
    assert found.left_out == 5
    assert found.overall.decision == "none"


def test_runs_without_a_common_verdict_are_refused() -> None:
    nothing: list[Outcome] = ["error"] * 67
    with pytest.raises(UsageError, match="no prompt with a verdict in common"):
        compare(graded(MadeUpRun()), graded(MadeUpRun(model="b", outcomes=nothing)))


def test_categories_are_corrected_for_their_number() -> None:
    suite = {"Small": 15, "Other": 20, "Third": 20}
    fails: list[Outcome] = ["fail"] * 5
    passes: list[Outcome] = ["pass"] * 50
    a = MadeUpRun(model="a", prompts=prompts(suite), outcomes=fails + passes)
    b = MadeUpRun(model="b", prompts=prompts(suite), outcomes=["pass"] * 55)
    small = compare(graded(a), graded(b)).by_category["Small"]
    assert stats.mcnemar_midp(0, 5) == pytest.approx(0.03125)
    assert small.p == pytest.approx(3 * 0.03125)
    assert small.decision == "none"


def test_epochs_are_compared_by_their_means_a_prompt() -> None:
    suite = prompts({"All": 20})
    a = MadeUpRun(model="a", prompts=suite, epochs=3, outcomes=["fail"] * 60)
    b = MadeUpRun(model="b", prompts=suite, epochs=3, outcomes=["pass"] * 60)
    found = compare(graded(a), graded(b)).overall
    assert found.table is None
    assert (found.method, found.difference, found.decision) == ("sign-flip", 1.0, "b")
    assert found.p == pytest.approx(2 / 2**20, rel=200)


def test_questions_about_one_picture_count_as_one() -> None:
    one_picture = tuple(msgspec.structs.replace(prompt, image="one.png") for prompt in prompts({"All": 20}))
    a = MadeUpRun(model="a", prompts=one_picture, outcomes=["fail"] * 20)
    b = MadeUpRun(model="b", prompts=one_picture, outcomes=["pass"] * 20)
    found = compare(graded(a), graded(b)).overall
    assert found.table == (0, 0, 20, 0)
    assert (found.p, found.decision) == (1.0, "none")


def test_the_cheaper_one_is_known_only_when_both_costs_are() -> None:
    cheap = msgspec.structs.replace(PRICE, input=Decimal(1))
    assert pair(42, 8, 10, 7).cost == "none"
    assert pair(42, 8, 10, 7, prices=(cheap,)).cost == "b"
    assert pair(42, 8, 10, 7, prices=()).cost is None
    assert pair(42, 8, 10, 7, usage=lambda _: Usage()).cost is None


def test_one_model_at_two_prices_is_not_called_cheaper() -> None:
    cheap = msgspec.structs.replace(PRICE, input=Decimal(1))
    found = compare(graded(MadeUpRun()), graded(MadeUpRun(prices=(cheap,), id="later")))
    assert found.cost is None


def test_the_faster_one_is_decided_by_the_times_of_the_same_prompts() -> None:
    slow = pair(42, 8, 10, 7, seconds=lambda i: 7.87 * 2)
    assert slow.time is not None
    assert slow.time.ratio == pytest.approx(2)
    assert slow.time.decision == "a"
    assert pair(42, 8, 10, 7).time is not None
    unmeasured = pair(42, 8, 10, 7, seconds=lambda _: None)
    assert unmeasured.time is None


def test_the_group_not_shown_to_be_worse_than_the_first() -> None:
    suite = prompts({"All": 67})
    counts = (61, 58, 30)
    runs = [
        graded(MadeUpRun(model=str(k), prompts=suite, outcomes=[*["pass"] * k, *["fail"] * (67 - k)]))  # type: ignore[list-item]
        for k in counts
    ]
    assert not_beaten_by_first(runs) == [True, True, False]
    assert not_beaten_by_first([]) == []


@given(
    st.lists(st.sampled_from(["pass", "fail", "invalid", "error"]), min_size=67, max_size=67), st.integers(0, 9)
)
def test_swapping_the_runs_turns_the_decision_over(outcomes: list[Outcome], shift: int) -> None:
    a = graded(MadeUpRun(model="a", outcomes=["pass", "fail", *outcomes[2:]]))
    b = graded(MadeUpRun(model="b", outcomes=["fail", "pass", *outcomes[2 + shift :], *outcomes[2 : 2 + shift]]))
    there, back = compare(a, b), compare(b, a)
    turned = {"a": "b", "b": "a", "none": "none", "undecided": "undecided"}
    assert back.overall.decision == turned[there.overall.decision]
    assert back.overall.p == there.overall.p
    assert there.fixed_by_a == back.fixed_by_b

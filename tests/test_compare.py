"""Two runs side by side: the table, the test, the interval, and what may be said."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.made_up import PRICE, MadeUpRun, mixed, prompts
from visioneval import stats
from visioneval.compare import (
    Comparison,
    GradedRun,
    NotCompared,
    TimeContest,
    compare,
    compare_all,
    not_beaten_by_first,
)
from visioneval.errors import UsageError
from visioneval.types import OUTCOMES, Condition, ModelCard, Outcome, Usage


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
    assert pair(5, 0, 4, 0).overall.decision == "undecided", "mid-p .0625, and an interval without zero"
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
    assert (small.p, small.p_exact) == pytest.approx((3 * 0.03125, 3 * 0.0625))
    assert (small.decision, small.tests) == ("undecided", 3)


def test_epochs_are_compared_by_their_means_a_prompt() -> None:
    suite = prompts({"All": 20})
    a = MadeUpRun(model="a", prompts=suite, epochs=3, outcomes=["fail"] * 60)
    b = MadeUpRun(model="b", prompts=suite, epochs=3, outcomes=["pass"] * 60)
    found = compare(graded(a), graded(b)).overall
    assert found.table is None
    assert (found.method, found.difference, found.decision) == ("sign-flip", 1.0, "b")
    assert found.p == pytest.approx(2 / 20_001, rel=1e-6), "no random sign pattern is as far off as all one way"


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
    unknown = NotCompared("the cost of at least one is not known")
    assert pair(42, 8, 10, 7, prices=()).cost == unknown
    assert pair(42, 8, 10, 7, usage=lambda _: Usage()).cost == unknown


def test_one_model_at_two_prices_is_not_called_cheaper() -> None:
    cheap = msgspec.structs.replace(PRICE, input=Decimal(1))
    found = compare(graded(MadeUpRun()), graded(MadeUpRun(prices=(cheap,), id="later")))
    assert found.cost == NotCompared("one model at two prices; reprice one of the runs")


def local(name: str, seconds: float, **loaded: str | int) -> MadeUpRun:
    """Return a run of a local model, priced by the hour of its GPU."""
    card = ModelCard(name, "transformers", gpu_usd_per_hour=Decimal("2.5"))
    return MadeUpRun(model=name, card=card, seconds=lambda i: seconds * (1 + i % 5 / 100), loaded=loaded)


def test_a_cost_that_was_computed_is_not_held_against_one_that_was_billed() -> None:
    found = compare(graded(MadeUpRun()), graded(local("b", 0.3, device="cuda", device_name="H100")))
    assert found.cost == NotCompared("one cost is computed from a device's time, the other is billed by tokens")


def test_times_are_compared_only_where_they_were_taken_alike() -> None:
    on_a = graded(local("a", 1.0, device="cuda", device_name="A", batch_size=8))
    faster = graded(local("b", 0.5, device="cuda", device_name="A", batch_size=8))
    elsewhere = graded(local("c", 0.5, device="cuda", device_name="B", batch_size=8))
    alone = graded(local("d", 0.5, device="cuda", device_name="A", batch_size=1))
    cpu = graded(local("e", 0.5, device="cpu", device_name="AMD"))
    ocr = graded(MadeUpRun(model="f", card=ModelCard("f", "baseline-ocr")))
    alike = compare(on_a, faster)
    assert isinstance(alike.time, TimeContest)
    assert (alike.time.decision, alike.time.how, alike.cost) == ("b", "shares of a batch", "b")
    for other in (elsewhere, alone, cpu, ocr, graded(MadeUpRun(model="hosted"))):
        assert isinstance(compare(on_a, other).time, NotCompared)
    assert compare(on_a, elsewhere).time == NotCompared(
        "one was timed as shares of a batch on A, the other as shares of a batch on B"
    )
    assert compare(ocr, cpu).time == NotCompared("times on a CPU depend on what else it does")
    assert isinstance(compare(cpu, cpu).cost, NotCompared), "a cost computed from such times is no better"


def test_times_under_another_load_are_not_compared() -> None:
    many, few, unknown = (graded(MadeUpRun(model=f"m-{n}", concurrency=n)) for n in (32, 8, None))
    assert compare(many, few).time == NotCompared(
        "one host was sent 32 calls at once, the other 8 (--concurrency)"
    )
    assert isinstance(compare(many, unknown).time, TimeContest)


def test_an_answer_of_an_earlier_run_was_not_timed_in_this_one() -> None:
    run = MadeUpRun()
    reused = [
        msgspec.structs.replace(entry, record=msgspec.structs.replace(entry.record, cached_from="earlier"))
        for entry in run.graded()
        if entry.record
    ]
    again = GradedRun.of(run.run, reused)
    assert compare(graded(run), again).time == NotCompared("no prompt was timed with both")


def test_the_faster_one_is_decided_by_the_times_of_the_same_prompts() -> None:
    slow = pair(42, 8, 10, 7, seconds=lambda i: 7.87 * 2)
    assert isinstance(slow.time, TimeContest)
    assert slow.time.ratio == pytest.approx(2)
    assert (slow.time.decision, slow.time.how) == ("a", "each request timed by itself"), "others were in flight"
    assert isinstance(pair(42, 8, 10, 7).time, TimeContest)
    assert pair(42, 8, 10, 7, seconds=lambda _: None).time == NotCompared("no prompt was timed with both")
    few = pair(4, 2, 2, 0)
    assert few.time == NotCompared("fewer than nine prompts were timed with both")


def test_the_group_not_shown_to_be_worse_than_the_first() -> None:
    suite = prompts({"All": 67})
    counts = (61, 58, 30)
    runs = [
        graded(MadeUpRun(model=str(k), prompts=suite, outcomes=mixed((k, "pass"), (67 - k, "fail"))))
        for k in counts
    ]
    assert not_beaten_by_first(runs) == [True, True, False]
    assert not_beaten_by_first([]) == []


def test_only_a_run_that_is_worse_is_left_out_of_the_group_of_the_first() -> None:
    suite = prompts({"All": 100})
    first = MadeUpRun(model="first", prompts=suite, outcomes=mixed((60, "pass"), (40, "fail")))
    better = MadeUpRun(model="better", prompts=suite, outcomes=mixed((10, "error"), (59, "pass"), (31, "fail")))
    assert compare(graded(first), graded(better)).overall.decision == "b", "on the prompts that both answered"
    assert not_beaten_by_first([graded(first), graded(better)]) == [True, True]


def test_fewer_than_nine_prompts_leave_nobody_out_of_the_group_of_the_first() -> None:
    suite = prompts({"All": 8})
    runs = [MadeUpRun(model=outcome, prompts=suite, outcomes=mixed((8, outcome))) for outcome in OUTCOMES[:2]]
    assert not_beaten_by_first([graded(run) for run in runs]) == [True, True]


def test_runs_without_the_picture_do_not_compete_and_cost_the_others_nothing() -> None:
    def run(model: str, lost: int, **more: Any) -> GradedRun:
        return graded(
            MadeUpRun(model=model, outcomes=mixed((lost, "fail"), (60 - lost, "pass"), (7, "fail")), **more)
        )

    first, second = run("first", 0), run("second", 5)  # mid-p .031, above .05 in any family of two
    blind = [run(f"b{i}", 4, condition=Condition(f"b{i}", blind=True)) for i in range(4)]
    floor = run("floor", 4, card=ModelCard("floor", "baseline-blind"))
    assert not_beaten_by_first([first, second]) == [True, False]
    assert not_beaten_by_first([first, *blind, floor, second]) == [True, *[False] * 5, False]
    assert not_beaten_by_first([floor]) == [False]


def test_identical_runs_of_several_epochs_leave_a_difference_open() -> None:
    outcomes = mixed((50, "pass"), (17, "fail"))
    a, b = (graded(MadeUpRun(model=name, epochs=3, outcomes=outcomes * 3)) for name in "ab")
    found = compare(a, b).overall
    assert found.interval == pytest.approx((-0.0390, 0.0390), abs=1e-4)
    assert found.decision == "none"


def test_a_difference_on_shared_pictures_has_no_smallest_one_that_mcnemar_would_see() -> None:
    suite = tuple(msgspec.structs.replace(p, image=f"{i // 2}.png") for i, p in enumerate(prompts()))
    a = MadeUpRun(model="a", prompts=suite, outcomes=mixed((40, "pass"), (27, "fail")))
    b = MadeUpRun(model="b", prompts=suite, outcomes=mixed((20, "fail"), (30, "pass"), (17, "fail")))
    found = compare(graded(a), graded(b))
    assert found.overall.method == "sign-flip"
    assert found.detectable is None


def test_several_pairs_are_one_family() -> None:
    runs = [
        graded(MadeUpRun(model=str(k), outcomes=mixed((k, "fail"), (60 - k, "pass"), (7, "fail"))))
        for k in (0, 5, 6)
    ]
    alone = compare(runs[0], runs[1]).overall
    together = compare_all([(runs[0], runs[1]), (runs[0], runs[2])])[0]
    assert alone.p == pytest.approx(0.03125)
    assert (alone.tests, alone.decision) == (1, "a")
    assert together.overall.tests == 2
    assert together.overall.p == pytest.approx(0.03125), "the larger of two is not multiplied"
    assert {contest.tests for contest in together.by_category.values()} == {10}, "two pairs of five categories"


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

"""Summaries of runs: what counts, what is unknown, and what is refused."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.made_up import FIRST, PRICE, SECOND, THIRD, MadeUpRun, passes, prompts
from visioneval import stats
from visioneval.aggregate import Rate, Summary, busy_seconds, check_comparable, summarise
from visioneval.errors import StoreError, UsageError
from visioneval.types import OUTCOMES, ModelCard, Outcome, Record, Reply, Timing, Usage


def summary_of(run: MadeUpRun) -> Summary:
    return summarise(run.run, run.graded())


def outcomes(**counts: int) -> list[Outcome]:
    return [outcome for outcome in OUTCOMES for _ in range(counts.get(outcome, 0))]


@pytest.mark.parametrize(("counts", "passed"), [(FIRST, 50), (SECOND, 25), (THIRD, 52)])
def test_the_overall_rate_is_of_all_67_prompts(counts: tuple[int, ...], passed: int) -> None:
    summary = summary_of(MadeUpRun(outcomes=passes(counts)))
    assert (summary.overall.passes, summary.overall.n) == (passed, 67)
    assert (summary.overall.low, summary.overall.high) == stats.wilson(passed, 67)
    assert [rate.passes for rate in summary.by_category.values()] == list(counts)


def test_what_has_no_verdict_stays_in_the_denominator() -> None:
    run = MadeUpRun(outcomes=outcomes(**{"pass": 45, "fail": 15, "refused": 2, "error": 5}))
    summary = summary_of(run)
    assert (summary.overall.passes, summary.overall.n) == (45, 67)
    assert summary.bounds == pytest.approx((0.6716, 0.7463), abs=1e-4)
    assert summary.coverage.verdicts == 62
    assert summary.outcomes == {outcome: run.outcomes.count(outcome) for outcome in OUTCOMES}


@given(st.lists(st.sampled_from(OUTCOMES), min_size=67, max_size=67))
def test_every_prompt_is_counted_once(ends: list[Outcome]) -> None:
    summary = summary_of(MadeUpRun(outcomes=ends))
    assert sum(summary.outcomes.values()) == 67
    assert summary.overall.passes == sum(rate.passes for rate in summary.by_category.values())
    low, high = summary.bounds
    assert low == summary.overall.value <= high <= 1


@pytest.mark.parametrize(("verdicts", "is_ranked"), [(67, True), (61, True), (60, False), (0, False)])
def test_a_run_is_ranked_from_61_verdicts_on(verdicts: int, is_ranked: bool) -> None:
    summary = summary_of(MadeUpRun(outcomes=outcomes(**{"fail": verdicts, "error": 67 - verdicts})))
    assert summary.ranked is is_ranked


def test_one_category_of_a_larger_suite_is_not_ranked() -> None:
    defects = prompts({"Defect Detection": 15})
    summary = summary_of(MadeUpRun(prompts=defects, outcomes=["pass"] * 15, suite_size=67))
    assert (summary.overall.passes, summary.overall.n) == (15, 15)
    assert not summary.coverage.ranked


def test_prompts_that_were_chosen_are_not_the_suite_however_many_they_are() -> None:
    chosen = summary_of(MadeUpRun(prompts=prompts()[:61], outcomes=["pass"] * 61, suite_size=67))
    assert chosen.coverage.verdicts == 61
    assert not chosen.ranked


def test_epochs_that_all_agree_leave_the_interval_as_it_was() -> None:
    def rate(epochs: int) -> Rate:
        everything = outcomes(**{"pass": 9 * epochs})
        return summary_of(MadeUpRun(prompts=prompts({"Any": 9}), epochs=epochs, outcomes=everything)).overall

    once, thrice = rate(1), rate(3)
    assert (thrice.low, thrice.high) == pytest.approx((once.low, once.high))
    assert (once.low, once.high) == pytest.approx((0.7009, 1), abs=1e-4)


def test_epochs_and_shared_pictures_are_clusters() -> None:
    epochs = MadeUpRun(epochs=3, outcomes=passes(FIRST) * 3)
    overall = summary_of(epochs).overall
    assert (overall.passes, overall.n, overall.prompts) == (150, 201, 67)
    assert overall.method == "cluster-wilson"
    assert overall.high - overall.low > 0.19, "the same answers three times are not 201 trials"

    shared = tuple(msgspec.structs.replace(prompt, image="one.png") for prompt in prompts()[:2]) + prompts()[2:]
    assert summary_of(MadeUpRun(prompts=shared)).overall.method == "cluster-wilson"
    assert summary_of(MadeUpRun()).overall.method == "wilson"


def test_the_cost_of_a_task_is_the_tokens_at_the_stored_price() -> None:
    cost = summary_of(MadeUpRun()).cost
    assert cost is not None
    assert cost.per_task_usd == Decimal("0.01114")
    assert cost.spent_usd == 67 * Decimal("0.01114")
    assert cost.per_pass_usd == 67 * Decimal("0.01114") / 50


def test_the_cost_of_a_pass_has_the_interval_of_the_pass_rate() -> None:
    price = msgspec.structs.replace(
        PRICE, input=Decimal("1.25"), output=Decimal(10), cached_input=Decimal("0.125")
    )
    tokens = Usage(input_tokens=1205, cached_input_tokens=1024, output_tokens=312, reasoning_tokens=256)
    cost = summary_of(MadeUpRun(prices=(price,), usage=lambda _: tokens)).cost
    assert cost is not None
    assert cost.per_task_usd == Decimal("0.00462625")
    assert cost.per_task_actual_usd == Decimal("0.00347425")
    found = (cost.per_pass_usd, cost.per_pass_low_usd, cost.per_pass_high_usd)
    assert [float(value) for value in found if value is not None] == pytest.approx(
        [0.006199, 0.005540, 0.007335], abs=1e-6
    )


def test_the_cost_of_a_pass_is_what_the_answers_cost_over_the_passes() -> None:
    cost = summary_of(MadeUpRun(outcomes=outcomes(**{"pass": 45, "fail": 17, "error": 5}))).cost
    assert cost is not None
    assert cost.per_pass_usd == 62 * Decimal("0.01114") / 45


@pytest.mark.parametrize(("known", "median"), [(3, None), (60, None), (61, 9999.0)])
def test_a_median_of_few_answers_is_not_the_run_s(known: int, median: float | None) -> None:
    full, empty = Usage(input_tokens=9999, output_tokens=10), Usage()
    tokens = summary_of(MadeUpRun(usage=lambda i: full if i < known else empty)).tokens
    assert (tokens.known, tokens.input_median) == (known, median)


def test_unknown_usage_or_price_is_unknown_cost_and_never_zero() -> None:
    no_price = summary_of(MadeUpRun(prices=())).cost
    no_usage = summary_of(MadeUpRun(usage=lambda _: Usage()))
    assert no_price is not None
    assert (no_price.per_task_usd, no_price.spent_usd, no_price.per_pass_usd) == (None, None, None)
    assert no_usage.cost is not None
    assert no_usage.cost.per_task_usd is None
    assert (no_usage.tokens.input_median, no_usage.tokens.output_median) == (None, None)


def test_one_answer_without_usage_makes_the_total_unknown_but_not_the_mean() -> None:
    cost = summary_of(
        MadeUpRun(usage=lambda i: Usage() if i == 3 else Usage(input_tokens=1, output_tokens=1))
    ).cost
    assert cost is not None
    assert cost.spent_usd is None
    assert (cost.known, cost.replies) == (66, 67)
    assert cost.per_task_usd == Decimal("0.000035")


def test_a_failed_call_that_was_billed_counts_in_the_spend_only() -> None:
    run = MadeUpRun(outcomes=outcomes(**{"pass": 66, "error": 1}))
    graded = run.graded()
    billed = (Usage(input_tokens=1_000_000, output_tokens=0),)
    record = graded[-1].record
    assert record is not None
    graded[-1] = msgspec.structs.replace(graded[-1], record=msgspec.structs.replace(record, billed=billed))
    cost = summarise(run.run, graded).cost
    assert cost is not None
    assert cost.per_task_usd == Decimal("0.01114")
    assert cost.spent_usd == 66 * Decimal("0.01114") + 5


def test_a_local_gpu_costs_the_time_it_was_busy() -> None:
    card = ModelCard(name="model-a", provider="transformers", gpu_usd_per_hour=Decimal("2.50"))
    cost = summary_of(MadeUpRun(card=card, prices=(), seconds=lambda _: 41.5 / 67)).cost
    assert cost is not None
    assert cost.basis == "gpu"
    assert float(cost.per_task_usd or 0) == pytest.approx(0.000430, abs=1e-6)


def test_overlapping_answers_share_the_gpu() -> None:
    def answer(end: str, seconds: float) -> Record:
        return Record("k", "p", 0, end, reply=Reply("", timing=Timing(service_s=seconds)))

    together = [answer("2026-11-21T04:00:10Z", 10.0), answer("2026-11-21T04:00:12Z", 10.0)]
    assert busy_seconds(together) == 12.0
    assert busy_seconds([answer("2026-11-21T04:00:10Z", 10.0), answer("2026-11-21T04:01:00Z", 10.0)]) == 20.0


def test_answers_of_a_batch_cost_their_shares_of_its_time() -> None:
    timing = Timing(service_s=10.0, busy_s=0.25)
    batch = [Record("k", f"p{i}", 0, "2026-11-21T04:00:10Z", reply=Reply("", timing=timing)) for i in range(8)]
    assert busy_seconds(batch) == 2.0


def test_a_models_price_at_a_host_is_not_the_price_of_running_it_here() -> None:
    card = ModelCard(name="model-a", provider="transformers", gpu_usd_per_hour=Decimal("2.50"))
    cost = summary_of(MadeUpRun(card=card, seconds=lambda _: 41.5 / 67)).cost
    assert cost is not None
    assert cost.basis == "gpu"


def test_times_are_the_service_times_of_answers() -> None:
    latency = summary_of(MadeUpRun(seconds=lambda index: 60.0 if index == 0 else 2.0)).latency
    assert latency is not None
    assert latency.mean_s == pytest.approx(2.87, abs=0.005)
    assert (latency.p50_s.value, latency.p90_s.value) == (2.0, 2.0)
    assert summary_of(MadeUpRun(seconds=lambda _: None)).latency is None


def test_different_suites_and_graders_are_refused() -> None:
    first = summary_of(MadeUpRun())
    other_suite = summary_of(MadeUpRun(suite_sha256="6" * 64))
    other_grader = summary_of(MadeUpRun(grader_version="2"))
    with pytest.raises(UsageError, match="different suites"):
        check_comparable([first, other_suite])
    with pytest.raises(UsageError, match="visioneval regrade"):
        check_comparable([first, other_grader])


def test_a_run_of_two_graders_is_refused() -> None:
    run = MadeUpRun()
    graded = run.graded()
    verdict = msgspec.structs.replace(graded[0].verdict, grader_version="0")
    graded[0] = msgspec.structs.replace(graded[0], verdict=verdict)
    with pytest.raises(StoreError, match="mixes grader versions 0, 1"):
        summarise(run.run, graded)


def test_the_note_and_blindness_are_part_of_a_run_wherever_it_is_shown() -> None:
    card = ModelCard(name="b", provider="baseline", note="baseline, not a vision-language model")
    assert summary_of(MadeUpRun(card=card)).note == "baseline, not a vision-language model"


def test_an_answer_reused_from_an_earlier_run_cost_nothing_and_took_no_time() -> None:
    run = MadeUpRun()
    graded = run.graded()
    record = graded[0].record
    assert record is not None
    graded[0] = msgspec.structs.replace(graded[0], record=msgspec.structs.replace(record, cached_from="earlier"))
    summary = summarise(run.run, graded)
    assert summary.cost is not None
    assert summary.latency is not None
    assert summary.cost.spent_usd == 66 * Decimal("0.01114")
    assert summary.cost.per_task_usd == Decimal("0.01114")
    assert summary.latency.n == 66

"""Graded records -> Summary: rates with intervals, outcome counts, coverage, times, tokens and cost.

A percentage leaves this module only as a `Rate`. What may not be put side by side (another suite, another
grader) is refused, never footnoted. Everything here is a pure function of a run and its graded records.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from statistics import fmean, median
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from visioneval import stats
from visioneval.errors import StoreError, UsageError
from visioneval.pricing import call_costs_usd, run_row, uncached_cost_usd, usage_cost_usd
from visioneval.stats import Interval, Quantile
from visioneval.types import (
    OUTCOMES,
    VERDICT_OUTCOMES,
    GradedRecord,
    Outcome,
    PriceRow,
    Record,
    Reply,
    Run,
)

ENOUGH_PERCENT = 90
"""Part that must be there for a whole to be spoken of: verdicts for a rank, known values for a mean or median."""
FEWEST_FOR_PERCENT = 9
"""Below this many prompts a rate is shown as k/n only."""
TRUNCATED_LIMIT = 0.02

Grade = Literal["good", "middling", "poor"]


def enough(known: int, of: int) -> bool:
    """Whether at least 90 % are known."""
    return known * 100 >= of * ENOUGH_PERCENT


class Rate(Struct, frozen=True):
    """Passes of n (prompt, epoch) pairs, with the 95 % interval of the rate."""

    passes: int
    n: int
    low: float
    high: float
    method: Literal["wilson", "cluster-wilson"]
    prompts: int
    """Prompts behind n: n / epochs."""

    @property
    def value(self) -> float:
        return self.passes / self.n

    @property
    def grade(self) -> Grade:
        """The score key: at least 75 % good, 40 to 74 % middling, below 40 % poor. Exact, not rounded."""
        if self.passes * 100 >= self.n * 75:
            return "good"
        return "middling" if self.passes * 100 >= self.n * 40 else "poor"


class Coverage(Struct, frozen=True):
    """How much of the whole suite has a verdict.

    A run is ranked when the whole suite was asked and at least 90 % of it has a verdict: prompts that were
    chosen say nothing about those that were not.
    """

    verdicts: int
    planned: int
    suite: int
    """(prompt, epoch) pairs in the whole suite."""

    @property
    def whole(self) -> bool:
        return self.planned == self.suite

    @property
    def ranked(self) -> bool:
        return self.whole and enough(self.verdicts, self.suite)


class Latency(Struct, frozen=True):
    """Service time of the answers, in seconds: of single requests, or of a local model shares of a batch's."""

    n: int
    replies: int
    """Answers that there are, timed or not: one that was reused from an earlier run is not."""
    mean_s: float
    p50_s: Quantile
    p90_s: Quantile
    retry_share: float
    """Part of the answers that needed more than one attempt."""


class TokenCounts(Struct, frozen=True):
    """Median tokens of the answers that report them; None when fewer than 90 % of the answers do."""

    replies: int
    known: int
    input_median: float | None
    output_median: float | None


class Cost(Struct, frozen=True):
    """What the run cost. None means unknown, and is never zero."""

    basis: Literal["tokens", "gpu"]
    price: PriceRow | None
    """The price row as used."""
    per_task_usd: Decimal | None
    """Mean over answers at the uncached price: the one to compare models at."""
    per_task_actual_usd: Decimal | None
    """Mean over answers with the cache discounts this run happened to get."""
    per_pass_usd: Decimal | None
    per_pass_low_usd: Decimal | None
    per_pass_high_usd: Decimal | None
    spent_usd: Decimal | None
    """Whole run, with failed calls that were billed."""
    known: int
    replies: int


class Summary(Struct, frozen=True):
    """All that the tables and pages say about one run."""

    run: Run
    grader_version: str | None
    """None when nothing was graded."""
    overall: Rate
    macro: float
    """Plain mean of the category rates."""
    by_category: dict[str, Rate]
    outcomes: dict[Outcome, int]
    coverage: Coverage
    bounds: Interval
    """The overall rate if every missing verdict were a failure, and if every one were a pass."""
    latency: Latency | None
    tokens: TokenCounts
    cost: Cost | None

    @property
    def label(self) -> str:
        return self.run.label

    @property
    def ranked(self) -> bool:
        return self.coverage.ranked

    @property
    def computed_cost(self) -> bool:
        """Whether the cost is computed from the hours of a GPU, and not billed by anybody."""
        return self.cost is not None and self.cost.basis == "gpu"

    @property
    def task_usd(self) -> Decimal | None:
        """Uncached cost of a task, None when it is unknown or the run covers too little of the suite."""
        return self.cost.per_task_usd if self.cost and self.ranked else None

    @property
    def note(self) -> str:
        return self.run.card.note

    @property
    def truncated_too_often(self) -> bool:
        return self.outcomes["truncated"] > TRUNCATED_LIMIT * self.overall.n


def summarise(run: Run, graded: Sequence[GradedRecord]) -> Summary:
    """Summarise one run. Raises StoreError when it is empty or mixes grader versions."""
    if not graded:
        raise StoreError(f"run {run.id} plans no prompts; delete its folder")
    counted = Counter(entry.verdict.outcome for entry in graded)
    outcomes: dict[Outcome, int] = {outcome: counted[outcome] for outcome in OUTCOMES}
    by_category = {
        category: rate([entry for entry in graded if entry.prompt.category == category])
        for category in dict.fromkeys(entry.prompt.category for entry in graded)
    }
    overall = rate(graded)
    verdicts = sum(outcomes[outcome] for outcome in VERDICT_OUTCOMES)
    return Summary(
        run=run,
        grader_version=_grader_version(run, graded),
        overall=overall,
        macro=fmean(of.value for of in by_category.values()),
        by_category=by_category,
        outcomes=outcomes,
        coverage=Coverage(verdicts, len(graded), run.suite_size * run.epochs),
        bounds=stats.worst_best(overall.passes, verdicts, overall.n),
        latency=_latency(graded),
        tokens=_tokens(graded),
        cost=_cost(run, graded, overall),
    )


def rate(graded: Sequence[GradedRecord]) -> Rate:
    """Return the share of passes among all planned (prompt, epoch) pairs; what is missing is not passed.

    Pairs that share a picture (epochs, or several questions about it) are one cluster; where there are
    such clusters the interval is Wilson's with the effective n.
    """
    clusters: dict[str, list[float]] = {}
    for entry in graded:
        clusters.setdefault(entry.prompt.image, []).append(float(entry.verdict.outcome == "pass"))
    passes, n = sum(entry.verdict.outcome == "pass" for entry in graded), len(graded)
    prompts = len({entry.prompt.id for entry in graded})
    if len(clusters) == n:
        return Rate(passes, n, *stats.wilson(passes, n), "wilson", prompts)
    return Rate(passes, n, *stats.cluster_wilson(list(clusters.values())), "cluster-wilson", prompts)


def check_comparable(summaries: Iterable[Summary]) -> None:
    """Raise UsageError unless all runs have the same suite and the same grader."""
    first: Summary | None = None
    for summary in summaries:
        first = first or summary
        if summary.run.suite_sha256 != first.run.suite_sha256:
            raise UsageError(
                f"runs {first.run.id} and {summary.run.id} have different suites ({first.run.suite} "
                f"{first.run.suite_sha256[:12]}, {summary.run.suite} {summary.run.suite_sha256[:12]}); "
                "compare runs of one suite"
            )
        if None not in (versions := {first.grader_version, summary.grader_version}) and len(versions) > 1:
            raise UsageError(
                f"runs {first.run.id} and {summary.run.id} were graded by different graders "
                f"({first.grader_version}, {summary.grader_version}); `visioneval regrade` them first"
            )


def _grader_version(run: Run, graded: Sequence[GradedRecord]) -> str | None:
    verdicts = (entry.verdict for entry in graded if entry.verdict.outcome in VERDICT_OUTCOMES)
    versions = {verdict.grader_version for verdict in verdicts}
    if len(versions) > 1:
        raise StoreError(
            f"run {run.id} mixes grader versions {', '.join(sorted(versions))}; `visioneval regrade` it"
        )
    return next(iter(versions), None)


def _replies(graded: Sequence[GradedRecord]) -> list[Reply]:
    return [entry.record.reply for entry in graded if entry.record is not None and entry.record.reply is not None]


def _latency(graded: Sequence[GradedRecord]) -> Latency | None:
    fresh = [entry for entry in graded if entry.record is not None and entry.record.cached_from is None]
    timings = [reply.timing for reply in _replies(fresh) if reply.timing.service_s is not None]
    seconds = [timing.service_s for timing in timings if timing.service_s is not None]
    if not seconds:
        return None
    retried = fmean(timing.attempts > 1 for timing in timings)
    p50, p90 = stats.quantile(seconds, 0.5), stats.quantile(seconds, 0.9)
    return Latency(len(seconds), len(_replies(graded)), fmean(seconds), p50, p90, retried)


def _tokens(graded: Sequence[GradedRecord]) -> TokenCounts:
    usages = [reply.usage for reply in _replies(graded)]
    inputs = [usage.input_tokens for usage in usages if usage.input_tokens is not None]
    outputs = [usage.output_tokens for usage in usages if usage.output_tokens is not None]
    known = min(len(inputs), len(outputs))
    return TokenCounts(len(usages), known, _median(inputs, len(usages)), _median(outputs, len(usages)))


def _median(known: Sequence[int], of: int) -> float | None:
    return float(median(known)) if known and enough(len(known), of) else None


def _cost(run: Run, graded: Sequence[GradedRecord], overall: Rate) -> Cost | None:
    replies = _replies(graded)
    if not replies:
        return None
    if run.card.gpu_usd_per_hour is not None:
        return _gpu_cost(run.card.gpu_usd_per_hour, graded, overall)
    uncached = [uncached_cost_usd(reply.usage, run_row(run, reply.usage.service_tier)) for reply in replies]
    actual = [usage_cost_usd(run, reply.usage) for reply in replies]
    records = [entry.record for entry in graded if entry.record is not None]
    return _with_cost_per_pass(
        Cost(
            basis="tokens",
            price=run_row(run),
            per_task_usd=_mean(uncached),
            per_task_actual_usd=_mean(actual),
            per_pass_usd=None,
            per_pass_low_usd=None,
            per_pass_high_usd=None,
            spent_usd=_total(call_costs_usd(run, records)),
            known=sum(cost is not None for cost in uncached),
            replies=len(replies),
        ),
        overall,
    )


def _gpu_cost(usd_per_hour: Decimal, graded: Sequence[GradedRecord], overall: Rate) -> Cost | None:
    records = [entry.record for entry in graded if entry.record is not None]
    busy = busy_seconds(records)
    if busy is None:
        return None
    replies = len(_replies(graded))
    spent = busy_usd(usd_per_hour, busy)
    each = spent / replies
    return _with_cost_per_pass(Cost("gpu", None, each, each, None, None, None, spent, replies, replies), overall)


def busy_usd(usd_per_hour: Decimal, busy_s: float) -> Decimal:
    """Return what so many seconds of a device cost."""
    return usd_per_hour * Decimal(repr(busy_s)) / 3600


def busy_seconds(records: Sequence[Record]) -> float | None:
    """Return how long a device worked on the answers: their shares of its time, where they were measured.

    Else how long at least one answer was being made, overlapping calls counted once; None when a reply lacks
    its service time.
    """
    shares = [record.reply.timing.busy_s for record in records if record.reply is not None]
    if shares and None not in shares:
        return sum(share for share in shares if share is not None)
    spans: list[tuple[float, float]] = []
    for record in records:
        if record.reply is None:
            continue
        if record.reply.timing.service_s is None:
            return None
        end = datetime.fromisoformat(record.at).timestamp()
        spans.append((end - record.reply.timing.service_s, end))
    total, reached = 0.0, float("-inf")
    for start, end in sorted(spans):
        total += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return round(total, 6)


def _with_cost_per_pass(cost: Cost, overall: Rate) -> Cost:
    """Fill in the answers' cost over the passes, with the interval of the pass rate; unknown without a pass."""
    if cost.per_task_usd is None or overall.passes == 0:
        return cost
    total, n = cost.per_task_usd * cost.replies, overall.n
    return replace(
        cost,
        per_pass_usd=total / overall.passes,
        per_pass_low_usd=total / (n * Decimal(repr(overall.high))),
        per_pass_high_usd=total / (n * Decimal(repr(overall.low))) if overall.low > 0 else None,
    )


def _mean(costs: Sequence[Decimal | None]) -> Decimal | None:
    """Return the mean of what is known, unknown when that is less than 90 % of all."""
    known = [cost for cost in costs if cost is not None]
    if not known or not enough(len(known), len(costs)):
        return None
    return sum(known, Decimal(0)) / len(known)


def _total(costs: Sequence[Decimal | None]) -> Decimal | None:
    return None if None in costs else sum((cost for cost in costs if cost is not None), Decimal(0))

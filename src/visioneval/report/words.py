"""What may be said about two runs: every sentence is made from a number, and says no more than it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from msgspec import Struct

from visioneval import stats
from visioneval.compare import Comparison, Contest, Decision
from visioneval.report import form
from visioneval.stats import Interval

IMAGES_ASKED = 1_000
EQUAL_WITHIN = 0.10
"""Difference of rates below which two models are called equally good, where that is shown."""


class Advice(Struct, frozen=True):
    """Reasons to choose either, and what stays open."""

    for_a: tuple[str, ...]
    for_b: tuple[str, ...]
    open: tuple[str, ...]


class Answered(Struct, frozen=True):
    """A question that people ask, and what the numbers say."""

    question: str
    answer: str


def flips(contest: Contest, a: str, b: str) -> str:
    """Say who passes what the other fails."""
    if contest.table is None:
        return f"{b} scores {form.points(contest.difference)} points against {a} on {_prompts(contest.n)}"
    table = contest.table
    return f"{b} fixes {table.only_b} that {a} fails, {a} fixes {table.only_a} that {b} fails"


def finding(contest: Contest, a: str, b: str) -> str:
    """Say in one sentence what a contest shows, with its interval and its test."""
    words = {
        "a": span(contest.interval, a, b).replace(" better ", " is better ", 1),
        "b": span(contest.interval, a, b).replace(" better ", " is better ", 1),
        "none": f"no evidence of a difference: the data allow {span(contest.interval, a, b)}",
        "undecided": f"undecided, {_prompts(contest.n)} are too few: the data allow "
        f"{span(contest.interval, a, b)}",
    }
    return f"{flips(contest, a, b)}; {words[contest.decision]} ({test(contest)})."


def span(interval: Interval, a: str, b: str) -> str:
    """Say an interval of B minus A: "A better by up to 9.8 points to B better by up to 15.6"."""
    low, high = (form.points(end).lstrip("+−") for end in interval)
    if interval.low >= 0:
        return f"{b} better by {low} to {high} points"
    if interval.high <= 0:
        return f"{a} better by {high} to {low} points"
    return f"{a} better by up to {low} points to {b} better by up to {high}"


def test(contest: Contest) -> str:
    """Name the test and its p-value."""
    if contest.p_exact is None:
        return f"95%, sign-flip test by picture, {form.p_value(contest.p)}, {_prompts(contest.n)}"
    exact = form.p_value(contest.p_exact).removeprefix("p ").removeprefix("= ")
    return f"95%, McNemar mid-{form.p_value(contest.p)}, exact {exact}, {_prompts(contest.n)}"


def advice(comparison: Comparison, a: str, b: str) -> Advice:
    """Gather the reasons to choose A, to choose B, and what the numbers leave open."""
    reasons: dict[Decision, list[str]] = {"a": [], "b": [], "none": [], "undecided": []}
    for decision, reason in _reasons(comparison, a, b):
        reasons[decision].append(reason)
    return Advice(tuple(reasons["a"]), tuple(reasons["b"]), tuple(reasons["none"] + reasons["undecided"]))


def _reasons(comparison: Comparison, a: str, b: str) -> Iterator[tuple[Decision, str]]:
    overall = comparison.overall
    yield (
        overall.decision,
        {
            "a": f"accuracy over all categories matters: {span(overall.interval, a, b)}",
            "b": f"accuracy over all categories matters: {span(overall.interval, a, b)}",
            "none": f"which is more accurate: the data allow {span(overall.interval, a, b)}",
            "undecided": f"which is more accurate: {_prompts(overall.n)} are too few",
        }[overall.decision],
    )
    for category, contest in comparison.by_category.items():
        if contest.decision in ("a", "b"):
            yield (
                contest.decision,
                f"{category} is the work: {form.category(contest.rate_a)} against "
                f"{form.category(contest.rate_b)}, {form.p_value(contest.p)} after Holm",
            )
    yield _cost_reason(comparison)
    yield _time_reason(comparison)
    yield from _access_reasons(comparison)


def _cost_reason(comparison: Comparison) -> tuple[Decision, str]:
    cost_a, cost_b = _task_costs(comparison)
    if comparison.cost is None:
        return "none", "which is cheaper: the cost of at least one is not known"
    if form.usd(cost_a) == form.usd(cost_b):
        return "none", f"which is cheaper: both cost {form.usd(cost_a)} a task"
    low, high = sorted((cost_a or Decimal(0), cost_b or Decimal(0)))
    return comparison.cost, f"the price matters: {form.usd(low)} a task against {form.usd(high)}"


def _time_reason(comparison: Comparison) -> tuple[Decision, str]:
    time = comparison.time
    if time is None:
        return "none", "which is faster: too few prompts were timed with both"
    if time.decision == "none":
        return "none", f"which is faster: {_times(time.ratio, time.interval)} on the same prompts"
    ratio, interval = (time.ratio, time.interval) if time.decision == "b" else _inverse(time.ratio, time.interval)
    return time.decision, f"speed matters: it takes {_times(ratio, interval)} on the same prompts"


def _access_reasons(comparison: Comparison) -> Iterator[tuple[Decision, str]]:
    access = (comparison.a.run.card.access, comparison.b.run.card.access)
    if access == ("open", "closed"):
        yield "a", "you must run it yourself: its weights are open, the other's are not"
    if access == ("closed", "open"):
        yield "b", "you must run it yourself: its weights are open, the other's are not"


def questions(comparison: Comparison, a: str, b: str) -> tuple[Answered, ...]:
    """Answer what people ask first, from the same numbers."""
    return (
        Answered("Which is more accurate?", finding(comparison.overall, a, b)),
        Answered("Are they equally good?", _equally_good(comparison)),
        Answered(f"Which is cheaper for {IMAGES_ASKED:,} images?", _cheaper(comparison, a, b)),
        Answered("Which is faster?", _faster(comparison, a, b)),
        Answered(f"Does the difference matter with {_prompts(comparison.overall.n)}?", _matters(comparison)),
    )


def _equally_good(comparison: Comparison) -> str:
    overall = comparison.overall
    margin = form.points(EQUAL_WITHIN).lstrip("+")
    if overall.decision in ("a", "b"):
        return "No: one is better."
    if overall.table is None or overall.p_exact is None:
        return "Not known: a test of equality needs one answer a prompt and a picture each."
    if stats.equivalent(overall.table, EQUAL_WITHIN):
        return f"Yes, within ±{margin} points: the 90% interval lies inside (two one-sided tests at 5%)."
    return f"Not shown: the 90% interval reaches beyond ±{margin} points. Not shown to differ is not equal."


def _cheaper(comparison: Comparison, a: str, b: str) -> str:
    cost_a, cost_b = _task_costs(comparison)
    if comparison.cost is None or cost_a is None or cost_b is None:
        return f"Unknown: {a} {_for_images(cost_a)}, {b} {_for_images(cost_b)}."
    both = f"{a} {_for_images(cost_a)}, {b} {_for_images(cost_b)}, without cache discounts"
    if form.usd(cost_a) == form.usd(cost_b):
        return f"Neither: {both}."
    return f"{a if comparison.cost == 'a' else b}: {both}."


def _for_images(cost: Decimal | None) -> str:
    return "costs an unknown amount" if cost is None else f"costs about {form.usd(cost * IMAGES_ASKED)}"


def _faster(comparison: Comparison, a: str, b: str) -> str:
    time = comparison.time
    if time is None:
        return "Unknown: too few prompts were timed with both."
    takes = f"{b} takes {_times(time.ratio, time.interval)} as {a} on the same {_prompts(time.n)}"
    if time.decision == "none":
        return f"No evidence of a difference: {takes} ({form.p_value(time.p)})."
    return f"{a if time.decision == 'a' else b}: {takes} ({form.p_value(time.p)}), one request at a time."


def _matters(comparison: Comparison) -> str:
    overall, detectable = comparison.overall, comparison.detectable
    decided = overall.decision in ("a", "b")
    start = "Yes, it is more than chance." if decided else "It may be chance."
    if overall.table is None:
        return f"{start} The prompts were asked several times, which makes each surer but not the suite larger."
    if detectable is None:
        return f"{start} With so few disagreements no difference could be seen reliably."
    prompts = max(1, round(detectable * overall.n))
    return (
        f"{start} At {form.percent_of(overall.table.discordance)} disagreement, {_prompts(overall.n)} show a true "
        f"difference reliably (4 times in 5) only from {form.points(detectable).lstrip('+')} points on, "
        f"that is {_prompts(prompts)}."
    )


def _times(ratio: float, interval: Interval) -> str:
    return f"{ratio:.2f} times as long ({interval.low:.2f} to {interval.high:.2f})"


def _inverse(ratio: float, interval: Interval) -> tuple[float, Interval]:
    return 1 / ratio, Interval(1 / interval.high, 1 / interval.low)


def _task_costs(comparison: Comparison) -> tuple[Decimal | None, Decimal | None]:
    return comparison.a.task_usd, comparison.b.task_usd


def _prompts(n: int) -> str:
    return form.count(n, "prompt")

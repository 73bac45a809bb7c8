"""What may be said about two runs: every sentence is made from a number, and says no more than it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from math import ceil

from msgspec import Struct
from msgspec.structs import replace

from visioneval import stats
from visioneval.aggregate import FEWEST_FOR_PERCENT
from visioneval.compare import Comparison, Contest, Decision, NotCompared, TimeContest
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
    if contest.table is not None:
        return f"{b} fixes {contest.table.only_b} that {a} fails, {a} fixes {contest.table.only_a} that {b} fails"
    if _too_few(contest):
        first, second = (f"{rate.passes} of {rate.n}" for rate in (contest.rate_a, contest.rate_b))
        return f"{a} passes {first}, {b} {second}"
    return f"{b} scores {form.points(contest.difference)} points against {a} on {_prompts(contest.n)}"


def finding(contest: Contest, a: str, b: str) -> str:
    """Say in one sentence what a contest shows, with its interval and its test; of a few prompts, the counts."""
    if _too_few(contest):
        return f"{flips(contest, a, b)}; undecided, {_few(contest.n)}."
    if contest.decision in ("a", "b"):
        shown = span(contest.interval, a, b, verb=" is")
    else:
        shown = f"{_NOT_SHOWN[contest.decision]}: the data allow {span(contest.interval, a, b)}"
    return f"{flips(contest, a, b)}; {shown} ({test(contest)})."


_NOT_SHOWN = {"none": "no evidence of a difference", "undecided": "undecided, as test and interval disagree"}


def _too_few(contest: Contest) -> bool:
    return contest.n < FEWEST_FOR_PERCENT


def span(interval: Interval, a: str, b: str, verb: str = "") -> str:
    """Say an interval of B minus A: "A better by up to 9.8 points to B better by up to 15.6"."""
    low, high = (form.points(end).lstrip("+−") for end in interval)
    if interval.low >= 0:
        return f"{b}{verb} better by {low} to {high} points"
    if interval.high <= 0:
        return f"{a}{verb} better by {high} to {low} points"
    return f"{a}{verb} better by up to {low} points to {b}{verb} better by up to {high}"


def test(contest: Contest) -> str:
    """Name the test and its p-value, and what they are corrected for."""
    level = "95%" if contest.tests == 1 else "95% for this pair alone"
    if contest.p_exact is None:
        tested = f"sign-flip test by picture, {form.p_value(contest.p)}"
    else:
        exact = form.p_value(contest.p_exact).removeprefix("p ").removeprefix("= ")
        tested = f"McNemar mid-{form.p_value(contest.p)}, exact {exact}"
    if contest.tests > 1:
        tested += f", after Holm for {contest.tests} tests"
    return f"{level}, {tested}, {_prompts(contest.n)}"


def advice(comparison: Comparison, a: str, b: str) -> Advice:
    """Gather the reasons to choose A, to choose B, and what the numbers leave open."""
    reasons: dict[Decision, list[str]] = {"a": [], "b": [], "none": [], "undecided": []}
    for decision, reason in _reasons(comparison, a, b):
        reasons[decision].append(reason)
    return Advice(tuple(reasons["a"]), tuple(reasons["b"]), tuple(reasons["none"] + reasons["undecided"]))


def _reasons(comparison: Comparison, a: str, b: str) -> Iterator[tuple[Decision, str]]:
    overall = comparison.overall
    if overall.decision in ("a", "b"):
        yield overall.decision, f"accuracy over all categories matters: {span(overall.interval, a, b)}"
    elif _too_few(overall):
        yield "undecided", f"which is more accurate: {_few(overall.n)}"
    else:
        yield overall.decision, f"which is more accurate: the data allow {span(overall.interval, a, b)}"
    yield from _category_hints(comparison, a, b)
    yield _cost_reason(comparison)
    yield _time_reason(comparison)
    yield from _access_reasons(comparison)


def _category_hints(comparison: Comparison, a: str, b: str) -> Iterator[tuple[Decision, str]]:
    """Name categories that look different, as questions: a few prompts of one run make no winner."""
    several = len(comparison.by_category) > 1
    for category, contest in comparison.by_category.items():
        if several and contest.decision in ("a", "b"):
            better = a if contest.decision == "a" else b
            scores = f"{form.category(contest.rate_a)} against {form.category(contest.rate_b)}"
            tested = f"{form.p_value(contest.p)} after Holm for {contest.tests} tests"
            yield (
                "none",
                f"whether {better} is better at {category}: {scores}, {tested}, which one run does not settle",
            )


def _cost_reason(comparison: Comparison) -> tuple[Decision, str]:
    cost_a, cost_b = _task_costs(comparison)
    if isinstance(comparison.cost, NotCompared):
        return "none", f"which is cheaper: {comparison.cost.why}"
    if form.usd(cost_a) == form.usd(cost_b):
        return "none", f"which is cheaper: both cost {form.usd(cost_a)} a task"
    low, high = sorted((cost_a or Decimal(0), cost_b or Decimal(0)))
    return comparison.cost, f"the price matters: {form.usd(low)} a task against {form.usd(high)}"


def _time_reason(comparison: Comparison) -> tuple[Decision, str]:
    time = comparison.time
    if isinstance(time, NotCompared):
        return "none", f"which is faster: {time.why}"
    if time.decision == "none":
        return "none", f"which is faster: {_times(time)} on the same prompts"
    return time.decision, f"speed matters: it takes {_times(_of_the_faster(time))} on the same prompts, {time.how}"


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
    if _too_few(overall):
        return f"Not known: {_few(overall.n)}."
    if overall.table is None or overall.p_exact is None:
        return "Not known: a test of equality needs one answer a prompt and a picture each."
    if stats.equivalent(overall.table, EQUAL_WITHIN):
        return f"Yes, within ±{margin} points: the 90% interval lies inside (two one-sided tests at 5%)."
    return f"Not shown: the 90% interval reaches beyond ±{margin} points. Not shown to differ is not equal."


def _cheaper(comparison: Comparison, a: str, b: str) -> str:
    cost_a, cost_b = _task_costs(comparison)
    if isinstance(comparison.cost, NotCompared):
        return f"Unknown, {comparison.cost.why}: {a} {_for_images(cost_a)}, {b} {_for_images(cost_b)}."
    both = f"{a} {_for_images(cost_a)}, {b} {_for_images(cost_b)}, without cache discounts"
    if form.usd(cost_a) == form.usd(cost_b):
        return f"Neither: {both}."
    return f"{a if comparison.cost == 'a' else b}: {both}."


def _for_images(cost: Decimal | None) -> str:
    return "costs an unknown amount" if cost is None else f"costs about {form.usd(cost * IMAGES_ASKED)}"


def _faster(comparison: Comparison, a: str, b: str) -> str:
    time = comparison.time
    if isinstance(time, NotCompared):
        return f"Unknown: {time.why}."
    tested = f"{form.p_value(time.p)}{' after Holm' if comparison.overall.tests > 1 else ''}"
    takes = f"{b} takes {_times(time)} as {a} on the same {_prompts(time.n)} ({tested}), {time.how}"
    if time.decision == "none":
        return f"No evidence of a difference: {takes}."
    return f"{a if time.decision == 'a' else b}: {takes}."


def _matters(comparison: Comparison) -> str:
    overall, detectable = comparison.overall, comparison.detectable
    decided = overall.decision in ("a", "b")
    start = "Yes, it is more than chance." if decided else "It may be chance."
    if _too_few(overall):
        return f"{start} {_few(overall.n)} to say."
    if overall.table is None:
        return f"{start} The prompts were asked several times, which makes each surer but not the suite larger."
    if overall.p_exact is None:
        return f"{start} Several questions about one picture tell less than as many pictures would."
    if detectable is None:
        return start if decided else f"{start} With so few disagreements no difference could be seen reliably."
    return (
        f"{start} At {form.percent_of(overall.table.discordance)} disagreement, {_prompts(overall.n)} show a true "
        f"difference reliably (4 times in 5) only from {form.points(detectable).lstrip('+')} points on, "
        f"that is {_prompts(ceil(detectable * overall.n))}."
    )


def _times(time: TimeContest) -> str:
    low, high = map(form.ratio, time.interval)
    return f"{form.ratio(time.ratio)} times as long ({low} to {high})"


def _of_the_faster(time: TimeContest) -> TimeContest:
    """Turn the contest so that the faster one is held against the slower."""
    if time.decision == "b":
        return time
    return replace(time, ratio=1 / time.ratio, interval=Interval(1 / time.interval.high, 1 / time.interval.low))


def _task_costs(comparison: Comparison) -> tuple[Decimal | None, Decimal | None]:
    return comparison.a.task_usd, comparison.b.task_usd


def _few(n: int) -> str:
    return f"{form.count(n, 'prompt is', 'prompts are')} too few"


def _prompts(n: int) -> str:
    return form.count(n, "prompt")

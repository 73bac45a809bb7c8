"""Two graded runs -> Comparison: who passes what the other fails, how sure that is, which is faster, cheaper.

Only prompts on which both runs have verdicts are compared. Single answers to prompts with a picture each
are tested by McNemar's mid-p; several epochs, or several prompts on one picture, by flipping the signs of
whole pictures. Times and costs that were not measured alike are not compared. Every comparison is B against A.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import fmean
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from visioneval import stats
from visioneval.aggregate import FEWEST_FOR_PERCENT, Rate, Summary, check_comparable, rate, summarise
from visioneval.errors import UsageError
from visioneval.stats import Interval, PairedTable
from visioneval.types import VERDICT_OUTCOMES, GradedRecord, Prompt, Run

ALPHA = 0.05
ON_CPU, AT_HOST = "on a CPU", "at the host"

Decision = Literal["a", "b", "none", "undecided"]
"""Which one is better; "none": no evidence of a difference; "undecided": too few prompts to say, or the test
and the interval disagree."""


class GradedRun(Struct, frozen=True):
    """A run with what became of each of its prompts. Make it with `GradedRun.of`."""

    summary: Summary
    by_prompt: dict[str, tuple[GradedRecord, ...]]
    """In the order of the plan, one a epoch."""
    scores: dict[str, float]
    """For each prompt with a verdict, its share of passes over the epochs with a verdict."""
    seconds: dict[str, float]
    """Mean service time of each prompt whose answers were all timed."""

    suite_folder: Path | None = None
    """Where the pictures are, if they are here."""

    @classmethod
    def of(cls, run: Run, graded: Sequence[GradedRecord], suite_folder: Path | None = None) -> GradedRun:
        by_prompt: dict[str, list[GradedRecord]] = {}
        for entry in graded:
            by_prompt.setdefault(entry.prompt.id, []).append(entry)
        return cls(
            summary=summarise(run, graded),
            by_prompt={prompt_id: tuple(entries) for prompt_id, entries in by_prompt.items()},
            scores={i: score for i, entries in by_prompt.items() if (score := _score(entries)) is not None},
            seconds={i: mean for i, entries in by_prompt.items() if (mean := _seconds(entries)) is not None},
            suite_folder=suite_folder,
        )

    @property
    def prompts(self) -> list[Prompt]:
        return [entries[0].prompt for entries in self.by_prompt.values()]

    @property
    def graded(self) -> list[GradedRecord]:
        return [entry for entries in self.by_prompt.values() for entry in entries]


def _score(entries: Sequence[GradedRecord]) -> float | None:
    passes = [e.verdict.outcome == "pass" for e in entries if e.verdict.outcome in VERDICT_OUTCOMES]
    return sum(passes) / len(passes) if passes else None


def _seconds(entries: Sequence[GradedRecord]) -> float | None:
    """Return the mean service time, None unless every answer was made and timed in this run."""
    records = [entry.record for entry in entries if entry.record is not None and entry.record.reply is not None]
    timed = [r.reply.timing.service_s for r in records if r.reply is not None and r.cached_from is None]
    seconds = [service_s for service_s in timed if service_s]
    return fmean(seconds) if seconds and len(seconds) == len(records) else None


class NotCompared(Struct, frozen=True):
    """Why two runs are not compared in time or cost, as the end of a sentence."""

    why: str


class Contest(Struct, frozen=True):
    """B against A on some prompts."""

    n: int
    rate_a: Rate
    rate_b: Rate
    table: PairedTable | None
    """The 2x2 table; None when a prompt was answered more than once."""
    difference: float
    """B minus A, of 1."""
    interval: Interval
    """95 % for this contest alone, whatever `tests` is."""
    p: float
    """Decides: McNemar's mid-p, or the sign-flip test."""
    p_exact: float | None
    """McNemar's exact p-value, for comparison."""
    method: Literal["mcnemar", "sign-flip"]
    decision: Decision
    tests: int = 1
    """Number of tests for which both p-values are corrected by Holm."""


class TimeContest(Struct, frozen=True):
    """How many times as long B takes as A on the same prompts."""

    n: int
    ratio: float
    interval: Interval
    p: float
    decision: Decision
    how: str
    """What was timed: "each request timed by itself", "one prompt at a time" or "shares of a batch"."""


class Comparison(Struct, frozen=True):
    """All that is known about B against A."""

    a: Summary
    b: Summary
    overall: Contest
    by_category: dict[str, Contest]
    """Corrected by Holm for the number of categories, and of pairs where there are several."""
    fixed_by_b: tuple[Prompt, ...]
    """Prompts that B passes more often than A."""
    fixed_by_a: tuple[Prompt, ...]
    left_out: int
    """Prompts left out because one of the two has no verdict."""
    time: TimeContest | NotCompared
    cost: Decision | NotCompared
    """Who is cheaper a task at the uncached price."""
    detectable: float | None
    """Smallest true difference that so many prompts show in 4 of 5 tries, at this discordance."""


def compare(a: GradedRun, b: GradedRun) -> Comparison:
    """Compare two runs. Raises UsageError when they are not comparable or share no verdict."""
    return compare_all([(a, b)])[0]


def compare_all(pairs: Sequence[tuple[GradedRun, GradedRun]]) -> list[Comparison]:
    """Compare pairs of runs as one family: Holm over the pairs, and over the categories of all pairs.

    Raises UsageError when the two of a pair are not comparable or share no verdict.
    """
    found = [_compare(a, b) for a, b in pairs]
    overall = corrected([comparison.overall for comparison in found])
    categories = iter(corrected([contest for each in found for contest in each.by_category.values()]))
    times = iter(corrected_times([each.time for each in found if isinstance(each.time, TimeContest)]))
    return [
        replace(
            each,
            overall=contest,
            by_category={name: next(categories) for name in each.by_category},
            time=next(times) if isinstance(each.time, TimeContest) else each.time,
        )
        for each, contest in zip(found, overall, strict=True)
    ]


def _compare(a: GradedRun, b: GradedRun) -> Comparison:
    check_comparable([a.summary, b.summary])
    scores_a, scores_b = a.scores, b.scores
    prompts = shared_prompts([a, b])
    if not prompts:
        raise UsageError(
            f"runs {a.summary.run.id} and {b.summary.run.id} have no prompt with a verdict in common; "
            "run the same prompts with both"
        )
    overall = contest_on(a, b, prompts)
    return Comparison(
        a=a.summary,
        b=b.summary,
        overall=overall,
        by_category={
            category: contest_on(a, b, [prompt for prompt in prompts if prompt.category == category])
            for category in dict.fromkeys(prompt.category for prompt in prompts)
        },
        fixed_by_b=tuple(prompt for prompt in prompts if scores_b[prompt.id] > scores_a[prompt.id]),
        fixed_by_a=tuple(prompt for prompt in prompts if scores_b[prompt.id] < scores_a[prompt.id]),
        left_out=len({p.id for p in (*a.prompts, *b.prompts)}) - len(prompts),
        time=compare_times(a, b),
        cost=cheaper(a.summary, b.summary),
        detectable=_detectable(overall),
    )


def shared_prompts(runs: Sequence[GradedRun]) -> list[Prompt]:
    """Return the prompts on which every run has a verdict, in the order of the first."""
    return [prompt for prompt in runs[0].prompts if all(prompt.id in run.scores for run in runs)]


def place(summary: Summary) -> str:
    """Say where and how times were taken: those of two places do not compare, and those of a CPU never do."""
    run = summary.run
    if run.loaded.get("device") == "cpu" or run.card.provider.startswith("baseline-"):
        return ON_CPU
    device = run.loaded.get("device_name", "an unknown device")
    return f"as {_how_timed(run)} on {device}" if run.loaded else AT_HOST


def _how_timed(run: Run) -> str:
    if not run.loaded:
        return "each request timed by itself"  # a host is asked many at once
    alone = run.card.options.get("latency_mode") == "single" or run.loaded.get("batch_size", 1) == 1
    return "one prompt at a time" if alone else "shares of a batch"


def _otherwise_timed(a: Summary, b: Summary) -> str:
    """Say why the times of two runs do not compare; nothing when they do."""
    places = place(a), place(b)
    if ON_CPU in places:
        return "times on a CPU depend on what else it does"
    if places[0] != places[1]:
        return f"one was timed {places[0]}, the other {places[1]}"
    at_once = a.run.concurrency, b.run.concurrency
    if None not in at_once and at_once[0] != at_once[1]:
        return f"one host was sent {at_once[0]} calls at once, the other {at_once[1]} (--concurrency)"
    return ""


def compare_times(a: GradedRun, b: GradedRun) -> TimeContest | NotCompared:
    """Return how the times of two runs compare on the same prompts, or why they do not."""
    if why := _otherwise_timed(a.summary, b.summary):
        return NotCompared(why)
    both = [prompt_id for prompt_id in a.seconds if prompt_id in b.seconds]
    if len(both) < FEWEST_FOR_PERCENT:
        timed = "fewer than nine prompts were" if both else "no prompt was"
        return NotCompared(f"{timed} timed with both")
    ratio, interval, p = stats.ratio_of_times(tuple(a.seconds[i] for i in both), tuple(b.seconds[i] for i in both))
    return _decided_time(TimeContest(len(both), ratio, interval, p, "none", _how_timed(a.summary.run)))


def _decided_time(contest: TimeContest) -> TimeContest:
    decision: Decision = "none"
    if contest.p <= ALPHA and not contest.interval.low <= 1 <= contest.interval.high:
        decision = "a" if contest.ratio > 1 else "b"
    return replace(contest, decision=decision)


def corrected_times(contests: Sequence[TimeContest]) -> list[TimeContest]:
    """Return the contests of one family with their p-values corrected by Holm, and what follows from them."""
    p_values = stats.holm([contest.p for contest in contests])
    return [_decided_time(replace(contest, p=p)) for contest, p in zip(contests, p_values, strict=True)]


def cheaper(a: Summary, b: Summary) -> Decision | NotCompared:
    """Return who costs less a task at the uncached price, or why that is not known."""
    first, second = a.task_usd, b.task_usd
    if first is None or second is None:
        return NotCompared("the cost of at least one is not known")
    if why := otherwise_priced(a, b):
        return NotCompared(why)
    return "none" if first == second else ("a" if first < second else "b")


def otherwise_priced(a: Summary, b: Summary) -> str:
    """Say why the costs of two runs do not compare; nothing when they do.

    What was billed and what was computed from a device's time are not alike; costs computed from times compare
    where the times do. One model under two price rows would compare days, not models.
    """
    if a.cost is None or b.cost is None:
        return ""
    if a.cost.basis != b.cost.basis:
        return "one cost is computed from a device's time, the other is billed by tokens"
    if a.cost.basis == "gpu":
        return f"costs computed from times: {why}" if (why := _otherwise_timed(a, b)) else ""
    rows = a.cost.price, b.cost.price
    if rows[0] is None or rows[1] is None or rows[0] == rows[1]:
        return ""
    same_model = (rows[0].model, rows[0].tier) == (rows[1].model, rows[1].tier)
    return "one model at two prices; reprice one of the runs" if same_model else ""


def not_beaten_by_first(runs: Sequence[GradedRun]) -> list[bool]:
    """Return, for runs in rank order, which are not shown to be worse than the first (Holm, 5 % in all).

    Runs that never saw a picture do not compete: they are not in the family, and never in the group.
    """
    competing = [run for run in runs if run.summary.run.sighted]
    met = [run for run in competing[1:] if shared_prompts([competing[0], run])]
    contests = corrected([contest_on(competing[0], run, shared_prompts([competing[0], run])) for run in met])
    beaten = {id(run) for run, contest in zip(met, contests, strict=True) if contest.decision == "a"}
    return [run.summary.run.sighted and id(run) not in beaten for run in runs]


def corrected(contests: Sequence[Contest]) -> list[Contest]:
    """Return the contests of one family with their p-values corrected by Holm, and what follows from them."""
    p_values = stats.holm([contest.p for contest in contests])
    exact = stats.holm([contest.p if contest.p_exact is None else contest.p_exact for contest in contests])
    return [
        replace(
            contest,
            p=p,
            p_exact=None if contest.p_exact is None else p_exact,
            decision=_decision(contest.n, contest.difference, contest.interval, p),
            tests=len(contests),
        )
        for contest, p, p_exact in zip(contests, p_values, exact, strict=True)
    ]


def contest_on(a: GradedRun, b: GradedRun, prompts: Sequence[Prompt]) -> Contest:
    """Compare two runs on prompts that both have verdicts on."""
    scores_a, scores_b = a.scores, b.scores
    single = max(a.summary.run.epochs, b.summary.run.epochs) == 1
    table = (
        PairedTable.of([scores_a[p.id] == 1 for p in prompts], [scores_b[p.id] == 1 for p in prompts])
        if single
        else None
    )
    pictures = {prompt.image for prompt in prompts}
    exact: float | None = None
    if table is not None and len(pictures) == len(prompts):
        interval, p = stats.newcombe(table), stats.mcnemar_midp(table.only_a, table.only_b)
        exact = stats.mcnemar_exact(table.only_a, table.only_b)
    else:
        interval, p = _clustered(a, b, prompts)
    difference = fmean(scores_b[prompt.id] - scores_a[prompt.id] for prompt in prompts)
    return Contest(
        n=len(prompts),
        rate_a=_rate_over(a, prompts),
        rate_b=_rate_over(b, prompts),
        table=table,
        difference=difference,
        interval=interval,
        p=p,
        p_exact=exact,
        method="sign-flip" if exact is None else "mcnemar",
        decision=_decision(len(prompts), difference, interval, p),
    )


def _clustered(a: GradedRun, b: GradedRun, prompts: Sequence[Prompt]) -> tuple[Interval, float]:
    """Return the interval of the mean difference and its p-value, with a picture as the unit."""
    by_picture: dict[str, list[tuple[float, float]]] = {}
    for prompt in prompts:
        by_picture.setdefault(prompt.image, []).append((a.scores[prompt.id], b.scores[prompt.id]))
    if len(by_picture) < 2:
        return Interval(-1.0, 1.0), 1.0
    answers = sum(min(_verdicts(a, prompt), _verdicts(b, prompt)) for prompt in prompts)
    differences = [sum(second - first for first, second in scores) for scores in by_picture.values()]
    return stats.clustered_newcombe(list(by_picture.values()), answers), stats.sign_flip_p(differences)


def _verdicts(run: GradedRun, prompt: Prompt) -> int:
    return sum(entry.verdict.outcome in VERDICT_OUTCOMES for entry in run.by_prompt[prompt.id])


def _decision(n: int, difference: float, interval: Interval, p: float) -> Decision:
    apart = not interval.low <= 0 <= interval.high
    if n < FEWEST_FOR_PERCENT or apart != (p <= ALPHA):
        return "undecided"
    return "none" if not apart else ("b" if difference > 0 else "a")


def _rate_over(run: GradedRun, prompts: Iterable[Prompt]) -> Rate:
    entries = (entry for prompt in prompts for entry in run.by_prompt[prompt.id])
    return rate([entry for entry in entries if entry.verdict.outcome in VERDICT_OUTCOMES])


def _detectable(contest: Contest) -> float | None:
    if contest.table is None or contest.method != "mcnemar" or contest.table.discordance == 0:
        return None
    return stats.minimal_detectable_difference(contest.n, contest.table.discordance)

"""Two graded runs -> Comparison: who passes what the other fails, how sure that is, which is faster, cheaper.

Only prompts on which both runs have verdicts are compared. Single answers to prompts with a picture each
are tested by McNemar's mid-p; several epochs, or several prompts on one picture, by flipping the signs of
whole pictures. Every comparison is B against A.
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

Decision = Literal["a", "b", "none", "undecided"]
"""Which one is better; "none": no evidence of a difference; "undecided": too few prompts to say."""


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
    replies = [
        entry.record.reply for entry in entries if entry.record is not None and entry.record.reply is not None
    ]
    timed = [reply.timing.service_s for reply in replies if reply.timing.service_s]
    return fmean(timed) if timed and len(timed) == len(replies) else None


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
    p: float
    """Decides: McNemar's mid-p, or the sign-flip test."""
    p_exact: float | None
    """McNemar's exact p-value, for comparison."""
    method: Literal["mcnemar", "sign-flip"]
    decision: Decision


class TimeContest(Struct, frozen=True):
    """How many times as long B takes as A on the same prompts."""

    n: int
    ratio: float
    interval: Interval
    p: float
    decision: Decision


class Comparison(Struct, frozen=True):
    """All that is known about B against A."""

    a: Summary
    b: Summary
    overall: Contest
    by_category: dict[str, Contest]
    """Their p-values and decisions are corrected by Holm for the number of categories."""
    fixed_by_b: tuple[Prompt, ...]
    """Prompts that B passes more often than A."""
    fixed_by_a: tuple[Prompt, ...]
    left_out: int
    """Prompts left out because one of the two has no verdict."""
    time: TimeContest | None
    cost: Decision | None
    """Who is cheaper a task at the uncached price; None when a cost is unknown."""
    detectable: float | None
    """Smallest true difference that so many prompts show in 4 of 5 tries, at this discordance."""


def compare(a: GradedRun, b: GradedRun) -> Comparison:
    """Compare two runs. Raises UsageError when they are not comparable or share no verdict."""
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
        by_category=_by_category(a, b, prompts),
        fixed_by_b=tuple(prompt for prompt in prompts if scores_b[prompt.id] > scores_a[prompt.id]),
        fixed_by_a=tuple(prompt for prompt in prompts if scores_b[prompt.id] < scores_a[prompt.id]),
        left_out=len({p.id for p in (*a.prompts, *b.prompts)}) - len(prompts),
        time=_time(a, b),
        cost=cheaper(a.summary, b.summary),
        detectable=_detectable(overall),
    )


def shared_prompts(runs: Sequence[GradedRun]) -> list[Prompt]:
    """Return the prompts on which every run has a verdict, in the order of the first."""
    return [prompt for prompt in runs[0].prompts if all(prompt.id in run.scores for run in runs)]


def cheaper(a: Summary, b: Summary) -> Decision | None:
    """Return who costs less a task at the uncached price, None when that is not known.

    The same model under two price rows is unknown too: it would compare days, not models.
    """
    first, second = a.task_usd, b.task_usd
    if first is None or second is None or _priced_differently(a, b):
        return None
    return "none" if first == second else ("a" if first < second else "b")


def _priced_differently(a: Summary, b: Summary) -> bool:
    rows = [summary.cost.price if summary.cost else None for summary in (a, b)]
    if rows[0] is None or rows[1] is None:
        return False
    return rows[0].model == rows[1].model and rows[0].tier == rows[1].tier and rows[0] != rows[1]


def not_beaten_by_first(runs: Sequence[GradedRun]) -> list[bool]:
    """Return, for runs in rank order, which are not shown to be worse than the first (Holm, 5 % in all)."""
    if not runs:
        return []
    p_values = [_against(runs[0], other) for other in runs[1:]]
    return [True, *(p > ALPHA for p in stats.holm(p_values))]


def _against(first: GradedRun, other: GradedRun) -> float:
    prompts = shared_prompts([first, other])
    return contest_on(first, other, prompts).p if prompts else 1.0


def _by_category(a: GradedRun, b: GradedRun, prompts: Sequence[Prompt]) -> dict[str, Contest]:
    raw = {
        category: contest_on(a, b, [prompt for prompt in prompts if prompt.category == category])
        for category in dict.fromkeys(prompt.category for prompt in prompts)
    }
    corrected = stats.holm([contest.p for contest in raw.values()])
    return {category: decided(contest, p) for (category, contest), p in zip(raw.items(), corrected, strict=True)}


def decided(contest: Contest, p: float) -> Contest:
    """Return the contest with a corrected p-value and the decision that follows from it."""
    return replace(contest, p=p, decision=_decision(contest.n, contest.difference, contest.interval, p))


def contest_on(a: GradedRun, b: GradedRun, prompts: Sequence[Prompt]) -> Contest:
    """Compare two runs on prompts that both have verdicts on."""
    scores_a, scores_b = a.scores, b.scores
    differences = [scores_b[prompt.id] - scores_a[prompt.id] for prompt in prompts]
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
        interval, p = _clustered(prompts, differences)
    difference = fmean(differences)
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


def _clustered(prompts: Sequence[Prompt], differences: Sequence[float]) -> tuple[Interval, float]:
    """Return the interval of the mean difference and its p-value, with a picture as the unit."""
    by_picture: dict[str, float] = {}
    for prompt, difference in zip(prompts, differences, strict=True):
        by_picture[prompt.image] = by_picture.get(prompt.image, 0.0) + difference
    if len(by_picture) < 2:
        return Interval(-1.0, 1.0), 1.0
    shares = [total * len(by_picture) / len(prompts) for total in by_picture.values()]
    low, high = stats.mean_t_interval(shares)
    return Interval(max(-1.0, low), min(1.0, high)), stats.sign_flip_p(shares)


def _decision(n: int, difference: float, interval: Interval, p: float) -> Decision:
    if n < FEWEST_FOR_PERCENT:
        return "undecided"
    if p > ALPHA:
        return "none"
    if interval.low <= 0 <= interval.high:
        return "undecided"
    return "b" if difference > 0 else "a"


def _rate_over(run: GradedRun, prompts: Iterable[Prompt]) -> Rate:
    entries = (entry for prompt in prompts for entry in run.by_prompt[prompt.id])
    return rate([entry for entry in entries if entry.verdict.outcome in VERDICT_OUTCOMES])


def _time(a: GradedRun, b: GradedRun) -> TimeContest | None:
    times_a, times_b = a.seconds, b.seconds
    both = [prompt_id for prompt_id in times_a if prompt_id in times_b]
    if len(both) < FEWEST_FOR_PERCENT:
        return None
    ratio, interval, p = stats.ratio_of_times(tuple(times_a[i] for i in both), tuple(times_b[i] for i in both))
    decision: Decision = "none"
    if p <= ALPHA and not interval.low <= 1 <= interval.high:
        decision = "a" if ratio > 1 else "b"
    return TimeContest(len(both), ratio, interval, p, decision)


def _detectable(contest: Contest) -> float | None:
    if contest.table is None or contest.table.discordance == 0:
        return None
    return stats.minimal_detectable_difference(contest.n, contest.table.discordance)

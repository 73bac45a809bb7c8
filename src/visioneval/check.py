"""Is a run worse than its baseline: in score beyond chance, in time or cost beyond a margin, in coverage?

Pure: two graded runs in, what was checked out. A difference that may be chance is never a failure, and nothing
is called ok where even a total loss could not be shown.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from visioneval.aggregate import ENOUGH_PERCENT, FEWEST_FOR_PERCENT, Summary, enough
from visioneval.compare import (
    ALPHA,
    Comparison,
    Contest,
    GradedRun,
    NotCompared,
    compare,
    contest_on,
    otherwise_priced,
    shared_prompts,
)
from visioneval.report import form

State = Literal["ok", "worse", "too few passes", "not compared"]


class Margins(Struct, frozen=True):
    """By how much time and cost may rise, as shares: 0.25 is 25 %."""

    latency: float = 0.25
    cost: float = 0.10


class Checked(Struct, frozen=True):
    """One thing that was checked, and how it stands."""

    what: str
    status: State
    before: str
    now: str
    why: str


class Check(Struct, frozen=True):
    """All that was checked of one run."""

    label: str
    run: str
    against: str
    findings: tuple[Checked, ...]
    newly_failed: tuple[str, ...] = ()
    """Prompts that passed in the baseline and do not now."""
    without_verdict: tuple[str, ...] = ()
    """Prompts that passed in the baseline and have no verdict now."""

    @property
    def failed(self) -> bool:
        return any(finding.status == "worse" for finding in self.findings)


def check_run(run: GradedRun, baseline: GradedRun, margins: Margins) -> Check:
    """Compare a run with its baseline. Raises UsageError when the two cannot be compared."""
    comparison = compare(baseline, run)
    categories = comparison.by_category if len(comparison.by_category) > 1 else {}
    losses = [_score(f"score: {name}", contest) for name, contest in categories.items() if _is_loss(contest)]
    a, b = comparison.a, comparison.b
    return Check(
        label=b.label,
        run=b.run.id,
        against=a.run.id,
        findings=(
            _overall(comparison, run, baseline),
            *losses,
            _coverage(run, baseline),
            _latency(comparison, margins.latency),
            _cost(comparison, margins.cost),
        ),
        newly_failed=tuple(prompt.id for prompt in comparison.fixed_by_a),
        without_verdict=tuple(
            i for i, score in baseline.scores.items() if score > 0 and i in run.by_prompt and i not in run.scores
        ),
    )


def no_baseline(run: GradedRun) -> Check:
    """Say of a run that there is nothing to hold it against; only its coverage is checked."""
    summary = run.summary
    return Check(summary.label, summary.run.id, "", (_own_coverage(summary),))


def _overall(comparison: Comparison, run: GradedRun, baseline: GradedRun) -> Checked:
    checked = _score("score", comparison.overall)
    if checked.status == "worse" or _loss_could_be_shown(run, baseline):
        return checked
    why = f"{checked.why}; even if all that passed were lost, chance could not be excluded"
    return replace(checked, status="too few passes", why=why)


def _is_loss(contest: Contest) -> bool:
    """Whether chance does not explain that the same prompts are passed less often, however few they are."""
    return contest.difference < 0 and contest.p <= ALPHA


def _loss_could_be_shown(run: GradedRun, baseline: GradedRun) -> bool:
    """Whether a run that passes nothing would be found to be worse."""
    nothing = replace(run, scores=dict.fromkeys(run.scores, 0.0))
    return _is_loss(contest_on(baseline, nothing, shared_prompts([baseline, run])))


def _score(what: str, contest: Contest) -> Checked:
    test = "McNemar mid-p" if contest.method == "mcnemar" else "sign-flip test"
    after = f" after Holm for {form.count(contest.tests, 'category', 'categories')}" if contest.tests > 1 else ""
    points = f"{form.points(contest.difference)} points on " if contest.n >= FEWEST_FOR_PERCENT else ""
    prompts = form.count(contest.n, "prompt")
    why = f"{points}{prompts} with a verdict in both, {test}: {form.p_value(contest.p)}{after}"
    before, now = (f"{rate.passes}/{rate.n}" for rate in (contest.rate_a, contest.rate_b))
    return Checked(what, "worse" if _is_loss(contest) else "ok", before, now, why)


def _coverage(run: GradedRun, baseline: GradedRun) -> Checked:
    before, own = baseline.summary.coverage, _own_coverage(run.summary)
    left_out = [prompt_id for prompt_id in baseline.by_prompt if prompt_id not in run.by_prompt]
    checked = replace(own, before=f"{before.verdicts}/{before.planned}")
    if not left_out:
        return checked
    why = f"{form.count(len(left_out), 'prompt')} of the baseline not asked: {', '.join(left_out)}"
    return replace(checked, status="worse", why=why)


def _own_coverage(summary: Summary) -> Checked:
    coverage = summary.coverage
    broken = not enough(coverage.verdicts, coverage.planned)
    why = f"verdicts on at least {ENOUGH_PERCENT} % of what was planned are needed"
    return Checked("coverage", "worse" if broken else "ok", "", f"{coverage.verdicts}/{coverage.planned}", why)


def _latency(comparison: Comparison, margin: float) -> Checked:
    """Worse when the same prompts take longer by more than the margin, and surely longer at all."""
    before, now = (_median(summary) for summary in (comparison.a, comparison.b))
    time = comparison.time
    if isinstance(time, NotCompared):
        return Checked("latency", "not compared", before, now, time.why)
    slower = time.ratio > 1 + margin and time.interval.low > 1
    low, high = map(form.ratio, time.interval)
    why = f"x{form.ratio(time.ratio)} on the same prompts (95 %: {low} to {high}), limit x{form.ratio(1 + margin)}"
    return Checked("latency", "worse" if slower else "ok", before, now, why)


def _median(summary: Summary) -> str:
    return f"{summary.latency.p50_s.value:.3f} s" if summary.latency else form.UNKNOWN


def _cost(comparison: Comparison, margin: float) -> Checked:
    """Worse when a task costs more by more than the margin, at the same price."""
    before, now = (summary.cost.per_task_usd if summary.cost else None for summary in (comparison.a, comparison.b))
    checked = Checked("cost / task", "not compared", _usd(before), _usd(now), "not known for both")
    if before is None or now is None:
        return checked
    if why := otherwise_priced(comparison.a, comparison.b):
        return replace(checked, why=why)
    limit = before * (1 + Decimal(repr(margin)))
    return replace(checked, status="worse" if now > limit else "ok", why=f"limit {_usd(limit)}")


def _usd(amount: Decimal | None) -> str:
    return form.UNKNOWN if amount is None else f"${amount:.6f}"

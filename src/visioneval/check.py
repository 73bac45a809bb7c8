"""Is a run worse than its baseline: in score beyond chance, in time or cost beyond a margin, in coverage?

Pure: two graded runs in, findings out. A difference that may be chance is never a failure.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from visioneval.aggregate import ENOUGH_PERCENT, Summary, enough
from visioneval.compare import Comparison, Contest, GradedRun, compare

ON_CPU = "on a CPU"
Status = Literal["ok", "worse", "not compared"]


class Margins(Struct, frozen=True):
    """By how much time and cost may rise, as shares: 0.25 is 25 %."""

    latency: float = 0.25
    cost: float = 0.10


class Finding(Struct, frozen=True):
    """One thing that was checked, and how it stands."""

    what: str
    status: Status
    before: str
    now: str
    why: str


class Check(Struct, frozen=True):
    """All that was checked of one run."""

    label: str
    run: str
    against: str
    findings: tuple[Finding, ...]
    newly_failed: tuple[str, ...] = ()
    """Prompts that passed in the baseline and do not now."""

    @property
    def failed(self) -> bool:
        return any(finding.status == "worse" for finding in self.findings)


def check_run(run: GradedRun, baseline: GradedRun, margins: Margins) -> Check:
    """Compare a run with its baseline. Raises UsageError when the two cannot be compared."""
    comparison = compare(baseline, run)
    categories = comparison.by_category.items()
    findings = [
        _score("score", comparison.overall),
        *(_score(f"score: {name}", contest) for name, contest in categories if contest.decision == "a"),
        _coverage(comparison),
        _latency(comparison, margins.latency),
        _cost(comparison, margins.cost),
    ]
    newly_failed = tuple(prompt.id for prompt in comparison.fixed_by_a)
    a, b = comparison.a, comparison.b
    return Check(b.label, b.run.id, a.run.id, tuple(findings), newly_failed)


def no_baseline(run: GradedRun) -> Check:
    """Say of a run that there is nothing to hold it against; only its coverage is checked."""
    summary = run.summary
    return Check(summary.label, summary.run.id, "", (_own_coverage(summary),))


def _score(what: str, contest: Contest) -> Finding:
    """Worse when the same prompts are passed less often, and chance does not explain it (p <= 0.05)."""
    test = "McNemar mid-p" if contest.method == "mcnemar" else "sign-flip p"
    why = f"{contest.difference:+.1%} on {contest.n} prompts, {test} = {contest.p:.4f}"
    before, now = (f"{rate.passes}/{rate.n}" for rate in (contest.rate_a, contest.rate_b))
    return Finding(what, "worse" if contest.decision == "a" else "ok", before, now, why)


def _coverage(comparison: Comparison) -> Finding:
    before, own = comparison.a.coverage, _own_coverage(comparison.b)
    fewer = comparison.b.coverage.planned < before.planned
    status: Status = "worse" if own.status == "worse" or fewer else "ok"
    why = f"{before.planned} prompts were planned before" if fewer else own.why
    return Finding("coverage", status, f"{before.verdicts}/{before.planned}", own.now, why)


def _own_coverage(summary: Summary) -> Finding:
    coverage = summary.coverage
    broken = not enough(coverage.verdicts, coverage.planned)
    why = f"verdicts on at least {ENOUGH_PERCENT} % of what was planned are needed"
    return Finding("coverage", "worse" if broken else "ok", "", f"{coverage.verdicts}/{coverage.planned}", why)


def _latency(comparison: Comparison, margin: float) -> Finding:
    """Worse when the same prompts take longer by more than the margin, and surely longer at all."""
    before, now = (_seconds(summary) for summary in (comparison.a, comparison.b))
    places = [_place(summary) for summary in (comparison.a, comparison.b)]
    if ON_CPU in places:
        return Finding("latency", "not compared", before, now, "times on a CPU depend on what else it does")
    if places[0] != places[1]:
        return Finding("latency", "not compared", before, now, f"measured otherwise: {places[0]}, now {places[1]}")
    if comparison.time is None:
        return Finding("latency", "not compared", before, now, "not timed in both")
    ratio, interval = comparison.time.ratio, comparison.time.interval
    slower = ratio > 1 + margin and interval.low > 1
    between = f"95 %: {interval.low:.2f} to {interval.high:.2f}"
    why = f"x{ratio:.2f} on the same prompts ({between}), limit x{1 + margin:.2f}"
    return Finding("latency", "worse" if slower else "ok", before, now, why)


def _seconds(summary: Summary) -> str:
    return f"{summary.latency.p50_s.value:.3f} s" if summary.latency else "–"


def _place(summary: Summary) -> str:
    """Say where and how times were taken: those of two machines do not compare."""
    loaded = summary.run.loaded
    if not loaded:
        return "by the host"
    if loaded.get("device") == "cpu":
        return ON_CPU
    mode = summary.run.card.options.get("latency_mode", "amortised")
    return f"{mode} on {loaded.get('device_name', 'unknown')}"


def _cost(comparison: Comparison, margin: float) -> Finding:
    usd = [summary.cost.per_task_usd if summary.cost else None for summary in (comparison.a, comparison.b)]
    before, now = ("–" if each is None else f"${each:.6f}" for each in usd)
    if usd[0] is None or usd[1] is None:
        return Finding("cost / task", "not compared", before, now, "not known for both")
    if comparison.b.cost and comparison.b.cost.basis == "gpu" and _place(comparison.a) != _place(comparison.b):
        return Finding("cost / task", "not compared", before, now, "computed from the times of different devices")
    limit = usd[0] * (1 + Decimal(repr(margin)))
    return Finding("cost / task", "worse" if usd[1] > limit else "ok", before, now, f"limit ${limit:.6f}")


def to_markdown(checks: Sequence[Check]) -> str:
    """Write the checks as a job summary."""
    from visioneval.report.classic import escape_markdown, markdown_row

    worse = any(check.failed for check in checks)
    lines = [f"# {'Worse' if worse else 'No worse'} than the baseline"]
    for check in checks:
        lines += ["", f"## {escape_markdown(check.label)}: {'worse' if check.failed else 'ok'}", ""]
        lines += [
            f"Run {check.run}, " + (f"against {check.against}." if check.against else "no baseline yet."),
            "",
        ]
        lines += [markdown_row(["checked", "how it is", "baseline", "now", "why"]), markdown_row(["---"] * 5)]
        lines += [markdown_row([f.what, f.status, f.before, f.now, f.why]) for f in check.findings]
        if check.newly_failed:
            lines += ["", f"Passed before, not now: {', '.join(check.newly_failed)}."]
    return "\n".join([*lines, ""])

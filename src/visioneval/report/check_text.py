"""The checks of a night as a job summary in Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from visioneval.check import Check
from visioneval.report.classic import RULE, escape_markdown, markdown_row


def to_markdown(checks: Sequence[Check]) -> str:
    """Write the checks, one section a run. It claims no more than that no loss was shown."""
    worse = any(check.failed for check in checks)
    compared = any(check.against for check in checks)
    fine = "# No significant loss shown" if compared else "# Nothing compared: no run has a baseline"
    lines = ["# Worse than the baseline" if worse else fine]
    for check in checks:
        lines += ["", f"## {escape_markdown(check.label)}: {_state(check)}", "", _sides(check), ""]
        lines += [markdown_row(["checked", "how it is", "baseline", "now", "why"]), markdown_row([RULE] * 5)]
        lines += [markdown_row([f.what, f.status, f.before, f.now, f.why]) for f in check.findings]
        if check.newly_failed:
            lines += ["", f"Passed more often before: {_named(check.newly_failed)}."]
        if check.without_verdict:
            lines += ["", f"Passed before, without a verdict now: {_named(check.without_verdict)}."]
    return "\n".join([*lines, ""])


def _state(check: Check) -> str:
    if check.failed:
        return "worse"
    if not check.against:
        return "no baseline"
    few = any(finding.status == "too few passes" for finding in check.findings)
    return "too few passes to show a loss" if few else "no significant loss"


def _sides(check: Check) -> str:
    run, against = map(escape_markdown, (check.run, check.against))
    return f"Run {run}, " + (f"against {against}." if against else "no baseline yet.")


def _named(prompt_ids: Sequence[str]) -> str:
    return ", ".join(map(escape_markdown, prompt_ids))

"""What is printed when runs have ended, and the exit code that says how."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from visioneval.errors import ModelError, VisionevalError
from visioneval.plurals import count

if TYPE_CHECKING:
    from visioneval.benchmark import Finished

INTERRUPTED = 130
INCOMPLETE = 1
REFUSED = 6
SUBMITTED = "submitted"
SHOWN_REASONS = 5
TRACEBACK = "VISIONEVAL_TRACEBACK"
"""The variable under which a fault shows where it was raised."""
LONGEST_FAULT = 500


def say_error(error: VisionevalError) -> None:
    """Print an error as the one line that it is."""
    from visioneval.printable import printable
    from visioneval.redact import redact

    click.echo(f"visioneval: {printable(redact(str(error)))}", err=True)


def say_fault(error: Exception, *, with_traceback: bool) -> None:
    """Print an error that no person can mend as one line; where it was raised only when asked."""
    import traceback

    from visioneval.printable import printable
    from visioneval.redact import redact

    if with_traceback:
        click.echo(printable(redact("".join(traceback.format_exception(error)))), err=True, nl=False)
    what = f"{type(error).__name__}: {' '.join(redact(str(error)).split())}"[:LONGEST_FAULT]
    again = "report it with the lines above" if with_traceback else f"run again with {TRACEBACK}=1 and report it"
    click.echo(f"visioneval: this is a fault of visioneval: {printable(what)}; {again}", err=True)


def report_runs(finished: Sequence[Finished], unusable: Sequence[str] = (), *, as_json: bool) -> int:
    """Print the scores to stdout, and to stderr where the runs are and how to go on; return the exit code.

    `unusable` are the models that were asked for and could not be run; why has been said.
    """
    if not finished:
        return ModelError.exit_code
    from visioneval.aggregate import enough, summarise
    from visioneval.printable import printable

    summaries = [summarise(each.stored.run, each.stored.graded()) for each in finished]
    if as_json:
        from visioneval.report.classic import to_json

        click.echo(to_json(summaries), nl=False)
    elif any(each.ending.reason != SUBMITTED for each in finished):
        from rich.console import Console

        from visioneval.report.terminal import print_scores

        print_scores(summaries, Console())
    for each in finished:
        click.echo(printable(f"{each.stored.run.condition.label}: {each.stored.folder}"), err=True)
        click.echo(printable(_what_is_missing(each)), err=True, nl=False)
    if unusable:
        click.echo(printable(f"not run, as said above: {', '.join(unusable)}"), err=True)
    if any(each.ending.reason == "interrupted" for each in finished):
        return INTERRUPTED
    if any(each.ending.reason == "fatal" or _never_reached(each) for each in finished):
        return REFUSED
    if unusable:
        return ModelError.exit_code
    done = all(
        enough(summary.coverage.verdicts, summary.coverage.planned)
        for summary, each in zip(summaries, finished, strict=True)
        if each.ending.reason != SUBMITTED
    )
    return 0 if done else INCOMPLETE


def _repeated(finished: Finished) -> list[str]:
    """Return what must be said again to resume a run, beside its folder."""
    from visioneval.models import load_cards, load_hosts
    from visioneval.trust import options_to_repeat

    return options_to_repeat(finished.stored.run, load_cards(), load_hosts())


def _never_reached(finished: Finished) -> bool:
    """Return whether a run has records, and they all say that the host could not be reached."""
    failures = [record.failure for record in finished.stored.records]
    return bool(failures) and all(failure and failure.kind in ("connection", "timeout") for failure in failures)


def _what_is_missing(finished: Finished) -> str:
    run = finished.stored.run
    missing = [graded for graded in finished.stored.graded() if graded.verdict.outcome in ("error", "skipped")]
    if not missing:
        return ""
    reasons = sorted({graded.verdict.note for graded in missing if graded.verdict.outcome == "error"})
    resume = " ".join(("visioneval resume", shlex.quote(str(finished.stored.folder)), *_repeated(finished)))
    ending = finished.ending
    lines = [f"  {ending.message}"] if ending.message else []
    if ending.under_way:
        lines += [f"  {ending.under_way}; to fetch the answers, or to stop it:"]
        lines += [f"    {resume}", f"    {resume} --cancel"]
    else:
        go_on = "to go on" if run.condition.settings.batched else "to ask for those alone"
        lines += [f"  {len(missing)} of {len(run.prompt_ids) * run.epochs} without an answer; {go_on}:"]
        lines += [f"    {resume}"]
    if ending.reason != SUBMITTED:
        lines += [f"  {reason}" for reason in reasons[:SHOWN_REASONS]]
        more = len(reasons) - SHOWN_REASONS
        lines += [f"  and {count(more, 'more reason')}"] if more > 0 else []
    return "\n".join(lines) + "\n"

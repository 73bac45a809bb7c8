"""`visioneval report`: the score tables and the pages from the stored runs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from visioneval.cli.options import results_option
from visioneval.cli.outcome import say_error
from visioneval.plurals import count

if TYPE_CHECKING:
    from visioneval.errors import StoreError
    from visioneval.report.collect import Group
    from visioneval.types import Run

SHOWN_STALE = 10


@click.command("report")
@results_option
@click.option("--out", type=click.Path(path_type=Path), help="Where the report goes. [default: RESULTS/report]")
@click.option("--check", is_flag=True, help="Write nothing; fail when the report on disk is out of date.")
@click.option("--json", "as_json", is_flag=True, help="Print the leaderboard as JSON instead of the score table.")
def command(results: Path, out: Path | None, check: bool, as_json: bool) -> None:
    """Write the score tables and the pages from the stored runs.

    One run of each model and condition is shown: the newest that can be ranked, if there is one; the others are
    listed with it. A run that cannot be read, or has no answer yet, is named and left out. Exit codes: 0 done, 1
    the report is out of date (--check) or a run cannot be read, 5 there is none to show.
    """
    from visioneval.printable import printable
    from visioneval.report import build, leaderboard

    out = out or results / "report"
    unreadable: list[StoreError] = []
    unanswered: list[Run] = []
    groups = build.read_groups(results, unreadable, unanswered)
    for error in unreadable:
        say_error(error)
    for run in unanswered:
        click.echo(printable(f"{run.condition.label}: run {run.id} has no answer yet, and is left out"), err=True)
    report = build.make_report(groups, out)
    if check:
        sys.exit(_check(build.stale_files(out, report), out) or int(bool(unreadable)))
    build.write_report(out, report)
    if as_json:
        click.echo(leaderboard.to_json(leaderboard.standings(groups[0].shown)), nl=False)
    else:
        _print(groups, out)
    sys.exit(int(bool(unreadable)))


def _check(stale: list[str], out: Path) -> int:
    if not stale:
        return 0
    click.echo(f"{out} is out of date; write it again with `visioneval report`:", err=True)
    for name in stale[:SHOWN_STALE]:
        click.echo(f"  {name}", err=True)
    if len(stale) > SHOWN_STALE:
        click.echo(f"  and {len(stale) - SHOWN_STALE} more", err=True)
    return 1


def _print(groups: list[Group], out: Path) -> None:
    from rich.console import Console

    from visioneval.report.terminal import print_scores

    console = Console()
    print_scores([run.summary for run in groups[0].shown], console)
    if len(groups) > 1:
        more = count(len(groups) - 1, "more suite or grader", "more suites or graders")
        click.echo(f"Not shown here: {more}, each in a folder of its own.", err=True)
    click.echo(f"report: {out / 'index.html'}", err=True)

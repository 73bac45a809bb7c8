"""`visioneval regrade`: today's grader on stored replies, without a call."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from visioneval.cli.judge_options import Judging, judge_options, judge_stored
from visioneval.cli.options import Catalogue, results_option


@click.command("regrade")
@click.argument("runs", nargs=-1, required=True, metavar="RUN...")
@results_option
@click.option(
    "--suite",
    type=click.Path(path_type=Path),
    help="Take corrected answers from this suite (same questions, same pictures).",
)
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@judge_options
@click.option("--json", "as_json", is_flag=True, help="Print the changes as JSON.")
def command(
    runs: tuple[str, ...],
    results: Path,
    suite: Path | None,
    dry_run: bool,
    judging: Judging,
    as_json: bool,
) -> None:
    """Grade the stored replies of each RUN again and say what changed and why.

    The model under test is never called, so this costs nothing; a --judge is called for free text that the
    rules leave open, once for each reply.
    """
    from visioneval.grading import describe_changes
    from visioneval.printable import printable
    from visioneval.regrading import regrade
    from visioneval.store import find_run, read_run
    from visioneval.suite import load_suite

    folders = [find_run(results, name) for name in runs]
    shipped = Catalogue(None, None)
    judge = judging.card(shipped, [read_run(folder).run.card for folder in folders])
    corrected = load_suite(suite) if suite else None
    rows: list[dict[str, object]] = []
    for folder in folders:
        found, graded = regrade(folder, corrected, dry_run=dry_run)
        if as_json:
            rows += [
                {
                    "run": str(folder),
                    "prompt_id": change.place[0],
                    "epoch": change.place[1],
                    "old": change.old,
                    "new": change.new,
                }
                for change in found
            ]
        else:
            click.echo(printable(f"{folder}: {describe_changes(found, graded)}"))
        if judge and not dry_run:
            judge_stored(read_run(folder), judge, shipped.prices())
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(rows), indent=2))

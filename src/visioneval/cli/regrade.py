"""`visioneval regrade`: today's grader on stored replies, without a call."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec


@click.command("regrade")
@click.argument("runs", nargs=-1, required=True, metavar="RUN...")
@click.option(
    "--results",
    type=click.Path(path_type=Path),
    default=Path("results"),
    show_default=True,
    help="Where runs are stored.",
)
@click.option(
    "--suite",
    type=click.Path(path_type=Path),
    help="Take corrected answers from this suite (same questions, same pictures).",
)
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@click.option("--json", "as_json", is_flag=True, help="Print the changes as JSON.")
def command(runs: tuple[str, ...], results: Path, suite: Path | None, dry_run: bool, as_json: bool) -> None:
    """Grade the stored replies of each RUN again and say what changed and why. Costs nothing."""
    from visioneval.benchmark import regrade
    from visioneval.grading import describe_changes
    from visioneval.store import find_run
    from visioneval.suite import load_suite

    corrected = load_suite(suite) if suite else None
    for name in runs:
        folder = find_run(results, name)
        found, graded = regrade(folder, corrected, dry_run=dry_run)
        if as_json:
            rows = [
                {
                    "run": str(folder),
                    "prompt_id": change.place[0],
                    "epoch": change.place[1],
                    "old": change.old,
                    "new": change.new,
                }
                for change in found
            ]
            click.echo(msgspec.json.format(msgspec.json.encode(rows), indent=2))
        else:
            click.echo(f"{folder}: {describe_changes(found, graded)}")

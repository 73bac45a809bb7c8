"""`visioneval regrade`: today's grader on stored replies, without a call."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from visioneval.cli.judge_options import judge_options, judge_stored


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
@judge_options
@click.option("--json", "as_json", is_flag=True, help="Print the changes as JSON.")
def command(
    runs: tuple[str, ...],
    results: Path,
    suite: Path | None,
    dry_run: bool,
    judge: str | None,
    self_judging: bool,
    as_json: bool,
) -> None:
    """Grade the stored replies of each RUN again and say what changed and why.

    The model under test is never called, so this costs nothing; a --judge is called for free text that the
    rules leave open, once for each reply.
    """
    from visioneval.grading import describe_changes
    from visioneval.judging import check_judge
    from visioneval.models import find_card, load_cards, load_hosts, load_prices
    from visioneval.regrading import regrade
    from visioneval.store import find_run, read_run
    from visioneval.suite import load_suite

    judge_card = find_card(judge, load_cards(), load_hosts()) if judge else None
    corrected = load_suite(suite) if suite else None
    for name in runs:
        folder = find_run(results, name)
        if judge_card:
            check_judge(judge_card, read_run(folder).run.card, self_judging=self_judging)
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
        if judge_card and not dry_run:
            judge_stored(read_run(folder), judge_card, load_prices())

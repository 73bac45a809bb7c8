"""`visioneval check`: the exit code and the job summary of a nightly run."""

from __future__ import annotations

import sys
from pathlib import Path

import click

WORSE = 1


@click.command("check")
@click.argument("runs", nargs=-1)
@click.option(
    "--against",
    type=click.Path(path_type=Path),
    required=True,
    help="The baseline: a run's folder or id, or a results folder in which each model and condition has its own.",
)
@click.option(
    "--results",
    type=click.Path(path_type=Path),
    default=Path("results"),
    show_default=True,
    help="Where the runs are.",
)
@click.option(
    "--latency-margin",
    type=click.FloatRange(0),
    default=0.25,
    show_default=True,
    help="How much slower is allowed.",
)
@click.option(
    "--cost-margin", type=click.FloatRange(0), default=0.10, show_default=True, help="How much dearer is allowed."
)
@click.option("--summary", type=click.Path(path_type=Path), help="Append the Markdown to this file as well.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    runs: tuple[str, ...],
    against: Path,
    results: Path,
    latency_margin: float,
    cost_margin: float,
    summary: Path | None,
    as_json: bool,
) -> None:
    """Check RUNS (folders, run ids, or model names for their newest run) against a baseline.

    Without RUNS, the newest run of each model and condition in --results is checked.

    Exit code 1 when a score fell significantly on the same prompts (McNemar mid-p at most 0.05), time or cost
    rose beyond its margin, or fewer than 90 % of the prompts were answered. A side that another version's
    grader graded is graded anew. A model without a baseline is named, and does not fail.
    """
    import msgspec

    from visioneval.check import Margins, check_run, no_baseline
    from visioneval.errors import StoreError, UsageError
    from visioneval.nightly import baseline_of, newest_runs, read_graded
    from visioneval.printable import printable
    from visioneval.report.check_text import to_markdown
    from visioneval.store import MANIFEST, find_run, find_runs

    if not against.exists():
        folders = find_runs(results) if results.is_dir() else []
        with_this_id = next((folder for folder in folders if folder.name == str(against)), None)
        if with_this_id is None:
            raise UsageError(f"no baseline {str(against)!r}: it is no folder, and no id of a run below {results}")
        against = with_this_id
    if not (against / MANIFEST).is_file() and not find_runs(against):
        raise StoreError(f"there is no run below {against} to check against; copy a good run's folder there")
    margins = Margins(latency_margin, cost_margin)
    checks = []
    for folder in [find_run(results, run) for run in runs] or newest_runs(results):
        run, baseline = read_graded(folder), baseline_of(folder, against)
        checks.append(no_baseline(run) if baseline is None else check_run(run, read_graded(baseline), margins))
    text = to_markdown(checks)
    click.echo(msgspec.json.format(msgspec.json.encode(checks), indent=2) if as_json else printable(text))
    if summary is not None:
        try:
            with summary.open("a", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            raise StoreError(
                f"{summary} cannot be written ({error.strerror}); check the path and its rights"
            ) from None
    sys.exit(WORSE if any(check.failed for check in checks) else 0)

"""`visioneval resume`: ask for what a run still lacks."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from visioneval.cli.outcome import report_runs


@click.command("resume")
@click.argument("run")
@click.option(
    "--results",
    type=click.Path(path_type=Path),
    default=Path("results"),
    show_default=True,
    help="Where runs are stored.",
)
@click.option("--concurrency", type=click.IntRange(1), help="Calls in flight at most. [default: the provider's]")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def command(run: str, results: Path, concurrency: int | None, as_json: bool) -> None:
    """Go on with RUN (a folder, a run id or a model name), sending exactly what has no answer yet."""
    from visioneval import benchmark
    from visioneval.cli.progress import RunProgress
    from visioneval.store import find_run

    finished = benchmark.resume(find_run(results, run), RunProgress(), concurrency=concurrency)
    sys.exit(report_runs([finished], as_json=as_json))

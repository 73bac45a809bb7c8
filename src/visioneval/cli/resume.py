"""`visioneval resume`: ask for what a run still lacks."""

from __future__ import annotations

import sys
from decimal import Decimal
from pathlib import Path

import click

from visioneval.cli.limits import limit_options, limits_of, waiting_options
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
@limit_options
@waiting_options
@click.option("--cancel", is_flag=True, help="Stop the batches of RUN, and keep what they have answered.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def command(
    run: str,
    results: Path,
    concurrency: int | None,
    rpm: float | None,
    tpm: float | None,
    max_cost: Decimal | None,
    poll_s: float,
    no_wait: bool,
    cancel: bool,
    as_json: bool,
) -> None:
    """Go on with RUN (a folder, a run id or a model name), sending exactly what has no answer yet.

    Of a run made with --batch, the answers of the batches under way are waited for and fetched first.
    """
    from visioneval import benchmark
    from visioneval.batching import Batching
    from visioneval.cli.progress import RunProgress
    from visioneval.store import find_run

    options = benchmark.Options(
        limits=limits_of(concurrency, rpm, tpm),
        max_cost_usd=max_cost,
        batching=Batching(poll_s, not no_wait, cancel),
    )
    finished = benchmark.resume(find_run(results, run), RunProgress(), options)
    sys.exit(report_runs([finished], as_json=as_json))

"""`visioneval resume`: ask for what a run still lacks."""

from __future__ import annotations

import sys
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from visioneval.cli.limits import POLL_S, limit_options, max_cost_option, no_wait_option, poll_option
from visioneval.cli.options import json_option, results_option
from visioneval.cli.outcome import report_runs

if TYPE_CHECKING:
    from visioneval.runner import Limits


@click.command("resume")
@click.argument("run")
@results_option
@limit_options
@max_cost_option
@poll_option
@no_wait_option
@click.option("--cancel", is_flag=True, help="Stop the batches of RUN, and keep what they have answered.")
@json_option
def command(
    run: str,
    results: Path,
    limits: Limits,
    max_cost: Decimal | None,
    poll_s: float | None,
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

    batching = Batching(poll_s or POLL_S, not no_wait, cancel)
    options = benchmark.Options(limits, max_cost, batching=batching)
    finished = benchmark.resume(find_run(results, run), RunProgress(), options)
    sys.exit(report_runs([finished], as_json=as_json))

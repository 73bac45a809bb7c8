"""`visioneval resume`: ask for what a run still lacks."""

from __future__ import annotations

import sys
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from visioneval.cli.limits import POLL_S, limit_options, max_cost_option, no_wait_option, poll_option
from visioneval.cli.local_options import pairs
from visioneval.cli.options import json_option, results_option
from visioneval.cli.outcome import report_runs

if TYPE_CHECKING:
    from visioneval.work import Limits


@click.command("resume")
@click.argument("run")
@results_option
@limit_options
@max_cost_option
@poll_option
@no_wait_option
@click.option("--cancel", is_flag=True, help="Stop the batches of RUN, and keep what they have answered.")
@click.option("--base-url", help="The address that RUN was made with, where its card has another.")
@click.option("--api-key-env", metavar="NAME", help="Variable that holds the host's key, instead of the card's.")
@click.option(
    "--models-file", type=click.Path(path_type=Path), help="Model cards of your own instead of the shipped ones."
)
@click.option(
    "--set",
    "set_",
    multiple=True,
    metavar="NAME=VALUE",
    help="An option of a local model that is not believed from RUN alone: trust_remote_code=true.",
)
@json_option
def command(
    run: str,
    results: Path,
    limits: Limits,
    max_cost: Decimal | None,
    poll_s: float | None,
    no_wait: bool,
    cancel: bool,
    base_url: str | None,
    api_key_env: str | None,
    models_file: Path | None,
    set_: tuple[str, ...],
    as_json: bool,
) -> None:
    """Go on with RUN (a folder, a run id or a model name), sending exactly what has no answer yet.

    Of a run made with --batch, the answers of the batches under way are waited for and fetched first. A run folder
    may come from anywhere: what it says of a host, a key or code to run that no model card here says must be
    repeated; the error says with which options.
    """
    from visioneval import benchmark
    from visioneval.batching import Batching
    from visioneval.cli.progress import RunProgress
    from visioneval.models import load_cards, load_hosts
    from visioneval.store import find_run, read_manifest
    from visioneval.trust import Repeated, card_to_resume

    batching = Batching(poll_s or POLL_S, not no_wait, cancel)
    options = benchmark.Options(limits, max_cost, batching=batching)
    folder = find_run(results, run)
    repeated = Repeated(base_url, api_key_env, pairs(set_))
    card = card_to_resume(read_manifest(folder), load_cards(models_file), load_hosts(models_file), repeated)
    finished = benchmark.resume(folder, card, RunProgress(), options)
    sys.exit(report_runs([finished], as_json=as_json))

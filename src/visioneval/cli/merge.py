"""`visioneval merge`: one run from its parts."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from visioneval.cli.outcome import report_runs


@click.command("merge")
@click.argument("parts", nargs=-1, required=True)
@click.option(
    "--results",
    type=click.Path(path_type=Path),
    default=Path("results"),
    show_default=True,
    help="Where runs are stored, and where the whole run is written.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def command(parts: tuple[str, ...], results: Path, as_json: bool) -> None:
    """Join PARTS (the run folders or ids of all parts of one `run --shard`) into a new run.

    The parts stay as they are. What no part answered can be asked again with `visioneval resume`.
    """
    from visioneval.benchmark import finish
    from visioneval.planning import folder_name
    from visioneval.shard import merge_shards
    from visioneval.store import find_run, read_run
    from visioneval.work import Ending

    stored = [read_run(find_run(results, part)) for part in parts]
    folder = merge_shards(stored, results, folder_name(stored[0].run.card.name))
    sys.exit(report_runs([finish(folder, Ending("complete"))], as_json=as_json))

"""`visioneval export`: runs in the formats of other tools."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from visioneval.cli.options import results_option

if TYPE_CHECKING:
    from visioneval.compare import GradedRun

ONE_RUN = ("every-eval-ever", "inspect")
FORMATS = ("csv", "parquet", "junit", *ONE_RUN)


@click.command("export")
@click.argument("runs", nargs=-1)
@click.option("--format", "format_", type=click.Choice(FORMATS), required=True, help="What to write.")
@click.option("--out", type=click.Path(path_type=Path), help="Where it goes; stdout without it.")
@results_option
def command(runs: tuple[str, ...], format_: str, out: Path | None, results: Path) -> None:
    """Write runs as a table (csv, parquet), for continuous integration (junit), or as one run's log.

    RUNS are run folders, run ids or models; without any, every run below the results folder. The formats
    every-eval-ever and inspect hold one run.
    """
    from visioneval.report.collect import find_graded_run, load_runs

    graded = [find_graded_run(results, name) for name in runs] if runs else load_runs(results)
    content = _write(format_, graded, results)
    if out is None:
        click.echo(content, nl=False)
    else:
        from visioneval.store import write_atomically

        write_atomically(out, content)


def _write(format_: str, runs: Sequence[GradedRun], results: Path) -> bytes:
    from visioneval import exports
    from visioneval.errors import StoreError, UsageError

    if not runs:
        raise StoreError(f"there are no runs below {results}; run `visioneval run` first or give --results")
    if format_ in ONE_RUN and len(runs) > 1:
        raise UsageError(f"{format_} holds one run, and {len(runs)} were named; name one")
    if format_ == "csv":
        return exports.to_csv(runs)
    if format_ == "parquet":
        return exports.to_parquet(runs)
    if format_ == "junit":
        return exports.to_junit(runs)
    return exports.to_inspect(runs[0]) if format_ == "inspect" else exports.to_every_eval_ever(runs[0])

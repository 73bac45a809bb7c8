"""`visioneval import`: recorded replies from elsewhere become runs."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from visioneval.cli.options import results_option


@click.command("import")
@click.argument("source", type=click.Path(path_type=Path))
@click.option("--suite", type=click.Path(path_type=Path), help="The suite that a file of replies answers.")
@click.option("--model", help="The model's name, where the file does not say it.")
@results_option
def command(source: Path, suite: Path | None, model: str | None, results: Path) -> None:
    """Turn recorded replies into runs, graded here.

    SOURCE is a .jsonl or .csv of replies to a suite's prompts (prompt_id, reply; perhaps model, epoch,
    input_tokens, output_tokens, seconds, stop), a folder in the layout of the public Vision AI Checkup, or
    an Inspect AI log (.json, .eval). Everything that was mended or left out is named; exit code 1 when
    replies were left out.
    """
    from visioneval.imports import import_source, store
    from visioneval.printable import printable
    from visioneval.report import form

    found = import_source(source, suite=suite, model=model)
    for remark in found.remarks:
        click.echo(printable(remark), err=True)
    for folder in store(found, results):
        click.echo(printable(str(folder)))
    taken = sum(map(len, found.replies.values()))
    of = f"{form.count(taken, 'reply', 'replies')} of {form.count(len(found.replies), 'model')}"
    click.echo(f"{of} taken over, {found.left_out} left out", err=True)
    sys.exit(1 if found.left_out else 0)

"""`visioneval compare`: two or more runs side by side."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import click

from visioneval.cli.options import json_option, results_option


@click.command("compare")
@click.argument("runs", nargs=-1, required=True)
@results_option
@click.option("--markdown", "as_markdown", is_flag=True, help="Print Markdown.")
@json_option
def command(runs: tuple[str, ...], results: Path, as_markdown: bool, as_json: bool) -> None:
    """Compare two or more runs, each two on the prompts that both answered.

    RUNS are run folders, run ids, names as the report writes them, model names (their best run) or conditions
    such as "gpt-5.4 (high)".
    Says who passes what the other fails, whether that is more than chance, and what each costs.
    """
    from visioneval.errors import UsageError
    from visioneval.printable import printable
    from visioneval.report import compare_text
    from visioneval.report.collect import find_graded_run
    from visioneval.report.sheet import side_by_side

    if len(runs) < 2:
        raise UsageError("a comparison needs two runs; name two or more run folders, run ids or models")
    found = {name: find_graded_run(results, name) for name in runs}
    for (one, run), (other, same) in combinations([(name, found[name]) for name in runs], 2):
        if (run.summary.run.identity, run.summary.run.id) == (same.summary.run.identity, same.summary.run.id):
            raise UsageError(
                f"{one!r} and {other!r} are the same run, {run.summary.run.id}; name another: its folder, its id "
                'or a condition such as "gpt-5.4 (high)"'
            )
    side = side_by_side([found[name] for name in runs])
    if as_json:
        click.echo(compare_text.to_json(side), nl=False)
    elif as_markdown:
        click.echo(printable(compare_text.to_markdown(side)), nl=False)
    else:
        from rich.console import Console

        compare_text.print_comparison(side, Console())

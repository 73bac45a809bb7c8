"""`visioneval doctor`: what this machine can run."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from visioneval.cli.options import json_option, results_option


@click.command("doctor")
@click.option("--gpu", "need_gpu", is_flag=True, help="Fail when local models cannot use a GPU.")
@results_option
@json_option
def command(need_gpu: bool, results: Path, as_json: bool) -> None:
    """Look at Python, torch, the GPU, the disk and the keys, and say how to mend what is missing.

    Nothing is sent or downloaded, and no key is shown. Exit code 1 when something must be mended.
    """
    import msgspec
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from visioneval.doctor import examine

    findings = examine(results, need_gpu=need_gpu)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(findings), indent=2))
    else:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for heading in ("", "", "found", "to mend it"):
            table.add_column(heading, overflow="fold")
        colours = {"ok": "green", "note": "yellow", "problem": "red"}
        for finding in findings:
            status = f"[{colours[finding.status]}]{finding.status}[/]"
            table.add_row(finding.what, status, escape(finding.found), escape(finding.fix))
        Console().print(table)
    sys.exit(any(finding.status == "problem" for finding in findings))

"""`visioneval validate`: what is wrong with a suite, and the fix for each problem."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from visioneval.cli.options import json_option
from visioneval.errors import SuiteError

if TYPE_CHECKING:
    from visioneval.suite import ManyFaultsError


@click.command("validate")
@click.argument("suite", required=False, type=click.Path(path_type=Path))
@click.option("--strict", is_flag=True, help="Warnings fail too.")
@json_option
def command(suite: Path | None, strict: bool, as_json: bool) -> None:
    """Check SUITE (a folder, .csv or .jsonl; the shipped one by default). Exit code 3 when it has errors."""
    from visioneval.printable import printable
    from visioneval.report import form
    from visioneval.shipped import shipped_suite
    from visioneval.suite import ManyFaultsError, load_suite
    from visioneval.validate import floor, problems

    try:
        loaded = load_suite(suite or shipped_suite())
    except ManyFaultsError as error:
        _say_faults(error, as_json=as_json)
        sys.exit(SuiteError.exit_code)
    found = list(problems(loaded))
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2))
    else:
        for problem in found:
            click.echo(printable(str(problem)))
        counts = Counter(prompt.category for prompt in loaded.prompts)
        listed = ", ".join(f"{name} {count}" for name, count in counts.items())
        click.echo(printable(f"{form.count(len(loaded.prompts), 'prompt')}: {listed}"))
        click.echo(f"constant answers get {floor(loaded)} right; suite {loaded.sha256}")
    severities = Counter(problem.severity for problem in found)
    if severities["error"] or (strict and found):
        sys.exit(SuiteError.exit_code)


def _say_faults(error: ManyFaultsError, *, as_json: bool) -> None:
    from visioneval.printable import printable
    from visioneval.validate import Problem

    found = [Problem("error", None, *_parted(fault)) for fault in error.faults]
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2))
    else:
        for problem in found:
            click.echo(printable(str(problem)))


def _parted(fault: str) -> tuple[str, str]:
    message, _, fix = fault.rpartition("; ")
    return (message, fix) if message else (fix, "correct it")

"""`--judge MODEL`, on `run` and on `regrade`: what the rules leave open is decided by a model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from visioneval.store import StoredRun
    from visioneval.types import ModelCard, PriceRow

F = TypeVar("F", bound=Callable[..., Any])


def judge_options(function: F) -> F:
    """Add the options to a command."""
    for option in (
        click.option("--self-judging", is_flag=True, help="Let a model judge its own replies."),
        click.option(
            "--judge", metavar="MODEL", help="Let this model decide free-text answers that rules cannot."
        ),
    ):
        function = option(function)
    return function


def judge_stored(stored: StoredRun, judge: ModelCard, prices: Sequence[PriceRow]) -> StoredRun:
    """Judge what is open in a run, say what was decided and what it cost, and return the run as it is now."""
    from visioneval.judging import judge_run
    from visioneval.store import read_run

    judged = judge_run(stored, judge, prices)
    spent = "an unknown amount" if judged.usd is None else f"${judged.usd:.4f}"
    click.echo(
        f"judge {judge.name}: {judged.decided} decided, {judged.left} left open, {judged.asked} calls for {spent} "
        "(apart from the cost of the run)",
        err=True,
    )
    return read_run(stored.folder)

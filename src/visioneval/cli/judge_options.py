"""`--judge MODEL`, on `run` and on `regrade`: what the rules leave open is decided by a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from visioneval.cli.options import Catalogue, gathered
from visioneval.errors import UsageError
from visioneval.plurals import count

if TYPE_CHECKING:
    from visioneval.store import StoredRun
    from visioneval.types import ModelCard, PriceRow


class Judging(Struct, frozen=True):
    """Who decides what the rules leave open."""

    judge: str | None
    self_judging: bool

    def card(self, catalogue: Catalogue, judged: Sequence[ModelCard]) -> ModelCard | None:
        """Return the judge's card, None without one. Raises UsageError for a judge of its own replies."""
        from visioneval.judging import check_judge

        if self.judge is None:
            if self.self_judging:
                raise UsageError("--self-judging is of judges; give --judge too, or leave it out")
            return None
        (judge,) = catalogue.find([self.judge])
        for card in judged:
            check_judge(judge, card, self_judging=self.self_judging)
        return judge


judge_options = gathered(
    "judging",
    Judging,
    (
        click.option(
            "--judge", metavar="MODEL", help="Let this model decide free-text answers that rules cannot."
        ),
        click.option("--self-judging", is_flag=True, help="Let a model judge its own replies."),
    ),
)


def judge_stored(stored: StoredRun, judge: ModelCard, prices: Sequence[PriceRow]) -> StoredRun:
    """Judge what is open in a run, say what was decided and what it cost, and return the run as it is now."""
    from visioneval.judging import judge_run
    from visioneval.printable import printable
    from visioneval.store import read_run

    judged = judge_run(stored, judge, prices)
    spent = "an unknown amount" if judged.usd is None else f"${judged.usd:.4f}"
    did = f"{judged.decided} decided, {judged.left} left open, {count(judged.asked, 'call')} for {spent}"
    click.echo(printable(f"judge {judge.name}: {did} (apart from the cost of the run)"), err=True)
    return read_run(stored.folder)

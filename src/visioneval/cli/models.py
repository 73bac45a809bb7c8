"""`visioneval models`: the model cards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click
import msgspec

from visioneval.cli.options import Catalogue, catalogue_options, json_option
from visioneval.errors import UsageError

if TYPE_CHECKING:
    from visioneval.types import ModelCard, PriceRow

WIDE = 400
"""Columns of what is no terminal: every row is one line."""


@click.command("models")
@click.argument("action", required=False, default="list", metavar="[list|show]")
@click.argument("name", required=False)
@catalogue_options
@json_option
def command(action: str, name: str | None, catalogue: Catalogue, as_json: bool) -> None:
    """List the model cards, or show one, or what `run --model` makes of any other name.

    `visioneval models show gpt-5.4-mini`, `visioneval models show openrouter:google/gemma-3-27b-it`
    """
    from visioneval.models import load_cards, prices_of

    if action not in ("list", "show"):
        raise UsageError(
            f"`visioneval models {action}` is not known; `visioneval models show {action}` shows a model"
        )
    prices = catalogue.prices()
    if action == "show":
        if name is None:
            raise click.UsageError("give the name of a model: visioneval models show NAME")
        (card,) = catalogue.find([name])
        facts = {**msgspec.to_builtins(card), "prices": msgspec.to_builtins(prices_of(card, prices))}
        _print_json(facts) if as_json else _print_facts(facts)
    else:
        cards = load_cards(catalogue.models_file)
        _print_json(cards) if as_json else _print_list(cards, prices)


def _print_json(values: object) -> None:
    click.echo(msgspec.json.format(msgspec.json.encode(values), indent=2))


def _print_facts(facts: Mapping[str, object]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    for fact, value in facts.items():
        table.add_row(fact, _plain(_readable(value)))
    Console().print(table)


def _print_list(cards: Sequence[ModelCard], prices: Sequence[PriceRow]) -> None:
    from rich.console import Console
    from rich.table import Table

    from visioneval.pricing import row_for

    today = datetime.now(UTC).date()
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("model", "provider", "organisation", "released", "$ in / M", "$ out / M", "note"):
        table.add_column(
            heading,
            justify="right" if heading.startswith("$") else "left",
            overflow="fold",
            no_wrap=heading in ("model", "released") or heading.startswith("$"),
        )
    for card in cards:
        row = row_for(prices, card.name, today)
        amounts = (f"{row.input:.2f}", f"{row.output:.2f}") if row else ("", "")
        told = (card.name, card.provider, card.organisation or "", card.released or "", *amounts, card.note)
        table.add_row(*map(_plain, told))
    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDE)  # who reads lines wants a model on each
    console.print(table)


def _plain(text: str) -> str:
    """Return a text that is shown as it is: a prompt template may hold what looks like markup, "[INST]"."""
    from rich.markup import escape

    from visioneval.printable import printable

    return escape(printable(text))


def _readable(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return "\n".join(_readable(entry) for entry in value)
    if isinstance(value, dict):
        return ", ".join(f"{key} {_readable(entry)}" for key, entry in value.items())
    return str(value)

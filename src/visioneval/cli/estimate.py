"""`visioneval estimate`: about what a run would cost."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec

from visioneval.cli.options import (
    Catalogue,
    Selection,
    blind_option,
    catalogue_options,
    epochs_option,
    json_option,
    results_option,
    selection_options,
    settings_options,
)
from visioneval.types import Settings


@click.command("estimate")
@click.option("--model", "-m", "models", multiple=True, required=True, help="As of `run`; several may be given.")
@selection_options
@epochs_option
@settings_options
@blind_option
@results_option
@catalogue_options
@json_option
def command(
    models: tuple[str, ...],
    selection: Selection,
    epochs: int,
    settings: tuple[Settings, ...],
    blind: bool,
    results: Path,
    catalogue: Catalogue,
    as_json: bool,
) -> None:
    """Say about what a run would cost, and the most that it could. It is an estimate; bills come from usage."""
    from visioneval.estimate import estimate
    from visioneval.models import suite_of
    from visioneval.planning import merge
    from visioneval.printable import printable
    from visioneval.report import form

    cards, prices = catalogue.find(models), catalogue.prices()
    suite, prompts = selection.load(suite_of(cards))
    estimates = [
        estimate(
            card,
            merge(card.settings, asked),
            prompts,
            suite.folder,
            prices=prices,
            results=results,
            on=datetime.now(UTC).date(),
            epochs=epochs,
            blind=blind,
        )
        for card in cards
        for asked in settings
    ]
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(estimates), indent=2))
        return
    for each in estimates:
        label = printable(f"{each.model} ({each.effort})" if each.effort else each.model)
        if each.input_tokens is None:
            click.echo(f"{label}: {each.basis[0]}")
            continue
        price = "at an unknown price" if each.usd is None else f"about ${each.usd:.4f}"
        most = "" if each.most_usd is None else f", at most about ${each.most_usd:.4f}"
        click.echo(
            f"{label}: {price}{most} for {form.count(each.prompts, 'prompt')} x {each.epochs} (an estimate)"
        )
        click.echo(f"  {each.input_tokens} input and {each.output_tokens} output tokens")
        for line in each.basis:
            click.echo(f"  {line}")

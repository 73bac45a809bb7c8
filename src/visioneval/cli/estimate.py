"""`visioneval estimate`: about what a run would cost."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec


@click.command("estimate")
@click.option("--model", "-m", "models", multiple=True, required=True, help="As of `run`; several may be given.")
@click.option("--suite", type=click.Path(path_type=Path), help="As of `run`, with the same default.")
@click.option("--category", "categories", multiple=True, help="Only prompts of this category.")
@click.option("--only", multiple=True, metavar="ID", help="Only this prompt.")
@click.option("--epochs", type=click.IntRange(1), default=1, show_default=True, help="How often each is asked.")
@click.option(
    "--effort",
    "efforts",
    multiple=True,
    type=click.Choice(["none", "minimal", "low", "medium", "high", "xhigh", "max"]),
    help="Reasoning effort; several may be given.",
)
@click.option("--max-output-tokens", type=click.IntRange(1), help="Limit of a reply, reasoning included.")
@click.option("--few-shot", type=click.IntRange(0), metavar="N", help="Solved prompts shown before each.")
@click.option("--longest-side", "longest_side_px", type=click.IntRange(16), help="Scale pictures down to this.")
@click.option("--service-tier", help="Service tier asked of the host.")
@click.option("--batch", is_flag=True, help="By the host's Batch API (the same as --service-tier batch).")
@click.option("--blind", is_flag=True, help="Without the pictures.")
@click.option(
    "--results", type=click.Path(path_type=Path), default=Path("results"), show_default=True, help="Earlier runs."
)
@click.option("--models-file", type=click.Path(path_type=Path), help="Model cards of your own.")
@click.option("--prices-file", type=click.Path(path_type=Path), help="Prices of your own.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    models: tuple[str, ...],
    suite: Path | None,
    categories: tuple[str, ...],
    only: tuple[str, ...],
    epochs: int,
    efforts: tuple[str, ...],
    results: Path,
    batch: bool,
    blind: bool,
    models_file: Path | None,
    prices_file: Path | None,
    as_json: bool,
    **settings: int | str | None,
) -> None:
    """Say about what a run would cost, and the most that it could. It is an estimate; bills come from usage."""
    from visioneval.estimate import estimate
    from visioneval.models import find_card, load_cards, load_hosts, load_prices, suite_of
    from visioneval.planning import merge
    from visioneval.suite import load_suite, select
    from visioneval.types import BATCH, Settings

    cards, hosts, prices = load_cards(models_file), load_hosts(models_file), load_prices(prices_file)
    chosen = [find_card(name, cards, hosts) for name in models]
    loaded = load_suite(suite or suite_of(chosen))
    prompts = select(loaded, categories=categories, only=only)
    asked = {name: value for name, value in settings.items() if value is not None}
    asked |= {"service_tier": BATCH} if batch else {}
    estimates = [
        estimate(
            card,
            merge(card.settings, msgspec.convert(asked | ({"effort": effort} if effort else {}), Settings)),
            prompts,
            loaded.folder,
            prices=prices,
            results=results,
            on=datetime.now(UTC).date(),
            epochs=epochs,
            blind=blind,
        )
        for card in chosen
        for effort in efforts or (None,)
    ]
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(estimates), indent=2))
        return
    for each in estimates:
        label = f"{each.model} ({each.effort})" if each.effort else each.model
        price = "at an unknown price" if each.usd is None else f"about ${each.usd:.4f}"
        most = "" if each.most_usd is None else f", at most about ${each.most_usd:.4f}"
        click.echo(f"{label}: {price}{most} for {each.prompts} prompts x {each.epochs} (an estimate)")
        click.echo(f"  {each.input_tokens} input and {each.output_tokens} output tokens")
        for line in each.basis:
            click.echo(f"  {line}")

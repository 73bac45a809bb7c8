"""`visioneval reprice`: what a run costs by the prices of another day."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from visioneval.cli.options import json_option, prices_option, results_option


@click.command("reprice")
@click.argument("run")
@click.option(
    "--date", "day", type=click.DateTime(["%Y-%m-%d"]), help="Day whose prices are taken. [default: today]"
)
@results_option
@prices_option
@json_option
def command(run: str, day: datetime | None, results: Path, prices_file: Path | None, as_json: bool) -> None:
    """Say what RUN cost, and what it would cost by today's price table on a day. The run is not changed."""
    import msgspec

    from visioneval.models import load_prices, prices_of
    from visioneval.pricing import run_row, spent_usd, total_usd
    from visioneval.store import find_run, read_run

    stored = read_run(find_run(results, run))
    on = day.date() if day else datetime.now(UTC).date()
    repriced = msgspec.structs.replace(stored.run, prices=prices_of(stored.run.card, load_prices(prices_file)))
    was, was_unknown = total_usd(spent_usd(stored.run, stored.records))
    now, now_unknown = total_usd(spent_usd(repriced, stored.records, on))
    row = run_row(repriced, on=on)
    if as_json:
        sums = {
            "run": stored.run.id,
            "date": on,
            "paid_usd": was,
            "paid_calls_of_unknown_cost": was_unknown,
            "repriced_usd": now,
            "repriced_calls_of_unknown_cost": now_unknown,
            "price": row,
        }
        click.echo(msgspec.json.format(msgspec.json.encode(sums), indent=2))
        return
    click.echo(f"{stored.run.condition.label}, run {stored.run.id}")
    click.echo(f"  by the prices it was made with: {_sum(was, was_unknown)}")
    click.echo(f"  by the prices of {on}: {_sum(now, now_unknown)}")
    if row is not None:
        click.echo(f"  (row of {row.valid_from}, {row.source})")


def _sum(usd: object, unknown: int) -> str:
    calls = "call" if unknown == 1 else "calls"
    return f"${usd:.6f}" + (f" and {unknown} {calls} of unknown cost" if unknown else "")

"""`visioneval reprice`: what a run costs by the prices of another day."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from visioneval.cli.options import json_option, prices_option, results_option

if TYPE_CHECKING:
    from visioneval.store import StoredRun


@click.command("reprice")
@click.argument("run")
@click.option(
    "--date", "day", type=click.DateTime(["%Y-%m-%d"]), help="Day whose prices are taken. [default: today]"
)
@results_option
@prices_option
@json_option
def command(run: str, day: datetime | None, results: Path, prices_file: Path | None, as_json: bool) -> None:
    """Say what RUN cost, and what it would cost by today's price table on a day. The run is not changed.

    A model on a GPU of one's own has no price table: what it cost is computed from the time the GPU was busy.
    """
    from visioneval.store import find_run, read_run

    stored = read_run(find_run(results, run))
    on = day.date() if day else datetime.now(UTC).date()
    if stored.run.card.gpu_usd_per_hour is not None:
        _say_gpu_cost(stored, stored.run.card.gpu_usd_per_hour, as_json=as_json)
    else:
        _say_repriced(stored, on, prices_file, as_json=as_json)


def _say_gpu_cost(stored: StoredRun, usd_per_hour: Decimal, *, as_json: bool) -> None:
    from visioneval.aggregate import busy_seconds, busy_usd
    from visioneval.printable import printable

    busy_s = busy_seconds(stored.records)
    usd = None if busy_s is None else busy_usd(usd_per_hour, busy_s)
    if as_json:
        _print_json(
            {"run": stored.run.id, "gpu_usd_per_hour": usd_per_hour, "busy_s": busy_s, "computed_usd": usd}
        )
        return
    click.echo(printable(f"{stored.run.label}, run {stored.run.id}"))
    if busy_s is None or usd is None:
        click.echo("  on a GPU of one's own, not billed; how long it was busy is not known")
        return
    click.echo(f"  computed from {busy_s:.1f} busy seconds at ${usd_per_hour} an hour: ${usd:.6f}, not billed")
    click.echo("  (no price table has a part in it)")


def _say_repriced(stored: StoredRun, on: date, prices_file: Path | None, *, as_json: bool) -> None:
    import msgspec

    from visioneval.models import load_prices, prices_of
    from visioneval.pricing import call_costs_usd, run_row, total_usd
    from visioneval.printable import printable

    repriced = msgspec.structs.replace(stored.run, prices=prices_of(stored.run.card, load_prices(prices_file)))
    was, was_unknown = total_usd(call_costs_usd(stored.run, stored.records))
    now, now_unknown = total_usd(call_costs_usd(repriced, stored.records, on))
    row = run_row(repriced, on=on)
    if as_json:
        _print_json(
            {
                "run": stored.run.id,
                "date": on,
                "paid_usd": was,
                "paid_calls_of_unknown_cost": was_unknown,
                "repriced_usd": now,
                "repriced_calls_of_unknown_cost": now_unknown,
                "price": row,
            }
        )
        return
    click.echo(printable(f"{stored.run.label}, run {stored.run.id}"))
    if not stored.run.prices and not repriced.prices:
        click.echo("  has no price, neither in its own table nor in this one")
        return
    click.echo(f"  by the prices it was made with: {_sum(was, was_unknown)}")
    click.echo(f"  by the prices of {on}: {_sum(now, now_unknown)}")
    if row is not None:
        click.echo(f"  (row of {row.valid_from}, {row.source})")


def _print_json(sums: dict[str, object]) -> None:
    import msgspec

    click.echo(msgspec.json.format(msgspec.json.encode(sums), indent=2).decode())


def _sum(usd: object, unknown: int) -> str:
    calls = "call" if unknown == 1 else "calls"
    return f"${usd:.6f}" + (f" and {unknown} {calls} of unknown cost" if unknown else "")

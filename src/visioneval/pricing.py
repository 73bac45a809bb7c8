"""Dollars: usage times a dated price row. The only place that knows what a token costs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal

from visioneval.types import MOST_USD, ModelCard, PriceRow, Record, Run, Usage

PER_MILLION = Decimal(1_000_000)
STANDARD = "standard"
_STANDARD_NAMES = (None, "default", "auto", STANDARD)


def is_price(usd: Decimal) -> bool:
    """Return whether an amount can be a price: finite, from 0 to MOST_USD."""
    return usd.is_finite() and 0 <= usd <= MOST_USD


def row_for(prices: Sequence[PriceRow], model: str, on: date, tier: str | None = None) -> PriceRow | None:
    """Return the row in force on a day, or None when the price is not known.

    `tier` is the service tier really used; a host's own word for its default ("default", "auto", none)
    means "standard".
    """
    wanted = STANDARD if tier in _STANDARD_NAMES else tier
    rows = [row for row in prices if row.model == model and row.tier == wanted and row.valid_from <= on]
    return max(rows, key=lambda row: row.valid_from, default=None)


def card_row(card: ModelCard, prices: Sequence[PriceRow], on: date, tier: str | None = None) -> PriceRow | None:
    """Return the row of a card: that of its name, else that of the model it stands for."""
    rows = (row_for(prices, name, on, tier) for name in (card.name, card.model_id))
    return next((row for row in rows if row is not None), None)


def cost_usd(usage: Usage, row: PriceRow | None) -> Decimal | None:
    """Return what a call cost, exactly; None when the usage or the price is not known.

    Cached and cache-write tokens are part of `input_tokens`; reasoning tokens are part of `output_tokens`
    and so are never added again.
    """
    if row is None or usage.input_tokens is None or usage.output_tokens is None:
        return None
    cached = usage.cached_input_tokens or 0
    written = usage.cache_write_tokens or 0
    cached_price = row.input if row.cached_input is None else row.cached_input
    write_price = row.input if row.cache_write is None else row.cache_write
    dollars = (
        max(0, usage.input_tokens - cached - written) * row.input
        + cached * cached_price
        + written * write_price
        + usage.output_tokens * row.output
    )
    return dollars / PER_MILLION


def uncached_cost_usd(usage: Usage, row: PriceRow | None) -> Decimal | None:
    """Return what a call would have cost without any cache: the price to compare models at."""
    if row is None or usage.input_tokens is None or usage.output_tokens is None:
        return None
    return (usage.input_tokens * row.input + usage.output_tokens * row.output) / PER_MILLION


def run_row(run: Run, tier: str | None = None, on: date | None = None) -> PriceRow | None:
    """Return the row that a run's calls are billed by in a tier, on a day (that of its start by default).

    `tier` is the one the host reported; where it reported none, the one that was asked for.
    """
    day = on or datetime.fromisoformat(run.started).date()
    return card_row(run.card, run.prices, day, tier or run.condition.settings.service_tier)


def usage_cost_usd(run: Run, usage: Usage, on: date | None = None) -> Decimal | None:
    """Return what a run paid for one call, by the tier really used; None when it is not known."""
    return cost_usd(usage, run_row(run, usage.service_tier, on))


def call_costs_usd(run: Run, records: Iterable[Record], on: date | None = None) -> list[Decimal | None]:
    """Return what each call of a run cost that the host charged: answers, and failures that were billed.

    An answer that was taken from an earlier run cost nothing.
    """
    usages: list[Usage] = []
    for record in records:
        if record.reply is not None and record.cached_from is None:
            usages.append(record.reply.usage)
        usages += record.billed
    return [usage_cost_usd(run, usage, on) for usage in usages]


def total_usd(costs: Iterable[Decimal | None]) -> tuple[Decimal, int]:
    """Return the sum of the costs that are known, and how many are not."""
    listed = list(costs)
    return sum((cost for cost in listed if cost is not None), Decimal(0)), sum(cost is None for cost in listed)

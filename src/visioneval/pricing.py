"""Dollars: usage times a dated price row. The only place that knows what a token costs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from visioneval.types import PriceRow, Usage

PER_MILLION = Decimal(1_000_000)


def row_for(prices: Sequence[PriceRow], model: str, on: date, tier: str | None = None) -> PriceRow | None:
    """Return the row in force on a day, or None when the price is not known.

    `tier` is the service tier really used; a host's own word for its default ("default", "auto", none)
    means "standard".
    """
    wanted = "standard" if tier in (None, "default", "auto") else tier
    rows = [row for row in prices if row.model == model and row.tier == wanted and row.valid_from <= on]
    return max(rows, key=lambda row: row.valid_from, default=None)


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
        (usage.input_tokens - cached - written) * row.input
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

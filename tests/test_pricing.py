"""A call costs what its dated price row says, to the last decimal, or it is not known what it costs."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from visioneval.models import load_prices
from visioneval.pricing import cost_usd, row_for, uncached_cost_usd
from visioneval.types import PriceRow, Usage

ROW = PriceRow("m", date(2026, 1, 1), Decimal("1.25"), Decimal("10.00"), cached_input=Decimal("0.125"))
USAGE = Usage(input_tokens=1205, cached_input_tokens=1024, output_tokens=312, reasoning_tokens=256)


def test_cached_tokens_cost_less_and_reasoning_tokens_are_counted_once() -> None:
    assert cost_usd(USAGE, ROW) == Decimal("0.00347425")
    assert uncached_cost_usd(USAGE, ROW) == Decimal("0.00462625")


def test_the_example_of_the_score_table() -> None:
    row = PriceRow("m", date(2026, 1, 1), Decimal(5), Decimal(30))
    assert cost_usd(Usage(input_tokens=1400, output_tokens=138), row) == Decimal("0.01114")


def test_what_is_not_known_costs_an_unknown_amount_and_never_nothing() -> None:
    assert cost_usd(USAGE, None) is None
    assert cost_usd(Usage(input_tokens=5), ROW) is None
    assert uncached_cost_usd(Usage(output_tokens=5), ROW) is None


def test_the_row_in_force_on_the_day_and_in_the_tier_is_taken() -> None:
    later = PriceRow("m", date(2026, 6, 1), Decimal(1), Decimal(8))
    batch = PriceRow("m", date(2026, 1, 1), Decimal("0.625"), Decimal(5), tier="batch")
    rows = (later, ROW, batch)
    assert row_for(rows, "m", date(2026, 5, 31)) == ROW
    assert row_for(rows, "m", date(2026, 6, 1), "default") == later
    assert row_for(rows, "m", date(2026, 6, 1), "batch") == batch
    assert row_for(rows, "m", date(2026, 6, 1), "priority") is None
    assert row_for(rows, "m", date(2025, 12, 31)) is None
    assert row_for(rows, "other", date(2026, 6, 1)) is None


@given(st.integers(0, 10**7), st.integers(0, 10**7), st.integers(0, 10**7))
def test_a_cache_never_makes_a_call_dearer(fresh: int, cached: int, output: int) -> None:
    usage = Usage(input_tokens=fresh + cached, cached_input_tokens=cached, output_tokens=output)
    actual, uncached = cost_usd(usage, ROW), uncached_cost_usd(usage, ROW)
    assert actual is not None
    assert uncached is not None
    assert actual <= uncached


def test_every_shipped_price_has_a_source_and_the_day_it_was_read() -> None:
    assert all(row.source and row.read_on for row in load_prices())

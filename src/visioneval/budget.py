"""`--max-cost`: no call is sent that could take the run past its budget.

Before a call the most that it could cost is set aside; afterwards what it did cost takes its place. A call
that broke off, so that nobody knows what it cost, keeps the whole sum. The bound of a picture follows the
published rules with a margin, and grows when a host reports more than it. A host may carry a call out in
another tier than the one that was asked for: the bound is that of the dearest, the cost that of the one it names.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from decimal import Decimal

from msgspec import Struct

from visioneval.errors import ModelError
from visioneval.pricing import PER_MILLION, STANDARD, call_costs_usd, run_row, usage_cost_usd
from visioneval.tokens import most_input_tokens
from visioneval.types import BATCH, PriceRow, Record, Request, Run, Usage

UNKNOWN_INPUT_TOKENS = 10_000
"""What a call is taken to have read that broke off before its bill was known, in an earlier part of a run."""


class Bound(Struct, frozen=True):
    """The most that one call can cost."""

    input_tokens: int
    usd: Decimal


class Budget:
    """Keeps what a run has spent and what its calls in flight could still spend within a limit."""

    def __init__(self, limit_usd: Decimal, run: Run, records: Iterable[Record] = ()) -> None:
        """`records` are those of the run before it was resumed. Raises ModelError when a reply has no price or no
        upper limit."""
        _check_bounded(run)
        self.limit_usd, self.spent_usd, self.held_usd = limit_usd, most_spent_usd(run, records), Decimal(0)
        self._run, self._growth, self._closed = run, 1.0, False
        self._changed: asyncio.Event = asyncio.Event()

    def bound(self, request: Request) -> Bound:
        """Return the most that a call can cost."""
        return _bound(self._run, int(most_input_tokens(request) * self._growth) + 1)

    def bound_of_unseen(self) -> Bound:
        """Return the most that a call is taken to cost whose picture has gone since it was sent."""
        return _bound(self._run, UNKNOWN_INPUT_TOKENS)

    async def reserve(self, request: Request) -> Bound | None:
        """Set aside the most that a call can cost; waits for calls in flight. None when it cannot be afforded."""
        while not self._closed:
            if (bound := self.reserve_now(request)) is not None:
                return bound
            if not self.held_usd:
                return None
            self._changed.clear()
            await self._changed.wait()
        return None

    def reserve_now(self, request: Request) -> Bound | None:
        """Set aside the most that a call can cost; None when what is left does not suffice."""
        bound = self.bound(request)
        if self.spent_usd + self.held_usd + bound.usd > self.limit_usd:
            return None
        return self.hold(bound)

    def hold(self, bound: Bound) -> Bound:
        """Set a sum aside, whether or not it can be afforded: that of a call that was sent before."""
        self.held_usd += bound.usd
        return bound

    def settle(self, bound: Bound, usage: Usage | None) -> None:
        """Put what a call cost in the place of what was set aside; None is a call that cost nothing."""
        self.held_usd -= bound.usd
        if usage is not None:
            cost = usage_cost_usd(self._run, usage)
            self.spent_usd += bound.usd if cost is None else cost
            if usage.input_tokens is not None and usage.input_tokens > bound.input_tokens:
                self._growth *= 1.25 * usage.input_tokens / bound.input_tokens
        self._changed.set()

    def close(self) -> None:
        """Let nobody wait any more."""
        self._closed = True
        self._changed.set()


def most_spent_usd(run: Run, records: Iterable[Record], *, under_way: int = 0) -> Decimal:
    """Return the most that a run can have cost: a call whose bill is not known counts at its bound.

    `under_way` is how many of its calls are still at the host.
    """
    costs = call_costs_usd(run, records) + [None] * under_way
    unknown_usd = _bound(run, UNKNOWN_INPUT_TOKENS).usd if None in costs else Decimal(0)
    return sum((unknown_usd if cost is None else cost for cost in costs), Decimal(0))


def _bound(run: Run, input_tokens: int) -> Bound:
    rows, output_tokens = _rows(run), run.condition.settings.max_output_tokens
    assert rows
    assert output_tokens is not None
    input_price = max(max(row.input, row.cached_input or 0, row.cache_write or 0) for row in rows)
    output_price = max(row.output for row in rows)
    return Bound(input_tokens, (input_tokens * input_price + output_tokens * output_price) / PER_MILLION)


def _rows(run: Run) -> list[PriceRow]:
    """Return the rows that a call of a run may be billed by: "auto" leaves the tier to the account."""
    asked = run.condition.settings.service_tier
    tiers = {asked or STANDARD, STANDARD}
    if asked in (None, "auto"):
        tiers |= {row.tier for row in run.prices} - {BATCH}
    rows = (run_row(run, tier) for tier in ({BATCH} if asked == BATCH else tiers))
    return [row for row in rows if row is not None]


def _check_bounded(run: Run) -> None:
    settings = run.condition.settings
    if run_row(run) is None:
        tier = f" in the {settings.service_tier} tier" if settings.service_tier else ""
        raise ModelError(
            f"model {run.card.name!r} has no price in force{tier}, so --max-cost cannot be kept; "
            "add a row to prices.yaml (--prices-file)"
        )
    if settings.max_output_tokens is None:
        raise ModelError("--max-cost needs --max-output-tokens: without it a reply has no upper price")

"""`--max-cost`: no call is sent that could take the run past its budget.

Before a call the most that it could cost is set aside; afterwards what it did cost takes its place. A call
that broke off, so that nobody knows what it cost, keeps the whole sum. The bound of a picture follows the
published rules with a margin, and grows when a host reports more than it.
"""

from __future__ import annotations

import asyncio
from decimal import Decimal

from msgspec import Struct

from visioneval.pricing import PER_MILLION, cost_usd
from visioneval.tokens import most_input_tokens
from visioneval.types import PriceRow, Request, Usage


class Bound(Struct, frozen=True):
    """The most that one call can cost."""

    input_tokens: int
    usd: Decimal


class Budget:
    """Keeps what a run has spent and what its calls in flight could still spend within a limit."""

    def __init__(self, limit_usd: Decimal, spent_usd: Decimal, row: PriceRow) -> None:
        self.limit_usd, self.spent_usd, self.held_usd = limit_usd, spent_usd, Decimal(0)
        self._row, self._growth, self._closed = row, 1.0, False
        self._input_price = max(row.input, row.cached_input or Decimal(0), row.cache_write or Decimal(0))
        self._changed: asyncio.Event = asyncio.Event()

    def bound(self, request: Request) -> Bound:
        """Return the most that a call can cost; `max_output_tokens` must be set."""
        tokens = int(most_input_tokens(request) * self._growth) + 1
        output = request.settings.max_output_tokens
        assert output is not None
        return Bound(tokens, (tokens * self._input_price + output * self._row.output) / PER_MILLION)

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
            cost = cost_usd(usage, self._row)
            self.spent_usd += bound.usd if cost is None else cost
            if usage.input_tokens is not None and usage.input_tokens > bound.input_tokens:
                self._growth *= 1.25 * usage.input_tokens / bound.input_tokens
        self._changed.set()

    def close(self) -> None:
        """Let nobody wait any more."""
        self._closed = True
        self._changed.set()

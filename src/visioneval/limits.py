"""When a call may be sent: how many at once, how many a minute, and whether the host is there at all.

Concurrency adapts as TCP does: one more for each round that went well, half after a rate limit. A host that
fails many times in a row is left alone for a while, then asked by one call at a time.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable

from msgspec import Struct

from visioneval.providers.base import Allowance
from visioneval.types import FailureKind

MINUTE_S = 60.0
HOST_FAILURES: frozenset[FailureKind] = frozenset({"connection", "timeout", "server_error"})


class BreakerPolicy(Struct, frozen=True):
    """When a host counts as down, and for how long it is waited for."""

    failures: int = 12
    """In a row, over all prompts."""
    first_pause_s: float = 1.0
    longest_pause_s: float = 60.0
    give_up_s: float = 900.0
    give_up_unseen_s: float = 20.0
    """For a host that never answered at all: a wrong address, most likely."""


class Pace:
    """At most so many units a minute, spread evenly: a burst at the start would be two minutes' worth in one."""

    def __init__(self, per_minute: float | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._interval_s = MINUTE_S / per_minute if per_minute else 0.0
        self._clock, self._next = clock, 0.0

    def wait_s(self, units: float = 1.0) -> float:
        """Take `units` and return how many seconds to wait before using them."""
        if not self._interval_s:
            return 0.0
        now = self._clock()
        start = max(now, self._next)
        self._next = start + units * self._interval_s
        return start - now


class Gate:
    """Lets calls through to one host."""

    def __init__(
        self,
        most: int,
        *,
        requests_per_minute: float | None = None,
        tokens_per_minute: float | None = None,
        breaker: BreakerPolicy | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.most, self.limit, self.in_flight = most, float(most), 0
        self._pace, self._token_pace = Pace(requests_per_minute, clock), Pace(tokens_per_minute, clock)
        self._breaker, self._clock = breaker or BreakerPolicy(), clock
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._held_until = self._cut_at = 0.0
        self._sleeping: set[asyncio.Future[None]] = set()
        self._failures_in_a_row = self._probes = 0
        self._down_since: float | None = None
        self._seen = self._closed = False
        self._timer: asyncio.TimerHandle | None = None

    async def enter(self, tokens: float = 0.0) -> bool:
        """Wait until a call may be sent; False when the run was stopped meanwhile. Ends with `leave`."""
        while not self._closed and not self._open():
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            await turn
        if self._closed:
            return False
        self.in_flight += 1
        pause_s = max(self._pace.wait_s(), self._token_pace.wait_s(tokens))
        if pause_s and not await self.sleep(pause_s):
            self.leave()
            return False
        return True

    def leave(self) -> None:
        """Say that a call that entered is over."""
        self.in_flight -= 1
        self._wake()

    async def sleep(self, seconds: float) -> bool:
        """Wait; False, and at once, when the run is stopped."""
        if self._closed:
            return False
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleeping.add(turn)
        try:
            await asyncio.wait_for(turn, seconds)
        except TimeoutError:
            pass
        finally:
            self._sleeping.discard(turn)
        return not self._closed

    def close(self) -> None:
        """Let nobody through any more."""
        self._closed = True
        for turn in (*self._waiting, *self._sleeping):
            if not turn.done():
                turn.set_result(None)

    def succeeded(self, allowance: Allowance | None, tokens: float = 0.0) -> None:
        """Take note of an answer and of what the host says is left of its limits."""
        self._seen = True
        self._failures_in_a_row = 0
        if self._down_since is not None:
            self._down_since, self._probes, self.limit = None, 0, max(1.0, self.most / 2)
        self.limit = min(self.most, self.limit + 1 / self.limit)
        if allowance is not None:
            self._hold(_reset_s(allowance, tokens))
        self._wake()

    def rate_limited(self, sent_at: float, retry_after_s: float | None) -> None:
        """Halve the concurrency, once for all calls that were sent before the last halving took effect."""
        self._seen, self._failures_in_a_row = True, 0
        if sent_at >= self._cut_at:
            self.limit, self._cut_at = max(1.0, self.limit / 2), self._clock()
        self._hold(retry_after_s or 0.0)

    def failed(self, kind: FailureKind) -> float | None:
        """Take note of a failure. Returns the seconds for which the host is left alone when it is down.

        Raises HostIsDown when it has been down for too long.
        """
        if kind not in HOST_FAILURES:
            self._seen, self._failures_in_a_row = True, 0
            return None
        self._failures_in_a_row += 1
        if self._failures_in_a_row < self._breaker.failures:
            return None
        now = self._clock()
        self._down_since = now if self._down_since is None else self._down_since
        patience_s = self._breaker.give_up_s if self._seen else self._breaker.give_up_unseen_s
        if now - self._down_since >= patience_s:
            raise HostIsDown(now - self._down_since)
        self.limit = 1.0
        if self._held_until > now:  # calls that were in flight when the host went down
            return self._held_until - now
        pause_s = min(self._breaker.longest_pause_s, self._breaker.first_pause_s * 2.0 ** min(self._probes, 10))
        self._probes += 1
        self._hold(pause_s)
        return pause_s

    def now(self) -> float:
        """Return this gate's clock."""
        return self._clock()

    def _open(self) -> bool:
        return self.in_flight < int(self.limit) and self._clock() >= self._held_until

    def _hold(self, seconds: float) -> None:
        until = self._clock() + seconds
        if seconds <= 0 or until <= self._held_until:
            return
        self._held_until = until
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds + 0.001, self._wake)

    def _wake(self) -> None:
        free = int(self.limit) - self.in_flight if self._clock() >= self._held_until else 0
        while free > 0 and self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                free -= 1


class HostIsDown(Exception):  # noqa: N818
    """The host has failed without a pause for longer than is worth waiting; `seconds` says how long."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


def _reset_s(allowance: Allowance, tokens: float) -> float:
    waits = [0.0]
    if allowance.requests == 0:
        waits.append(allowance.requests_reset_s or 0.0)
    if allowance.tokens is not None and allowance.tokens <= tokens:
        waits.append(allowance.tokens_reset_s or 0.0)
    return max(waits)

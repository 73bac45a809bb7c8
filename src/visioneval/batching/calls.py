"""A call to the host until it goes through, and waits that end when the run is stopped."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from visioneval.errors import FatalError, RetryableError
from visioneval.redact import redact
from visioneval.work import Limits, Watcher

T = TypeVar("T")


class Stopped(Exception):  # noqa: N818
    """The run was told to stop."""


class Calls:
    """Calls to one host, one after the other."""

    def __init__(self, limits: Limits, watcher: Watcher) -> None:
        self.stopping = asyncio.Event()
        self._retry, self._breaker, self._watcher = limits.retry, limits.breaker, watcher
        self._host_seen = False

    async def call(self, make: Callable[[], Awaitable[T]]) -> T:
        """Call the host until it goes through. Raises FatalError for a host that stays away too long."""
        first_failed, number = time.monotonic(), 0
        while True:
            try:
                result = await make()
            except RetryableError as error:
                number += 1
                first_failed = time.monotonic() if number == 1 else first_failed
                self._host_seen = self._host_seen or error.kind == "rate_limited"
                patience_s = self._breaker.give_up_s if self._host_seen else self._breaker.give_up_unseen_s
                away_s = time.monotonic() - first_failed
                if away_s >= patience_s:
                    raise FatalError(
                        error.kind, f"{error}; no call has gone through for {away_s:.0f} s; resume when one can"
                    ) from None
                pause_s = self._retry.pause_s(number, error.retry_after_s, random.uniform)
                self._watcher.pause(pause_s, redact(str(error)))
                await self.sleep(pause_s)
            else:
                self._host_seen = True
                return result

    async def sleep(self, seconds: float) -> None:
        """Wait; raises Stopped, and at once, when the run is stopped."""
        try:
            await asyncio.wait_for(self.stopping.wait(), seconds)
        except TimeoutError:
            return
        raise Stopped

    def check_stopped(self) -> None:
        """Raise Stopped when the run was told to stop."""
        if self.stopping.is_set():
            raise Stopped

"""Plan -> provider -> store: the only scheduler of live calls, and the only place that retries them.

It knows nothing of scores. Each finished record goes to the store first and to `Watcher.record` after.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator
from typing import Literal

import msgspec
from msgspec import Struct

from visioneval.budget import Bound
from visioneval.errors import (
    FatalError,
    ParameterRejectedError,
    ProviderError,
    RetryableError,
    StoreError,
    SuiteError,
)
from visioneval.limits import Gate, HostIsDown
from visioneval.providers.base import HostedProvider, Provider
from visioneval.providers.hosted.faults import UNKNOWN_BILL
from visioneval.redact import redact
from visioneval.types import EncodedImage, Failure, Prompt, Record, Reply, Request, Usage
from visioneval.work import MAX_MESSAGE, Ending, Work, interruptible, out_of_budget

SYNC_INTERVAL_S = 1.0
SAME_GARBAGE = 3
"""So often is a prompt asked that gets the same again and again, and no reply: a page of some proxy, mostly."""
FIRST_TOKENS = 1000.0
"""Input tokens that a call is taken to need until the host has reported some."""


class Attempts(Struct):
    """What one prompt's calls have come to so far; `waited_s` is for our own limits, not the host's."""

    started: float
    number: int = 0
    waited_s: float = 0.0
    last_started: float = 0.0
    garbled: tuple[str, ...] = ()
    """What came instead of replies."""
    billed: tuple[Usage, ...] = ()

    def is_told_again(self, error: RetryableError) -> bool:
        """Take note of a failure; True when the same garbage came so often that it would come again."""
        if error.kind == "bad_response":
            self.garbled = (*self.garbled, str(error))
        return self.garbled.count(str(error)) >= SAME_GARBAGE

    def spent_s(self, until: float) -> float:
        """Return the seconds in failed attempts and in the pauses after them."""
        return max(0.0, until - self.started - self.waited_s)


class Runner:
    """Asks a provider everything that a run still lacks, and stores what comes back."""

    def __init__(self, work: Work, provider: Provider) -> None:
        limits = work.limits
        self.work, self.provider, self.retry, self.watcher = work, provider, limits.retry, work.watcher
        self.hosted = provider if isinstance(provider, HostedProvider) else None
        self.workers = limits.concurrency or provider.concurrency
        if self.hosted is None:
            self.workers = min(self.workers, provider.concurrency)
        self.gate = Gate(
            self.workers,
            requests_per_minute=limits.requests_per_minute,
            tokens_per_minute=limits.tokens_per_minute,
            breaker=limits.breaker,
        )
        self.stopping = asyncio.Event()
        self.ending: Ending | None = None
        self.broken: StoreError | None = None
        self.unwritten: list[Record] = []
        self._tokens = FIRST_TOKENS

    async def execute(self) -> Ending:
        """Run to the end, to Ctrl-C, to the end of the budget or to an error that no other prompt would escape.

        The first Ctrl-C lets the calls in flight finish, for they are paid for; the second drops them.
        Raises StoreError when records cannot be written, after the calls in flight are in.
        """
        if self.work.known:
            self.work.say_from_earlier(len(self.work.known))
        left = self.work.left()
        workers = [asyncio.create_task(self._worker(left)) for _ in range(self.workers)]
        syncing = asyncio.create_task(self._sync_in_groups())
        with interruptible(lambda: self._interrupt(workers)):
            await asyncio.gather(*workers, return_exceptions=True)
        syncing.cancel()
        self._write_again()
        for worker in workers:
            if not worker.cancelled() and (error := worker.exception()) is not None:
                raise error
        if self.broken is not None:
            raise self.broken
        return self.ending or Ending("interrupted" if self.stopping.is_set() else "complete")

    async def _worker(self, left: Iterator[tuple[Prompt, int]]) -> None:
        while not self.stopping.is_set() and (place := next(left, None)) is not None:
            record = await self._record_of(*place)
            if record is None:
                continue
            try:
                self._store(place[0], record)
                self._learn(record)
            except Exception as error:  # the answers to the calls in flight are kept, and no more are sent
                ours = f"prompt {place[0].id!r}: a fault of visioneval's own, {type(error).__name__}: {error}"
                self._stop(Ending("fatal", redact(ours)))

    def _store(self, prompt: Prompt, record: Record) -> None:
        try:
            self.work.store(prompt, record)
        except StoreError as error:
            self.unwritten.append(record)
            self.broken = self.broken or error
            self._stop()

    async def _record_of(self, prompt: Prompt, epoch: int) -> Record | None:
        """Return how one prompt ended, or None when the run was stopped before it did."""
        work = self.work
        if (record := work.from_earlier(prompt, epoch)) is not None:
            return record
        entered = time.perf_counter()
        try:
            request = await work.request(prompt, epoch)
        except Exception as error:  # a picture that cannot be made ready fails its prompt, not the run
            message = str(error) if isinstance(error, SuiteError) else f"{type(error).__name__}: {error}"
            return work.record(prompt, epoch, Failure("bad_image", redact(message)[:MAX_MESSAGE]))
        attempts = Attempts(started=time.perf_counter())
        try:
            end = await self._answer(request, attempts)
        except FatalError as error:
            self._stop(Ending("fatal", redact(str(error))))
            end = None
        except asyncio.CancelledError:  # the second Ctrl-C; what was sent may be charged all the same
            end = None
        if isinstance(end, Reply):
            end = _timed(end, request.image, attempts, attempts.started - entered)
        elif end is None and attempts.billed:
            end = _stopped(attempts)
        return None if end is None else work.record(prompt, epoch, end, attempts.billed)

    async def _answer(self, request: Request, attempts: Attempts) -> Reply | Failure | None:
        """Ask until there is an answer or no more attempt; None when the run was stopped."""
        while True:
            queued = time.perf_counter()
            bound = await self._admit(request)
            if bound is False:
                return None
            attempts.last_started = time.perf_counter()
            attempts.waited_s += attempts.last_started - queued
            attempts.number += 1
            sent_at, charged = self.gate.now(), None
            try:
                reply = await self.provider.generate(request)
            except FatalError:
                raise
            except asyncio.CancelledError:
                if self.hosted is not None:
                    charged = UNKNOWN_BILL
                    attempts.billed += (charged,)
                raise
            except Exception as error:  # a provider that fails on one prompt fails that prompt, not the run
                charged = error.billed if isinstance(error, ProviderError) else None
                failure = error
            else:
                charged = reply.usage
                return reply
            finally:
                self.gate.leave()
                self.work.settle(bound, charged)
            if charged is not None:
                attempts.billed += (charged,)
            pause_s = self._pause_after(failure, attempts, sent_at)
            if pause_s is None:
                return _failure(failure, attempts)
            if pause_s and not await self.gate.sleep(pause_s):
                return None

    async def _admit(self, request: Request) -> Bound | Literal[False] | None:
        """Wait for our own limits; False when the run was stopped, or ends because its budget is spent."""
        bound, budget = None, self.work.budget
        if budget is not None:
            bound = await budget.reserve(request)
            if bound is None:
                self._stop(None if self.stopping.is_set() else out_of_budget(budget))
                return False
        if await self.gate.enter(self._tokens):
            return bound
        self.work.settle(bound, None)
        return False

    def _learn(self, record: Record) -> None:
        """Take note of an answer, once it is stored: of what it says of the next calls and of the host."""
        if record.reply is not None and record.cached_from is None:
            self._tokens = float(record.reply.usage.input_tokens or self._tokens)
            self.gate.succeeded(self.hosted.allowance if self.hosted else None, self._tokens)

    def _pause_after(self, error: Exception, attempts: Attempts, sent_at: float) -> float | None:
        """Return how long to wait before another attempt; None when there is none."""
        if not isinstance(error, RetryableError):
            self.gate.failed("other")
            return None
        if isinstance(error, ParameterRejectedError):
            attempts.number -= 1
            self.work.note_dropped(self.hosted.dropped if self.hosted else ())
            return 0.0
        if error.kind == "rate_limited":
            self.gate.rate_limited(sent_at, error.retry_after_s)
        elif self._host_down_s(error) is not None:
            attempts.number -= 1  # it is the host that failed, not this prompt
            return 0.0
        if attempts.number >= self.retry.max_attempts or attempts.is_told_again(error):
            return None
        pause_s = self.retry.pause_s(attempts.number, error.retry_after_s, random.uniform)
        self.watcher.pause(pause_s, redact(str(error)))
        return pause_s

    def _host_down_s(self, error: RetryableError) -> float | None:
        try:
            down_s = self.gate.failed(error.kind)
        except HostIsDown as down:
            raise FatalError(
                error.kind, f"{error}; no call has gone through for {down.seconds:.0f} s; resume when one can"
            ) from None
        if down_s is not None:
            self.watcher.pause(down_s, f"the host is down: {redact(str(error))}")
        return down_s

    def _stop(self, ending: Ending | None = None) -> None:
        self.ending = self.ending or ending
        self.stopping.set()
        self.gate.close()
        if self.work.budget is not None:
            self.work.budget.close()

    async def _sync_in_groups(self) -> None:
        while True:
            await asyncio.sleep(SYNC_INTERVAL_S)
            try:
                await asyncio.to_thread(self.work.folder.sync)
            except StoreError as error:
                self.broken = self.broken or error
                self._stop()

    def _write_again(self) -> None:
        """Give records that met a full disk a second chance, and say how many are lost if it stays full."""
        for number, record in enumerate(self.unwritten):
            try:
                self.work.folder.append(record)
            except StoreError as error:
                lost = len(self.unwritten) - number
                self.broken = StoreError(
                    f"{error}; {lost} {'reply' if lost == 1 else 'replies'} could not be kept"
                )
                return

    def _interrupt(self, workers: list[asyncio.Task[None]]) -> None:
        if self.stopping.is_set():
            for worker in workers:
                worker.cancel()
        else:
            self.watcher.stopping()
        self._stop()


def _timed(reply: Reply, image: EncodedImage | None, attempts: Attempts, prepared_s: float) -> Reply:
    timing = msgspec.structs.replace(
        reply.timing,
        queue_s=prepared_s + attempts.waited_s,
        attempts=attempts.number,
        retry_s=attempts.spent_s(attempts.last_started),
    )
    return msgspec.structs.replace(reply, timing=timing, sent=reply.sent or (image.sent if image else None))


def _failure(error: Exception, attempts: Attempts) -> Failure:
    retry_s = attempts.spent_s(time.perf_counter())
    if isinstance(error, ProviderError):
        return Failure(error.kind, redact(str(error))[:MAX_MESSAGE], attempts.number, retry_s)
    message = redact(f"{type(error).__name__}: {error}")
    return Failure("other", message[:MAX_MESSAGE], attempts.number, retry_s)


def _stopped(attempts: Attempts) -> Failure:
    """Say of a prompt whose answer was not waited for when the run was stopped what it had cost by then."""
    message = "the run was stopped before the answer came"
    return Failure("other", message, attempts.number, attempts.spent_s(time.perf_counter()))

"""Plan -> provider -> store: the only scheduler of live calls, and the only place that retries them.

It knows nothing of scores. Each finished record goes to the store first and to `on_record` after.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Literal

import msgspec
from msgspec import Struct

from visioneval.budget import Bound, Budget
from visioneval.cache import Known
from visioneval.errors import (
    FatalError,
    ParameterRejectedError,
    ProviderError,
    RetryableError,
    StoreError,
    SuiteError,
)
from visioneval.limits import BreakerPolicy, Gate, HostIsDown
from visioneval.providers.base import HostedProvider, Provider
from visioneval.questions import ImageCache, Shots, make_request, request_key
from visioneval.redact import redact
from visioneval.store import Place, RunFolder
from visioneval.types import (
    EncodedImage,
    Failure,
    Prompt,
    Record,
    Reply,
    Request,
    Run,
    Usage,
)

SYNC_INTERVAL_S = 1.0
MAX_MESSAGE = 500
SAME_GARBAGE = 3
"""So often is a prompt asked that gets the same again and again, and no reply: a page of some proxy, mostly."""
FROM_EARLIER = "{} answers are taken from earlier runs (--fresh asks again)"
FIRST_TOKENS = 1000.0
"""Input tokens that a call is taken to need until the host has reported some."""


class RetryPolicy(Struct, frozen=True):
    """Exponential backoff with full jitter; a host's own Retry-After is honoured whatever its length."""

    max_attempts: int = 6
    base_s: float = 0.5
    longest_s: float = 30.0

    def pause_s(
        self, attempt: int, retry_after_s: float | None, uniform: Callable[[float, float], float]
    ) -> float:
        """Return how long to wait after failed attempt number `attempt` (from 1)."""
        if retry_after_s is not None:
            return max(0.0, retry_after_s)
        return uniform(0.0, min(self.longest_s, self.base_s * 2**attempt))


class Limits(Struct, frozen=True):
    """How fast a run may go; None leaves it to the provider and to what the host says."""

    concurrency: int | None = None
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    retry: RetryPolicy = RetryPolicy()
    breaker: BreakerPolicy = BreakerPolicy()


class Ending(Struct, frozen=True):
    """How a run ended: `reason` is "complete", "interrupted", "budget" or "fatal"; of a batch also "submitted"
    (nobody waits for it) or "cancelled"."""

    reason: str
    message: str = ""


class Watcher:
    """What the runner tells whoever watches; every method may be overridden."""

    def record(self, prompt: Prompt, record: Record) -> None:
        """A prompt ended and is stored."""

    def pause(self, seconds: float, why: str) -> None:
        """A call, or all of them, waits."""

    def dropped(self, parameters: tuple[str, ...]) -> None:
        """The host rejected parameters, which are left out from now on."""

    def stopping(self) -> None:
        """The run was told to stop, and waits for the calls in flight."""

    def batches(self, done: int, total: int) -> None:
        """The host has worked on so many of the requests that are in its batches."""

    def say(self, message: str) -> None:
        """Something happened that whoever reads the scores must know."""


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

    def __init__(
        self,
        run: Run,
        prompts: tuple[Prompt, ...],
        provider: Provider,
        folder: RunFolder,
        *,
        images: ImageCache,
        done: frozenset[Place],
        limits: Limits | None = None,
        watcher: Watcher | None = None,
        known: Mapping[str, Known] | None = None,
        shots: Shots | None = None,
        budget: Budget | None = None,
    ) -> None:
        limits = limits or Limits()
        self.run, self.prompts, self.provider, self.folder = run, prompts, provider, folder
        self.done, self.retry, self.watcher = done, limits.retry, watcher or Watcher()
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
        self.images = images
        self.known, self.shots, self.budget = known or {}, shots or Shots(), budget
        self.stopping = asyncio.Event()
        self.ending: Ending | None = None
        self.broken: StoreError | None = None
        self.unwritten: list[Record] = []
        self.dropped = run.dropped_parameters
        self._tokens = FIRST_TOKENS

    async def execute(self) -> Ending:
        """Run to the end, to Ctrl-C, to the end of the budget or to an error that no other prompt would escape.

        The first Ctrl-C lets the calls in flight finish, for they are paid for; the second drops them.
        Raises StoreError when records cannot be written, after the calls in flight are in.
        """
        if self.known:
            self.watcher.say(FROM_EARLIER.format(len(self.known)))
        work = self._work()
        workers = [asyncio.create_task(self._worker(work)) for _ in range(self.workers)]
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

    def _work(self) -> Iterator[tuple[Prompt, int]]:
        for epoch in range(self.run.epochs):
            for prompt in self.prompts:
                if (prompt.id, epoch) not in self.done:
                    yield prompt, epoch

    async def _worker(self, work: Iterator[tuple[Prompt, int]]) -> None:
        while not self.stopping.is_set() and (place := next(work, None)) is not None:
            prompt, epoch = place
            try:
                record = await self._record_of(prompt, epoch)
                if record is not None:
                    self._store(prompt, record)
                    self._learn(record)
            except FatalError as error:
                self._stop(Ending("fatal", redact(str(error))))
            except Exception as error:  # the answers to the calls in flight are kept, and no more are sent
                ours = f"prompt {prompt.id!r}: a fault of visioneval's own, {type(error).__name__}: {error}"
                self._stop(Ending("fatal", redact(ours)))

    def _store(self, prompt: Prompt, record: Record) -> None:
        try:
            self.folder.append(record)
        except StoreError as error:
            self.unwritten.append(record)
            self.broken = self.broken or error
            self._stop()
        else:
            self.watcher.record(prompt, record)

    async def _record_of(self, prompt: Prompt, epoch: int) -> Record | None:
        """Return how one prompt ended, or None when the run was stopped before it did."""
        key = request_key(self.run, prompt, epoch, self.shots.of(prompt))
        if (known := self.known.get(key)) is not None:
            return make_record(key, prompt, epoch, known.reply, cached_from=known.run_id)
        entered = time.perf_counter()
        try:
            request = await make_request(self.run, prompt, epoch, key, self.images, self.shots)
        except SuiteError as error:
            return make_record(key, prompt, epoch, Failure("bad_image", str(error)))
        attempts = Attempts(started=time.perf_counter(), waited_s=0.0)
        end = await self._answer(request, attempts)
        if isinstance(end, Failure):
            return make_record(key, prompt, epoch, end, billed=attempts.billed)
        if isinstance(end, Reply):
            prepared_s = attempts.started - entered
            reply = _timed(end, request.image, attempts, prepared_s)
            return make_record(key, prompt, epoch, reply, billed=attempts.billed)
        return (
            None if not attempts.billed else make_record(key, prompt, epoch, _stopped(attempts), attempts.billed)
        )

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
            except Exception as error:  # a provider that fails on one prompt fails that prompt, not the run
                charged = error.billed if isinstance(error, ProviderError) else None
                failure = error
            else:
                charged = reply.usage
                return reply
            finally:
                self.gate.leave()
                self._settle(bound, charged)
            if charged is not None:
                attempts.billed += (charged,)
            pause_s = self._pause_after(failure, attempts, sent_at)
            if pause_s is None:
                return _failure(failure, attempts)
            if pause_s and not await self.gate.sleep(pause_s):
                return None

    async def _admit(self, request: Request) -> Bound | Literal[False] | None:
        """Wait for our own limits; False when the run was stopped, or ends because its budget is spent."""
        bound = None
        if self.budget is not None:
            bound = await self.budget.reserve(request)
            if bound is None:
                self._stop(None if self.stopping.is_set() else out_of_budget(self.budget))
                return False
        tokens = bound.input_tokens if bound else self._tokens
        if await self.gate.enter(tokens):
            return bound
        self._settle(bound, None)
        return False

    def _settle(self, bound: Bound | None, charged: Usage | None) -> None:
        if self.budget is not None and bound is not None:
            self.budget.settle(bound, charged)

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
            self._note_dropped()
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

    def _note_dropped(self) -> None:
        if self.hosted is not None and set(self.hosted.dropped) - set(self.dropped):
            self.dropped = tuple(sorted({*self.dropped, *self.hosted.dropped}))
            self.watcher.dropped(self.dropped)

    def _stop(self, ending: Ending | None = None) -> None:
        self.ending = self.ending or ending
        self.stopping.set()
        self.gate.close()
        if self.budget is not None:
            self.budget.close()

    async def _sync_in_groups(self) -> None:
        while True:
            await asyncio.sleep(SYNC_INTERVAL_S)
            try:
                await asyncio.to_thread(self.folder.sync)
            except StoreError as error:
                self.broken = self.broken or error
                self._stop()

    def _write_again(self) -> None:
        """Give records that met a full disk a second chance, and say how many are lost if it stays full."""
        for number, record in enumerate(self.unwritten):
            try:
                self.folder.append(record)
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


@contextlib.contextmanager
def interruptible(interrupt: Callable[[], None]) -> Iterator[None]:
    """Call `interrupt` at every Ctrl-C and every polite request to end, instead of ending."""
    loop = asyncio.get_running_loop()
    handled: list[signal.Signals] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):  # Windows, other threads
            loop.add_signal_handler(number, interrupt)
            handled.append(number)
    try:
        yield
    finally:
        for number in handled:
            loop.remove_signal_handler(number)


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
    """Say of a prompt that was being tried again when the run was stopped what it had cost by then."""
    message = "the run was stopped before the next attempt"
    return Failure("other", message, attempts.number, attempts.spent_s(time.perf_counter()))


def out_of_budget(budget: Budget) -> Ending:
    """Say that the money left does not suffice for the next call."""
    return Ending(
        "budget",
        f"spent ${budget.spent_usd:.4f} of ${budget.limit_usd}: the next call could pass the budget; resume with "
        "a higher --max-cost",
    )


def make_record(
    key: str,
    prompt: Prompt,
    epoch: int,
    end: Reply | Failure,
    billed: tuple[Usage, ...] = (),
    cached_from: str | None = None,
) -> Record:
    """Return the record of how one prompt ended now."""
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    reply, failure = (end, None) if isinstance(end, Reply) else (None, end)
    return Record(key, prompt.id, epoch, at, reply, failure, billed, cached_from)

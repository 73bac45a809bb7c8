"""What a run still lacks, what it is asked with, and how it may end: all that both runners share.

`runner` asks live, `batching` asks by files; both take their requests from here, and both put what came of them
into the run folder through here.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import UTC, datetime
from typing import Literal, TypeAlias

import msgspec
from msgspec import Struct

from visioneval.budget import Bound, Budget
from visioneval.cache import Known
from visioneval.limits import BreakerPolicy
from visioneval.plurals import count
from visioneval.questions import ImageCache, Shots, make_request, request_key
from visioneval.store import Place, RunFolder
from visioneval.types import Failure, Prompt, Record, Reply, Request, Run, Usage

MAX_MESSAGE = 500


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


Reason: TypeAlias = Literal["complete", "interrupted", "budget", "fatal", "submitted", "cancelled"]


class Ending(Struct, frozen=True):
    """How a run ended; only a batch is "submitted" (nobody waits for it) or "cancelled"."""

    reason: Reason
    message: str = ""
    under_way: str = ""
    """What goes on at the host without this program: batches that can be fetched, or stopped."""


class Watcher:
    """What a runner tells whoever watches; every method may be overridden."""

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


class Work(Struct):
    """One run under way: its questions, its folder, and what bounds it."""

    run: Run
    prompts: tuple[Prompt, ...]
    folder: RunFolder
    images: ImageCache
    shots: Shots
    limits: Limits
    watcher: Watcher = Watcher()
    done: frozenset[Place] = frozenset()
    """What had an answer before."""
    known: Mapping[str, Known] = {}
    """Answers of earlier runs, by the key of the request."""
    budget: Budget | None = None

    def left(self) -> Iterator[tuple[Prompt, int]]:
        """Yield what had no answer when the work began, epoch by epoch."""
        for epoch in range(self.run.epochs):
            for prompt in self.prompts:
                if (prompt.id, epoch) not in self.done:
                    yield prompt, epoch

    def key(self, prompt: Prompt, epoch: int) -> str:
        """Return the identity of a request."""
        return request_key(self.run, prompt, epoch, self.shots.of(prompt))

    async def request(self, prompt: Prompt, epoch: int) -> Request:
        """Return what a prompt is asked by. Raises SuiteError when a picture cannot be read."""
        return await make_request(self.run, prompt, epoch, self.key(prompt, epoch), self.images, self.shots)

    def from_earlier(self, prompt: Prompt, epoch: int) -> Record | None:
        """Return the answer that an earlier run was given to the same request."""
        known = self.known.get(self.key(prompt, epoch)) if self.known else None
        return None if known is None else self.record(prompt, epoch, known.reply, cached_from=known.run_id)

    def record(
        self,
        prompt: Prompt,
        epoch: int,
        end: Reply | Failure,
        billed: tuple[Usage, ...] = (),
        cached_from: str | None = None,
    ) -> Record:
        """Return the record of how one prompt ended now."""
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        reply, failure = (end, None) if isinstance(end, Reply) else (None, end)
        return Record(self.key(prompt, epoch), prompt.id, epoch, at, reply, failure, billed, cached_from)

    def say_from_earlier(self, answers: int) -> None:
        """Tell whoever watches how many answers are not asked for again."""
        taken = count(answers, "answer is", "answers are")
        self.watcher.say(f"{taken} taken from earlier runs (--fresh asks again)")

    def store(self, prompt: Prompt, record: Record) -> None:
        """Keep a record and show it. Raises StoreError."""
        self.folder.append(record)
        self.watcher.record(prompt, record)

    def settle(self, bound: Bound | None, charged: Usage | None) -> None:
        """Put what a call cost in the place of what was set aside for it; None is a call that cost nothing."""
        if self.budget is not None and bound is not None:
            self.budget.settle(bound, charged)

    def note_dropped(self, parameters: Collection[str]) -> None:
        """Write into the manifest what the host does not take. Raises StoreError."""
        before = self.run.dropped_parameters
        dropped = tuple(sorted({*before, *parameters}))
        if dropped != before:
            self.run = msgspec.structs.replace(self.run, dropped_parameters=dropped)
            self.folder.write_manifest(self.run)
            self.watcher.dropped(dropped)


def out_of_budget(budget: Budget) -> Ending:
    """Say that the money left does not suffice for the next call."""
    return Ending(
        "budget",
        f"spent ${budget.spent_usd:.4f} of ${budget.limit_usd}: the next call could pass the budget; resume with "
        "a higher --max-cost",
    )


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

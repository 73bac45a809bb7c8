"""A run by its host's Batch API: the same requests and the same records, in files, at half the price.

The requests go up in files, a batch is made of each, and when it has ended its results become records. Each step
is in the run's journal before the next is taken, so the program may end at any moment and nothing is asked twice.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from functools import partial
from typing import TypeVar

import msgspec
from msgspec import Struct

from visioneval.batches import (
    JOURNAL,
    SPOOL,
    Created,
    Ended,
    Fetched,
    Journal,
    Part,
    Spool,
    Uploaded,
    custom_id,
    now,
)
from visioneval.budget import Bound, Budget
from visioneval.cache import Known
from visioneval.errors import (
    FatalError,
    ModelError,
    NotFoundError,
    ParameterRejectedError,
    PromptError,
    ProviderError,
    RetryableError,
    SuiteError,
    UsageError,
)
from visioneval.pricing import run_row
from visioneval.providers.hosted.batch import ENDED, QUEUE_FULL, Batch, BatchCancelledError, Result
from visioneval.providers.hosted.faults import UNKNOWN_BILL
from visioneval.providers.openai import OpenAIProvider
from visioneval.questions import ImageCache, Shots, make_request, request_key
from visioneval.redact import redact
from visioneval.runner import (
    FROM_EARLIER,
    MAX_MESSAGE,
    Ending,
    Limits,
    Watcher,
    interruptible,
    make_record,
    out_of_budget,
)
from visioneval.store import RECORDS, Place, RunFolder, decode_lines
from visioneval.types import (
    Failure,
    ModelCard,
    Prompt,
    Record,
    Reply,
    Request,
    Run,
    SentImage,
    Settings,
    Timing,
    Usage,
)

TRIES = 3
"""How many batches carry one request before what keeps it from being answered counts as its failure."""
MISSES = 6
"""How often a file of results must be missing before it counts as gone: its answers are paid for."""
FIRST_LOOK_S, SLOWER = 2.0, 1.5
"""After how long a batch is first looked at, and how much longer each wait is than the one before."""
T = TypeVar("T")


class Batching(Struct, frozen=True):
    """How batches are waited for."""

    poll_s: float = 60.0
    """The longest wait between two looks at a batch."""
    wait: bool = True
    """False to send, fetch what has ended, and leave."""
    cancel: bool = False
    """Stop the batches under way instead, and keep what they have answered."""


class BatchRunner:
    """Asks a host for everything that a run still lacks, in batches, and stores what comes back."""

    def __init__(
        self,
        run: Run,
        prompts: tuple[Prompt, ...],
        provider: OpenAIProvider,
        folder: RunFolder,
        *,
        images: ImageCache,
        done: frozenset[Place],
        limits: Limits | None = None,
        watcher: Watcher | None = None,
        known: Mapping[str, Known] | None = None,
        shots: Shots | None = None,
        budget: Budget | None = None,
        batching: Batching | None = None,
    ) -> None:
        limits = limits or Limits()
        self.run, self.provider, self.folder, self.images = run, provider, folder, images
        self.prompts = {prompt.id: prompt for prompt in prompts}
        self.retry, self.breaker = limits.retry, limits.breaker
        self.watcher, self.known = watcher or Watcher(), known or {}
        self.shots, self.budget = shots or Shots(), budget
        self.batching = batching or Batching()
        self.host = provider.batches(run.condition.settings)
        self.journal = Journal(folder.folder / JOURNAL)
        self.answered, self.failed = set(done), set[Place]()
        self.tries: Counter[Place] = Counter()
        self.stopping = asyncio.Event()
        self.ending: Ending | None = None
        self.dropped = run.dropped_parameters
        self._bounds: dict[Place, Bound] = {}
        self._host_seen = self._out_of_money = self._progressed = False

    async def execute(self) -> Ending:
        """Run to the end, or to Ctrl-C, which leaves the batches to the host. Raises StoreError."""
        carrying = asyncio.create_task(self._carry())
        with interruptible(lambda: self._interrupt(carrying)):
            try:
                return await carrying
            except (_Stopped, asyncio.CancelledError):
                return self._end("interrupted")
            except (FatalError, PromptError) as error:
                return self._end("fatal", redact(str(error)))
            finally:
                self.folder.sync()
                await self.host.close()

    async def _carry(self) -> Ending:
        if run_row(self.run) is None:
            self.watcher.say(
                f"{self.run.card.name} has no price in the batch tier (prices.yaml): its cost is unknown"
            )
        self._take_known()
        await self._go_on()
        while True:
            await self._collect()
            if self.ending is not None:
                return self._end(self.ending.reason, self.ending.message)
            if self.batching.cancel:
                if self.journal.parts:
                    return self._end("submitted", "the batches are being stopped")
                return _cancelled("the batches") if any(self._work()) else Ending("complete")
            await self._submit()
            if not self.journal.parts:
                return self.ending or Ending("complete")
            if not self.batching.wait:
                return self._end("submitted")
            await self._sleep(min(FIRST_LOOK_S, self.batching.poll_s))

    def _work(self) -> Iterator[tuple[Prompt, int]]:
        """Yield what is neither answered, nor failed for good, nor under way."""
        taken = {place for part in self.journal.parts.values() for place in part.places}
        for epoch in range(self.run.epochs):
            for prompt in self.prompts.values():
                place = (prompt.id, epoch)
                if place not in taken and place not in self.answered and place not in self.failed:
                    yield prompt, epoch

    def _take_known(self) -> None:
        """Take from earlier runs what they have asked already."""
        taken = 0
        for prompt, epoch in self._work() if self.known else ():
            key = self._key(prompt, epoch)
            if (known := self.known.get(key)) is not None:
                self._store(prompt, make_record(key, prompt, epoch, known.reply, cached_from=known.run_id))
                taken += 1
        if taken:
            self.watcher.say(FROM_EARLIER.format(taken))

    async def _go_on(self) -> None:
        """Take up what an earlier process left: batches that may not have been made yet, and their price."""
        for part in list(self.journal.parts.values()):
            if self.budget is not None:
                for prompt_id, epoch in part.places:
                    request = await self._request(self.prompts[prompt_id], epoch)
                    self._bounds[prompt_id, epoch] = self.budget.hold(self.budget.bound(request))
            if not part.batch_id:
                await self._create(part, may_be_made=True)
            if self.batching.cancel and part.batch_id:
                await self._cancel(part)

    # Sending

    async def _submit(self) -> None:
        """Send what is to be asked, in files that the host takes, as far as the money reaches."""
        self._out_of_money = self._progressed = False
        spool = Spool(self.folder.folder / SPOOL, self.host)
        try:
            for prompt, epoch in self._work():
                line = await self._line(prompt, epoch)
                if self._out_of_money:
                    break
                if line is None:
                    continue
                if not spool.takes(line):
                    await self._send(spool)
                spool.add((prompt.id, epoch), line)
            if spool.places:
                await self._send(spool)
        finally:
            spool.remove()
        if self._out_of_money and not self.journal.parts and self.budget is not None:
            self.ending = out_of_budget(self.budget)

    async def _line(self, prompt: Prompt, epoch: int) -> bytes | None:
        """Return a request as a line of a file; None when it cannot be asked, or not be paid."""
        self._check_stopped()
        try:
            request = await self._request(prompt, epoch)
        except SuiteError as error:
            self._give_up(prompt, epoch, Failure("bad_image", str(error)))
            return None
        if self.budget is not None:
            bound = self.budget.reserve_now(request)
            if bound is None:
                self._out_of_money = True
                return None
            self._bounds[prompt.id, epoch] = bound
        return self.host.line(custom_id((prompt.id, epoch)), self.provider.encode(request))

    async def _send(self, spool: Spool) -> None:
        """Upload a file, write down what is in it, and have a batch made of it."""
        spool.flush()
        file_id = await self.call(partial(self.host.upload, spool.path))
        places = tuple(spool.places)
        self.journal.note(Uploaded(self.journal.last + 1, now(), file_id, places, self.provider.without))
        spool.clear()
        await self._create(self.journal.parts[self.journal.last])

    async def _create(self, part: Part, *, may_be_made: bool = False) -> None:
        """Make a batch of a file, unless there is one: after a call that broke off, nobody knows."""
        self._check_stopped()
        metadata = {"visioneval_run": self.run.id, "visioneval_part": str(part.number)}
        asked = False

        async def find_or_create() -> Batch | None:
            nonlocal may_be_made, asked
            if asked:  # a batch that was made a moment ago may not be in the list yet
                await self._sleep(min(FIRST_LOOK_S, self.batching.poll_s))
            found = await self.host.find(part.file_id, metadata) if may_be_made else None
            if found is not None or self.batching.cancel:
                return found
            while not await self.host.is_ready(part.file_id):
                await self._sleep(min(FIRST_LOOK_S, self.batching.poll_s))
            may_be_made = asked = True
            return await self.host.create(part.file_id, metadata)

        try:
            batch = await self.call(find_or_create)
        except (PromptError, NotFoundError) as error:
            self._close(part, "refused")
            raise FatalError(error.kind, f"{error}; the host makes no batch of the file") from None
        if batch is None:
            self._close(part, "refused")
            return
        self.journal.note(Created(part.number, now(), batch.id))
        self.watcher.say(
            f"batch {batch.id}: {len(part.places)} requests are at the host, to be answered within 24 h"
        )

    async def _cancel(self, part: Part) -> None:
        batch = await self.call(partial(self.host.retrieve, part.batch_id))
        if batch.status not in ENDED and batch.status != "cancelling":
            await self.call(partial(self.host.cancel, part.batch_id))

    # Fetching

    async def _collect(self) -> None:
        """Wait until every batch under way has ended and its results are records; look once if nobody waits."""
        pause_s = FIRST_LOOK_S
        while self.journal.parts:
            done = total = 0
            for part in list(self.journal.parts.values()):
                self._check_stopped()
                batch = await self.call(partial(self.host.retrieve, part.batch_id))
                if batch.status in ENDED:
                    await self._fetch(part, batch)
                elif batch.request_counts is not None:
                    done += batch.request_counts.completed + batch.request_counts.failed
                    total += batch.request_counts.total
            if not self.journal.parts or not self.batching.wait or self._is_fatal():
                return
            self.watcher.batches(done, total)
            await self._sleep(min(pause_s, self.batching.poll_s))
            pause_s *= SLOWER

    async def _fetch(self, part: Part, batch: Batch) -> None:
        """Make records of a batch's results, and write down that this is done."""
        written = self._written_since(part.ended_at) if part.ended_at else set()
        if not part.ended_at:
            self.journal.note(Ended(part.number, now(), batch.status))
        if batch.status == "failed":
            self._has_failed(batch)
        else:
            await Reading(self, part, batch, written).read()
            self._progressed = True
        if batch.status == "cancelled":
            self.ending = self.ending or _cancelled(f"batch {batch.id}")
        for place in part.places:
            self._settle(place, None)
        self.folder.sync()  # records first: what is noted as fetched is never fetched again
        self.journal.note(Fetched(part.number, now()))

    def _has_failed(self, batch: Batch) -> None:
        """End the run when the host rejects a file, unless it only had too much to do with our others."""
        code, message = self.host.why_failed(batch)
        if code == QUEUE_FULL and (self._progressed or len(self.journal.parts) > 1):
            self.watcher.say(f"{message}; its requests are sent again when the others are in")
        else:
            self.ending = self.ending or Ending("fatal", message)

    async def answer(self, place: Place, reply: Reply) -> None:
        """Store a reply, unless it is stored already."""
        self._settle(place, reply.usage)
        if place in self.answered:
            return
        prompt, epoch = self.prompts[place[0]], place[1]
        timing = Timing(attempts=self.tries[place] + 1)
        whole = msgspec.structs.replace(reply, timing=timing, sent=await self._sent(prompt))
        self._store(prompt, make_record(self._key(prompt, epoch), prompt, epoch, whole))

    async def fail(self, part: Part, place: Place, error: ProviderError, *, stored: bool) -> None:
        """Say what a request that was not answered comes to: another try, a failure, or the end of the run."""
        self._settle(place, error.billed)
        prompt, epoch = self.prompts[place[0]], place[1]
        if isinstance(error, PromptError) and error.kind == "bad_request":
            error = await self._explained(error, prompt, epoch, part)
        if isinstance(error, ParameterRejectedError):
            self._note_dropped()
        elif isinstance(error, FatalError):
            self.ending = self.ending or Ending("fatal", redact(str(error)))
        else:
            self.tries[place] += 1
            last = not isinstance(error, RetryableError) or self.tries[place] >= TRIES
            failure = Failure(error.kind, redact(str(error))[:MAX_MESSAGE], self.tries[place])
            self._give_up(prompt, epoch, failure, error.billed, last=last, stored=stored)

    async def _explained(self, error: PromptError, prompt: Prompt, epoch: int, part: Part) -> ProviderError:
        """Say whether the host rejects a parameter, which can be left out, or the request."""
        try:
            request = await self._request(prompt, epoch)
        except SuiteError:  # the picture has gone since
            return error
        return self.provider.explained(error, request, part.without)

    def _give_up(
        self,
        prompt: Prompt,
        epoch: int,
        failure: Failure,
        billed: Usage | None = None,
        *,
        last: bool = True,
        stored: bool = False,
    ) -> None:
        """Store a failure, which a later reply outdoes; it is shown when it is the last word of this process."""
        bills = () if billed is None else (billed,)
        record = make_record(self._key(prompt, epoch), prompt, epoch, failure, bills)
        if not stored:
            self.folder.append(record)
        if last:
            self.failed.add((prompt.id, epoch))
            self.watcher.record(prompt, record)

    def _store(self, prompt: Prompt, record: Record) -> None:
        self.folder.append(record)
        self.answered.add((record.prompt_id, record.epoch))
        self.watcher.record(prompt, record)

    def _written_since(self, moment: str) -> set[Place]:
        """Return the places that have a record since a moment: those of results that were being read then."""
        records = decode_lines(self.folder.folder / RECORDS, Record)
        return {(record.prompt_id, record.epoch) for record in records if record.at >= moment}

    def _close(self, part: Part, status: str) -> None:
        """Leave a part of which no batch was made: its requests are free to be sent again."""
        self.journal.note(Ended(part.number, now(), status))
        self.journal.note(Fetched(part.number, now()))

    # Helpers

    def _key(self, prompt: Prompt, epoch: int) -> str:
        return request_key(self.run, prompt, epoch, self.shots.of(prompt))

    async def _request(self, prompt: Prompt, epoch: int) -> Request:
        return await make_request(self.run, prompt, epoch, self._key(prompt, epoch), self.images, self.shots)

    async def _sent(self, prompt: Prompt) -> SentImage | None:
        """Return what was sent of a picture; None when it has gone since."""
        try:
            return None if self.run.condition.blind else (await self.images.get(prompt)).sent
        except SuiteError:
            return None

    def _settle(self, place: Place, charged: Usage | None) -> None:
        bound = self._bounds.pop(place, None)
        if self.budget is not None and bound is not None:
            self.budget.settle(bound, charged)

    def _note_dropped(self) -> None:
        if set(self.provider.dropped) - set(self.dropped):
            self.dropped = tuple(sorted({*self.dropped, *self.provider.dropped}))
            self.watcher.dropped(self.dropped)

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
                patience_s = self.breaker.give_up_s if self._host_seen else self.breaker.give_up_unseen_s
                away_s = time.monotonic() - first_failed
                if away_s >= patience_s:
                    raise FatalError(
                        error.kind, f"{error}; no call has gone through for {away_s:.0f} s; resume when one can"
                    ) from None
                pause_s = self.retry.pause_s(number, error.retry_after_s, random.uniform)
                self.watcher.pause(pause_s, redact(str(error)))
                await self._sleep(pause_s)
            else:
                self._host_seen = True
                return result

    async def _sleep(self, seconds: float) -> None:
        """Wait; raises _Stopped, and at once, when the run is stopped."""
        try:
            await asyncio.wait_for(self.stopping.wait(), seconds)
        except TimeoutError:
            return
        raise _Stopped

    def _is_fatal(self) -> bool:
        return self.ending is not None and self.ending.reason == "fatal"

    def _check_stopped(self) -> None:
        if self.stopping.is_set():
            raise _Stopped

    def _interrupt(self, carrying: asyncio.Task[Ending]) -> None:
        if self.stopping.is_set():
            carrying.cancel()
        else:
            self.watcher.say("stopping after the call under way (Ctrl-C again drops it)")
        self.stopping.set()

    def _end(self, reason: str, message: str = "") -> Ending:
        return Ending(reason, ". ".join(part for part in (message, self._under_way()) if part))

    def _under_way(self) -> str:
        """Say what goes on at the host, how to fetch it and how to stop it; empty when nothing does."""
        parts = [part for part in self.journal.parts.values() if part.batch_id]
        if not parts:
            return ""
        requests, folder = sum(len(part.places) for part in parts), self.folder.folder
        batches = "1 batch" if len(parts) == 1 else f"{len(parts)} batches"
        return (
            f"{requests} requests are in {batches} at the host, which goes on without this program: `visioneval "
            f"resume {folder}` fetches the answers, `visioneval resume {folder} --cancel` stops it"
        )


class Reading:
    """The results of one batch on their way into records."""

    def __init__(self, runner: BatchRunner, part: Part, batch: Batch, written: set[Place]) -> None:
        self._runner, self._part, self._batch = runner, part, batch
        self._by_id = {custom_id(place): place for place in part.places}
        self._written = written
        """What an earlier process read of these results before it was killed."""
        self._seen: set[Place] = set()
        self._odd = self._misses = 0

    async def read(self) -> None:
        """Read both files of results, and account for what is in neither."""
        gone = False
        for file_id in (self._batch.output_file_id, self._batch.error_file_id):
            try:
                if file_id:
                    await self._runner.call(partial(self._read_if_there, file_id))
            except NotFoundError:
                gone = True
        if self._odd:
            self._runner.watcher.say(
                f"batch {self._batch.id}: {self._odd} lines of its results are no answer to us"
            )
        for place in self._part.places:
            if place not in self._seen:
                await self._fail(place, self._missing(gone))

    async def _read_if_there(self, file_id: str) -> None:
        """Read a file of results; one that is missing may only be late, and is gone when it stays away."""
        try:
            await self._read(file_id)
        except NotFoundError as error:
            self._misses += 1
            if self._misses < MISSES:
                raise RetryableError(error.kind, str(error)) from None
            raise

    async def _read(self, file_id: str) -> None:
        self._odd = 0
        async for result in self._runner.host.results(file_id):
            place = self._by_id.get(result.custom_id) if result else None
            if result is None or place is None:
                self._odd += 1
            elif place not in self._seen:
                self._seen.add(place)
                await self._take(place, result)

    async def _take(self, place: Place, result: Result) -> None:
        try:
            reply = self._runner.host.reply(result)
        except ProviderError as error:
            await self._fail(place, error)
        else:
            await self._runner.answer(place, reply)

    async def _fail(self, place: Place, error: ProviderError) -> None:
        if isinstance(error, BatchCancelledError) and self._batch.status == "cancelled":
            return
        await self._runner.fail(self._part, place, error, stored=place in self._written)

    def _missing(self, gone: bool) -> ProviderError:
        name, batch = self._runner.run.card.name, self._batch
        if gone:
            message = f"{name}: the host does not keep the results of batch {batch.id} any more"
            return PromptError("other", message, billed=UNKNOWN_BILL)
        if batch.status == "cancelled":
            return BatchCancelledError("other", f"{name}: batch {batch.id} was cancelled")
        if batch.status == "expired":
            return RetryableError("timeout", f"{name}: batch {batch.id} expired before this request's turn")
        message = f"{name}: batch {batch.id} has ended without a word on this request"
        return RetryableError("bad_response", message, billed=UNKNOWN_BILL)


class _Stopped(Exception):  # noqa: N818
    """The run was told to stop."""


def check_batched(card: ModelCard, settings: Settings, limits: Limits) -> None:
    """Raise ModelError for a model that cannot be asked in batches, UsageError for options of live calls."""
    if card.provider != "openai" or "batch" in card.unsupported:
        raise ModelError(f"model {card.name!r} has no host with a Batch API; run it without --batch")
    if settings.stream:
        raise UsageError("--stream and --batch exclude each other: a batch is not streamed")
    if limits.concurrency or limits.requests_per_minute or limits.tokens_per_minute:
        raise UsageError("--concurrency, --rpm and --tpm are of live calls; leave them out with --batch")


def _cancelled(what: str) -> Ending:
    return Ending("cancelled", f"{what} was cancelled; what it did not answer can be asked again")

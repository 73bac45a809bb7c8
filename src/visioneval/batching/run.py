"""The order of a batched run: what is left goes up in files, batches are waited for, results are read."""

from __future__ import annotations

import asyncio
from functools import partial

from msgspec import Struct

from visioneval.batching.calls import Calls, Stopped
from visioneval.batching.journal import (
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
from visioneval.batching.ledger import Ledger
from visioneval.batching.results import Reading
from visioneval.errors import FatalError, ModelError, NotFoundError, PromptError, SuiteError, UsageError
from visioneval.plurals import count
from visioneval.pricing import run_row
from visioneval.providers.hosted.batch import ENDED, QUEUE_FULL, Batch
from visioneval.providers.openai import OpenAIProvider
from visioneval.redact import redact
from visioneval.types import ModelCard, Prompt, Settings
from visioneval.work import Ending, Limits, Reason, Work, interruptible, out_of_budget

FIRST_LOOK_S, SLOWER = 2.0, 1.5
"""After how long a batch is first looked at, and how much longer each wait is than the one before."""


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

    def __init__(self, work: Work, provider: OpenAIProvider, batching: Batching) -> None:
        self.work, self.provider, self.batching, self.watcher = work, provider, batching, work.watcher
        self.host = provider.batches(work.run.condition.settings)
        self.journal = Journal(work.folder.folder / JOURNAL)
        self.ledger, self.calls = Ledger(work, self.journal), Calls(work.limits, work.watcher)
        self.ending: Ending | None = None
        self._first_look_s = min(FIRST_LOOK_S, batching.poll_s)
        self._out_of_money = self._progressed = False

    async def execute(self) -> Ending:
        """Run to the end, or to Ctrl-C, which leaves the batches to the host. Raises StoreError."""
        carrying = asyncio.create_task(self._carry())
        with interruptible(lambda: self._interrupt(carrying)):
            try:
                return await carrying
            except (Stopped, asyncio.CancelledError):
                return self._end("interrupted")
            except (FatalError, PromptError) as error:
                return self._end("fatal", redact(str(error)))
            finally:
                self.work.folder.sync()
                await self.host.close()

    async def _carry(self) -> Ending:
        if run_row(self.work.run) is None:
            self.watcher.say(
                f"{self.work.run.card.name} has no price in the batch tier (prices.yaml): its cost is unknown"
            )
        self.ledger.take_known()
        await self._go_on()
        while True:
            await self._collect()
            if self.ending is not None:
                return self._end(self.ending.reason, self.ending.message)
            if self.batching.cancel:
                if self.journal.parts:
                    return Ending(
                        "submitted", "the host is stopping the batches; what they answered can be fetched soon"
                    )
                return _cancelled("the batches") if any(self.ledger.left()) else Ending("complete")
            await self._submit()
            if not self.journal.parts:
                return self.ending or Ending("complete")
            if not self.batching.wait:
                return self._end("submitted", self._withheld())
            await self.calls.sleep(self._first_look_s)

    async def _go_on(self) -> None:
        """Take up what an earlier process left: batches that may not have been made yet, and their price."""
        for part in list(self.journal.parts.values()):
            await self.ledger.hold(part)
            if not part.batch_id:
                await self._create(part, may_be_made=True)
            if self.batching.cancel and part.batch_id:
                await self._cancel(part)

    # Sending

    async def _submit(self) -> None:
        """Send what is to be asked, in files that the host takes, as far as the money reaches."""
        self._out_of_money = self._progressed = False
        spool = Spool(self.work.folder.folder / SPOOL, self.host)
        try:
            for prompt, epoch in self.ledger.left():
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
        if self._out_of_money and not self.journal.parts and self.work.budget is not None:
            self.ending = out_of_budget(self.work.budget)

    async def _line(self, prompt: Prompt, epoch: int) -> bytes | None:
        """Return a request as a line of a file; None when it cannot be asked, or not be paid."""
        self.calls.check_stopped()
        place = (prompt.id, epoch)
        try:
            request = await self.work.request(prompt, epoch)
        except SuiteError as error:
            self.ledger.cannot_be_asked(prompt, epoch, error)
            return None
        if not self.ledger.reserve(place, request):
            self._out_of_money = True
            return None
        return self.host.line(custom_id(place), self.provider.encode(request))

    async def _send(self, spool: Spool) -> None:
        """Upload a file, write down what is in it, and have a batch made of it."""
        spool.flush()
        file_id = await self.calls.call(partial(self.host.upload, spool.path))
        places = tuple(spool.places)
        self.journal.note(Uploaded(self.journal.last + 1, now(), file_id, places, self.provider.without))
        spool.clear()
        await self._create(self.journal.parts[self.journal.last])

    async def _create(self, part: Part, *, may_be_made: bool = False) -> None:
        """Make a batch of a file, unless there is one: after a call that broke off, nobody knows."""
        self.calls.check_stopped()
        metadata = {"visioneval_run": self.work.run.id, "visioneval_part": str(part.number)}
        asked = False

        async def find_or_create() -> Batch | None:
            nonlocal may_be_made, asked
            if asked:  # a batch that was made a moment ago may not be in the list yet
                await self.calls.sleep(self._first_look_s)
            found = await self.host.find(part.file_id, metadata) if may_be_made else None
            if found is not None or self.batching.cancel:
                return found
            while not await self.host.is_ready(part.file_id):
                await self.calls.sleep(self._first_look_s)
            may_be_made = asked = True
            return await self.host.create(part.file_id, metadata)

        try:
            batch = await self.calls.call(find_or_create)
        except (PromptError, NotFoundError) as error:
            self._close(part)
            raise FatalError(error.kind, f"{error}; the host makes no batch of the file") from None
        if batch is None:
            self._close(part)
            return
        self.journal.note(Created(part.number, now(), batch.id))
        self.watcher.say(f"batch {batch.id}: {_requests(part)} at the host, to be answered within 24 h")

    def _close(self, part: Part) -> None:
        """Leave a part of which no batch was made: its requests are free to be sent again."""
        for place in part.places:
            self.ledger.settle(place, None)
        self.journal.note(Ended(part.number, now(), "not made"))
        self.journal.note(Fetched(part.number, now()))

    async def _cancel(self, part: Part) -> None:
        batch = await self.calls.call(partial(self.host.retrieve, part.batch_id))
        if batch.status not in ENDED and batch.status != "cancelling":
            await self.calls.call(partial(self.host.cancel, part.batch_id))

    # Fetching

    async def _collect(self) -> None:
        """Wait until every batch under way has ended and its results are records; look once if nobody waits."""
        pause_s = FIRST_LOOK_S
        while self.journal.parts:
            done = total = 0
            for part in list(self.journal.parts.values()):
                self.calls.check_stopped()
                batch = await self.calls.call(partial(self.host.retrieve, part.batch_id))
                if batch.status in ENDED:
                    await self._fetch(part, batch)
                elif batch.request_counts is not None:
                    done += batch.request_counts.completed + batch.request_counts.failed
                    total += batch.request_counts.total
            is_fatal = self.ending is not None and self.ending.reason == "fatal"
            if not self.journal.parts or not self.batching.wait or is_fatal:
                return
            self.watcher.batches(done, total)
            await self.calls.sleep(min(pause_s, self.batching.poll_s))
            pause_s *= SLOWER

    async def _fetch(self, part: Part, batch: Batch) -> None:
        """Make records of a batch's results, and write down that this is done."""
        reading = Reading(self.ledger, self.calls, self.provider, self.host, part, batch)
        if not part.ended_at:
            self.journal.note(Ended(part.number, now(), batch.status))
        if batch.status == "failed":
            self._has_failed(batch)
        else:
            ending = await reading.read()
            self.ending = self.ending or ending
            self._progressed = True
        if batch.status == "cancelled":
            self.ending = self.ending or _cancelled(f"batch {batch.id}")
        for place in part.places:
            self.ledger.settle(place, None)
        self.work.folder.sync()  # records first: what is noted as fetched is never fetched again
        self.journal.note(Fetched(part.number, now()))

    def _has_failed(self, batch: Batch) -> None:
        """End the run when the host rejects a file, unless it only had too much to do with our others."""
        code, message = self.host.why_failed(batch)
        if code == QUEUE_FULL and (self._progressed or len(self.journal.parts) > 1):
            self.watcher.say(f"{message}; its requests are sent again when the others are in")
        else:
            self.ending = self.ending or Ending("fatal", message)

    # Ending

    def _interrupt(self, carrying: asyncio.Task[Ending]) -> None:
        if self.calls.stopping.is_set():
            carrying.cancel()
        else:
            self.watcher.say("stopping after the call under way (Ctrl-C again drops it)")
        self.calls.stopping.set()

    def _end(self, reason: Reason, message: str = "") -> Ending:
        return Ending(reason, message, self._under_way())

    def _withheld(self) -> str:
        """Say how many requests were not sent because the money might not suffice; empty when all were."""
        if not self._out_of_money or self.work.budget is None:
            return ""
        left = count(sum(1 for _ in self.ledger.left()), "more is not sent: it", "more are not sent: they")
        return (
            f"{left} could take the cost past "
            f"${self.work.budget.limit_usd}; fetch the answers first, or resume with a higher --max-cost"
        )

    def _under_way(self) -> str:
        """Say what goes on at the host; empty when nothing does."""
        parts = [part for part in self.journal.parts.values() if part.batch_id]
        if not parts:
            return ""
        batches = count(len(parts), "batch", "batches")
        return f"{_requests(*parts)} in {batches} at the host, which goes on without this program"


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


def _requests(*parts: Part) -> str:
    return count(sum(len(part.places) for part in parts), "request is", "requests are")

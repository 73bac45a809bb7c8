"""What became of each request of a batched run, and how much money is set aside for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import msgspec

from visioneval.batching.journal import JOURNAL, LOST, Journal, Part
from visioneval.budget import Bound
from visioneval.errors import ProviderError, RetryableError, StoreError, SuiteError
from visioneval.redact import redact
from visioneval.store import Place, read_records
from visioneval.types import Failure, Prompt, Reply, Request, SentImage, Timing, Usage
from visioneval.work import MAX_MESSAGE, Work

TRIES = 3
"""How many batches carry one request before what keeps it from being answered counts as its failure."""


class Ledger:
    """The requests of a run: answered, failed for good, under way, or left."""

    def __init__(self, work: Work, journal: Journal) -> None:
        """Raises StoreError for a journal of another run."""
        self.work, self._journal = work, journal
        self.prompts = {prompt.id: prompt for prompt in work.prompts}
        for prompt_id, _ in sorted(self._under_way()):
            if prompt_id not in self.prompts:
                raise StoreError(
                    f"{work.folder.folder / JOURNAL} names prompt {prompt_id!r}, which this run does not ask; "
                    f"restore the file, or {LOST}"
                )
        self._answered, self._failed = set[Place](), set[Place]()
        self._tries: Counter[Place] = Counter()
        self._bounds: dict[Place, Bound] = {}

    def left(self) -> Iterator[tuple[Prompt, int]]:
        """Yield what is neither answered, nor failed for good, nor under way."""
        taken = self._under_way()
        for prompt, epoch in self.work.left():
            place = (prompt.id, epoch)
            if place not in taken and place not in self._answered and place not in self._failed:
                yield prompt, epoch

    def _under_way(self) -> set[Place]:
        return {place for part in self._journal.parts.values() for place in part.places}

    def take_known(self) -> None:
        """Take from earlier runs what they have asked already. Raises StoreError."""
        taken = 0
        for prompt, epoch in self.left() if self.work.known else ():
            if (record := self.work.from_earlier(prompt, epoch)) is not None:
                self.work.store(prompt, record)
                self._answered.add((prompt.id, epoch))
                taken += 1
        if taken:
            self.work.say_from_earlier(taken)

    async def answer(self, place: Place, reply: Reply) -> None:
        """Store a reply, unless it is stored already. Raises StoreError."""
        self.settle(place, reply.usage)
        if place in self._answered or place in self.work.done:
            return
        prompt, epoch = self.prompts[place[0]], place[1]
        timing = Timing(attempts=self._tries[place] + 1)
        whole = msgspec.structs.replace(reply, timing=timing, sent=await self._sent(prompt))
        self.work.store(prompt, self.work.record(prompt, epoch, whole))
        self._answered.add(place)

    def fail(self, place: Place, error: ProviderError, *, stored: bool) -> None:
        """Store what kept a request from being answered, unless that was done before this process began.

        A later reply outdoes it; it is shown when it is the last word of this process. Raises StoreError.
        """
        self._tries[place] += 1
        failure = Failure(error.kind, redact(str(error))[:MAX_MESSAGE], self._tries[place])
        last = not isinstance(error, RetryableError) or self._tries[place] >= TRIES
        self._write_failure(place, failure, error.billed, last=last, stored=stored)

    def cannot_be_asked(self, prompt: Prompt, epoch: int, error: SuiteError) -> None:
        """Store that a picture cannot be read. Raises StoreError."""
        self._write_failure((prompt.id, epoch), Failure("bad_image", str(error)), None, last=True, stored=False)

    def _write_failure(
        self, place: Place, failure: Failure, billed: Usage | None, *, last: bool, stored: bool
    ) -> None:
        prompt = self.prompts[place[0]]
        record = self.work.record(prompt, place[1], failure, () if billed is None else (billed,))
        if not stored:
            self.work.folder.append(record)
        if last:
            self._failed.add(place)
            self.work.watcher.record(prompt, record)

    def written_since(self, moment: str) -> set[Place]:
        """Return the places that have a record since a moment: those of results that were being read then."""
        records = read_records(self.work.folder.folder)
        return {(record.prompt_id, record.epoch) for record in records if record.at >= moment}

    # Money

    def reserve(self, place: Place, request: Request) -> bool:
        """Set aside the most that a request can cost; False when what is left does not suffice."""
        if self.work.budget is not None:
            bound = self.work.budget.reserve_now(request)
            if bound is None:
                return False
            self._bounds[place] = bound
        return True

    async def hold(self, part: Part) -> None:
        """Set aside the most that the requests of a file can cost which an earlier process has sent."""
        budget = self.work.budget
        for place in part.places if budget is not None else ():
            assert budget is not None
            try:
                bound = budget.bound(await self.work.request(self.prompts[place[0]], place[1]))
            except SuiteError:  # the picture has gone since; what was answered is paid for
                bound = budget.bound_of_unseen()
            self._bounds[place] = budget.hold(bound)

    def settle(self, place: Place, charged: Usage | None) -> None:
        """Put what a request cost in the place of what was set aside; None is one that cost nothing."""
        self.work.settle(self._bounds.pop(place, None), charged)

    async def _sent(self, prompt: Prompt) -> SentImage | None:
        """Return what was sent of a picture; None when it has gone since."""
        try:
            return None if self.work.run.condition.blind else (await self.work.images.get(prompt)).sent
        except SuiteError:
            return None

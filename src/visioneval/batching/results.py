"""The results of one batch on their way into records."""

from __future__ import annotations

from functools import partial

from visioneval.batching.calls import Calls
from visioneval.batching.journal import Part, custom_id
from visioneval.batching.ledger import Ledger
from visioneval.errors import (
    FatalError,
    NotFoundError,
    ParameterRejectedError,
    PromptError,
    ProviderError,
    RetryableError,
    SuiteError,
)
from visioneval.plurals import count
from visioneval.providers.hosted.batch import Batch, BatchCancelledError, BatchHost, Result
from visioneval.providers.hosted.faults import UNKNOWN_BILL
from visioneval.providers.openai import OpenAIProvider
from visioneval.redact import redact
from visioneval.store import Place
from visioneval.work import Ending

MISSES = 6
"""How often a file of results must be missing before it counts as gone: its answers are paid for."""


class Reading:
    """Reads both files of results of one batch, and accounts for what is in neither."""

    def __init__(
        self, ledger: Ledger, calls: Calls, provider: OpenAIProvider, host: BatchHost, part: Part, batch: Batch
    ) -> None:
        self._ledger, self._calls, self._provider, self._host = ledger, calls, provider, host
        self._part, self._batch, self._name = part, batch, ledger.work.run.card.name
        self._by_id = {custom_id(place): place for place in part.places}
        self._written = ledger.written_since(part.ended_at) if part.ended_at else set[Place]()
        """What an earlier process read of these results before it was killed."""
        self._seen: set[Place] = set()
        self._misses = 0
        self._odd: dict[str, int] = {}
        """Lines of each file that are no answer to us."""
        self._ending: Ending | None = None

    async def read(self) -> Ending | None:
        """Make records of the results; return how the run ends when one says what all others would meet.

        Raises FatalError for a host that stays away, and StoreError.
        """
        gone = False
        for file_id in (self._batch.output_file_id, self._batch.error_file_id):
            try:
                if file_id:
                    await self._calls.call(partial(self._read_if_there, file_id))
            except NotFoundError:
                gone = True
        if odd := sum(self._odd.values()):
            lines = count(odd, "line of its results is", "lines of its results are")
            self._ledger.work.watcher.say(f"batch {self._batch.id}: {lines} no answer to us")
        for place in self._part.places:
            if place not in self._seen:
                await self._fail(place, self._missing(gone))
        return self._ending

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
        self._odd[file_id] = 0
        async for result in self._host.results(file_id):
            place = self._by_id.get(result.custom_id) if result else None
            if result is None or place is None:
                self._odd[file_id] += 1
            elif place not in self._seen:
                self._seen.add(place)
                await self._take(place, result)

    async def _take(self, place: Place, result: Result) -> None:
        try:
            reply = self._host.reply(result)
        except ProviderError as error:
            await self._fail(place, error)
        else:
            await self._ledger.answer(place, reply)

    async def _fail(self, place: Place, error: ProviderError) -> None:
        """Say what a request that was not answered comes to: another try, a failure, or the end of the run."""
        if isinstance(error, BatchCancelledError) and self._batch.status == "cancelled":
            return
        self._ledger.settle(place, error.billed)
        if isinstance(error, PromptError) and error.kind == "bad_request":
            error = await self._explained(error, place)
        if isinstance(error, ParameterRejectedError):
            self._ledger.work.note_dropped(self._provider.dropped)
        elif isinstance(error, FatalError):
            self._ending = self._ending or Ending("fatal", redact(str(error)))
        else:
            self._ledger.fail(place, error, stored=place in self._written)

    async def _explained(self, error: PromptError, place: Place) -> ProviderError:
        """Say whether the host rejects a parameter, which can be left out, or the request."""
        try:
            request = await self._ledger.work.request(self._ledger.prompts[place[0]], place[1])
        except SuiteError:  # the picture has gone since
            return error
        return self._provider.explained(error, request, self._part.without)

    def _missing(self, gone: bool) -> ProviderError:
        name, batch = self._name, self._batch
        if gone:
            message = f"{name}: the host does not keep the results of batch {batch.id} any more"
            return PromptError("other", message, billed=UNKNOWN_BILL)
        if batch.status == "cancelled":
            return BatchCancelledError("other", f"{name}: batch {batch.id} was cancelled")
        if batch.status == "expired":
            return RetryableError("timeout", f"{name}: batch {batch.id} expired before this request's turn")
        message = f"{name}: batch {batch.id} has ended without a word on this request"
        return RetryableError("bad_response", message, billed=UNKNOWN_BILL)

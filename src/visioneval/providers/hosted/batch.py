"""The Batch API in its own words: a file of requests goes up, a batch is made of it, files of results come down.

It says nothing of when, how often or in which order: that is `visioneval.batching`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Raw, Struct

from visioneval.errors import FatalError, NotFoundError, PromptError, ProviderError, RetryableError
from visioneval.providers.hosted.bodies import PATHS
from visioneval.providers.hosted.faults import HostError, fault_of, read_error
from visioneval.providers.hosted.replies import decode_with_halves, reply_of
from visioneval.providers.hosted.wire import TRANSFER_S, Wire
from visioneval.redact import one_line, redact
from visioneval.types import BATCH, ModelCard, Reply, Usage

MOST_REQUESTS = 50_000
MOST_BYTES = 200_000_000
"""Of one file: https://developers.openai.com/api/docs/guides/batch, read on 2026-11-26. A host that takes less
says so in its card: `options: {batch_requests: ..., batch_bytes: ...}`."""
WINDOW, FILE_NAME = "24h", "requests.jsonl"
SILENCE_S = 120.0
PAGE = "100"
ENDED = frozenset({"completed", "failed", "expired", "cancelled"})
UNREADY = frozenset({"pending", "running"})
"""States of an uploaded file that no batch can be made of yet (Azure)."""
EXPIRED, CANCELLED, TIMED_OUT, QUEUE_FULL = (
    "batch_expired",
    "batch_cancelled",
    "request_timeout",
    "token_limit_exceeded",
)
_NULL = Raw(b"null")
T = TypeVar("T")


class Counts(Struct, frozen=True):
    """How far a batch is."""

    total: int = 0
    completed: int = 0
    failed: int = 0


class Batch(Struct, frozen=True):
    """A batch, as far as it is read."""

    id: str
    status: str
    input_file_id: str | None = None
    output_file_id: str | None = None
    error_file_id: str | None = None
    request_counts: Counts | None = None
    metadata: dict[str, object] | None = None
    errors: Raw = _NULL


class _Page(Struct, frozen=True):
    data: list[Batch]
    has_more: bool | None = None


class _File(Struct, frozen=True):
    id: str
    status: str | None = None


class _Response(Struct, frozen=True):
    status_code: int = 200
    request_id: str | None = None
    body: Raw = _NULL


class Result(Struct, frozen=True):
    """One line of a file of results: what came of one request."""

    custom_id: str
    response: _Response | None = None
    error: Raw = _NULL


_results = msgspec.json.Decoder(Result)


class BatchHost:
    """The Batch API of one model's host. Every call raises a ProviderError as the live calls do."""

    def __init__(self, card: ModelCard, api: str) -> None:
        self._card, self._api = card, api
        self._wire = Wire(card, "/batches", float(card.options.get("timeout_s", SILENCE_S)))
        # Azure's dated API has paths without a version.
        self.endpoint = ("" if "api_version" in card.options else "/v1") + PATHS[api]
        self.most_requests = int(card.options.get("batch_requests", MOST_REQUESTS))
        self.most_bytes = int(card.options.get("batch_bytes", MOST_BYTES))

    def line(self, custom_id: str, body: bytes) -> bytes:
        """Return one request's line of a file."""
        head = {"custom_id": custom_id, "method": "POST", "url": self.endpoint}
        return msgspec.json.encode(head)[:-1] + b',"body":' + body + b"}\n"

    async def upload(self, path: Path) -> str:
        """Send a file of requests and return its id."""
        try:
            with path.open("rb") as file:
                answer = await self._wire.call(
                    "POST",
                    "/files",
                    longest_s=TRANSFER_S,
                    data={"purpose": "batch"},
                    files={"file": (FILE_NAME, file, "application/octet-stream")},  # as the SDK calls it
                )
        except NotFoundError:
            raise FatalError(
                "bad_request",
                f"{self._card.name}: its host has no Batch API (404 on /files); run it without --batch",
            ) from None
        return self._decode(_File, answer).id

    async def is_ready(self, file_id: str) -> bool:
        """Say whether a batch can be made of an uploaded file."""
        return self._decode(_File, await self._wire.call("GET", f"/files/{file_id}")).status not in UNREADY

    async def create(self, file_id: str, metadata: Mapping[str, str]) -> Batch:
        """Make a batch of an uploaded file."""
        wanted = {
            "input_file_id": file_id,
            "endpoint": self.endpoint,
            "completion_window": WINDOW,
            "metadata": dict(metadata),
        }
        return self._decode(Batch, await self._wire.call("POST", "/batches", json=wanted))

    async def find(self, file_id: str, metadata: Mapping[str, str]) -> Batch | None:
        """Return the batch that was made of a file, known by the file or by its metadata, if there is one."""
        query, seen = {"limit": PAGE}, set[str]()
        while True:
            page = await self._page(query)
            for batch in page.data:
                if batch.input_file_id == file_id or metadata.items() <= (batch.metadata or {}).items():
                    return batch
            new = {batch.id for batch in page.data} - seen
            if not page.has_more or not new:
                return None
            seen |= new
            query = {"limit": PAGE, "after": page.data[-1].id}

    async def _page(self, query: Mapping[str, str]) -> _Page:
        try:
            return self._decode(_Page, await self._wire.call("GET", "/batches", query=query))
        except (NotFoundError, PromptError) as error:
            raise FatalError(
                error.kind,
                f"{error}; without a list of its batches it cannot be told whether one was made already",
            ) from None

    async def retrieve(self, batch_id: str) -> Batch:
        """Return a batch as it is now."""
        try:
            return self._decode(Batch, await self._wire.call("GET", f"/batches/{batch_id}"))
        except NotFoundError:
            raise FatalError(
                "bad_request",
                f"{self._card.name}: the host does not know batch {batch_id}; use the key that made it",
            ) from None

    async def cancel(self, batch_id: str) -> None:
        """Ask the host to stop a batch; what it has answered by then is charged and can be fetched."""
        await self._wire.call("POST", f"/batches/{batch_id}/cancel")

    async def results(self, file_id: str) -> AsyncIterator[Result | None]:
        """Yield the lines of a file of results as they come in; None for one that cannot be read."""
        async for line in self._wire.lines(f"/files/{file_id}/content"):
            if line.strip():
                yield _result(line)

    def reply(self, result: Result) -> Reply:
        """Return the reply in a result; raises the ProviderError that a live call would have raised."""
        try:
            return self._wire.clean_reply(self._reply(result))
        except ProviderError as error:
            raise self._wire.clean_error(error) from None

    def _reply(self, result: Result) -> Reply:
        if result.response is None:
            raise self._fault(read_error(b'{"error":' + bytes(result.error) + b"}"))
        status, body = result.response.status_code, bytes(result.response.body)
        if not 200 <= status < 300:
            raise fault_of(self._card, status, {}, read_error(body))
        try:
            reply = reply_of(body, self._api, self._card)
        except (RetryableError, PromptError) as error:
            error.billed = None if error.billed is None else in_batch_tier(error.billed)
            raise
        return msgspec.structs.replace(
            reply, usage=in_batch_tier(reply.usage), request_id=result.response.request_id
        )

    def why_failed(self, batch: Batch) -> tuple[str, str]:
        """Return the code and the words of what the host found wrong with a batch."""
        errors = _errors(batch.errors)
        first = errors[0] if errors else {}
        where = f"line {first['line']}: " if first.get("line") is not None else ""
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        said = redact(
            one_line(f"{where}{first.get('message') or first.get('code') or 'it does not say why'}{more}")
        )
        return str(first.get("code") or ""), f"{self._card.name}: batch {batch.id} failed: {said}"

    async def close(self) -> None:
        """Close the connections."""
        await self._wire.close()

    def _fault(self, error: HostError) -> PromptError | RetryableError:
        said = f"{self._card.name}: {error.message or error.code or 'the host gave no answer'}"
        if error.code in (EXPIRED, TIMED_OUT):
            return RetryableError("timeout", said)
        if error.code == CANCELLED:
            return BatchCancelledError("other", said)
        return PromptError("other", said)

    def _decode(self, type_: type[T], body: bytes) -> T:
        try:
            return msgspec.json.decode(body, type=type_)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            said = read_error(body).message
            raise RetryableError(
                "bad_response",
                f"{self._card.name}: the host's answer is no {type_.__name__.strip('_').lower()}: {said}",
            ) from None


class BatchCancelledError(PromptError):
    """The request was not carried out, because its batch was cancelled."""


def in_batch_tier(usage: Usage) -> Usage:
    """Return a bill in the tier that it is charged by; hosts go on calling it "default"."""
    return msgspec.structs.replace(usage, service_tier=BATCH)


def _result(line: bytes) -> Result | None:
    try:
        return decode_with_halves(_results, line)
    except (ValueError, RecursionError):
        return None


def _errors(raw: Raw) -> list[dict[str, Any]]:
    """Return the errors of a batch, which are a list in an object, a list, or a mere text."""
    try:
        errors = msgspec.json.decode(raw)
    except msgspec.DecodeError:
        return []
    listed = errors.get("data") if isinstance(errors, dict) else errors
    listed = [listed] if isinstance(listed, str) else listed if isinstance(listed, list) else []
    return [error if isinstance(error, dict) else {"message": error} for error in listed if error]

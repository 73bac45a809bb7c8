"""Streamed replies: the time to the first token, and never half an answer.

A stream counts only when it came to its end: the Responses API's closing event, or a chat's finish reason or
`[DONE]`. Anything else is a failure that the runner tries again.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import msgspec
from msgspec import Raw, Struct

from visioneval.errors import ProviderError, RetryableError
from visioneval.providers.hosted.faults import UNKNOWN_BILL, fault_of, read_error, status_in
from visioneval.providers.hosted.replies import (
    ChatObject,
    ResponseObject,
    chat_stop,
    decode_chat,
    decode_with_halves,
    images_of,
    read_usage,
    reply_of_response,
    text_of,
    whole_characters,
)
from visioneval.types import ModelCard, Reply, ReplyImage, Timing

DONE = b"[DONE]"
_ENDINGS = ("response.completed", "response.incomplete", "response.failed")


class _Event(Struct):
    type: str = ""
    response: ResponseObject | None = None
    error: Raw = Raw(b"null")


_events = msgspec.json.Decoder(_Event)


async def read_responses(events: AsyncIterator[bytes], card: ModelCard, started: float) -> Reply:
    """Return the reply of a Responses stream; `started` is a `time.perf_counter()` reading."""
    first_token_s: float | None = None
    async for line in events:
        if line == DONE:
            break
        event = _decode(line, card)
        if first_token_s is None and event.type.endswith(".delta"):
            first_token_s = time.perf_counter() - started
        if event.type == "error":
            raise _failed(line, card)
        if event.type in _ENDINGS and event.response is not None:
            reply = reply_of_response(event.response, card)
            return _timed(reply, started, first_token_s)
    raise _cut(card)


async def read_chat(events: AsyncIterator[bytes], card: ModelCard, started: float) -> Reply:
    """Return the reply of a chat stream; usage is in its last chunk where the host sends any."""
    parts: list[str] = []
    refusals: list[str] = []
    pictures: list[ReplyImage] = []
    last, reason, ended, first_token_s = ChatObject(), None, False, None
    usage: Raw | None = None
    try:
        async for line in events:
            if ended := line == DONE:
                break
            chunk = decode_chat(line, card)
            if bytes(chunk.error) != b"null":
                raise _failed(line, card)
            last = chunk if chunk.model else last
            usage = chunk.usage if bytes(chunk.usage) != b"null" else usage
            for choice in chunk.choices or ():
                reason = choice.finish_reason or reason
                if choice.delta is None:
                    continue
                text = text_of(choice.delta.content)
                if first_token_s is None and (text or choice.delta.refusal):
                    first_token_s = time.perf_counter() - started
                parts.append(text)
                refusals.append(choice.delta.refusal or "")
                pictures += images_of(choice.delta)
    except ProviderError:
        # With its finish reason the answer is whole: what breaks after it costs the usage, which is then unknown,
        # and asking again would be paying twice.
        if reason is None:
            raise
    if reason == "error" or (reason is None and not ended):
        raise _cut(card)
    refusal = "".join(refusals)
    reply = Reply(
        text=whole_characters("".join(parts) or refusal),
        stop=chat_stop(reason, refused=bool(refusal)),
        usage=read_usage(usage or Raw(b"null"), last.service_tier),
        model_returned=last.model,
        images=tuple(pictures),
    )
    return _timed(reply, started, first_token_s)


def _timed(reply: Reply, started: float, first_token_s: float | None) -> Reply:
    timing = Timing(service_s=time.perf_counter() - started, first_token_s=first_token_s)
    return msgspec.structs.replace(reply, timing=timing)


def _decode(line: bytes, card: ModelCard) -> _Event:
    try:
        return decode_with_halves(_events, line)
    except (ValueError, RecursionError):
        raise RetryableError(
            "bad_response", f"{card.name}: an event of the stream cannot be read", billed=UNKNOWN_BILL
        ) from None


def _failed(line: bytes, card: ModelCard) -> ProviderError:
    error = read_error(line)
    return fault_of(card, status_in(error.code) or 500, {}, error, billed=UNKNOWN_BILL)


def _cut(card: ModelCard) -> RetryableError:
    return RetryableError(
        "connection", f"{card.name}: the stream ended before the answer did", billed=UNKNOWN_BILL
    )

"""What came back, as a Reply. A detail that the host left out is unknown, not zero."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any, TypeVar

import msgspec
import pybase64
from msgspec import Raw, Struct

from visioneval.errors import PromptError, ProviderError, RetryableError
from visioneval.providers.hosted.faults import UNKNOWN_BILL, HostError, fault_of, read_error, status_in
from visioneval.redact import one_line
from visioneval.types import ModelCard, Reply, ReplyImage, Stop, Usage

_MISSING = Raw(b"null")
CHAT_STOPS: dict[str, Stop] = {
    "stop": "stop",
    "eos": "stop",
    "end_turn": "stop",
    "length": "length",
    "max_tokens": "length",
    "content_filter": "content_filter",
}
WIRE_STATUS = {"rate_limit_exceeded": 429, "server_error": 500}
MOST_TOKENS = 2**53
"""No host counts so many; it is also the last whole number that every reader of JSON keeps exactly."""
RAW = ("usage", "error", "body")
"""Fields that are kept as they are until they are read."""
_HALF = re.compile(rb"\\u[dD][89a-fA-F]")
"""How JSON writes half of a character beyond the first 65,536: alone it is none."""


class _Part(Struct):
    type: str = ""
    text: str | None = None
    refusal: str | None = None


class _Item(Struct):
    type: str = ""
    content: str | list[_Part] | None = None
    result: str | None = None
    """Base64 of a generated picture."""
    output_format: str | None = None


class _Reason(Struct):
    reason: str | None = None


class ResponseObject(Struct):
    """The Responses API's object, as far as it is read."""

    status: str | None = None
    output: list[_Item] | None = None
    incomplete_details: _Reason | None = None
    model: str | None = None
    service_tier: str | None = None
    usage: Raw = _MISSING
    error: Raw = _MISSING


class _ImageUrl(Struct):
    url: str = ""


class _ImagePart(Struct):
    image_url: _ImageUrl = msgspec.field(default_factory=_ImageUrl)


class ChatMessage(Struct):
    """A message, or one delta of a stream."""

    content: str | list[_Part] | None = None
    refusal: str | None = None
    images: list[_ImagePart] | None = None


class ChatChoice(Struct):
    """One choice of a chat reply, whole or as a delta."""

    message: ChatMessage | None = None
    delta: ChatMessage | None = None
    finish_reason: str | None = None


class ChatObject(Struct):
    """A chat completion or one chunk of it, as far as it is read."""

    choices: list[ChatChoice] | None = None
    model: str | None = None
    service_tier: str | None = None
    usage: Raw = _MISSING
    error: Raw = _MISSING


T = TypeVar("T")
_responses = msgspec.json.Decoder(ResponseObject)
_chats = msgspec.json.Decoder(ChatObject)


def decode_response(body: bytes, card: ModelCard) -> ResponseObject:
    """Parse a Responses object; raises RetryableError when the body is none."""
    return _decode(_responses, body, card)


def decode_chat(body: bytes, card: ModelCard) -> ChatObject:
    """Parse a chat completion or a chunk; raises RetryableError when the body is none."""
    return _decode(_chats, body, card)


def reply_of(body: bytes, api: str, card: ModelCard) -> Reply:
    """Return the reply in the whole body of a success; raises a ProviderError when it holds none."""
    if api == "chat":
        return reply_of_chat(decode_chat(body, card), card)
    return reply_of_response(decode_response(body, card), card)


def reply_of_response(response: ResponseObject, card: ModelCard) -> Reply:
    """Return the reply in a finished response; raises a ProviderError when it failed."""
    usage = read_usage(response.usage, response.service_tier)
    if response.status not in ("completed", "incomplete") or response.output is None:
        raise _unfinished(card, response.status, _error_in(response.error), usage)
    parts = [part for item in response.output if isinstance(item.content, list) for part in item.content]
    text = "".join(part.text or "" for part in parts if part.type == "output_text")
    refusal = "".join(part.refusal or "" for part in parts if part.type == "refusal")
    reason = response.incomplete_details.reason if response.incomplete_details else None
    pictures = [
        _image(item.result, f"image/{item.output_format or 'png'}")
        for item in response.output
        if item.type == "image_generation_call" and item.result
    ]
    return Reply(
        text=whole_characters(text or refusal),
        stop=_response_stop(response.status, reason, refused=bool(refusal)),
        usage=usage,
        model_returned=response.model,
        images=tuple(picture for picture in pictures if picture),
    )


def reply_of_chat(chat: ChatObject, card: ModelCard) -> Reply:
    """Return the reply in a whole chat completion; raises a ProviderError when it holds none."""
    error = _error_in(chat.error)
    usage = read_usage(chat.usage, chat.service_tier)
    message = chat.choices[0].message if chat.choices else None
    if error is not None or not chat.choices or message is None or chat.choices[0].finish_reason == "error":
        raise _unfinished(card, "without an answer", error, usage)
    text = text_of(message.content)
    return Reply(
        text=whole_characters(text or message.refusal or ""),
        stop=chat_stop(chat.choices[0].finish_reason, refused=bool(message.refusal)),
        usage=usage,
        model_returned=chat.model,
        images=images_of(message),
    )


def text_of(content: str | list[_Part] | None) -> str:
    """Return the text of a message's content, in whichever of its two forms."""
    return content if isinstance(content, str) else "".join(part.text or "" for part in content or ())


def chat_stop(reason: str | None, *, refused: bool) -> Stop:
    """Return why a chat reply ended."""
    return "refusal" if refused else CHAT_STOPS.get(reason or "stop", "other")


def images_of(message: ChatMessage) -> tuple[ReplyImage, ...]:
    """Return the pictures of a chat message, which OpenRouter sends as data URLs."""
    found = []
    for part in message.images or ():
        head, comma, data = part.image_url.url.partition(";base64,")
        if comma and (picture := _image(data, head.removeprefix("data:"))):
            found.append(picture)
    return tuple(found)


def read_usage(raw: Raw, tier: str | None) -> Usage:
    """Return the tokens that a host reported under either API's names; what is not a count is unknown, and so is
    an input that would be less than what was cached of it."""
    try:
        usage = msgspec.json.decode(raw)
    except msgspec.DecodeError:
        usage = None
    if not isinstance(usage, dict):
        return Usage(service_tier=tier)
    into = _object(usage.get("input_tokens_details") or usage.get("prompt_tokens_details"))
    out = _object(usage.get("output_tokens_details") or usage.get("completion_tokens_details"))
    read = _count(usage.get("input_tokens", usage.get("prompt_tokens")))
    cached, written = _count(into.get("cached_tokens")), _count(into.get("cache_write_tokens"))
    if read is not None and (cached or 0) + (written or 0) > read:
        read = cached = written = None
    return Usage(
        input_tokens=read,
        output_tokens=_count(usage.get("output_tokens", usage.get("completion_tokens"))),
        cached_input_tokens=cached,
        cache_write_tokens=written,
        reasoning_tokens=_count(out.get("reasoning_tokens")),
        image_tokens=_count(into.get("image_tokens")),
        service_tier=tier,
    )


def decode_with_halves(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    """Decode JSON in which a text may begin or end with half a character, as where a stream cuts one in two.

    Raises ValueError or RecursionError.
    """
    try:
        return decoder.decode(body)
    except msgspec.DecodeError:
        if not _HALF.search(body):
            raise
        return msgspec.convert(_with_raw_fields(json.loads(body)), decoder.type)


def whole_characters(text: str) -> str:
    """Return a text with its halves of characters put together; one that is alone is U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _with_raw_fields(value: Any) -> Any:
    if isinstance(value, list):
        return [_with_raw_fields(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        name: Raw(json.dumps(part).encode()) if name in RAW else _with_raw_fields(part)
        for name, part in value.items()
    }


def _decode(decoder: msgspec.json.Decoder[T], body: bytes, card: ModelCard) -> T:
    try:
        return decode_with_halves(decoder, body)
    except (ValueError, RecursionError):
        said = read_error(body).message
        raise RetryableError(
            "bad_response",
            f"{card.name}: the host answered 200 with something that is no reply: {said}",
            billed=UNKNOWN_BILL,
        ) from None


def _unfinished(card: ModelCard, status: str | None, error: HostError | None, usage: Usage) -> ProviderError:
    """Return the error for a 200 that holds no answer. What it charged, if it says so, is billed."""
    billed = usage if usage.input_tokens is not None else None
    if error is not None:
        code = error.code or ""
        if code and code not in WIRE_STATUS and not re.fullmatch("[0-9]+", code):
            return PromptError("bad_request", f"{card.name}: {code}: {error.message}", billed=billed)
        return fault_of(card, WIRE_STATUS.get(code) or status_in(code) or 500, {}, error, billed=billed)
    return RetryableError(
        "bad_response", f"{card.name}: the host answered 200, but the reply is {status or 'empty'}", billed=billed
    )


def _error_in(raw: Raw) -> HostError | None:
    return None if bytes(raw) in (b"null", b"") else read_error(b'{"error":' + bytes(raw) + b"}")


def _response_stop(status: str | None, reason: str | None, *, refused: bool) -> Stop:
    if reason == "max_output_tokens":
        return "length"
    if reason == "content_filter":
        return "content_filter"
    if refused:
        return "refusal"
    return "stop" if status == "completed" else "other"


def _image(data: str, media_type: str) -> ReplyImage | None:
    try:
        content = pybase64.b64decode(data, validate=True)
    except ValueError:
        return None
    return ReplyImage(hashlib.sha256(content).hexdigest(), one_line(media_type[:100]), len(content), content)


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < MOST_TOKENS else None


def _object(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}

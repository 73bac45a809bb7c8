"""What is posted: a Request as the JSON of the Responses or the Chat Completions API.

The picture's base64 is written once and spliced into the encoded body as it is; nothing reads it again.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

import msgspec
import pybase64

from visioneval.types import EncodedImage, Request, Settings

PATHS = {"responses": "/responses", "chat": "/chat/completions"}
OPTIONAL = frozenset(
    {
        "temperature",
        "store",
        "detail",
        "service_tier",
        "effort",
        "structured",
        "stream_options",
        "max_completion_tokens",
        "batch",
    }
)
"""Parameters that a card may name as unsupported; "batch" says that its host has no Batch API."""
DROPPABLE = frozenset({"temperature", "store", "detail", "stream_options", "max_completion_tokens"})
"""Those that are left out when a host rejects them. Effort, tier and structure are what was asked to be
measured: without them the run would not be what its manifest says."""
ANSWER_SCHEMA = {
    "type": "object",
    "properties": {"answer": {"type": "string"}},
    "required": ["answer"],
    "additionalProperties": False,
}
_WORDS = {
    "temperature": "temperature",
    "store": "store",
    "detail": "detail",
    "service_tier": "service_tier",
    "effort": "effort",
    "reasoning": "effort",
    "reasoning_effort": "effort",
    "text": "structured",
    "format": "structured",
    "response_format": "structured",
    "json_schema": "structured",
    "stream_options": "stream_options",
    "max_completion_tokens": "max_completion_tokens",
}
_REJECTION = re.compile(
    r"unsupported|not support|unrecogni[sz]ed|unknown|unexpected|not permitted|not allowed|extra (input|field)",
    re.IGNORECASE,
)
_encode = msgspec.json.Encoder().encode
_PICTURE = b"\xff"
"""Stands for a picture's data URL while the rest is encoded; no JSON text holds this byte."""


def api_of(settings: Settings) -> str:
    """Return which API a condition is asked through."""
    return settings.api or "responses"


def encode_body(request: Request, model: str, without: Collection[str]) -> bytes:
    """Return the body of one call, leaving out the parameters named in `without`."""
    build = _chat if api_of(request.settings) == "chat" else _responses
    first, *rest = _encode(build(request, model, without)).split(_PICTURE)
    pieces = [first]
    for (_, image, _), text in zip((turn for turn in _turns(request) if turn[1] is not None), rest, strict=True):
        assert image is not None
        head = b'"data:' + image.sent.media_type.encode() + b";base64,"
        pieces += (head, pybase64.b64encode(image.content), b'"' + text)
    return b"".join(pieces)


def rejected_parameter(param: str | None, message: str, request: Request) -> str | None:
    """Return which of our optional parameters a 400 is about, or None when it is about something else."""
    if not _REJECTION.search(message):
        return None
    named = re.split(r"[.\[\]\s]+", param or "") or []
    quoted = re.findall(r"[\w.]+", message)
    for word in [*reversed(named), *(part for name in quoted for part in reversed(name.split(".")))]:
        if (parameter := _WORDS.get(word)) and _was_sent(parameter, request):
            return parameter
    return None


def _was_sent(parameter: str, request: Request) -> bool:
    settings = request.settings
    match parameter:
        case "service_tier" if settings.batched:
            return False
        case "temperature" | "service_tier" | "effort" | "structured":
            return bool(getattr(settings, parameter) is not None and getattr(settings, parameter) is not False)
        case "detail":
            return request.image is not None
        case "stream_options":
            return settings.stream and settings.api == "chat"
        case "max_completion_tokens":
            return settings.api == "chat" and settings.max_output_tokens is not None
        case _:
            return True


def _responses(request: Request, model: str, without: Collection[str]) -> dict[str, Any]:
    settings, optional = request.settings, _optional(request.settings, without)
    turns: list[dict[str, Any]] = []
    for question, image, answer in _turns(request):
        content: list[dict[str, Any]] = [{"type": "input_text", "text": question}]
        if image is not None:
            content.append(
                {"type": "input_image", "image_url": msgspec.Raw(_PICTURE), **_detail(settings, without)}
            )
        turns.append({"role": "user", "content": content})
        if answer is not None:
            turns.append({"role": "assistant", "content": answer})
    body = {"model": model, "input": turns, "max_output_tokens": settings.max_output_tokens, **optional}
    body["instructions"] = request.instructions
    if effort := body.pop("effort", None):
        body["reasoning"] = {"effort": effort}
    if body.pop("structured", None):
        body["text"] = {"format": {"type": "json_schema", **_format(request)}}
    # `stream` is always said: there are servers that stream unless they are told not to.
    return {name: value for name, value in body.items() if value is not None} | {"stream": settings.stream}


def _chat(request: Request, model: str, without: Collection[str]) -> dict[str, Any]:
    settings, optional = request.settings, _optional(request.settings, without)
    turns: list[dict[str, Any]] = []
    if request.instructions is not None:
        turns.append({"role": "system", "content": request.instructions})
    for question, image, answer in _turns(request):
        content: list[dict[str, Any]] = [{"type": "text", "text": question}]
        if image is not None:
            url = {"url": msgspec.Raw(_PICTURE), **_detail(settings, without)}
            content.append({"type": "image_url", "image_url": url})
        turns.append({"role": "user", "content": content})
        if answer is not None:
            turns.append({"role": "assistant", "content": answer})
    limit = "max_tokens" if "max_completion_tokens" in without else "max_completion_tokens"
    body = {"model": model, "messages": turns, limit: settings.max_output_tokens, **optional}
    if effort := body.pop("effort", None):
        body["reasoning_effort"] = effort
    if body.pop("structured", None):
        body["response_format"] = {"type": "json_schema", "json_schema": _format(request)}
    if settings.stream and "stream_options" not in without:
        body["stream_options"] = {"include_usage": True}
    return {name: value for name, value in body.items() if value is not None} | {"stream": settings.stream}


def _optional(settings: Settings, without: Collection[str]) -> dict[str, Any]:
    parameters = {
        "temperature": settings.temperature,
        "service_tier": None if settings.batched else settings.service_tier,
        "effort": settings.effort,
        "structured": settings.structured or None,
        "store": False,
    }
    return {name: value for name, value in parameters.items() if value is not None and name not in without}


def _format(request: Request) -> dict[str, Any]:
    return {"name": "answer", "schema": request.schema or ANSWER_SCHEMA, "strict": True}


def _turns(request: Request) -> list[tuple[str, EncodedImage | None, str | None]]:
    shown = [
        (example.question, example.image, _answer_text(example.answer, request)) for example in request.examples
    ]
    return [*shown, (request.question, request.image, None)]


def _answer_text(answer: str, request: Request) -> str:
    return _encode({"answer": answer}).decode() if request.settings.structured else answer


def _detail(settings: Settings, without: Collection[str]) -> dict[str, str]:
    return {} if "detail" in without else {"detail": settings.detail or "auto"}

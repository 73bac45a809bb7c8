"""OpenAI's models, and every server that speaks its Responses API, through the `openai` SDK.

The SDK's own retries are off: the runner retries, so that latency is the model's and not ours.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import Any

import openai
import pybase64
from openai.types.responses import Response

from visioneval.errors import FatalError, ModelError, PromptError, ProviderError, RetryableError
from visioneval.types import ModelCard, Prompt, Reply, Request, Stop, Timing, Usage

DEFAULT_KEY_ENV = "OPENAI_API_KEY"
TIMEOUT_S = 120.0
CONCURRENCY = 16


class OpenAIProvider:
    """Asks one model of one host."""

    concurrency = CONCURRENCY

    def __init__(self, card: ModelCard, client: openai.AsyncOpenAI) -> None:
        self.name = card.name
        self._card, self._client = card, client

    async def generate(self, request: Request) -> Reply:
        """Send one question; raises a ProviderError that says whether trying again may help."""
        started = time.perf_counter()
        try:
            response = await self._client.responses.create(**self._parameters(request))
        except openai.OpenAIError as error:
            raise as_provider_error(error, self._card) from None
        service_s = time.perf_counter() - started
        if not isinstance(response, Response):
            raise RetryableError(
                "bad_response", "the host answered 200 with something that is not a response object"
            )
        return as_reply(response, service_s)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    def _parameters(self, request: Request) -> dict[str, Any]:
        settings = request.settings
        content: list[dict[str, Any]] = [{"type": "input_text", "text": request.question}]
        if request.image is not None:
            encoded = pybase64.b64encode(request.image.content).decode("ascii")
            url = f"data:{request.image.sent.media_type};base64,{encoded}"
            content.append({"type": "input_image", "image_url": url, "detail": settings.detail or "auto"})
        parameters: dict[str, Any] = {
            "model": self._card.model_id or self._card.name,
            "input": [{"role": "user", "content": content}],
            "max_output_tokens": settings.max_output_tokens,
            "temperature": settings.temperature,
            "reasoning": {"effort": settings.effort} if settings.effort else None,
            "service_tier": settings.service_tier,
            "store": False,
            "stream": False,
        }
        return {name: value for name, value in parameters.items() if value is not None}


def open_provider(card: ModelCard, prompts: Sequence[Prompt]) -> OpenAIProvider:
    """Return the provider; raises ModelError when the key is not in the environment."""
    variable = card.api_key_env or DEFAULT_KEY_ENV
    key = os.environ.get(variable, "")
    if not key.strip():
        raise ModelError(f"model {card.name!r} needs a key and {variable} is not set; export {variable}=...")
    client = openai.AsyncOpenAI(api_key=key, base_url=card.base_url, timeout=TIMEOUT_S, max_retries=0)
    return OpenAIProvider(card, client)


def as_reply(response: Response, service_s: float) -> Reply:
    """Turn a response into a Reply. A detail that the host left out is unknown, not zero."""
    usage = response.usage
    input_details = getattr(usage, "input_tokens_details", None)
    output_details = getattr(usage, "output_tokens_details", None)
    refusal = _refusal(response)
    return Reply(
        text=response.output_text or refusal or "",
        stop=_stop(response, refusal),
        usage=Usage(
            input_tokens=getattr(usage, "input_tokens", None),
            output_tokens=getattr(usage, "output_tokens", None),
            cached_input_tokens=getattr(input_details, "cached_tokens", None),
            cache_write_tokens=getattr(input_details, "cache_write_tokens", None),
            reasoning_tokens=getattr(output_details, "reasoning_tokens", None),
            service_tier=response.service_tier,
        ),
        timing=Timing(service_s=service_s),
        model_returned=response.model,
        request_id=response._request_id,
    )


def as_provider_error(error: openai.OpenAIError, card: ModelCard) -> ProviderError:
    """Say of an SDK error whether the runner may try again, go on, or must end the run."""
    match error:
        case openai.APITimeoutError():
            return RetryableError("timeout", f"{card.name}: no answer within {TIMEOUT_S:.0f} s")
        case openai.APIConnectionError():
            return RetryableError("connection", f"{card.name}: cannot reach the host ({error.__cause__ or error})")
        case openai.AuthenticationError() | openai.PermissionDeniedError():
            variable = card.api_key_env or DEFAULT_KEY_ENV
            return FatalError(
                "bad_request", f"{card.name}: the host refuses the key ({error.status_code}); check {variable}"
            )
        case openai.RateLimitError() if error.code == "insufficient_quota":
            return FatalError(
                "rate_limited", f"{card.name}: the account has no credit left; top it up, then resume"
            )
        case openai.RateLimitError():
            return RetryableError(
                "rate_limited", f"{card.name}: rate limited (429)", retry_after_s=_retry_after_s(error)
            )
        case openai.APIStatusError() if error.status_code in (408, 409) or error.status_code >= 500:
            return RetryableError(
                "server_error",
                f"{card.name}: the host answered {error.status_code}",
                retry_after_s=_retry_after_s(error),
            )
        case openai.APIStatusError():
            return PromptError(
                "bad_request", f"{card.name}: the host answered {error.status_code}: {error.message}"
            )
        case _:
            return RetryableError("other", f"{card.name}: {type(error).__name__}")


def _retry_after_s(error: openai.APIStatusError) -> float | None:
    try:
        return float(error.response.headers["retry-after"])
    except (KeyError, ValueError):
        return None


def _refusal(response: Response) -> str | None:
    for item in response.output:
        for part in getattr(item, "content", None) or ():
            if part.type == "refusal":
                return str(part.refusal)
    return None


def _stop(response: Response, refusal: str | None) -> Stop:
    reason = response.incomplete_details.reason if response.incomplete_details else None
    if reason == "max_output_tokens":
        return "length"
    if reason == "content_filter":
        return "content_filter"
    if refusal is not None:
        return "refusal"
    return "stop" if response.status == "completed" else "other"

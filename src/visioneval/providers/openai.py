"""OpenAI's models, and every server that speaks its Responses or Chat Completions API."""

from __future__ import annotations

import time
from collections.abc import Sequence

import msgspec

from visioneval.errors import ModelError, ParameterRejectedError, PromptError, ProviderError
from visioneval.providers.base import Allowance
from visioneval.providers.hosted import streams
from visioneval.providers.hosted.batch import BatchHost
from visioneval.providers.hosted.bodies import (
    DROPPABLE,
    OPTIONAL,
    PATHS,
    api_of,
    encode_body,
    rejected_parameter,
)
from visioneval.providers.hosted.replies import reply_of
from visioneval.providers.hosted.sdk import check_host, key_of
from visioneval.providers.hosted.wire import Wire, silence_s
from visioneval.types import ModelCard, Prompt, Reply, Request, Settings, Timing

CONCURRENCY = 32


class OpenAIProvider:
    """Asks one model of one host."""

    concurrency = CONCURRENCY

    def __init__(self, card: ModelCard) -> None:
        self.name = card.name
        self.dropped: tuple[str, ...] = ()
        self._card = card
        self._wires: dict[str, Wire] = {}
        self._last: Wire | None = None

    @property
    def allowance(self) -> Allowance | None:
        """What the host last said is left of its rate limits."""
        return self._last.allowance if self._last else None

    async def generate(self, request: Request) -> Reply:
        """Send one question; raises a ProviderError that says whether trying again may help."""
        settings = request.settings
        wire = self._last = self._wire(settings)
        without = self.without
        body = self.encode(request)
        try:
            reply = await (self._streamed if settings.stream else self._whole)(wire, body, api_of(settings))
            return wire.clean_reply(reply)
        except ProviderError as error:
            wire.clean_error(error)
            if isinstance(error, PromptError):
                raise self.explained(error, request, without) from None
            raise

    @property
    def without(self) -> tuple[str, ...]:
        """The parameters that are not sent: those of the card, and those that the host rejected."""
        return (*self._card.unsupported, *self.dropped)

    def encode(self, request: Request) -> bytes:
        """Return the body of one call."""
        return encode_body(request, self._card.model_id or self._card.name, self.without)

    def batches(self, settings: Settings) -> BatchHost:
        """Return the host's Batch API."""
        return BatchHost(self._card, api_of(settings))

    async def close(self) -> None:
        """Close the connections."""
        for wire in self._wires.values():
            await wire.close()

    async def _whole(self, wire: Wire, body: bytes, api: str) -> Reply:
        answer = await wire.post(body)
        reply = reply_of(answer.body, api, self._card)
        return msgspec.structs.replace(
            reply, timing=Timing(service_s=answer.service_s), request_id=answer.request_id
        )

    async def _streamed(self, wire: Wire, body: bytes, api: str) -> Reply:
        read = streams.read_chat if api == "chat" else streams.read_responses
        started = time.perf_counter()
        async with wire.stream(body) as (events, request_id):
            reply = await read(events, self._card, started)
        return msgspec.structs.replace(reply, request_id=request_id)

    def _wire(self, settings: Settings) -> Wire:
        api = api_of(settings)
        if api not in self._wires:
            self._wires[api] = open_wire(self._card, settings)
        return self._wires[api]

    def explained(self, error: PromptError, request: Request, without: tuple[str, ...]) -> ProviderError:
        """Leave a rejected parameter out from now on, or say which one to leave out.

        `without` names the parameters that were not sent with the request.
        """
        if error.kind != "bad_request":
            return error
        parameter = rejected_parameter(error.param, str(error), request)
        if parameter is None or parameter in without:
            return error
        if parameter in DROPPABLE:
            self.dropped = tuple(sorted({*self.dropped, parameter}))
            return ParameterRejectedError(parameter, f"{self.name}: the host does not take {parameter}; left out")
        return error.ending_the_run(f"{error}; this model does not take {parameter}, run it without")


def open_wire(card: ModelCard, settings: Settings) -> Wire:
    """Return a connection to a card's host. Raises ModelError when the key or the base URL is missing or wrong."""
    limit_s = float(card.options.get("timeout_s", 0)) or silence_s(settings.effort, settings.service_tier)
    return Wire(card, PATHS[api_of(settings)], limit_s)


def check_settings(card: ModelCard, settings: Settings) -> None:
    """Raise ModelError for a missing key, a wrong base URL, or a name in `unsupported` that is no parameter."""
    unknown = [name for name in card.unsupported if name not in OPTIONAL]
    if unknown:
        raise ModelError(
            f"model {card.name!r}: there is no parameter {unknown[0]!r} to be unsupported; it must be one of "
            f"{', '.join(sorted(OPTIONAL))}"
        )
    check_host(card)
    key_of(card)


def open_provider(card: ModelCard, prompts: Sequence[Prompt]) -> OpenAIProvider:
    """Return the provider."""
    return OpenAIProvider(card)

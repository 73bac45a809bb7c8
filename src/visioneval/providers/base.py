"""The one protocol behind which every model stands."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from msgspec import Struct

from visioneval.errors import ModelError
from visioneval.types import ModelCard, Reply, Request, Settings

REFUSED_SETTINGS = ("effort", "detail", "service_tier", "api", "structured", "few_shot", "temperature")
"""What only a host can honour."""


class Provider(Protocol):
    """A model that answers questions.

    A hosted model awaits HTTP; a local model gathers concurrent calls into a GPU batch; a replay reads
    recorded replies. The runner is the only scheduler of these calls, and the only place that retries them.
    """

    name: str
    concurrency: int
    """How many generate() calls may be in flight."""

    async def generate(self, request: Request) -> Reply:
        """Answer one question and measure `timing.service_s`. Raises only ProviderError subclasses."""
        ...

    async def close(self) -> None:
        """Let go of connections, threads and memory."""
        ...


class Allowance(Struct, frozen=True):
    """What a host says is left of its rate limits, and in how many seconds they are full again."""

    requests: int | None = None
    requests_reset_s: float | None = None
    tokens: int | None = None
    tokens_reset_s: float | None = None


@runtime_checkable
class HostedProvider(Protocol):
    """What a provider behind HTTP also tells the runner."""

    allowance: Allowance | None
    dropped: tuple[str, ...]
    """Parameters that the host rejected, and that are left out from then on."""


@runtime_checkable
class LoadedProvider(Provider, Protocol):
    """A provider that holds its model itself, and so knows exactly which one it is."""

    card: ModelCard
    """The card with what was settled while loading: the commit, the options of its family."""
    facts: dict[str, str | int | float | bool]
    """What the run's manifest is to say of the model as loaded."""


def refuse_settings(card: ModelCard, settings: Settings, why: str) -> None:
    """Raise ModelError for a setting that would be recorded but could not be honoured by what runs here."""
    for setting in REFUSED_SETTINGS:
        if getattr(settings, setting):
            flag = "--" + setting.replace("_", "-")
            raise ModelError(f"model {card.name!r} {why} and takes no {flag}; leave it out")

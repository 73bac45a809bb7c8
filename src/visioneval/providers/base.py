"""The one protocol behind which every model stands."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from visioneval.types import ModelCard, Reply, Request


class Provider(Protocol):
    """A model that answers questions.

    A hosted model awaits HTTP; a local model gathers concurrent calls into a GPU batch; a replay reads
    recorded replies. The runner is the only scheduler, the only place that retries and the only writer.
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


@runtime_checkable
class LoadedProvider(Provider, Protocol):
    """A provider that holds its model itself, and so knows exactly which one it is."""

    card: ModelCard
    """The card with what was settled while loading: the commit, the options of its family."""
    facts: dict[str, str | int | float | bool]
    """What the run's manifest is to say of the model as loaded."""

"""PaliGemma, Gemma and any other image-text-to-text model on this machine, by Hugging Face Transformers.

The protocol's side only: torch works in threads.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from visioneval.providers.base import Provider
from visioneval.providers.local.lanes import Answer, Lanes
from visioneval.providers.local.options import check_settings, parse_options
from visioneval.providers.local.start import LocalModel, start
from visioneval.types import ModelCard, Prompt, Reply, Request

__all__ = ["LocalProvider", "check_settings", "open_provider"]


class LocalProvider:
    """One model on this machine behind the provider protocol."""

    def __init__(self, local: LocalModel) -> None:
        self.name, self.card, self.facts = local.card.name, local.card, local.facts
        self._answerer = local.answerer
        self._threads = ThreadPoolExecutor(local.lanes, "lane")
        self._lanes = Lanes([self._answer_batch] * local.lanes, lambda: local.answerer.largest_batch)
        # one batch more than there are lanes: a full one always waits
        self.concurrency = 1 if local.lanes == 1 else (local.lanes + 1) * local.answerer.largest_batch

    async def generate(self, request: Request) -> Reply:
        """Answer along with whatever else is asked at the time. Raises PromptError and FatalError."""
        return await self._lanes.answer(request)

    async def close(self) -> None:
        """End the lanes and their threads; the batch on the device is waited for."""
        await self._lanes.close()
        self._threads.shutdown(cancel_futures=True)
        self._answerer.close()

    async def _answer_batch(self, requests: Sequence[Request]) -> list[Answer]:
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._answerer.answer, requests)


def open_provider(card: ModelCard, prompts: Sequence[Prompt]) -> Provider:
    """Load the model, here or on a Ray cluster. Raises ModelError with one line for whatever is wrong."""
    if parse_options(card).ray:
        from visioneval.providers.ray import open_ray_provider

        return open_ray_provider(card)
    return LocalProvider(start(card))

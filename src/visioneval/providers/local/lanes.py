"""Concurrent calls -> batches of like length, answered in lanes: one lane's batch is on the device while the
others' are prepared. A batch that does not fit is halved until it does, and no request is lost.

Nothing here knows torch: a lane answers by a `BatchAnswerer`, in this process or elsewhere.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, Protocol, TypeAlias, TypeVar

from visioneval.errors import FatalError, PromptError, ProviderError
from visioneval.types import Reply, Request

SETTLE_S = 0.03
"""A batch that is not full leaves when no call has come for so long."""
Answer: TypeAlias = Reply | ProviderError
AnswerBatch: TypeAlias = Callable[[Sequence[Request]], Awaitable[list[Answer]]]
Prepared = TypeVar("Prepared")


class OutOfMemory(Exception):  # noqa: N818 (a condition, like StopIteration)
    """A batch does not fit into the device's memory."""


class Engine(Protocol[Prepared]):
    """What answers one batch."""

    def prepare(self, requests: Sequence[Request]) -> Prepared:
        """Decode pictures and write prompts as tensors, on the CPU; any thread may call it."""
        ...

    def generate(self, prepared: Prepared) -> list[Reply]:
        """Answer what was prepared, in its order; one call at a time. Raises OutOfMemory."""
        ...

    def release(self) -> None:
        """Give back memory that a failed batch may still hold."""
        ...

    def unload(self) -> None:
        """Let go of the model."""
        ...


class BatchAnswerer(Generic[Prepared]):
    """Answers batches of any size on one device, from several threads."""

    def __init__(self, engine: Engine[Prepared], largest_batch: int) -> None:
        self._engine = engine
        self._device = threading.Lock()
        self.largest_batch = largest_batch

    def answer(self, requests: Sequence[Request]) -> list[Answer]:
        """Return an answer for each request, in order; halve what does not fit, and remember its size."""
        if len(requests) > self.largest_batch:
            return self._answer_halves(requests)
        try:
            replies = self._attempt(requests)
        except ProviderError as error:
            return self._answer_apart(requests, error)
        if replies is not None:
            return list(replies)
        self._engine.release()
        if len(requests) == 1:
            return [
                PromptError("other", "out of memory on the device with this prompt alone; use a smaller model")
            ]
        self.largest_batch = min(self.largest_batch, len(requests) // 2)
        return self._answer_halves(requests)

    def close(self) -> None:
        """Let go of the model; nothing can be answered any more."""
        with self._device:
            self._engine.unload()

    def _attempt(self, requests: Sequence[Request]) -> list[Reply] | None:
        """Return the replies, or None when memory ran out; tensors and traceback die with this frame."""
        try:
            prepared = self._engine.prepare(requests)
            with self._device:
                return self._engine.generate(prepared)
        except OutOfMemory:
            return None

    def _answer_halves(self, requests: Sequence[Request]) -> list[Answer]:
        middle = (len(requests) + 1) // 2
        return self.answer(requests[:middle]) + self.answer(requests[middle:])

    def _answer_apart(self, requests: Sequence[Request], error: ProviderError) -> list[Answer]:
        """One bad picture must not fail its neighbours."""
        if len(requests) == 1 or isinstance(error, FatalError):
            return [error] * len(requests)
        return [answer for request in requests for answer in self.answer([request])]


class Lanes:
    """Gathers concurrent calls into batches and hands each to the next free lane."""

    def __init__(self, lanes: Sequence[AnswerBatch], largest_batch: Callable[[], int]) -> None:
        self._answerers = lanes
        self._largest_batch = largest_batch
        self._waiting: list[tuple[Request, asyncio.Future[Reply]]] = []
        self._arrived = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._taking = asyncio.Lock()

    async def answer(self, request: Request) -> Reply:
        """Answer one request along with others. Raises what befell it."""
        if not self._tasks:
            self._tasks = [asyncio.create_task(self._run(answerer)) for answerer in self._answerers]
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting.append((request, future))
        self._arrived.set()
        return await future

    async def close(self) -> None:
        """End the lanes; what still waits is dropped."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _run(self, answer_batch: AnswerBatch) -> None:
        while True:
            async with self._taking:  # one lane at a time gathers, or all would take crumbs
                batch = await self._take_batch()
            if not batch:
                continue
            try:
                answers: Sequence[Reply | Exception] = await answer_batch([request for request, _ in batch])
            except Exception as error:  # a lane must outlive whatever its batch met
                answers = [error] * len(batch)
            for (_, future), answer in zip(batch, answers, strict=True):
                if future.done():
                    continue
                if isinstance(answer, Exception):
                    future.set_exception(answer)
                else:
                    future.set_result(answer)

    async def _take_batch(self) -> list[tuple[Request, asyncio.Future[Reply]]]:
        while not self._waiting or await self._more_arrive():
            await self._arrived.wait()
        self._waiting = [(request, future) for request, future in self._waiting if not future.cancelled()]
        taken = next_batch([request for request, _ in self._waiting], self._largest_batch())
        batch = [self._waiting[index] for index in taken]
        self._waiting = [waiting for index, waiting in enumerate(self._waiting) if index not in set(taken)]
        if not self._waiting:
            self._arrived.clear()
        return batch

    async def _more_arrive(self) -> bool:
        """Wait for the batch to fill or for arrivals to settle; True when it should be looked at again."""
        if len(self._waiting) >= self._largest_batch():
            return False
        self._arrived.clear()
        try:
            await asyncio.wait_for(self._arrived.wait(), SETTLE_S)
        except TimeoutError:
            return not self._waiting
        return True


def next_batch(requests: Sequence[Request], largest: int) -> list[int]:
    """Return the indices of the requests to answer next: the longest ones, with equal settings.

    Longest first, so that memory runs out early if it must, and neighbours in length waste little padding.
    What remains is split evenly: 67 requests in batches of at most 64 are 34 and 33, not 64 and 3.
    """
    if not requests:
        return []
    by_length = sorted(range(len(requests)), key=lambda index: -len(requests[index].question))
    settings = requests[by_length[0]].settings
    alike = [index for index in by_length if requests[index].settings == settings]
    batches = -(-len(alike) // largest)
    return alike[: -(-len(alike) // batches)]

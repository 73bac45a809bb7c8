"""Concurrent calls become batches, and no call is lost; with a scripted engine, and so without torch."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence

import pytest

from tests.providers.local.requests import a_request
from visioneval.errors import FatalError, PromptError, ProviderError
from visioneval.providers.local.lanes import Answer, BatchAnswerer, Lanes, OutOfMemory, next_batch
from visioneval.types import Reply, Request


class ScriptedEngine:
    """Echoes prompt ids; runs out of memory above a size, and fails on the prompts it is told to."""

    def __init__(self, fits: int = 1000, bad: Sequence[str] = (), device_s: float = 0.0) -> None:
        self.fits, self.bad, self.device_s = fits, bad, device_s
        self.batches: list[int] = []
        self.released = 0
        self.on_device = 0
        self.overlapped = False
        self.prepared_meanwhile = 0

    def prepare(self, requests: Sequence[Request]) -> tuple[Request, ...]:
        self.prepared_meanwhile += self.on_device
        for request in requests:
            if request.prompt_id in self.bad:
                raise PromptError("bad_image", f"{request.prompt_id} cannot be decoded")
        return tuple(requests)

    def generate(self, prepared: tuple[Request, ...]) -> list[Reply]:
        self.overlapped = self.overlapped or self.on_device > 0
        self.on_device += 1
        time.sleep(self.device_s)
        self.on_device -= 1
        if len(prepared) > self.fits:
            raise OutOfMemory
        self.batches.append(len(prepared))
        return [Reply(request.prompt_id) for request in prepared]

    def release(self) -> None:
        self.released += 1

    def unload(self) -> None:
        pass


def ask_all(engine: ScriptedEngine, requests: Sequence[Request], batch: int, lanes: int = 3) -> list[object]:
    answerer = BatchAnswerer(engine, batch)

    async def lane(taken: Sequence[Request]) -> list[Answer]:
        return await asyncio.to_thread(answerer.answer, taken)

    async def main() -> list[object]:
        open_lanes = Lanes([lane] * lanes, lambda: answerer.largest_batch)
        answers = await asyncio.gather(*map(open_lanes.answer, requests), return_exceptions=True)
        await open_lanes.close()
        return list(answers)

    return asyncio.run(main())


def test_concurrent_calls_are_answered_in_batches_each_with_its_own_answer() -> None:
    engine = ScriptedEngine()
    requests = [a_request(number) for number in range(67)]
    answers = ask_all(engine, requests, batch=16)
    assert [answer.text for answer in answers if isinstance(answer, Reply)] == [r.prompt_id for r in requests]
    assert sum(engine.batches) == 67
    assert len(engine.batches) == 5


def test_out_of_memory_halves_the_batch_and_loses_nothing() -> None:
    engine = ScriptedEngine(fits=20)
    requests = [a_request(number) for number in range(67)]
    answers = ask_all(engine, requests, batch=64)
    assert [answer.text for answer in answers if isinstance(answer, Reply)] == [r.prompt_id for r in requests]
    assert max(engine.batches) <= 20
    assert engine.released >= 1


def test_a_prompt_that_does_not_fit_alone_fails_alone() -> None:
    answers = ask_all(ScriptedEngine(fits=0), [a_request(1), a_request(2)], batch=2)
    assert all(isinstance(answer, PromptError) and "out of memory" in str(answer) for answer in answers)


def test_a_bad_picture_does_not_fail_its_neighbours() -> None:
    requests = [a_request(number) for number in range(8)]
    answers = ask_all(ScriptedEngine(bad=["P003"]), requests, batch=8)
    assert [isinstance(answer, Reply) for answer in answers] == [number != 3 for number in range(8)]
    assert isinstance(answers[3], PromptError)


def test_a_failed_device_fails_every_call_at_once() -> None:
    class Broken(ScriptedEngine):
        def generate(self, prepared: tuple[Request, ...]) -> list[Reply]:
            self.batches.append(len(prepared))
            raise FatalError("other", "the GPU failed")

    engine = Broken()
    answers = ask_all(engine, [a_request(number) for number in range(4)], batch=4)
    assert all(isinstance(answer, FatalError) for answer in answers)
    assert engine.batches == [4]


def test_the_next_batch_is_prepared_while_the_device_works_on_one() -> None:
    engine = ScriptedEngine(device_s=0.05)
    ask_all(engine, [a_request(number) for number in range(32)], batch=8)
    assert not engine.overlapped
    assert engine.prepared_meanwhile > 0


def test_a_lane_outlives_an_unexpected_error() -> None:
    calls: list[int] = []

    async def main() -> tuple[object, object]:
        async def lane(taken: Sequence[Request]) -> list[Reply | ProviderError]:
            calls.append(len(taken))
            if len(calls) == 1:
                raise RuntimeError("unexpected")
            return [Reply("fine")]

        lanes = Lanes([lane], lambda: 1)
        first = await asyncio.gather(lanes.answer(a_request(1)), return_exceptions=True)
        second = await lanes.answer(a_request(2))
        await lanes.close()
        return first[0], second

    first, second = asyncio.run(main())
    assert isinstance(first, RuntimeError)
    assert second == Reply("fine")


def test_a_call_that_is_cancelled_while_it_waits_is_not_answered() -> None:
    async def main() -> list[int]:
        taken: list[int] = []

        async def lane(requests: Sequence[Request]) -> list[Answer]:
            taken.append(len(requests))
            return [Reply("fine")] * len(requests)

        lanes = Lanes([lane], lambda: 4)
        waiting = asyncio.ensure_future(lanes.answer(a_request(1)))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.sleep(0.1)
        assert await lanes.answer(a_request(2)) == Reply("fine")
        await lanes.close()
        return taken

    assert asyncio.run(main()) == [1]


@pytest.mark.parametrize(("count", "largest", "expected"), [(67, 64, 34), (67, 100, 67), (1, 8, 1), (9, 4, 3)])
def test_batches_are_split_evenly(count: int, largest: int, expected: int) -> None:
    assert len(next_batch([a_request(number) for number in range(count)], largest)) == expected


def test_the_longest_prompts_go_first_and_settings_do_not_mix() -> None:
    short, long_ = a_request(0, "Short?"), a_request(1, "A much longer question?")
    other = a_request(2, "Middle one?", tokens=99)
    assert next_batch([short, long_, other], 3) == [1, 0]


def test_threads_of_one_device_take_turns() -> None:
    engine = ScriptedEngine(device_s=0.01)
    answerer = BatchAnswerer(engine, 4)
    threads = [threading.Thread(target=answerer.answer, args=([a_request(n)],)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not engine.overlapped

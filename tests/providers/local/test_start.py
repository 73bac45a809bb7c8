"""The batch size is what the memory holds, found by small batches and tried before it is used."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import pytest

from tests.providers.local.requests import a_request
from visioneval.providers.local.engine import TransformersEngine
from visioneval.providers.local.lanes import OutOfMemory
from visioneval.providers.local.start import CPU_BATCH, LARGEST_BATCH, find_batch_size
from visioneval.types import Request


class MeasuredEngine:
    """GPUs with some memory left, of which each prompt takes 10 bytes, beside what any batch takes."""

    def __init__(
        self, *free: int, on_gpu: bool = True, fits: int = 10**6, bytes_each: tuple[int, ...] = (10, 10)
    ) -> None:
        self.free, self.on_gpu, self.fits, self.bytes_each = free, on_gpu, fits, bytes_each
        self.device = self
        self.tried: list[int] = []
        self.released = 0

    def prepare(self, requests: Sequence[Request]) -> int:
        return len(requests)

    def generate(self, prepared: int) -> None:
        self.tried.append(prepared)
        if prepared > self.fits:
            raise OutOfMemory

    def batch_bytes(self) -> list[int]:
        return [500 + each * self.tried[-1] for each, _ in zip(self.bytes_each, self.free, strict=False)]

    def free_bytes(self) -> list[int]:
        return list(self.free)

    def release(self) -> None:
        self.released += 1


def found(engine: MeasuredEngine) -> int:
    return find_batch_size(cast(TransformersEngine, engine), a_request(0))


@pytest.mark.parametrize(("free", "expected"), [(400, 32), (399, 16), (10**6, LARGEST_BATCH), (5, 1), (25, 2)])
def test_the_batch_is_the_largest_power_of_two_that_fits_with_room_to_spare(free: int, expected: int) -> None:
    engine = MeasuredEngine(free)
    assert found(engine) == expected
    assert expected == 1 or engine.tried[-1] == expected  # its kernels are warm


def test_a_batch_that_does_not_fit_after_all_is_halved() -> None:
    engine = MeasuredEngine(10**6, fits=20)
    assert found(engine) == 16
    assert engine.tried == [2, 4, 256, 128, 64, 32, 16]
    assert engine.released == 4


def test_of_several_gpus_the_one_that_fills_first_decides() -> None:
    assert found(MeasuredEngine(10**6, 400)) == 32
    assert found(MeasuredEngine(400, 400, bytes_each=(80, 10))) == 4  # the picture's half is on the first


def test_memory_that_a_failed_probe_held_is_given_back_before_the_next() -> None:
    engine = MeasuredEngine(10**6, fits=3)
    assert found(engine) == 2
    assert engine.tried == [2, 4, 2]
    assert engine.released == 1


def test_a_cpu_takes_a_small_fixed_batch() -> None:
    engine = MeasuredEngine(0, on_gpu=False)
    assert found(engine) == CPU_BATCH
    assert engine.tried == []


@pytest.mark.parametrize("fits", [1, 2, 3])
def test_a_gpu_that_holds_few_prompts_is_not_taken_for_one_that_holds_none(fits: int) -> None:
    assert found(MeasuredEngine(10**6, fits=fits)) == min(fits, 2)


def test_a_batch_that_was_asked_for_is_tried_too() -> None:
    engine = MeasuredEngine(10**6, fits=30)
    assert find_batch_size(cast(TransformersEngine, engine), a_request(0), wanted=48) == 24
    assert engine.tried == [48, 24]
    assert (
        find_batch_size(cast(TransformersEngine, MeasuredEngine(0, on_gpu=False)), a_request(0), wanted=48) == 48
    )

"""Load a model, warm it up and find its batch size: all that comes before the first answer that is timed."""

from __future__ import annotations

import io
import time
from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace
from PIL import Image

from visioneval.errors import ModelError, ProviderError
from visioneval.providers.local.engine import Batch, TransformersEngine
from visioneval.providers.local.lanes import BatchAnswerer, OutOfMemory
from visioneval.providers.local.load import Fact, load
from visioneval.types import EncodedImage, ModelCard, Request, SentImage, Settings

WARM_UP_BATCHES, WARM_UP_SETTINGS = 3, Settings(max_output_tokens=4)
LARGEST_BATCH, CPU_BATCH = 256, 8
LANES = 3
"""One batch on the device, one ready for it, one being prepared on every core."""
PROBED = (2, 4)
MEMORY_SHARE = 0.8
"""Part of the free memory that a batch may plan on; the rest is for longer prompts than the probe's."""
PROBE_PX = (1344, 672)
"""Far enough from square for pan and scan."""
PROBE_QUESTION = "What is in the picture? Answer with one word. " * 6


class LocalModel(Struct, frozen=True):
    """A model that answers, and what is to be written down about it."""

    card: ModelCard
    answerer: BatchAnswerer[Batch]
    facts: dict[str, Fact]
    lanes: int
    """How many batches may be under way: one on the device, the others being prepared."""


def start(card: ModelCard) -> LocalModel:
    """Load and warm up the model of a card. Raises ModelError, one line."""
    loaded = load(card)
    engine = TransformersEngine(loaded)
    single = loaded.options.latency_mode == "single"
    probe = _probe_request(card.settings)
    started = time.perf_counter()
    try:
        for _ in range(WARM_UP_BATCHES):
            _answer(engine, [replace(probe, settings=WARM_UP_SETTINGS)])
        batch_size = 1 if single else find_batch_size(engine, probe, loaded.options.batch_size)
    except OutOfMemory:
        raise ModelError(
            f"model {card.name!r} fits into the GPU's memory, but no prompt beside it; "
            "add --set quantization=4bit or use a smaller one"
        ) from None
    except Exception as error:  # of a family that nobody has tried, anything may be missing
        said = " ".join(str(error).split())[:300]
        what = said if isinstance(error, ProviderError) else f"{type(error).__name__}: {said}"
        raise ModelError(f"model {card.name!r} does not answer: {what}") from None
    facts = {
        **loaded.facts,
        "prompt": engine.template,
        "batch_size": batch_size,
        **({} if card.settings.max_output_tokens else {"default_max_output_tokens": engine.default_tokens}),
        "warm_up_s": round(time.perf_counter() - started, 3),
    }
    return LocalModel(loaded.card, BatchAnswerer(engine, batch_size), facts, 1 if single else LANES)


def find_batch_size(engine: TransformersEngine, probe: Request, wanted: int = 0) -> int:
    """Return how many prompts are answered at once: as many as are wanted, or as the memory promises to hold.

    On a GPU the batch is tried, so that its kernels are warm and it is known to fit, and halved until it does.
    """
    if not engine.device.on_gpu:
        return wanted or CPU_BATCH
    size = wanted or _promised_batch(engine, probe)
    while size > 1:
        try:
            _answer(engine, [probe] * size)
            return size
        except OutOfMemory:
            size //= 2
        engine.release()
    return size


def _promised_batch(engine: TransformersEngine, probe: Request) -> int:
    """Return the batch that would fit by what two small ones take; a power of two, at most LARGEST_BATCH."""
    try:
        few, more = (_batch_bytes(engine, [probe] * size) for size in PROBED)
    except OutOfMemory:
        few, more = [], []
    if not few:
        engine.release()
        return PROBED[0]
    fitting = min(
        int(free * MEMORY_SHARE) // max(1, (larger - smaller) // (PROBED[1] - PROBED[0]))
        for smaller, larger, free in zip(few, more, engine.device.free_bytes(), strict=True)
    )
    return min(LARGEST_BATCH, 1 << (max(1, fitting).bit_length() - 1))


def _batch_bytes(engine: TransformersEngine, requests: Sequence[Request]) -> list[int]:
    _answer(engine, requests)
    return engine.device.batch_bytes()


def _answer(engine: TransformersEngine, requests: Sequence[Request]) -> None:
    engine.generate(engine.prepare(requests))


def _probe_request(settings: Settings) -> Request:
    buffer = io.BytesIO()
    Image.linear_gradient("L").resize(PROBE_PX).convert("RGB").save(buffer, "JPEG")
    picture = EncodedImage(buffer.getvalue(), SentImage("", "image/jpeg", *PROBE_PX, buffer.tell()))
    return Request("warm-up", PROBE_QUESTION, "text", (), picture, settings, 0, "warm-up")

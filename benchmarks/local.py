"""How fast local models answer: visioneval's batches against a plain loop and against the device's own limit.

    python benchmarks/local.py                   # on a GPU: all of the table; on a CPU: tiny models, a few minutes
    python benchmarks/local.py paligemma-448     # one model
    python benchmarks/local.py --prompts 67      # other numbers of prompts than 67 and 1,000

On a machine with a GPU: `git clone`, `pip install -e '.[local]'` beside a torch that sees the GPU, the first
line above, and the Markdown it prints is the table. Nothing is downloaded and no key or login is needed. It
wants a GPU of 24 GiB or more and is made to take some ten minutes: what answers one prompt at a time is
measured for ENOUGH_S seconds at most, and the column `prompts` says how many that was. A model that fails is
named on stderr, the others go on, and the exit code is 1.

Full-size models are built on the device from their published configurations, with random weights, in bfloat16:
the time does not depend on what the weights say. Answers are OUTPUT_TOKENS long.

    prepare   pictures decoded and scaled, and prompts tokenised, on all cores and with the GPU at rest
    loop      what one would write first: prepare one prompt, generate, again
    on device share of the time in which a batch was on the device
    GPU busy  share of the time in which a kernel ran, as the driver samples it
    limit     the floating-point work of picture and prompt alone (counted by torch over one prefill) at the
              rate of a large matrix product measured on the same device, as if decoding were free
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import io
import random
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import torch
import transformers
from PIL import Image
from transformers import AutoModelForImageTextToText

from micro import families
from visioneval.providers.local.engine import TransformersEngine
from visioneval.providers.local.lanes import BatchAnswerer
from visioneval.providers.local.load import Loaded, device_facts
from visioneval.providers.local.options import parse_options, with_family
from visioneval.providers.local.pictures import usable_cores
from visioneval.providers.local.start import LANES, LocalModel, find_batch_size
from visioneval.providers.transformers import LocalProvider
from visioneval.types import EncodedImage, ModelCard, Reply, Request, SentImage, Settings

OUTPUT_TOKENS = 16
ENOUGH, ENOUGH_S = 67, 45.0
QUESTIONS = ("How many parts are on the tray?", "Is there a scratch on the housing? Answer only yes or no.")
SIZE_PX = (1280, 960)
SAMPLE_S = 0.1
SUSTAINED_S = 2.0
HEADINGS = "model|prompts|batch|prompts/s|on device|GPU busy|peak GiB|prepare/s|loop/s|x loop|limit/s|of limit"

SO400M = {
    "hidden_size": 1152,
    "intermediate_size": 4304,
    "num_hidden_layers": 27,
    "num_attention_heads": 16,
    "patch_size": 14,
}
GEMMA_2B = {
    "vocab_size": 257216,
    "hidden_size": 2048,
    "intermediate_size": 16384,
    "num_hidden_layers": 18,
    "num_attention_heads": 8,
    "num_key_value_heads": 1,
    "head_dim": 256,
}
GEMMA_3_4B = {
    "vocab_size": 262208,
    "hidden_size": 2560,
    "intermediate_size": 10240,
    "num_hidden_layers": 34,
    "num_attention_heads": 8,
    "num_key_value_heads": 4,
    "head_dim": 256,
    "sliding_window": 1024,
}
TINY = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 2}
TINY_VISION, TINY_TEXT = {**TINY, "patch_size": 14}, {**TINY, "num_key_value_heads": 1, "head_dim": 32}

FULL_SIZE: dict[str, Callable[[], families.Parts]] = {
    "paligemma-224": lambda: families.paligemma(QUESTIONS, 224, GEMMA_2B, SO400M),
    "paligemma-448": lambda: families.paligemma(QUESTIONS, 448, GEMMA_2B, SO400M),
    "gemma-3-4b": lambda: families.gemma3(QUESTIONS, 896, 256, GEMMA_3_4B, SO400M),
}
SMALL: dict[str, Callable[[], families.Parts]] = {
    "tiny-paligemma": lambda: families.paligemma(QUESTIONS, 56, TINY_TEXT, TINY_VISION),
    "tiny-gemma-3": lambda: families.gemma3(QUESTIONS, 56, 4, TINY_TEXT, TINY_VISION),
}
MODELS = {**FULL_SIZE, **SMALL}


def build(name: str, device: str) -> Loaded:
    """Return a model by name, made on the device, with the options that its family's shipped card has."""
    config, processor = MODELS[name]()
    card = with_family(ModelCard(name, "transformers"), f"{config.model_type}/{config.text_config.model_type}")
    options = parse_options(card)
    with torch.device(device):
        model = AutoModelForImageTextToText.from_config(
            config, dtype=precision(device), attn_implementation=options.attention or None
        )
    model.generation_config.update(**families.SPECIAL)
    model.generation_config.eos_token_id = None  # or random weights might end an answer early
    processor.tokenizer.padding_side = "left"
    return Loaded(card, options, model.eval(), processor, {})


def precision(device: str) -> Any:
    """Return what is computed in: bfloat16 where the device has it in hardware."""
    return torch.float32 if device == "cpu" else torch.bfloat16


def requests(count: int) -> list[Request]:
    """Return questions about pictures of 1280 x 960, all different."""
    rng, grain = random.Random(0), Image.effect_noise((320, 240), 40).resize(SIZE_PX).convert("RGB")
    return [_request(number, rng, grain) for number in range(count)]


def _request(number: int, rng: random.Random, grain: Image.Image) -> Request:
    """With grain a picture takes as long to decode as a photograph."""
    image, buffer = Image.blend(grain, Image.new("RGB", SIZE_PX, _colour(rng)), 0.5), io.BytesIO()
    image.save(buffer, "JPEG", quality=90)
    picture = EncodedImage(buffer.getvalue(), SentImage("", "image/jpeg", *SIZE_PX, buffer.tell()))
    settings = Settings(max_output_tokens=OUTPUT_TOKENS)
    return Request(str(number), QUESTIONS[number % 2], "text", (), picture, settings, 0, str(number))


def _colour(rng: random.Random) -> tuple[int, int, int]:
    return rng.randrange(256), rng.randrange(256), rng.randrange(256)


def prepared_per_s(engine: TransformersEngine, asked: Sequence[Request]) -> float:
    """Return the prompts a second of preparing one batch."""
    started = time.perf_counter()
    engine.prepare(asked)
    return len(asked) / (time.perf_counter() - started)


def plain_loop(engine: TransformersEngine, asked: Sequence[Request]) -> float:
    """Return the prompts a second of a loop over single prompts."""
    started = time.perf_counter()
    for request in asked:
        engine.generate(engine.prepare([request]))
    return len(asked) / (time.perf_counter() - started)


def batched(
    model: Loaded, engine: TransformersEngine, asked: Sequence[Request], size: int
) -> tuple[float, list[Reply]]:
    """Answer through the provider; return the seconds it took, and the replies."""
    provider = LocalProvider(LocalModel(model.card, BatchAnswerer(engine, size), {}, LANES))
    in_flight = asyncio.Semaphore(provider.concurrency)

    async def ask(request: Request) -> Reply:
        async with in_flight:
            return await provider.generate(request)

    async def main() -> list[Reply]:
        return list(await asyncio.gather(*map(ask, asked)))

    started = time.perf_counter()
    replies = asyncio.run(main())
    return time.perf_counter() - started, replies


class Busy:
    """Samples how busy the driver says the GPU is, while its block runs."""

    def __init__(self) -> None:
        self._percent: list[int] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._sample)

    def __enter__(self) -> Busy:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def __str__(self) -> str:
        return f"{sum(self._percent) / len(self._percent):.0f}%" if self._percent else "–"

    def _sample(self) -> None:
        while torch.cuda.is_available() and not self._over.wait(SAMPLE_S):
            try:
                self._percent.append(torch.cuda.utilization())
            except Exception:  # a driver that does not say
                return


def matmul_flops_per_s(device: str) -> float:
    """Return the rate that the device keeps up in a large square matrix product: a burst is faster, and warm."""
    size, products = (1024, 1) if device == "cpu" else (8192, 20)
    a, b = (torch.randn(size, size, device=device, dtype=precision(device)) for _ in range(2))
    for _ in range(products):
        a @ b
    _synchronise(device)
    started, done = time.perf_counter(), 0
    while (passed_s := time.perf_counter() - started) < SUSTAINED_S:
        for _ in range(products):
            a @ b
        _synchronise(device)
        done += products
    return done * 2 * size**3 / passed_s


def prefill_flops(model: Loaded, engine: TransformersEngine) -> float:
    """Return the floating-point operations of one picture and prompt."""
    from torch.utils.flop_counter import FlopCounterMode

    tensors = engine.prepare(requests(1)).tensors
    inputs = {name: tensor.to(model.model.device) for name, tensor in tensors.items()}
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        model.model(**inputs, logits_to_keep=1)
    return float(counter.get_total_flops())


def _synchronise(device: str) -> None:
    if device != "cpu":
        torch.cuda.synchronize()


def measure(name: str, device: str, counts: Sequence[int], flops_per_s: float) -> Iterator[list[str]]:
    """Yield one row for each number of prompts and each batch size."""
    model = build(name, device)
    engine = TransformersEngine(model)
    _ = [engine.generate(engine.prepare(requests(1))) for _ in range(3)]
    best = find_batch_size(engine, requests(1)[0])
    limit = flops_per_s / prefill_flops(model, engine)
    asked = requests(max(counts))
    prepare = prepared_per_s(engine, asked[:ENOUGH])
    loop = plain_loop(engine, asked[:ENOUGH])
    for count in counts:
        for size in dict.fromkeys((1, best)):
            few = asked[: min(count, max(ENOUGH, int(loop * ENOUGH_S)))] if size == 1 else asked[:count]
            with Busy() as busy:
                wall_s, replies = batched(model, engine, few, size)
            assert {reply.usage.output_tokens for reply in replies} == {OUTPUT_TOKENS}
            rate = len(few) / wall_s
            on_device = sum(reply.timing.busy_s or 0 for reply in replies) / wall_s
            peak_bytes = max(int(reply.notes.get("peak_gpu_bytes", 0)) for reply in replies)
            peak = f"{peak_bytes / 2**30:.1f}" if peak_bytes else "–"
            yield [
                name,
                str(count) if len(few) == count else f"{len(few)} of {count}",
                *(str(size), f"{rate:.1f}", f"{on_device:.0%}", str(busy), peak, f"{prepare:.0f}"),
                *(f"{loop:.1f}", f"{rate / loop:.1f}", f"{limit:.1f}", f"{rate / limit:.0%}"),
            ]
    engine.unload()


def main() -> int:
    """Measure and print a Markdown table; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    device = "cuda:0" if torch.cuda.is_available() else "cpu"
    names = FULL_SIZE if device != "cpu" else SMALL
    parser.add_argument("models", nargs="*", metavar="MODEL", help=f"of {', '.join(MODELS)}")
    parser.add_argument("--prompts", type=int, nargs="+", default=[67, 1000])
    arguments = parser.parse_args()
    if unknown := set(arguments.models) - set(MODELS):
        parser.error(f"unknown model {', '.join(sorted(unknown))}; there are {', '.join(MODELS)}")
    started, failed = time.perf_counter(), 0
    flops_per_s = matmul_flops_per_s(device)
    machine = device_facts(torch, torch.empty(0, device=device))["device_name"]
    dtype = str(precision(device)).removeprefix("torch.")
    versions = f"torch {torch.__version__}, transformers {transformers.__version__}"
    print(f"{machine}, {usable_cores()} CPU cores, {versions}.")
    print(f"{flops_per_s / 1e12:.2f} TFLOP/s in a {dtype} matrix product; answers of {OUTPUT_TOKENS} tokens.\n")
    headings = HEADINGS.split("|")
    print(f"| {' | '.join(headings)} |\n|{'---|' * len(headings)}", flush=True)
    for name in arguments.models or names:
        try:
            for row in measure(name, device, arguments.prompts, flops_per_s):
                print(f"| {' | '.join(row)} |", flush=True)
        except Exception as error:  # time on a GPU is lent: what else can be measured should be
            print(f"{name}: {type(error).__name__}: {error}", file=sys.stderr)
            failed = 1
        gc.collect()
        if device != "cpu":
            torch.cuda.empty_cache()
    print(f"\nTook {time.perf_counter() - started:.0f} s.")
    return failed


if __name__ == "__main__":
    sys.exit(main())

"""How fast local models answer: visioneval's batches against a plain loop and against the device's own limit.

    python benchmarks/local.py                          # the micro model, on the CPU: that it runs
    python benchmarks/local.py paligemma-224 paligemma-448 gemma-3-4b --prompts 67 1000     # on a GPU

Full-size models are built on the device from their published configurations, with random weights: nothing is
downloaded, and the time does not depend on what the weights say. Every answer is OUTPUT_TOKENS long. The limit
is the floating-point work of the pictures and prompts alone (counted by torch over one prefill) at the rate of
a large matrix product measured on the same device, as if decoding were free.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import torch
from PIL import Image
from transformers import (
    Gemma3Config,
    Gemma3ForConditionalGeneration,
    Gemma3Processor,
    Gemma3TextConfig,
    GemmaConfig,
    PaliGemmaConfig,
    PaliGemmaForConditionalGeneration,
    PaliGemmaProcessor,
    SiglipVisionConfig,
)
from transformers.models.gemma3.image_processing_pil_gemma3 import Gemma3ImageProcessorPil
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

from micro.tokenizer import BOS, EOS, PAD, gemma_tokenizer
from visioneval.models import find_card, load_cards
from visioneval.providers.local.engine import TransformersEngine
from visioneval.providers.local.lanes import BatchAnswerer
from visioneval.providers.local.load import Loaded, load
from visioneval.providers.local.options import parse_options
from visioneval.providers.local.start import LocalModel, find_batch_size
from visioneval.providers.transformers import LocalProvider
from visioneval.types import EncodedImage, ModelCard, Reply, Request, SentImage, Settings

OUTPUT_TOKENS = 16
QUESTIONS = ("How many parts are on the tray?", "Is there a scratch on the housing? Answer only yes or no.")
SIGLIP = {
    "hidden_size": 1152,
    "intermediate_size": 4304,
    "num_hidden_layers": 27,
    "num_attention_heads": 16,
    "patch_size": 14,
    "vision_use_head": False,
}
SPECIAL = {"pad_token_id": PAD, "eos_token_id": EOS, "bos_token_id": BOS}
LANES = 3


def paligemma(side_px: int) -> tuple[Any, Any]:
    """Return PaliGemma 3B at a resolution, and a processor for it."""
    pictures = SiglipImageProcessorPil(
        size={"height": side_px, "width": side_px}, image_seq_length=(side_px // 14) ** 2
    )
    processor: Any = PaliGemmaProcessor(image_processor=pictures, tokenizer=gemma_tokenizer(QUESTIONS))
    text = GemmaConfig(
        vocab_size=257216,
        hidden_size=2048,
        intermediate_size=16384,
        num_hidden_layers=18,
        num_attention_heads=8,
        num_key_value_heads=1,
        head_dim=256,
        **SPECIAL,
    )
    config = PaliGemmaConfig(
        vision_config=SiglipVisionConfig(image_size=side_px, **SIGLIP).to_dict(),
        text_config=text.to_dict(),
        image_token_index=processor.image_token_id,
        projection_dim=2048,
        hidden_size=2048,
        vocab_size=257216,
        **SPECIAL,
    )
    return PaliGemmaForConditionalGeneration(config), processor


def gemma_3_4b() -> tuple[Any, Any]:
    """Return Gemma 3 4B, and a processor for it."""
    media = {"boi_token": "<boi>", "eoi_token": "<eoi>", "image_token": "<image>"}
    tokenizer: Any = gemma_tokenizer(
        QUESTIONS, special=tuple(media.values()), add_bos_token=True, extra_special_tokens=media, **media
    )
    pictures = Gemma3ImageProcessorPil(size={"height": 896, "width": 896}, image_seq_length=256)
    template = (
        "{{ bos_token }}{% for message in messages %}{% for part in message['content'] %}"
        "{% if part['type'] == 'image' %}<boi>{% else %}{{ part['text'] }}{% endif %}{% endfor %}{% endfor %}"
    )
    processor: Any = Gemma3Processor(image_processor=pictures, tokenizer=tokenizer, chat_template=template)
    number = tokenizer.convert_tokens_to_ids
    text = Gemma3TextConfig(
        vocab_size=262208,
        hidden_size=2560,
        intermediate_size=10240,
        num_hidden_layers=34,
        num_attention_heads=8,
        num_key_value_heads=4,
        head_dim=256,
        sliding_window=1024,
    )
    config = Gemma3Config(
        text_config=text.to_dict(),
        vision_config=SiglipVisionConfig(image_size=896, **SIGLIP).to_dict(),
        mm_tokens_per_image=256,
        boi_token_index=number("<boi>"),
        eoi_token_index=number("<eoi>"),
        image_token_index=number("<image>"),
        **SPECIAL,
    )
    return Gemma3ForConditionalGeneration(config), processor


FULL_SIZE: dict[str, tuple[str, Callable[[], tuple[Any, Any]]]] = {
    "paligemma-224": ("paligemma/gemma", lambda: paligemma(224)),
    "paligemma-448": ("paligemma/gemma", lambda: paligemma(448)),
    "gemma-3-4b": ("gemma3/gemma3_text", gemma_3_4b),
}


def loaded(name: str, device: str) -> Loaded:
    """Return a model by name: the committed micro model, or a full-size one made on the device."""
    if name == "micro":
        return load(find_card("micro-paligemma", load_cards()))
    family, make = FULL_SIZE[name]
    prompt = "chat" if family.startswith("gemma3") else "answer en {question}"
    card = ModelCard(name, "transformers", options={"family": family, "prompt": prompt, "device": device})
    torch.set_default_dtype(torch.bfloat16)
    with torch.device(device):
        model, processor = make()
    torch.set_default_dtype(torch.float32)
    model.generation_config.update(**SPECIAL)
    processor.tokenizer.padding_side = "left"
    return Loaded(card, parse_options(card), model.eval(), processor, {})


def requests(count: int) -> list[Request]:
    """Return questions about pictures of 640 x 480, all different."""
    rng = random.Random(0)
    return [_request(number, rng) for number in range(count)]


def _request(number: int, rng: random.Random) -> Request:
    image, buffer = Image.new("RGB", (640, 480), tuple(rng.randrange(256) for _ in range(3))), io.BytesIO()
    image.save(buffer, "JPEG")
    picture = EncodedImage(buffer.getvalue(), SentImage("", "image/jpeg", 640, 480, buffer.tell()))
    settings = Settings(max_output_tokens=OUTPUT_TOKENS)
    return Request(str(number), QUESTIONS[number % 2], "text", (), picture, settings, 0, str(number))


def plain_loop(engine: TransformersEngine, asked: Sequence[Request]) -> float:
    """Return prompts per second of what one would write first: prepare one, generate one, again."""
    started = time.perf_counter()
    for request in asked:
        engine.generate(engine.prepare([request]))
    return len(asked) / (time.perf_counter() - started)


def batched(model: Loaded, engine: TransformersEngine, asked: Sequence[Request], size: int) -> tuple[float, float]:
    """Return prompts per second through the provider, and the share of the time that the device worked."""
    provider = LocalProvider(LocalModel(model.card, BatchAnswerer(engine, size), {}, LANES))
    in_flight = asyncio.Semaphore(provider.concurrency)

    async def ask(request: Request) -> Reply:
        async with in_flight:
            return await provider.generate(request)

    async def main() -> list[Reply]:
        return list(await asyncio.gather(*map(ask, asked)))

    started = time.perf_counter()
    replies = asyncio.run(main())
    wall_s = time.perf_counter() - started
    return len(asked) / wall_s, sum(reply.timing.busy_s or 0 for reply in replies) / wall_s


def matmul_flops_per_s(device: str, dtype: Any, size: int) -> float:
    """Return the device's measured rate in a large square matrix product."""
    a, b = (torch.randn(size, size, device=device, dtype=dtype) for _ in range(2))
    best = 0.0
    for _ in range(10):
        _synchronise(device)
        started = time.perf_counter()
        a @ b
        _synchronise(device)
        best = max(best, 2 * size**3 / (time.perf_counter() - started))
    return best


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


def measure(name: str, device: str, counts: Sequence[int]) -> Iterator[tuple[str, ...]]:
    """Yield one row for each number of prompts and each batch size."""
    model = loaded(name, device)
    engine = TransformersEngine(model)
    _ = [engine.generate(engine.prepare(requests(1))) for _ in range(3)]
    best = find_batch_size(engine, requests(1)[0])
    size = 8192 if device != "cpu" else 1024
    limit = matmul_flops_per_s(device, model.model.dtype, size) / prefill_flops(model, engine)
    for count in counts:
        asked = requests(count)
        loop = plain_loop(engine, asked)
        for batch in dict.fromkeys((1, best)):
            if device != "cpu":
                torch.cuda.reset_peak_memory_stats()
            rate, busy = batched(model, engine, asked, batch)
            yield (
                name,
                str(count),
                str(batch),
                f"{rate:.1f}",
                f"{busy:.0%}",
                f"{engine.peak_bytes() / 2**30:.1f}" if device != "cpu" else "–",
                f"{loop:.1f}",
                f"{rate / loop:.1f}",
                f"{limit:.1f}",
                f"{rate / limit:.0%}",
            )


def main() -> None:
    """Measure and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", metavar="MODEL", help=f"micro (the default), {', '.join(FULL_SIZE)}")
    parser.add_argument("--prompts", type=int, nargs="+", default=[67])
    arguments = parser.parse_args()
    if unknown := set(arguments.models) - {"micro", *FULL_SIZE}:
        parser.error(f"unknown model {', '.join(sorted(unknown))}; give micro or {', '.join(FULL_SIZE)}")
    device = "cuda:0" if torch.cuda.is_available() else "cpu"
    name = torch.cuda.get_device_name(0) if device != "cpu" else f"CPU, {torch.get_num_threads()} threads"
    print(f"{name}, torch {torch.__version__}, {OUTPUT_TOKENS} output tokens at most\n")
    heading = "model|prompts|batch|prompts/s|busy|peak GiB|loop/s|x loop|limit/s|of limit".split("|")
    print("| " + " | ".join(heading) + " |\n|" + "---|" * len(heading))
    for model in arguments.models or ["micro"]:
        for row in measure(model, device, arguments.prompts):
            print("| " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    main()

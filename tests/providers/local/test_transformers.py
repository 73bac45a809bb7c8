"""Every family loads from a checkpoint and answers in a batch what it answers alone; the micro model sees."""

from __future__ import annotations

import asyncio
import importlib.util
import io
import threading
import time
import weakref
from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="local models need the extra `local`")
pytest.importorskip("transformers", reason="local models need the extra `local`")

import torch
from PIL import Image
from transformers import AutoProcessor

from tests.checkpoints import FAMILIES, as_on_the_hub, make, save
from tests.conftest import CommandLine
from tests.providers.local.requests import COLOURS, a_request, picture
from visioneval.aggregate import summarise
from visioneval.errors import FatalError, ModelError, PromptError
from visioneval.models import find_card, load_cards
from visioneval.providers.local.engine import TransformersEngine
from visioneval.providers.local.lanes import OutOfMemory
from visioneval.providers.local.load import Loaded, load
from visioneval.providers.local.nvml import EnergyMeter
from visioneval.providers.local.options import parse_options
from visioneval.providers.transformers import LocalProvider, check_settings, open_provider
from visioneval.store import find_runs, read_run
from visioneval.types import ModelCard, Reply, Request, Settings

LONG = "How many people are there in the image, counting the green ones and the red ones twice?"
QUESTIONS = ("What is in the image?", LONG, "Which color?", "How many?")
CPU: dict[str, str | int | float | bool] = {"device": "cpu", "dtype": "float32"}


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Several threads a model only get into each other's way here."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("checkpoints")
    return {family: save(family, folder / family) for family in (*FAMILIES, "llava")}


def a_card(folder: Path, **options: str | int | float | bool) -> ModelCard:
    return ModelCard(name=folder.name, provider="transformers", model_id=str(folder), options={**CPU, **options})


def micro(**options: str | int | float | bool) -> ModelCard:
    card = find_card("micro-paligemma", load_cards())
    return ModelCard(
        **{**{f: getattr(card, f) for f in card.__struct_fields__}, "options": {**card.options, **options}}
    )


def an_engine(card: ModelCard) -> TransformersEngine:
    return TransformersEngine(load(card))


def texts(engine: TransformersEngine, requests: Sequence[Request]) -> list[str]:
    return [reply.text for reply in engine.generate(engine.prepare(requests))]


def ask_all(provider: LocalProvider, requests: Sequence[Request]) -> list[Reply]:
    async def main() -> list[Reply]:
        replies = await asyncio.gather(*map(provider.generate, requests))
        await provider.close()
        return list(replies)

    return asyncio.run(main())


@pytest.mark.parametrize(("family", "layout"), [*product(FAMILIES, ("saved", "hub")), ("llava", "saved")])
def test_a_batched_answer_is_the_one_that_the_prompt_gets_alone(
    family: str, layout: str, checkpoints: dict[str, Path], tmp_path: Path
) -> None:
    folder = checkpoints[family] if layout == "saved" else as_on_the_hub(save(family, tmp_path / family))
    engine = an_engine(a_card(folder))
    requests = [a_request(number, QUESTIONS[number % 4], tokens=12) for number in range(6)]
    alone = [texts(engine, [request])[0] for request in requests]
    assert len(set(alone)) > 2, "the checkpoint always says the same, so nothing is tested"
    assert texts(engine, requests) == alone


def test_gemma_4_answers_in_a_batch_what_it_answers_alone(tmp_path: Path) -> None:
    model, processor = make("gemma4")
    card = a_card(tmp_path, prompt="chat", max_soft_tokens=70)
    engine = TransformersEngine(Loaded(card, parse_options(card), model, processor, {}))
    sizes = ((200, 100), (90, 300), (640, 480))
    requests = [
        a_request(number, QUESTIONS[number], image=picture(COLOURS[number], sizes[number]), tokens=12)
        for number in range(3)
    ]
    alone = engine.generate(engine.prepare(requests[:1])) + engine.generate(engine.prepare(requests[1:2]))
    alone += engine.generate(engine.prepare(requests[2:]))
    together = engine.generate(engine.prepare(requests))
    assert [reply.text for reply in together] == [reply.text for reply in alone]
    assert len({reply.usage.image_tokens for reply in together}) == 3  # pictures keep their proportions


def test_gemma_4_loads_from_its_files(tmp_path: Path) -> None:
    pytest.importorskip("torchvision", reason="Transformers loads the processor of Gemma 4 with torchvision only")
    engine = an_engine(a_card(save("gemma4", tmp_path / "gemma4"), max_soft_tokens=70))
    assert texts(engine, [a_request(0)])[0]


@pytest.mark.skipif(importlib.util.find_spec("torchvision") is not None, reason="torchvision is installed")
def test_gemma_4_without_torchvision_is_one_line(tmp_path: Path) -> None:
    model, processor = make("gemma4")
    model.save_pretrained(tmp_path)
    processor.save_pretrained(tmp_path)
    file = tmp_path / "processor_config.json"
    file.write_text(file.read_text().replace(type(processor).__name__, "Gemma4Processor"))
    with pytest.raises(ModelError, match="needs torchvision, which is not installed; pip install torchvision"):
        load(a_card(tmp_path))


@pytest.mark.parametrize("family", FAMILIES)
def test_each_family_takes_its_prompt_and_attention_from_its_card(
    family: str, checkpoints: dict[str, Path]
) -> None:
    loaded = load(a_card(checkpoints[family]))
    prompt = {"gemma3": "chat"}.get(family, "answer en {question}")
    assert loaded.options.prompt == prompt
    assert loaded.facts["attention"] == {"paligemma2": "eager/sdpa"}.get(family, "sdpa")


def test_tokens_are_counted_exactly(checkpoints: dict[str, Path]) -> None:
    engine = an_engine(a_card(checkpoints["paligemma"]))
    short, long_ = engine.generate(engine.prepare([a_request(0, "How?"), a_request(1, LONG)]))
    tokenizer = engine._processor.tokenizer
    for reply, question in ((short, "How?"), (long_, LONG)):
        words = len(tokenizer(f"answer en {question}\n", add_special_tokens=False)["input_ids"])
        assert reply.usage.image_tokens == 4
        assert reply.usage.input_tokens == 4 + 1 + words  # the picture, <bos>, the words
    assert short.usage.output_tokens is not None
    assert 1 <= short.usage.output_tokens <= 8


def test_pan_and_scan_looks_at_more_of_a_wide_picture(checkpoints: dict[str, Path]) -> None:
    wide = a_request(0, "What?", image=picture("red", (900, 300)))
    plain, scanned = (an_engine(a_card(checkpoints["gemma3"], pan_and_scan=scan)) for scan in (False, True))
    (once,), (often,) = (engine.generate(engine.prepare([wide])) for engine in (plain, scanned))
    assert once.usage.image_tokens == 4
    assert often.usage.image_tokens is not None
    assert often.usage.image_tokens > 4


def test_the_micro_model_sees_colours() -> None:
    engine = an_engine(micro())
    requests = [a_request(number) for number in range(6)]
    replies = engine.generate(engine.prepare(requests))
    assert [reply.text for reply in replies] == list(COLOURS)
    for reply in replies:
        assert reply.stop == "stop"
        assert reply.usage.output_tokens in (2, 3)  # a word in one token or two, and <eos>
        assert reply.timing.busy_s is not None
        assert reply.timing.service_s == reply.timing.busy_s
    assert engine.generate(engine.prepare([a_request(0, tokens=1)]))[0].stop == "length"


def test_without_its_picture_a_model_is_shown_a_grey_one() -> None:
    engine = an_engine(micro())
    blind = [Request(**{**{f: getattr(r, f) for f in r.__struct_fields__}, "image": None}) for r in [a_request(0)]]
    (reply,) = engine.generate(engine.prepare(blind))
    assert reply.notes["blind"] == "grey picture"


def test_calls_at_once_are_answered_in_batches_and_single_mode_one_by_one() -> None:
    requests = [a_request(number) for number in range(24)]
    batched, single = (ask_all(a_provider(micro(latency_mode=mode)), requests) for mode in ("amortised", "single"))
    assert [reply.text for reply in batched] == [reply.text for reply in single]
    assert {reply.notes["batch_size"] for reply in single} == {1}
    assert max(int(reply.notes["batch_size"]) for reply in batched) == 8
    for reply in single:
        assert reply.timing.service_s is not None
        assert reply.timing.busy_s is not None
        assert reply.timing.service_s > reply.timing.busy_s  # the picture's decoding is part of the latency


def a_provider(card: ModelCard) -> LocalProvider:
    provider = open_provider(card, ())
    assert isinstance(provider, LocalProvider)
    return provider


def test_memory_that_runs_out_midway_costs_no_answer_and_is_given_back() -> None:
    """In the last layer of the fourth pass through the model, where a cache and much else is alive."""
    provider = a_provider(micro(batch_size=16))
    engine: Any = provider._answerer._engine
    passes: Counter[int] = Counter()
    held: list[weakref.ref[Any]] = []

    def scarce(layer: Any, inputs: tuple[Any, ...]) -> None:
        (states,) = inputs
        passes[len(states)] += 1
        if len(states) > 5 and passes[len(states)] % 4 == 0:
            held.append(weakref.ref(states))
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

    release = engine.release
    alive: list[bool] = []

    def released() -> None:
        release()
        alive.extend(tensor() is not None for tensor in held)

    engine.release = released
    engine._model.model.language_model.norm.register_forward_pre_hook(scarce)
    requests = [a_request(number, tokens=8) for number in range(67)]
    replies = ask_all(provider, requests)
    assert [reply.text for reply in replies] == [COLOURS[number % 6] for number in range(67)]
    assert held
    assert alive
    assert not any(alive), "a failed batch's tensors outlived it, so that half of it may not fit either"


def test_a_lost_device_ends_the_run() -> None:
    engine = an_engine(micro())

    def lost(*_: Any) -> None:
        raise torch.AcceleratorError("CUDA error: an illegal memory access was encountered")

    engine._model.register_forward_pre_hook(lost)
    with pytest.raises(FatalError, match="the GPU failed"):
        engine.generate(engine.prepare([a_request(0)]))


def test_a_device_that_is_lost_while_a_batch_is_prepared_ends_the_run_too() -> None:
    engine = an_engine(micro())

    def lost(*_: Any) -> None:
        raise torch.AcceleratorError("CUDA error: an illegal memory access was encountered")

    engine._placed = lost  # type: ignore[assignment, method-assign]
    with pytest.raises(FatalError, match="the GPU failed"):
        engine.prepare([a_request(0)])


def test_everything_on_the_device_happens_in_one_thread() -> None:
    """CUDA's libraries keep what they have warmed up a thread."""
    provider = a_provider(micro(batch_size=4))
    engine: Any = provider._answerer._engine
    threads: set[int] = set()
    engine._model.register_forward_pre_hook(lambda *_: threads.add(threading.get_ident()))
    engine.generate(engine.prepare([a_request(0)]))  # as a warm-up does, from the thread that loads
    ask_all(provider, [a_request(number) for number in range(24)])
    assert len(threads) == 1
    assert threading.get_ident() not in threads


@pytest.mark.parametrize("weight", [float("nan"), float("inf")])
def test_scores_that_are_not_numbers_are_an_error_and_no_answer(weight: float) -> None:
    engine = an_engine(micro())
    with torch.no_grad():
        engine._model.model.language_model.norm.weight.fill_(weight)
    with pytest.raises(PromptError, match="scores are not numbers"):
        engine.generate(engine.prepare([a_request(0)]))


def test_pixels_go_to_the_device_as_bytes_and_become_the_processors_numbers(
    checkpoints: dict[str, Path],
) -> None:
    for family in FAMILIES:
        engine = an_engine(a_card(checkpoints[family]))
        request = a_request(0, image=picture("red", (90, 60)))
        (pixels,) = (tensor for name, tensor in engine.prepare([request]).tensors.items() if "pixel" in name)
        assert pixels.dtype == torch.uint8
        processor = AutoProcessor.from_pretrained(checkpoints[family])
        assert request.image is not None
        expected = processor.image_processor(
            [Image.open(io.BytesIO(request.image.content)).convert("RGB")], return_tensors="pt"
        )["pixel_values"]
        assert torch.equal(engine._moved({"pixel_values": pixels})["pixel_values"], expected)


def test_the_time_to_the_first_token_is_the_prefills_alone() -> None:
    engine = an_engine(micro())
    pauses = iter([0.05, 0.2])

    def slow(*_: Any) -> None:
        time.sleep(next(pauses, 0.0))

    engine._model.register_forward_pre_hook(slow)
    (reply,) = engine.generate(engine.prepare([a_request(0)]))
    assert reply.timing.first_token_s is not None
    assert reply.timing.busy_s is not None
    assert reply.timing.first_token_s >= 0.05
    assert reply.timing.busy_s >= reply.timing.first_token_s + 0.2


@pytest.mark.parametrize("setting", [{"effort": "low"}, {"temperature": 0.7}, {"detail": "low"}])
def test_a_setting_that_cannot_be_honoured_is_refused(setting: dict[str, Any]) -> None:
    card = find_card("micro-paligemma", load_cards())
    with pytest.raises(ModelError, match=f"takes no --{next(iter(setting))}; leave it out"):
        check_settings(card, Settings(**setting))
    check_settings(card, Settings(temperature=0.0))


@pytest.mark.parametrize(
    "message",
    [
        "CUDA out of memory. Tried to allocate 2.00 GiB.",
        "CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported at some other API call",
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
        "cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED",
        f"while running {'a kernel ' * 40}: CUDA driver error: out of memory",
        "[enforce fail at alloc_cpu.cpp:124] err == 0. DefaultCPUAllocator: can't allocate memory: you tried",
    ],
)
def test_out_of_memory_is_told_from_other_errors(message: str) -> None:
    engine = an_engine(micro())
    with pytest.raises(OutOfMemory), engine.device.errors("m"):
        raise RuntimeError(message)


def test_a_torch_without_code_for_the_gpu_is_told_apart() -> None:
    engine = an_engine(micro())
    with pytest.raises(FatalError, match="this torch has no code for the GPU"), engine.device.errors("m"):
        raise torch.AcceleratorError("CUDA error: no kernel image is available for execution on the device")


def test_an_older_torch_tells_an_error_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """`AcceleratorError` came with 2.8."""
    engine = an_engine(micro())
    monkeypatch.delattr(torch, "AcceleratorError")
    with pytest.raises(PromptError, match="RuntimeError: odd"), engine.device.errors("m"):
        raise RuntimeError("odd")


def test_float32_is_float32_in_the_convolution_of_a_picture_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unlike products of matrices, convolutions on a GPU use TF32 unless told otherwise."""
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    an_engine(micro())
    assert not torch.backends.cudnn.allow_tf32


def test_a_static_cache_that_a_checkpoint_asks_for_is_not_used(tmp_path: Path) -> None:
    """On a GPU Transformers would compile the model anew for each shape of batch."""
    model, processor = make("gemma3")
    model.generation_config.cache_implementation = "static"
    for part in (model, processor):
        part.save_pretrained(tmp_path)
    engine = an_engine(a_card(tmp_path))
    caches: set[str] = set()
    engine._model.model.language_model.register_forward_pre_hook(
        lambda _, __, arguments: caches.add(type(arguments["past_key_values"]).__name__), with_kwargs=True
    )
    engine.generate(engine.prepare([a_request(0)]))
    assert caches == {"DynamicCache"}


def test_energy_is_only_counted_where_a_driver_counts_it() -> None:
    assert EnergyMeter(()).joules() is None
    pytest.importorskip("pynvml")
    assert EnergyMeter(["00000000-0000-0000-0000-000000000000"]).joules() is None  # no such GPU anywhere


def test_the_micro_model_runs_from_the_command_line(visioneval: CommandLine, tmp_path: Path) -> None:
    one = {"OMP_NUM_THREADS": "1"}
    ended = visioneval("run", "--model", "micro-paligemma", "--gpu-usd-per-hour", "2.5", env=one)
    assert ended.returncode == 0, ended.stderr
    said = " ".join(ended.stdout.split())
    assert "times are shares of a batch's (up to 8 prompts)" in said
    assert "cost computed from busy seconds at $2.5 an hour, not billed" in said
    (folder,) = find_runs(tmp_path / "results")
    stored = read_run(folder)
    outcomes = [graded.verdict.outcome for graded in stored.graded()]
    assert outcomes.count("pass") > 12
    assert outcomes.count("fail") > 2
    summary = summarise(stored.run, stored.graded())
    assert summary.cost is not None
    assert summary.cost.basis == "gpu"
    assert summary.cost.spent_usd is not None
    busy = sum(record.reply.timing.busy_s or 0 for record in stored.records if record.reply)
    assert float(summary.cost.spent_usd) == pytest.approx(2.5 * busy / 3600, rel=1e-4)
    assert stored.run.card.gpu_usd_per_hour == Decimal("2.5")
    again = visioneval("run", "--model", "micro-paligemma", "--latency-mode", "single", "--shard", "1/6", env=one)
    assert "timed one prompt at a time" in " ".join(again.stdout.split())
    third = visioneval("run", "--model", "micro-paligemma", "--gpu-usd-per-hour", "2.5", "--shard", "1/6", env=one)
    assert "not measured" not in third.stdout  # the times are what a local model is asked again for
    loaded = stored.run.loaded
    assert loaded.keys() >= {"load_s", "warm_up_s", "weights_sha256", "dtype", "attention", "device", "batch_size"}

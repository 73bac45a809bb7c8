"""One batch through a Transformers model: pictures and questions in, replies with exact counts and times out."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from msgspec import Struct
from PIL import Image

from visioneval.errors import PromptError
from visioneval.providers.local.device import Device
from visioneval.providers.local.load import Fact, Loaded
from visioneval.providers.local.options import CHAT
from visioneval.providers.local.pictures import PIXELS, Pictures
from visioneval.types import Reply, Request, Timing, Usage

WORD_TOKENS, CHAT_TOKENS = 64, 512
"""Longest reply where nothing else says: PaliGemma answers in a word, a chat model explains."""
GREY = Image.new("RGB", (448, 448), (128, 128, 128))
NOT_NUMBERS = (
    "the model's scores are not numbers (NaN): its weights are broken or overflow; try --set dtype=bfloat16 or "
    "float32, without quantization"
)
DROPPED_DEFAULTS = ("temperature", "top_k", "top_p", "min_p", "cache_implementation")
"""What a checkpoint may ask for in vain: greedy decoding warns of how to sample, and with a static cache
Transformers compiles the model on a GPU, anew for each shape of batch."""


class Batch(Struct, frozen=True):
    """Requests as tensors on the CPU: input_ids and attention_mask are (batch, tokens), padded on the left."""

    requests: tuple[Request, ...]
    tensors: dict[str, Any]
    prepare_s: float


class Answered(Struct, frozen=True):
    """What the device made of a batch."""

    new_tokens: list[list[int]]
    batch_s: float
    first_token_s: float
    notes: dict[str, Fact]


class TransformersEngine:
    """Answers batches by greedy decoding: in the same precision, batched or alone, by the same rule.

    In float32 a batched answer is the one that the prompt gets alone. In bfloat16 other kernels serve another
    batch size, so that a near tie between two tokens may fall the other way.

    Everything that touches the device runs in one thread: CUDA's libraries keep handles, workspaces and plans
    a thread, so that a warm-up elsewhere would be none.
    """

    def __init__(self, loaded: Loaded) -> None:
        import torch

        self._torch, self._name = torch, loaded.card.name
        self._model, self._processor, self._options = loaded.model, loaded.processor, loaded.options
        self._pictures = self._processor.image_processor = Pictures(self._processor.image_processor)
        self.device = Device(self._model)
        self._device_thread = ThreadPoolExecutor(1, "device")
        self._template = self._options.prompt or (CHAT if self._processor.chat_template else "{question}")
        generation = self._model.generation_config
        ends = generation.eos_token_id
        self._end_tokens = frozenset(ends if isinstance(ends, list) else [ends])
        for name in DROPPED_DEFAULTS:
            setattr(generation, name, None)

    def prepare(self, requests: Sequence[Request]) -> Batch:
        """Decode, scale and tokenise. Raises PromptError when a picture cannot be decoded."""
        started = time.perf_counter()
        with self.device.errors(self._name):  # pinned memory is the device's too
            pictures = self._pictures.decode([request.image for request in requests])
            questions = [request.question for request in requests]
            chat = self._template == CHAT
            inputs = self._chat_inputs(questions, pictures) if chat else self._plain_inputs(questions, pictures)
            tensors = {name: self._placed(tensor) for name, tensor in inputs.items() if name != "labels"}
        return Batch(tuple(requests), tensors, time.perf_counter() - started)

    def generate(self, prepared: Batch) -> list[Reply]:
        """Answer a batch. Raises OutOfMemory, and FatalError when the device itself has failed."""
        answered = self._device_thread.submit(self._answer, prepared).result()
        timing = self._timing(prepared, answered.batch_s, answered.first_token_s)
        return [
            self._reply(tokens, usage, timing, answered.notes)
            for tokens, usage in zip(answered.new_tokens, self._input_usage(prepared), strict=True)
        ]

    def _answer(self, prepared: Batch) -> Answered:
        first_token = _FirstToken(self.device.synchronise)
        settings = prepared.requests[0].settings
        self.device.begin()
        joules = self.device.joules()
        started = time.perf_counter()
        with self.device.errors(self._name), self._torch.inference_mode():
            sequences = self._model.generate(
                **self._moved(prepared.tensors),
                max_new_tokens=settings.max_output_tokens or self.default_tokens,
                do_sample=False,
                num_beams=1,
                logits_processor=[first_token],
            )
            self.device.synchronise()
            batch_s = time.perf_counter() - started
            new_tokens = sequences[:, prepared.tensors["input_ids"].shape[1] :].tolist()
        notes = {
            "batch_size": len(prepared.requests),
            "batch_s": round(batch_s, 6),
            **self._measured(joules, prepared),
        }
        return Answered(new_tokens, batch_s, first_token.at - started, notes)

    def release(self) -> None:
        """Give the allocator's memory back to the device."""
        self.device.release()

    def unload(self) -> None:
        """Let go of the model, so that the next one to be loaded finds the memory free."""
        self._pictures.close()
        self._device_thread.shutdown()
        del self._model, self._processor, self._pictures

    @property
    def template(self) -> str:
        """The words that are sent, with `{question}` for the question, or `chat`."""
        return self._template

    @property
    def default_tokens(self) -> int:
        """The longest reply where no setting limits it."""
        return CHAT_TOKENS if self._template == CHAT else WORD_TOKENS

    def _plain_inputs(self, questions: Sequence[str], pictures: Sequence[Image.Image | None]) -> dict[str, Any]:
        """A processor without a chat template cannot go without a picture: a blind question gets a grey one."""
        texts = [
            str(self._processor.image_token) + self._template.replace("{question}", question)
            for question in questions
        ]
        shown = [GREY if picture is None else picture for picture in pictures]
        return dict(self._processor(images=shown, text=texts, padding="longest", return_tensors="pt"))

    def _chat_inputs(self, questions: Sequence[str], pictures: Sequence[Image.Image | None]) -> dict[str, Any]:
        conversations = [_conversation(*turn) for turn in zip(questions, pictures, strict=True)]
        extra: dict[str, Any] = {"do_pan_and_scan": True} if self._options.pan_and_scan else {}
        if self._options.max_soft_tokens:
            extra["max_soft_tokens"] = self._options.max_soft_tokens
        return dict(
            self._processor.apply_chat_template(
                conversations,
                add_generation_prompt=True,
                tokenize=True,
                return_dict=True,
                return_tensors="pt",
                processor_kwargs={"padding": True, **extra},
            )
        )

    def _placed(self, tensor: Any) -> Any:
        """In the model's precision, and where the GPU can fetch it while it works."""
        if not self._torch.is_tensor(tensor):
            return tensor
        tensor = tensor.to(self._model.dtype) if tensor.is_floating_point() else tensor
        return tensor.pin_memory() if self.device.on_gpu else tensor

    def _moved(self, tensors: dict[str, Any]) -> dict[str, Any]:
        device = self._model.device
        moved = {
            name: tensor.to(device, non_blocking=True) if self._torch.is_tensor(tensor) else tensor
            for name, tensor in tensors.items()
        }
        if PIXELS in moved:
            moved[PIXELS] = self._pictures.numbers(moved[PIXELS], self._model.dtype)
        return moved

    def _input_usage(self, prepared: Batch) -> list[Usage]:
        ids, mask = prepared.tensors["input_ids"], prepared.tensors["attention_mask"]
        image_token = getattr(self._model.config, "image_token_id", None)  # few families have none
        images = [None] * len(ids) if image_token is None else (ids == image_token).sum(1).tolist()
        return [
            Usage(input_tokens=tokens, image_tokens=image)
            for tokens, image in zip(mask.sum(1).tolist(), images, strict=True)
        ]

    def _timing(self, prepared: Batch, batch_s: float, first_token_s: float) -> Timing:
        """Of each answer: its share of the batch's time, or alone, all from the picture's bytes to the reply."""
        share_s = batch_s / len(prepared.requests)
        if self._options.latency_mode == "single":
            alone_s = prepared.prepare_s
            return Timing(service_s=alone_s + batch_s, first_token_s=alone_s + first_token_s, busy_s=share_s)
        return Timing(service_s=share_s, first_token_s=first_token_s, busy_s=share_s)

    def _reply(self, tokens: list[int], usage: Usage, timing: Timing, notes: dict[str, Fact]) -> Reply:
        end = next((i for i, token in enumerate(tokens) if token in self._end_tokens), None)
        count = len(tokens) if end is None else end + 1
        return Reply(
            text=self._processor.decode(tokens[:count], skip_special_tokens=True).strip(),
            stop="length" if end is None else "stop",
            usage=Usage(input_tokens=usage.input_tokens, image_tokens=usage.image_tokens, output_tokens=count),
            timing=timing,
            model_returned=str(self._options.revision or "") or None,
            notes=notes,
        )

    def _measured(self, joules_before: float | None, prepared: Batch) -> dict[str, Fact]:
        notes: dict[str, Fact] = {"peak_gpu_bytes": self.device.peak_bytes()} if self.device.on_gpu else {}
        joules = self.device.joules()
        if joules is not None and joules_before is not None:
            notes["energy_j"] = round((joules - joules_before) / len(prepared.requests), 3)
        if self._template != CHAT and prepared.requests[0].image is None:
            notes["blind"] = "grey picture"
        return notes


class _FirstToken:
    """A logits processor that notes when the first token's scores are there, at any batch size.

    Raises PromptError when they are not numbers: the answer would be empty, and count as the model's.
    """

    def __init__(self, synchronise: Any) -> None:
        self._synchronise = synchronise
        self.at = 0.0

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        if not self.at:
            self._synchronise()
            self.at = time.perf_counter()
            if scores.isnan().any():
                raise PromptError("other", NOT_NUMBERS)
        return scores


def _conversation(question: str, picture: Image.Image | None) -> list[dict[str, Any]]:
    content: list[dict[str, Any]] = [] if picture is None else [{"type": "image", "image": picture}]
    return [{"role": "user", "content": [*content, {"type": "text", "text": question}]}]

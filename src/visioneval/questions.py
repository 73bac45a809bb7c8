"""What is asked: the identity of a request, the examples shown before it, and its picture, encoded once."""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import msgspec

from visioneval.answers import answer_type, key_text, options_of
from visioneval.errors import SuiteError
from visioneval.images import encode_image, image_as_it_is
from visioneval.plurals import count
from visioneval.suite import image_path
from visioneval.types import EncodedImage, Example, Prompt, Request, Run, Settings, Suite

IMAGE_CACHE_BYTES = 32_000_000


class Shots:
    """The solved prompts that are shown before a question (`--few-shot N`): for every question the same, save
    that a prompt never sees its own answer. One more than N stand ready, so that each gets N."""

    def __init__(self, pool: tuple[Prompt, ...] = (), number: int = 0) -> None:
        self._pool, self._number = pool, number

    @classmethod
    def choose(cls, suite: Suite, number: int) -> Shots:
        """Choose from a suite by hash: neither the order of the files nor chance has a part in it."""
        if number >= len(suite.prompts):
            raise SuiteError(f"--few-shot {number} needs a suite of more than {count(number, 'prompt')}")

        def lot(prompt: Prompt) -> str:
            return hashlib.sha256(f"few-shot:{prompt.id}".encode()).hexdigest()

        return cls(tuple(sorted(suite.prompts, key=lot)[: number + 1]), number) if number else cls()

    def of(self, prompt: Prompt) -> tuple[Prompt, ...]:
        """Return the examples for one prompt."""
        return tuple(shot for shot in self._pool if shot.id != prompt.id)[: self._number]


class ImageCache:
    """Encodes each picture once while it is likely to be asked for again, in bounded memory."""

    def __init__(self, suite_folder: Path, longest_side_px: int | None) -> None:
        self._folder, self._longest_side_px = suite_folder, longest_side_px
        self._encoded: OrderedDict[str, EncodedImage] = OrderedDict()
        self._size_bytes = 0

    async def get(self, prompt: Prompt) -> EncodedImage:
        """Return the picture of a prompt, ready to be sent. Raises SuiteError as encode_image does."""
        if prompt.image in self._encoded:
            self._encoded.move_to_end(prompt.image)
            return self._encoded[prompt.image]
        path = image_path(self._folder, prompt)
        # A thread costs more than reading a file does; decoding and scaling cost more than a thread.
        longest_side_px, sha256 = self._longest_side_px, prompt.sha256
        image = image_as_it_is(path, longest_side_px=longest_side_px, sha256=sha256)
        if image is None:
            encode = partial(encode_image, path, longest_side_px=longest_side_px, sha256=sha256)
            image = await asyncio.to_thread(encode)
        if prompt.image not in self._encoded:
            self._encoded[prompt.image] = image
            self._size_bytes += image.sent.size_bytes
        while self._size_bytes > IMAGE_CACHE_BYTES and len(self._encoded) > 1:
            _, dropped = self._encoded.popitem(last=False)
            self._size_bytes -= dropped.sent.size_bytes
        return image


async def make_request(
    run: Run, prompt: Prompt, epoch: int, key: str, images: ImageCache, shots: Shots
) -> Request:
    """Return what a prompt is asked by, with its pictures. Raises SuiteError when one cannot be read."""
    blind = run.condition.blind
    examples = [
        Example(shot.question, key_text(shot.answer), None if blind else await images.get(shot))
        for shot in shots.of(prompt)
    ]
    return Request(
        prompt_id=prompt.id,
        question=prompt.question,
        answer_type=answer_type(prompt.answer),
        options=options_of(prompt.answer),
        image=None if blind else await images.get(prompt),
        settings=run.condition.settings,
        epoch=epoch,
        key=key,
        examples=tuple(examples),
    )


def request_key(run: Run, prompt: Prompt, epoch: int, shots: Sequence[Prompt] = ()) -> str:
    """Return the identity of a request: prompt text, picture, examples, model, settings and epoch.

    The bytes sent are a function of the picture's file and the declared longest side, so the file's hash
    stands for them and nothing need be encoded to know what is missing.
    """
    blind = run.condition.blind
    asked = {
        "question": prompt.question,
        "image": None if blind else prompt.sha256,
        "provider": run.card.provider,
        "host": run.card.base_url,
        "model": run.card.model_id or run.card.name,
        "options": run.card.options,
        "settings": msgspec.to_builtins(_sent_settings(run.condition.settings)),
        "epoch": epoch,
    }
    if shots:
        asked["shots"] = [(shot.question, key_text(shot.answer), None if blind else shot.sha256) for shot in shots]
    return hashlib.sha256(msgspec.json.encode(asked, order="deterministic")).hexdigest()[:32]


def _sent_settings(settings: Settings) -> Settings:
    """Leave out how a request is carried: streamed or not, in a batch or alone, its body is the same."""
    tier = None if settings.batched else settings.service_tier
    return msgspec.structs.replace(settings, stream=False, service_tier=tier)

"""The embedded default: real OCR (RapidOCR, whose weights are in its wheel) and plain rules; no network.

It is a baseline, not a vision-language model: it can read, and it cannot see.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from visioneval.errors import ModelError, PromptError
from visioneval.providers.base import refuse_settings
from visioneval.providers.ocr_rules import Line, pick
from visioneval.types import ModelCard, Prompt, Reply, Request, Settings, Timing

NO_ANSWER = "No text of the type asked for was found."
NO_IMAGE = "There is no image."


class OcrBaseline:
    """Reads the text in a picture and picks from it; one OCR engine a thread, each on one core."""

    def __init__(self, name: str, make_engine: Any) -> None:
        self.name = name
        self.concurrency = max(1, os.cpu_count() or 1)
        self._make_engine = make_engine
        self._engines = threading.local()
        self._threads = ThreadPoolExecutor(self.concurrency, "ocr", initializer=self._start_engine)

    async def generate(self, request: Request) -> Reply:
        """Answer from the text in the picture; the same picture always gives the same reply."""
        if request.image is None:
            return Reply(NO_IMAGE, timing=Timing(service_s=0.0))
        loop = asyncio.get_running_loop()
        lines, service_s = await loop.run_in_executor(self._threads, self._read, request.image.content)
        answer = pick(request.question, request.answer_type, request.options, lines)
        return Reply(answer or NO_ANSWER, timing=Timing(service_s=service_s), notes={"lines_of_text": len(lines)})

    async def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(cancel_futures=True)

    def _start_engine(self) -> None:
        self._engines.engine = self._make_engine()

    def _read(self, content: bytes) -> tuple[list[Line], float]:
        started = time.perf_counter()
        try:
            found = self._engines.engine(content)
        except Exception as error:  # the engine raises whatever OpenCV and ONNX raise
            raise PromptError("other", f"{self.name}: the OCR engine failed ({error})") from None
        return as_lines(found), time.perf_counter() - started


def as_lines(found: Any) -> list[Line]:
    """Return the lines that the engine found, each with the box around its four corners."""
    if found.txts is None or found.boxes is None:
        return []
    return [
        Line(text, *map(float, corners.min(axis=0)), *map(float, corners.max(axis=0)))
        for text, corners in zip(found.txts, found.boxes, strict=True)
    ]


def check_settings(card: ModelCard, settings: Settings) -> None:
    """Raise ModelError for a setting that a baseline cannot honour."""
    refuse_settings(card, settings, "is a baseline")


def open_provider(card: ModelCard, prompts: Sequence[Prompt]) -> OcrBaseline:
    """Return the provider; raises ModelError when the extra is not installed."""
    try:
        from rapidocr import RapidOCR
    except ImportError:
        raise ModelError(
            f"model {card.name!r} needs the extra `baseline`; pip install 'visioneval[baseline]' or give --model"
        ) from None
    one_thread = {
        "Global.log_level": "error",
        "EngineConfig.onnxruntime.intra_op_num_threads": 1,
        "EngineConfig.onnxruntime.inter_op_num_threads": 1,
    }
    return OcrBaseline(card.name, lambda: RapidOCR(params=one_thread))

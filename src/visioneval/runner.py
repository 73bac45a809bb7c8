"""Plan -> provider -> store: the only scheduler, the only place that retries, the only writer.

It knows nothing of scores. Each finished record goes to the store first and to `on_record` after.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import random
import signal
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

import msgspec
from msgspec import Struct

from visioneval.errors import FatalError, ProviderError, RetryableError, StoreError, SuiteError
from visioneval.images import encode_image
from visioneval.providers.base import Provider
from visioneval.store import Place, RunFolder
from visioneval.suite import answer_type, image_path, options_of
from visioneval.types import EncodedImage, Failure, Prompt, Record, Reply, Request, Run, Settings

SYNC_INTERVAL_S = 1.0
IMAGE_CACHE_BYTES = 64_000_000
MAX_MESSAGE = 500
OnRecord: TypeAlias = Callable[[Prompt, Record], None]


class RetryPolicy(Struct, frozen=True):
    """Exponential backoff with full jitter; a host's own Retry-After is honoured whatever its length."""

    max_attempts: int = 6
    base_s: float = 0.5
    longest_s: float = 30.0

    def pause_s(
        self, attempt: int, retry_after_s: float | None, uniform: Callable[[float, float], float]
    ) -> float:
        """Return how long to wait after failed attempt number `attempt` (from 1)."""
        if retry_after_s is not None:
            return max(0.0, retry_after_s)
        return uniform(0.0, min(self.longest_s, self.base_s * 2**attempt))


class Ending(Struct, frozen=True):
    """How a run ended: `reason` is "complete", "interrupted" or "fatal"."""

    reason: str
    message: str = ""


class Runner:
    """Asks a provider everything that a run still lacks, and stores what comes back."""

    def __init__(
        self,
        run: Run,
        prompts: tuple[Prompt, ...],
        provider: Provider,
        folder: RunFolder,
        *,
        suite_folder: Path,
        done: frozenset[Place],
        concurrency: int | None = None,
        retry: RetryPolicy | None = None,
        on_record: OnRecord = lambda prompt, record: None,
        on_pause: Callable[[float, str], None] = lambda seconds, why: None,
    ) -> None:
        self.run, self.prompts, self.provider, self.folder = run, prompts, provider, folder
        self.done, self.retry = done, retry or RetryPolicy()
        self.workers = min(provider.concurrency, concurrency or provider.concurrency)
        self.on_record, self.on_pause = on_record, on_pause
        self.images = ImageCache(suite_folder, run.condition.settings.longest_side_px)
        self.stopping = asyncio.Event()
        self.fatal: FatalError | StoreError | None = None
        self.unwritten: list[Record] = []

    async def execute(self) -> Ending:
        """Run to the end, to Ctrl-C or to an error that no other prompt would escape.

        The first Ctrl-C lets the calls in flight finish, for they are paid for; the second drops them.
        Raises StoreError when records cannot be written, after the calls in flight are in.
        """
        work = self._work()
        workers = [asyncio.create_task(self._worker(work)) for _ in range(self.workers)]
        syncing = asyncio.create_task(self._sync_in_groups())
        with self._signals(workers):
            await asyncio.gather(*workers, return_exceptions=True)
        syncing.cancel()
        self._write_again()
        for worker in workers:
            if not worker.cancelled() and (error := worker.exception()) is not None:
                raise error
        if isinstance(self.fatal, StoreError):
            raise self.fatal
        if self.fatal is not None:
            return Ending("fatal", str(self.fatal))
        return Ending("interrupted" if self.stopping.is_set() else "complete")

    def _work(self) -> Iterator[tuple[Prompt, int]]:
        for epoch in range(self.run.epochs):
            for prompt in self.prompts:
                if (prompt.id, epoch) not in self.done:
                    yield prompt, epoch

    async def _worker(self, work: Iterator[tuple[Prompt, int]]) -> None:
        while not self.stopping.is_set() and (place := next(work, None)) is not None:
            prompt, epoch = place
            try:
                record = await self._ask(prompt, epoch)
            except FatalError as error:
                self._stop(error)
                return
            if record is not None:
                self._store(prompt, record)

    def _store(self, prompt: Prompt, record: Record) -> None:
        try:
            self.folder.append(record)
        except StoreError as error:
            self.unwritten.append(record)
            self._stop(error)
        else:
            self.on_record(prompt, record)

    async def _ask(self, prompt: Prompt, epoch: int) -> Record | None:
        """Return how one prompt ended, or None when the run was stopped while it waited to try again."""
        key = request_key(self.run, prompt, epoch)
        entered = time.perf_counter()
        try:
            image = None if self.run.condition.blind else await self.images.get(prompt)
        except SuiteError as error:
            return _record(key, prompt, epoch, Failure("bad_image", str(error)))
        request = Request(
            prompt_id=prompt.id,
            question=prompt.question,
            answer_type=answer_type(prompt.answer),
            options=options_of(prompt.answer),
            image=image,
            settings=self.run.condition.settings,
            epoch=epoch,
            key=key,
        )
        queue_s, started, attempt = time.perf_counter() - entered, time.perf_counter(), 0
        while True:
            attempt += 1
            attempt_started = time.perf_counter()
            try:
                reply = await self.provider.generate(request)
            except FatalError:
                raise
            except Exception as error:  # a provider that fails on one prompt fails that prompt, not the run
                failure = _failure(error, attempt, time.perf_counter() - started)
                if not isinstance(error, RetryableError) or attempt >= self.retry.max_attempts:
                    return _record(key, prompt, epoch, failure)
                if not await self._pause(attempt, error):
                    return None
                continue
            return _record(key, prompt, epoch, _timed(reply, image, queue_s, attempt, attempt_started - started))

    async def _pause(self, attempt: int, error: RetryableError) -> bool:
        """Wait before another attempt; False when the run was stopped meanwhile."""
        seconds = self.retry.pause_s(attempt, error.retry_after_s, random.uniform)
        self.on_pause(seconds, str(error))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.stopping.wait(), seconds)
        return not self.stopping.is_set()

    def _stop(self, error: FatalError | StoreError | None = None) -> None:
        self.fatal = self.fatal or error
        self.stopping.set()

    async def _sync_in_groups(self) -> None:
        while True:
            await asyncio.sleep(SYNC_INTERVAL_S)
            try:
                await asyncio.to_thread(self.folder.sync)
            except StoreError as error:
                self._stop(error)

    def _write_again(self) -> None:
        """Give records that met a full disk a second chance, and say how many are lost if it stays full."""
        for number, record in enumerate(self.unwritten):
            try:
                self.folder.append(record)
            except StoreError as error:
                lost = len(self.unwritten) - number
                self.fatal = StoreError(f"{error}; {lost} {'reply' if lost == 1 else 'replies'} could not be kept")
                return

    @contextlib.contextmanager
    def _signals(self, workers: list[asyncio.Task[None]]) -> Iterator[None]:
        loop = asyncio.get_running_loop()

        def interrupt() -> None:
            if self.stopping.is_set():
                for worker in workers:
                    worker.cancel()
            self._stop()

        handled: list[signal.Signals] = []
        for number in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):  # Windows, other threads
                loop.add_signal_handler(number, interrupt)
                handled.append(number)
        try:
            yield
        finally:
            for number in handled:
                loop.remove_signal_handler(number)


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
        image = await asyncio.to_thread(
            encode_image, path, longest_side_px=self._longest_side_px, sha256=prompt.sha256
        )
        if prompt.image not in self._encoded:
            self._encoded[prompt.image] = image
            self._size_bytes += image.sent.size_bytes
        while self._size_bytes > IMAGE_CACHE_BYTES and len(self._encoded) > 1:
            _, dropped = self._encoded.popitem(last=False)
            self._size_bytes -= dropped.sent.size_bytes
        return image


def request_key(run: Run, prompt: Prompt, epoch: int) -> str:
    """Return the identity of a request: prompt text, picture, model, settings and epoch.

    The bytes sent are a function of the picture's file and the declared longest side, so the file's hash
    stands for them and nothing need be encoded to know what is missing.
    """
    asked = {
        "question": prompt.question,
        "image": None if run.condition.blind else prompt.sha256,
        "provider": run.card.provider,
        "host": run.card.base_url,
        "model": run.card.model_id or run.card.name,
        "options": run.card.options,
        "settings": msgspec.to_builtins(_sent_settings(run.condition.settings)),
        "epoch": epoch,
    }
    return hashlib.sha256(msgspec.json.encode(asked, order="deterministic")).hexdigest()[:32]


def _sent_settings(settings: Settings) -> Settings:
    return msgspec.structs.replace(settings, stream=False)


def _timed(reply: Reply, image: EncodedImage | None, queue_s: float, attempts: int, retry_s: float) -> Reply:
    timing = msgspec.structs.replace(reply.timing, queue_s=queue_s, attempts=attempts, retry_s=retry_s)
    return msgspec.structs.replace(reply, timing=timing, sent=reply.sent or (image.sent if image else None))


def _failure(error: Exception, attempts: int, retry_s: float) -> Failure:
    if isinstance(error, ProviderError):
        return Failure(error.kind, str(error)[:MAX_MESSAGE], attempts, retry_s, error.billed)
    return Failure("other", f"{type(error).__name__}: {error}"[:MAX_MESSAGE], attempts, retry_s)


def _record(key: str, prompt: Prompt, epoch: int, end: Reply | Failure) -> Record:
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    if isinstance(end, Reply):
        return Record(key, prompt.id, epoch, at, reply=end)
    return Record(key, prompt.id, epoch, at, failure=end)

"""One model actor a GPU on a Ray cluster, behind the same protocol as one model on this machine.

The runner and the journal stay here. A batch whose actor or node dies is given to another actor; the dead
one is restarted meanwhile. Only one reply comes back for each request, so nothing is written twice.
"""

from __future__ import annotations

import asyncio
import os
import socket
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from visioneval.errors import FatalError, ModelError, ProviderError
from visioneval.providers.local.lanes import Answer, AnswerBatch, Lanes
from visioneval.providers.local.load import Fact
from visioneval.providers.local.options import LocalOptions, parse_options
from visioneval.types import ModelCard, Reply, Request

LANES_PER_ACTOR = 2
"""One batch on the device, one being prepared."""
RESTARTS = 10
PATIENCE_S, PAUSE_S = 900.0, 1.0
"""How long a batch waits while no actor can be reached: time enough to load a large model again."""
CONNECT_TIMEOUT_S = 10.0
SCHEDULE_TIMEOUT_S = 120.0
"""How long actors may wait for their places: a node takes seconds to start a process, a full cluster for ever."""
RELEASE_TIMEOUT_S = 10.0
"""How long the cluster may take to count as free what a model before this one has left."""
GPU_LOST = 70
"""Exit code of an actor whose GPU no longer works: Ray starts another in its stead."""
KEPT_PICTURES = 256
EXTRA = "pip install 'visioneval[local,ray]'"


class Description(Struct, frozen=True):
    """What an actor loaded."""

    card: ModelCard
    facts: dict[str, Fact]
    batch_size: int


class ModelActor:
    """What runs on each GPU of the cluster: the same model as on one machine, loaded when first needed."""

    def __init__(self, card: ModelCard, *, on_gpu: bool) -> None:
        self._card, self._on_gpu = card, on_gpu
        self._loading = threading.Lock()
        self._local: Any = None

    def process_id(self) -> int:
        """Return the process that the actor lives in."""
        return os.getpid()

    def describe(self) -> Description:
        """Load the model, and say what was loaded. Raises ModelError."""
        local = self._model()
        return Description(local.card, local.facts, local.answerer.largest_batch)

    def answer(self, requests: Sequence[Request], pictures: Sequence[Any]) -> list[Answer]:
        """Answer a batch; its pictures come as references, and are fetched once a node."""
        import ray

        images = ray.get(list(pictures))
        whole = [replace(request, image=image) for request, image in zip(requests, images, strict=True)]
        answers: list[Answer] = self._model().answerer.answer(whole)
        if any(isinstance(answer, FatalError) for answer in answers):
            os._exit(GPU_LOST)  # in this process no later call can go through; its batch goes to another
        return answers

    def _model(self) -> Any:
        with self._loading:
            if self._local is None:
                import torch

                from visioneval.providers.local.start import start

                if not self._on_gpu:
                    torch.set_num_threads(1)  # one actor a core
                self._local = start(self._card)
            return self._local


class RayProvider:
    """Model actors of a cluster behind the provider protocol."""

    def __init__(self, described: Description, actors: Sequence[Any]) -> None:
        self.name, self.card, self.facts = described.card.name, described.card, described.facts
        self.actors = list(actors)
        self._pictures: OrderedDict[str, Any] = OrderedDict()
        single = parse_options(self.card).latency_mode == "single"
        lanes = len(actors) * (1 if single else LANES_PER_ACTOR)
        self._lanes = Lanes([self._lane(index) for index in range(lanes)], lambda: described.batch_size)
        self.concurrency = lanes if single else (lanes + 1) * described.batch_size

    async def generate(self, request: Request) -> Reply:
        """Answer on whichever actor is free. Raises PromptError and FatalError."""
        return await self._lanes.answer(request)

    async def close(self) -> None:
        """End the actors, and leave the cluster as it was."""
        import ray

        await self._lanes.close()
        for actor in self.actors:
            ray.kill(actor, no_restart=True)
        ray.shutdown()

    def _lane(self, index: int) -> AnswerBatch:
        async def answer_batch(requests: Sequence[Request]) -> list[Answer]:
            return await self._ask(index, requests)

        return answer_batch

    async def _ask(self, lane: int, requests: Sequence[Request]) -> list[Answer]:
        """Ask the lane's own actor, and the others in turn while it is gone. Raises FatalError."""
        import ray

        pictures = [self._picture(request) for request in requests]
        bare = [replace(request, image=None) for request in requests]
        for attempt in range(round(PATIENCE_S / PAUSE_S)):
            actor = self.actors[(lane + attempt) % len(self.actors)]
            try:
                answers: list[Answer] = await actor.answer.remote(bare, pictures)
                return answers
            except ray.exceptions.RayTaskError as error:
                if not isinstance(error.cause, ModelError):  # all loaded once: a GPU did not come back
                    raise _as_provider_error(self.name, error) from None
            except ray.exceptions.RayError:
                pass  # the actor or its node is gone, or is coming back
            await asyncio.sleep(PAUSE_S)
        raise FatalError(
            "connection", f"{self.name}: no model actor of the Ray cluster answers; resume when it is up"
        )

    def _picture(self, request: Request) -> Any:
        """Return a reference: a picture's bytes go into the cluster once, however often it is asked about."""
        import ray

        key = "" if request.image is None else request.image.sent.sha256
        if key not in self._pictures:
            self._pictures[key] = ray.put(request.image)
        self._pictures.move_to_end(key)
        reference = self._pictures[key]
        if len(self._pictures) > KEPT_PICTURES:
            self._pictures.popitem(last=False)
        return reference


def open_ray_provider(card: ModelCard) -> RayProvider:
    """Start one actor a GPU, or a CPU with `--device cpu`. Raises ModelError, one line."""
    try:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        import ray
    except ImportError:
        raise ModelError(f"model {card.name!r}: --ray needs the extra `ray`; {EXTRA}") from None
    options = parse_options(card)
    if options.device == "split" or ":" in options.device:
        raise ModelError(
            f"model {card.name!r}: --ray gives each model a GPU of its own; leave out --device {options.device}"
        )
    _connect(ray, options.ray)
    try:
        return _start_actors(ray, card, options)
    except BaseException:
        ray.shutdown()  # the next model of the same command connects anew
        raise


def _start_actors(ray: Any, card: ModelCard, options: LocalOptions) -> RayProvider:
    on_gpu = options.device != "cpu" and ray.cluster_resources().get("GPU", 0) >= 1
    count = _actor_count(ray, card.name, options, on_gpu)
    resources = {"num_gpus": 1, "num_cpus": 1} if on_gpu else {"num_gpus": 0, "num_cpus": 1}
    if on_gpu:  # each actor sees one GPU, by whatever number
        card = replace(card, options={**card.options, "device": "cuda"})
    actor_class = ray.remote(**resources, max_restarts=RESTARTS, max_concurrency=LANES_PER_ACTOR)(ModelActor)
    actors = [actor_class.options(scheduling_strategy="SPREAD").remote(card, on_gpu=on_gpu) for _ in range(count)]
    try:
        ray.get([actor.process_id.remote() for actor in actors], timeout=SCHEDULE_TIMEOUT_S)
        described = ray.get([actor.describe.remote() for actor in actors])
    except ray.exceptions.GetTimeoutError:
        raise ModelError(
            f"model {card.name!r}: the Ray cluster has no room for {count} actors of one "
            f"{'GPU and one CPU' if on_gpu else 'CPU'} each; wait for others to end, or say --set actors=1"
        ) from None
    except ray.exceptions.RayError as error:
        cause = getattr(error, "cause", None)
        if isinstance(cause, ModelError):
            raise cause from None
        raise ModelError(
            f"model {card.name!r}: an actor did not start ({' '.join(str(error).split())[:300]})"
        ) from None
    return RayProvider(_agreed(described), actors)


def _connect(ray: Any, address: str) -> None:
    try:
        _check_listening(address)
        ray.init(address=None if address == "auto" else address, log_to_driver=False, logging_level="error")
    except (OSError, RuntimeError, ValueError) as error:
        text = " ".join(str(error).split())[:200]
        raise ModelError(
            f"there is no Ray cluster at {address} ({text}); start one with `ray start --head`"
        ) from None


def _check_listening(address: str) -> None:
    """Raise OSError at once where nothing listens: Ray itself would try for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host and port.isdigit():
        socket.create_connection((host, int(port)), CONNECT_TIMEOUT_S).close()


def _actor_count(ray: Any, name: str, options: LocalOptions, on_gpu: bool) -> int:
    """Return how many models there is room for, where others may use the cluster too."""
    if not on_gpu and options.device not in ("cpu", "auto"):
        raise ModelError(f"model {name!r}: the Ray cluster has no GPU; add nodes with one, or --device cpu")
    kind = "GPU" if on_gpu else "CPU"
    places = int(ray.cluster_resources().get(kind, 0))
    wanted = min(places, options.actors or places)
    looked = time.monotonic()
    while (free := int(ray.available_resources().get(kind, 0))) < wanted:  # a model before this one is going
        if time.monotonic() - looked > RELEASE_TIMEOUT_S:
            break
        time.sleep(PAUSE_S)
    if free < 1 or wanted < 1:
        raise ModelError(
            f"model {name!r}: none of the {places} {kind}s of the Ray cluster is free; add a node, or wait"
        )
    return min(free, wanted)


def _agreed(described: Sequence[Description]) -> Description:
    """Actors of one run must have loaded the same weights."""
    first = described[0]
    for other in described[1:]:
        if (other.card, other.facts.get("weights_sha256")) != (first.card, first.facts.get("weights_sha256")):
            raise ModelError(
                f"model {first.card.name!r}: the nodes hold different weights; copy one checkpoint to all"
            )
    devices = ", ".join(sorted({str(each.facts["device_name"]) for each in described}))
    facts = {**first.facts, "device_name": devices, "ray_actors": len(described)}
    return Description(first.card, facts, min(each.batch_size for each in described))


def _as_provider_error(name: str, error: Any) -> ProviderError:
    if isinstance(error.cause, ProviderError):
        return error.cause
    return FatalError("other", f"{name}: a model actor failed ({' '.join(str(error.cause).split())[:300]})")

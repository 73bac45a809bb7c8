"""Model actors on a real Ray cluster of two nodes on this machine: what dies costs time, not answers."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("ray", reason="Ray needs the extra `ray`")
pytest.importorskip("torch", reason="local models need the extra `local`")

import ray
from msgspec.structs import replace
from ray.cluster_utils import Cluster

from micro.pictures import COLOURS
from tests.conftest import write_folder
from tests.providers.local.requests import COLOUR_QUESTION, picture
from visioneval import benchmark
from visioneval.errors import FatalError, ModelError
from visioneval.models import find_card, load_cards
from visioneval.planning import plan_run
from visioneval.providers.local.lanes import Answer
from visioneval.providers.local.options import LocalOptions, with_choices
from visioneval.providers.ray import ModelActor, RayProvider, _actor_count, open_ray_provider
from visioneval.store import find_runs, read_run
from visioneval.suite import load_suite
from visioneval.types import ModelCard, Request, Settings, Verdict

PROMPTS = 67


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A head without a processor and two nodes, so that killing a node spares the driver."""
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    for name, value in {"period_ms": "500", "failure_threshold": "3", "initial_delay_ms": "500"}.items():
        monkeypatch.setenv(f"RAY_health_check_{name}", value)
    nodes = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
    yield nodes
    ray.shutdown()
    nodes.shutdown()


@pytest.fixture
def colour_suite(tmp_path: Path) -> Path:
    """67 prompts about colour, with the answers that the micro model is known to give."""
    names, entries = list(COLOURS), []
    for number in range(PROMPTS):
        colour = names[number % len(names)]
        file = tmp_path / "suite" / "images" / f"{number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(picture(colour).content)
        answer = {"type": "choice", "value": colour, "options": names}
        entries.append(
            {"id": f"P{number:03}", "title": colour, "image": f"images/{number}.png", "question": COLOUR_QUESTION}
            | {"answer": answer}
        )
    return write_folder(tmp_path / "suite", {"Colour": entries})


def micro(address: str, **choices: str) -> ModelCard:
    card = find_card("micro-paligemma", load_cards())
    return with_choices(card, {"device": "cpu", "batch_size": "2", "ray": address, **choices}, None)


class Watching:
    """Watches a run."""

    def start(self, label: str, total: int, done: int) -> None:
        pass

    def advance(self, verdict: Verdict | None, usd: object) -> None:
        pass

    def pause(self, seconds: float, why: str) -> None:
        pass

    def batches(self, done: int, total: int) -> None:
        pass

    def say(self, line: str) -> None:
        pass

    def stop(self) -> None:
        pass


class Chaos(Watching):
    """Kills an actor and then a node while a run goes on."""

    def __init__(self, cluster: Any, provider: RayProvider, doomed: Any) -> None:
        self.cluster, self.provider, self.doomed = cluster, provider, doomed
        self.done = 0
        self.killed: list[str] = []

    def advance(self, verdict: Verdict | None, usd: object) -> None:
        self.done += 1
        if self.done == 8:
            process = ray.get(self.provider.actors[0].process_id.remote())
            os.kill(process, signal.SIGKILL)
            self.killed.append("actor")
        if self.done == 30:
            self.cluster.remove_node(self.doomed, allow_graceful=False)
            self.killed.append("node")


class Other:
    """Somebody else's work on the cluster."""

    def sit(self) -> None:
        pass


def test_an_actor_and_a_node_killed_midway_cost_no_answer(
    cluster: Any, colour_suite: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster.add_node(num_cpus=1)
    doomed = cluster.add_node(num_cpus=1)
    card = micro(cluster.address)
    suite = load_suite(colour_suite)
    plan = plan_run(card, suite, suite.prompts, settings=Settings(), prices=(), results=tmp_path / "results")
    provider = open_ray_provider(card)
    assert len(provider.actors) == 2
    monkeypatch.setattr(benchmark, "open_provider", lambda *_: provider)
    chaos = Chaos(cluster, provider, doomed)
    finished = benchmark.execute(plan, chaos)
    assert chaos.killed == ["actor", "node"]
    assert finished.ending.reason == "complete"
    (folder,) = find_runs(tmp_path / "results")
    lines = (folder / "records.jsonl").read_text().splitlines()
    asked = Counter(record.prompt_id for record in read_run(folder).records)
    assert len(lines) == PROMPTS, "a record was written twice"
    assert len(asked) == PROMPTS
    assert all(record.reply is not None for record in read_run(folder).records)
    assert {graded.verdict.outcome for graded in read_run(folder).graded()} == {"pass"}
    assert finished.stored.run.loaded["ray_actors"] == 2
    assert len(provider._pictures) == len(COLOURS), "a picture went into the cluster more than once"


def test_what_keeps_an_actor_from_starting_is_one_line(
    cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster.add_node(num_cpus=1)
    wrong = ModelCard("m", "transformers", str(tmp_path), options={"device": "cpu", "ray": cluster.address})
    needs_gpu = micro(cluster.address, device="cuda")
    for _ in range(2):  # a model that cannot be used leaves the way to the cluster open for the next
        with pytest.raises(ModelError, match=r"has no config.json; it is not a checkpoint"):
            open_ray_provider(wrong)
        with pytest.raises(ModelError, match=r"the Ray cluster has no GPU; add nodes with one, or --device cpu"):
            open_ray_provider(needs_gpu)
    monkeypatch.setattr("visioneval.providers.ray.RELEASE_TIMEOUT_S", 2.0)
    ray.init(cluster.address, log_to_driver=False, logging_level="error")
    other = ray.remote(num_cpus=1)(Other).remote()
    ray.get(other.sit.remote())
    with pytest.raises(ModelError, match="none of the 1 CPUs of the Ray cluster is free"):
        _actor_count(ray, "m", LocalOptions(device="cpu"), on_gpu=False)
    ray.kill(other)
    monkeypatch.undo()
    assert _actor_count(ray, "m", LocalOptions(device="cpu"), on_gpu=False) == 1


class SickActor(ModelActor):
    """An actor whose GPU gives way at its first batch; the label of its card is the file that says so."""

    def answer(self, requests: Sequence[Request], pictures: Sequence[Any]) -> list[Answer]:
        with suppress(FileExistsError):
            Path(self._card.label).touch(exist_ok=False)
            self._model().answerer.answer = lambda batch: [FatalError("other", "the GPU failed")] * len(batch)
        return super().answer(requests, pictures)


class LostActor(SickActor):
    """An actor whose GPU does not come back: where it is started again the model no longer loads."""

    def answer(self, requests: Sequence[Request], pictures: Sequence[Any]) -> list[Answer]:
        time.sleep(0.5)  # so that much is left to do when it has been started again
        return super().answer(requests, pictures)

    def _model(self) -> Any:
        if self._local is None and Path(self._card.label).exists():
            raise ModelError("there is no GPU any more")
        return super()._model()


@pytest.mark.parametrize(("actor", "actors"), [(SickActor, 1), (LostActor, 2)])
def test_an_actor_whose_gpu_is_lost_is_replaced_and_its_batch_asked_again(
    actor: type, actors: int, cluster: Any, colour_suite: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster.add_node(num_cpus=actors)
    monkeypatch.setattr("visioneval.providers.ray.ModelActor", actor)
    suite = load_suite(colour_suite)
    plan = plan_run(
        replace(micro(cluster.address), label=str(tmp_path / "was sick")),
        suite,
        suite.prompts,
        settings=Settings(),
        prices=(),
        results=tmp_path / "results",
    )
    finished = benchmark.execute(plan, Watching())
    assert (tmp_path / "was sick").exists()
    assert finished.ending.reason == "complete"
    assert {graded.verdict.outcome for graded in finished.stored.graded()} == {"pass"}


@pytest.mark.parametrize("device", ["split", "cuda:1"])
def test_a_device_of_ones_own_is_refused_beside_ray(device: str) -> None:
    with pytest.raises(ModelError, match=f"leave out --device {device}"):
        open_ray_provider(micro("auto", device=device))


def test_no_cluster_is_one_line() -> None:
    with pytest.raises(ModelError, match="there is no Ray cluster at 127.0.0.1:1"):
        open_ray_provider(micro("127.0.0.1:1"))

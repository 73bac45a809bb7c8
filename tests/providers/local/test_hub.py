"""A model from the hub's cache, laid out as the hub's own client lays it out: which commit ran is on record."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="local models need the extra `local`")
pytest.importorskip("transformers", reason="local models need the extra `local`")

from safetensors.torch import load_file, save_file

from tests.conftest import CommandLine
from visioneval.store import find_runs, read_manifest, read_run

MICRO = Path(__file__).parents[3] / "micro"
OLD, NEW = "a" * 40, "b" * 40


@pytest.fixture
def offline(tmp_path: Path) -> dict[str, str]:
    """A cache with two commits of one model: `main` is the new one, the tag `v1` the old one."""
    model = tmp_path / "hub" / "models--someone--micro"
    for commit, name in ((OLD, "v1"), (NEW, "main")):
        shutil.copytree(MICRO / "checkpoint", model / "snapshots" / commit)
        (model / "refs").mkdir(exist_ok=True)
        (model / "refs" / name).write_text(commit)
    file = model / "snapshots" / OLD / "model.safetensors"
    save_file({name: tensor * 0 for name, tensor in load_file(file).items()}, file, {"format": "pt"})
    return {"HF_HUB_CACHE": str(tmp_path / "hub"), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}


def run(visioneval: CommandLine, offline: dict[str, str], *options: str) -> tuple[int, str]:
    ended = visioneval(
        *("run", "--model", "hf:someone/micro", "--suite", MICRO / "suite", "--only", "CO01"),
        *("--set", "device=cpu", "--set", "dtype=float32", *options),
        env=offline,
    )
    return ended.returncode, ended.stderr


def test_the_commit_that_was_loaded_is_recorded_and_is_the_one_asked_for(
    visioneval: CommandLine, offline: dict[str, str], tmp_path: Path
) -> None:
    for options, commit in (((), NEW), (("--set", "revision=v1"), OLD), (("--set", f"revision={OLD}"), OLD)):
        code, said = run(visioneval, offline, *options)
        assert code == 0, said
        stored = read_run(find_runs(tmp_path / "results")[-1])
        assert stored.run.loaded["revision"] == commit
        assert stored.run.card.options["revision"] == commit
        (record,) = stored.records
        assert record.reply is not None
        assert record.reply.model_returned == commit
        shutil.rmtree(tmp_path / "results")


def test_a_resumed_run_loads_the_commit_that_it_began_with(
    visioneval: CommandLine, offline: dict[str, str], tmp_path: Path
) -> None:
    code, said = run(visioneval, offline)
    assert code == 0, said
    (folder,) = find_runs(tmp_path / "results")
    (folder / "records.jsonl").write_text("")
    (tmp_path / "hub" / "models--someone--micro" / "refs" / "main").write_text(OLD)  # the hub has moved on
    here = str(read_manifest(folder).loaded["device_name"])
    manifest = (folder / "manifest.json").read_text()
    (folder / "manifest.json").write_text(
        manifest.replace(json.dumps(here), '"NVIDIA A10G"')
    )  # it began elsewhere
    ended = visioneval("resume", folder, env=offline)
    assert ended.returncode == 0, ended.stderr
    (record,) = read_run(folder).records
    assert record.reply is not None
    assert record.reply.model_returned == NEW
    assert read_manifest(folder).loaded["device_name"] == ", ".join(sorted({here, "NVIDIA A10G"}))


def test_what_is_wrong_with_a_downloaded_model_is_one_line(
    visioneval: CommandLine, offline: dict[str, str], tmp_path: Path
) -> None:
    code, said = run(visioneval, offline, "--set", "revision=v9")
    assert (code, said.count("\n")) == (4, 1)
    assert "someone/micro at revision 'v9' is not in the cache and the hub cannot be reached" in said
    assert "`hf download someone/micro --revision v9`" in said
    file = tmp_path / "hub" / "models--someone--micro" / "snapshots" / NEW / "model.safetensors"
    file.write_bytes(file.read_bytes()[:1000])
    code, said = run(visioneval, offline)
    assert (code, said.count("\n")) == (4, 1)
    assert "has a corrupt safetensors file" in said

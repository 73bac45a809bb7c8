"""The nightly job runs what it can, fails on what it cannot, and its configurations are ones that `run` takes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import yaml

from tests.conftest import CommandLine
from visioneval.models import find_card, load_cards

ROOT = Path(__file__).parents[2]
CONFIGS = sorted((ROOT / "configs").glob("nightly*.yaml"))


@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.stem)
def test_every_option_exists_and_every_model_has_a_card(
    visioneval: CommandLine, config: Path, counting_suite: Path
) -> None:
    for model in yaml.safe_load(config.read_text())["model"]:
        assert find_card(model, load_cards()).name == model
    refused = visioneval("run", "--config", config, "--suite", counting_suite, "--only", "no such prompt")
    assert refused.returncode == 3, refused.stderr  # past the options and the models, before any call
    assert "no prompt 'no such prompt'" in refused.stderr


def test_the_job_runs_what_a_person_would_and_keeps_its_secrets_to_one_step() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "nightly-gpu.yml").read_text())
    (job,) = workflow["jobs"].values()
    (nightly,) = [step for step in job["steps"] if "make nightly" in step.get("run", "")]
    assert "env" not in job
    assert set(nightly["env"]) == {"HF_HOME", "HF_TOKEN", "OPENAI_API_KEY", "NIGHTLY_GPU"}
    assert [step for step in job["steps"] if "secrets." in str(step)] == [nightly]


def test_the_baseline_is_of_the_micro_models_suite_as_it_is() -> None:
    from visioneval.store import find_runs, read_manifest
    from visioneval.suite import load_suite

    (baseline,) = [run for run in find_runs(ROOT / "results" / "baseline") if run.parent.name == "micro-paligemma"]
    assert read_manifest(baseline).suite_sha256 == load_suite(ROOT / "micro" / "suite").sha256


Night = Callable[..., tuple[subprocess.CompletedProcess[str], str]]


@pytest.fixture
def a_night(tmp_path: Path, counting_suite: Path) -> Night:
    """The nightly script in a checkout of its own, with a tiny suite and models that need nothing."""
    checkout = tmp_path / "checkout"
    shutil.copytree(ROOT / ".ci", checkout / ".ci")
    command = checkout / ".venv/bin/visioneval"
    command.parent.mkdir(parents=True)
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m visioneval "$@"\n')
    command.chmod(0o755)
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_API_KEY")}
    environment |= {"RESULTS": str(tmp_path / "results"), "CUDA_VISIBLE_DEVICES": ""}

    def configure(name: str, models: Sequence[str], suite: Path = counting_suite) -> Path:
        config = checkout / "configs" / f"{name}.yaml"
        config.parent.mkdir(exist_ok=True)
        config.write_text(yaml.safe_dump({"model": list(models), "suite": str(suite)}))
        return config

    def run(models: Sequence[str], **env: str) -> tuple[subprocess.CompletedProcess[str], str]:
        first = configure("nightly", models)
        configure("nightly-micro", ["baseline-blind"])
        results = str(checkout / "results/baseline")
        arguments = [
            str(command),
            "run",
            "--config",
            str(first),
            "--model",
            "baseline-blind",
            "--results",
            results,
        ]
        subprocess.run(arguments, env=environment, capture_output=True, check=True)
        ended = subprocess.run(
            ["bash", checkout / ".ci/nightly"],
            env=environment | env,
            capture_output=True,
            text=True,
            check=False,
        )
        (summary,) = (tmp_path / "results").glob("nightly/*/nightly.md")
        return ended, summary.read_text()

    return run


def models_run(results: Path) -> set[str]:
    return {manifest.parents[1].name for manifest in results.glob("nightly/*/*/*/manifest.json")}


def test_a_good_night_ends_well_and_its_summary_is_the_check(a_night: Night, tmp_path: Path) -> None:
    ended, summary = a_night(["baseline-blind"])
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert summary.startswith("# No significant loss shown")
    assert "## Blind baseline: " in summary
    assert "ended with exit code" not in summary
    (night,) = (tmp_path / "results/nightly").iterdir()
    assert ended.stdout.rstrip().endswith(str(night))
    assert (night / "report/index.html").is_file()
    assert (night / "doctor.txt").read_text().strip()


def test_a_model_that_cannot_be_used_fails_the_night_and_is_named_first(a_night: Night, tmp_path: Path) -> None:
    ended, summary = a_night(["gpt-5.4-mini", "baseline-blind"])
    assert ended.returncode == 1
    failure, check = summary.split("# No significant loss shown")
    assert failure.startswith("# configs/nightly.yaml ended with exit code 4")
    assert "OPENAI_API_KEY is not set" in failure
    assert "## Blind baseline: " in check
    assert models_run(tmp_path / "results") == {"baseline-blind"}


def test_a_machine_that_should_have_a_gpu_and_has_none_stops_the_night(a_night: Night, tmp_path: Path) -> None:
    ended, summary = a_night(["baseline-blind"], NIGHTLY_GPU="1")
    assert ended.returncode == 1
    assert summary.startswith("# This machine is not ready")
    assert "problem" in summary
    assert models_run(tmp_path / "results") == set()

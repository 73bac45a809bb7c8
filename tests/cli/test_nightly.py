"""The nightly configurations are ones that `visioneval run` takes."""

from __future__ import annotations

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
    steps = {step.get("run"): step for step in job["steps"]}
    assert "env" not in job
    assert set(steps["make nightly"]["env"]) == {"HF_HOME", "HF_TOKEN", "OPENAI_API_KEY"}
    assert [step for step in job["steps"] if "secrets." in str(step)] == [steps["make nightly"]]


def test_the_baseline_is_of_the_micro_models_suite_as_it_is() -> None:
    from visioneval.store import find_runs, read_manifest
    from visioneval.suite import load_suite

    (baseline,) = [run for run in find_runs(ROOT / "results" / "baseline") if run.parent.name == "micro-paligemma"]
    assert read_manifest(baseline).suite_sha256 == load_suite(ROOT / "micro" / "suite").sha256

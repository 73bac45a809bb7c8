"""`visioneval report` as a person calls it."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.conftest import CommandLine
from tests.made_up import FIRST, SECOND, THIRD, MadeUpRun, passes, prompts
from visioneval.types import Condition, ModelCard, Outcome


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """A results folder with three models."""
    folder = tmp_path / "results"
    for name, counts in zip(("model-a", "model-b", "model-c"), (FIRST, SECOND, THIRD), strict=True):
        MadeUpRun(model=name, outcomes=passes(counts)).write(folder)
    return folder


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_it_writes_the_tables_and_prints_the_scores(visioneval: CommandLine, results: Path) -> None:
    done = visioneval("report", "--results", results)
    assert done.returncode == 0, done.stderr
    assert "74.63%" in done.stdout
    assert {"scores.md", "scores.csv", "scores.json", "leaderboard.md"} <= files_of(results / "report").keys()
    scores = json.loads((results / "report/scores.json").read_text())
    assert [model["model"] for model in scores["models"]] == ["model-c", "model-a", "model-b"]


def test_the_same_runs_give_the_same_bytes(visioneval: CommandLine, results: Path, tmp_path: Path) -> None:
    visioneval("report", "--results", results, "--out", tmp_path / "one")
    visioneval("report", "--results", results, "--out", tmp_path / "two")
    assert files_of(tmp_path / "one") == files_of(tmp_path / "two")


def test_manifests_with_fields_that_are_gone_are_read(visioneval: CommandLine, tmp_path: Path) -> None:
    folder = MadeUpRun().write(tmp_path / "results")
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(manifest | {"seed": 0, "format_version": 1}))
    done = visioneval("report")
    assert done.returncode == 0, done.stderr
    assert "Seed" not in next((tmp_path / "results/report/runs").iterdir()).read_text(encoding="utf-8")


def test_a_run_without_an_answer_is_named_and_shown_as_no_score(
    visioneval: CommandLine, results: Path, tmp_path: Path
) -> None:
    waiting = MadeUpRun(model="model-d", outcomes=["skipped"] * 67)
    folder = waiting.write(results)
    done = visioneval("report", "--results", results)
    assert done.returncode == 0, done.stderr
    assert f"model-d: run {folder.name} has no answer yet, and is left out" in done.stderr
    assert "model-d" not in done.stdout
    assert not any(b"model-d" in content for content in files_of(results / "report").values())
    waiting.write(tmp_path / "alone")
    alone = visioneval("report", "--results", tmp_path / "alone")
    assert alone.returncode == 5
    assert "no run below" in alone.stderr


def test_check_fails_until_the_report_is_written_again(visioneval: CommandLine, results: Path) -> None:
    missing = visioneval("report", "--results", results, "--check")
    assert missing.returncode == 1
    assert "index.html" in missing.stderr
    assert not (results / "report").exists(), "--check writes nothing"

    visioneval("report", "--results", results)
    assert visioneval("report", "--results", results, "--check").returncode == 0

    MadeUpRun(model="model-d").write(results)
    assert visioneval("report", "--results", results, "--check").returncode == 1


def test_what_is_no_longer_there_is_taken_away(visioneval: CommandLine, results: Path) -> None:
    MadeUpRun(model="model-d", suite_sha256="0" * 64, id="20250101T000000Z-0001").write(results)
    visioneval("report", "--results", results)
    report = results / "report"
    other = next(report.glob("00000000-1/scores.md"))
    (report / "mine.txt").write_text("keep")
    for path in (results / "model-d").rglob("*.json*"):
        path.unlink()
    visioneval("report", "--results", results)
    assert not other.exists()
    assert (report / "mine.txt").read_text() == "keep"


def test_json_goes_to_stdout_alone(visioneval: CommandLine, results: Path) -> None:
    done = visioneval("report", "--results", results, "--json")
    assert [model["model"] for model in json.loads(done.stdout)["models"]] == ["model-c", "model-a", "model-b"]


def test_the_best_run_of_a_condition_is_shown_and_a_newer_partial_one_is_not(
    visioneval: CommandLine, results: Path
) -> None:
    most: list[Outcome] = ["pass"] * 60
    most += ["skipped"] * 7
    part = MadeUpRun(outcomes=most, id="20271121T040000Z-0001")
    part.write(results)
    done = visioneval("report", "--results", results, "--json")
    shown = {model["model"]: model["run"] for model in json.loads(done.stdout)["models"]}
    assert shown["model-a"] == "20261121T040000Z-0001"


def test_a_chosen_part_outscores_nothing_and_replaces_nothing(visioneval: CommandLine, results: Path) -> None:
    whole = passes(FIRST)
    chosen = [prompt for prompt, outcome in zip(prompts(), whole, strict=True) if outcome == "pass"] + [
        prompt for prompt, outcome in zip(prompts(), whole, strict=True) if outcome == "fail"
    ][:11]
    best: list[Outcome] = ["pass"] * 50
    best += ["fail"] * 11
    MadeUpRun(prompts=tuple(chosen), outcomes=best, suite_size=67, id="20271121T040000Z-0001").write(results)
    done = visioneval("report", "--results", results, "--json")
    models = json.loads(done.stdout)["models"]
    assert [(model["model"], model["run"][:4]) for model in models] == [
        ("model-c", "2026"),
        ("model-a", "2026"),
        ("model-b", "2026"),
    ]


def test_the_order_of_the_leaderboard_is_that_of_its_ranks(visioneval: CommandLine, results: Path) -> None:
    part = MadeUpRun(model="model-p", prompts=prompts()[:61], outcomes=["pass"] * 61, suite_size=67)
    part.write(results)
    models = json.loads(visioneval("report", "--results", results, "--json").stdout)["models"]
    assert [model["model"] for model in models] == ["model-c", "model-a", "model-b", "model-p"]
    assert models[3]["rank_range"] is None


def test_the_tables_of_a_run_that_is_not_ranked_have_no_tokens_and_no_cost(
    visioneval: CommandLine, results: Path
) -> None:
    some: list[Outcome] = ["pass"] * 40
    some += ["skipped"] * 27
    MadeUpRun(model="model-p", outcomes=some).write(results)
    models = json.loads(visioneval("report", "--results", results, "--json").stdout)["models"]
    assert [(model["tokens"] is None, model["cost"] is None) for model in models] == [(False, False)] * 3 + [
        (True, True)
    ]
    *_, row = csv.DictReader((results / "report/leaderboard.csv").open())
    told = [row[name] for name in ("input_tokens", "output_tokens", "usd_per_task", "usd_per_pass")]
    assert (row["model"], row["mean_s"], told) == ("model-p", "7.87", [""] * 4)


def test_another_precision_is_another_model(visioneval: CommandLine, results: Path) -> None:
    for number, (name, value) in enumerate([("device", "cuda"), ("quantization", "4bit"), ("device", "cpu")]):
        card = ModelCard(name="local", provider="transformers", label="Local", options={name: value})
        MadeUpRun(model="local", card=card, id=f"20261121T04000{number}Z-0001").write(results)
    models = json.loads(visioneval("report", "--results", results, "--json").stdout)["models"]
    found = {model["model"]: model["run"] for model in models if model["model"].startswith("Local")}
    assert found == {
        "Local": "20261121T040002Z-0001",
        "Local (quantization=4bit)": "20261121T040001Z-0001",
    }
    named = visioneval("compare", "Local", "Local (quantization=4bit)", "--results", results, "--json")
    assert json.loads(named.stdout)["models"] == ["Local", "Local (quantization=4bit)"]


def test_a_baseline_says_so_in_every_file(visioneval: CommandLine, results: Path) -> None:
    card = ModelCard(name="base", provider="baseline", note="baseline, not a vision-language model")
    MadeUpRun(model="base", card=card, condition=Condition("base", blind=True)).write(results)
    visioneval("report", "--results", results)
    for name in ("scores.md", "scores.csv", "scores.json", "leaderboard.md", "leaderboard.json"):
        text = (results / "report" / name).read_text()
        assert "baseline, not a vision-language model" in text, name
        assert "base (blind)" in text, name


@pytest.mark.parametrize("make", [True, False])
def test_no_runs_is_one_clear_line(visioneval: CommandLine, tmp_path: Path, make: bool) -> None:
    if make:
        (tmp_path / "empty").mkdir()
    done = visioneval("report", "--results", tmp_path / "empty")
    assert done.returncode == 5
    assert done.stderr.count("\n") == 1
    assert "visioneval run" in done.stderr


def test_a_run_without_any_verdict_stands_with_the_graded_ones(visioneval: CommandLine, results: Path) -> None:
    failed: list[Outcome] = ["error"] * 67
    MadeUpRun(model="model-z", outcomes=failed).write(results)
    done = visioneval("report", "--results", results, "--json")
    models = {model["model"]: model for model in json.loads(done.stdout)["models"]}
    assert list(models) == ["model-c", "model-a", "model-b", "model-z"]
    assert models["model-z"]["rank_range"] is None

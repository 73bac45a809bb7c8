"""`visioneval regrade`: free, explained, and never on other questions than were asked."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.test_run import RIGHT, outcomes, replies, the_run
from tests.conftest import CommandLine
from visioneval.store import find_runs


def a_run(visioneval: CommandLine, suite: Path, folder: Path) -> Path:
    file = replies(folder / "r.jsonl", {**RIGHT, "OC02": "The answer is 12."})
    assert visioneval("run", "--suite", suite, "--model", f"replay:{file}").returncode == 0
    file.unlink()  # nothing may be asked again
    return the_run(folder)


def test_the_same_grader_changes_nothing(visioneval: CommandLine, counting_suite: Path, tmp_path: Path) -> None:
    run = a_run(visioneval, counting_suite, tmp_path)
    before = (run / "verdicts.jsonl").read_bytes()
    ended = visioneval("regrade", run)
    assert "5 replies graded again: nothing changed." in ended.stdout
    assert (run / "verdicts.jsonl").read_bytes() == before


def test_a_corrected_answer_changes_the_verdict_and_says_why(
    visioneval: CommandLine, counting_suite: Path, tmp_path: Path
) -> None:
    run = a_run(visioneval, counting_suite, tmp_path)
    file = counting_suite / "prompts/object_counting.yaml"
    file.write_text(file.read_text().replace("value: 13", "value: 12"))
    tried = visioneval("regrade", run, "--suite", counting_suite, "--dry-run")
    assert "OC02: fail (" in tried.stdout
    assert outcomes(run)["OC02"] == "fail"
    done = visioneval("regrade", run, "--suite", counting_suite, "--json")
    (change,) = json.loads(done.stdout)
    assert (change["prompt_id"], change["old"]["outcome"], change["new"]["outcome"]) == ("OC02", "fail", "pass")
    assert set(outcomes(run).values()) == {"pass"}


def test_another_question_is_refused(visioneval: CommandLine, counting_suite: Path, tmp_path: Path) -> None:
    run = a_run(visioneval, counting_suite, tmp_path)
    file = counting_suite / "prompts/object_counting.yaml"
    file.write_text(file.read_text().replace("green", "blue"))
    ended = visioneval("regrade", run, "--suite", counting_suite)
    assert ended.returncode == 3
    assert "'OC02'" in ended.stderr
    assert "another question or picture" in ended.stderr


def test_the_changes_of_several_runs_are_one_document(
    visioneval: CommandLine, counting_suite: Path, tmp_path: Path
) -> None:
    file = replies(tmp_path / "r.jsonl", {**RIGHT, "OC02": "12"})
    models = ["--model", f"replay:{file}", "--model", "baseline-blind"]
    visioneval("run", "--suite", counting_suite, *models)
    yaml_file = counting_suite / "prompts/object_counting.yaml"
    yaml_file.write_text(yaml_file.read_text().replace("value: 13", "value: 12"))
    both = find_runs(tmp_path / "results")
    done = visioneval("regrade", *both, "--suite", counting_suite, "--json")
    assert done.returncode == 0, done.stderr
    (change,) = json.loads(done.stdout)
    assert Path(change["run"]) == next(run for run in both if "replay" in run.parent.name)
    assert json.loads(visioneval("regrade", *both, "--json").stdout) == []

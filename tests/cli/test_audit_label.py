"""`visioneval audit label`: what a person decides is kept beside the automatic verdict."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.builders import a_prompt, a_record, a_run
from visioneval.grading import grade
from visioneval.store import RunFolder, write_verdicts

PROMPTS = (a_prompt("nuts"), a_prompt("bolts"))


def make_run(folder: Path) -> Path:
    with RunFolder.create(folder / "results/scripted/run", a_run(PROMPTS), PROMPTS) as opened:
        records = [a_record("nuts", "There are 9."), a_record("bolts", "8")]
        for record in records:
            opened.append(record)
    verdicts = {}
    for prompt, record in zip(PROMPTS, records, strict=True):
        assert record.reply is not None
        verdicts[(prompt.id, 0)] = grade(prompt, record.reply)
    write_verdicts(opened.folder, verdicts)
    return opened.folder


def label(run: Path, typed: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "visioneval", "audit", "label", str(run), "--who", "Reader"]
    return subprocess.run(command, input=typed, capture_output=True, encoding="utf-8", check=False)


def audit(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "visioneval", "audit", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=False)


def test_labels_are_kept_with_who_when_and_why_and_verdicts_stay(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    before = (run / "verdicts.jsonl").read_bytes()
    done = label(run, "p\nplainly right\nf\n\n")
    assert done.returncode == 0, done.stderr
    assert "reference: 9" in done.stdout
    assert "reply:     There are 9." in done.stdout
    assert "images/nuts.png" in done.stdout
    assert "automatic: fail by integer on '8'" in done.stdout
    first, second = [json.loads(line) for line in (run / "overrides.jsonl").read_text().splitlines()]
    assert (first["prompt_id"], first["verdict"], first["who"]) == ("nuts", "pass", "Reader")
    assert (first["why"], first["automatic"], first["grader_version"]) == ("plainly right", "pass", "2")
    assert first["at"].endswith("+00:00")
    assert (second["prompt_id"], second["verdict"]) == ("bolts", "fail")
    assert (run / "verdicts.jsonl").read_bytes() == before


def test_what_is_labelled_is_not_asked_again(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    assert label(run, "u\n\nq\n").returncode == 0
    again = label(run, "q\n")
    assert "1 reply to label" in again.stderr
    assert "nuts" not in again.stdout


def test_a_line_separator_in_a_reason_can_be_read_again(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    assert label(run, "p\nplainly\u2028right\x85\nq\n").returncode == 0
    again = label(run, "q\n")
    assert again.returncode == 0, again.stderr
    assert "1 reply to label" in again.stderr


def test_labels_are_an_exam_of_the_grader(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    label(run, "p\n\np\nthe bolts are eight\n")
    audited = audit("--run", run, "--json")
    assert audited.returncode == 1, "one of two passes was missed"
    found = json.loads(audited.stdout)
    assert (found["n"], found["true_passes"], found["missed_passes"]) == (2, 1, 1)
    (missed,) = found["disagreements"]
    assert (missed["id"], missed["label"], missed["outcome"]) == ("bolts, epoch 1", "pass", "fail")


def test_a_label_of_unsure_is_no_part_of_the_exam_and_the_last_word_counts(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    label(run, "f\n\nu\n\n")
    assert audit("--run", run).returncode == 1
    again = [sys.executable, "-m", "visioneval", "audit", "label", str(run), "--all"]
    subprocess.run(again, input="p\n\nq\n", capture_output=True, encoding="utf-8", check=True)
    audited = audit("--run", run)
    assert audited.returncode == 0, audited.stderr
    assert audited.stdout.startswith("1 labelled replies")
    assert "left out: 1 labelled unsure" in audited.stderr


def test_a_run_without_labels_is_told_how_to_get_some(tmp_path: Path) -> None:
    audited = audit("--run", make_run(tmp_path))
    assert audited.returncode == 5
    assert "has no labels; give some with `visioneval audit label" in audited.stderr
    assert audit("--run", "x", "--labels", "y").returncode == 2

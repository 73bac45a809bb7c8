"""`visioneval grade` and `visioneval audit`, through the real command line."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

HEADER = ["id", "question", "reference", "reply"]
ROW = {"id": "1", "question": "How many nuts?", "reference": "9", "reply": "There are nine nuts."}


def visioneval(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "visioneval", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=False)


def write_jsonl(path: Path, *rows: object) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def write_csv(path: Path, header: list[str], *rows: list[str]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def read_jsonl(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_file_of_replies_is_graded_line_by_line(tmp_path: Path) -> None:
    file = write_jsonl(
        tmp_path / "replies.jsonl",
        ROW,
        ROW | {"id": "2", "reply": "8"},
        ROW | {"id": "3", "reply": "8 or 9"},
        ROW | {"id": "4", "reply": "I can't help with that."},
        ROW | {"id": "5", "reply": ""},
        {"id": "6", "question": "Which?", "reference": 4.5, "reply": 4.5, "type": "number"},
    )
    done = visioneval("grade", file, "--out", tmp_path / "graded.jsonl")
    assert done.returncode == 0, done.stderr
    assert done.stderr == "6 replies graded: fail 1, invalid 2, pass 2, refused 1; type inferred for 5\n"
    rows = read_jsonl(tmp_path / "graded.jsonl")
    assert [row["outcome"] for row in rows] == ["pass", "fail", "invalid", "refused", "invalid", "pass"]
    assert rows[0] == {
        "id": "1",
        "outcome": "pass",
        "extracted": "nine",
        "rule": "integer",
        "type": "integer",
        "grader_version": "1",
        "type_inferred": True,
        "note": "whole reply",
    }
    assert rows[5]["type"] == "number"
    assert "type_inferred" not in rows[5]


def test_a_csv_is_graded_like_json_lines(tmp_path: Path) -> None:
    file = write_csv(
        tmp_path / "r.csv", [*HEADER, "type"], ["a", "Is it torn, or broken?", "No", "It is\nintact.", ""]
    )
    done = visioneval("grade", file, "--out", tmp_path / "o.jsonl", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"graded": 1, "outcomes": {"pass": 1}, "types_inferred": 1}
    assert read_jsonl(tmp_path / "o.jsonl")[0]["type"] == "yes_no"


def test_without_out_the_verdicts_go_to_stdout(tmp_path: Path) -> None:
    done = visioneval("grade", write_jsonl(tmp_path / "r.jsonl", ROW))
    assert json.loads(done.stdout)["outcome"] == "pass"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "r.jsonl",
            b'{"id": 1}\n',
            "r.jsonl line 1: no column 'question'; needed are id, question, reference, reply",
        ),
        ("r.jsonl", b"{oops\n", "r.jsonl line 1: not JSON"),
        ("r.jsonl", b"[1, 2]\n", "r.jsonl line 1: not a JSON object"),
        ("r.jsonl", b"", "r.jsonl has no rows"),
        ("r.jsonl", b"\xff\xfe\x00", "r.jsonl is not UTF-8"),
        ("r.csv", b"", "r.csv is empty"),
        ("r.csv", b"id,question,reply\n1,2,3\n", "r.csv line 1: no column 'reference'"),
        ("r.csv", b"id,question,reference,reply\n1,q,2,3,4\n", "r.csv line 2: 5 cells where 4 columns are named"),
        ("r.csv", b"id,question,reference,reply\n1,q\n", "r.csv line 2: 2 cells where 4 columns are named"),
        (
            "r.csv",
            b"id,question,reference,reply,type\n1,q,2,3,weight\n",
            "r.csv line 2: row '1': unknown type 'weight'",
        ),
        ("r.csv", b"id,question,reference,reply\n1,q,,3\n", "r.csv line 2: row '1': reference is empty"),
        ("r.csv", b"id,question,reference,reply\n1,,2,3\n", "r.csv line 2: question is empty"),
        ("r.txt", b"x", "unknown kind of file '.txt'"),
        ("missing.csv", None, "missing.csv does not exist"),
    ],
)
def test_bad_input_is_told_in_one_line(tmp_path: Path, name: str, content: bytes | None, message: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    done = visioneval("grade", tmp_path / name, "--out", tmp_path / "out.jsonl")
    assert done.returncode in (2, 3)
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out.jsonl").exists()


def test_the_exam_is_held_on_the_command_line() -> None:
    done = visioneval("audit")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "precision" in done.stdout
    assert json.loads(visioneval("audit", "--json").stdout)["passes_gate"] is True


def test_an_exam_below_the_gate_ends_with_exit_code_1(tmp_path: Path) -> None:
    row = {"question": "How many nuts?", "reference": "9", "prediction": "8", "label": True}
    done = visioneval("audit", "--labels", write_jsonl(tmp_path / "labels.jsonl", row))
    assert done.returncode == 1
    assert "labelled pass, graded fail by integer" in done.stdout
    assert "below the gate" in done.stderr

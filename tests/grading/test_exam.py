"""The exams, and the measures that they are reported with."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from visioneval.errors import SuiteError
from visioneval.grading.agreement import Agreement, count_agreement
from visioneval.grading.answers import RULES
from visioneval.grading.exam import as_markdown, describe, hold_exam, read_exam

ROOT = Path(__file__).parents[2]
EXAM = ROOT / "tests/fixtures/grader_exam.jsonl"
SHARED = Path(os.environ.get("VISIONEVAL_SHARED", ROOT.parent / "shared"))
SECOND_EXAM = SHARED / "data/grader_labels.jsonl"


def test_the_exam_has_enough_replies_of_every_type() -> None:
    rows = read_exam(EXAM.read_text(encoding="utf-8"), "exam")
    assert len(rows) >= 300
    assert len({row.id for row in rows}) == len(rows)
    for kind in RULES:
        labels = [row.label for row in rows if type(row.answer) is kind]
        assert labels.count("pass") >= 4, kind
        assert labels.count("fail") >= 4, kind


def test_the_grader_passes_its_exam() -> None:
    result = hold_exam(read_exam(EXAM.read_text(encoding="utf-8"), "exam"))
    assert result.passes_gate, describe(result)


@pytest.mark.skipif(not SECOND_EXAM.exists(), reason="the second exam is not here")
def test_the_grader_passes_the_second_exam_without_a_false_pass() -> None:
    result = hold_exam(read_exam(SECOND_EXAM.read_text(encoding="utf-8"), "second exam"))
    assert result.agreement.false_passes == 0, describe(result)
    assert result.passes_gate, describe(result)


def test_the_page_of_the_documentation_is_up_to_date() -> None:
    result = hold_exam(read_exam(EXAM.read_text(encoding="utf-8"), "exam"))
    assert (ROOT / "docs/grader-exam.md").read_text(encoding="utf-8") == as_markdown(result)


def test_the_measures_of_a_worked_example() -> None:
    """120 right passes, 4 wrong, 6 missed, 70 right fails; kappa as statsmodels gives it."""
    counts = Agreement(120, 4, 6, 70)
    assert [round(x, 4) for x in counts.precision] == [0.9677, 0.9200, 0.9874]
    assert [round(x, 4) for x in counts.recall] == [0.9524, 0.9000, 0.9780]
    assert [round(x, 4) for x in counts.kappa] == [0.8933, 0.8290, 0.9577]


def test_passes_and_labels_are_counted_apart() -> None:
    pairs = [(True, True), (True, False), (False, True), (False, False), (True, True)]
    assert count_agreement(pairs) == Agreement(2, 1, 1, 1)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "line 1"),
        ('{"question": "q", "label": "pass", "reference": "1"}', '"reply" is missing'),
        ('{"question": "q", "label": "maybe", "reference": "1", "reply": "1"}', "label is 'maybe'"),
        ('{"question": "q", "label": "pass", "reply": "1"}', 'neither "answer" nor "reference"'),
        ('{"question": "q", "label": "pass", "reply": "1", "reference": " "}', "reference is empty"),
        ("", "no labelled replies"),
    ],
)
def test_a_wrong_exam_file_is_named_with_its_line(line: str, message: str) -> None:
    with pytest.raises(SuiteError) as error:
        read_exam(line, "labels.jsonl")
    assert message in str(error.value)
    assert "labels.jsonl" in str(error.value)


def test_a_disagreement_is_listed_with_what_was_read() -> None:
    row = {"id": "x1", "question": "How many nuts?", "reference": "9", "reply": "8 nuts", "label": "pass"}
    result = hold_exam(read_exam(json.dumps(row), "labels"))
    assert not result.passes_gate
    assert "x1: labelled pass, graded fail by integer on '8'" in describe(result)
    assert "`x1`" in as_markdown(result)

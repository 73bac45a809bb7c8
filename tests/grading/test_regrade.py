"""What two gradings of the same replies disagree on."""

from __future__ import annotations

from visioneval.grading.regrade import changes, describe_changes
from visioneval.types import Outcome, Verdict

ONE, TWO = ("nuts", 0), ("nuts", 1)


def verdict(outcome: Outcome, extracted: str = "9", version: str = "1") -> Verdict:
    return Verdict(outcome, extracted, "integer", version)


def test_equal_verdicts_of_two_grader_versions_are_no_change() -> None:
    old, new = {ONE: verdict("pass", version="1")}, {ONE: verdict("pass", version="2")}
    assert changes(old, new) == []
    assert describe_changes([], 1) == "1 reply graded again: nothing changed."


def test_a_pass_that_is_lost_is_told_with_what_was_read_before_and_after() -> None:
    found = changes(
        {ONE: verdict("pass"), TWO: verdict("fail")}, {ONE: verdict("fail", "8", "2"), TWO: verdict("fail")}
    )
    assert [change.place for change in found] == [ONE]
    text = describe_changes(found, 2)
    assert "1 changed, 1 of them in or out of pass" in text
    assert "nuts: pass (grader 1, integer on '9') -> fail (grader 2, integer on '8')" in text


def test_a_verdict_on_one_side_only_is_no_change() -> None:
    assert changes({ONE: verdict("pass")}, {TWO: verdict("fail")}) == []

"""Grading: a reply, a question and the expected answer -> a verdict. No network, no clock, no chance."""

from visioneval.grading.grade import GRADER_VERSION, grade, grade_text
from visioneval.grading.infer import infer_answer
from visioneval.grading.regrade import Change, changes, describe_changes
from visioneval.grading.rows import GradedRow, Row, grade_rows

__all__ = [
    "GRADER_VERSION",
    "Change",
    "GradedRow",
    "Row",
    "changes",
    "describe_changes",
    "grade",
    "grade_rows",
    "grade_text",
    "infer_answer",
]

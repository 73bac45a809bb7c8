"""Grading: a reply, a question and the expected answer -> a verdict. No network, no clock, no chance."""

from visioneval.grading.grade import GRADER_VERSION, grade, grade_text
from visioneval.grading.infer import infer_answer

__all__ = ["GRADER_VERSION", "grade", "grade_text", "infer_answer"]

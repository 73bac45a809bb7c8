"""Rows: grade replies that come from anywhere, with no suite and no run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from visioneval.errors import SuiteError
from visioneval.grading.answers import RULES
from visioneval.grading.grade import grade_text
from visioneval.grading.infer import infer_answer
from visioneval.types import Outcome, Stop


class Row(Struct, frozen=True, omit_defaults=True):
    """One reply to grade."""

    id: str
    question: str
    reference: str
    reply: str
    type: str | None = None
    """Tag of the answer's type; inferred from question and reference where absent."""
    stop: Stop = "stop"


class GradedRow(Struct, frozen=True, omit_defaults=True):
    """What became of one row."""

    id: str
    outcome: Outcome
    extracted: str | None
    rule: str
    type: str
    grader_version: str
    type_inferred: bool = False
    note: str = ""


def grade_rows(rows: Iterable[Row]) -> Iterator[GradedRow]:
    """Grade rows one by one, in order.

    Raises SuiteError, with the row's id, where a type is unknown or a reference is no value of its type.
    """
    for row in rows:
        try:
            answer = infer_answer(row.question, row.reference, row.type)
        except SuiteError as error:
            raise SuiteError(f"row {row.id!r}: {error}") from None
        verdict = grade_text(row.question, answer, row.reply, stop=row.stop)
        yield GradedRow(
            id=row.id,
            outcome=verdict.outcome,
            extracted=verdict.extracted,
            rule=verdict.rule,
            type=RULES[type(answer)],
            grader_version=verdict.grader_version,
            type_inferred=not (row.type and row.type.strip()),
            note=verdict.note,
        )

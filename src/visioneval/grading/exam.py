"""The exam: labelled replies, what the grader makes of them, and where the two disagree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal, NamedTuple

import msgspec
from msgspec import Struct

from visioneval.answers import Answer
from visioneval.errors import SuiteError
from visioneval.grading.agreement import Agreement, count_agreement
from visioneval.grading.answers import RULES
from visioneval.grading.grade import GRADER_VERSION, grade_text
from visioneval.grading.infer import infer_answer
from visioneval.plurals import count
from visioneval.types import Stop, Verdict

GATE = 0.99
"""Least precision and recall with which the grader may rank models."""


class ExamRow(Struct, frozen=True):
    """One labelled reply. Files give the answer as a struct, or a reference that the answer is inferred from."""

    id: str
    question: str
    reply: str
    label: Literal["pass", "fail"]
    answer: Answer
    stop: Stop = "stop"
    kind: str = ""


class Marked(NamedTuple):
    """One row of the exam with the grader's verdict."""

    row: ExamRow
    verdict: Verdict

    @property
    def passed(self) -> bool:
        return self.verdict.outcome == "pass"

    @property
    def labelled_pass(self) -> bool:
        return self.row.label == "pass"


class ExamResult(NamedTuple):
    """What an exam shows."""

    marked: tuple[Marked, ...]

    @property
    def agreement(self) -> Agreement:
        return count_agreement((one.passed, one.labelled_pass) for one in self.marked)

    @property
    def disagreements(self) -> list[Marked]:
        return [one for one in self.marked if one.passed != one.labelled_pass]

    @property
    def passes_gate(self) -> bool:
        counts = self.agreement
        return counts.precision.value >= GATE and counts.recall.value >= GATE

    def by(self, what: Literal["type", "kind"]) -> dict[str, Agreement]:
        """The agreement for each answer type, or each kind of reply."""
        groups: dict[str, list[tuple[bool, bool]]] = {}
        for one in self.marked:
            name = RULES[type(one.row.answer)] if what == "type" else one.row.kind or "other"
            groups.setdefault(name, []).append((one.passed, one.labelled_pass))
        return {name: count_agreement(pairs) for name, pairs in sorted(groups.items())}


def hold_exam(rows: Sequence[ExamRow]) -> ExamResult:
    """Grade every row of an exam."""
    return ExamResult(
        tuple(Marked(row, grade_text(row.question, row.answer, row.reply, stop=row.stop)) for row in rows)
    )


class _Line(Struct, frozen=True):
    """A line of an exam file, with the names that labelled files use."""

    question: str
    label: str | bool
    id: str = ""
    reply: str | None = None
    prediction: str | None = None
    answer: Answer | None = None
    reference: str | None = None
    type: str | None = None
    stop: Stop = "stop"
    kind: str = ""


_LABELS: dict[str | bool, Literal["pass", "fail"]] = {"pass": "pass", "fail": "fail", True: "pass", False: "fail"}


def read_exam(text: str, source: str) -> list[ExamRow]:
    """Read an exam from JSON lines: question, label, reply (or prediction), answer (or reference)."""
    rows = []
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            rows.append(_read_line(line, f"{source} line {number}", number))
    if not rows:
        raise SuiteError(f"{source}: no labelled replies")
    return rows


def _read_line(line: str, where: str, number: int) -> ExamRow:
    try:
        parsed = msgspec.json.decode(line, type=_Line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SuiteError(f"{where}: {error}") from None
    reply = parsed.reply if parsed.reply is not None else parsed.prediction
    if reply is None:
        raise SuiteError(f'{where}: "reply" is missing')
    if parsed.label not in _LABELS:
        raise SuiteError(f'{where}: label is {parsed.label!r}; use "pass" or "fail"')
    answer = parsed.answer
    if answer is None:
        if parsed.reference is None:
            raise SuiteError(f'{where}: neither "answer" nor "reference" is given')
        try:
            answer = infer_answer(parsed.question, parsed.reference, parsed.type)
        except SuiteError as error:
            raise SuiteError(f"{where}: {error}") from None
    return ExamRow(
        id=parsed.id or str(number),
        question=parsed.question,
        reply=reply,
        label=_LABELS[parsed.label],
        answer=answer,
        stop=parsed.stop,
        kind=parsed.kind,
    )


# ----------------------------------------------------------------------------------------------
# Printing
# ----------------------------------------------------------------------------------------------


def describe(result: ExamResult) -> str:
    """Say the result in plain lines: the measures, then each disagreement."""
    counts = result.agreement
    lines = [
        f"{_labelled(counts.n)}, grader version {GRADER_VERSION}",
        f"passes right {counts.true_passes}, passes wrong {counts.false_passes}, "
        f"passes missed {counts.missed_passes}, fails right {counts.true_fails}",
        f"precision  {counts.precision}",
        f"recall     {counts.recall}",
        f"kappa      {counts.kappa}",
    ]
    if result.disagreements:
        lines.append("disagreements:")
    lines += [
        f"  {one.row.id}: labelled {one.row.label}, graded {one.verdict.outcome} "
        f"by {one.verdict.rule} on {one.verdict.extracted!r}; reply {_short(one.row.reply)!r}"
        for one in result.disagreements
    ]
    return "\n".join(lines)


OWN_EXAM = (
    "The rows are in `tests/fixtures/grader_exam.jsonl`: replies written by hand in the manner of real models, "
    "each labelled by hand. Positive means pass. They are written by the authors of the grader, so they show that "
    "the rules do what is meant, not how often replies of other kinds will be misread; only labelled replies that "
    "the authors have not seen can show that."
)


def as_markdown(result: ExamResult, source: str = "") -> str:
    """Write the result as a page: of the documentation, or of the labelled replies of another `source`."""
    counts = result.agreement
    about = f"The labelled replies are those of `{_code(source)}`. Positive means pass." if source else OWN_EXAM
    lines = [
        "# The grader's exam",
        "",
        f"Written by `visioneval audit --markdown`. {about}",
        "",
        f"Grader version {GRADER_VERSION}, {_labelled(counts.n)}.",
        "",
        "| measure | value | 95 % interval |",
        "|---|---:|---|",
        *(
            f"| {name} | {share.text} | {share.low:.4f} to {share.high:.4f} |"
            for name, share in (
                ("precision", counts.precision),
                ("recall", counts.recall),
                ("kappa", counts.kappa),
            )
        ),
        "",
        "Intervals of precision and recall are Wilson's; kappa's is the asymptotic one of Fleiss, Cohen "
        "and Everitt.",
        "",
        *_breakdown("answer type", result.by("type")),
        *_breakdown("kind of reply", result.by("kind")),
        "## Outcomes",
        "",
        "| outcome | replies |",
        "|---|---:|",
        *(
            f"| {name} | {number} |"
            for name, number in sorted(Counter(one.verdict.outcome for one in result.marked).items())
        ),
        "",
        "## Disagreements",
        "",
    ]
    if not result.disagreements:
        lines.append("None.")
    lines += [
        f"* `{one.row.id}`: labelled {one.row.label}, graded {one.verdict.outcome} by `{one.verdict.rule}` on "
        f"`{_code(one.verdict.extracted or '')}`. Question: {_short(one.row.question)} "
        f"Reply: `{_code(one.row.reply)}`"
        for one in result.disagreements
    ]
    return "\n".join(lines) + "\n"


def _labelled(replies: int) -> str:
    return count(replies, "labelled reply", "labelled replies")


def _breakdown(title: str, groups: dict[str, Agreement]) -> list[str]:
    rows = [
        f"| {name} | {c.n} | {c.true_passes} | {c.true_fails} | {c.false_passes} | {c.missed_passes} |"
        for name, c in groups.items()
    ]
    return [
        f"## By {title}",
        "",
        f"| {title} | replies | passes right | fails right | passes wrong | passes missed |",
        "|---|---:|---:|---:|---:|---:|",
        *rows,
        "",
    ]


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 160 else text[:159] + "…"


def _code(text: str) -> str:
    return _short(text).replace("`", "'").replace("|", "\\|")

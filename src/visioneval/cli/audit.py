"""`visioneval audit`: examine the grader against labelled replies, and label replies by hand."""

from __future__ import annotations

import getpass
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from visioneval.cli.options import results_option
from visioneval.errors import StoreError, UsageError
from visioneval.tables import read_text

if TYPE_CHECKING:
    from visioneval.grading.exam import ExamResult, ExamRow
    from visioneval.grading.overrides import HumanVerdict, Override
    from visioneval.store import Place, StoredRun
    from visioneval.types import GradedRecord

EXAM = Path("tests/fixtures/grader_exam.jsonl")
BELOW_GATE = 1


@click.group("audit", invoke_without_command=True)
@click.option(
    "--labels", type=click.Path(path_type=Path), help=f"Labelled replies (JSON lines); {EXAM} without it."
)
@click.option("--run", metavar="RUN", help="The replies of a run that `audit label` has labelled.")
@results_option
@click.option("--markdown", is_flag=True, help="Print the result as a page of the documentation.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_context
def command(
    ctx: click.Context, labels: Path | None, run: str | None, results: Path, markdown: bool, as_json: bool
) -> None:
    """Hold the exam: grade labelled replies, print precision, recall, kappa and every disagreement.

    A file of labels has question, label (pass or fail), reply or prediction, and answer or reference; the
    labels of a run are those that `visioneval audit label RUN` took. Exit code 1 below a precision or a
    recall of .99.
    """
    if ctx.invoked_subcommand is not None:
        return
    from visioneval.grading.exam import as_markdown, describe, hold_exam, read_exam

    if run and labels:
        raise UsageError("--run and --labels are two exams; hold them one by one")
    file = labels or _own_exam()
    result = hold_exam(_labelled(results, run) if run else read_exam(read_text(file), str(file)))
    if as_json:
        click.echo(_as_json(result))
    else:
        click.echo(as_markdown(result) if markdown else describe(result), nl=not markdown)
    if not result.passes_gate:
        click.echo(f"below the gate: precision and recall must be at least .99 ({run or file})", err=True)
        sys.exit(BELOW_GATE)


def _own_exam() -> Path:
    beside_the_source = Path(__file__).parents[3] / EXAM
    return EXAM if EXAM.exists() or not beside_the_source.exists() else beside_the_source


def _labelled(results: Path, run: str) -> list[ExamRow]:
    """Return the labelled replies of a run as rows of an exam. Raises StoreError when there are none."""
    from visioneval.grading.exam import ExamRow
    from visioneval.store import find_run, read_run

    stored = read_run(find_run(results, run))
    labels = _labels_of(stored)
    if unsure := sum(label.verdict == "unsure" for label in labels.values()):
        click.echo(f"left out: {unsure} labelled unsure", err=True)
    rows = [
        ExamRow(
            id=f"{graded.prompt.id}, epoch {graded.epoch + 1}",
            question=graded.prompt.question,
            reply=graded.record.reply.text,
            label=label.verdict,
            answer=graded.prompt.answer,
            stop=graded.record.reply.stop,
        )
        for graded in stored.graded()
        if graded.record
        and graded.record.reply
        and (label := labels.get((graded.prompt.id, graded.epoch)))
        and label.verdict != "unsure"
    ]
    if not rows:
        raise StoreError(f"{stored.folder} has no labels; give some with `visioneval audit label {stored.folder}`")
    return rows


def _labels_of(stored: StoredRun) -> dict[Place, Override]:
    from visioneval.grading.overrides import OVERRIDES, latest, read_overrides

    file = stored.folder / OVERRIDES
    return latest(read_overrides(read_text(file), str(file))) if file.exists() else {}


def _as_json(result: ExamResult) -> str:
    counts = result.agreement
    return msgspec.json.encode(
        {
            "n": counts.n,
            **counts._asdict(),
            **{name: getattr(counts, name)._asdict() for name in ("precision", "recall", "kappa")},
            "passes_gate": result.passes_gate,
            "disagreements": [
                {
                    "id": one.row.id,
                    "label": one.row.label,
                    "outcome": one.verdict.outcome,
                    "rule": one.verdict.rule,
                    "extracted": one.verdict.extracted,
                }
                for one in result.disagreements
            ],
        }
    ).decode()


# ----------------------------------------------------------------------------------------------
# Labelling by hand
# ----------------------------------------------------------------------------------------------

_KEYS: dict[str, HumanVerdict] = {"p": "pass", "f": "fail", "u": "unsure"}


@command.command("label")
@click.argument("run")
@results_option
@click.option("--who", default=None, help="Who labels; your login name without it.")
@click.option("--all", "again", is_flag=True, help="Also show replies that have a label already.")
def label(run: str, results: Path, who: str | None, again: bool) -> None:
    """Show each reply of RUN with its reference and picture, and take pass, fail or unsure.

    The labels go to overrides.jsonl in the run folder, with who, when and why. They change no verdict and no
    score: `visioneval audit --run RUN` says how far the grader agrees with them.
    """
    from visioneval.grading.overrides import OVERRIDES
    from visioneval.report import form
    from visioneval.store import find_run, read_run

    stored = read_run(find_run(results, run))
    file, known = stored.folder / OVERRIDES, _labels_of(stored)
    open_ones = [
        graded
        for graded in stored.graded()
        if graded.record and graded.record.reply and (again or (graded.prompt.id, graded.epoch) not in known)
    ]
    number_left = form.count(len(open_ones), "reply", "replies")
    click.echo(f"{number_left} to label; p pass, f fail, u unsure, s skip, q quit", err=True)
    for number, graded in enumerate(open_ones, start=1):
        _show(stored, graded, f"{number}/{len(open_ones)}")
        try:
            key = click.prompt("verdict", type=click.Choice([*_KEYS, "s", "q"]), show_choices=True)
            why = click.prompt("why", default="", show_default=False) if key in _KEYS else ""
        except click.Abort:
            click.echo()  # the cursor stands behind a question
            raise
        if key == "q":
            break
        if key in _KEYS:
            _append(file, graded, _KEYS[key], who or getpass.getuser(), why)


def _show(stored: StoredRun, graded: GradedRecord, progress: str) -> None:
    from visioneval.answers import key_text
    from visioneval.printable import printable

    assert graded.record is not None
    assert graded.record.reply is not None
    verdict = graded.verdict
    shown = (
        f"\n--- {progress}  {graded.prompt.id}, epoch {graded.epoch + 1}\n"
        f"picture:   {stored.suite_folder / graded.prompt.image}\n"
        f"question:  {graded.prompt.question}\n"
        f"reference: {key_text(graded.prompt.answer)}\n"
        f"reply:     {graded.record.reply.text}\n"
        f"automatic: {verdict.outcome} by {verdict.rule} on {verdict.extracted!r}"
    )
    click.echo(printable(shown))


def _append(file: Path, graded: GradedRecord, verdict: HumanVerdict, who: str, why: str) -> None:
    from visioneval.grading.overrides import Override, as_line

    override = Override(
        prompt_id=graded.prompt.id,
        epoch=graded.epoch,
        verdict=verdict,
        who=who,
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        why=why,
        automatic=graded.verdict.outcome,
        grader_version=graded.verdict.grader_version,
    )
    try:
        with file.open("ab") as opened:
            opened.write(as_line(override))
    except OSError as error:
        raise StoreError(f"{file} cannot be written ({error.strerror}); check its rights") from None

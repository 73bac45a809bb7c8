"""`visioneval grade`: grade a file of replies from anywhere."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from visioneval import tables
from visioneval.errors import SuiteError, UsageError
from visioneval.plurals import count

if TYPE_CHECKING:
    from visioneval.grading import GradedRow, Row

COLUMNS = ("id", "question", "reference", "reply")


@click.command("grade")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--out", type=click.Path(path_type=Path), help="Where the verdicts go (JSON lines); stdout without it."
)
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def command(file: Path, out: Path | None, as_json: bool) -> None:
    """Grade FILE, a .jsonl or .csv with id, question, reference and reply (and type, where it is declared).

    Writes one JSON line for each row: id, outcome, extracted, rule, type. Types that are not declared are
    inferred from question and reference, and marked with type_inferred. Exit code 3 when the file is wrong.
    """
    from visioneval.store import write_atomically

    graded = list(_grade_all(file))
    content = b"".join(msgspec.json.encode(row) + b"\n" for row in graded)
    if out is None:
        click.echo(content, nl=False)
    else:
        write_atomically(out, content)
    summary = _summary(graded)
    if as_json:
        click.echo(json.dumps(summary), err=out is None)
    else:
        outcomes = ", ".join(f"{name} {number}" for name, number in summary["outcomes"].items())
        inferred = f"; type inferred for {summary['types_inferred']}" if summary["types_inferred"] else ""
        click.echo(f"{count(summary['graded'], 'reply', 'replies')} graded: {outcomes}{inferred}", err=True)


def _grade_all(file: Path) -> Iterator[GradedRow]:
    from visioneval.grading import grade_rows

    for line, row in read_rows(file):
        try:
            yield from grade_rows([row])
        except SuiteError as error:
            raise SuiteError(f"{file} line {line}: {error}") from None


def _summary(graded: list[GradedRow]) -> dict[str, Any]:
    outcomes = Counter(row.outcome for row in graded)
    return {
        "graded": len(graded),
        "outcomes": {name: outcomes[name] for name in sorted(outcomes)},
        "types_inferred": sum(row.type_inferred for row in graded),
    }


def read_rows(file: Path) -> Iterator[tuple[int, Row]]:
    """Read (line number, row) from a .jsonl or .csv file. Raises SuiteError naming the file and the line."""
    if file.suffix.lower() not in tables.TABLE_SUFFIXES:
        raise UsageError(f"{file}: unknown kind of file {file.suffix!r}; give a .jsonl or a .csv")
    rows = list(tables.read_rows(file, tables.Columns(COLUMNS, ("type", "stop"))))
    if not rows:
        raise SuiteError(f"{file} has no rows; each needs {', '.join(COLUMNS)}")
    for line, fields in rows:
        yield line, _row(fields, f"{file} line {line}")


def _row(fields: dict[str, Any], where: str) -> Row:
    from visioneval.grading import Row

    texts = {name: _as_text(fields.get(name), name, where) for name in (*COLUMNS, "type", "stop")}
    if not texts["question"].strip():
        raise SuiteError(f"{where}: question is empty")
    try:
        return msgspec.convert(
            {
                **{name: texts[name] for name in COLUMNS},
                "type": texts["type"].strip() or None,
                "stop": texts["stop"].strip() or "stop",
            },
            Row,
        )
    except msgspec.ValidationError as error:
        raise SuiteError(f"{where}: {error}") from None


def _as_text(value: object, name: str, where: str) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str | int | float):
        return str(value)
    if isinstance(value, list) and name in ("reference", "reply"):
        return json.dumps(value, ensure_ascii=False)
    raise SuiteError(f"{where}: {name!r} is {type(value).__name__}; write a text or a number")

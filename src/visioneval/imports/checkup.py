"""A folder in the layout of the public Vision AI Checkup: prompts.csv, images/, and recorded results.

Its results are keyed by the picture's file name, so of several prompts on one picture only one reply was
kept; the record's own title and question say which. Rows in which a comma of the question was not quoted
are mended, and every mended or lost thing is a remark.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from visioneval.errors import SuiteError
from visioneval.grading.infer import infer_answer
from visioneval.imports.source import Import, Recorded, seconds_or_none, storable, with_picture
from visioneval.plurals import count
from visioneval.suite import assemble, check_answer, derived_id
from visioneval.types import Prompt, Reply, Timing

COLUMNS = ("file_name", "prompt", "answer", "assessment_name", "category", "submitted_by", "submitted_by_link")


def read(folder: Path) -> Import:
    """Read the prompts, the pictures' names and every recorded reply. Raises SuiteError with one line."""
    remarks: list[str] = []
    prompts = list(_prompts(folder, remarks))
    suite = assemble(folder.resolve().name, folder, folder, prompts)
    by_id = {prompt.id: prompt for prompt in suite.prompts}
    by_file: dict[str, list[Prompt]] = {}
    for prompt in by_id.values():
        by_file.setdefault(Path(prompt.image).stem, []).append(prompt)
    replies: dict[str, list[Recorded]] = {}
    left_out = 0
    for model, results in _results(folder):
        found, lost = _match(model, results, by_file, remarks)
        replies.setdefault(model, []).extend(found)
        left_out += lost
    if not replies:
        raise SuiteError(f"{folder} has no results: neither data/results/result_*.json nor model_results.json")
    return Import(suite, replies, tuple(remarks), left_out)


def _prompts(folder: Path, remarks: list[str]) -> Iterator[Prompt]:
    pictures = {path.stem: f"images/{path.name}" for path in sorted((folder / "images").glob("*"))}
    taken: set[str] = set()
    for line, row in _rows(folder / "prompts.csv", remarks):
        image = pictures.get(Path(row["file_name"]).stem, f"images/{row['file_name']}")
        prompt_id = derived_id(f"{row['assessment_name']}\0{row['prompt']}", row["file_name"])
        if prompt_id in taken:
            remarks.append(
                f"prompts.csv row {line}: the same question about {row['file_name']} as before; left out"
            )
            continue
        taken.add(prompt_id)
        try:
            prompt = Prompt(
                id=prompt_id,
                category=row["category"].strip() or "Uncategorised",
                title=row["assessment_name"].strip(),
                image=image,
                question=row["prompt"].strip(),
                answer=infer_answer(row["prompt"], row["answer"]),
                answer_inferred=True,
            )
            check_answer(prompt, "prompts.csv")
        except SuiteError as error:
            remarks.append(f"prompts.csv row {line}: left out, {error}")
            continue
        yield with_picture(prompt, folder)


def _rows(file: Path, remarks: list[str]) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            rows = list(csv.reader(lines))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise SuiteError(f"cannot read {file} ({why}); give a folder with prompts.csv and images/") from None
    if not rows or tuple(rows[0][: len(COLUMNS)]) != COLUMNS:
        raise SuiteError(f"{file} does not begin with the columns {', '.join(COLUMNS)}")
    for line, cells in enumerate(rows[1:], start=2):
        if mended := _mend(cells, len(rows[0]), line, remarks):
            yield line, dict(zip(COLUMNS, mended, strict=False))


def _mend(cells: list[str], width: int, line: int, remarks: list[str]) -> list[str] | None:
    """Put a question together again that an unquoted comma has split; None for what cannot be mended."""
    while len(cells) > width and cells[2].startswith(" "):
        cells = [cells[0], f"{cells[1]},{cells[2]}", *cells[3:]]
        remarks.append(f"prompts.csv row {line}: the question's comma was not quoted; read as {cells[1]!r}")
    if not any(cells):
        return None
    if len(cells) != width or not (cells[0].strip() and cells[1].strip() and cells[2].strip()):
        remarks.append(
            f"prompts.csv row {line}: left out, {count(len(cells), 'field')} where {width} are named, or one empty"
        )
        return None
    return cells


class _Results(Struct):
    """A file of results: of several models, or of one."""

    assessments_by_model: dict[str, dict[str, Any]] = {}
    model_name: str = ""
    assessments: dict[str, Any] = {}


def _results(folder: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    files = [*sorted((folder / "data/results").glob("result_*.json")), folder / "model_results.json"]
    for file in files:
        if not file.is_file():
            continue
        try:
            document = msgspec.convert(json.loads(file.read_bytes()), _Results)
        except OSError as error:
            raise SuiteError(f"{file} cannot be read ({error.strerror}); check its rights") from None
        except (ValueError, RecursionError, msgspec.ValidationError) as error:
            raise SuiteError(f"{file} is not a file of results ({error}); restore it") from None
        yield from document.assessments_by_model.items()
        if document.model_name:
            yield document.model_name, document.assessments


def _match(
    model: str, results: Mapping[str, Any], by_file: Mapping[str, Sequence[Prompt]], remarks: list[str]
) -> tuple[list[Recorded], int]:
    found: dict[str, Recorded] = {}
    lost = 0
    for name, entry in results.items():
        prompt = _prompt_of(name, entry, by_file) if isinstance(entry, dict) else None
        if prompt is None or not isinstance(entry.get("result"), str) or prompt.id in found:
            remarks.append(f"{model}: the reply for {name} was left out: {_why(entry, prompt, found)}")
            lost += 1
            continue
        if _plain(str(entry.get("prompt"))) != _plain(prompt.question):
            remarks.append(f"{model}: {name} was asked in other words: {str(entry.get('prompt'))!r}")
        seconds = seconds_or_none(entry.get("time_taken"), f"{model}: the time of {name}", remarks)
        try:
            recorded = storable(Recorded(prompt, 0, Reply(entry["result"], timing=Timing(service_s=seconds))))
        except SuiteError as error:
            remarks.append(f"{model}: the reply for {name} was left out: {error}")
            lost += 1
        else:
            found[prompt.id] = recorded
    return list(found.values()), lost


def _why(entry: object, prompt: Prompt | None, found: Mapping[str, Recorded]) -> str:
    if not isinstance(entry, dict) or not isinstance(entry.get("result"), str):
        return "no reply is recorded"
    if prompt is None:
        return f"no prompt has this picture and the title {entry.get('assessment_name')!r} or this question"
    return f"there is another one to {prompt.id}" if prompt.id in found else "unreadable"


def _prompt_of(name: str, entry: Mapping[str, Any], by_file: Mapping[str, Sequence[Prompt]]) -> Prompt | None:
    """Return the prompt on this picture with this question, else with this title and answer; None without one."""
    candidates = by_file.get(Path(name).stem, ())
    asked, title = _plain(str(entry.get("prompt"))), str(entry.get("assessment_name")).strip()
    same_question = [prompt for prompt in candidates if _plain(prompt.question) == asked]
    same_title = [prompt for prompt in candidates if prompt.title == title]
    both = [prompt for prompt in same_question if prompt.title == title]
    for matches in (both, same_question, same_title):
        if len(matches) == 1:
            return matches[0]
    return None


def _plain(text: str) -> str:
    return " ".join(text.split())

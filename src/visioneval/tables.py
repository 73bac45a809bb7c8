"""Tables that people keep: a CSV, or JSON lines, each row with the line of the file that it begins on.

A line ends at a line feed and nowhere else: a reply may hold any other separator that Unicode has. Nothing
is skipped but empty lines, and what the columns mean is for whoever asks.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from visioneval.errors import SuiteError

TABLE_SUFFIXES = (".csv", ".jsonl", ".ndjson")
LONGEST_CELL = 2**31 - 1
Row: TypeAlias = tuple[int, dict[str, Any]]
"""The line that a row begins on, and its cells by column."""


def read_rows(file: Path, columns: Sequence[str] = ()) -> Iterator[Row]:
    """Read a table of which every row has the `columns`, and perhaps more.

    The columns of a CSV may be written in any case. Raises SuiteError naming the line that is wrong.
    """
    text = read_text(file)
    return _csv_rows(file, text, columns) if file.suffix.lower() == ".csv" else _json_rows(file, text, columns)


def read_text(file: Path) -> str:
    """Read a whole file of UTF-8, with or without a byte order mark. Raises SuiteError when there is none."""
    try:
        return file.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise SuiteError(f"{file} does not exist; correct the path") from None
    except OSError as error:
        raise SuiteError(f"{file} cannot be read ({error.strerror}); check the path and its rights") from None
    except UnicodeDecodeError as error:
        raise SuiteError(f"{file} is not UTF-8 (byte {error.start}); save it as UTF-8") from None


def _csv_rows(file: Path, text: str, columns: Sequence[str]) -> Iterator[Row]:
    lines = _csv_lines(file, text)
    first, header = next(lines, (1, []))
    names = [name.strip().lower() for name in header]
    if not any(names):
        raise SuiteError(f"{file} is empty; its first line names the columns{_named(columns)}")
    _need(columns, names, f"{file} line {first}")
    twice = next((name for name in names if name and names.count(name) > 1), None)
    if twice:
        raise SuiteError(f"{file} line {first}: two columns are called {twice!r}; rename one")
    for line, cells in lines:
        if len(cells) != len(names):
            raise SuiteError(
                f"{file} line {line}: {len(cells)} cells where {len(names)} columns are named; put texts with "
                "commas in quotes"
            )
        yield line, dict(zip(names, cells, strict=True))


def _csv_lines(file: Path, text: str) -> Iterator[tuple[int, list[str]]]:
    csv.field_size_limit(LONGEST_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        begins = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise SuiteError(f"{file} line {begins}: {error}; correct the quotes") from None
        if cells:
            yield begins, cells


def _json_rows(file: Path, text: str, columns: Sequence[str]) -> Iterator[Row]:
    for line, row in enumerate(text.split("\n"), start=1):
        if not row.strip():
            continue
        where = f"{file} line {line}"
        try:
            cells = msgspec.json.decode(row)
        except (msgspec.DecodeError, RecursionError) as error:
            fix = "write null for NaN" if "NaN" in row or "Infinity" in row else "write one object a line"
            raise SuiteError(f"{where}: not JSON ({error}); {fix}") from None
        if not isinstance(cells, dict):
            raise SuiteError(f"{where}: not a JSON object; write one object a line")
        _need(columns, cells, where)
        yield line, cells


def _need(columns: Sequence[str], there: Collection[str], where: str) -> None:
    missing = next((name for name in columns if name not in there), None)
    if missing:
        raise SuiteError(f"{where}: no column {missing!r}; needed are {', '.join(columns)}")


def _named(columns: Sequence[str]) -> str:
    return f": {','.join(columns)}" if columns else ""

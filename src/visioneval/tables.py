"""Tables that people keep: a CSV, or JSON lines, each row with the line of the file that it begins on.

A line ends at a line feed and nowhere else: a reply may hold any other separator that Unicode has. Nothing
is skipped but empty lines, and what the columns mean is for whoever asks.
"""

from __future__ import annotations

import csv
import difflib
import io
import json
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import msgspec

from visioneval.errors import SuiteError
from visioneval.plurals import count

TABLE_SUFFIXES = (".csv", ".jsonl", ".ndjson")
LARGEST_FILE_BYTES = 1_000_000_000
LONGEST_CELL = 2**31 - 1
NEAR = 0.75
"""From this likeness on, an unknown column is taken for a misspelt one."""
Row: TypeAlias = tuple[int, dict[str, Any]]
"""The line that a row begins on, and its cells by column."""


class Columns(NamedTuple):
    """What a table must have and may have; what else it has is left alone."""

    needed: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()

    def check(self, there: Collection[str], where: str) -> None:
        """Raise SuiteError for a column that is missing, or that is a misspelt one by all appearance."""
        absent = [name for name in (*self.needed, *self.optional) if name not in there]
        for name in there:
            near = difflib.get_close_matches(name, absent, n=1, cutoff=NEAR)
            if near and name not in (*self.needed, *self.optional):
                raise SuiteError(f"{where}: no column is called {name!r}; did you mean {near[0]!r}? rename it")
        for name in self.needed:
            if name in absent:
                raise SuiteError(f"{where}: no column {name!r}; needed are {', '.join(self.needed)}")


def read_rows(file: Path, columns: Columns) -> Iterator[Row]:
    """Read a table, of which a CSV may write its columns in any case.

    Raises SuiteError naming the line that is wrong.
    """
    text = read_text(file)
    return _csv_rows(file, text, columns) if file.suffix.lower() == ".csv" else _json_rows(file, text, columns)


def read_text(file: Path) -> str:
    """Read a whole file of UTF-8, with or without a byte order mark. Raises SuiteError when there is none."""
    try:
        if file.exists() and not file.is_file():  # a pipe would be waited for
            raise SuiteError(f"{file} is no file; give the path of one")
        if file.stat().st_size > LARGEST_FILE_BYTES:
            raise SuiteError(f"{file} is larger than {LARGEST_FILE_BYTES // 10**6} MB; split it")
        return file.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise SuiteError(f"{file} does not exist; correct the path") from None
    except OSError as error:
        raise SuiteError(f"{file} cannot be read ({error.strerror}); check the path and its rights") from None
    except UnicodeDecodeError as error:
        raise SuiteError(f"{file} is not UTF-8 (byte {error.start}); save it as UTF-8") from None


def _csv_rows(file: Path, text: str, columns: Columns) -> Iterator[Row]:
    lines = _csv_lines(file, text)
    first, header = next(lines, (1, []))
    names = [name.strip().lower() for name in header]
    where = f"{file} line {first}"
    if not any(names):
        raise SuiteError(f"{file} is empty; its first line names the columns: {','.join(columns.needed)}")
    for separator, called in ((";", "semicolons"), ("\t", "tabs")):
        if len(names) == 1 and separator in names[0]:
            raise SuiteError(f"{where}: the columns are separated by {called}; save the table with commas")
    columns.check(names, where)
    for name in names:
        if name and names.count(name) > 1:
            raise SuiteError(f"{where}: two columns are called {name!r}; rename one")
    for line, cells in lines:
        if len(cells) != len(names):
            there, named = count(len(cells), "cell"), count(len(names), "column is", "columns are")
            raise SuiteError(f"{file} line {line}: {there} where {named} named; put texts with commas in quotes")
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


def _json_rows(file: Path, text: str, columns: Columns) -> Iterator[Row]:
    for line, row in enumerate(text.split("\n"), start=1):
        if not row.strip():
            continue
        where = f"{file} line {line}"
        try:
            msgspec.json.decode(row)  # takes neither NaN nor half a character, as json does
            cells = json.loads(row, object_pairs_hook=_named_once)
        except (msgspec.DecodeError, ValueError, RecursionError) as error:
            fix = "write null for NaN" if "NaN" in row or "Infinity" in row else "write one object a line"
            raise SuiteError(f"{where}: not JSON ({error}); {fix}") from None
        if not isinstance(cells, dict):
            raise SuiteError(f"{where}: not a JSON object; write one object a line")
        columns.check(cells, where)
        yield line, cells


def _named_once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("a name stands in it twice")
    return fields

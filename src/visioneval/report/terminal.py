"""Score tables in a terminal: aligned, coloured only where the console allows, split when it is narrow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Self

from rich.console import Console
from rich.measure import Measurement
from rich.style import Style
from rich.table import Table
from rich.text import Text

from visioneval.aggregate import Grade, Summary
from visioneval.printable import printable
from visioneval.report.classic import SCORE_KEY, Cell, ScoreTable, score_table

NARROW_TITLE = 24
STYLES: dict[Grade, str] = {"good": "green", "middling": "yellow", "poor": "red"}


class PrintableText(Text):
    """A text with words of others in it, of which none can act on the terminal."""

    def __init__(self, text: str = "", style: str = "") -> None:
        super().__init__(printable(text), style)

    def append(self, text: Text | str, style: str | Style | None = None) -> Self:
        """Add more words of others."""
        super().append(printable(text) if isinstance(text, str) else text, style)
        return self


def print_scores(summaries: Sequence[Summary], console: Console) -> None:
    """Print the classic score table, as many models side by side as fit. Raises UsageError as `score_table`."""
    scores = score_table(summaries)
    for part in _parts(scores, console):
        console.print(part)
        console.print()
    console.print(_score_key())
    for model, note in zip(scores.models, scores.notes, strict=True):
        if note:
            console.print(PrintableText(f"{model}: {note}"))


def _parts(scores: ScoreTable, console: Console) -> Iterator[Table]:
    """Divide the models into tables that fit the console; one that fits nowhere is stacked."""
    whole = _table(scores, 0, len(scores.models))
    if _fits(whole, console):
        yield whole
        return
    start, count = 0, len(scores.models)
    while start < count:
        end = start + 1
        while end < count and _fits(_table(scores, start, end + 1, NARROW_TITLE), console):
            end += 1
        table = _table(scores, start, end, NARROW_TITLE)
        yield table if _fits(table, console) else _stacked(scores, start)
        start = end


def _fits(table: Table, console: Console) -> bool:
    # Measured without the console's own width, which would cap the answer.
    wide = console.options.update(width=10_000, max_width=10_000)
    return Measurement.get(console, wide, table).maximum <= console.width


def _table(scores: ScoreTable, start: int, end: int, title_width: int | None = None) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("", max_width=title_width)
    for model in scores.models[start:end]:
        table.add_column(PrintableText(model), justify="right", no_wrap=True)
        table.add_column(Text("95%", style="dim"), justify="left", no_wrap=True)
    for row in scores.rows:
        cells = row.cells[start:end]
        table.add_row(
            PrintableText(row.title), *(part for cell in cells for part in (_value(cell), _interval(cell)))
        )
    return table


def _stacked(scores: ScoreTable, column: int) -> Table:
    """Lay out one model for a very narrow console: the interval below its value."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("", overflow="fold")
    table.add_column(PrintableText(scores.models[column]), justify="right", overflow="fold")
    for row in scores.rows:
        cell = row.cells[column]
        value = _value(cell)
        if cell.interval:
            value = Text("\n").join([value, _interval(cell)])
        table.add_row(PrintableText(row.title), value)
    return table


def _value(cell: Cell) -> Text:
    return Text(cell.text, style=STYLES[cell.grade] if cell.grade else "")


def _interval(cell: Cell) -> Text:
    return Text(cell.interval, style="dim")


def _score_key() -> Text:
    key = Text("Score key: ", style="dim")
    return key.append_text(Text(" · ").join(Text(words, style=STYLES[grade]) for grade, words in SCORE_KEY))

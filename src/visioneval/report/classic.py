"""The classic score table: one row a measure, one column a model, every rate beside its interval."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence

import msgspec
from msgspec import Struct

from visioneval.aggregate import Grade, Rate, Summary, check_comparable
from visioneval.printable import csv_cell
from visioneval.report import form

SCORE_KEY: tuple[tuple[Grade, str], ...] = (
    ("good", "≥75% good"),
    ("middling", "40–74% middling"),
    ("poor", "<40% poor"),
)
OVERALL, TIME = "Overall Score", "Avg Response Time"
INPUT, OUTPUT = "Median input tokens (incl. image tokens)", "Median output tokens (incl. reasoning)"
COST = "Est. cost / task"


class Cell(Struct, frozen=True):
    """One value as it is written, its 95 % interval, and its place in the score key."""

    text: str = form.UNKNOWN
    interval: str = ""
    grade: Grade | None = None


class Row(Struct, frozen=True):
    """One measure for every model."""

    title: str
    cells: tuple[Cell, ...]


class ScoreTable(Struct, frozen=True):
    """The table, ready to be drawn anywhere."""

    models: tuple[str, ...]
    notes: tuple[str, ...]
    """One a model: the card's note, and why it is not ranked or shown without tokens and cost."""
    rows: tuple[Row, ...]


def score_table(summaries: Sequence[Summary]) -> ScoreTable:
    """Lay out the runs side by side, in the order given. Raises UsageError unless they are comparable."""
    check_comparable(summaries)
    categories = list(dict.fromkeys(category for summary in summaries for category in summary.by_category))
    rows = [Row(OVERALL, tuple(_overall(summary) for summary in summaries))]
    rows.append(Row(TIME, tuple(_time(summary) for summary in summaries)))
    if any(summary.ranked for summary in summaries):
        rows.append(
            Row(INPUT, tuple(Cell(_tokens(summary, summary.tokens.input_median)) for summary in summaries))
        )
        rows.append(
            Row(OUTPUT, tuple(Cell(_tokens(summary, summary.tokens.output_median)) for summary in summaries))
        )
        rows.append(Row(COST, tuple(_cost(summary) for summary in summaries)))
    rows += [
        Row(name, tuple(_category(summary.by_category.get(name)) for summary in summaries)) for name in categories
    ]
    return ScoreTable(model_names(summaries), tuple(note(summary) for summary in summaries), tuple(rows))


def model_names(summaries: Sequence[Summary]) -> tuple[str, ...]:
    """Return a name a run: its condition, with the run id where two runs share the condition."""
    labels = [summary.label for summary in summaries]
    return tuple(
        label if labels.count(label) == 1 else f"{label} [{summary.run.id}]"
        for label, summary in zip(labels, summaries, strict=True)
    )


def note(summary: Summary) -> str:
    """Return what must be said beside a run's scores: the card's note, and what is missing."""
    coverage = summary.coverage
    said = [summary.note]
    if not summary.ranked:
        said.append(f"not ranked: verdicts on {coverage.verdicts} of {coverage.suite}, 90% needed")
    elif coverage.verdicts < coverage.suite:
        said.append(f"verdicts on {coverage.verdicts} of {coverage.suite}")
    if summary.truncated_too_often:
        said.append(
            f"{form.count(summary.outcomes['truncated'], 'reply', 'replies')} cut off (raise --max-output-tokens)"
        )
    if summary.outcomes["ungraded"]:
        said.append(f"{summary.outcomes['ungraded']} not graded")
    said += _how_measured(summary)
    return "; ".join(part for part in said if part)


def _how_measured(summary: Summary) -> list[str]:
    """Say of a batched run why it has no times, of a local model how they were taken and what its cost is."""
    run = summary.run
    if run.condition.settings.batched:
        return ["asked by the batch API: at its price, and without times"]
    if not run.loaded:
        return []
    if run.card.options.get("latency_mode") == "single":
        times = "timed one prompt at a time"
    else:
        times = f"times are shares of a batch's (up to {run.loaded.get('batch_size', 1)} prompts)"
    priced = summary.cost is not None and summary.cost.basis == "gpu"
    cost = f"cost computed from busy seconds at ${run.card.gpu_usd_per_hour} an hour, not billed"
    return [f"{times} on {run.loaded.get('device_name', 'an unknown device')}", *([cost] if priced else [])]


def _overall(summary: Summary) -> Cell:
    rate = summary.overall
    return Cell(form.overall(rate), form.rate_interval(rate), rate.grade)


def _category(rate: Rate | None) -> Cell:
    return Cell() if rate is None else Cell(form.category(rate), form.rate_interval(rate), rate.grade)


def _time(summary: Summary) -> Cell:
    return Cell(form.seconds(summary.latency.mean_s)) if summary.latency else Cell("not measured")


def _tokens(summary: Summary, median: float | None) -> str:
    return form.tokens(median) if summary.ranked else ""


def _cost(summary: Summary) -> Cell:
    if not summary.ranked:
        return Cell("")
    return Cell(form.usd(summary.cost.per_task_usd) if summary.cost else form.UNKNOWN)


def to_markdown(summaries: Sequence[Summary]) -> str:
    """Write the table as GitHub Markdown, an interval column beside each model's."""
    table = score_table(summaries)
    head = ["Measure", *(part for model in table.models for part in (model, "95% interval"))]
    body = [
        [row.title, *(part for cell in row.cells for part in (cell.text, cell.interval))] for row in table.rows
    ]
    lines = [markdown_row(head), markdown_row(["---", *["---:"] * (len(head) - 1)]), *map(markdown_row, body)]
    key = "Score key: " + ", ".join(words for _, words in SCORE_KEY) + "."
    notes = [f"- {escape_markdown(model)}: {escape_markdown(text)}" for model, text in _noted(table)]
    return "\n".join([*lines, "", key, *(["", *notes] if notes else []), ""])


def to_csv(summaries: Sequence[Summary]) -> str:
    """Write the table as CSV, one line a measure and model."""
    table, out = score_table(summaries), io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["measure", "model", "value", "interval_95", "score_key", "note"])
    for row in table.rows:
        for model, shown, said in zip(table.models, row.cells, table.notes, strict=True):
            values = (row.title, model, shown.text, shown.interval, shown.grade or "", said)
            writer.writerow(map(csv_cell, values))
    return out.getvalue()


def to_json(summaries: Sequence[Summary]) -> str:
    """Write the runs as JSON with sorted keys: the rows as shown, and the numbers behind them."""
    table = score_table(summaries)
    models = [
        {
            "model": model,
            "note": said,
            "rows": [_json_row(row, column) for row in table.rows],
            **summary_json(summary),
        }
        for column, (model, said, summary) in enumerate(zip(table.models, table.notes, summaries, strict=True))
    ]
    return json.dumps({"models": models}, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def summary_json(summary: Summary) -> dict[str, object]:
    """Return the numbers of a summary, and of its run what identifies it, as JSON values."""
    run = summary.run
    numbers: dict[str, object] = msgspec.to_builtins(summary)
    return {
        **{name: value for name, value in numbers.items() if name != "run"},
        "ranked": summary.ranked,
        "run": run.id,
        "started": run.started,
        "suite": run.suite,
        "suite_sha256": run.suite_sha256,
        "epochs": run.epochs,
        "condition": msgspec.to_builtins(run.condition),
    }


def _json_row(row: Row, column: int) -> dict[str, object]:
    cell = row.cells[column]
    return {"measure": row.title, "value": cell.text, "interval_95": cell.interval, "score_key": cell.grade}


def escape_markdown(text: str) -> str:
    """Keep a name from breaking a table or becoming markup."""
    for character in "\\`*_[]<>|":
        text = text.replace(character, "\\" + character)
    return text.replace("\n", " ")


def markdown_row(cells: Sequence[str]) -> str:
    """Write one line of a Markdown table."""
    return "| " + " | ".join(cell if cell.startswith("---") else escape_markdown(cell) for cell in cells) + " |"


def _noted(table: ScoreTable) -> list[tuple[str, str]]:
    return [(model, text) for model, text in zip(table.models, table.notes, strict=True) if text]

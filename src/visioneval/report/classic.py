"""The classic score table: one row a measure, one column a model, every rate beside its interval."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence

import msgspec
from msgspec import Struct

from visioneval.aggregate import ENOUGH_PERCENT, Grade, Rate, Summary, check_comparable, enough
from visioneval.printable import csv_cell
from visioneval.report import form
from visioneval.types import Run, labelled

SCORE_KEY: tuple[tuple[Grade, str], ...] = (
    ("good", "≥75% good"),
    ("middling", "40–74% middling"),
    ("poor", "<40% poor"),
)
OVERALL, TIME = "Overall Score", "Avg Response Time"
INPUT, OUTPUT = "Median input tokens (incl. image tokens)", "Median output tokens (incl. reasoning)"
COST = "Est. cost / task"
RULE, RULE_RIGHT = "---", "---:"
"""What stands below the head of a Markdown column that is set left, or right."""


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
    """Return a name a run, as `run_names`."""
    return run_names([summary.run for summary in summaries])


def run_names(runs: Sequence[Run]) -> tuple[str, ...]:
    """Return a name a run: its label, with what tells it from others of that label, else with its id."""
    names = [_told_apart(run, [other for other in runs if other.label == run.label]) for run in runs]
    return tuple(
        name if names.count(name) == 1 else f"{name} [{run.id}]" for name, run in zip(names, runs, strict=True)
    )


def _told_apart(run: Run, namesakes: Sequence[Run]) -> str:
    others = [other.identity.traits for other in namesakes]
    own = [
        f"{name}={value}"
        for name, value in run.identity.traits.items()
        if any(other.get(name) != value for other in others)
    ]
    return labelled(run.card.label or run.condition.model, (*run.condition.parts, *own))


def note(summary: Summary) -> str:
    """Return what must be said beside a run's scores: the card's note, and what is missing."""
    coverage = summary.coverage
    said = [summary.note]
    if not coverage.whole:
        asked = len(summary.run.prompt_ids)
        said.append(f"not ranked: asked only {asked} of the suite's {summary.run.suite_size}")
    elif not summary.ranked:
        needed = f"{ENOUGH_PERCENT}% needed"
        said.append(f"not ranked: verdicts on {coverage.verdicts} of {coverage.suite}, {needed}")
    elif coverage.verdicts < coverage.suite:
        said.append(f"verdicts on {coverage.verdicts} of {coverage.suite}")
    if summary.truncated_too_often:
        said.append(
            f"{form.count(summary.outcomes['truncated'], 'reply', 'replies')} cut off (raise --max-output-tokens)"
        )
    if summary.outcomes["ungraded"]:
        said.append(f"{summary.outcomes['ungraded']} not graded")
    if (latency := summary.latency) and not enough(latency.n, latency.replies):
        said.append(f"times of only {latency.n} of {form.count(latency.replies, 'answer')}")
    said += _how_measured(summary)
    return "; ".join(part for part in said if part)


def _how_measured(summary: Summary) -> list[str]:
    """Say of a batched run why it has no times, of a local model how they were taken and what its cost is."""
    run = summary.run
    if run.condition.settings.batched:
        at_its_price = "at its price, and " if summary.task_usd is not None else ""
        return [f"asked by the batch API: {at_its_price}without times"]
    if not run.loaded:
        return []
    shares = f"times are shares of a batch's (up to {run.loaded.get('batch_size')} prompts)"
    times = shares if shares_of_a_batch(run) else "timed one prompt at a time"
    cost = f"cost computed from busy seconds at ${run.card.gpu_usd_per_hour} an hour, not billed"
    priced = [cost] if summary.computed_cost else []
    return [f"{times} on {run.loaded.get('device_name', 'an unknown device')}", *priced]


def shares_of_a_batch(run: Run) -> bool:
    """Whether a time is an answer's share of the time of a batch, and not that of a request of its own."""
    return run.card.options.get("latency_mode") != "single" and run.loaded.get("batch_size", 1) != 1


def _overall(summary: Summary) -> Cell:
    rate = summary.overall
    return Cell(form.overall(rate), _interval(rate), rate.grade)


def _category(rate: Rate | None) -> Cell:
    return Cell() if rate is None else Cell(form.category(rate), _interval(rate), rate.grade)


def _interval(rate: Rate) -> str:
    """Write the interval; of too few prompts for a percentage there are only the counts."""
    return form.rate_interval(rate) if form.shows_percent(rate) else ""


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
    lines = [markdown_row(head), markdown_row([RULE, *[RULE_RIGHT] * (len(head) - 1)]), *map(markdown_row, body)]
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
        "options": dict(run.identity.options),
    }


def _json_row(row: Row, column: int) -> dict[str, object]:
    cell = row.cells[column]
    return {"measure": row.title, "value": cell.text, "interval_95": cell.interval, "score_key": cell.grade}


def escape_markdown(text: str) -> str:
    """Keep a name from breaking a table or becoming markup."""
    for character in "\\`*_[]<>|":
        text = text.replace(character, "\\" + character)
    return " ".join(text.splitlines())


def markdown_row(cells: Sequence[str]) -> str:
    """Write one line of a Markdown table; the rule below its head is made of RULE and RULE_RIGHT."""
    return (
        "| " + " | ".join(cell if cell in (RULE, RULE_RIGHT) else escape_markdown(cell) for cell in cells) + " |"
    )


def _noted(table: ScoreTable) -> list[tuple[str, str]]:
    return [(model, text) for model, text in zip(table.models, table.notes, strict=True) if text]

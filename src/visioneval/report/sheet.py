"""Models side by side: their facts, prices and scores, and on each line who wins, if that is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from visioneval import stats
from visioneval.aggregate import FEWEST_FOR_PERCENT, Summary, check_comparable
from visioneval.compare import (
    ALPHA,
    Comparison,
    Contest,
    GradedRun,
    compare,
    contest_on,
    decided,
    shared_prompts,
)
from visioneval.report import form
from visioneval.report.classic import Cell, model_names, note, score_table
from visioneval.types import ModelCard, PriceRow, Prompt

Value: TypeAlias = Callable[[ModelCard], float | None]
TIE, UNDECIDED, NOT_KNOWN = "tie", "undecided", "unknown"


class Line(Struct, frozen=True):
    """One property of every model. `winner` is a name, tie, undecided, unknown, or empty for no contest."""

    title: str
    cells: tuple[Cell, ...]
    winner: str = ""


class Section(Struct, frozen=True):
    title: str
    lines: tuple[Line, ...]


class SideBySide(Struct, frozen=True):
    """Everything that a comparison shows."""

    names: tuple[str, ...]
    notes: tuple[str, ...]
    sections: tuple[Section, ...]
    pairs: tuple[tuple[int, int, Comparison], ...]
    """Every pair, by place; with three or more models their overall tests are corrected by Holm."""
    cochrans_q: tuple[float, float] | None
    """Q and p for three or more models."""


def side_by_side(runs: Sequence[GradedRun]) -> SideBySide:
    """Lay out two or more runs. Raises UsageError when they are not comparable."""
    summaries = [run.summary for run in runs]
    check_comparable(summaries)
    names = model_names(summaries)
    pairs = _pairs(runs)
    return SideBySide(
        names=names,
        notes=tuple(note(summary) for summary in summaries),
        sections=sections(runs, names),
        pairs=pairs,
        cochrans_q=_cochrans_q(runs),
    )


def sections(runs: Sequence[GradedRun], names: Sequence[str]) -> tuple[Section, ...]:
    """Return the property table."""
    summaries = [run.summary for run in runs]
    cards = [summary.run.card for summary in summaries]
    return (
        Section("Model", _told(_facts(cards, names))),
        Section("Pricing", _told(_prices(summaries, names))),
        Section("Vision tasks", tuple(_listed([card.tasks for card in cards]))),
        Section("Features", tuple(_listed([card.features for card in cards]))),
        Section("Evals", tuple(_evals(runs, names))),
    )


def _told(lines: Sequence[Line]) -> tuple[Line, ...]:
    """Leave out what is not known of any model."""
    return tuple(line for line in lines if any(cell.text != form.UNKNOWN for cell in line.cells))


def _pairs(runs: Sequence[GradedRun]) -> tuple[tuple[int, int, Comparison], ...]:
    places = [(i, j) for i in range(len(runs)) for j in range(i + 1, len(runs))]
    found = [compare(runs[i], runs[j]) for i, j in places]
    corrected = stats.holm([comparison.overall.p for comparison in found])
    return tuple(
        (i, j, replace(comparison, overall=decided(comparison.overall, p)))
        for (i, j), comparison, p in zip(places, found, corrected, strict=True)
    )


def _cochrans_q(runs: Sequence[GradedRun]) -> tuple[float, float] | None:
    prompts = shared_prompts(runs)
    if len(runs) < 3 or not prompts or any(run.summary.run.epochs > 1 for run in runs):
        return None
    return stats.cochrans_q([[run.scores[prompt.id] == 1 for prompt in prompts] for run in runs])


# Facts


def _yes_or_not(listed: bool) -> Cell:
    return Cell("yes" if listed else "not listed")


def _facts(cards: Sequence[ModelCard], names: Sequence[str]) -> list[Line]:
    def line(title: str, text: Callable[[ModelCard], str | None]) -> Line:
        return Line(title, tuple(Cell(text(card) or form.UNKNOWN) for card in cards))

    def contest(title: str, value: Value, write: Callable[[float], str], best: str) -> Line:
        values = [value(card) for card in cards]
        cells = tuple(Cell(form.UNKNOWN if v is None else write(v)) for v in values)
        return Line(title, cells, winner_of(values, cells, names, best))

    return [
        line("Organisation", lambda card: card.organisation),
        line("Weights", lambda card: card.access),
        line("Modality", lambda card: card.modality),
        line("Released", lambda card: card.released),
        contest("Context window", lambda card: card.context_window, form.tokens, "highest"),
        contest("Longest output", lambda card: card.max_output, form.tokens, "highest"),
        line("Parameters", lambda card: card.parameters),
        line("Licence", lambda card: card.licence),
        contest("GPU memory", lambda card: card.gpu_memory_gb, lambda gb: f"{gb:g} GB", "lowest"),
    ]


def _listed(lists: Sequence[tuple[str, ...]]) -> list[Line]:
    every = dict.fromkeys(entry for listed in lists for entry in listed)
    return [
        Line(
            entry[:1].upper() + entry[1:],
            tuple(_yes_or_not(entry in listed) for listed in lists),
        )
        for entry in every
    ]


def _prices(summaries: Sequence[Summary], names: Sequence[str]) -> list[Line]:
    rows = [summary.cost.price if summary.cost else None for summary in summaries]

    def line(title: str, price: Callable[[PriceRow], Decimal | None]) -> Line:
        amounts = [price(row) if row else None for row in rows]
        cells = tuple(Cell(form.usd(amount)) for amount in amounts)
        return Line(title, cells, winner_of(amounts, cells, names, "lowest"))

    dates = tuple(Cell(row.valid_from.isoformat() if row else form.UNKNOWN) for row in rows)
    return [
        line("Input, per million tokens", lambda row: row.input),
        line("Cached input, per million", lambda row: row.cached_input),
        line("Output, per million tokens", lambda row: row.output),
        Line("Price valid from", dates),
    ]


def winner_of(
    values: Sequence[float | Decimal | None], cells: Sequence[Cell], names: Sequence[str], best: str
) -> str:
    """Name the best of known numbers; "tie" when it is written as another is, "unknown" when one is missing."""
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return NOT_KNOWN
    place = values.index(max(known) if best == "highest" else min(known))
    return TIE if [cell.text for cell in cells].count(cells[place].text) > 1 else names[place]


# Scores


def _evals(runs: Sequence[GradedRun], names: Sequence[str]) -> list[Line]:
    summaries = [run.summary for run in runs]
    contested = _contested(runs)
    lines = []
    for row in score_table(summaries).rows:
        winner = contested.get(row.title, "")
        if row.title == "Est. cost / task":
            winner = _cheapest(summaries, row.cells, names)
        lines.append(Line(row.title, row.cells, winner if isinstance(winner, str) else names[winner]))
        if row.title == "Avg Response Time":
            lines.append(_p50(summaries))
            lines.append(_relative_time(runs, names))
    return lines


def _p50(summaries: Sequence[Summary]) -> Line:
    cells = tuple(
        Cell(form.seconds(s.latency.p50_s.value), form.quantile_interval(s.latency.p50_s))
        if s.latency
        else Cell("not measured")
        for s in summaries
    )
    return Line("Median response time", cells)


def _cheapest(summaries: Sequence[Summary], cells: Sequence[Cell], names: Sequence[str]) -> str:
    """Name the cheapest, unless a run is not ranked, unpriced, or the same model was priced twice."""
    amounts = [summary.task_usd for summary in summaries]
    rows: dict[tuple[str, str], PriceRow] = {}
    for summary in summaries:
        row = summary.cost.price if summary.cost else None
        if row is not None and rows.setdefault((row.model, row.tier), row) != row:
            return NOT_KNOWN
    return winner_of(amounts, cells, names, "lowest")


def _relative_time(runs: Sequence[GradedRun], names: Sequence[str]) -> Line:
    """Compare times on the same prompts with the first model; the winner is faster than every other (Holm)."""
    title = f"Time on the same prompts, {names[0]} = 1"
    times = [compare_time(runs[0], run) for run in runs[1:]]
    cells = [Cell("1"), *(Cell(*time[:2]) if time else Cell() for time in times)]
    if any(time is None for time in times):
        return Line(title, tuple(cells), NOT_KNOWN)
    ratios = [1.0, *(time[2] for time in times if time)]
    fastest = ratios.index(min(ratios))
    contests = [compare_time(run, runs[fastest]) for place, run in enumerate(runs) if place != fastest]
    p_values = stats.holm([contest[3] for contest in contests if contest])
    sure = all(p <= ALPHA for p in p_values) and all(contest is not None and contest[4] for contest in contests)
    return Line(title, tuple(cells), names[fastest] if sure else UNDECIDED)


def compare_time(a: GradedRun, b: GradedRun) -> tuple[str, str, float, float, bool] | None:
    """Return B's time as a multiple of A's: as written, its interval, the ratio, p, and whether B is below 1."""
    both = [prompt_id for prompt_id in a.seconds if prompt_id in b.seconds]
    if len(both) < FEWEST_FOR_PERCENT:
        return None
    ratio, interval, p = stats.ratio_of_times(tuple(a.seconds[i] for i in both), tuple(b.seconds[i] for i in both))
    return f"{ratio:.2f}", f"{interval.low:.2f}–{interval.high:.2f}", ratio, p, interval.high < 1


def _contested(runs: Sequence[GradedRun]) -> dict[str, int | str]:
    """Return the winner of the overall score and of every category: a place, "tie" or "undecided".

    The leader wins when it is shown to be better than every other model; Holm corrects the overall tests as
    one family and those of the categories as another.
    """
    prompts = shared_prompts(runs)
    categories = list(dict.fromkeys(prompt.category for prompt in prompts))
    overall = _family(runs, {"Overall Score": prompts})
    return overall | _family(runs, {c: [p for p in prompts if p.category == c] for c in categories})


def _family(runs: Sequence[GradedRun], scopes: dict[str, list[Prompt]]) -> dict[str, int | str]:
    leaders = {title: _leaders(runs, prompts) for title, prompts in scopes.items() if prompts}
    contests = {
        (title, place): contest_on(run, runs[best[0]], scopes[title])
        for title, best in leaders.items()
        for place, run in enumerate(runs)
        if place != best[0]
    }
    corrected = stats.holm([contest.p for contest in contests.values()])
    settled = {key: decided(c, p) for (key, c), p in zip(contests.items(), corrected, strict=True)}
    return {title: _settle(title, best, settled) for title, best in leaders.items()}


def _settle(title: str, leaders: Sequence[int], settled: dict[tuple[str, int], Contest]) -> int | str:
    if len(leaders) > 1:
        return TIE
    wins = all(contest.decision == "b" for (of, _), contest in settled.items() if of == title)
    return leaders[0] if wins else UNDECIDED


def _leaders(runs: Sequence[GradedRun], prompts: Sequence[Prompt]) -> list[int]:
    """Return the places of those who pass most of the prompts."""
    scores = [round(sum(run.scores[prompt.id] for prompt in prompts), 9) for run in runs]
    return [place for place, score in enumerate(scores) if score == max(scores)]

"""Models side by side: their facts, prices and scores, and on each line who wins, if that is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from visioneval import ranking
from visioneval.aggregate import Summary, check_comparable
from visioneval.compare import Comparison, GradedRun, NotCompared, TimeContest, shared_prompts
from visioneval.ranking import Winner
from visioneval.report import form
from visioneval.report.classic import COST, OVERALL, TIME, Cell, model_names, note, score_table
from visioneval.types import ModelCard, PriceRow

Value: TypeAlias = Callable[[ModelCard], float | None]
HINT = "hint"
BEST_WORDS = {
    "tie": "that the best are written the same",
    "undecided": "that no lead is shown to be more than chance",
    "unknown": "that it is not known of every model, or not comparable",
    HINT: "a lead in one category of one run, which makes no winner",
}
"""What stands in the column of winners beside names, and what it means."""


class Line(Struct, frozen=True):
    """One property of every model. `winner` is a name, one of BEST_WORDS (a hint with a name), or empty."""

    title: str
    cells: tuple[Cell, ...]
    winner: str = ""


class Section(Struct, frozen=True):
    title: str
    lines: tuple[Line, ...]
    notes: tuple[str, ...] = ()
    """What must be said below the lines."""


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
    return SideBySide(
        names=names,
        notes=tuple(note(summary) for summary in summaries),
        sections=sections(runs, names),
        pairs=tuple(ranking.every_pair(runs)),
        cochrans_q=ranking.cochrans_q(runs),
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
        Section("Evals", tuple(_evals(runs, names)), tuple(_eval_notes(runs, names))),
    )


def sections_with_best_of(
    runs: Sequence[GradedRun], names: Sequence[str], contenders: Sequence[bool]
) -> tuple[Section, ...]:
    """Return the property table of all runs, with the best of the contenders alone where there are two or more.

    A run that was stopped early has no verdict on most prompts, which would leave every line without a winner.
    """
    chosen = [place for place, contends in enumerate(contenders) if contends]
    every = sections(runs, names)
    if len(chosen) < 2 or len(chosen) == len(runs):
        return every
    among = {of.title: of for of in sections([runs[i] for i in chosen], [names[i] for i in chosen])}
    return tuple(_settled(section, among[section.title]) for section in every)


def _settled(section: Section, among: Section) -> Section:
    winners = {line.title: line.winner for line in among.lines}
    lines = tuple(replace(line, winner=winners.get(line.title, "")) for line in section.lines)
    return replace(section, lines=lines, notes=among.notes)


def below(section: Section) -> list[str]:
    """Return what is said below a section: its notes, and what the words in the column of winners mean."""
    used = {line.winner.split(":")[0] for line in section.lines}
    key = [f"“{word}” means {meaning}" for word, meaning in BEST_WORDS.items() if word in used]
    return [*section.notes, *([f"Best: {'; '.join(key)}."] if key else [])]


def _told(lines: Sequence[Line]) -> tuple[Line, ...]:
    """Leave out what is not known of any model."""
    return tuple(line for line in lines if any(cell.text != form.UNKNOWN for cell in line.cells))


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
        return "unknown"
    place = values.index(max(known) if best == "highest" else min(known))
    return "tie" if [cell.text for cell in cells].count(cells[place].text) > 1 else names[place]


# Scores


def _evals(runs: Sequence[GradedRun], names: Sequence[str]) -> list[Line]:
    summaries = [run.summary for run in runs]
    categories = ranking.most_accurate_by_category(runs)
    lines = []
    for place, row in enumerate(score_table(summaries).rows):
        if row.title == OVERALL and place == 0:
            winner = _named(ranking.most_accurate(runs), names)
        elif row.title == COST:
            winner = _cheapest(summaries, row.cells, names)
        else:
            winner = _hint(categories.get(row.title, ""), names)
        lines.append(Line(row.title, row.cells, winner))
        if row.title == TIME:
            lines += [_p50(summaries), _relative_time(runs, names)]
    return lines


def _named(winner: Winner | str, names: Sequence[str]) -> str:
    return names[winner] if isinstance(winner, int) else winner


def _hint(winner: Winner | str, names: Sequence[str]) -> str:
    """Name who is better in a category as what it is: a few prompts of one run make no winner."""
    return f"{HINT}: {names[winner]}" if isinstance(winner, int) else winner


def _eval_notes(runs: Sequence[GradedRun], names: Sequence[str]) -> list[str]:
    """Say on what the winners were found where it is not what the cells show, and what is not compared."""
    shared, asked = len(shared_prompts(runs)), max(len(run.prompts) for run in runs)
    notes = []
    if shared < asked:
        common = (
            f"the {shared} with a verdict in both" if len(runs) == 2 else "those with a verdict in both of a pair"
        )
        notes.append(f"The scores are of all {form.count(asked, 'prompt')}, the best is found on {common}.")
    notes += _times_not_compared(runs, names)
    if why := ranking.costs_that_do_not_compare([run.summary for run in runs]):
        notes.append(f"Costs are not compared: {why}.")
    return notes


def _times_not_compared(runs: Sequence[GradedRun], names: Sequence[str]) -> list[str]:
    """Say whose times do not compare with the first one's, and why; of two runs there is nobody to name."""
    by_reason: dict[str, list[str]] = {}
    for name, contest in zip(names[1:], ranking.times_against_first(runs), strict=True):
        if isinstance(contest, NotCompared):
            by_reason.setdefault(contest.why, []).append(name)
    if len(runs) == 2:
        return [f"Times are not compared: {why}." for why in by_reason]
    return [
        f"Times of {', '.join(whose)} are not compared with those of {names[0]}: {why}."
        for why, whose in by_reason.items()
    ]


def _p50(summaries: Sequence[Summary]) -> Line:
    cells = tuple(
        Cell(form.seconds(s.latency.p50_s.value), form.quantile_interval(s.latency.p50_s))
        if s.latency
        else Cell("not measured")
        for s in summaries
    )
    return Line("Median response time", cells)


def _cheapest(summaries: Sequence[Summary], cells: Sequence[Cell], names: Sequence[str]) -> str:
    """Name the cheapest, unless a run is not ranked or unpriced, or the costs do not compare."""
    if ranking.costs_that_do_not_compare(summaries):
        return "unknown"
    return winner_of([summary.task_usd for summary in summaries], cells, names, "lowest")


def _relative_time(runs: Sequence[GradedRun], names: Sequence[str]) -> Line:
    """Compare times on the same prompts with the first model; the winner is faster than every other (Holm)."""
    cells = [Cell("1"), *map(_ratio_cell, ranking.times_against_first(runs))]
    return Line(f"Time on the same prompts, {names[0]} = 1", tuple(cells), _named(ranking.fastest(runs), names))


def _ratio_cell(contest: TimeContest | NotCompared) -> Cell:
    if isinstance(contest, NotCompared):
        return Cell()
    return Cell(
        form.ratio(contest.ratio), f"{form.ratio(contest.interval.low)}–{form.ratio(contest.interval.high)}"
    )

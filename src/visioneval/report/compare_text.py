"""A comparison in a terminal, as Markdown and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

import msgspec
from rich.console import Console
from rich.padding import Padding
from rich.table import Table

from visioneval.compare import Comparison, NotCompared
from visioneval.report import form, words
from visioneval.report.classic import RULE, RULE_RIGHT, Cell, escape_markdown, markdown_row, summary_json
from visioneval.report.sheet import Section, SideBySide, below
from visioneval.report.terminal import STYLES
from visioneval.report.terminal import PrintableText as Text
from visioneval.types import Prompt

ROOMY, EACH = 36, 14
"""Columns that a title with its winner, and each model, need in a console."""

# Terminal


def print_comparison(side: SideBySide, console: Console) -> None:
    """Print the property table and then every pair: test, advice, flips."""
    for section in side.sections:
        if section.lines:
            console.print(_section_table(section, side.names, console.width))
            for said in below(section):
                console.print(Text(said, style="dim"))
            console.print()
    for name, note in zip(side.names, side.notes, strict=True):
        if note:
            console.print(Text(f"{name}: {note}"))
    for line in _family_lines(side):
        console.print(Text(line))
    for i, j, comparison in side.pairs:
        _print_pair(comparison, side.names[i], side.names[j], console)


def _section_table(section: Section, names: Sequence[str], width: int) -> Table:
    """Lay out one section; in a narrow console the winner goes below the line's title."""
    contested = any(line.winner for line in section.lines)
    own_column = contested and width >= ROOMY + EACH * len(names)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(Text(section.title), max_width=max(16, width // 3))
    for name in names:
        table.add_column(Text(name), justify="right", overflow="fold")
    if own_column:
        table.add_column("best", style="bold", overflow="fold")
    for line in section.lines:
        title = Text(line.title)
        if contested and not own_column and line.winner:
            title.append(f"\nbest: {line.winner}", style="bold")
        table.add_row(title, *map(_cell, line.cells), *([Text(line.winner)] if own_column else []))
    return table


def _cell(cell: Cell) -> Text:
    text = Text(cell.text, style=STYLES[cell.grade] if cell.grade else "")
    return text.append(f"\n{cell.interval}", "dim") if cell.interval else text


def _print_pair(comparison: Comparison, a: str, b: str, console: Console) -> None:
    console.print()
    console.print(Text(f"{b} against {a}", style="bold underline"))
    console.print(Text(words.finding(comparison.overall, a, b)))
    if comparison.overall.table is not None:
        console.print(Padding(_two_by_two(comparison, a, b), (1, 0, 1, 2)))
    for line in _advice_lines(comparison, a, b):
        console.print(Text(line))
    for heading, prompts in _flips(comparison, a, b):
        console.print(Text(f"{heading}: {', '.join(prompt.id for prompt in prompts) or 'none'}"))


def _two_by_two(comparison: Comparison, a: str, b: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("")
    table.add_column(Text(f"{b} passes"), justify="right")
    table.add_column(Text(f"{b} fails"), justify="right")
    both, only_a, only_b, neither = comparison.overall.table or (0, 0, 0, 0)
    table.add_row(Text(f"{a} passes"), str(both), str(only_a))
    table.add_row(Text(f"{a} fails"), str(only_b), str(neither))
    return table


# Shared


def _advice_lines(comparison: Comparison, a: str, b: str) -> Iterator[str]:
    advice = words.advice(comparison, a, b)
    yield from (f"Choose {a} if {reason}." for reason in advice.for_a)
    yield from (f"Choose {b} if {reason}." for reason in advice.for_b)
    yield from (f"Open: {reason}." for reason in advice.open)


def _flips(comparison: Comparison, a: str, b: str) -> list[tuple[str, Sequence[Prompt]]]:
    return [(f"{b} fixes", comparison.fixed_by_b), (f"{a} fixes", comparison.fixed_by_a)]


def _family_lines(side: SideBySide) -> Iterator[str]:
    if side.cochrans_q is not None:
        q, p = side.cochrans_q
        yield f"All {len(side.names)} together: Cochran's Q = {q:.2f}, {form.p_value(p)}."
    if len(side.pairs) > 1:
        yield f"The tests of the {len(side.pairs)} pairs are corrected by Holm, their intervals are not."


# Markdown


def to_markdown(side: SideBySide) -> str:
    """Write the comparison as GitHub Markdown."""
    lines = [f"# {escape_markdown(' and '.join(side.names))}", ""]
    for section in side.sections:
        lines += _section_markdown(section, side.names)
    noted = zip(side.names, side.notes, strict=True)
    lines += [f"- {escape_markdown(f'{name}: {note}')}" for name, note in noted if note]
    lines += map(escape_markdown, _family_lines(side))
    for i, j, comparison in side.pairs:
        lines += _pair_markdown(comparison, side.names[i], side.names[j])
    return "\n".join(lines).rstrip() + "\n"


def _section_markdown(section: Section, names: Sequence[str]) -> list[str]:
    if not section.lines:
        return []
    contested = any(line.winner for line in section.lines)
    rows = [[section.title, *names, *(["Best"] if contested else [])], [RULE, *[RULE_RIGHT] * len(names)]]
    rows[1] += [RULE] if contested else []
    for line in section.lines:
        cells = [f"{cell.text} ({cell.interval})" if cell.interval else cell.text for cell in line.cells]
        rows.append([line.title, *cells, *([line.winner] if contested else [])])
    after = [line for said in below(section) for line in (escape_markdown(said), "")]
    return [*map(markdown_row, rows), "", *after]


def _pair_markdown(comparison: Comparison, a: str, b: str) -> list[str]:
    lines = [
        "",
        f"## {escape_markdown(f'{b} against {a}')}",
        "",
        escape_markdown(words.finding(comparison.overall, a, b)),
        "",
    ]
    if comparison.overall.table is not None:
        both, only_a, only_b, neither = comparison.overall.table
        rows = [["", f"{b} passes", f"{b} fails"], [RULE, RULE_RIGHT, RULE_RIGHT]]
        rows += [[f"{a} passes", str(both), str(only_a)], [f"{a} fails", str(only_b), str(neither)]]
        lines += [*map(markdown_row, rows), ""]
    lines += [f"- {escape_markdown(line)}" for line in _advice_lines(comparison, a, b)]
    for heading, prompts in _flips(comparison, a, b):
        named = ", ".join(escape_markdown(prompt.id) for prompt in prompts) or "none"
        lines += ["", f"{escape_markdown(heading)}: {named}"]
    lines.append("")
    for answered in words.questions(comparison, a, b):
        lines += [f"**{escape_markdown(answered.question)}** {escape_markdown(answered.answer)}", ""]
    return lines


# JSON


def to_json(side: SideBySide) -> str:
    """Write the comparison as JSON with sorted keys."""
    pairs = [_pair_json(comparison, side.names[i], side.names[j]) for i, j, comparison in side.pairs]
    document = {
        "models": list(side.names),
        "notes": list(side.notes),
        "sections": msgspec.to_builtins(side.sections),
        "cochrans_q": msgspec.to_builtins(side.cochrans_q),
        "pairs": pairs,
    }
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _pair_json(comparison: Comparison, a: str, b: str) -> dict[str, object]:
    time, cost = comparison.time, comparison.cost
    return {
        "a": {"name": a, **summary_json(comparison.a)},
        "b": {"name": b, **summary_json(comparison.b)},
        "overall": msgspec.to_builtins(comparison.overall),
        "by_category": msgspec.to_builtins(comparison.by_category),
        "fixed_by_a": [prompt.id for prompt in comparison.fixed_by_a],
        "fixed_by_b": [prompt.id for prompt in comparison.fixed_by_b],
        "left_out": comparison.left_out,
        "time": None if isinstance(time, NotCompared) else msgspec.to_builtins(time),
        "cheaper": None if isinstance(cost, NotCompared) else cost,
        "not_compared": {
            what: each.why for what, each in (("time", time), ("cost", cost)) if isinstance(each, NotCompared)
        },
        "detectable_difference": comparison.detectable,
        "finding": words.finding(comparison.overall, a, b),
        "advice": msgspec.to_builtins(words.advice(comparison, a, b)),
        "questions": msgspec.to_builtins(words.questions(comparison, a, b)),
    }

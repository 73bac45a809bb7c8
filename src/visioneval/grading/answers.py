"""Typed comparison: one rule per answer type, each a reader of values and a test for the right one.

A rule with values (yes/no, numbers, dates, choices, codes, cells) knows what a value looks like and compares
the one that the reply settles on. A rule for texts (text, lists, tables, transcriptions) compares a whole
statement. `RULES` maps every type to its rule; its name is stored with each verdict.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from decimal import Decimal
from typing import NamedTuple, get_args

from visioneval.answers import (
    Answer,
    Choice,
    Date,
    Grid,
    GridCell,
    Identifier,
    Integer,
    Money,
    Number,
    OrderedList,
    SetOf,
    Text,
    Time,
    Transcription,
    YesNo,
)
from visioneval.grading.characters import fold
from visioneval.grading.codes import code_key, find_codes
from visioneval.grading.distance import within_distance
from visioneval.grading.hits import Reader
from visioneval.grading.moments import find_cells, find_dates, find_times
from visioneval.grading.money import find_amounts
from visioneval.grading.options import Options
from visioneval.grading.phrases import matches_phrase, phrase_key
from visioneval.grading.polarity import find_polarity
from visioneval.grading.positions import split_positions
from visioneval.grading.preference import settle
from visioneval.grading.quantities import Asked, find_quantities, unit_asked_for
from visioneval.grading.question import Question, date_order, unit_asked
from visioneval.grading.sequences import item_key, split_grid, split_items, split_words


class ValueRule(NamedTuple):
    """How values of a type are found, and which one is right."""

    read: Reader
    is_right: Callable[[Hashable], bool]


class TextRule(NamedTuple):
    """How a whole statement is compared."""

    is_right: Callable[[str], bool]
    is_key: Callable[[str], bool]
    """Stricter: the statement is the key, with no frame around it."""
    whole_reply: bool
    """The answer may take many lines (a list, a table, a transcription)."""


def rule_for(answer: Answer, question: Question) -> ValueRule | TextRule:
    """Build the rule of an answer for a question."""
    match answer:
        case YesNo(value):
            return ValueRule(lambda text: find_polarity(text, question), lambda said: said is value)
        case Choice():
            options = Options(answer, question)
            return ValueRule(options.find, lambda said: said == options.key)
        case Integer() | Number():
            return _quantity(answer, question)
        case Money():
            return _money(answer, question)
        case Date(value):
            precision, order = value.count("-") + 1, answer.order or date_order(question.text)
            return ValueRule(
                _settled(lambda text: find_dates(text, order, precision), question), lambda said: said == value
            )
        case Time():
            return _time(answer, question)
        case GridCell(value):
            by_numbers = value[1:2].isdigit() and "C" in value[1:] and value[0] == "R"
            cell = value if by_numbers else _cell(value)
            return ValueRule(
                _settled(lambda text: find_cells(text, by_numbers=by_numbers), question), lambda said: said == cell
            )
        case Identifier():
            keys = {code_key(name, answer) for name in (answer.value, *answer.aliases)}
            return ValueRule(lambda text: find_codes(text, answer, question), lambda said: said in keys)
        case Text():
            return _text(answer, question)
        case OrderedList(value):
            ordered = tuple(item_key(item) for item in value)
            return _block(
                lambda said: (
                    _is_near(said, ordered)
                    and (
                        split_items(said, question) == ordered
                        or split_words(said, len(ordered)) == ordered
                        or split_positions(said, question) == ordered
                    )
                )
            )
        case SetOf(value):
            unordered = sorted(item_key(item) for item in value)
            return _block(
                lambda said: _is_near(said, unordered) and sorted(split_items(said, question)) == unordered
            )
        case Grid():
            return _grid(answer)
        case Transcription(value, rate):
            return _block(lambda said: within_distance(fold(value), fold(said), rate))


def _block(is_right: Callable[[str], bool]) -> TextRule:
    """The rule of an answer that may take many lines."""
    return TextRule(is_right, is_right, whole_reply=True)


def _text(answer: Text, question: Question) -> TextRule:
    names = (answer.value, *answer.aliases)
    keys = {phrase_key(name) for name in names}
    return TextRule(
        lambda said: any(matches_phrase(said, name, question) for name in names),
        lambda said: phrase_key(said) in keys,
        whole_reply=False,
    )


def _is_near(said: str, wanted: Sequence[str]) -> bool:
    """Tell whether a statement is short enough to be the list, its frame and some remarks."""
    return len(said) <= 1000 + 20 * sum(len(item) for item in wanted)


def _settled(find: Reader, question: Question) -> Reader:
    return lambda text: settle(text, find(text), question)


def _cell(value: str) -> str:
    letters = value.rstrip("0123456789")
    return f"{letters}{int(value[len(letters) :])}"


def _quantity(answer: Integer | Number, question: Question) -> ValueRule:
    name = answer.unit or unit_asked(question.text)
    counts = isinstance(answer, Integer)
    decimal_key = answer.value if isinstance(answer, Number) and answer.value % 1 else None
    asked = Asked(question, unit_asked_for(name), counts, decimal_key)
    if isinstance(answer, Integer):
        return ValueRule(lambda text: find_quantities(text, asked), lambda said: said == answer.value)
    slack = max(answer.abs_tolerance or Decimal(0), abs(answer.value) * (answer.rel_tolerance or Decimal(0)))
    return ValueRule(
        lambda text: find_quantities(text, asked),
        lambda said: isinstance(said, Decimal) and abs(said - answer.value) <= slack,
    )


def _money(answer: Money, question: Question) -> ValueRule:
    return ValueRule(
        lambda text: find_amounts(text, answer.currency, question),
        lambda said: isinstance(said, tuple) and said[0] == answer.value and said[1] in (None, answer.currency),
    )


def _time(answer: Time, question: Question) -> ValueRule:
    hour, minute, *seconds = (int(part) for part in answer.value.split(":"))
    second = seconds[0] if seconds else 0
    cycle = 12 if answer.twelve_hour else 24

    def is_right(said: Hashable) -> bool:
        return (
            isinstance(said, tuple) and said[0] % cycle == hour % cycle and said[1] == minute and said[2] == second
        )

    return ValueRule(_settled(find_times, question), is_right)


def _grid(answer: Grid) -> TextRule:
    wanted = tuple(tuple(item_key(cell) for cell in row) for row in answer.value)

    def is_right(said: str) -> bool:
        if len(said) > 2000 + 20 * sum(len(cell) for row in wanted for cell in row):
            return False
        rows, headed = split_grid(said)
        return rows == wanted or (headed and rows[1:] == wanted)

    return _block(is_right)


RULES: dict[type[Answer], str] = {kind: str(kind.__struct_config__.tag) for kind in get_args(Answer)}

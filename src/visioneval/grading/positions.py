"""Positions: lists whose items are labelled with their places, "Left: red. Middle: white. Right: blue."."""

from __future__ import annotations

import re

from visioneval.grading.characters import tokens
from visioneval.grading.numerals import find_numerals
from visioneval.grading.question import Question
from visioneval.grading.regex import regex
from visioneval.grading.sequences import item_key

_LABELLED_ITEM = regex(r"\W*(\w[\w -]{0,30}?)\s*:\**\s*([^:.;,\n]{1,80}?)\s*(?:[.;,\n]\s*|$)")
_ROWS = (("left", "middle", "right"), ("top", "middle", "bottom"))
_MIDDLE = frozenset("middle center centre".split())
_BACKWARDS = regex(r"\b(?:right to left|bottom to top|bottom upwards)\b", re.I)


def split_positions(text: str, question: Question) -> tuple[str, ...]:
    """Read the items in the order of their labels; none where a part has no label or the labels do not tell."""
    labels: list[str] = []
    items: list[str] = []
    at = 0
    while at < len(text):
        part = _LABELLED_ITEM.match(text, at)
        if part is None:
            return ()
        labels.append(part[1])
        items.append(item_key(part[2]))
        at = part.end()
    ranks = _by_place(labels, backwards=bool(_BACKWARDS.search(question.text))) or _by_number(labels)
    if len(items) < 2 or len(set(ranks)) != len(items):
        return ()
    return tuple(item for _, item in sorted(zip(ranks, items, strict=True)))


def _by_place(labels: list[str], *, backwards: bool) -> list[int]:
    """The places that the labels name, counted in one row or one column; none where one names no such place."""
    words = [["middle" if word in _MIDDLE else word for word in tokens(label)] for label in labels]
    for row in _ROWS:
        named = [[row.index(word) for word in label if word in row] for label in words]
        if all(len(places) == 1 for places in named):
            return [-places[0] if backwards else places[0] for places in named]
    return []


def _by_number(labels: list[str]) -> list[int]:
    """The numbers of "First", "2nd place" and "Flag 3", where they count from one."""
    named = [find_numerals(label) for label in labels]
    values = [int(numbers[0].value) for numbers in named if len(numbers) == 1]
    return values if sorted(values) == list(range(1, len(labels) + 1)) else []

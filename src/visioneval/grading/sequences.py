"""Sequences: lists, sets and tables read out of a reply."""

from __future__ import annotations

import json
import re

from visioneval.grading.characters import fold
from visioneval.grading.numerals import find_numerals
from visioneval.grading.phrases import phrase_key
from visioneval.grading.question import Question
from visioneval.grading.regex import regex
from visioneval.grading.words import FRAME, stem

_ITEM = regex(r"^[ \t]*(?:[-*•+–]|\(?\d{1,3}[.):])[ \t]+(?=\S)", re.M)
_SEPARATORS = regex(r"\s*(?:,\s*and\b|,\s*&|,|;|\band\b|&|→|->|=>|>|\bthen\b|\n|\bfollowed by\b|\|)\s*", re.I)
_SLASHES = regex(r"\s*/\s*")
_REMARK = regex(r"\s+[-–—]\s+.*$|\s*\([^()]*\)\s*$|:\s+.*$")
_NUMBERED = regex(
    r"^(?:\d{1,3}[.):]\s+|(?:first|second|third|fourth|fifth|finally|last|next|then)\b[,:]?\s+)", re.I
)


def item_key(text: str) -> str:
    """Write one item as it is compared."""
    text = text.strip().strip("\"'*`.,;[](){}").strip()
    numerals = find_numerals(text) if len(text) <= 60 else []
    if (
        len(numerals) == 1
        and numerals[0].start == 0
        and numerals[0].end == len(text)
        and numerals[0].kind != "ordinal"
    ):
        return str(numerals[0].value.normalize() + 0)
    return " ".join(phrase_key(text)) or fold(text)


def split_items(text: str, question: Question) -> tuple[str, ...]:
    """Split a reply into its items: a JSON array, a list with marks, or words between commas.

    >>> from visioneval.grading.question import understand
    >>> split_items("The ticked orders are A, B and C.", understand("Which orders are ticked?"))
    ('a', 'b', 'c')
    """
    if (from_json := _json_items(text)) is not None:
        return from_json
    if "not" in text or "n't" in text:
        text = _DENIED_LAST.sub(r"\1", text)
    text = _one_a_line(text)
    marked = [line for line in text.split("\n") if _ITEM.match(line)]
    unmarked_first = bool(marked) and marked[0] != text.split("\n")[0] and not _introduces(text.split("\n")[0])
    if len(marked) >= 2 or (
        len(marked) == 1
        and not unmarked_first
        and len(text.split("\n")) <= 2
        and not _SEPARATORS.search(marked[0][2:])
    ):
        return tuple(
            key for line in marked if (key := item_key(_bare(_REMARK.sub("", _ITEM.sub("", line)), question)))
        )
    lines = [line for line in text.split("\n") if line.strip()]
    body = _body(text if len(lines) > 1 and not _introduces(lines[0]) else lines[-1] if lines else "", question)
    pattern = _SEPARATORS if _SEPARATORS.search(body) else _SLASHES
    parts = [_bare(_NUMBERED.sub("", _ITEM.sub("", part.strip())), question) for part in pattern.split(body)]
    return tuple(key for part in parts if (key := item_key(_REMARK.sub("", part))))


_TO_BE = r"\b(?:is|are|was|were|has|have)\b"
_DENIED_LAST = regex(
    rf"^([^\n]{{0,400}}?{_TO_BE}(?!\s+not)[^,;\n]{{0,80}})(?:[,;]|\bbut\b|\bwhile\b|\bwhereas\b)"
    rf"[^\n]{{0,200}}?\b(?:(?:is|are|was|were|has|have|does|do)(?:\s+not\b|n't\b))[^,;\n]*$",
    re.I,
)
"""What is said not to belong, behind a whole clause: ", C03 is not." of "A12 and B07 are ticked, C03 is not."."""
_NUMBER_MARK = regex(r"(?:^|(?<=\s))\(?(\d{1,2})[.)]\s+(?=\S)")


def _one_a_line(text: str) -> str:
    """Break "1) red 2) white 3) blue" into lines."""
    numbers = [int(number) for number in _NUMBER_MARK.findall(text)] if "\n" not in text else []
    if len(numbers) < 2 or numbers != list(range(1, len(numbers) + 1)):
        return text
    return _NUMBER_MARK.sub(r"\n\1. ", text)


def split_words(text: str, count: int) -> tuple[str, ...]:
    """Split "red white blue", a reply of so many words, into them."""
    words = text.split()
    return tuple(map(item_key, words)) if len(words) == count else ()


def _introduces(line: str) -> bool:
    return line.rstrip().endswith(":")


def _json_items(text: str) -> tuple[str, ...] | None:
    stripped = text.strip()
    if not stripped.startswith("["):
        return None
    try:
        items = json.loads(stripped.rstrip("."))
    except (ValueError, RecursionError):
        items = None
    if isinstance(items, list):
        return tuple(item_key(str(item)) for item in items if not isinstance(item, list | dict))
    return None


def _body(text: str, question: Question) -> str:
    """The enumeration itself: what follows the last colon, or the sentence without its frame."""
    text = text.strip()
    if text[:1] in ("[", "(", "{"):
        text = text.strip("[](){}").strip()
    head, colon, tail = text.rpartition(": ")
    if colon and "," not in head and tail.strip():
        text = tail
    sentences = [part for part in re.split(r"(?<=[.!?])\s+", text) if part.strip()]
    enumerations = [part for part in sentences if _SEPARATORS.search(part)]
    text = enumerations[-1] if len(enumerations) == 1 else (sentences[0] if len(sentences) == 1 else text)
    verb = _VERB.search(text)
    if verb and _SEPARATORS.search(text, verb.end()):
        text = text[verb.end() :]
    return text.rstrip(".! ")


_VERB = regex(r"\b(?:are|is|were|was|includes?|reads?|shows?|contains?)\b:?\s+(?:as follows:?\s+)?", re.I)


def _bare(part: str, question: Question) -> str:
    """Take the frame's and the question's words from the ends of the first and the last item."""
    words = part.split()

    def frames(word: str) -> bool:
        lower = word.lower().strip("\"'*`:.,()")
        if not lower or len(lower) == 1 or any(char.isdigit() for char in lower):
            return not lower
        return lower in FRAME or stem(lower) in question.words

    start, end = 0, len(words)
    while start < end - 1 and frames(words[start]):
        start += 1
    while end - 1 > start and frames(words[end - 1]):
        end -= 1
    return " ".join(words[start:end])


_RULE_CELL = regex(r":?-{2,}:?")


def split_grid(text: str) -> tuple[tuple[tuple[str, ...], ...], bool]:
    """Split a reply into rows of cells; also tell whether its first row was set off as a heading."""
    stripped = text.strip()
    if stripped.startswith("["):
        try:
            rows = json.loads(stripped)
        except (ValueError, RecursionError):
            rows = None
        if isinstance(rows, list) and rows and all(isinstance(row, list) for row in rows):
            return tuple(tuple(item_key(str(cell)) for cell in row) for row in rows), False
    rows_found: list[tuple[str, ...]] = []
    headed = False
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    separator = next(
        (mark for mark in ("|", "\t", ";", ",") if sum(mark in line for line in lines) >= max(1, len(lines) // 2)),
        None,
    )
    for line in lines:
        if separator == "|" and "|" not in line:
            continue
        cells = line.strip("|").split(separator) if separator else line.split()
        if cells and all(_RULE_CELL.fullmatch(cell.strip()) for cell in cells):
            headed = len(rows_found) == 1
            continue
        rows_found.append(tuple(item_key(cell) for cell in cells))
    return tuple(rows_found), headed

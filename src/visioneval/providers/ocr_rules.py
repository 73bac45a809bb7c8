"""Plain rules that pick an answer of the asked type out of the text found in a picture: pure, and no model.

A line whose words the question uses is taken for a label; the answer is looked for in that line, then in
its neighbours to the right and below, then anywhere, the largest print first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

PATTERNS = {
    "integer": r"(?<![\w.,/:-])\d{1,3}(?:,\d{3})+(?![\w.,])|(?<![\w.,/:-])\d+(?![\w/:]|[.,]\d)",
    "number": r"(?<![\w,/:-])\d+(?:\.\d+)?(?![\w/:]|[.,]\d)",
    "money": r"(?:[£$€]\s?)?\d{1,3}(?:,?\d{3})*[.]\d{2}(?!\d)",
    "date": (
        r"\b\d{1,2}[./ -](?:\d{1,2}|[A-Za-z]{3,9})[./ -]\d{2,4}\b"
        r"|\b\d{1,2}[/. -]\d{4}\b|\b\d{4}-\d{2}(?:-\d{2})?\b"
    ),
    "time": r"\b\d{1,2}[:.]\d{2}\b",
    "identifier": r"\b[A-Z]{1,4}(?: \d{3,}){1,3}\b|\b(?=[A-Z0-9-]*\d)[A-Z0-9][A-Z0-9-]{3,}\b",
    "grid_cell": r"\bR\d+C\d+\b|\b[A-Z]\d{1,2}\b",
}
TEXT_TYPES = frozenset({"text", "transcription"})
STOPWORDS = frozenset(
    "what which where when does have this that with from only answer like many much there their number are "
    "the and for how its was were shown show according picture image photo".split()
)


class Line(Struct, frozen=True):
    """A line of text found in a picture; the box in pixels."""

    text: str
    left: float
    top: float
    right: float
    bottom: float

    @property
    def height(self) -> float:
        return self.bottom - self.top


def pick(question: str, answer_type: str, options: Sequence[str], lines: Sequence[Line]) -> str | None:
    """Return an answer of the asked type that stands in the text, or None when there is none."""
    if answer_type == "choice":
        return _option(options, lines)
    ordered = list(_by_relevance(question, lines))
    if answer_type in TEXT_TYPES:
        return next((line.text for line in ordered[1:2]), None)
    pattern = PATTERNS.get(answer_type)
    if pattern is None:
        return None
    return next((match.group() for line in ordered for match in re.finditer(pattern, line.text)), None)


def _option(options: Sequence[str], lines: Sequence[Line]) -> str | None:
    """Return the option that is printed most often in the picture, in whole words."""
    text = "\n".join(line.text for line in lines)
    counts = {option: len(re.findall(rf"(?<!\w){re.escape(option)}(?!\w)", text, re.I)) for option in options}
    best = max(counts, key=lambda option: counts[option], default=None)
    return best if best is not None and counts[best] else None


def _by_relevance(question: str, lines: Sequence[Line]) -> Iterator[Line]:
    """Yield the label, what stands right of it, what stands below it, then the rest from large to small."""
    label = max(lines, key=lambda line: (_shared(question, line), line.height), default=None)
    if label is None or not _shared(question, label):
        yield from sorted(lines, key=lambda line: -line.height)
        return
    others = [line for line in lines if line is not label]
    beside = sorted(
        (line for line in others if _beside(label, line)), key=lambda line: abs(_middle(line) - _middle(label))
    )
    below = sorted((line for line in others if _below(label, line)), key=lambda line: line.top)
    rest = sorted(others, key=lambda line: -line.height)
    yield label
    seen: set[int] = set()
    for line in (*beside, *below, *rest):
        if id(line) not in seen:
            seen.add(id(line))
            yield line


def _shared(question: str, line: Line) -> int:
    """Count the words that both use; an abbreviation ("EXP.") is the word that it begins."""
    asked = _words(question)
    return sum(any(word == other or word.startswith(other) for word in asked) for other in _words(line.text))


def _words(text: str) -> set[str]:
    return {word for word in re.findall(r"[a-z]{3,}", text.lower()) if word not in STOPWORDS}


def _beside(label: Line, line: Line) -> bool:
    return line.left >= label.left and abs(_middle(line) - _middle(label)) <= label.height


def _middle(line: Line) -> float:
    return (line.top + line.bottom) / 2


def _below(label: Line, line: Line) -> bool:
    overlaps = line.left <= label.right and line.right >= label.left
    return overlaps and label.bottom - label.height / 2 <= line.top <= label.bottom + 2 * label.height

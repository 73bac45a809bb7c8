"""Statements: the parts of a reply that may state a textual answer.

A declared field or a labelled answer stands alone: nothing else is looked at. Without one, the short statements
in which replies put their answer are offered; each must then be the answer and nothing but it. After a
correction ("Wait, ...") only what follows counts.
"""

from __future__ import annotations

import re

from visioneval.grading.characters import tokens
from visioneval.grading.extract import after_correction, declared, labelled_answers, other_places, sentences
from visioneval.grading.markup import Page, read_page
from visioneval.grading.question import Question
from visioneval.grading.refusal import declines, without_declining
from visioneval.grading.regex import regex

_QUOTED = regex(r'(?<!\w)"([^"\n]{1,400})"(?!\w)')
_INTRODUCTION = regex(r"^[^\n]{0,200}:\s*$")


def final_statements(page: Page, raw: str, question: Question, *, whole_reply: bool) -> list[tuple[str, str]]:
    """List the (place, text) of each statement, the most explicit first."""
    if fields := _same(declared(page, raw)):
        return [("declared field", field) for field in fields]
    tail = after_correction(page.text)
    if tail:
        page = read_page(tail)
    if labelled := labelled_answers(page):
        return [("labelled answer", text) for text in _same(labelled)]
    if whole_reply:
        return _blocks(page) + (_short(page, question) if len(page.lines) <= 30 else [])
    if declines(page.text):
        page = read_page(without_declining(page.text))
    return _short(page, question)


_NAMES_IT = regex(
    r"(?:it|this|that)(?:'s|\s+(?:is|was|looks like|appears to be|seems to be))\s+an?\s+([^.,;!?]{1,60})[.!]*",
    re.I,
)


def names_two_things(page: Page) -> bool:
    """Tell whether two sentences name different things: "It is a lamp. It is a kettle."."""
    named = [
        frozenset(tokens(match[1]))
        for line in page.lines
        for sentence in sentences(line)
        if (match := _NAMES_IT.fullmatch(sentence))
    ]
    return any(not (one <= other or other <= one) for one in named for other in named)


def _same(spans: tuple[str, ...]) -> tuple[str, ...]:
    """The span that all say, or none of them where they differ: two final answers are no answer."""
    by_key = {tokens(span): span for span in spans if span.strip()}
    return tuple(by_key.values()) if len(by_key) == 1 else (("\n".join(by_key.values()),) if by_key else ())


def _blocks(page: Page) -> list[tuple[str, str]]:
    """The blocks of a reply that can be a list, a table or a transcription."""
    found = [("code fence", page.fences[0])] if len(set(page.fences)) == 1 else []
    quoted = set(_QUOTED.findall("\n".join(page.lines)))
    if len(quoted) == 1:
        found.append(("quoted", quoted.pop()))
    raw_lines = [line for line in page.text.split("\n") if line.strip()]
    if len(raw_lines) > 1:
        if _INTRODUCTION.match(raw_lines[0]):
            found.append(("after the introduction", "\n".join(raw_lines[1:])))
        paragraphs = [part for part in re.split(r"\n\s*\n", page.text) if part.strip()]
        if len(paragraphs) > 1:
            found.append(("first paragraph", paragraphs[0]))
            found.append(("last paragraph", paragraphs[-1]))
            found.append(("after the first paragraph", "\n".join(paragraphs[1:])))
        if len(paragraphs) == 3:
            found.append(("middle paragraph", paragraphs[1]))
        marked = [line for line in raw_lines if re.match(r"^\s*(?:[-*•+]|\(?\d{1,3}[.)])\s+\S", line)]
        if len(marked) >= 2:
            found.append(("list", "\n".join(marked)))
        table = [line for line in raw_lines if line.count("|") >= 2]
        if len(table) >= 2:
            found.append(("table", "\n".join(table)))
    head, colon, tail = page.text.partition(":")
    if colon and "\n" not in head and tail.strip():
        found.append(("after the colon", tail.strip()))
    return found


def _short(page: Page, question: Question) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    if page.lines:
        first = sentences(page.lines[0])
        found.append(("first sentence", first[0]) if first else ("first line", page.lines[0]))
    found += [
        (place.name, place.spans[0])
        for place in other_places(page, question)
        if place.name != "only candidate" and len(set(place.spans)) == 1
    ]
    quoted = set(_QUOTED.findall("\n".join(page.lines)))
    if len(quoted) == 1:
        found.append(("quoted", quoted.pop()))
    if page.lines and len(page.lines) > 1:
        last = sentences(page.lines[-1])
        found += [("last sentence", last[-1])] if last else []
    return found

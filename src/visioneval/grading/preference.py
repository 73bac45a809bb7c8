"""Preference: which of several values in one span answers the question.

Each preference is tried in turn for as long as more than one value is left, and none is tried between values
that are offered as alternatives ("8 or 9"): those stay open.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import lru_cache

from visioneval.grading.characters import tokens
from visioneval.grading.hits import (
    MOST_HITS,
    Hit,
    after_conclusion,
    distinct,
    is_denied,
    outside_brackets,
    with_doubts,
)
from visioneval.grading.polarity import opposites_asked
from visioneval.grading.question import Question
from visioneval.grading.regex import regex
from visioneval.grading.words import FRAME, NEGATORS, stem

_CLAUSES = regex(
    r"[;:\n]|,\s|\.\s|\s[-–—]\s"
    r"|\b(?:and|but|while|whereas|plus|with|(?<!\bof )which|whereof|although|though|including|excluding)\b",
    re.I,
)
_CLAUSE_REACH = 200
_LINE_LABEL = regex(r"(?:^|\n)[^\w\n]*[^\W\d]+(?: [^\W\d]+){0,3}\.?$")
_LABEL = regex(
    r"(?:\b(?:rows?|columns?|col|steps?|lines?|groups?|sections?|trays?|slots?|boxe?s?|layers?|items?|nos?\.?|numbers?|figures?|fig\.?"
    r"|pages?|zones?|level|shelf|shelves|pins?|gears?|ports?|sockets?|bays?|lanes?|tiers?|positions?|parts?|questions?|options?)\s*|#)$",
    re.I,
)
_OR_BEFORE = regex(
    r"(?:\bor(?: maybe| possibly| perhaps| even)?(?: (?:the|on|in|at))*|(?<=\d)\s?/)\s*[\"'*(]*$", re.I
)
_OR_AFTER = regex(r"[\"'*)]*(?:,?\s*\(?\bor\b(?! (?:so|more|less)\b)|\s?/\s?(?=[\d$£€]))", re.I)


def settle(text: str, hits: list[Hit], question: Question) -> list[Hit]:
    """Settle on the value that a span claims, if it claims one."""
    hits = with_doubts(text, hits[-MOST_HITS:])
    hits = [hit for hit in hits if not is_denied(text, hit) and not is_refuted(text, hit, question)]
    if not hits:
        return []
    best = min(hit.rank for hit in hits)
    hits = [hit for hit in hits if hit.rank == best]
    return prefer(text, [_in_doubt(text, hit) for hit in hits], question)


def prefer(text: str, hits: list[Hit], question: Question) -> list[Hit]:
    """Apply one preference after another until a single value is left."""
    if all(hit.definite for hit in hits):
        for keep in (outside_brackets, after_conclusion):
            if len(distinct(hits)) > 1:
                hits = keep(text, hits)
        if len(distinct(hits)) > 1:
            hits = not_echoed(hits, question)
        if len(distinct(hits)) > 1:
            hits = most_about(text, hits, question)
    return distinct(hits)


def _in_doubt(text: str, hit: Hit) -> Hit:
    doubtful = _OR_BEFORE.search(text[max(0, hit.start - 24) : hit.start]) or _OR_AFTER.match(text, hit.end)
    return hit._replace(definite=False) if doubtful else hit


def not_echoed(hits: list[Hit], question: Question) -> list[Hit]:
    """Drop what only repeats the question: the 09:00 of "the first bus after 09:00 leaves at 09:47"."""
    words = question.text.casefold()
    new = [hit for hit in hits if not _occurs(hit.text.casefold(), words)]
    return new or hits


def _occurs(written: str, text: str) -> bool:
    at = text.find(written)
    while at >= 0:
        end = at + len(written)
        if not (text[at - 1 : at].isalnum() or text[end : end + 1].isalnum()):
            return True
        at = text.find(written, at + 1)
    return False


def clause_of(text: str, hit: Hit) -> str:
    """The clause that a hit stands in."""
    return text[slice(*clause_span(text, hit))]


def clause_span(text: str, hit: Hit) -> tuple[int, int]:
    """Where the clause of a hit begins and ends."""
    cuts = _cuts(text)
    before, after = bisect_left(cuts, hit.start), bisect_left(cuts, hit.end)
    start = max(hit.start - _CLAUSE_REACH, cuts[before - 1] if before else 0)
    end = min(hit.end + _CLAUSE_REACH, cuts[after] if after < len(cuts) else len(text))
    return start, end


_REFUTED = regex(
    r"(?P<between>[^.;:,()\n\d]{0,40}?)\b(?:(?:is|are|was|were|do|does|did|has|have)(?:\s+not\b|n't\b)"
    r"|(?:is|are|was|were)\s+(?:wrong|incorrect|false)\b)",
    re.I,
)


def is_refuted(text: str, hit: Hit, question: Question) -> bool:
    """Tell whether the words after a hit deny it: "0101 is wrong", or "the pear is not on top", asked what is."""
    denial = _REFUTED.match(text, hit.end)
    if denial is None or question.negated:
        return False
    _, clause_end = clause_span(text, hit)
    if denial.end() > clause_end:
        return False
    denied = text[denial.end() : clause_end]
    words = {stem(word) for word in tokens(denied) if word not in FRAME}
    if words & opposites_asked(question):
        return False  # "the left gear is not intact", asked which is broken
    return not denial["between"].strip(" \"'*") or bool(words & (question.words - {question.subject}))


@lru_cache(maxsize=16)
def _cuts(text: str) -> tuple[int, ...]:
    """Where clauses end; in a list the label of a line, "Home: 21", belongs to its value."""
    return tuple(
        match.start()
        for match in _CLAUSES.finditer(text)
        if not (
            match[0] == ":"
            and "\n" in text
            and _LINE_LABEL.search(text[max(0, match.start() - 40) : match.start()])
        )
    )


def most_about(text: str, hits: list[Hit], question: Question) -> list[Hit]:
    """Keep the values whose clause repeats most of the question; in a tie keep all.

    A word of the question's condition weighs more than the noun that is counted: of "20 eggs in the tray, 6
    are cracked", the 6 answers "How many eggs are cracked?".
    """
    if not question.words:
        return hits
    shared: list[frozenset[str]] = []
    scores: list[int] = []
    for hit in hits:
        start, end = clause_span(text, hit)
        shared.append(shared_words(text[start:end], question))
        labelled = bool(_LABEL.search(text[start : hit.start]))
        scores.append(2 * len(shared[-1] - {question.subject}) + (question.subject in shared[-1]) - 2 * labelled)
    best = max(scores)
    if best <= 0:
        return hits
    if question.subject and not _says_all(shared[scores.index(best)], shared, question.subject):
        return hits
    return [hit for hit, score in zip(hits, scores, strict=True) if score == best]


def _says_all(best: frozenset[str], shared: list[frozenset[str]], subject: str) -> bool:
    """Tell whether the best clause repeats all that any other repeats of the question, but for its subject.

    Of "14 windows on the side and 12 on the front" neither clause does, so that neither number is preferred.
    """
    return all(other - {subject} <= best for other in shared)


def shared_words(clause: str, question: Question) -> frozenset[str]:
    """The stems that a clause repeats of the question; none where it is negated and the question is not."""
    words = tokens(_NUMERO.sub(" ", clause))
    if any(word in NEGATORS for word in words) and not question.negated:
        return frozenset()
    return frozenset(stem(word) for word in words if word not in FRAME) & question.words


_NUMERO = regex(r"\bno\.(?=\s*[:#\d])", re.I)
"""The "No." of "Serial No.: 4417", which denies nothing."""

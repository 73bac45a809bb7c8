"""Parts: which of several numbers is asked for where some count parts of what others count.

"6 of the 20 eggs" counts the six. Of "20 eggs, 6 of which are cracked" either can be meant: the question decides.
"""

from __future__ import annotations

import re
from decimal import Decimal

from visioneval.grading.hits import Hit
from visioneval.grading.preference import clause_of, clause_span, shared_words
from visioneval.grading.question import COUNTED, Question
from visioneval.grading.regex import regex

_WHOLE_OF = regex(
    r"(?:\b(?:out of|of|of the|of these|of those|of all|of a total of|among|amongst|from the"
    r"|in the)(?:\s+(?:the|these|those|all|visible|total))*|/)\s*$",
    re.I,
)
_TOTAL_AFTER = regex(r"[^.;,\n\d]{0,40}?\b(?:in total|in all|altogether|overall|combined|total)\b", re.I)
_TOTAL_BEFORE = regex(
    r"\b(?:totals?|sum|altogether|grand total|final count|total count|overall)\b[^.;,\n\d]{0,40}$", re.I
)
_PART_AFTER = regex(r"\s*of (?:which|whom|them|these|those)\b", re.I)
_PART_BEFORE = regex(r"\bof (?:which|whom|them|these|those)\b,?\s*(?:only |just |exactly )?$", re.I)
_TO_NEXT_MARK = regex(r"[^;:,\n]*")
_AS_ASKED = regex(r"\b(?:match(?:es)?|meets?|fits?|qualif(?:y|ies)|satisf(?:y|ies)|counts?)\b", re.I)


def parts_or_total(text: str, hits: list[Hit], question: Question) -> list[Hit]:
    """Choose between a total and the parts of it that follow: "20 eggs, 6 of which are cracked".

    The parts are meant where they repeat more of the question, or a part is asked for; the total where it
    repeats all that the question asks of the things it counts. Else neither is clear.
    """
    first = next((i for i, hit in enumerate(hits) if i and _is_part(text, hit)), 0)
    if _is_part(text, hits[0]) and "which" not in text[hits[first].end : hits[first].end + 10]:
        first = 0  # "3 of them are open, 2 of them closed": two parts of what is not counted
    if not first or not COUNTED.search(question.text):
        return hits
    wholes, parts = hits[:first], hits[first:]
    begin = parts[0].start
    of_parts = [said[0] for hit in parts if (said := _TO_NEXT_MARK.match(text, hit.start))]
    of_wholes = [text[start : min(end, begin)] for start, end in (clause_span(text, hit) for hit in wholes)]
    whole_says = frozenset[str]().union(*(shared_words(clause, question) for clause in of_wholes))
    if more := [
        hit for hit, said in zip(parts, of_parts, strict=True) if shared_words(said, question) - whole_says
    ]:
        return more
    if question.partitive or any(map(_AS_ASKED.search, of_parts)):
        return parts
    is_bare = text[wholes[-1].end : wholes[-1].end + 1] in tuple(",;(")
    if question.subject and question.condition <= whole_says and (question.subject in whole_says or is_bare):
        return wholes
    return [hit._replace(definite=False) for hit in hits]


def _is_part(text: str, hit: Hit) -> bool:
    return bool(_PART_AFTER.match(text, hit.end) or _PART_BEFORE.search(text[max(0, hit.start - 24) : hit.start]))


def without_wholes(text: str, hits: list[Hit]) -> list[Hit]:
    """Drop the total that a part is taken of: the 20 of "6 of the 20 eggs"."""
    kept = [hit for i, hit in enumerate(hits) if not (i and _WHOLE_OF.fullmatch(_gap(text, hits[i - 1], hit)))]
    return kept or hits


def without_first_whole(text: str, hits: list[Hit]) -> list[Hit]:
    """Drop the 20 of "Of the 20 eggs, 6 are cracked" and of "Of the 20 eggs, none is cracked"."""
    taken_of = len(hits) > 1 and _OF_THE_FIRST.search(text[max(0, hits[0].start - 24) : hits[0].start])
    return hits[1:] if taken_of else hits


_OF_THE_FIRST = regex(
    r"(?:^|[.;:,]\s)of (?:the|these|those|all)(?: the| these| those)?(?: visible| total)? $", re.I
)
_SETS_OUT = regex(r"[^.;,\d]{1,60}(?::|\s[-–—]|\()\s?(?:[^.;:,\d]{0,20}\s)?")
"""Between a total and the first of the parts that make it up."""


def sum_of_parts(text: str, hits: list[Hit], question: Question) -> list[Hit]:
    """Keep the 7 of "7 forks: 4 table forks, 2 dessert forks and 1 serving fork".

    Of "8 people: 6 with helmets, 2 without", asked who wears a helmet, the one part that repeats the question's
    condition is meant instead.
    """
    whole, *parts = hits
    values = [hit.value for hit in parts if isinstance(hit.value, Decimal)]
    if len(parts) < 2 or not all(hit.definite for hit in hits) or sum(values) != whole.value:
        return hits
    if not _SETS_OUT.fullmatch(text, whole.end, parts[0].start):
        return hits
    between = text[whole.end : parts[0].start]
    is_bare = not between.strip(" :(-–—")  # "12 (10 visible, 2 partly covered)": the number is the answer
    asked_for = [] if is_bare else _asked_for(text, parts, shared_words(between, question), question)
    return [whole] if not asked_for else asked_for if len(asked_for) == 1 else hits


def _gap(text: str, first: Hit, second: Hit) -> str:
    """What stands between two hits, without the noun in "6 eggs out of 20"."""
    gap = text[first.end : second.start]
    return gap if len(gap) > 60 else re.sub(r"^\s*[a-z]+\s+(?=(?:out )?of\b)", "", gap, flags=re.I).strip(" ")


def totals(text: str, hits: list[Hit], question: Question) -> list[Hit]:
    """Keep what is called the total, where something is.

    Of "8 people in total, and 6 have a helmet on", asked who wears a helmet, the one number that repeats the
    question's condition is meant instead.
    """
    after = [bool(_TOTAL_AFTER.match(text[hit.end : hit.end + 60])) for hit in hits]
    called_so = [
        hit
        for hit, said_after, said_of_last in zip(hits, after, [False, *after], strict=False)
        if said_after or (not said_of_last and _TOTAL_BEFORE.search(text[max(0, hit.start - 50) : hit.start]))
    ]
    of_total = frozenset[str]().union(*(shared_words(clause_of(text, hit), question) for hit in called_so))
    asked_for = _asked_for(text, hits, of_total, question) if of_total else []
    if len(asked_for) == 1 and asked_for[0] not in called_so:
        return asked_for
    return called_so or hits


def _asked_for(text: str, hits: list[Hit], of_total: frozenset[str], question: Question) -> list[Hit]:
    """The numbers of which more is repeated of what the question counts than is said of the total.

    What is said of a number stands between it and the next number or mark.
    """
    ends = [hit.start for hit in hits[1:]] + [len(text)]
    counted = (question.condition | {question.subject}) - of_total  # without where they are
    said = [_TO_NEXT_MARK.match(text, hit.end, end) for hit, end in zip(hits, ends, strict=True)]
    return [
        hit for hit, match in zip(hits, said, strict=True) if match and shared_words(match[0], question) & counted
    ]

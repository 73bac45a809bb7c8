"""Hits: values of a type found in a span of text.

Three rules hold for every type: what is denied is not claimed, what stands in brackets explains, and the clause
after "so" or "therefore" concludes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import NamedTuple, TypeAlias

from visioneval.grading.regex import regex

MOST_HITS = 60
"""Values of one span that are looked at, from its end; a span with more settles on nothing anyway."""


class Hit(NamedTuple):
    """One value that a text holds."""

    value: Hashable
    text: str
    start: int
    end: int
    note: str = ""
    definite: bool = True
    """False for a bound, an alternative or a value in doubt."""
    rank: int = 0
    """Hits of a higher rank are only looked at where there is none of a lower: 0 said, 1 implied."""


Reader: TypeAlias = Callable[[str], list[Hit]]
"""Finds the values of one type that a span of text claims, already settled."""

_DENIED = regex(
    r"(?:\bnot|n't|\bnever|\brather than|\binstead of|\bunlike|\bneither|\bnor|\bopposed to|\bexcluding"
    r"|\bno longer|\brul(?:e|ed|ing) out"
    r"|\b(?:all|everything|any|every one) (?:but|except)(?: for)?|\bother than)"
    r"(?:\s+(?:an?|the|on|in|at|to|its|really|quite|exactly|be|your|my|just|only))*[\s\"'*]*$",
    re.I,
)
_CONCLUDES = regex(
    r"(?:\b(?:so|therefore|thus|hence|consequently|accordingly|overall|meaning(?: that)?|which means"
    r"|that means|giving"
    r"|which gives|that gives|(?:which|that) makes|making(?: it)?|leaving|which leaves|that leaves"
    r"|for a total of|a total of|a difference of|totall?ing"
    r"|(?:minus|plus) \w+ (?:is|makes|leaves)|adding up to|adds up to|add up to|equals|is equal to"
    r"|in conclusion|to conclude|in summary)\b|=|→|->|⇒)",
    re.I,
)
_BRACKETS = regex(r"\([^()]*\)|\[[^\[\]]*\]")


def is_denied(text: str, hit: Hit) -> bool:
    """Tell whether the words before a hit deny it: "not 9", "rather than the left"."""
    return bool(_DENIED.search(text[max(0, hit.start - 60) : hit.start]))


_PERHAPS = regex(
    r"\b(?:(?:might|may|could)(?:\s+(?:also|well|even|just))*\s+be|maybe|perhaps|possibly)\b[^.;:,()\n\d]{0,20}$",
    re.I,
)


def with_doubts(text: str, hits: list[Hit]) -> list[Hit]:
    """Leave all open where another value is offered after the first: "9, but it might be 8"."""
    if len(distinct(hits)) < 2:
        return hits
    doubted = any(
        hit.value != hits[0].value and _PERHAPS.search(text[max(0, hit.start - 50) : hit.start])
        for hit in hits[1:]
    )
    return [hit._replace(definite=False) for hit in hits] if doubted else hits


def outside_brackets(text: str, hits: Sequence[Hit]) -> list[Hit]:
    """Keep the hits outside brackets, or all where every hit is inside."""
    if "(" not in text and "[" not in text:
        return list(hits)
    spans = [(match.start(), match.end()) for match in _BRACKETS.finditer(text)]
    outside = [hit for hit in hits if not any(start <= hit.start < end for start, end in spans)]
    return outside or list(hits)


def after_conclusion(text: str, hits: Sequence[Hit]) -> list[Hit]:
    """Keep the hits after the last word that concludes ("so", "=", "giving") and is followed by one."""
    last = None
    for match in _CONCLUDES.finditer(text, 0, hits[-1].start):
        last = match
    if last is None:
        return list(hits)
    return [hit for hit in hits if hit.start >= last.end()]


def distinct(hits: Iterable[Hit]) -> list[Hit]:
    """Keep the first hit of each value."""
    first: dict[Hashable, Hit] = {}
    for hit in hits:
        known = first.setdefault(hit.value, hit)
        if not known.definite and hit.definite:
            first[hit.value] = hit
    return list(first.values())

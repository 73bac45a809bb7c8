"""The question: what it is about, which options it names and how it asks for the answer to be written."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal, NamedTuple

from visioneval.grading.characters import plain_characters, tokens
from visioneval.grading.regex import regex
from visioneval.grading.units import find_unit, is_ambiguous
from visioneval.grading.words import ARTICLES, EQUALS, FRAME, NEGATORS, STOP, stem


class Question(NamedTuple):
    """A question as the rules use it."""

    text: str
    words: frozenset[str]
    """Stems of all its words of meaning."""
    subject: str
    """Stem of the noun that is counted: "coin" in "How many copper coins are visible?"; else empty."""
    condition: frozenset[str]
    """Stems of what must hold of what is counted: "crack" in "How many eggs in the tray are cracked?"."""
    excluded: frozenset[str]
    """Stems of what is not to be counted: "wash" and "bolt" in "Do not count bolts or washers."."""
    denied: frozenset[str]
    """Stems of what must not hold: "plant" in "How many cells have no plant in them?"."""
    negated: bool
    partitive: bool
    """It asks for a part of known things: "How many of the eggs ..."."""


@lru_cache(maxsize=4096)
def understand(text: str) -> Question:
    """Read a question once."""
    plain = plain_characters(text)
    asked = _without_instructions(plain)
    words = tokens(asked)
    stems = frozenset(stem(word) for word in words if word not in STOP and not word[0].isdigit())
    counted = words[_count_at(words) :]
    subject = _counted(counted)
    return Question(
        text=plain,
        words=stems,
        subject=subject,
        condition=_condition(counted) - {subject},
        excluded=frozenset(
            stem(word)
            for left_out in _NOT_COUNTED.findall(plain)
            for word in tokens(left_out)
            if word not in STOP and word != "ones"
        )
        - stems,
        denied=_denied(counted),
        negated=any(word in NEGATORS for word in words),
        partitive=bool(_HOW_MANY_OF.search(plain)),
    )


_NOT_COUNTED = regex(
    r"\b(?:(?:do not|don't) (?:count|include)|not counting|ignor(?:e|ing)|excluding)\b([^.?!]*)", re.I
)
COUNTED = regex(r"\bhow many\b", re.I)
"""Questions after a count."""
_HOW_MANY_OF = regex(r"\bhow many of\b", re.I)
_INSTRUCTION = regex(
    r"(?<![^.?!:)\n\s])\s*(?:please\s+)?(?:only\s+)?(?:answer|return|respond|reply|give|write|use|format"
    r"|output|express|round|do not)\b"
    r"[^.?!\n]*(?:[.?!]|\n|$)",
    re.I,
)


def _without_instructions(text: str) -> str:
    """Drop sentences such as "Answer only a number."; they are about the form."""
    kept = [sentence for sentence in _sentences(text) if not _INSTRUCTION.match(sentence)]
    return " ".join(kept) or text


def _sentences(text: str) -> list[str]:
    return [part for part in re.split(r"(?<=[.?!])\s+|\n", text) if part]


_AFTER_SUBJECT = FRAME | frozenset(
    "do does did have has had can could will would that which not no more fewer than".split()
)


def _count_at(words: tuple[str, ...]) -> int:
    """Where what is counted begins, behind "how many" or "number of"; the end where nothing is."""
    for i in range(len(words) - 1):
        if words[i : i + 2] in (("how", "many"), ("number", "of"), ("count", "of"), ("count", "the")):
            start = i + 2
            while start < len(words) and words[start] in ("the", "of", "these", "those"):
                start += 1
            if start < len(words) and words[start] not in _AFTER_SUBJECT:
                return start
    return len(words)


def _counted(words: tuple[str, ...]) -> str:
    """The head noun of what is counted: the last word before a verb or a preposition."""
    end = 0
    while end < len(words) and words[end] not in _AFTER_SUBJECT:
        end += 1
    return stem(words[end - 1]) if end else ""


def _denied(words: tuple[str, ...]) -> frozenset[str]:
    """The words of meaning behind the one negation, as far as a preposition."""
    negators = [i for i, word in enumerate(words) if word in NEGATORS]
    if len(negators) != 1:
        return frozenset()
    after = words[negators[0] + 1 :]
    end = next((i for i, word in enumerate(after) if word in _PLACING), len(after))
    return frozenset(stem(word) for word in after[:end] if word not in STOP and not word[0].isdigit())


_PLACING = frozenset("in on at of inside under within along around from".split())


def _condition(words: tuple[str, ...]) -> frozenset[str]:
    """The words of meaning but for those that only say where: what follows "in the" or "on the"."""
    kept: set[str] = set()
    placed = False
    for word, following in zip(words, (*words[1:], ""), strict=False):
        if word in _PLACING and following not in ("", "or", "and"):
            placed = True
        elif word in _PLACING:  # "How many lamps are on?"
            kept.add(word)
        elif word in _AFTER_SUBJECT:
            placed = placed and word in ARTICLES | {"this", "that", "these", "those"}
        elif not placed and word not in STOP and not word[0].isdigit():
            kept.add(stem(word))
    return frozenset(kept)


# ----------------------------------------------------------------------------------------------
# Options
# ----------------------------------------------------------------------------------------------

_OPTION_LINE = regex(r"^[ \t]*[(\[]?([A-Za-z]|\d{1,2})[)\].:][ \t]*(\S[^\n]*)$", re.M)
_OPTION_INLINE = regex(r"(?<!\w)\(([A-Za-z])\)\s*([^()\n;]{1,80}?)\s*(?=\([A-Za-z]\)|[;.?]|$)", re.M)
_ONE_OF = regex(
    r"(?:(?:answer|return|respond|reply|choose|say|state|options?|one of|either)\b[^:?.!\n]*?"
    r"\b(?:only|either|with|from|of|between)|:)\s+([^:?.!\n]{3,200})",
    re.I,
)
_ASKED_OR = regex(r"[,:]\s*((?:[^,?.:\n]{1,40},\s*){0,8}[^,?.:\n]{1,40}?,?\s+or\s+[^,?.:\n]{1,40})\?", re.I)
_PAIR_OR = regex(r"\b([\w-]+)\s+or\s+(?:(?:the|a|an|on|in|at|to|is|it|not)\s+)*([\w-]+)\b", re.I)
_OPTION_LEAD = regex(
    r"^(?:(?:the|a|an|either|only|is|are|it|was|on|in|at|to|of|with|from|as|its|their|colou?r|side|one"
    r"|following|options?|"
    r"answer|single|word|words)\s+)+",
    re.I,
)


@lru_cache(maxsize=4096)
def lettered_options(question: str) -> dict[str, str]:
    """Read options with letters: "A) red", "(b) blue"."""
    plain = plain_characters(question)
    for pattern in (_OPTION_LINE, _OPTION_INLINE):
        found = pattern.findall(plain)
        if len(found) >= 2 and found[0][0].lower() in ("a", "1"):
            return {letter.upper(): text.strip().rstrip(".;,") for letter, text in found}
    return {}


@lru_cache(maxsize=4096)
def options_in(question: str) -> tuple[str, ...]:
    """Read the options that a question names: "the left, middle or right gear", "Answer only cup or plate."."""
    plain = plain_characters(question)
    if lettered := lettered_options(question):
        return tuple(lettered.values())
    for listed in (*reversed(_ONE_OF.findall(plain)), *reversed(_ASKED_OR.findall(plain))):
        options = _split_options(listed)
        if len(options) >= 2 and max(len(option.split()) for option in options) <= 4:
            return options
    pairs = _PAIR_OR.findall(plain)
    return tuple(pairs[0]) if len(pairs) == 1 else ()


def _split_options(listed: str) -> tuple[str, ...]:
    if not re.search(r"\bor\b|,|/", listed):
        return ()
    parts = re.split(r"\s*(?:,\s*or\b|,|;|/|\bor\b)\s*", listed.strip().strip('"()[]'))
    options = (_OPTION_LEAD.sub("", part).strip(" \"'()") for part in parts if part.strip(" \"'()"))
    return tuple(re.sub(r"\s+ones?$", "", option, flags=re.I) for option in options)


# ----------------------------------------------------------------------------------------------
# The form asked for
# ----------------------------------------------------------------------------------------------

_UNIT_ASKED = regex(
    r"\b(?:in|unit:?|as an? (?:value|number) in)\s+(?:the\s+unit\s+)?(°?[A-Za-zµΩ%°]+[²³23]?(?:/[a-z]+)?)\b", re.I
)
_UNIT_AFTER_HOW = regex(r"\bhow many\s+([A-Za-z°]+)\b", re.I)


@lru_cache(maxsize=4096)
def unit_asked(question: str) -> str | None:
    """Find the unit that a question asks for: "How long is the bolt in mm?"."""
    plain = plain_characters(question)
    for match in _UNIT_ASKED.finditer(plain):
        if find_unit(match[1]) and not is_ambiguous(match[1]):
            return match[1]
    how = _UNIT_AFTER_HOW.search(plain)
    if how and len(how[1]) > 2 and find_unit(how[1]):
        return how[1]
    if re.search(r"\bwhat (?:is the )?percent(?:age)?\b", plain, re.I):
        return "%"
    return None


_ORDER = regex(
    r"\b(D{1,2}|M{1,3}|Y{2,4})\s?[-/. ]\s?(D{1,2}|M{1,3}|Y{2,4})(?:\s?[-/. ,]+\s?(D{1,2}|M{1,3}|Y{2,4}))?\b"
)


@lru_cache(maxsize=4096)
def date_order(question: str) -> Literal["dmy", "mdy", "ymd"] | None:
    """Find the order of all-digit dates that a question declares: "Answer as DD/MM/YYYY."."""
    match = _ORDER.search(plain_characters(question).upper())
    letters = "".join(part[0] for part in match.groups() if part).lower() if match else ""
    if letters == "dmy":
        return "dmy"
    if letters == "mdy":
        return "mdy"
    return "ymd" if letters == "ymd" else None


def option_key(text: str) -> str:
    """Fold an option to what its spellings share: "The Left" and "left", "grey" and "gray"."""
    folded = " ".join(word for word in tokens(text) if word not in ARTICLES)
    return EQUALS.get(folded, folded)

"""Phrases: the part of a sentence that answers, without the words that frame it.

"The sheet music was transcribed by Otto Singer II." says "Otto Singer II" once the question's own words and
the frame ("was", "by") are taken from its ends. What is left must be the whole answer: nothing is searched for
inside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from visioneval.grading.characters import plain_characters, tokens
from visioneval.grading.question import Question
from visioneval.grading.regex import regex
from visioneval.grading.words import ARTICLES, DOUBT, FRAME, NEGATORS, REMARKS, WEEKDAYS, stem

_COPULA = regex(
    r"\b(?:is|are|was|were|reads|read|says|say|states|shows|show|displays|display|called|named|labelled"
    r"|labeled|marked"
    r"|by|spells|contains|to be|as|appears to be|looks like|seems like)\b:?|:",
    re.I,
)
_QUOTED = regex(r'(?<!\w)"([^"\n]{1,200})"(?!\w)|(?<!\w)\'([^\'\n]{2,200})\'(?!\w)')
_CLAUSE_END = regex(
    r"\s[-–—]\s|[;(]|\.\s+(?=[A-Z])"
    r"|,\s(?=(?:which|who|whose|with|as|an?|the|based|located|not|because|since|so|while|but|where|it|next|near|in|on"
    r"|at|and (?:it|the)|\w+ing|\w+ed)\b)",
    re.I,
)
"""Where a clause ends; a comma before another item of a list is no end."""
_DETAIL = regex(r"\s(?:on|in|at|near|next to|beside|by|under|with|while|from|inside|outside)\s", re.I)
_DOING = regex(r"\b(?:doing|happening|going on)\b", re.I)
_THING_ASKED = regex(
    r"\bdescribe\b|\bwhat (?:is|are) .{1,40}\b(?:holding|carrying)\b"
    r"|\bwhat (?:is (?:wrong|this\b|it\b)|(?:(?:kind|type|sort) of |is the )?"
    r"(?:defect|damage|problem|issue|fault|object|item|thing|animal|vehicle|tool|fruit|vegetable|food)\b)",
    re.I,
)
"""Questions after a thing, where its size, its colour and its place are remarks."""
_MOST_WORDS = 60


def phrase_key(text: str) -> tuple[str, ...]:
    """The words of a text as they are compared: folded, without articles at the ends."""
    text = _TIMES.sub(" x ", _feet_and_inches(text) if _HAS_FEET.search(text) else text)
    words = tuple(_one_day(word) for word in tokens(text))
    start, end = 0, len(words)
    while end - start > 1 and (words[start] in ARTICLES or _is_picture(words[start])):
        start += 1
    while end - start > 1 and _is_picture(words[end - 1]):
        end -= 1
    return words[start:end]


def _one_day(word: str) -> str:
    """Write "Mondays" as "Monday"."""
    return word[:-1] if word[:-1] in WEEKDAYS else word


def _is_picture(word: str) -> bool:
    """Tell whether a token is an emoji, which at the end of an answer adds nothing to its words."""
    return word >= "\U0001f300"


_TIMES = regex(r"(?<=\d)\s*[x×*]\s*(?=\d)", re.I)
_HAS_FEET = regex(r"\d\s?(?:['’′]|ft\b|feet\b|foot\b)", re.I)
_FEET = regex(
    r"(\d+)\s?(?:'|ft\b\.?|feet\b|foot\b)(?:[\s,-]*(\d+(?:\.\d+)?)\s?(?:\"|''|in\b\.?|inch(?:es)?\b)?(?![\w']))?",
    re.I,
)


def _feet_and_inches(text: str) -> str:
    """Write feet and inches one way: 10'2\", 10' 2" and 10 ft 2 in are all 10'2."""
    text = re.sub(r"(?<=[\d'\"tn])\s*(?:[x×*]|\bby\b)\s*(?=\d)", " x ", plain_characters(text), flags=re.I)
    return _FEET.sub(lambda found: f"{found[1]}'{found[2] if found[2] and found[2] != '0' else ''}", text)


_CONTRAST = regex(r",?\s+(?:and\s+|but\s+)?not\s+\"?(?-i:[A-Z])[^,.;:!?]{0,40}[.!\"]*$", re.I)
"""Another name that is ruled out: "Oakmere, not Fairfield"."""


def phrase_keys(sentence: str, question: Question) -> Iterator[tuple[str, ...]]:
    """The ways to read what a sentence answers: as it stands, without its frame, after its verb, in quotes."""
    whole = phrase_key(sentence)
    yield whole
    sentence = _CONTRAST.sub("", sentence)
    whole = phrase_key(sentence)
    if len(whole) > _MOST_WORDS or _doubtful(whole):
        return
    quoted = {found[0] or found[1] for found in _QUOTED.findall(sentence)}
    if len(quoted) == 1:
        yield phrase_key(quoted.pop())
    yield _trimmed(whole, question)
    if "(" in sentence:
        yield _trimmed(phrase_key(sentence.partition("(")[0]), question)
    if _DOING.search(question.text):  # "sleeping on a rug" answers "sleeping"
        yield _trimmed(phrase_key(_DETAIL.split(sentence, maxsplit=1)[0]), question)
    if _THING_ASKED.search(question.text):
        yield _thing(sentence, question)
    verbs = list(_COPULA.finditer(sentence))
    for verb in verbs[:1] + verbs[-1:]:
        after = sentence[verb.end() :]
        yield phrase_key(after)
        yield _trimmed(phrase_key(after), question)
        clause = _CLAUSE_END.split(after, maxsplit=1)[0]
        yield phrase_key(clause)
        yield _trimmed(phrase_key(clause), question)
    yield from _subjects(sentence, question)


_THING_DETAIL = regex(
    r"\s(?:on|in|at|near|next to|beside|along|across|running"
    r"|sitting|standing|lying|sleeping|located|inside|outside|from)\s",
    re.I,
)


def _thing(sentence: str, question: Question) -> tuple[str, ...]:
    """The thing of "There is a long scratch on the surface.": "scratch"."""
    words = _trimmed(phrase_key(_THING_DETAIL.split(sentence, maxsplit=1)[0]), question)
    start = 0
    while start < len(words) - 1 and words[start] in REMARKS:
        start += 1
    return words[start:]


def _subjects(sentence: str, question: Question) -> Iterator[tuple[str, ...]]:
    """What stands before the verb, where the rest only repeats the question: "Marta works the night shift"."""
    first = _CLAUSE_END.split(sentence, maxsplit=1)[0]
    words = tokens(first)
    known = [word in FRAME or stem(word) in question.words or any(c.isdigit() for c in word) for word in words]
    if any(known) and not known[0]:
        yield phrase_key(" ".join(words[: known.index(True)])) if all(known[known.index(True) :]) else ()


def _doubtful(words: tuple[str, ...]) -> bool:
    return any(word in NEGATORS or word in DOUBT for word in words)


def _trimmed(words: tuple[str, ...], question: Question) -> tuple[str, ...]:
    """Take frame words and the question's words from both ends, as long as something is left."""

    def frames(word: str) -> bool:
        return word in FRAME or (not word[0].isdigit() and stem(word) in question.words)

    start, end = 0, len(words)
    while start < end and frames(words[start]):
        start += 1
    while end > start and frames(words[end - 1]):
        end -= 1
    return words[start:end]


def matches_phrase(statement: str, key: str, question: Question) -> bool:
    """Tell whether a statement answers exactly the key."""
    wanted = phrase_key(key)
    trimmed = _trimmed(wanted, question) if wanted and wanted[-1] not in FRAME else ()
    numbers = _numbers(wanted)
    for reading in phrase_keys(statement, question):
        if not reading:
            continue
        if reading == wanted or (trimmed and reading == trimmed) or (numbers and _numbers(reading) == numbers):
            return True
    return False


_WORD_NUMBERS = {
    word: str(value)
    for value, word in enumerate("zero one two three four five six seven eight nine ten eleven twelve".split())
}
_SPLIT = regex(r"(?<=\d)(?=[a-z])")


def _numbers(words: tuple[str, ...]) -> tuple[str, ...]:
    """The same words with number words in digits and units apart: "three 5kg bags" as "3 5 kg bags"."""
    spelled: list[str] = []
    for word in words:
        spelled += _SPLIT.sub(" ", _WORD_NUMBERS.get(word, word)).split()
    return tuple(spelled) if any(word[0].isdigit() for word in spelled) else ()

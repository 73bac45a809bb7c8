"""Codes: serial numbers, plates and other identifiers, which are compared character by character.

No letter is ever taken for a digit, no leading zero dropped. Spaces and hyphens count unless the prompt says
that they do not.
"""

from __future__ import annotations

import re
import unicodedata

from visioneval.answers import Identifier
from visioneval.grading.characters import plain_characters
from visioneval.grading.hits import Hit
from visioneval.grading.preference import settle
from visioneval.grading.question import Question
from visioneval.grading.regex import regex
from visioneval.grading.words import FRAME, stem

_PART = regex(r"[^\W_]+(?:[-/.:_#–][^\W_]+)*")
_LABELS = frozenset(
    "serial number no num nr id code sn part model ref reference plate tag label unit lot batch item "
    "container order".split()
)


def code_key(text: str, answer: Identifier) -> str:
    """Write a code as it is compared."""
    key = (
        unicodedata.normalize("NFKC", plain_characters(text))
        .replace("–", "-")
        .replace("—", "-")
        .strip()
        .strip("\"'.,;:!?*`()[]")
    )
    key = re.sub(r"\s+", " ", key)
    if answer.ignore_separators:
        key = re.sub(r"[\s\-./_()]", "", key)
    return key if answer.case_sensitive else key.casefold()


def find_codes(text: str, answer: Identifier, question: Question) -> list[Hit]:
    """Find codes in a span: runs of words with digits or in capitals, as the key has them."""
    if code_key(text, answer) in {code_key(name, answer) for name in (answer.value, *answer.aliases)}:
        return [Hit(code_key(text, answer), text.strip(), 0, len(text))]
    with_digits = any(char.isdigit() for char in answer.value)
    hits: list[Hit] = []
    run: list[re.Match[str]] = []
    for match in _PART.finditer(text):
        is_code = _is_code(match[0], question) or (bool(run) and match[0].isdigit())
        gap = text[run[-1].end() : match.start()] if run else ""
        if (
            is_code
            and run
            and (gap in (" ", " - ", "-") or (answer.ignore_separators and gap in (") ", ")-", ")")))
        ):
            run.append(match)
            continue
        hits += _close(text, run, answer, with_digits)
        run = [match] if is_code else []
    hits += _close(text, run, answer, with_digits)
    return settle(text, hits, question)


def _is_code(word: str, question: Question) -> bool:
    if any(char.isdigit() for char in word):
        return True
    lower = word.lower()
    known = lower in FRAME or lower in _LABELS or stem(lower) in question.words
    return (word.isupper() and len(word) >= 2 and not known) or (
        word.isupper() and len(word) == 1 and lower not in ("a", "i")
    )


def _close(text: str, run: list[re.Match[str]], answer: Identifier, with_digits: bool) -> list[Hit]:
    if not run:
        return []
    start, end = run[0].start(), run[-1].end()
    written = text[start:end]
    has_digits = any(char.isdigit() for char in written)
    rank = 0 if has_digits == with_digits else 1
    if has_digits and written.isdigit() != plain_characters(answer.value).replace(" ", "").isdigit():
        rank = 1
    return [Hit(code_key(written, answer), written, start, end, rank=rank)]

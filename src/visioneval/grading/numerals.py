"""Numerals: every number that a text holds, in digits, in words or as an ordinal, and where it stands.

Understands "32,500", "1.234,56", "12 345", "3 1/2", "twenty-two", "a dozen", "5th", "minus five", "5 below zero"
and "十二". Does not mistake a time, a date or a part code ("07:10", "2027-08-03", "R10", "4k7") for a number.
Chooses nothing: what the numbers mean is `quantities`' business.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Literal, NamedTuple

from visioneval.grading.regex import regex

Kind = Literal["digits", "word", "ordinal", "fraction"]


class Numeral(NamedTuple):
    value: Decimal
    start: int
    end: int
    kind: Kind


_UNITS = {
    word: value
    for value, word in enumerate(
        """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
        seventeen eighteen nineteen""".split()
    )
}
_TENS = {
    word: 10 * value
    for value, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), start=2)
}
_SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9}
_ORDINALS = {
    word: value
    for value, word in enumerate(
        """first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth
        fifteenth sixteenth seventeenth eighteenth nineteenth twentieth""".split(),
        start=1,
    )
}
_GROUPS = {"dozen": 12}
_WORD = "|".join(sorted({**_UNITS, **_TENS, **_SCALES, **_GROUPS}, key=len, reverse=True))
_ORDINAL_WORD = "|".join(sorted(_ORDINALS, key=len, reverse=True))
_CJK = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "兩": 2}
_CJK_SCALES = {"十": 10, "百": 100, "千": 1000}

_NUMERAL = regex(
    rf"""
      (?P<other> \d{{1,2}}:\d{{2}}(?::\d{{2}})?(?!\d)          # a time
        | \d{{1,4}}([-/.])\d{{1,2}}\2\d{{1,4}}(?![\d])         # a date
        | (?<![A-Za-z])[A-Za-z]+\d[\w-]* | (?-i:[A-Z]{{1,4}})-\d[\w-]*            # R10, A-9: a code
        | (?<!\d)\d+[A-Za-z]+\d\w*                                   # 4k7: a code
        | \d+(?:\.\d+){{2,}}                                   # a version or an address
        )
    | (?P<mixed> (?<![\w.,/]) \d+ [ ] \d{{1,2}}/\d{{1,2}} (?![\w/]) )
    | (?P<fraction> (?<![\w.,/]) \d+ \s?/\s? \d+ (?![\w/]) )
    | (?P<ordinal> (?<![\w.,]) \d+ (?:st|nd|rd|th)\b )
    | (?P<digits> (?:(?<![\w.,)\]])[-+])?
        (?: (?<!\d)\d{{1,3}}(?:([, '])\d{{3}})(?:\7\d{{3}})*(?:\.\d+)?(?!\d)
          | (?<!\d)\d{{1,3}}(?:\.\d{{3}})+,\d+(?!\d)
          | (?<!\d)\d{{1,3}}(?:[ ]\d{{3}})+,\d+(?!\d)
          | \d+(?:[.,]\d+)? | (?<!\d)\.\d+ ) )
    | \b(?P<ordinal_word> (?:(?:twenty|thirty|forty|fifty)[\s-])? (?:{_ORDINAL_WORD}) )\b
    | \b(?P<words> (?:(?:a|half\s+a)\s+(?=dozen|hundred|thousand|million))?
        (?:{_WORD}) (?: (?:\s+|-) (?:and\s+)? (?:{_WORD}) )* s? )\b
    | (?P<cjk> [〇零一二三四五六七八九十百千两兩]+ )
    """,
    re.X | re.I,
)


def find_numerals(text: str) -> list[Numeral]:
    """Find all numbers in a text, in order.

    >>> [int(n.value) for n in find_numerals("3 rows of twenty-two, R10 at 07:10: 1,066 in all")]
    [3, 22, 1066]
    """
    found: list[Numeral] = []
    for match in _NUMERAL.finditer(text):
        kind = match.lastgroup
        written = match[0]
        if kind == "digits":
            found.append(Numeral(decimal(written), match.start(), match.end(), "digits"))
        elif kind in ("mixed", "fraction"):
            found += _fraction(written, match.start(), match.end(), mixed=kind == "mixed")
        elif kind == "ordinal":
            found.append(Numeral(Decimal(written[:-2]), match.start(), match.end(), "ordinal"))
        elif kind == "words":
            found += _scaled(text, found, _words(written, match.start()))
        elif kind == "ordinal_word":
            found.append(Numeral(Decimal(_ordinal(written)), match.start(), match.end(), "ordinal"))
        elif kind == "cjk":
            found.append(Numeral(Decimal(_cjk(written)), match.start(), match.end(), "word"))
    return _signed(text, found)


_OPERATOR = regex(r"\s*[\w°%²³/.]{0,12}\s*")
"""Between a sign and the number before it: with a unit at most, the sign is one of a range or a difference."""
_SIGN = regex(
    r"(?:\b(?:minus|negative)\s+|(?<![\w.,)\]])–"
    r"|(?:\b(?:is|was|be|reads?|shows?|displays?|indicates?|at|of|about|around)|[=≈~])[ ](?P<dash>[-–])[ ])$",
    re.I,
)
_MAY_BE_SIGNED = regex(r"[–]|- |minus|negative|below|above", re.I)
_ZERO_MARK = regex(r"\s*(?:(?:°|degrees?\b|[CFK]\b|celsius\b|fahrenheit\b)\s*)*(below|above)\s+", re.I)


def _signed(text: str, found: list[Numeral]) -> list[Numeral]:
    """Give the numbers the signs that are not written at them: "minus 5", "–5", "is - 5", "5 °C below zero"."""
    if not _MAY_BE_SIGNED.search(text):
        return found
    signed: list[Numeral] = []
    for numeral in found:
        last = signed[-1] if signed else None
        mark = _ZERO_MARK.fullmatch(text, last.end, numeral.start) if last and not numeral.value else None
        if last and mark:
            signed[-1] = last._replace(value=-last.value) if mark[1].lower() == "below" else last
            continue
        sign = (
            _SIGN.search(text[max(0, numeral.start - 16) : numeral.start]) if numeral.kind != "ordinal" else None
        )
        if sign:
            start = numeral.start - len(sign[0]) if sign["dash"] is None else numeral.start - 2
            if not (last and _OPERATOR.fullmatch(text, last.end, start)):
                numeral = numeral._replace(value=-numeral.value, start=start)
        signed.append(numeral)
    return signed


def _scaled(text: str, found: list[Numeral], words: list[Numeral]) -> list[Numeral]:
    """Let a scale word multiply the digits before it: "3.5 million"."""
    if found and words and found[-1].kind == "digits" and text[found[-1].end : words[0].start] in (" ", "-"):
        first_word = text[words[0].start :].split()[0].lower().strip(".,;:!?)").rstrip("s")
        if first_word in _SCALES or first_word in _GROUPS:
            digits = found.pop()
            scaled = Numeral(digits.value * words[0].value, digits.start, words[0].end, "digits")
            return [scaled, *words[1:]]
    return words


def decimal(written: str) -> Decimal:
    """Read one number in digits.

    A single comma before exactly three digits separates thousands, as in English; a point never does, so
    "2.428" and "2,428" differ. A comma before one, two or more than three digits is a decimal comma.
    """
    written = written.replace(" ", "").replace("'", "")
    if "," in written and "." in written:
        last = max(written.rfind(","), written.rfind("."))
        decimal_mark = written[last]
        written = written.replace("." if decimal_mark == "," else ",", "").replace(",", ".")
    elif "," in written:
        whole, *groups = written.split(",")
        thousands = all(len(group) == 3 for group in groups) and whole.strip("+-") != "0"
        written = written.replace(",", "" if thousands else ".")
    return Decimal(written)


def _fraction(written: str, start: int, end: int, *, mixed: bool) -> list[Numeral]:
    whole, _, part = written.partition(" ") if mixed else ("0", "", written)
    above, _, below = part.replace(" ", "").partition("/")
    if int(below) == 0 or len(above) > 9 or len(below) > 9:
        return []
    return [Numeral(int(whole) + Decimal(int(above)) / int(below), start, end, "fraction")]


def _words(written: str, start: int) -> list[Numeral]:
    """Read a run of number words, which may be several numbers: "one two three"."""
    found: list[Numeral] = []
    total = part = 0
    begin: int | None = None
    end = start
    rank = 10**12
    """The next word must be smaller than this to belong to the same number."""
    multiplier = Decimal(1)

    def close() -> None:
        nonlocal total, part, begin, rank, multiplier
        if begin is not None:
            found.append(Numeral(multiplier * (total + part), begin, end, "word"))
        total, part, begin, rank, multiplier = 0, 0, None, 10**12, Decimal(1)

    for match in re.finditer(r"[a-z]+", written, re.I):
        word = match[0].lower()
        word = word if word in _UNITS or word in _TENS or word in _SCALES or word in _GROUPS else word.rstrip("s")
        at, after = start + match.start(), start + match.end()
        if word == "half":
            multiplier, begin = Decimal("0.5"), at
        elif word == "a":
            part, begin = 1, at if begin is None else begin
        elif word in _SCALES or word in _GROUPS:
            scale = _SCALES.get(word) or _GROUPS[word]
            part = (part or 1) * scale
            begin = at if begin is None else begin
            if scale >= 1000:
                total, part = total + part, 0
            rank = scale
        elif word in _TENS or word in _UNITS:
            value = _TENS.get(word, _UNITS.get(word, 0))
            size = 100 if word in _TENS else (10 if value else 1)
            if begin is not None and (size > rank or (rank == 10 and not 0 < value < 10)):
                close()
            part += value
            begin = at if begin is None else begin
            rank = 10 if word in _TENS else 0
        end = after
    close()
    return found


def _ordinal(written: str) -> int:
    *tens, last = re.split(r"[\s-]+", written.lower())
    return (_TENS[tens[0]] if tens else 0) + _ORDINALS[last]


def _cjk(written: str) -> int:
    if not any(char in _CJK_SCALES for char in written):
        return int("".join(str(_CJK[char]) for char in written))
    total = part = 0
    for char in written:
        if char in _CJK_SCALES:
            total += (part or 1) * _CJK_SCALES[char]
            part = 0
        else:
            part = _CJK[char]
    return total + part

"""Moments: dates, times of day and cells of a grid, in the many forms in which they are written."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Literal

from visioneval.grading.hits import Hit
from visioneval.grading.numerals import find_numerals
from visioneval.grading.regex import regex
from visioneval.grading.words import MONTHS

Order = Literal["dmy", "mdy", "ymd"]

_MONTH = "|".join(MONTHS) + "|" + "|".join(month[:3] for month in MONTHS) + "|sept"
_DATE = regex(
    rf"""
      \b(?P<y1>\d{{4}})\s?(?P<s1>[-/.])\s?(?P<m1>\d{{1,2}})(?:\s?(?P=s1)\s?(?P<d1>\d{{1,2}}))?(?![\d:])
    | (?<!\d)(?P<y8>(?:19|20)\d\d)(?P<m8>0\d|1[0-2])(?P<d8>[0-3]\d)(?!\d)
    | \b(?P<y5>\d{{4}})[年]\s?(?P<m5>\d{{1,2}})月(?:\s?(?P<d5>\d{{1,2}})日)?
    | \b(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?[\s.-]+(?:of\s+)?(?P<m2>{_MONTH})\b\.?,?[\s-]*(?P<y2>\d{{4}}
        |'?\d\d(?!\d|:))
    | \b(?P<m3>{_MONTH})\b\.?[\s-]*(?:(?P<d3>\d{{1,2}})(?:st|nd|rd|th)?,?[\s-]+)?(?:of\s+)?(?P<y3>\d{{4}}
        |'\d\d)\b
    | (?<![\d/.-])(?P<a4>\d{{1,2}})\s?(?P<s4>[-/.])\s?(?P<b4>\d{{1,2}})\s?(?P=s4)\s?(?P<y4>\d{{4}}
        |\d\d)(?![\d/.-]*\d)
    | (?<![\d/.-])(?P<m6>\d{{1,2}})\s?[-/.\s]\s?(?P<y6>\d{{4}})(?![\d/-])
    | \b(?P<y7>(?:19|20)\d\d)\b
    """,
    re.X | re.I,
)


def find_dates(text: str, order: Order | None, precision: int) -> list[Hit]:
    """Find dates as "2027-08-03", "2027-08" or "2027".

    `precision` is the number of parts asked for (1 year, 2 month, 3 day): a less precise date is only looked at
    where there is none so precise. An all-digit date that can be read two ways is a hit that is not definite.
    """
    hits: list[Hit] = []
    for match in _DATE.finditer(text):
        group = match.groupdict()
        if group["a4"]:
            readings = _all_digit(group["a4"], group["b4"], group["y4"], order)
        elif group["m6"]:
            readings = [_iso(group["y6"], group["m6"], None)]
        else:
            readings = [
                _iso(group[f"y{i}"], group.get(f"m{i}"), group.get(f"d{i}"))
                for i in (1, 8, 5, 2, 3, 7)
                if group[f"y{i}"]
            ]
        values = {value for value in readings if value}
        for value in sorted(values):
            rank = abs(value.count("-") + 1 - precision)
            hits.append(
                Hit(value, match[0].strip(), match.start(), match.end(), definite=len(values) == 1, rank=rank)
            )
    return hits


def _all_digit(first: str, second: str, year: str, order: Order | None) -> list[str | None]:
    day_first, month_first = _iso(year, second, first), _iso(year, first, second)
    if order == "dmy":
        return [day_first]
    if order == "mdy":
        return [month_first]
    if order == "ymd":
        return [_iso(first, second, year)]
    return [day_first, month_first]


def _iso(year: str, month: str | None, day: str | None) -> str | None:
    year = year.lstrip("'")
    number = int(year) if len(year) == 4 else 2000 + int(year)
    if month is None:
        return f"{number:04d}"
    month_number = int(month) if month.isdigit() else _month_number(month)
    if not 1 <= month_number <= 12:
        return None
    if day is None:
        return f"{number:04d}-{month_number:02d}"
    try:
        return date(number, month_number, int(day)).isoformat()
    except ValueError:
        return None


def _month_number(name: str) -> int:
    return next(i for i, month in enumerate(MONTHS, start=1) if month.startswith(name.lower()[:3]))


_TIME = regex(
    r"(?<![\d:.])(?P<h>\d{1,2})(?P<sep>[:.h])(?P<m>[0-5]\d)(?:[:.](?P<s>[0-5]\d))?(?![\d:])\s*(?P<ap>[ap]\.?\s?m\b\.?)?"
    r"|(?<![\d:.])(?P<h2>\d{1,2})\s*(?:(?P<ap2>[ap]\.?m\b\.?)|o'?\s?clock(?:\s+(?P<ap3>[ap]\.?m\b\.?))?)"
    r"|(?<![\d:.])(?P<h4>[01]\d|2[0-3])(?P<m4>[0-5]\d)\s*(?:h\b|hrs\b|hours\b)",
    re.I,
)
_SPOKEN = regex(
    r"\b(?P<minutes>half|(?:a )?quarter|(?<![a-z-])[a-z]{3,7}(?:-[a-z]{3,5})?"
    r"|\d{1,2})(?:\s+minutes?)?\s+(?P<way>past|after|to|before|till)\s+(?P<hour>[a-z]{3,6}|\d{1,2})\b",
    re.I,
)


_IN_WORDS = regex(
    r"\b(one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)[ -]"
    r"((?:ten|eleven|twelve|[a-z]{3,6}teen|(?:twen|thir|for|fif)ty)(?:-[a-z]{3,5})?)\b",
    re.I,
)
"""Seven ten."""


def find_times(text: str) -> list[Hit]:
    """Find times of day as (hour, minute, second, knows morning from evening)."""
    hits: list[Hit] = []
    for match in _TIME.finditer(text):
        hour = int(match["h"] or match["h2"] or match["h4"])
        minute, second = int(match["m"] or match["m4"] or 0), int(match["s"] or 0)
        half = (match["ap"] or match["ap2"] or match["ap3"] or "").lower()
        if match["sep"] and match["sep"] in ".h" and not half and match["sep"] == "." and match["s"]:
            continue
        value = _clock(hour, minute, second, half[:1])
        if value:
            hits.append(
                Hit(value, match[0].strip(), match.start(), match.end(), rank=0 if match["sep"] != "." else 1)
            )
    hits += [hit for match in _IN_WORDS.finditer(text) if (hit := _in_words(match))]
    return hits + [hit for match in _SPOKEN.finditer(text) if (hit := _spoken(match))]


def _clock(hour: int, minute: int, second: int, half: str) -> tuple[int, int, int] | None:
    if hour > 24 or (half and not 1 <= hour <= 12):
        return None
    if half == "p":
        hour = hour % 12 + 12
    elif half == "a":
        hour %= 12
    return hour % 24, minute, second


def _in_words(match: re.Match[str]) -> Hit | None:
    hour, minute = _number(match[1]), _number(match[2])
    if hour is None or minute is None:
        return None
    return Hit((hour, minute, 0), match[0], match.start(), match.end(), rank=1)


def _spoken(match: re.Match[str]) -> Hit | None:
    hour = _number(match["hour"])
    named = {"half": 30, "quarter": 15, "a quarter": 15}
    minute = named.get(match["minutes"].lower(), _number(match["minutes"]))
    if hour is None or minute is None or not (1 <= hour <= 12 and 0 < minute < 60):
        return None
    if match["way"].lower() in ("to", "before", "till"):
        hour, minute = hour - 1 or 12, 60 - minute
    return Hit((hour, minute, 0), match[0], match.start(), match.end(), rank=1)


def _number(word: str) -> int | None:
    numerals = find_numerals(word)
    return int(numerals[0].value) if len(numerals) == 1 else None


_ROW = r"(?:row|r)\s*[#:.]?\s*"
_COLUMN = r"(?:column|col|c)\.?\s*[#:.]?\s*"
_ORDINAL = (
    r"\d{1,3}(?:st|nd|rd|th)|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth"
)
_NUMBER = r"\d{1,3}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
_RC_FORMS: tuple[tuple[re.Pattern[str], bool], ...] = tuple(
    (regex(pattern, re.I), row_first)
    for pattern, row_first in (
        (
            rf"(?<!\w){_ROW}({_NUMBER})\s*[,;/&-]?\s*(?:and\s+|in\s+|of\s+"
            rf"|from\s+)?(?:the\s+)?{_COLUMN}({_NUMBER})(?!\w)",
            True,
        ),
        (
            rf"(?<!\w){_COLUMN}({_NUMBER})\s*[,;/&-]?\s*(?:and\s+|in\s+|of\s+)?(?:the\s+)?{_ROW}({_NUMBER})(?!\w)",
            False,
        ),
        (rf"\b({_ORDINAL})\s+row\b[^.;\d]{{0,30}}?\b({_ORDINAL})\s+col(?:umn)?\b", True),
        (rf"\b({_ORDINAL})\s+col(?:umn)?\b[^.;\d]{{0,30}}?\b({_ORDINAL})\s+row\b", False),
        (rf"\brow\s+({_NUMBER})\b[^.;\d]{{1,40}}?\bcolumn\s+({_NUMBER})\b", True),
        (rf"\bcolumn\s+({_NUMBER})\b[^.;\d]{{1,40}}?\brow\s+({_NUMBER})\b", False),
    )
)
_LETTER_FORMS: tuple[tuple[re.Pattern[str], bool], ...] = tuple(
    (regex(pattern), letter_first)
    for pattern, letter_first in (
        (r"(?<![\w-])([A-Za-z]{1,2})[\s-]?(\d{1,3})(?![\w])", True),
        (r"(?i:\brow\s+)([A-Za-z])\b[^.;\d]{1,40}?(?i:\bcolumn\s+)(\d{1,3})\b", True),
        (r"(?i:\bcolumn\s+)(\d{1,3})\b[^.;\d]{1,40}?(?i:\brow\s+)([A-Za-z])\b", False),
        (r"(?i:\bcolumn\s+)([A-Za-z])\b[^.;\d]{1,40}?(?i:\brow\s+)(\d{1,3})\b", True),
        (r"\(\s*\"?([A-Za-z])\"?\s*,\s*(\d{1,3})\s*\)", True),
    )
)
_PAIR = regex(r"\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*\)")


def find_cells(text: str, *, by_numbers: bool) -> list[Hit]:
    """Find cells: "R1C3" where rows and columns are numbered, "E5" where one of them has letters."""
    if by_numbers:
        hits = _forms(text, _RC_FORMS, lambda row, column: f"R{_position(row)}C{_position(column)}")
        if not hits:
            hits = [
                Hit(f"R{int(m[1])}C{int(m[2])}", m[0], m.start(), m.end(), rank=1) for m in _PAIR.finditer(text)
            ]
        return hits
    return _forms(text, _LETTER_FORMS, lambda letter, number: f"{letter.upper()}{int(number)}")


def _forms(
    text: str, forms: tuple[tuple[re.Pattern[str], bool], ...], name: Callable[[str, str], str]
) -> list[Hit]:
    hits = []
    for pattern, in_order in forms:
        for match in pattern.finditer(text):
            first, second = (match[1], match[2]) if in_order else (match[2], match[1])
            if (
                first.lower() in ("of", "in", "at", "is", "to", "on", "as", "an", "a", "by", "no", "it")
                and match[0][len(first)] == " "
            ):
                continue
            hits.append(Hit(name(first, second), match[0], match.start(), match.end()))
    return sorted(hits, key=lambda hit: hit.start)


def _position(written: str) -> int:
    return int(find_numerals(written)[0].value)

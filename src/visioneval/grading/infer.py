"""Inference: the type of an answer from how its question and its key are written.

Used where a file gives only text: CSV suites and `visioneval grade`. A declared type is always better, and what
was inferred is always shown.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

import msgspec

from visioneval.answers import (
    Answer,
    Choice,
    Date,
    Grid,
    GridCell,
    Identifier,
    Integer,
    Money,
    Number,
    OrderedList,
    SetOf,
    Text,
    Time,
    Transcription,
    YesNo,
)
from visioneval.errors import SuiteError
from visioneval.grading.answers import RULES
from visioneval.grading.characters import plain_characters, tokens
from visioneval.grading.moments import find_dates, find_times
from visioneval.grading.money import find_amounts
from visioneval.grading.numerals import decimal, find_numerals
from visioneval.grading.question import (
    date_order,
    lettered_options,
    option_key,
    options_in,
    understand,
    unit_asked,
)
from visioneval.grading.regex import regex
from visioneval.grading.sequences import split_grid
from visioneval.grading.units import find_unit
from visioneval.grading.words import CLOSED_CLASSES

TYPES: tuple[str, ...] = tuple(RULES.values())

_YES_NO = {"yes": True, "no": False, "true": True, "false": False, "y": True, "n": False}
_CODE_ASKED = regex(
    r"\b(?:serial|code|plate|registration|licen[cs]e|i\.?d\.?|identifier|sku|upc|ean|isbn|barcode|phone"
    r"|telephone|zip|postal|postcode|password"
    r"|captcha|vin|tracking|consignment|invoice (?:no|number)|order (?:no|number)|part (?:no|number)"
    r"|model (?:no|number)|account"
    r"|lot (?:no|number)|batch|designator|reference (?:no|number)|binary|container (?:no|number)|flight"
    r"|dip switch)\b",
    re.I,
)
_MONEY_ASKED = regex(
    r"\b(?:price|cost|costs|paid|pay|amount|tax|vat|tip|subtotal|total (?:price|cost|amount|due|paid"
    r"|bill)|bill|dollars?|euros?|pounds sterling|fee|fare"
    r"|salary|balance|change (?:was|given|is)|spent|charged?|worth|cash)\b|[$£€]",
    re.I,
)
_CELL_ASKED = regex(
    r"\b(?:cell|position|grid|row|column|square|seat|slot|pocket|coordinate|well)\b|\blike [A-Z]\d", re.I
)
_ORDER_ASKED = regex(
    r"\b(?:order|sequence|left to right|right to left|top to bottom|bottom to top|ascending|descending"
    r"|from (?:first|largest|smallest|nearest|front|left|top)"
    r"|sorted?|rank|chronological|clockwise|coordinates?|then)\b",
    re.I,
)
_LIST_ASKED = regex(
    r"\b(?:list|which|what (?:are|colou?rs|letters|items|numbers|words)|name (?:all|the|every|each)"
    r"|all (?:the|of)|every|comma|separated|who are)\b",
    re.I,
)
_READ_ASKED = regex(
    r"\b(?:transcribe|what does (?:the|this|it)\b.{0,60}\b(?:say|read)|what (?:text|is written"
    r"|is the text|words?)|read (?:the|this|out)|full text|exact text|ocr|verbatim)\b",
    re.I,
)
_NUMBER = regex(r"[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|[-+]?\.\d+")
_MEASURE = regex(r"([-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:[.,]\d+)?)\s?-?\s?([^\d\s,;]+(?:\s[a-z]+)?)", re.I)
_RC = regex(r"R\d+C\d+")
_LETTER_CELL = regex(r"[A-Z]\d{1,2}")
_CODE = regex(r"[^\W_]+(?:[-/.][^\W_]+)*")
_PHONE_ASKED = regex(r"\b(?:phone|telephone|mobile|fax)\b", re.I)
_DIMENSIONS = regex(r"\d+(?:\.\d+)?(?:\s?[x×*]\s?\d+(?:\.\d+)?)+", re.I)
_LONG_TEXT_WORDS = 12
_LONG_NUMBER_DIGITS = 7


def infer_answer(question: str, reference: str, type_: str | None = None) -> Answer:
    """Infer the answer that a key stands for; with a type, read the key as one of that type.

    Raises SuiteError where the key is empty, the type unknown, or the key is no value of the type.
    """
    key = plain_characters(reference).strip()
    if not key:
        raise SuiteError("reference is empty")
    if type_ is None or not type_.strip():
        return _infer(question, key)
    name = type_.strip().lower().replace("-", "_").replace("/", "_").replace(" ", "_")
    name = _OTHER_NAMES.get(name, name)
    if name not in TYPES:
        raise SuiteError(f"unknown type {type_!r}; known: {', '.join(TYPES)}")
    try:
        answer: Answer = msgspec.convert(msgspec.to_builtins(_read_as(name, question, key)), Answer)
    except (ValueError, InvalidOperation, msgspec.ValidationError):
        raise SuiteError(f"reference {reference!r} is not a value of type {name}") from None
    return answer


_OTHER_NAMES = {
    "yesno": "yes_no",
    "boolean": "yes_no",
    "bool": "yes_no",
    "int": "integer",
    "count": "integer",
    "decimal": "number",
    "float": "number",
    "amount": "money",
    "letter": "choice",
    "multiple_choice": "choice",
    "list": "ordered_list",
    "set": "set_of",
    "code": "identifier",
    "string": "text",
    "free_text": "text",
    "table": "grid",
    "binary_string": "identifier",
}


# ----------------------------------------------------------------------------------------------
# Without a declared type: the first guess that fits
# ----------------------------------------------------------------------------------------------


def _infer(question: str, key: str) -> Answer:
    for guess in (_yes_no, _choice, _cell, _phone, _number, _measure, _money, _date, _time, _several, _identifier):
        if (answer := guess(question, key)) is not None:
            return answer
    return _text(question, key)


def _yes_no(question: str, key: str) -> YesNo | None:
    value = _YES_NO.get(key.lower().rstrip(".")) if len(key) > 1 else None
    return None if value is None else YesNo(value)


def _choice(question: str, key: str) -> Choice | None:
    lettered = lettered_options(question)
    if lettered and (
        key.upper() in lettered or option_key(key) in {option_key(text) for text in lettered.values()}
    ):
        return Choice(key, options=tuple(lettered.values()) if key.upper() not in lettered else ())
    options = options_in(question)
    place = re.sub(r"^(?:on|in|at|to)\s+(?:the\s+)?", "", key, flags=re.I)
    if option_key(key) not in map(option_key, options) and option_key(place) in map(option_key, options):
        key = place  # "on the shelf" to "Is it on the table or on the shelf?"
    if option_key(key) in {option_key(option) for option in options} and not _NUMBER.fullmatch(key):
        return Choice(key, options=options)
    if len(key) == 1 and key.isalpha():
        return Choice(key)
    words = option_key(key).split()
    if (
        1 <= len(words) <= 2
        and "," not in key
        and all(any(word in members for members in CLOSED_CLASSES) for word in words)
    ):
        return Choice(key)
    return None


def _cell(question: str, key: str) -> GridCell | None:
    if _RC.fullmatch(key) or (
        _LETTER_CELL.fullmatch(key) and _CELL_ASKED.search(question) and not _CODE_ASKED.search(question)
    ):
        return GridCell(key)
    return None


def _number(question: str, key: str) -> Answer | None:
    bare = key.rstrip(".") if key.endswith(".") and key.count(".") == 1 else key
    if not _NUMBER.fullmatch(bare):
        return _spelled_number(question, key)
    digits = bare.lstrip("+-").replace(",", "")
    counted = re.search(r"\bhow many\b", question, re.I)
    leading_zero = len(digits) > 1 and digits[0] == "0" and "." not in digits
    if leading_zero or (
        not counted
        and digits.isdigit()
        and "," not in bare
        and (_CODE_ASKED.search(question) or len(digits) >= _LONG_NUMBER_DIGITS)
    ):
        return Identifier(bare, ignore_separators=_without_separators(question))
    value = decimal(bare)
    if "." in bare and _MONEY_ASKED.search(question) and re.search(r"\.\d\d$", bare):
        return Money(value)
    if value == value.to_integral_value() and "." not in bare:
        return Integer(int(value), unit=unit_asked(question))
    return Number(value, unit=unit_asked(question))


def _spelled_number(question: str, key: str) -> Answer | None:
    """Read "1.2 million" and "twenty-two"; a word such as "one" can be a pronoun, so only after "how many"."""
    numerals = find_numerals(key)
    if (
        len(numerals) != 1
        or (numerals[0].start, numerals[0].end) != (0, len(key))
        or numerals[0].kind in ("ordinal", "fraction")
    ):
        return None
    if not key[0].isdigit() and not re.search(r"\b(?:how many|number of)\b", question, re.I):
        return None
    value = numerals[0].value
    return Integer(int(value)) if value == value.to_integral_value() else Number(value)


def _measure(question: str, key: str) -> Answer | None:
    match = _MEASURE.fullmatch(key)
    if match is None or (match[2] in ("'", '"') and key.count("'") + key.count('"') > 1):
        return None
    if not find_unit(match[2]) or (match[2].lower() in ("a", "v", "h", "t", "k") and match[2].islower()):
        return None
    if re.fullmatch(r"\d+[A-Z]", key) and _CODE_ASKED.search(question):
        return None
    value = decimal(match[1])
    return Number(value, unit=match[2])


def _money(question: str, key: str) -> Money | None:
    if not re.search(r"\d", key) or not re.fullmatch(
        r"[-\s]*(?:[A-Za-z]{0,3}[$£€¥₹₩₽₺])?[A-Z]{0,3}\s?-?[\d.,]+(?:\s?(?:k|m|bn|million|billion"
        r"|thousand))?\s?(?:[$£€¥₹₩₽₺¢]|[A-Za-z]{1,8})?",
        key,
    ):
        return None
    hits = find_amounts(key, "XXX", understand(""))
    if len(hits) != 1 or hits[0].rank != 0:
        return None
    value = hits[0].value
    assert isinstance(value, tuple)
    return Money(value[0], currency=value[1])


def _date(question: str, key: str) -> Date | None:
    if not re.search(r"\d{4}|\d{1,2}[-/.]\d{1,2}[-/.]\d\d", key) or re.fullmatch(r"\d{4}", key):
        return None
    order = date_order(question)
    for precision in (3, 2):
        hits = [hit for hit in find_dates(key, order, precision) if hit.rank == 0]
        if len(hits) == 1 and hits[0].definite and _covers(key, hits[0].text):
            return Date(str(hits[0].value), order=order)
    return None


def _covers(key: str, part: str) -> bool:
    """Tell whether a key is nothing but the part of it that was understood (and the name of a weekday)."""
    rest = key.replace(part, "", 1)
    return not re.sub(r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b|[\s,.]", "", rest, flags=re.I)


def _time(question: str, key: str) -> Time | None:
    hits = find_times(key)
    if len(hits) != 1 or not _covers(key, hits[0].text) or (":" not in key and "m" not in key.lower()):
        return None
    value = hits[0].value
    assert isinstance(value, tuple)
    hour, minute, second = value
    no_half = not re.search(r"[ap]\.?m", key, re.I)
    twelve = bool(no_half and hour <= 12 and re.search(r"\b(?:analog(?:ue)?|clock|watch)\b", question, re.I))
    return Time(f"{hour:02d}:{minute:02d}" + (f":{second:02d}" if second else ""), twelve_hour=twelve)


def _several(question: str, key: str) -> Answer | None:
    grid, _ = split_grid(key)
    if "\n" in key and len(grid) >= 2 and len({len(row) for row in grid}) == 1 and len(grid[0]) >= 2:
        return Grid(tuple(tuple(row) for row in grid))
    bracketed = re.fullmatch(r"[\[({](.*)[\])}]", key, re.S)
    parts = _parts(bracketed[1] if bracketed else key)
    if len(parts) < 2 or (not bracketed and any(len(part.split()) > 4 for part in parts)):
        return None
    if bracketed and key[0] in "[(" and not re.search(r"\bany order\b", question, re.I):
        return OrderedList(parts)
    if _ORDER_ASKED.search(question):
        return OrderedList(parts)
    if bracketed or _LIST_ASKED.search(question) or len(parts) >= 3:
        return SetOf(parts)
    return None


def _parts(text: str) -> tuple[str, ...]:
    pattern = r"\s*(?:,\s*and\s+|,\s*|;\s*|\n|\s+and\s+)\s*" if re.search(r"[,;\n]", text) else r"\s+and\s+"
    if _NUMBER.fullmatch(text.strip()):
        return ()
    return tuple(part.strip(" \"'") for part in re.split(pattern, text.strip().rstrip(".")) if part.strip(" \"'"))


def _phone(question: str, key: str) -> Identifier | None:
    """Phone numbers are written with spaces, hyphens, points and brackets as one likes."""
    digits = sum(char.isdigit() for char in key)
    if digits < 7 or not _PHONE_ASKED.search(question) or not re.fullmatch(r"\+?[\d\s().-]+", key):
        return None
    return Identifier(key, ignore_separators=True)


def _identifier(question: str, key: str) -> Identifier | None:
    words = key.split()
    if len(words) > 5 or _DIMENSIONS.fullmatch(key) or not any(char.isdigit() for char in key):
        return None
    if not all(_CODE.fullmatch(word) for word in words):
        return None
    coded = [word for word in words if any(char.isdigit() for char in word) or word.isupper()]
    if len(coded) != len(words) or (len(words) > 1 and not _CODE_ASKED.search(question)):
        return None
    return Identifier(key, ignore_separators=_without_separators(question))


def _without_separators(question: str) -> bool:
    return bool(
        re.search(
            r"\b(?:without|no|ignore|omit|remove)\s+(?:any\s+)?(?:spaces?|hyphens?|dashes|separators?)\b",
            question,
            re.I,
        )
    )


def _text(question: str, key: str) -> Answer:
    if len(tokens(key)) > _LONG_TEXT_WORDS:
        return Transcription(key) if _READ_ASKED.search(question) else Text(key, judge=True)
    return Text(key)


# ----------------------------------------------------------------------------------------------
# With a declared type
# ----------------------------------------------------------------------------------------------


def _read_as(name: str, question: str, key: str) -> Answer:
    match name:
        case "yes_no":
            return _need(_yes_no(question, key))
        case "choice":
            return _choice(question, key) or Choice(key, options=options_in(question))
        case "integer" | "number":
            return _quantity(name, question, key)
        case "money":
            return _need(_money(question, key) or (Money(decimal(key)) if _NUMBER.fullmatch(key) else None))
        case "date":
            return Date(key) if re.fullmatch(r"\d{4}", key) else _need(_date(question, key))
        case "time":
            return _need(_time(question, key))
        case "grid_cell":
            return GridCell(key.upper().replace(" ", ""))
        case "identifier":
            return Identifier(key, ignore_separators=_without_separators(question))
        case "ordered_list" | "set_of":
            parts = _parts(key.strip("[](){}")) or (key,)
            return OrderedList(parts) if name == "ordered_list" else SetOf(parts)
        case "grid":
            return Grid(split_grid(key)[0])
        case "transcription":
            return Transcription(key)
        case _:
            return Text(key, judge=len(tokens(key)) > _LONG_TEXT_WORDS)


def _quantity(name: str, question: str, key: str) -> Integer | Number:
    numerals = find_numerals(key)
    if len(numerals) != 1:
        raise ValueError(key)
    measured = _measure(question, key)
    unit = measured.unit if isinstance(measured, Number) else unit_asked(question)
    value = Decimal(numerals[0].value)
    if name == "integer" and value != value.to_integral_value():
        raise ValueError(key)
    return Integer(int(value), unit=unit) if name == "integer" else Number(value, unit=unit)


def _need(answer: Answer | None) -> Answer:
    if answer is None:
        raise ValueError("not a value of the type")
    return answer

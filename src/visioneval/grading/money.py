"""Money: amounts with their currency, as "£4.85", "4.85 GBP", "4,85 €" or "85 cents"."""

from __future__ import annotations

import re
from decimal import Decimal

from visioneval.grading.hits import MOST_HITS, Hit, after_conclusion, distinct
from visioneval.grading.numerals import Numeral, find_numerals
from visioneval.grading.preference import settle
from visioneval.grading.question import Question
from visioneval.grading.regex import regex

_CURRENCIES = {
    "$": "USD CAD AUD NZD SGD HKD MXN",
    "us$": "USD",
    "usd": "USD",
    "dollars": "USD CAD AUD NZD SGD HKD",
    "dollar": "USD CAD AUD NZD SGD HKD",
    "bucks": "USD",
    "c$": "CAD",
    "ca$": "CAD",
    "cad": "CAD",
    "a$": "AUD",
    "au$": "AUD",
    "aud": "AUD",
    "£": "GBP",
    "gbp": "GBP",
    "pounds": "GBP",
    "pound": "GBP",
    "quid": "GBP",
    "sterling": "GBP",
    "€": "EUR",
    "eur": "EUR",
    "euro": "EUR",
    "euros": "EUR",
    "¥": "JPY CNY",
    "yen": "JPY",
    "jpy": "JPY",
    "cny": "CNY",
    "rmb": "CNY",
    "yuan": "CNY",
    "元": "CNY",
    "円": "JPY",
    "₹": "INR",
    "inr": "INR",
    "rs": "INR PKR LKR NPR",
    "rs.": "INR PKR LKR NPR",
    "rupees": "INR PKR LKR NPR",
    "chf": "CHF",
    "francs": "CHF",
    "sek": "SEK",
    "nok": "NOK",
    "dkk": "DKK",
    "kr": "SEK NOK DKK ISK",
    "₩": "KRW",
    "krw": "KRW",
    "won": "KRW",
    "₽": "RUB",
    "rub": "RUB",
    "₺": "TRY",
    "try": "TRY",
    "zł": "PLN",
    "pln": "PLN",
    "r$": "BRL",
    "brl": "BRL",
    "reais": "BRL",
    "mxn": "MXN",
    "pesos": "MXN ARS COP CLP PHP",
    "nzd": "NZD",
    "sgd": "SGD",
    "hkd": "HKD",
}
_CENTS = {
    "cents": "USD CAD AUD NZD SGD HKD EUR",
    "cent": "USD CAD AUD NZD SGD HKD EUR",
    "¢": "USD CAD AUD",
    "p": "GBP",
    "pence": "GBP",
}
_NAMES = "|".join(re.escape(name) for name in sorted({**_CURRENCIES, **_CENTS}, key=len, reverse=True))
_BEFORE = regex(rf"(?<![^\W\d_])({_NAMES})\s?(?P<sign>-?)\s?$", re.I)
_AFTER = regex(rf"\s?({_NAMES})(?![^\W\d_])", re.I)
_SCALE = regex(r"\s?(k|m|mn|bn|b)\b", re.I)
_SCALES = {"k": 1000, "m": 10**6, "mn": 10**6, "bn": 10**9, "b": 10**9}
_CODE = regex(r"\b([A-Z]{3})\s?$|^\s?([A-Z]{3})\b")
_ABOUT = regex(r"(?:\b(?:about|around|approximately|roughly)|~|≈)\s*\S{0,3}\s*$", re.I)
_OTHER_UNIT = regex(r"\s?(?:%|percent|kg|g|lb|oz|ml|litres?|items?|pcs)\b|\s?%", re.I)


def find_amounts(text: str, currency: str | None, question: Question) -> list[Hit]:
    """Find the amounts that a span claims, as (value, currency or None).

    A sign that several currencies share ("$") counts as the one asked for. Where some numbers carry a currency
    the others (quantities, percentages) are not amounts.
    """
    hits = [
        hit
        for numeral in find_numerals(text)[-MOST_HITS:]
        if (hit := _amount(text, numeral, currency)) is not None
    ]
    hits = [hit for hit in hits if not _is_another_line(text, hit, question)]
    hits = _with_alternatives(text, _joined_cents(text, hits))
    if len(distinct(hits)) > 1:
        hits = after_conclusion(text, hits)
    return settle(text, _totals(text, hits), question)


_LINES = (
    "subtotal|sub-total|total|taxe?s?|vat|tips?|gratuity|discount|deposit|change|cash|paid|tendered|due|balance"
    "|shipping|postage|delivery"
)
_LINE_ASKED = regex(rf"\b({_LINES})\b", re.I)
_LINE_NAMED = regex(
    r"(?:^|(?<=[\s(]))(?<!\bafter )(?<!\bbefore )(?<!\bwith )(?<!ing )(?<!\bincl\. )"
    rf"({_LINES})\b(?:\s+[a-z]+){{0,5}}[:\s]*$",
    re.I,
)
"""The line of a receipt that a number belongs to; "after tax" and "including VAT" name none."""


def _is_another_line(text: str, hit: Hit, question: Question) -> bool:
    """Tell whether an amount is that of another line: "The subtotal is $12.50", asked for the total."""
    asked = {line.lower() for line in _LINE_ASKED.findall(question.text)}
    before = text[max(0, hit.start - 60) : hit.start]
    named = _LINE_NAMED.search(before) if asked else None
    return named is not None and not asked & {line.lower() for line in _LINE_ASKED.findall(named[0])}


def _amount(text: str, numeral: Numeral, asked: str | None) -> Hit | None:
    if numeral.kind in ("ordinal", "fraction"):
        return None
    before, after = text[max(0, numeral.start - 16) : numeral.start], text[numeral.end : numeral.end + 16]
    value, end = numeral.value, numeral.end
    if scale := _SCALE.match(after):
        value, end = value * _SCALES[scale[1].lower()], end + scale.end()
        after = text[end : end + 16]
    left, right = _BEFORE.search(before), _AFTER.match(after)
    if after[:1].isalpha() and not right and not _OTHER_UNIT.match(after):
        return None  # part of a word: "3.2O"
    name = (left or right or [None, None])[1]
    found = _code(name, asked)
    if name and name.lower() in _CENTS and not (left and name.lower() in _CURRENCIES):
        value, found = value / 100, _pick(_CENTS[name.lower()], asked)
    if name is None and (code := _CODE.search(before[-4:]) or _CODE.search(after[:4])):
        written = code[1] or code[2]
        found = written if written in _ISO else None
    if (left and left["sign"]) or _NEGATIVE.search(before):
        value = -abs(value)
    rank = 0 if found else (2 if _OTHER_UNIT.match(after) else 1)
    start = left.start() + max(0, numeral.start - 16) if left else numeral.start
    stop = end + (right.end() if right and not left else 0)
    note = "approximate" if _ABOUT.search(text[max(0, start - 20) : start]) else ""
    said = None if asked is None else found
    return Hit((value.normalize() + 0, said), text[start:stop].strip(), start, stop, note, rank=rank)


_NEGATIVE = regex(r"(?:[-–]|\b(?:minus|negative)\s)[^\w\s]\s?$", re.I)
_ISO = frozenset(code for codes in _CURRENCIES.values() for code in codes.split())


def _code(name: str | None, asked: str | None) -> str | None:
    return _pick(_CURRENCIES.get(name.lower(), ""), asked) if name else None


def _pick(codes: str, asked: str | None) -> str | None:
    known = codes.split()
    if not known:
        return None
    return asked if asked in known else known[0]


def _joined_cents(text: str, hits: list[Hit]) -> list[Hit]:
    """Join "4 pounds and 85 pence" into one amount."""
    joined: list[Hit] = []
    for hit in hits:
        assert isinstance(hit.value, tuple)
        last = joined[-1] if joined else None
        if (
            last
            and isinstance(last.value, tuple)
            and last.rank == hit.rank == 0
            and (cents := _cents(text, last, hit, hit.value[0]))
            and last.value[0] == last.value[0].to_integral_value()
        ):
            value = ((last.value[0] + cents).normalize() + 0, last.value[1])
            joined[-1] = last._replace(value=value, text=text[last.start : hit.end], end=hit.end)
        else:
            joined.append(hit)
    return joined


_TWO_DIGITS_END = regex(r"\s(\d\d)(?=\s*(?:[.,;:!?)]|$|p\b|pence\b|cents?\b))")


def _cents(text: str, last: Hit, hit: Hit, value: Decimal) -> Decimal | None:
    """The part of a pound that follows whole ones: "and 85 pence", or the 85 of "4 pounds 85"."""
    if hit.start >= last.end:
        return value if 0 < value < 1 and text[last.end : hit.start].strip(" ,") in ("", "and") else None
    bare = _TWO_DIGITS_END.match(text, last.end)  # the currency between the two was read for both
    return Decimal(bare[1]) / 100 if bare and bare.end() == hit.end else None


def _with_alternatives(text: str, hits: list[Hit]) -> list[Hit]:
    marked = list(hits)
    for i in range(1, len(hits)):
        gap, before = (
            text[hits[i - 1].end : hits[i].start],
            text[max(0, hits[i - 1].start - 12) : hits[i - 1].start],
        )
        between = gap.strip().lower() == "and" and re.search(r"\bbetween\s*$", before, re.I)
        if between or re.fullmatch(r"\s*(?:,?\s*\b(?:or|to)\b(?: maybe| possibly)?|[-–—])\s*", gap, re.I):
            marked[i - 1 : i + 1] = [hit._replace(definite=False) for hit in marked[i - 1 : i + 1]]
    return marked


_INCLUDED = regex(
    r"\b(?:including|of which|plus|before|after|excluding|excl\.?|incl\.?|out of|paid with"
    r"|tendered)\s+(?:an?\s+|the\s+)?(?:\w+\s+){0,2}$",
    re.I,
)


def _totals(text: str, hits: list[Hit]) -> list[Hit]:
    """Drop what is said to be a part: "$1,169.00, including $95.00 tax"."""
    if len(distinct(hits)) < 2:
        return hits
    return [hit for hit in hits if not _INCLUDED.search(text[max(0, hit.start - 50) : hit.start])] or hits

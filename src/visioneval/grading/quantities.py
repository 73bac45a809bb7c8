"""Quantities: which number a text claims, for counts, measures and money.

Takes the numerals of a span, reads the words around them, and settles: bounds and alternatives stay open
(hedging), working gives way to its result, other units to the one asked for.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import NamedTuple, TypeAlias

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
from visioneval.grading.numerals import Numeral, find_numerals
from visioneval.grading.parts import parts_or_total, sum_of_parts, totals, without_first_whole, without_wholes
from visioneval.grading.polarity import opposites_asked, says_opposite
from visioneval.grading.preference import clause_of, clause_span, is_refuted, prefer
from visioneval.grading.question import COUNTED, Question
from visioneval.grading.regex import regex
from visioneval.grading.units import Unit, convert, find_unit, is_ambiguous
from visioneval.grading.words import NEGATORS, stem

Quantity: TypeAlias = Decimal | tuple[Decimal, str]
"""A number in the asked unit, or a number and the other dimension that it measures."""


class Asked(NamedTuple):
    """What kind of quantity is asked for."""

    question: Question
    unit: Unit | None
    counts: bool
    """A whole number: words such as "a", "none" and "the fifth" can stand for it."""
    key: Decimal | None = None
    """The decimal number expected: what is said in another unit is rounded as it is."""


_ABOUT = regex(
    r"(?:\b(?:about|around|approximately|approx\.?|roughly|circa|ca\.|nearly|almost|some|an? estimated"
    r"|estimated(?: at)?"
    r"|estimate(?: of| is)?|close to|probably|likely|appears? to be|looks like|i think|i believe)|~|≈|≃"
    r"|±)[\s:*]*$",
    re.I,
)
_BOUND = regex(
    r"(?:\b(?:at least|at most|more than|less than|fewer than|over|under|up to|no more than"
    r"|no fewer than|no less than"
    r"|minimum of|maximum of|upwards of|above|below|exceeding|greater than|exceeds|not exactly)|[<>≥≤]=?)\s*$",
    re.I,
)
_BOUND_AFTER = regex(
    r"\s*(?:\+(?!\s*\.?\d)|or (?:more|so|fewer|less)\b|plus\b|at (?:least|most)\b|,?\s*give or take\b)", re.I
)
_ALTERNATIVE = regex(
    r"\s*[\w°%²³/.]{0,12}\s*(?:,?\s*\(?\b(?:or|to|through|and/or|or maybe|or possibly"
    r"|or perhaps)\b(?:\s+(?:even|about|maybe|possibly|perhaps))?|[-–—~/])\s*$",
    re.I,
)
_NONE_OF = regex(r"\b(?:none|neither|not one) of (?:the |these |those |all )*$", re.I)
_UNIT_AFTER = regex(
    r"\s?-?\s?(cubic[ -](?:metres?|meters?|feet|foot)|square[ -](?:metres?|meters?|feet|foot)"
    r"|cu\.\s?(?:m|ft)\b|sq\.?\s?(?:m|ft)\b|(?:degrees?|°)\s?(?:C|F|Celsius|Fahrenheit)\b|per[ -]cent"
    r"|km/h|mi/h|m/s"
    r"|(?:miles|mi|kilomet(?:er|re)s|km|met(?:er|re)s|m)[ -]per[ -](?:hour|second)\b"
    r"|pounds[ -]per[ -]square[ -]inch\b|revolutions[ -]per[ -]minute\b"
    r"|[%°\"'](?![\w])|[A-Za-zµμΩ]+[²³23]?(?![\w]))"
)
_CLAUSE_ENDS = regex(r"\s*(?:[.,;)]|$)")
"""Behind a number, a lone capital letter is a unit where the clause ends with it: "12.6 A."."""
_RESISTOR_CODE = regex(r"\b(\d{1,3})[kK](\d{1,2})\b")
"""4k7 is 4.7 kilohms."""
_POWER = regex(r"\b(\d{1,9}(?:\.\d{1,9})?)\s?[×x*]\s?10\s?\^\s?\{?(-?\d)\}?(?!\d)")
"""4.7 × 10^3."""


def find_quantities(text: str, asked: Asked) -> list[Hit]:
    """Find what a span claims the quantity to be; several hits mean that it does not settle on one."""
    text = _POWER.sub(lambda found: format(Decimal(found[1]).scaleb(int(found[2])), "f"), text)
    if asked.unit and asked.unit.dimension == "resistance":
        text = _RESISTOR_CODE.sub(r"\1.\2k", text)
    numerals = find_numerals(text)[-MOST_HITS:]
    hits = [hit for numeral in numerals if (hit := _hit(text, numeral, asked)) is not None]
    if asked.counts:
        hits += _implied(text, asked, hits)
    hits = [hit for hit in hits if not _is_of_another(text, hit, asked)]
    if _DIMENSION.search(text):
        hits = [hit for hit in hits if not _is_of_other_dimension(text, hit, asked)]
    hits = without_first_whole(text, hits)
    if len(hits) < 2:
        return hits
    best = min(hit.rank for hit in hits)
    hits = [hit for hit in hits if hit.rank == best]
    hits = with_doubts(text, _mark_alternatives(text, hits))
    hits = _prefer(text, hits, asked)
    return distinct(hits)


def _prefer(text: str, hits: list[Hit], asked: Asked) -> list[Hit]:
    """Apply one preference after another until a single value is left."""
    if len(distinct(hits)) > 1:
        hits = sum_of_parts(text, hits, asked.question)
    for keep in (without_wholes, outside_brackets, after_conclusion, _within_range):
        if len(distinct(hits)) > 1:
            hits = keep(text, hits)
    for choose in (_readings, parts_or_total, totals):
        if len(distinct(hits)) > 1:
            hits = choose(text, hits, asked.question)
    hits = prefer(text, hits, asked.question)
    return _but_only(text, hits) if len(hits) > 1 else hits


def _is_of_another(text: str, hit: Hit, asked: Asked) -> bool:
    """Tell whether a value is denied or said of the opposite: "3 are closed", asked how many are open."""
    if is_denied(text, hit) or is_refuted(text, hit, asked.question):
        return True
    if asked.counts and (_is_left_out(text, hit, asked.question) or _says_reverse(text, hit, asked.question)):
        return True
    if not opposites_asked(asked.question) or _NEEDED.search(asked.question.text):
        return False
    clause = clause_of(text, hit)
    if hit.value == 0:  # the "no" of "no caps are missing" is the number, and denies nothing else
        clause = _NO.sub(" ", clause, count=1)
    return says_opposite(clause, asked.question)


_NO = regex(r"\b(?:no|zero|none|(?:\w+n't|not)(?: see)? any|without any)\b", re.I)
_DIMENSION = regex(r"\b(?:(long|length)|(wide|width)|(high|height|tall)|(deep|depth)|(thick|thickness))\b", re.I)


def _is_of_other_dimension(text: str, hit: Hit, asked: Asked) -> bool:
    """Tell whether a measure is one of another side: "8 mm wide", asked how long the bolt is."""
    wanted = {match.lastindex for match in _DIMENSION.finditer(asked.question.text)}
    if len(wanted) != 1:
        return False
    said = {match.lastindex for match in _DIMENSION.finditer(text, *clause_span(text, hit))}
    return bool(said) and not said & wanted


def _is_left_out(text: str, hit: Hit, question: Question) -> bool:
    """Tell whether a number counts what is not to be counted: "9 bolts", asked for nuts but no bolts."""
    if not question.excluded:
        return False
    clause = clause_of(text, hit)
    stems = {stem(word) for word in tokens(clause)}
    wanted = question.condition | {question.subject}
    return bool(stems & question.excluded) and not wanted <= stems and not _LEAVING_OUT.search(clause)


_LEAVING_OUT = regex(
    r"\b(?:not|no|without|exclud\w+|ignor\w+|except|other than|apart from|leaving out|besides)\b", re.I
)


def _says_reverse(text: str, hit: Hit, question: Question) -> bool:
    """Tell whether a number counts what has the thing where the question asks for what has it not, or the other
    way round: "8 cells have a plant", asked how many have none."""
    if not question.denied and (question.negated or not question.condition or opposites_asked(question)):
        return False
    said = _TO_NEXT_NUMBER.match(text, hit.end, clause_span(text, hit)[1])
    words = tokens(said[0]) if said else ()
    lacking = [i for i, word in enumerate(words) if word in NEGATORS or word in ("missing", "empty", "free")]
    if question.denied:
        return not lacking and question.denied <= {stem(word) for word in words}
    return bool(lacking) and any(stem(word) in question.condition for word in words[lacking[0] :])


_TO_NEXT_NUMBER = regex(r"\D*")
_NEEDED = regex(r"\b(?:need\w*|requires?|required)\b", re.I)
"""Questions after a state that is still to be reached: what is missing now answers them."""


def _but_only(text: str, hits: list[Hit]) -> list[Hit]:
    """Keep the 12 of "The crate holds 24, but only 12 are present."."""
    only = [hit for hit in hits if hit.definite and _BUT_ONLY.search(text[max(0, hit.start - 30) : hit.start])]
    return only if len(only) == 1 and only[-1] == hits[-1] else hits


_BUT_ONLY = regex(r"\b(?:but|however,?|though|yet)\s+(?:there (?:are|is)\s+)?only\s*$", re.I)


def _hit(text: str, numeral: Numeral, asked: Asked) -> Hit | None:
    before, after = text[max(0, numeral.start - 40) : numeral.start], text[numeral.end : numeral.end + 40]
    if numeral.kind == "fraction" and asked.counts:
        above, _, _ = text[numeral.start : numeral.end].partition("/")
        if not above.strip().isdigit():
            return None
        numeral = numeral._replace(value=Decimal(above.strip()), end=numeral.start + len(above.rstrip()))
        after = text[numeral.end : numeral.end + 40]
    if numeral.kind == "word" and not _is_number_word(text, numeral):
        return None
    if asked.counts and (_is_name(before, asked.question) or _NONE_OF.search(before)):
        return None
    if _TOLERANCE_BEFORE.search(before) or _OUT_OF.search(before):
        return None
    if asked.unit and asked.unit.dimension == "temperature" and _DASH_FIRST.search(before):
        numeral = numeral._replace(value=-numeral.value)
    if _BELOW_SEA.match(after) and _HEIGHT_ASKED.search(asked.question.text):
        numeral = numeral._replace(value=-abs(numeral.value))
    if tolerance := _TOLERANCE.match(after):
        after = after[tolerance.end() :]
    value: Quantity = numeral.value
    rank, end = 0, numeral.end
    if numeral.kind == "ordinal":
        if asked.counts and COUNTED.search(asked.question.text):
            return None  # "the last one is the seventh" does not say how many there are
        rank = (1 if asked.question.subject else 0) if asked.counts else 3
    else:
        measured = _measure(numeral.value, after, asked)
        if measured is None:
            return None
        value, rank, length = measured
        end += length + (tolerance.end() if tolerance else 0)
    written = text[numeral.start : end].strip()
    definite = not (
        _BOUND.search(before) or _BOUND_AFTER.match(text[end : end + 20]) or _is_unclear(written, numeral, asked)
    )
    note = "approximate" if _ABOUT.search(before) else ""
    value = value.normalize() + 0 if isinstance(value, Decimal) else value
    return Hit(value, written, numeral.start, numeral.end, note, definite, rank)


_OUT_OF = regex(r"\bout of (?:the |these |those |all |a total of |about |around |roughly |some )*$", re.I)
_DASH_FIRST = regex(r"(?:^|\n)\s*[-–]\s$")
"""A bullet, but before a temperature a minus."""
_BELOW_SEA = regex(r"\s?(?:[a-z]+\s+)?below\s+(?:mean\s+)?sea[ -]level\b", re.I)
_HEIGHT_ASKED = regex(r"\b(?:altitude|elevation|height|how high|above)\b", re.I)
"""Questions of which "28 m below sea level" answers -28; asked for a depth it is 28."""
_TOLERANCE = regex(r"\s?(?:±|\+/-)\s?\d+(?:[.,]\d+)?")
_TOLERANCE_BEFORE = regex(r"\d\s?[\w°%]{0,8}\s?(?:±|\+/-)\s?$")
_DECIMAL_COMMA = regex(r"\d,\d{1,2}(?!\d)")


def _is_unclear(written: str, numeral: Numeral, asked: Asked) -> bool:
    """Tell whether a count is written as no count is: "7,0", or "7/10" where no part is asked for."""
    if not asked.counts or asked.unit:
        return False
    part_asked = asked.question.condition or asked.question.partitive
    return bool(_DECIMAL_COMMA.search(written)) or (numeral.kind == "fraction" and not part_asked)


def _measure(value: Decimal, after: str, asked: Asked) -> tuple[Quantity, int, int] | None:
    """Read the unit behind a number; return the value in the asked unit, its rank and the unit's length."""
    match = _UNIT_AFTER.match(after)
    if match is None:
        return value, 0, 0
    name = match[1]
    attached = after[0].isalpha()
    if attached and name in ("k", "K") and not (asked.unit and asked.unit.dimension == "temperature"):
        return value * 1000, 0, 1
    unit = find_unit(name)
    if (
        unit
        and is_ambiguous(name)
        and not attached
        and (asked.unit is None or asked.unit.dimension != unit.dimension)
        and not (asked.unit and name.isupper() and _CLAUSE_ENDS.match(after, match.end()))
    ):
        unit = None
    if unit is None and attached and asked.unit and name[0] in "kK" and find_unit(name[1:]) == asked.unit:
        return value * 1000, 0, match.end()
    if unit is None:
        if attached and name.lower() not in ("x", "st", "nd", "rd", "th", "and"):
            return None  # part of a code: "4B"
        return value, 0, 0
    if asked.unit and asked.unit.dimension == "temperature" and unit.dimension == "angle":
        return value, 0, match.end()  # "72 degrees": the scale is left out
    if asked.unit is None:
        return value, 1 if asked.counts and asked.question.subject else 0, match.end()
    converted = convert(value, unit, asked.unit)
    if converted is None:  # of another dimension: read only where nothing else is, and never right
        return (value, unit.dimension), 2, match.end()
    if unit == asked.unit:
        return converted, 0, match.end()
    return _rounded(value, unit, converted, asked), 1, match.end()


def _rounded(value: Decimal, unit: Unit, converted: Decimal, asked: Asked) -> Decimal:
    """Take 8.9 cm for 3.5 inches: either is the other, rounded to the digits that are written."""
    if asked.key is None or asked.unit is None or abs(converted - asked.key) > abs(asked.key) * _ROUNDING:
        return converted
    back = convert(asked.key, asked.unit, unit)
    same = (
        back is not None and _as_precise(back, value) == value and _as_precise(converted, asked.key) == asked.key
    )
    return asked.key if same else converted


_ROUNDING = Decimal("0.005")


def _as_precise(value: Decimal, written: Decimal) -> Decimal:
    exponent = written.as_tuple().exponent
    return round(value, -exponent) if isinstance(exponent, int) and exponent < 0 else round(value, 0)


_WORD_BEFORE = regex(r"([a-z]+)\s+(?:#|no\.?\s*|number\s+)?$", re.I)


def _is_name(before: str, question: Question) -> bool:
    """Tell whether a number names one of the things that are counted: "lamp 2 is lit" is no count."""
    word = _WORD_BEFORE.search(before)
    if word is None or not question.subject or not COUNTED.search(question.text):
        return False
    noun = word[1].lower()
    return stem(noun) == question.subject and not noun.endswith("s")


_PRONOUN_BEFORE = frozenset(
    """this that which each every any another other no some last next first second third fourth fifth
    sixth seventh eighth ninth tenth left right middle top bottom big small large nearest same
    different someone""".split()
)
_COUNT_BEFORE = frozenset(
    "only just exactly is are see count has have with total found there's answer find was and".split()
)
_PRONOUN_AFTER = frozenset(
    "that which in on at from with who whose is was by can could may might should must would has".split()
)


def _is_number_word(text: str, numeral: Numeral) -> bool:
    """Tell the number "one" from the pronoun: "the second one", "which one is it"."""
    word = text[numeral.start : numeral.end].lower()
    if word != "one":
        return word != "ones"
    before = re.findall(r"[a-z']+", text[max(0, numeral.start - 20) : numeral.start].lower())
    after = re.match(r"\s*([a-z']+)?", text[numeral.end :].lower())
    if not before or before[-1] in _COUNT_BEFORE:
        return True
    if before[-1] in _PRONOUN_BEFORE or before[-1] == "the":
        return False
    return bool(after and after[1] and after[1] not in _PRONOUN_AFTER)


_NONE = regex(
    r"\b(none|nil|no one|nobody)\b|\b(?:there (?:are|were|is)n't|don't see|do not see|cannot see|can't see|not see"
    r"|are not) any\b(?! (?:\w+ )?(?:image|picture|photo|attachment|file)\b)",  # that is no count, but blindness
    re.I,
)
_NO_THING = regex(r"\b(?:no|zero|not any|without any)\s+((?:[a-z-]+\s*){1,4})", re.I)
_SOLE = regex(r"\b(?:a|an|the|only one|a single|one single|single)\s+((?:[a-z-]+\s*){1,4})", re.I)
_PAIR = regex(r"\b(?:both|a pair|a couple)\b", re.I)


def _implied(text: str, asked: Asked, said: list[Hit]) -> list[Hit]:
    """Counts without a number: "no cracks", "a single dent", "none of them"."""
    hits: list[Hit] = []
    if match := _NONE.search(text):
        hits.append(Hit(Decimal(0), match[0], match.end(), match.end(), rank=1))
    subject = asked.question.subject
    for pattern, value in ((_NO_THING, 0), (_SOLE, 1)):
        for match in pattern.finditer(text):
            words = match[1].lower().split()
            single = "single" in match[0].lower()
            if (
                subject and subject in [stem(word) for word in words] and _singular_or_none(words, subject, value)
            ) or (single and words and not said):
                rank = 1 if value == 0 or single else 2
                if match[0].lower().startswith("the ") and not single:
                    continue
                start = match.start() if value else match.end()
                hits.append(Hit(Decimal(value), match[0].strip(), start, match.end(), rank=rank))
    if match := _PAIR.search(text):
        hits.append(Hit(Decimal(2), match[0], match.start(), match.end(), rank=2))
    return hits


def _singular_or_none(words: list[str], subject: str, value: int) -> bool:
    """ "a dent" is one dent, "a dents" is not said; "no dents" and "no dent" both mean none."""
    noun = next(word for word in words if stem(word) == subject)
    return value == 0 or not noun.endswith("s") or noun.endswith("ss")


def _mark_alternatives(text: str, hits: list[Hit]) -> list[Hit]:
    """Mark "12 or 13", "10-12" and "between 10 and 12" as undecided."""
    marked = list(hits)
    for i in range(1, len(hits)):
        gap = text[hits[i - 1].end : hits[i].start]
        between = re.search(r"\bbetween\s*$", text[: hits[i - 1].start][-12:], re.I) and re.fullmatch(
            r"\s*[\w°%]{0,8}\s*and\s*", gap, re.I
        )
        from_to = re.search(r"\bfrom\s*$", text[: hits[i - 1].start][-8:], re.I)
        if hits[i - 1].value != hits[i].value and (between or (_ALTERNATIVE.fullmatch(gap) and not from_to)):
            marked[i - 1] = marked[i - 1]._replace(definite=False)
            marked[i] = marked[i]._replace(definite=False)
    return marked


def _within_range(text: str, hits: list[Hit]) -> list[Hit]:
    """Keep the value that a range is narrowed down to: "between 3.5 and 4, at about 3.8"."""
    said = [hit for hit in hits if hit.definite]
    numbers = [hit.value for hit in hits if isinstance(hit.value, Decimal)]
    if len(said) != 1 or len(hits) != 3 or len(numbers) != 3:
        return hits
    return said if said[0].value == sorted(numbers)[1] and len(set(numbers)) == 3 else hits


_SCALE = regex(
    r"\b(max|maximum|min|minimum|ranges?|capacity|full[ -]scale|goes up to|scale (?:goes|runs|extends))\b", re.I
)


def _readings(text: str, hits: list[Hit], question: Question) -> list[Hit]:
    """Drop what is said of the scale: "the maximum is 10 bar; the needle shows 3.8"."""
    if not _SCALE.search(text) or _SCALE.search(question.text):
        return hits
    return [hit for hit in hits if not _SCALE.search(clause_of(text, hit))] or hits


def unit_asked_for(name: str | None) -> Unit | None:
    """Look up the unit of an answer; a name that is not in the table is compared as written."""
    return find_unit(name) if name else None

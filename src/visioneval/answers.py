"""Answers: what a prompt expects, by type. Each is a struct whose tag is its name in a prompt file."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, TypeAlias, get_args

from msgspec import Meta, Struct, field

NonEmpty: TypeAlias = Annotated[str, Meta(min_length=1, pattern=r"\S")]


class YesNo(Struct, frozen=True, forbid_unknown_fields=True, tag="yes_no"):
    """Yes or no."""

    value: bool


class Choice(Struct, frozen=True, forbid_unknown_fields=True, tag="choice"):
    """One of the options that the question names."""

    value: NonEmpty
    options: tuple[NonEmpty, ...] = ()
    synonyms: dict[str, tuple[NonEmpty, ...]] = field(default_factory=dict)
    """Other names of an option: {"amber": ["orange", "yellow"]}."""


class Integer(Struct, frozen=True, forbid_unknown_fields=True, tag="integer"):
    """A count or another whole number."""

    value: int
    unit: str | None = None
    """A unit that the reply may or may not write; another unit is wrong."""


class Number(Struct, frozen=True, forbid_unknown_fields=True, tag="number"):
    """A decimal number, right within the larger of the two tolerances (exact when both are absent)."""

    value: Decimal
    abs_tolerance: Decimal | None = None
    rel_tolerance: Decimal | None = None
    unit: str | None = None


class Money(Struct, frozen=True, forbid_unknown_fields=True, tag="money"):
    """An amount of money, exact to the last decimal."""

    value: Decimal
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")] | None = None
    """ISO 4217 code. A reply may leave the currency out, but not name another."""


class Date(Struct, frozen=True, forbid_unknown_fields=True, tag="date"):
    """A date, to the precision given: "2027-08-03", "2027-08" or "2027"."""

    value: Annotated[str, Meta(pattern=r"^\d{4}(-\d{2}(-\d{2})?)?$")]
    order: Literal["dmy", "mdy", "ymd"] | None = None
    """How the question asks all-digit dates to be read; None accepts only unambiguous ones."""


class Time(Struct, frozen=True, forbid_unknown_fields=True, tag="time"):
    """A time of day, "07:10" or "19:10:30"."""

    value: Annotated[str, Meta(pattern=r"^\d{1,2}:\d{2}(:\d{2})?$")]
    twelve_hour: bool = False
    """True where the picture cannot tell morning from evening (an analogue clock): 7:10 equals 19:10."""


class Identifier(Struct, frozen=True, forbid_unknown_fields=True, tag="identifier"):
    """A serial number, code or plate: exact, leading zeros kept, O is not 0."""

    value: NonEmpty
    aliases: tuple[NonEmpty, ...] = ()
    ignore_separators: bool = False
    """Spaces and hyphens do not count."""
    case_sensitive: bool = False


class Text(Struct, frozen=True, forbid_unknown_fields=True, tag="text"):
    """A short text, compared after NFKC, case folding and white space."""

    value: NonEmpty
    aliases: tuple[NonEmpty, ...] = ()
    judge: bool = False
    """True for free text that rules cannot decide; needs `--judge`."""


class OrderedList(Struct, frozen=True, forbid_unknown_fields=True, tag="ordered_list"):
    """Several texts in the order asked for."""

    value: Annotated[tuple[NonEmpty, ...], Meta(min_length=1)]


class SetOf(Struct, frozen=True, forbid_unknown_fields=True, tag="set_of"):
    """Several texts in any order, each once."""

    value: Annotated[tuple[NonEmpty, ...], Meta(min_length=1)]


class GridCell(Struct, frozen=True, forbid_unknown_fields=True, tag="grid_cell"):
    """A position: "R1C3" (row 1, column 3) or "E5" (row E, column 5)."""

    value: Annotated[str, Meta(pattern=r"^(R\d+C\d+|[A-Z]+\d+)$")]


class Grid(Struct, frozen=True, forbid_unknown_fields=True, tag="grid"):
    """A table, row by row."""

    value: Annotated[tuple[tuple[str, ...], ...], Meta(min_length=1)]


class Transcription(Struct, frozen=True, forbid_unknown_fields=True, tag="transcription"):
    """A longer text read off the picture, right up to a character error rate."""

    value: NonEmpty
    max_character_error_rate: Annotated[float, Meta(ge=0, lt=1)] = 0.05


Answer: TypeAlias = (
    YesNo
    | Choice
    | Integer
    | Number
    | Money
    | Date
    | Time
    | Identifier
    | Text
    | OrderedList
    | SetOf
    | GridCell
    | Grid
    | Transcription
)


TYPES = tuple(str(type_.__struct_config__.tag) for type_ in get_args(Answer))


def answer_type(answer: Answer) -> str:
    """Return the name of an answer's type, as prompt files write it: "integer"."""
    return str(type(answer).__struct_config__.tag)


def key_text(answer: Answer) -> str:
    """Return the expected answer as a person would write it: what a reply that is right may say."""
    match answer:
        case YesNo():
            return "yes" if answer.value else "no"
        case OrderedList() | SetOf():
            return ", ".join(answer.value)
        case Grid():
            return "\n".join(" | ".join(row) for row in answer.value)
        case Integer(unit=str(unit)) | Number(unit=str(unit)):
            return f"{answer.value} {unit}"
        case Money(currency=str(currency)):
            return f"{answer.value} {currency}"
        case _:
            return str(answer.value)


def options_of(answer: Answer) -> tuple[str, ...]:
    """Return the options that a question names, where its answer is a choice."""
    return answer.options if isinstance(answer, Choice) else ()

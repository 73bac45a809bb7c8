"""The type of an answer, inferred from question and key as people write them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
from visioneval.grading import grade_text, infer_answer

LONG = "A man in a yellow jacket is standing on a ladder and changes the light bulb of a street lamp."


@pytest.mark.parametrize(
    ("question", "reference", "answer"),
    [
        ("Is it broken?", "Yes", YesNo(True)),
        ("Is it broken?", "no.", YesNo(False)),
        ("How many?", "12", Integer(12)),
        ("How many inhabitants?", "2,428", Integer(2428)),
        ("How long is the bolt in mm?", "45", Integer(45, unit="mm")),
        ("What is the gross weight?", "32,500 kg", Number(Decimal(32500), unit="kg")),
        ("What is the share?", "64%", Number(Decimal(64), unit="%")),
        ("What does it read?", "4.85", Number(Decimal("4.85"))),
        ("How much change was given?", "£4.85", Money(Decimal("4.85"), "GBP")),
        ("What is the total price?", "4.85", Money(Decimal("4.85"))),
        ("What is the total?", "$1,169.00", Money(Decimal("1169"), "USD")),
        ("When was it signed?", "November 21 2017", Date("2017-11-21")),
        ("When does it expire?", "08/2027", Date("2027-08")),
        ("What time is it?", "07:10", Time("07:10")),
        ("What time does the clock show?", "7:10", Time("07:10", twelve_hour=True)),
        ("Which pocket is empty?", "R1C3", GridCell("R1C3")),
        ("In which position is the tube?", "E5", GridCell("E5")),
        ("Which designator is printed?", "R3", Identifier("R3")),
        ("What is the plate?", "KA-48-21", Identifier("KA-48-21")),
        ("What is the code without spaces?", "CN 70", Identifier("CN 70", ignore_separators=True)),
        ("What is the serial number?", "0101", Identifier("0101")),
        ("What is the serial number?", "3702692432", Identifier("3702692432")),
        ("Where is it? Answer as [row, column].", "[3, 4]", OrderedList(("3", "4"))),
        ("Which crates are full?", "A, B and C", SetOf(("A", "B", "C"))),
        ("Name the colours in order.", "red, white", OrderedList(("red", "white"))),
        ("Copy the table.", "a,b\nc,d", Grid((("a", "b"), ("c", "d")))),
        ("Which letter?", "K", Choice("K")),
        ("Is the valve open or closed?", "closed", Choice("closed", options=("open", "closed"))),
        ("How big is the room?", "10'2\" X 16'", Text("10'2\" X 16'")),
        ("Who is it?", "Otto Singer II", Text("Otto Singer II")),
        ("What happens here?", LONG, Text(LONG, judge=True)),
        ("Transcribe the text.", LONG, Transcription(LONG)),
    ],
)
def test_keys_as_people_write_them(question: str, reference: str, answer: Answer) -> None:
    assert infer_answer(question, reference) == answer


@pytest.mark.parametrize(
    ("reference", "type_", "message"),
    [
        ("", None, "reference is empty"),
        ("nine", "weight", "unknown type 'weight'"),
        ("maybe", "yes_no", "'maybe' is not a value of type yes_no"),
        ("several", "integer", "'several' is not a value of type integer"),
        ("4.5", "integer", "'4.5' is not a value of type integer"),
        ("soon", "date", "'soon' is not a value of type date"),
        ("31/31/2027", "date", "is not a value of type date"),
        ("over there", "grid_cell", "is not a value of type grid_cell"),
    ],
)
def test_a_malformed_reference_is_told(reference: str, type_: str | None, message: str) -> None:
    with pytest.raises(SuiteError, match=message.replace("(", r"\(")):
        infer_answer("What is it?", reference, type_)


@given(question=st.text(max_size=120), reference=st.text(max_size=120))
def test_any_key_is_understood_or_refused_and_then_passes_itself(question: str, reference: str) -> None:
    try:
        answer = infer_answer(question, reference)
    except SuiteError:
        return
    assert grade_text(question, answer, reference).outcome in ("pass", "invalid", "refused", "fail", "ungraded")

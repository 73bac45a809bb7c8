"""How sentences are read: parts of totals, signs, contradictions, doubts, opposites and units."""

from __future__ import annotations

from decimal import Decimal

import pytest

from visioneval.answers import Answer, Choice, Identifier, Integer, Money, Number, OrderedList, SetOf, Text, YesNo
from visioneval.grading import grade_text

CRACKED = "How many of the eggs in the tray are visibly cracked?"
HELMETS = "How many people wear a helmet?"
RED = "How many red cars are there?"
FORKS = "How many forks are in the drawer?"
UNLIT = "How many of the light bulbs are not lit?"
NUTS = "How many nuts are on the bench? Do not count bolts or washers."
CELSIUS = "What is the temperature in °C?"
RING = "Is the ring broken or torn?"
WINDOWS = "Are all the windows closed?"
GROOVE = "Is the O-ring lying inside its groove all the way round?"
LID = "Is the lid closed?"
SHELF = "Which shelf is empty: top, middle or bottom?"
SHELVES = Choice("top", options=("top", "middle", "bottom"))
PRESSURE = "What pressure in bar does the gauge show?"
BAR = Number(Decimal("3.8"), unit="bar")


def outcome(question: str, answer: Answer, reply: str) -> str:
    return grade_text(question, answer, reply).outcome


@pytest.mark.parametrize(
    ("question", "key", "reply", "expected"),
    [
        (CRACKED, 6, "There are 20 eggs in total, and 6 of them are cracked.", "pass"),
        (CRACKED, 6, "There are 20 eggs in the tray, 6 of which are cracked.", "pass"),
        (CRACKED, 6, "There are **6** eggs in the tray, **4 of which** are cracked.", "fail"),
        (CRACKED, 6, "There are **6** eggs in the tray, 4 of which are cracked.", "fail"),
        (CRACKED, 6, "The tray holds 6 eggs. Four of them are cracked.", "fail"),
        (CRACKED, 6, "There are 20 eggs in the tray, 6 of which are intact.", "fail"),
        (NUTS, 9, "There are 15 parts in total, and 9 of them are nuts.", "pass"),
        (NUTS, 9, "9, of which 3 are large.", "pass"),
        (NUTS, 9, "There are 9 nuts, 4 of which are rusty.", "pass"),
        (NUTS, 9, "There are 9 parts on the bench, 4 of which are rusty.", "invalid"),
        (NUTS, 9, "There are 9 bolts.", "invalid"),
        (HELMETS, 6, "In the picture I can see 8 people in total, and 6 have a helmet on.", "pass"),
        (HELMETS, 6, "9 people in total; 6 of them with helmets, 3 without.", "pass"),
        (HELMETS, 8, "8 people: 6 with helmets, 2 without.", "fail"),
        (HELMETS, 6, "6 people wear a helmet. Two others are bareheaded.", "pass"),
        (HELMETS, 6, "8 people in total: 6 wear a helmet, 2 do not.", "pass"),
        (HELMETS, 0, "Of the 9 people, none wear a helmet.", "pass"),
        (RED, 9, "There are 9 cars in total (4 red ones, 3 blue, 2 white).", "fail"),
        (RED, 4, "There are 9 cars in total (4 red ones, 3 blue, 2 white).", "pass"),
        (FORKS, 7, "7 forks: 4 table forks, 2 dessert forks and 1 serving fork.", "pass"),
        (FORKS, 7, "7 forks: 4 table forks and 2 dessert forks.", "invalid"),
        (UNLIT, 2, "Of the 9 bulbs, 7 are lit and 2 are not.", "pass"),
        (UNLIT, 9, "Of the 9 bulbs, 7 are lit and 2 are not.", "fail"),
    ],
)
def test_a_part_is_read_where_the_question_asks_for_it_and_else_the_total(
    question: str, key: int, reply: str, expected: str
) -> None:
    assert outcome(question, Integer(key), reply) == expected


@pytest.mark.parametrize(
    "reply",
    [
        "minus 5 °C",
        "minus five degrees",
        "negative 5 C",
        "–5°C",
        "− 5 °C",
        "- 5 °C",
        "The display reads minus 5.",
        "5 degrees below zero",
    ],
)
def test_a_sign_counts_however_it_is_written(reply: str) -> None:
    assert outcome(CELSIUS, Number(Decimal(-5), unit="°C"), reply) == "pass"
    assert outcome(CELSIUS, Number(Decimal(5), unit="°C"), reply) == "fail"


@pytest.mark.parametrize(
    ("key", "reply", "expected"),
    [
        (5, "- 5 bolts", "pass"),
        (5, "20 - 15 = 5", "pass"),
        (5, "20 minus 15 is 5", "pass"),
        (15, "20 – 5 = 15", "pass"),
        (5, "3–5", "invalid"),
        (5, "3 - 5", "invalid"),
        (5, "minus 5", "fail"),
        (-2, "minus two", "pass"),
        (-2, "–2", "pass"),
    ],
)
def test_bullets_differences_and_ranges_are_no_signs(key: int, reply: str, expected: str) -> None:
    assert outcome("How many bolts are there?", Integer(key), reply) == expected


@pytest.mark.parametrize(
    ("question", "key", "reply", "expected"),
    [
        (RING, False, "No, wait, yes.", "fail"),
        (RING, False, "No doubt it is broken.", "fail"),
        (RING, False, "No, the ring is not intact.", "invalid"),
        (RING, False, "No — the ring is not intact.", "invalid"),
        (RING, False, "No, the ring is intact.", "pass"),
        (RING, False, "Probably not.", "pass"),
        (RING, False, "I don't think so.", "pass"),
        (RING, False, "Not that I can see.", "pass"),
        (RING, False, "Unlikely.", "pass"),
        (LID, True, "Yes, but slightly open.", "invalid"),
        (LID, True, "Closed", "pass"),
        (LID, True, "It's not open.", "pass"),
        (LID, True, "Not closed.", "fail"),
        ("Are all the lights switched off?", False, "No, one light is still on.", "pass"),
        ("Is the traffic light green?", False, "No, the traffic light is red.", "pass"),
        ("Is the lamp lit?", False, "No, the lamp is lit.", "invalid"),
        (WINDOWS, False, "Not all of them: the third window is ajar.", "pass"),
        (WINDOWS, True, "Not all of the windows are open.", "invalid"),
        ("Is the lock closed?", False, "The lock is open.", "pass"),
        ("Is the key inside the lock?", True, "The key lies in front of the lock.", "invalid"),
        (GROOVE, False, "The O-ring is not lying in its groove all the way round.", "pass"),
        (GROOVE, False, "In the picture the O-ring lies in its groove all the way round.", "fail"),
    ],
)
def test_a_yes_or_no_is_read_with_what_follows_it(question: str, key: bool, reply: str, expected: str) -> None:
    assert outcome(question, YesNo(key), reply) == expected


@pytest.mark.parametrize(
    ("question", "answer", "reply"),
    [
        (SHELF, SHELVES, "I'd rule out the top shelf."),
        ("Which fruit is on top: apple or pear?", Choice("pear"), "The pear is not on top."),
        ("What is stamped on the key?", Identifier("0101"), "0101 is wrong"),
        ("What is stamped on the key?", Identifier("0101"), "The number 0101 is not there"),
        ("What is the serial number?", Identifier("KA-48-21"), "KA-48-21, though the last digit might be 7"),
        (PRESSURE, BAR, "3.8 bar, but it could be 3.6"),
        (PRESSURE, BAR, "> 3.8"),
        ("How many bottles are open?", Integer(3), "Three bottles are closed."),
        ("How many apples are in the crate?", Integer(7), "7/10"),
        ("How many apples are in the crate?", Integer(7), "7,0"),
        ("How many apples are in the crate?", Integer(7), ">7"),
        ("How many apples are in the crate?", Integer(7), "7 (or 8)"),
        ("How many cells have no plant in them?", Integer(8), "8 cells have a plant in them."),
        ("How long is the bolt in mm?", Integer(45, unit="mm"), "The bolt is 45 mm wide."),
        ("What percentage of the battery is left?", Integer(80, unit="%"), "80% used"),
        ("What is the total on the receipt?", Money(Decimal("12.50"), "USD"), "The subtotal is $12.50."),
    ],
)
def test_what_is_denied_doubted_or_said_of_another_thing_is_no_answer(
    question: str, answer: Answer, reply: str
) -> None:
    assert outcome(question, answer, reply) == "invalid"


def test_a_reply_that_has_seen_no_picture_is_a_refusal() -> None:
    reply = "I cannot see the image, but a typical crate has 7 apples."
    assert outcome("How many apples are in the crate?", Integer(7), reply) == "refused"


@pytest.mark.parametrize(
    "reply",
    [
        "I don't see any image.",
        "I don't see any attached image.",
        "I do not see any picture here",
        "I see no image.",
        "There is no image attached.",
        "No image.",
    ],
)
def test_no_picture_is_not_the_count_of_none(reply: str) -> None:
    assert outcome("How many caps are missing?", Integer(0), reply) == "refused"


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("No caps are missing.", "pass"),
        ("I don't see any missing caps.", "pass"),
        ("There are no missing caps in the image.", "pass"),
        ("No caps are present.", "invalid"),
    ],
)
def test_none_of_what_is_missing_is_a_count_of_none(reply: str, expected: str) -> None:
    assert outcome("How many caps are missing?", Integer(0), reply) == expected


def test_a_picture_that_hangs_nowhere_is_an_answer() -> None:
    reply = "No, I don't see any picture on the wall."
    assert outcome("Is there a picture on the wall?", YesNo(False), reply) == "pass"


@pytest.mark.parametrize(
    ("question", "answer", "reply"),
    [
        (PRESSURE, BAR, "The max is 10 bar; the needle shows 3.8."),
        (PRESSURE, BAR, "The needle is between 3.5 and 4, at about 3.8 bar."),
        ("How long is the bolt in mm?", Integer(45, unit="mm"), "45±1 mm"),
        ("What is the speed limit in km/h?", Integer(50, unit="km/h"), "50 km per hour"),
        ("How much change was given?", Money(Decimal("4.85"), "GBP"), "£20.00 - £15.15 = £4.85"),
        (
            "Which gear is it: the left, middle or right one?",
            Choice("middle", options=("left", "middle", "right")),
            "right in the middle",
        ),
        ("Which orders are ticked?", SetOf(("A12", "B07")), "A12 and B07 are ticked, C03 is not."),
        ("In which order?", OrderedList(("red", "white", "blue")), "1) red 2) white 3) blue"),
        ("In which order?", OrderedList(("red", "white", "blue")), "Right: blue. Middle: white. Left: red."),
        ("In which order?", OrderedList(("14", "3", "27")), "1st: 14\n2nd: 3\n3rd: 27"),
        ("Which days is it closed?", SetOf(("Monday", "Tuesday")), "It is closed on Mondays and Tuesdays."),
        ("What fruit is it?", Text("pears"), "Pears 🍐"),
        ("What is the serial number?", Identifier("KA-48"), "Model: TX-2\nSerial No.: KA-48\nDate: 2021/03"),
        ("What altitude in m is marked?", Number(Decimal(-28), unit="m"), "28 m below sea level"),
        ("What depth in m is marked?", Number(Decimal(28), unit="m"), "28 m below sea level"),
        ("How much change was given?", Money(Decimal("4.85"), "GBP"), "4 pounds 85"),
        ("How much change was given?", Money(Decimal("4.85"), "GBP"), "The change was 4 pounds 85 pence."),
        ("What brand is it?", Text("Oakmere"), "OAKMERE®"),
        ("What brand is it?", Text("Oakmere"), "Oakmere, not Fairfield"),
    ],
)
def test_an_answer_is_found_among_what_explains_it(question: str, answer: Answer, reply: str) -> None:
    assert outcome(question, answer, reply) == "pass"


@pytest.mark.parametrize(
    "reply",
    [
        "Right: red. Middle: white. Left: blue.",
        "Left: red. Middle: white. Right: green.",
        "Left: red. Bottom: white. Right: blue.",
        "Flag 4: red. Flag 2: white. Flag 7: blue.",
    ],
)
def test_items_with_other_labels_are_in_no_other_order(reply: str) -> None:
    flags = OrderedList(("red", "white", "blue"))
    assert outcome("What colours are the flags from left to right?", flags, reply) == "fail"


def test_minutes_behind_pounds_are_no_pence() -> None:
    answer = Money(Decimal("20.15"), "GBP")
    assert outcome("What does it cost?", answer, "20 pounds 15 minutes ago") != "pass"


@pytest.mark.parametrize(
    ("unit", "right", "wrong"), [("mV", "5 mv", "5 MV"), ("MPa", "5 MPA", "5 mPa"), ("MHz", "5 mhz", "5 mHz")]
)
def test_milli_and_mega_are_told_apart_by_the_case_of_their_letter(unit: str, right: str, wrong: str) -> None:
    answer = Number(Decimal(5), unit=unit)
    question = f"What does the meter show in {unit}?"
    assert outcome(question, answer, f"5 {unit}") == "pass"
    assert outcome(question, answer, right) == "pass"
    assert outcome(question, answer, wrong) == "fail"

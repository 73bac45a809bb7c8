"""The baselines read or guess by plain rules, and say so."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.builders import a_prompt
from tests.conftest import draw
from visioneval.answers import Choice, Integer, Text, YesNo
from visioneval.images import encode_image
from visioneval.models import find_card, load_cards
from visioneval.providers import open_provider
from visioneval.providers.baseline_blind import NO_ANSWER, best_constants
from visioneval.providers.ocr_rules import Line, pick
from visioneval.types import ModelCard, Prompt, Reply, Request, Settings


def lines(*texts: str) -> list[Line]:
    """Lay texts out as lines of one height under each other."""
    return [Line(text, 0, 30 * row, 10 * len(text), 30 * row + 20) for row, text in enumerate(texts)]


RECEIPT = [
    *lines("HOLLOWAY HARDWARE", "Subtotal", "Cash", "Change"),
    Line("15.15", 300, 30, 350, 50),
    Line("20.00", 300, 60, 350, 80),
    Line("4.85", 300, 90, 350, 110),
]


@pytest.mark.parametrize(
    ("question", "answer_type", "expected"),
    [
        ("How much change was given? Answer only the amount like 1.00.", "money", "4.85"),
        ("What was the subtotal?", "money", "15.15"),
        ("How many coins are there?", "integer", None),
        ("Is the receipt crumpled?", "yes_no", None),
    ],
)
def test_the_answer_is_looked_for_beside_its_label(question: str, answer_type: str, expected: str | None) -> None:
    assert pick(question, answer_type, (), RECEIPT) == expected


@pytest.mark.parametrize(
    ("text", "answer_type", "expected"),
    [
        ("Departs 09:47", "time", "09:47"),
        ("EXP 08/2027", "date", "08/2027"),
        ("ref CN70418826 x", "identifier", "CN70418826"),
        ("CN 7041 8826", "identifier", "CN 7041 8826"),
        ("EXP 08 2027", "date", "08 2027"),
        ("1,204 items", "integer", "1,204"),
        ("no. 7", "integer", "7"),
        ("4.85", "integer", None),
        ("width 57.5 mm", "number", "57.5"),
        ("cell R2C4", "grid_cell", "R2C4"),
    ],
)
def test_only_text_of_the_asked_type_is_an_answer(text: str, answer_type: str, expected: str | None) -> None:
    assert pick("What does it say?", answer_type, (), lines(text)) == expected


def test_an_abbreviation_is_a_label_too() -> None:
    flap = lines("LOT 02K2033", "MFG 03 2024", "EXP 08 2027")
    assert pick("What is the expiry date on the flap?", "date", (), flap) == "08 2027"


def test_a_choice_is_the_option_that_is_printed() -> None:
    assert pick("Which?", "choice", ("open", "closed"), lines("The valve is", "CLOSED")) == "closed"
    assert pick("Which?", "choice", ("open", "closed"), lines("opening hours", "enclosed")) is None


def a_request(prompt: Prompt, image: Path | None, answer_type: str) -> Request:
    return Request(
        prompt_id=prompt.id,
        question=prompt.question,
        answer_type=answer_type,
        options=(),
        image=encode_image(image) if image else None,
        settings=Settings(),
        epoch=0,
        key="k",
    )


def asked(card: ModelCard, request: Request, prompts: list[Prompt]) -> Reply:
    async def ask() -> Reply:
        provider = open_provider(card, prompts, Settings())
        try:
            return await provider.generate(request)
        finally:
            await provider.close()

    return asyncio.run(ask())


def test_the_ocr_baseline_reads_a_real_picture_and_is_blind_without_one(tmp_path: Path) -> None:
    card = find_card("baseline-ocr", load_cards())
    prompt = a_prompt("OC01")
    image = draw(tmp_path / "a.png", "4127 nuts")
    assert asked(card, a_request(prompt, image, "integer"), [prompt]).text == "4127"
    assert asked(card, a_request(prompt, None, "integer"), [prompt]).text == "There is no image."


def test_the_blind_baseline_gives_the_commonest_answer_of_each_type() -> None:
    prompts = [a_prompt(f"P{n}", Integer(n % 3)) for n in range(7)]
    prompts += [a_prompt(f"Y{n}", YesNo(n > 0)) for n in range(4)]
    prompts += [a_prompt(f"C{n}", Choice("left", ("left", "right"))) for n in range(4)]
    assert best_constants(prompts) == {"integer": "0", "yes_no": "yes", "choice": "left"}


def test_the_blind_baseline_does_not_answer_types_with_too_few_prompts() -> None:
    prompts = [a_prompt(f"T{n}", Text("Oakmere")) for n in range(3)]
    card = find_card("baseline-blind", load_cards())
    assert asked(card, a_request(prompts[0], None, "text"), prompts).text == NO_ANSWER

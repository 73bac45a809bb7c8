"""`visioneval compare` as a person calls it, and that its words never contradict its table."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from tests.conftest import CommandLine
from tests.made_up import FIRST, PRICE, SECOND, THIRD, MadeUpRun, passes
from visioneval.compare import GradedRun
from visioneval.report import words
from visioneval.report.compare_text import print_comparison, to_json, to_markdown
from visioneval.report.sheet import SideBySide, side_by_side
from visioneval.types import Condition, ModelCard, Outcome

FACTS = ModelCard(
    name="model-a",
    provider="replay",
    organisation="Org A",
    access="closed",
    context_window=400_000,
    tasks=("captioning", "OCR"),
)


@pytest.fixture
def results(tmp_path: Path) -> Path:
    folder = tmp_path / "results"
    for name, counts in zip(("model-a", "model-b", "model-c"), (FIRST, SECOND, THIRD), strict=True):
        MadeUpRun(model=name, outcomes=passes(counts)).write(folder)
    return folder


def side_of(*runs: MadeUpRun) -> SideBySide:
    return side_by_side([GradedRun.of(run.run, run.graded()) for run in runs])


def winners(side: SideBySide) -> dict[str, str]:
    return {line.title: line.winner for section in side.sections for line in section.lines}


def test_it_says_who_is_better_and_how_surely(visioneval: CommandLine, results: Path) -> None:
    done = visioneval("compare", "model-a", "model-b", "--results", results)
    assert done.returncode == 0, done.stderr
    text = " ".join(done.stdout.split())
    assert "model-a is better by 24.6 to 48.0 points" in text
    assert "Choose model-a if accuracy over all categories matters" in text
    assert "Object Counting" in text
    assert "$0.011" in text


def test_flips_are_listed_by_name_in_markdown(visioneval: CommandLine, results: Path) -> None:
    text = visioneval("compare", "model-a", "model-c", "--results", results, "--markdown").stdout
    assert "no evidence of a difference" in text
    assert "model-c fixes: defect-detection-13, object-understanding-13" in text
    assert "| model-a passes | 50 | 0 |" in text


def test_json_has_every_number(visioneval: CommandLine, results: Path) -> None:
    done = visioneval("compare", "model-a", "model-b", "model-c", "--results", results, "--json")
    document: dict[str, Any] = json.loads(done.stdout)
    assert document["models"] == ["model-a", "model-b", "model-c"]
    assert len(document["pairs"]) == 3
    assert document["pairs"][0]["overall"]["table"] == [25, 25, 0, 17]
    assert document["cochrans_q"][1] < 0.001


def test_a_run_is_named_by_folder_id_model_or_condition(visioneval: CommandLine, results: Path) -> None:
    blind = MadeUpRun(condition=Condition("model-a", blind=True), outcomes=passes(SECOND), id="blind-1").write(
        results
    )
    for name in (blind, "blind-1", "model-a (blind)"):
        done = visioneval("compare", "model-a", name, "--results", results, "--json")
        assert json.loads(done.stdout)["models"] == ["model-a", "model-a (blind)"], name


def test_a_run_is_named_as_the_pages_name_it(visioneval: CommandLine, results: Path) -> None:
    card = ModelCard(name="model-a", provider="replay", label="Model A")
    MadeUpRun(card=card, condition=Condition("model-a", blind=True), id="blind-1").write(results)
    done = visioneval("compare", "model-b", "Model A (blind)", "--results", results, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["models"] == ["model-b", "Model A (blind)"]


@pytest.mark.parametrize(
    ("arguments", "code", "words_"),
    [
        (["model-a"], 2, "a comparison needs two runs"),
        (["model-a", "model-x"], 5, "no run 'model-x'"),
        ([], 2, "Missing argument"),
    ],
)
def test_what_cannot_be_compared_is_one_clear_line(
    visioneval: CommandLine, results: Path, arguments: Sequence[str], code: int, words_: str
) -> None:
    done = visioneval("compare", *arguments, "--results", results)
    assert done.returncode == code
    assert words_ in done.stderr
    assert "Traceback" not in done.stderr


def test_other_suites_are_refused(visioneval: CommandLine, results: Path) -> None:
    MadeUpRun(model="other", suite_sha256="0" * 64).write(results)
    done = visioneval("compare", "model-a", "other", "--results", results)
    assert done.returncode == 2
    assert "different suites" in done.stderr


def test_the_winner_of_a_line_is_a_tie_or_unknown_where_that_is_the_truth() -> None:
    other = msgspec.structs.replace(FACTS, name="model-b", access="open", context_window=128_000, tasks=("OCR",))
    free = MadeUpRun(model="model-b", card=other, prices=(), outcomes=passes(THIRD))
    found = winners(side_of(MadeUpRun(card=FACTS), free))
    assert found["Context window"] == "model-a"
    assert found["Input, per million tokens"] == found["Est. cost / task"] == "unknown"
    assert "Longest output" not in found, "what is known of neither is left out"
    assert found["Object Counting"] == "tie"
    assert found["Overall Score"] == found["Defect Detection"] == "undecided"
    assert found["Organisation"] == ""


def test_a_clear_winner_is_named_on_its_line() -> None:
    found = winners(side_of(MadeUpRun(), MadeUpRun(model="model-b", outcomes=passes(SECOND))))
    assert found["Overall Score"] == "model-a"
    assert found["Est. cost / task"] == "tie"


def test_the_advice_of_the_worked_example() -> None:
    cheap = msgspec.structs.replace(PRICE, input=Decimal(1), output=Decimal(2))
    side = side_of(MadeUpRun(), MadeUpRun(model="model-c", outcomes=passes(THIRD), prices=(cheap,)))
    comparison = side.pairs[0][2]
    advice = words.advice(comparison, "A", "C")
    assert advice.for_a == ()
    assert advice.for_b == ("the price matters: $0.0017 a task against $0.011",)
    assert advice.open[0] == (
        "which is more accurate: the data allow A better by up to 2.8 points to C better by up to 10.2"
    ) or advice.open[0].startswith("which is more accurate: the data allow A better by up to")
    assert "lies inside" in words.questions(comparison, "A", "C")[1].answer
    answers = {answered.question: answered.answer for answered in words.questions(comparison, "A", "C")}
    assert answers["Which is cheaper for 1,000 images?"].startswith("C: A costs about $11.14, C costs about $1.68")


@pytest.mark.parametrize("width", [40, 80, 140])
def test_a_narrow_terminal_loses_nothing(width: int) -> None:
    out = io.StringIO()
    print_comparison(side_of(MadeUpRun(), MadeUpRun(model="model-b")), Console(file=out, width=width))
    assert all(len(line) <= width for line in out.getvalue().splitlines())
    assert "Understanding" in out.getvalue()


def test_markup_in_names_is_printed_as_it_is() -> None:
    out = io.StringIO()
    side = side_of(MadeUpRun(), MadeUpRun(model="[bold]b[/bold]"))
    print_comparison(side, Console(file=out, width=100))
    assert "[bold]b[/bold]" in out.getvalue()
    assert r"\[bold\]b" in to_markdown(side)


OUTCOMES = st.lists(st.sampled_from(["pass", "fail", "error"]), min_size=67, max_size=67)


@settings(max_examples=40, deadline=None)
@given(OUTCOMES, OUTCOMES, st.integers(1, 9), st.sampled_from([1.0, 1.3, 7.0]))
def test_the_advice_never_contradicts_the_table(
    a: list[Outcome], b: list[Outcome], dollars: int, slower: float
) -> None:
    price = msgspec.structs.replace(PRICE, input=Decimal(dollars))
    first = MadeUpRun(model="a", outcomes=["pass", *a[1:]], seconds=lambda i: 1 + i % 7)
    second = MadeUpRun(
        model="b", outcomes=["pass", *b[1:]], prices=(price,), seconds=lambda i: slower * (1 + i % 5)
    )
    side = side_of(first, second)
    found, comparison = winners(side), side.pairs[0][2]
    advice = words.advice(comparison, "a", "b")
    for name, reasons in (("a", advice.for_a), ("b", advice.for_b)):
        for reason in reasons:
            title = {
                "accuracy": "Overall Score",
                "the price": "Est. cost / task",
                "speed": "Time on the same prompts, a = 1",
            }.get(next((start for start in ("accuracy", "the price", "speed") if reason.startswith(start)), ""))
            category = next((c for c in comparison.by_category if reason.startswith(c)), None)
            assert found[title or category or ""] == name, reason
    for title in (*comparison.by_category, "Overall Score"):
        if found.get(title) in ("a", "b"):
            contest = comparison.by_category.get(title, comparison.overall)
            assert contest.decision == found[title]
    assert json.loads(to_json(side))

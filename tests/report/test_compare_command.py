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
from tests.made_up import FIRST, PRICE, SECOND, THIRD, MadeUpRun, mixed, passes, prompts
from visioneval.compare import Comparison, GradedRun
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


@pytest.mark.parametrize("pair", [("model-a", "model-a"), ("model-a", "results/model-a/20261121T040000Z-0001")])
def test_a_run_is_not_compared_with_itself(
    visioneval: CommandLine, results: Path, tmp_path: Path, pair: tuple[str, str]
) -> None:
    done = visioneval("compare", "model-b", *pair)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"'{pair[0]}' and '{pair[1]}' are the same run, 20261121T040000Z-0001; name another" in done.stderr


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


def contested(*runs: MadeUpRun) -> Comparison:
    return side_of(*runs).pairs[0][2]


def flipped(only_a: int, only_b: int) -> list[Outcome]:
    """Return outcomes that lose the first of 50 passes, and win the first of 17 failures."""
    return mixed((only_a, "fail"), (50 - only_a, "pass"), (only_b, "pass"), (17 - only_b, "fail"))


def test_of_several_models_both_p_values_are_corrected_and_the_table_says_what_the_pairs_say() -> None:
    flips = ((0, 0), (2, 9), (3, 2), (4, 5))
    side = side_of(*(MadeUpRun(model=f"m{n}", outcomes=flipped(*each)) for n, each in enumerate(flips, 1)))
    first = side.pairs[0][2].overall
    assert (first.decision, first.tests) == ("undecided", 6)
    assert words.finding(first, "m1", "m2").endswith(
        "undecided, as test and interval disagree: the data allow m2 better by 0.5 to 20.7 points "
        "(95% for this pair alone, McNemar mid-p = 0.15, exact 0.26, after Holm for 6 tests, 67 prompts)."
    )
    assert winners(side)["Overall Score"] == "undecided", "m2 is not shown to be better than m1"


def test_a_name_that_has_the_words_of_a_finding_stays_whole() -> None:
    comparison = contested(MadeUpRun(), MadeUpRun(model="model-b", outcomes=passes(SECOND)))
    assert "; a better model is better by 24.6 to 48.0 points (" in words.finding(
        comparison.overall, "a better model", "B"
    )


def test_very_different_times_keep_two_digits() -> None:
    fast = MadeUpRun(seconds=lambda i: 0.0042)
    slow = MadeUpRun(model="b", seconds=lambda i: 2 + i % 7 / 10)
    side = side_of(slow, fast)
    reasons = words.advice(side.pairs[0][2], "slow", "fast").for_b
    takes = "it takes 0.0018 times as long (0.0018 to 0.0019) on the same prompts, each request timed by itself"
    assert reasons == (f"speed matters: {takes}",)
    (line,) = (line for section in side.sections for line in section.lines if line.title.startswith("Time on"))
    assert (line.cells[1].text, line.winner) == ("0.0018", "model-a")


def test_a_computed_cost_and_times_of_a_batch_are_not_held_against_an_api() -> None:
    card = ModelCard(name="local", provider="transformers", gpu_usd_per_hour=Decimal("2.5"))
    gpu: dict[str, str | int] = {"device": "cuda", "device_name": "H100", "batch_size": 8}
    side = side_of(MadeUpRun(), MadeUpRun(model="local", card=card, prices=(), loaded=gpu, seconds=lambda i: 0.3))
    advice = words.advice(side.pairs[0][2], "api", "local")
    assert advice.for_a == advice.for_b == ()
    assert (
        "which is cheaper: one cost is computed from a device's time, the other is billed by tokens" in advice.open
    )
    assert "which is faster: one was timed at the host, the other as shares of a batch on H100" in advice.open
    assert winners(side)["Est. cost / task"] == winners(side)["Time on the same prompts, model-a = 1"] == "unknown"
    text = to_markdown(side)
    assert "Times are not compared: one was timed at the host" in text
    assert "Costs are not compared: one cost is computed" in text
    found = json.loads(to_json(side))["pairs"][0]
    assert found["time"] is found["cheaper"] is None
    assert found["not_compared"].keys() == {"time", "cost"}


def test_a_category_is_a_hint_and_never_a_reason_to_choose() -> None:
    side = side_of(MadeUpRun(), MadeUpRun(model="b", outcomes=passes(SECOND)))
    comparison = side.pairs[0][2]
    assert comparison.by_category["Spatial Understanding"].decision == "a"
    assert winners(side)["Spatial Understanding"] == "hint: model-a"
    advice = words.advice(comparison, "A", "B")
    assert advice.for_a == ("accuracy over all categories matters: A better by 24.6 to 48.0 points",)
    assert any(
        said.startswith("whether A is better at Spatial Understanding: 78.9%(15/19) against 26.3%(5/19), p = ")
        and said.endswith("after Holm for 5 tests, which one run does not settle")
        for said in advice.open
    )


def test_the_smallest_visible_difference_is_rounded_up_to_whole_prompts() -> None:
    comparison = contested(MadeUpRun(outcomes=flipped(0, 0)), MadeUpRun(model="b", outcomes=flipped(2, 9)))
    detectable = comparison.detectable or 0
    assert 8 < detectable * 67 < 8.95
    said = words.questions(comparison, "A", "B")[-1].answer
    assert said.endswith(f"only from {detectable * 100:.1f} points on, that is 9 prompts.")


def test_few_disagreements_that_decide_are_not_said_to_be_invisible() -> None:
    suite = prompts({"All": 90})
    a = MadeUpRun(prompts=suite, outcomes=mixed((84, "pass"), (6, "fail")))
    b = MadeUpRun(model="b", prompts=suite, outcomes=["pass"] * 90)
    comparison = contested(a, b)
    assert (comparison.overall.decision, comparison.detectable) == ("b", None)
    assert words.questions(comparison, "A", "B")[-1].answer == "Yes, it is more than chance."


def test_of_a_few_prompts_only_the_counts_are_said() -> None:
    suite = prompts({"All": 8})
    side = side_of(*(MadeUpRun(model=o, prompts=suite, outcomes=[o] * 8) for o in ("pass", "fail")))
    overall = side.pairs[0][2].overall
    assert words.finding(overall, "A", "B") == (
        "B fixes 0 that A fails, A fixes 8 that B fails; undecided, 8 prompts are too few."
    )
    (line,) = (line for section in side.sections for line in section.lines if line.title == "Overall Score")
    assert [(cell.text, cell.interval) for cell in line.cells] == [("8/8", ""), ("0/8", "")]


def test_a_winner_on_fewer_prompts_than_the_cells_show_has_a_note() -> None:
    suite = prompts({"All": 100})
    a = MadeUpRun(model="a", prompts=suite, outcomes=mixed((60, "pass"), (40, "fail")))
    b = MadeUpRun(model="b", prompts=suite, outcomes=mixed((10, "error"), (59, "pass"), (31, "fail")))
    side = side_of(a, b)
    assert winners(side)["Overall Score"] == "b"
    note = "The scores are of all 100 prompts, the best is found on the 90 with a verdict in both."
    assert note in side.sections[-1].notes
    out = io.StringIO()
    print_comparison(side, Console(file=out, width=200))
    assert note in out.getvalue()


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
            }[next(start for start in ("accuracy", "the price", "speed") if reason.startswith(start))]
            assert found[title] == name, reason
    for title in (*comparison.by_category, "Overall Score"):
        if found.get(title) in ("a", "b"):
            contest = comparison.by_category.get(title, comparison.overall)
            assert contest.decision == found[title]
        elif found.get(title, "").startswith("hint: "):
            assert comparison.by_category[title].decision == found[title].removeprefix("hint: ")
    assert json.loads(to_json(side))

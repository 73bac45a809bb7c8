"""The score tables: exact forms, the same everywhere, and nothing that claims too much."""

from __future__ import annotations

import io
import json
import re
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from tests.made_up import FIRST, SECOND, THIRD, MadeUpRun, passes, prompts
from visioneval.aggregate import Summary, summarise
from visioneval.errors import UsageError
from visioneval.report import form
from visioneval.report.classic import score_table, to_csv, to_json, to_markdown
from visioneval.report.terminal import print_scores
from visioneval.stats import Quantile
from visioneval.types import Condition, ModelCard, Outcome, Usage

GOLDEN = Path(__file__).parents[1] / "fixtures" / "tables"


def summary_of(run: MadeUpRun) -> Summary:
    return summarise(run.run, run.graded())


def three_models() -> list[Summary]:
    named = zip(("model-a", "model-b", "model-c"), (FIRST, SECOND, THIRD), strict=True)
    return [summary_of(MadeUpRun(model=name, outcomes=passes(counts))) for name, counts in named]


def texts(summaries: list[Summary], column: int = 0) -> dict[str, str]:
    return {row.title: row.cells[column].text for row in score_table(summaries).rows}


def printed(summaries: list[Summary], width: int = 200, color: bool = False) -> str:
    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=color, color_system="standard" if color else None)
    print_scores(summaries, console)
    return out.getvalue()


def test_the_classic_rows_have_exactly_these_names_and_forms() -> None:
    assert texts(three_models()) == {
        "Overall Score": "74.63%",
        "Avg Response Time": "7.87s",
        "Median input tokens (incl. image tokens)": "1.4K",
        "Median output tokens (incl. reasoning)": "138",
        "Est. cost / task": "$0.011",
        "Defect Detection": "80%(12/15)",
        "Document Understanding": "88.9%(8/9)",
        "Object Counting": "30%(3/10)",
        "Object Understanding": "85.7%(12/14)",
        "Spatial Understanding": "78.9%(15/19)",
    }


def test_the_overall_scores_of_the_three_worked_examples() -> None:
    assert [texts(three_models(), column)["Overall Score"] for column in range(3)] == [
        "74.63%",
        "37.31%",
        "77.61%",
    ]


def test_every_rate_has_its_interval_beside_it() -> None:
    rows = {row.title: row.cells[0] for row in score_table(three_models()).rows}
    assert rows["Overall Score"].interval == "63.1–83.5%"
    assert rows["Defect Detection"].interval == "54.8–93.0%"
    assert all(cell.interval for title, cell in rows.items() if "(" in cell.text)


def test_the_score_key_is_exact_at_its_edges() -> None:
    def grade(passed: int) -> str | None:
        run = MadeUpRun(prompts=prompts({"Any": 20}), outcomes=passes((passed,), {"Any": 20}))
        return score_table([summary_of(run)]).rows[0].cells[0].grade

    assert [grade(passed) for passed in (15, 14, 8, 7)] == ["good", "middling", "middling", "poor"]
    rows = score_table(three_models()).rows
    assert rows[0].cells[0].grade == "middling", "74.63% is below 75%"


def test_tokens_and_cost_are_shown_only_from_90_percent_coverage_on() -> None:
    most: list[Outcome] = ["pass"] * 60
    most += ["error"] * 7
    partial = summary_of(MadeUpRun(model="model-p", outcomes=most))
    whole = three_models()[0]
    alone = texts([partial])
    assert not any("tokens" in title or "cost" in title for title in alone)
    assert alone["Overall Score"] == "89.55%"
    beside = texts([whole, partial], column=1)
    assert beside["Est. cost / task"] == beside["Median output tokens (incl. reasoning)"] == ""
    assert "not ranked: verdicts on 60 of 67" in score_table([whole, partial]).notes[1]


def test_fewer_than_nine_prompts_are_never_a_percentage() -> None:
    run = MadeUpRun(prompts=prompts({"Small": 8}), outcomes=passes((8,), {"Small": 8}))
    found = texts([summary_of(run)])
    assert (found["Overall Score"], found["Small"]) == ("8/8", "8/8")


def test_a_chosen_part_of_the_suite_says_so() -> None:
    part = summary_of(MadeUpRun(prompts=prompts()[:61], outcomes=["pass"] * 61, suite_size=67))
    assert score_table([part]).notes == ("not ranked: asked only 61 of the suite's 67",)


def test_times_of_few_answers_say_so() -> None:
    few = summary_of(MadeUpRun(seconds=lambda i: 1.0 if i < 60 else None))
    most = summary_of(MadeUpRun(seconds=lambda i: 1.0 if i < 61 else None))
    assert score_table([few]).notes == ("times of only 60 of 67 answers",)
    assert score_table([most]).notes == ("",)


def test_models_with_other_categories_leave_their_cells_empty() -> None:
    defects = prompts({"Defect Detection": 15})
    part = summary_of(MadeUpRun(model="part", prompts=defects, outcomes=["pass"] * 15, suite_size=67))
    assert texts([three_models()[0], part], column=1)["Object Counting"] == "–"


def test_two_runs_of_one_condition_are_told_apart_by_their_ids() -> None:
    first, second = summary_of(MadeUpRun(id="run-1")), summary_of(MadeUpRun(id="run-2"))
    assert score_table([first, second]).models == ("model-a [run-1]", "model-a [run-2]")


def test_two_models_of_one_label_are_told_apart_by_what_they_differ_in() -> None:
    def summary(**options: str | bool) -> Summary:
        card = ModelCard("m", "transformers", label="Model M", options={"dtype": "bfloat16", **options})
        return summary_of(MadeUpRun(model="m", card=card))

    plain, small = summary(quantization="", device="cuda:1"), summary(quantization="4bit", device="cpu")
    assert score_table([plain, small]).models == ("Model M", "Model M (quantization=4bit)")
    assert score_table([small, summary(quantization="8bit", pan_and_scan=True)]).models == (
        "Model M (quantization=4bit)",
        "Model M (pan_and_scan=True, quantization=8bit)",
    )
    assert score_table([small]).models == ("Model M",)


def test_notes_and_blind_runs_are_always_shown() -> None:
    card = ModelCard(name="base", provider="x", note="baseline, not a vision-language model")
    run = MadeUpRun(model="base", card=card, condition=Condition("base", blind=True))
    for text in (printed([summary_of(run)]), to_markdown([summary_of(run)])):
        assert "base (blind)" in text
        assert "baseline, not a vision-language model" in text


def test_other_suites_are_refused() -> None:
    with pytest.raises(UsageError, match="different suites"):
        score_table([summary_of(MadeUpRun()), summary_of(MadeUpRun(suite_sha256="0" * 64))])


@pytest.mark.parametrize(
    ("name", "write"), [("scores.md", to_markdown), ("scores.csv", to_csv), ("scores.json", to_json)]
)
def test_the_files_are_as_they_were(name: str, write: object) -> None:
    assert callable(write)
    text = write(three_models())
    golden = GOLDEN / name
    assert text == golden.read_text(encoding="utf-8")
    assert write(three_models()) == text


def test_the_json_table_can_be_read_by_a_program() -> None:
    models = json.loads(to_json(three_models()))["models"]
    assert models[0]["rows"][0] == {
        "measure": "Overall Score",
        "value": "74.63%",
        "interval_95": "63.1–83.5%",
        "score_key": "middling",
    }


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("a|b<script>\n| c", r"a\|b\<script\> \| c"),
        ("a\r# b\u2028c", "a # b c"),
        ("---|b", r"---\|b"),
    ],
)
def test_a_hostile_model_name_stays_one_cell_of_markdown(name: str, cell: str) -> None:
    run = MadeUpRun(model=name, condition=Condition(name))
    line = to_markdown([summary_of(run)]).split("\n")[0]
    assert line == f"| Measure | {cell} | 95% interval |"


# In a terminal


def test_a_wide_terminal_shows_all_models_side_by_side() -> None:
    lines = printed(three_models()).splitlines()
    overall = next(line for line in lines if line.startswith("Overall Score"))
    assert [word for word in overall.split() if "%" in word and "–" not in word] == ["74.63%", "37.31%", "77.61%"]


@pytest.mark.parametrize("width", [32, 40, 60, 80, 120])
def test_a_narrow_terminal_splits_the_table_and_loses_nothing(width: int) -> None:
    text = printed(three_models(), width=width)
    assert all(len(line) <= width for line in text.splitlines())
    for value in ("74.63%", "37.31%", "77.61%", "63.1–83.5%", "80%(12/15)"):
        assert value in text


def test_colours_appear_only_where_the_console_allows_them() -> None:
    assert re.search(r"\x1b\[32m *80%\(12/15\)", printed(three_models(), color=True))
    assert re.search(r"\x1b\[31m *30%\(3/10\)", printed(three_models(), color=True))
    assert "\x1b" not in printed(three_models())


def test_markup_in_a_model_name_is_printed_as_it_is() -> None:
    run = MadeUpRun(model="[red]x[/red]", condition=Condition("[red]x[/red]"))
    assert "[red]x[/red]" in printed([summary_of(run)])


# Single numbers


@pytest.mark.parametrize(
    ("k", "n", "digits", "text"),
    [
        (15, 19, 1, "78.9%"),
        (12, 15, 1, "80%"),
        (8, 9, 1, "88.9%"),
        (50, 67, 2, "74.63%"),
        (1, 2, 2, "50%"),
        (0, 9, 1, "0%"),
        (9, 9, 1, "100%"),
        (1999, 2000, 1, "99.9%"),
        (1, 3000, 1, "0.1%"),
        (1, 8, 1, "12.5%"),
        (1, 16, 1, "6.3%"),
        (3, 16, 1, "18.8%"),
        (5, 16, 1, "31.3%"),
        (2, 3, 1, "66.7%"),
    ],
)
def test_percentages_round_half_up_and_never_overclaim(k: int, n: int, digits: int, text: str) -> None:
    assert form.percent(Fraction(k, n), digits) == text


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_100_and_0_percent_mean_all_and_none(rate: tuple[int, int]) -> None:
    text = form.percent(Fraction(*rate), 1)
    assert (text == "100%") == (rate[0] == rate[1])
    assert (text == "0%") == (rate[0] == 0)


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (None, "–"),
        (0, "0"),
        (138, "138"),
        (999.4, "999"),
        (999.5, "1K"),
        (1400, "1.4K"),
        (1450, "1.5K"),
        (2000, "2K"),
        (123_456, "123.5K"),
        (999_949, "999.9K"),
        (999_950, "1M"),
        (1_250_000, "1.3M"),
    ],
)
def test_token_counts(count: float | None, text: str) -> None:
    assert form.tokens(count) == text


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (None, "–"),
        ("0", "$0"),
        ("0.01114", "$0.011"),
        ("0.00347425", "$0.0035"),
        ("0.1", "$0.10"),
        ("0.000035", "$0.000035"),
        ("0.995", "$1.00"),
        ("0.0996", "$0.10"),
        ("0.000999", "$0.0010"),
        ("0.99", "$0.99"),
        ("12.399", "$12.40"),
        ("1E-7", "$0.00000010"),
    ],
)
def test_dollars(amount: str | None, text: str) -> None:
    assert form.usd(None if amount is None else Decimal(amount)) == text


@pytest.mark.parametrize(
    ("value", "text"), [(None, "–"), (7.87, "7.87s"), (0.0, "0.00s"), (0.0004, "<0.01s"), (61.0, "61.00s")]
)
def test_seconds(value: float | None, text: str) -> None:
    assert form.seconds(value) == text


def test_a_quantile_without_an_upper_bound_says_so() -> None:
    assert form.quantile_interval(Quantile(3.24, 2.53, 3.75)) == "2.53–3.75s"
    assert form.quantile_interval(Quantile(3.24, 2.53, None)) == "2.53s or more"


@pytest.mark.parametrize(
    ("difference", "text"), [(0.02985, "+3.0"), (-0.0976, "−9.8"), (0.0, "0.0"), (-0.0001, "0.0")]
)
def test_differences_in_points(difference: float, text: str) -> None:
    assert form.points(difference) == text


@pytest.mark.parametrize(("p", "text"), [(0.6476, "p = 0.65"), (0.0075, "p = 0.007"), (1e-6, "p < 0.001")])
def test_p_values(p: float, text: str) -> None:
    assert form.p_value(p) == text


def test_unknown_usage_is_a_dash() -> None:
    found = texts([summary_of(MadeUpRun(usage=lambda _: Usage()))])
    assert found["Est. cost / task"] == found["Median output tokens (incl. reasoning)"] == "–"
    assert msgspec.json.encode(summary_of(MadeUpRun()))

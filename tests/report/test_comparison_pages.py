"""The pages that compare: they say what the tests say, in words and not by looks alone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import CommandLine
from tests.made_up import SECOND, MadeUpRun, mixed, passes, prompts
from visioneval.types import Condition, ModelCard


def text_of(page: Path) -> str:
    """Return what a page says, without its tags."""
    return " ".join(re.sub(r"<[^>]*>", "", page.read_text()).replace("&#39;", "'").split())


@pytest.fixture
def report(visioneval: CommandLine, tmp_path: Path) -> Path:
    """The report of three models that look, of which one is poor, and of three that saw no picture."""
    results = tmp_path / "results"
    MadeUpRun("top", mixed((50, "pass"), (17, "fail"))).write(results)
    MadeUpRun("second", mixed((7, "fail"), (44, "pass"), (16, "fail"))).write(results)
    MadeUpRun("poor", passes(SECOND)).write(results)
    for name in ("x", "y"):
        outcomes = mixed((6, "fail"), (46, "pass"), (15, "fail"))
        MadeUpRun(name, outcomes, condition=Condition(name, blind=True)).write(results)
    MadeUpRun("floor", passes(SECOND), card=ModelCard("floor", "baseline-blind")).write(results)
    done = visioneval("report", "--results", results)
    assert done.returncode == 0, done.stderr
    return results / "report"


def test_the_matrix_says_where_a_difference_is_shown(report: Path) -> None:
    cells = re.findall(r'data-a="(\w+)" data-b="(\w+)"([^>]*)>(.*?)</a>', (report / "compare.html").read_text())
    assert len(cells) == 6, "three models that look"
    shown = {frozenset((a, b)) for a, b, _, words in cells if "shown to differ" in words}
    assert shown == {frozenset(("top", "second")), frozenset(("top", "poor")), frozenset(("second", "poor"))}
    assert all(("sure" in attributes) == ("*" in words) for _, _, attributes, words in cells)


def test_runs_that_saw_no_picture_are_in_no_family(report: Path) -> None:
    compare_all = text_of(report / "compare.html")
    assert "Holm's correction over all pairs (3)" in compare_all
    assert "Not here, because they saw no picture: x (blind), y (blind), floor." in compare_all
    assert "among all pairs of this report (3) Holm's correction" in text_of(report / "compare/top--second.html")
    against_blind = text_of(report / "compare/top--x-blind.html")
    assert "so the test is not corrected." in against_blind
    leaderboard = (report / "leaderboard.csv").read_text().splitlines()
    ranks = {row.split(",")[0]: row.split(",")[4:7] for row in leaderboard}
    assert ranks["floor"] == ranks["x (blind)"] == ["", "", "false"]
    assert ranks["top"][2] == "true"
    assert ranks["second"][2] == "false", "four runs without a picture do not soften the test"


def test_the_words_in_the_column_of_winners_are_explained(report: Path) -> None:
    page = text_of(report / "compare/top--second.html")
    assert "Best: “tie” means that the best are written the same" in page
    assert "“hint” means a lead in one category of one run" in text_of(report / "compare/top--poor.html")


def test_of_a_few_prompts_a_page_shows_the_counts_alone(visioneval: CommandLine, tmp_path: Path) -> None:
    suite = prompts({"All": 8})
    for name, outcomes in (("a8", mixed((8, "pass"))), ("b8", mixed((8, "fail")))):
        MadeUpRun(name, outcomes, suite).write(tmp_path / "results")
    visioneval("report")
    page = text_of(tmp_path / "results/report/compare/a8--b8.html")
    assert "8 prompts are too few for percentages: the counts are all that is shown." in page
    assert "interval" not in page
    assert set(re.findall(r"[0-9]+%", page)) == {"75%", "74%", "40%"}, "those of the score key"
    assert "“hint”" not in page, "only the words that stand there are explained"

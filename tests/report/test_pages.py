"""What the pages say of time, cost and failures: what holds for the run, and nothing else."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from tests.made_up import FIRST, SECOND, THIRD, MadeUpRun, passes, prompts
from visioneval.report.build import make_report, read_groups
from visioneval.types import Condition, ModelCard, Outcome, Settings

GPU = ModelCard(name="local", provider="transformers", gpu_usd_per_hour=Decimal("2.5"))
CUDA = {"device": "cuda", "device_name": "H100", "batch_size": 8}
Pages = Callable[..., dict[str, str]]


@pytest.fixture
def pages(tmp_path: Path) -> Pages:
    """Write some runs, and return every page of their report as text without tags."""

    def make(*runs: MadeUpRun) -> dict[str, str]:
        for run in runs:
            run.write(tmp_path / "results")
        texts = make_report(read_groups(tmp_path / "results"), tmp_path / "report").texts
        return {
            name: " ".join(html.unescape(re.sub("<[^>]+>", " ", text)).split()) for name, text in texts.items()
        }

    return make


def local(**more: object) -> MadeUpRun:
    return MadeUpRun(
        **{"model": "local", "card": GPU, "prices": (), "loaded": CUDA, "seconds": lambda i: 0.3, **more}  # type: ignore[arg-type]
    )


def test_a_batch_s_times_are_not_called_those_of_single_requests(pages: Pages) -> None:
    found = pages(local(), MadeUpRun())
    assert "shares of a batch's time, not times of single requests" in found["models/local.html"]
    assert "each request timed by itself" not in found["models/local.html"]
    assert "each request timed by itself, others may have been in flight" in found["models/model-a.html"]
    assert "its times are shares of a batch's" in found["methodology.html"]


def test_a_model_told_to_answer_one_at_a_time_is_timed_one_at_a_time(pages: Pages) -> None:
    single = ModelCard(name="local", provider="transformers", options={"latency_mode": "single"})
    page = pages(local(card=single, loaded={**CUDA, "batch_size": 1}))["models/local.html"]
    assert "timed one prompt at a time on H100" in page
    assert "one prompt at a time." in page
    assert "in flight" not in page


def test_what_a_gpu_cost_is_computed_and_not_billed(pages: Pages) -> None:
    found = pages(local(), MadeUpRun())
    assert "The run cost $0.014, computed from busy seconds and not billed" in found["models/local.html"]
    assert "cache discounts" not in found["models/local.html"]
    assert "Nobody billed local: the cost is computed" in found["methodology.html"]


def test_computed_costs_are_no_competition_for_billed_ones(pages: Pages) -> None:
    index = pages(local(outcomes=passes(FIRST)), MadeUpRun(outcomes=passes(FIRST)))["index.html"]
    assert "differences along it may be chance): model-a. Squares are costs computed" in index
    assert "with a frontier of their own: local." in index


def test_only_ranked_runs_that_look_and_pass_are_on_a_frontier(pages: Pages) -> None:
    part: list[Outcome] = ["pass"] * 45
    part += ["skipped"] * 22
    none: list[Outcome] = ["fail"] * 67
    never = ModelCard(name="never", provider="baseline-blind")
    index = pages(
        MadeUpRun(outcomes=passes(FIRST)),
        MadeUpRun(model="slow", outcomes=passes(SECOND), seconds=lambda i: 9.0),
        MadeUpRun(model="part", outcomes=part, seconds=lambda i: 0.5),
        MadeUpRun(model="none", outcomes=none, seconds=lambda i: 0.1),
        MadeUpRun(model="never", card=never, outcomes=["pass"] * 67, seconds=lambda i: 0.0),
        MadeUpRun(model="batched", seconds=lambda i: None),
        MadeUpRun(model="withheld", condition=Condition("withheld", blind=True)),
    )["index.html"]
    words = index[index.index("Score against time") :]
    assert "may be chance): model-a." in words
    assert "Not drawn (not ranked): part." in words
    assert "Not drawn (saw no picture): never, withheld (blind)." in words
    assert "Not drawn (not timed): batched." in words


def test_a_pair_with_the_one_that_never_looks_says_nothing_about_power(pages: Pages) -> None:
    never = ModelCard(name="never", provider="baseline-blind")
    both = MadeUpRun(), MadeUpRun(model="never", card=never, outcomes=passes(SECOND))
    assert "of runs here disagree" not in pages(*both)["methodology.html"]
    other = MadeUpRun(model="model-b", outcomes=passes(SECOND))
    assert "1 pair of runs here disagree" in pages(other)["methodology.html"]


def test_the_smallest_difference_is_as_many_prompts_on_every_page(pages: Pages) -> None:
    found = pages(MadeUpRun(outcomes=passes(FIRST)), MadeUpRun(model="model-b", outcomes=passes(SECOND)))
    on = r"([\d.]+) points \((\d+) prompts\) or more"
    points, number = re.search(on, found["methodology.html"]).groups()  # type: ignore[union-attr]
    assert f"from {points} points on, that is {number} prompts" in found["compare/model-a--model-b.html"]


def test_who_is_first_alone_is_in_no_group_of_ties(pages: Pages) -> None:
    found = pages(
        MadeUpRun(outcomes=passes(FIRST)),
        MadeUpRun(model="close", outcomes=passes(THIRD)),
        MadeUpRun(model="behind", outcomes=passes(SECOND)),
    )
    tied = "; one of 2 at the top of which none is shown to be worse than the first."
    assert tied in found["models/close.html"]
    assert tied in found["models/model-a.html"]
    assert "worse than the first" not in found["models/behind.html"]


def test_a_run_that_is_not_ranked_keeps_no_other_from_being_the_best(pages: Pages) -> None:
    part: list[Outcome] = ["pass"] * 3
    part += ["skipped"] * 64
    page = pages(
        MadeUpRun(outcomes=passes(FIRST)),
        MadeUpRun(model="behind", outcomes=passes(SECOND), seconds=lambda i: 9.0 + i / 100),
        MadeUpRun(model="part", outcomes=part, seconds=lambda i: 0.5),
    )["compare.html"]
    assert page.count("Best of the 2 ranked") == 2, "of prices and of evals"
    evals = page[page.rindex("Best of the 2 ranked") :]
    assert "model-a Avg Response Time" in evals, "the winner of the overall score, which stands last in its line"
    assert "unknown" not in evals


def test_whose_times_are_not_compared_is_said(pages: Pages) -> None:
    page = pages(
        MadeUpRun(outcomes=passes(FIRST)),
        MadeUpRun(model="model-b", outcomes=passes(SECOND)),
        MadeUpRun(model="untimed", outcomes=passes(SECOND), seconds=lambda i: None),
    )["compare.html"]
    assert "Times of untimed are not compared with those of model-a: no prompt was timed with both." in page


def test_more_answers_than_prompts_are_explained_by_the_epochs(pages: Pages) -> None:
    thrice = MadeUpRun(prompts=prompts({"Counting": 9}), epochs=3, outcomes=["pass"] * 27)
    assert "27/27 3 epochs" in pages(thrice)["index.html"]


def test_a_model_alone_has_no_rank_and_a_card_lists_what_is_known(pages: Pages) -> None:
    card = ModelCard(name="model-a", provider="replay", organisation="Org A")
    page = pages(MadeUpRun(card=card, prices=()))["models/model-a.html"]
    assert "Rank 1 of 1" not in page
    assert "Card Organisation Org A Not known: Category, Modality, Released, Context window" in page


def test_what_was_not_asked_is_said_in_one_word(pages: Pages) -> None:
    outcomes: list[Outcome] = ["pass"] * 8
    page = pages(MadeUpRun(prompts=prompts({"Counting": 9}), outcomes=[*outcomes, "skipped"]))[
        "prompts/counting-09.html"
    ]
    assert "skipped Not asked: the run is not complete." in page
    assert "Extracted" not in page


def test_a_batch_without_a_price_is_not_said_to_be_at_its_price(pages: Pages) -> None:
    batched = Condition("model-a", settings=Settings(service_tier="batch"))
    unpriced = MadeUpRun(condition=batched, prices=(), seconds=lambda i: None)
    page = pages(unpriced)["index.html"]
    assert "asked by the batch API: without times" in page
    assert "at its price" not in page


ENDS: list[Outcome] = ["pass", "fail", "refused", "truncated", "invalid", "ungraded", "error", "skipped", "pass"]


def test_failures_have_no_time_and_are_no_answers(tmp_path: Path, pages: Pages) -> None:
    run = MadeUpRun(prompts=prompts({"Counting": 9}), outcomes=ENDS)
    text = pages(run)["runs/20261121t040000z-0001.html"]
    assert "counting-07: error, no reply (timeout)" in text
    assert "7 answers and 1 failure; what has no time is on the lowest line" in text
    texts = make_report(read_groups(tmp_path / "results"), tmp_path / "report").texts
    marks = re.findall(
        r'<path class="moment (\w+)" transform="translate\([\d.]+ ([\d.]+)\)" d="([^"]+)"',
        texts["runs/20261121t040000z-0001.html"],
    )
    assert [outcome for outcome, _, _ in marks] == [end for end in ENDS if end != "skipped"]
    assert len({shape for _, _, shape in marks}) == 7, "a shape an outcome"
    heights = {outcome: float(height) for outcome, height, _ in marks}
    assert heights["error"] > max(height for outcome, height in heights.items() if outcome != "error")


def test_what_has_no_verdict_is_listed_with_its_epoch(pages: Pages) -> None:
    first: list[Outcome] = ["pass"] * 9
    run = MadeUpRun(prompts=prompts({"Counting": 9}), epochs=2, outcomes=first + ENDS)
    text = pages(run)["runs/20261121t040000z-0001.html"]
    listed = text[text.index("Without a verdict") : text.index("Timeline")]
    for number, outcome in ((6, "ungraded"), (7, "error"), (8, "skipped")):
        assert f"counting-0{number} epoch 2 {outcome}" in listed


def test_pass_at_k_is_left_out_where_verdicts_are_missing(pages: Pages) -> None:
    ends: list[Outcome] = ["error"]
    ends += ["pass"] * 133
    assert "2 epochs: at least one" not in pages(MadeUpRun(epochs=2, outcomes=ends))["models/model-a.html"]
    whole = MadeUpRun(model="model-b", epochs=2, outcomes=["pass"] * 134)
    assert "2 epochs: at least one" in pages(whole)["models/model-b.html"]


def test_a_run_s_page_has_the_options_that_can_change_a_reply(pages: Pages) -> None:
    card = ModelCard(
        name="local", provider="transformers", options={"quantization": "4bit", "device": "cuda:1", "dtype": ""}
    )
    text = pages(local(card=card))["runs/20261121t040000z-0001.html"]
    conditions = text[text.index("Conditions") : text.index("Provenance")]
    assert "Quantization 4bit" in conditions
    assert "cuda:1" not in conditions

"""A nightly run is held against its baseline: chance is not a failure, a real fall is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.builders import a_prompt, a_record, a_run
from tests.conftest import CommandLine
from tests.made_up import PRICE, MadeUpRun, mixed, prompts
from visioneval.check import Check, Margins, check_run, no_baseline
from visioneval.compare import GradedRun
from visioneval.regrading import grade_stored
from visioneval.report.check_text import to_markdown
from visioneval.store import StoredRun, find_runs
from visioneval.types import ModelCard, PriceRow, Record, Reply, Run, Timing, Usage

PROMPTS = tuple(a_prompt(f"P{number:02}") for number in range(40))
MARGINS = Margins()


def graded(
    passes: int,
    *,
    answered: int = 40,
    seconds: float = 1.0,
    tokens: int = 1000,
    loaded: Mapping[str, str] | None = None,
    planned: int = 40,
) -> GradedRun:
    """Return a run that passes its first `passes` prompts."""
    from datetime import date

    price = PriceRow("scripted", date(2025, 1, 1), Decimal(1), Decimal(1))
    run = msgspec.structs.replace(
        a_run(PROMPTS[:planned]), prices=(price,), loaded=dict(loaded or {}), suite_size=40
    )
    records = tuple(_record(number, passes, seconds, tokens) for number in range(min(answered, planned)))
    return _graded(run, records)


def _record(number: int, passes: int, seconds: float, tokens: int) -> Record:
    record = a_record(f"P{number:02}", "9" if number < passes else "8")
    jitter = 1 + (number % 5) / 100
    reply = Reply(
        record.reply.text if record.reply else "",
        usage=Usage(input_tokens=tokens, output_tokens=0),
        timing=Timing(service_s=seconds * jitter),
    )
    return msgspec.structs.replace(record, reply=reply)


def _graded(run: Run, records: tuple[Record, ...]) -> GradedRun:
    prompts = tuple(prompt for prompt in PROMPTS if prompt.id in run.prompt_ids)
    stored = StoredRun(Path(), run, prompts, records, {})
    stored = msgspec.structs.replace(stored, verdicts=grade_stored(stored))
    return GradedRun.of(run, stored.graded())


def statuses(check: Check) -> dict[str, str]:
    return {finding.what: finding.status for finding in check.findings}


def test_the_same_run_is_no_worse_than_itself() -> None:
    check = check_run(graded(30), graded(30), MARGINS)
    assert statuses(check) == {"score": "ok", "coverage": "ok", "latency": "ok", "cost / task": "ok"}
    assert not check.failed


def test_a_fall_that_may_be_chance_is_no_failure_and_a_real_one_is() -> None:
    assert not check_run(graded(26), graded(30), MARGINS).failed  # 4 lost: mid-p .0625
    check = check_run(graded(24), graded(30), MARGINS)  # 6 lost: mid-p .0156
    assert statuses(check)["score"] == "worse"
    assert check.newly_failed == ("P24", "P25", "P26", "P27", "P28", "P29")
    assert "−15.0 points on 40 prompts with a verdict in both, McNemar mid-p: p = 0.016" in to_markdown([check])


def made_up(passes: int, prompts_: int, **more: Any) -> GradedRun:
    """Return a run of one category of which the first pass and the rest fail."""
    outcomes = mixed((passes, "pass"), (prompts_ - passes, "fail"))
    run = MadeUpRun(**{"prompts": prompts({"All": prompts_}), "outcomes": outcomes, **more})
    return GradedRun.of(run.run, run.graded())


def test_a_suite_of_a_few_prompts_is_judged_by_the_test_alone() -> None:
    check = check_run(made_up(0, 8), made_up(8, 8), MARGINS)
    assert check.failed
    assert (check.findings[0].status, check.findings[0].why) == (
        "worse",
        "8 prompts with a verdict in both, McNemar mid-p: p = 0.004",
    )
    latency = next(finding for finding in check.findings if finding.what == "latency")
    assert (latency.status, latency.why) == ("not compared", "fewer than nine prompts were timed with both")


@pytest.mark.parametrize(
    ("before", "n", "status"), [(4, 4, "too few passes"), (4, 40, "too few passes"), (5, 40, "ok")]
)
def test_nothing_is_called_ok_where_even_a_total_loss_could_not_be_shown(before: int, n: int, status: str) -> None:
    same = check_run(made_up(before, n), made_up(before, n), MARGINS)
    assert statuses(same)["score"] == status
    assert not same.failed
    lost = check_run(made_up(0, n), made_up(before, n), MARGINS)
    assert statuses(lost)["score"] == (status if status != "ok" else "worse")
    assert ("too few passes to show a loss" in to_markdown([same])) == (status != "ok")


def test_a_loss_that_is_not_shown_is_not_called_no_loss() -> None:
    text = to_markdown([check_run(graded(26), graded(30), MARGINS)])
    assert text.startswith("# No significant loss shown\n")
    assert "## scripted: no significant loss\n" in text
    assert "−10.0 points on 40 prompts with a verdict in both, McNemar mid-p: p = 0.062" in text
    assert "Passed more often before: P26, P27, P28, P29." in text


def test_passes_that_became_errors_are_named() -> None:
    outcomes = mixed((6, "error"), (44, "pass"), (17, "fail"))
    check = check_run(made_up(50, 67, outcomes=outcomes), made_up(50, 67), MARGINS)
    assert check.without_verdict == tuple(f"all-{number:02}" for number in range(1, 7))
    assert "Passed before, without a verdict now: all-01, all-02" in to_markdown([check])


def test_coverage_counts_prompts_whatever_the_epochs() -> None:
    thrice = made_up(0, 20, epochs=3, outcomes=["pass"] * 60)
    assert statuses(check_run(made_up(20, 20), thrice, MARGINS))["coverage"] == "ok"
    fewer = check_run(made_up(19, 19), thrice, MARGINS)
    coverage = next(finding for finding in fewer.findings if finding.what == "coverage")
    assert (coverage.status, coverage.why) == ("worse", "1 prompt of the baseline not asked: all-20")


def test_categories_say_for_how_many_their_test_is_corrected() -> None:
    suite = prompts({"One": 20, "Two": 20})
    outcomes = mixed((8, "fail"), (32, "pass"))
    check = check_run(made_up(0, 40, prompts=suite, outcomes=outcomes), made_up(40, 40, prompts=suite), MARGINS)
    one = next(finding for finding in check.findings if finding.what == "score: One")
    assert one.why.endswith("McNemar mid-p: p = 0.008 after Holm for 2 categories")


def test_a_cost_from_times_on_a_cpu_is_compared_no_more_than_the_times() -> None:
    card = ModelCard("local", "transformers", gpu_usd_per_hour=Decimal("2.5"))
    cpu = {"device": "cpu", "device_name": "C"}
    slow, fast = (made_up(20, 20, card=card, loaded=cpu, seconds=lambda i, s=s: s) for s in (1.3, 1.0))
    check = check_run(slow, fast, MARGINS)
    assert statuses(check)["latency"] == statuses(check)["cost / task"] == "not compared"
    assert not check.failed


def test_another_price_of_the_same_model_is_no_regression() -> None:
    dearer = made_up(20, 20, prices=(msgspec.structs.replace(PRICE, output=Decimal(60)),))
    check = check_run(dearer, made_up(20, 20), MARGINS)
    cost = next(finding for finding in check.findings if finding.what == "cost / task")
    assert (cost.status, cost.why) == ("not compared", "one model at two prices; reprice one of the runs")


def test_a_rise_is_no_failure() -> None:
    assert not check_run(graded(36), graded(20), MARGINS).failed


@pytest.mark.parametrize(("seconds", "status"), [(1.2, "ok"), (1.3, "worse"), (0.5, "ok")])
def test_latency_may_rise_by_its_margin(seconds: float, status: str) -> None:
    assert statuses(check_run(graded(30, seconds=seconds), graded(30), MARGINS))["latency"] == status


def test_times_of_two_machines_or_of_a_cpu_are_not_compared() -> None:
    a, b = ({"device": "cuda:0", "device_name": name} for name in ("A", "B"))
    slow = graded(30, seconds=9.0, loaded=b)
    assert statuses(check_run(slow, graded(30, loaded=a), MARGINS))["latency"] == "not compared"
    assert statuses(check_run(slow, graded(30, loaded=b), MARGINS))["latency"] == "worse"
    cpu = {"device": "cpu", "device_name": "C"}
    pair = graded(30, seconds=9.0, loaded=cpu), graded(30, loaded=cpu)
    assert statuses(check_run(*pair, MARGINS))["latency"] == "not compared"


@pytest.mark.parametrize(("tokens", "status"), [(1100, "ok"), (1101, "worse")])
def test_cost_may_rise_by_its_margin(tokens: int, status: str) -> None:
    check = check_run(graded(30, tokens=tokens), graded(30), MARGINS)
    assert statuses(check)["cost / task"] == status


def test_the_id_of_a_run_from_elsewhere_is_no_markup() -> None:
    check = msgspec.structs.replace(no_baseline(graded(30)), run="<b>1|2\r# 3")
    assert r"Run \<b\>1\|2 # 3, no baseline yet." in to_markdown([check])


def test_broken_coverage_fails() -> None:
    assert statuses(check_run(graded(30, answered=35), graded(30), MARGINS))["coverage"] == "worse"
    assert statuses(check_run(graded(30, answered=36), graded(30), MARGINS))["coverage"] == "ok"
    assert statuses(check_run(graded(30, planned=39), graded(30), MARGINS))["coverage"] == "worse"
    assert no_baseline(graded(30, answered=30)).failed
    assert not no_baseline(graded(30)).failed


def test_the_command_says_it_with_its_exit_code_and_a_job_summary(
    visioneval: CommandLine, counting_suite: Path, tmp_path: Path
) -> None:
    def run(results: str, texts: dict[str, str]) -> None:
        file = tmp_path / "r.jsonl"
        file.write_text("".join(json.dumps({"id": id_, "reply": text}) + "\n" for id_, text in texts.items()))
        visioneval("run", "--suite", counting_suite, "--model", f"replay:{file}", "--results", results)

    right = {"OC01": "9", "OC02": "13", "OC03": "9", "DD01": "Yes", "DD02": "0101"}
    run("baseline", right)
    run("results", right)
    fine = visioneval("check", "--against", "baseline", "--summary", "night.md")
    assert fine.returncode == 0, fine.stderr
    assert fine.stdout.strip() == (tmp_path / "night.md").read_text().strip()
    assert "# No significant loss shown" in fine.stdout
    unwritten = visioneval("check", "--against", "baseline", "--summary", "gone/night.md")
    assert unwritten.returncode == 5
    assert "gone/night.md cannot be written (No such file or directory)" in unwritten.stderr
    run("broken", {"OC01": "9"})
    (broken,) = find_runs(tmp_path / "broken")
    (good,) = find_runs(tmp_path / "results")
    by_id = visioneval("check", good, "--against", good.name)
    assert by_id.returncode == 0, by_id.stderr
    nowhere = visioneval("check", broken, "--against", "gpt-5.5", "--results", "nowhere")
    assert (nowhere.returncode, nowhere.stderr.count("\n")) == (2, 1)
    unknown = visioneval("check", broken, "--against", "gpt-5.5")
    assert (unknown.returncode, unknown.stderr.count("\n")) == (2, 1)
    assert "no baseline 'gpt-5.5': it is no folder, and no id of a run below results" in unknown.stderr
    failed = visioneval("check", broken, "--against", "baseline", "--json")
    assert failed.returncode == 1
    (check,) = json.loads(failed.stdout)
    assert {finding["what"]: finding["status"] for finding in check["findings"]}["coverage"] == "worse"


def test_another_precision_has_another_baseline(visioneval: CommandLine, tmp_path: Path) -> None:
    def write(folder: str, number: int, quantization: str) -> None:
        card = ModelCard("local", "transformers", options={"quantization": quantization, "device": folder})
        run = MadeUpRun(model="local", card=card, id=f"20261121T04000{number}Z-0001")
        run.write(tmp_path / folder)

    for number, quantization in enumerate(("", "4bit")):
        write("results", number, quantization)
    write("baseline", 2, "4bit")
    write("baseline", 3, "8bit")
    checks = json.loads(visioneval("check", "--against", "baseline", "--json").stdout)
    assert [(check["run"][14], check["against"][14:15]) for check in checks] == [("0", ""), ("1", "2")]


def test_a_model_without_a_baseline_is_named_and_does_not_fail(
    visioneval: CommandLine, counting_suite: Path, tmp_path: Path
) -> None:
    visioneval("run", "--suite", counting_suite, "--model", "baseline-blind")
    (tmp_path / "baseline").mkdir()
    nothing = visioneval("check", "--against", "baseline")
    assert nothing.returncode == 5
    assert "there is no run below baseline to check against" in nothing.stderr
    MadeUpRun(model="another").write(tmp_path / "baseline")
    ended = visioneval("check", "--against", "baseline")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("# Nothing compared")
    assert "no baseline yet" in ended.stdout

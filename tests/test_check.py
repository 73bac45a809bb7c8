"""A nightly run is held against its baseline: chance is not a failure, a real fall is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest

from tests.builders import a_prompt, a_record, a_run
from tests.conftest import CommandLine
from visioneval.check import Check, Margins, check_run, no_baseline, to_markdown
from visioneval.compare import GradedRun
from visioneval.regrading import grade_stored
from visioneval.store import StoredRun, find_runs
from visioneval.types import PriceRow, Record, Reply, Run, Timing, Usage

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
    from decimal import Decimal

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
    assert "McNemar mid-p = 0.0156" in to_markdown([check])


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
    assert "# No worse than the baseline" in fine.stdout
    run("broken", {"OC01": "9"})
    (broken,) = find_runs(tmp_path / "broken")
    failed = visioneval("check", broken, "--against", "baseline", "--json")
    assert failed.returncode == 1
    (check,) = json.loads(failed.stdout)
    assert {finding["what"]: finding["status"] for finding in check["findings"]}["coverage"] == "worse"


def test_a_model_without_a_baseline_is_named_and_does_not_fail(
    visioneval: CommandLine, counting_suite: Path, tmp_path: Path
) -> None:
    visioneval("run", "--suite", counting_suite, "--model", "baseline-blind")
    (tmp_path / "baseline").mkdir()
    ended = visioneval("check", "--against", "baseline")
    assert ended.returncode == 0, ended.stderr
    assert "no baseline yet" in ended.stdout

"""`visioneval export`: the runs in the formats of other tools, with every number and nothing made up."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.conftest import CommandLine
from tests.made_up import MadeUpRun, prompts
from visioneval.types import Outcome, Usage

ENDS: list[Outcome] = [
    "pass",
    "fail",
    "refused",
    "error",
    "skipped",
    "ungraded",
    "pass",
    "pass",
    "truncated",
    "pass",
]


@pytest.fixture
def results(tmp_path: Path) -> Path:
    folder = tmp_path / "results"
    suite = prompts({"Counting": 10})
    tokens = Usage(input_tokens=1400, cached_input_tokens=400, output_tokens=138)
    text = '=1+1 <b>\x00\ufffe</b>, "quoted"\n'
    MadeUpRun(prompts=suite, outcomes=ENDS, usage=lambda _: tokens, text=lambda _: text).write(folder)
    return folder


def export(visioneval: CommandLine, results: Path, format_: str) -> str:
    done = visioneval("export", "model-a", "--format", format_, "--results", results)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_csv_has_one_row_a_prompt_and_leaves_the_unknown_empty(visioneval: CommandLine, results: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(export(visioneval, results, "csv"))))
    assert [row["outcome"] for row in rows] == ENDS
    assert (rows[0]["usd"], rows[0]["blind"]) == ("0.01114", "false")
    assert (rows[3]["reply"], rows[3]["usd"], rows[3]["failure"]) == ("", "", "no answer within 60 s")


def test_no_csv_holds_a_formula_and_numbers_stay_numbers(visioneval: CommandLine, tmp_path: Path) -> None:
    texts = ("=cmd|' /C calc'!A0", "@SUM(A1)", "+1 of them", "-3.5", "9")
    suite = prompts({"=Counting": 5})
    run = MadeUpRun(
        model="=HYPERLINK(1)", prompts=suite, outcomes=["pass"] * 5, text=lambda index: texts[index % 5]
    )
    run.write(tmp_path / "results")
    assert visioneval("report").returncode == 0
    assert visioneval("export", "--format", "csv", "--out", "rows.csv").returncode == 0
    read = [
        cell
        for file in ("rows.csv", "results/report/scores.csv", "results/report/leaderboard.csv")
        for row in csv.reader(io.StringIO((tmp_path / file).read_text()))
        for cell in row
    ]
    assert [cell for cell in read if cell.startswith(("=", "+", "-", "@"))] == ["-3.5"]
    defused = {
        "'=cmd|' /C calc'!A0",
        "'@SUM(A1)",
        "'+1 of them",
        "'=HYPERLINK(1)",
        "'=Counting",
        "'=Counting passes",
    }
    assert defused <= set(read)


def test_parquet_has_the_same_rows(visioneval: CommandLine, results: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed (the parquet extra)")
    out = results / "rows.parquet"
    assert visioneval("export", "--format", "parquet", "--out", out, "--results", results).returncode == 0
    assert parquet.read_table(out).column("outcome").to_pylist() == ENDS


def test_junit_counts_failures_errors_and_skipped_apart(visioneval: CommandLine, results: Path) -> None:
    suite = ElementTree.fromstring(export(visioneval, results, "junit"))[0]
    counts = {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "10", "failures": "3", "errors": "2", "skipped": "1"}
    assert len(suite.findall("testcase/failure")) == 3
    assert all("(expected " in str(failure.get("message")) for failure in suite.findall("testcase/failure"))
    assert "<b>" in (suite.findtext("testcase/system-out") or "")


def test_junit_has_no_time_where_none_was_measured(visioneval: CommandLine, tmp_path: Path) -> None:
    MadeUpRun(prompts=prompts({"Counting": 10}), outcomes=ENDS, seconds=lambda _: None).write(tmp_path / "results")
    suite = ElementTree.fromstring(export(visioneval, tmp_path / "results", "junit"))[0]
    assert {case.get("time") for case in [suite, *suite.findall("testcase")]} == {None}


def test_junit_has_no_time_for_what_has_no_reply(visioneval: CommandLine, results: Path) -> None:
    suite = ElementTree.fromstring(export(visioneval, results, "junit"))[0]
    timed = [case.get("time") for case in suite.findall("testcase")]
    assert timed == [None if end in ("error", "skipped") else "7.870" for end in ENDS]
    assert suite.get("time") == f"{8 * 7.87:.3f}"


def test_every_eval_ever_has_scores_with_intervals(visioneval: CommandLine, results: Path) -> None:
    document = json.loads(export(visioneval, results, "every-eval-ever"))
    overall = document["evaluation_results"][0]
    assert overall["score_details"]["score"] == 0.4
    assert overall["score_details"]["uncertainty"]["confidence_interval"]["method"] == "wilson"
    required = "schema_version evaluation_id retrieved_timestamp source_metadata model_info eval_library"
    assert set(required.split()) <= document.keys()


def test_an_inspect_log_can_be_taken_back(visioneval: CommandLine, results: Path, tmp_path: Path) -> None:
    log = tmp_path / "log.json"
    log.write_text(export(visioneval, results, "inspect"))
    document = json.loads(log.read_text())
    assert document["results"]["scores"][0]["metrics"]["accuracy"]["value"] == 0.4
    assert document["samples"][0]["output"]["usage"]["input_tokens"] == 1000
    back = visioneval("import", log, "--results", tmp_path / "back")
    assert "8 replies of 1 model taken over, 2 left out" in back.stderr


@pytest.mark.parametrize("format_", ["every-eval-ever", "inspect"])
def test_one_run_formats_refuse_two_runs(visioneval: CommandLine, results: Path, format_: str) -> None:
    done = visioneval("export", "model-a", "model-a", "--format", format_, "--results", results)
    assert done.returncode == 2
    assert "holds one run" in done.stderr


def test_no_run_is_one_clear_line(visioneval: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "results").mkdir()
    done = visioneval("export", "--format", "csv")
    assert done.returncode == 5
    assert "visioneval run" in done.stderr

"""`--judge` decides what the rules leave open, once, apart from the run, and never in silence."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.cli.test_run import outcomes, replies, the_run
from tests.conftest import CommandLine, entry, write_folder
from tests.responses_host import ResponsesHost
from visioneval.errors import ModelError
from visioneval.judging import check_judge
from visioneval.store import read_run
from visioneval.types import ModelCard

DOING = {"type": "text", "value": "changing a light bulb", "judge": True}


@pytest.fixture
def host() -> Iterator[ResponsesHost]:
    with ResponsesHost() as serving:
        yield serving


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    return write_folder(
        tmp_path / "suite",
        {
            "Scenes": [
                entry("SC01", "What is the man on the ladder doing?", DOING),
                entry("SC02", "How many nuts are there?", {"type": "integer", "value": 9}),
            ]
        },
    )


def a_run(visioneval: CommandLine, suite: Path, folder: Path, reply: str) -> Path:
    file = replies(folder / "r.jsonl", {"SC01": reply, "SC02": "9"})
    visioneval("run", "--suite", suite, "--model", f"replay:{file}")
    return the_run(folder)


def test_without_a_judge_what_rules_cannot_decide_is_ungraded_and_lowers_the_coverage(
    visioneval: CommandLine, suite: Path, tmp_path: Path
) -> None:
    run = a_run(visioneval, suite, tmp_path, "He is replacing the bulb of the lamp.")
    assert outcomes(run) == {"SC01": "ungraded", "SC02": "pass"}


def test_the_judge_decides_it_is_named_in_the_verdict_and_is_asked_once(
    visioneval: CommandLine, suite: Path, tmp_path: Path, host: ResponsesHost
) -> None:
    run = a_run(visioneval, suite, tmp_path, "He is replacing the bulb of the lamp.")
    host.answer = '{"verdict": "correct"}'
    judged = visioneval("regrade", run, "--judge", "openai:judge-1", env=host.environment)
    assert judged.returncode == 0, judged.stderr
    assert "1 decided, 0 left open, 1 call for an unknown amount" in judged.stderr
    verdict = read_run(run).verdicts[("SC01", 0)]
    assert (verdict.outcome, verdict.rule) == ("pass", "judge")
    assert verdict.note.startswith(f"judge judge-1 at {host.environment['OPENAI_BASE_URL']}, prompt ")
    assert verdict.note.endswith(": correct")
    (asked,) = host.asked
    assert asked["temperature"] == 0
    assert asked["text"]["format"]["schema"]["properties"]["verdict"]["enum"][0] == "correct"
    assert "never an instruction" in asked["instructions"]
    visioneval("regrade", run, "--judge", "openai:judge-1", env=host.environment)
    visioneval("regrade", run)
    assert len(host.asked) == 1
    assert outcomes(run)["SC01"] == "pass"
    (run / "verdicts.jsonl").unlink()
    visioneval("regrade", run, "--judge", "openai:judge-1", env=host.environment)
    assert len(host.asked) == 1  # judgements.jsonl remembers
    assert outcomes(run)["SC01"] == "pass"
    (run / "verdicts.jsonl").unlink()
    with ResponsesHost() as elsewhere:
        elsewhere.answer = '{"verdict": "incorrect"}'
        visioneval("regrade", run, "--judge", "openai:judge-1", env=elsewhere.environment)
    assert outcomes(run)["SC01"] == "fail"  # a model of the same name at another host is another judge


@pytest.mark.parametrize("answer", ["correct", '{"verdict": "maybe"}', 'Sure! {"verdict": "correct"}', ""])
def test_a_malformed_judgement_is_ungraded_and_never_a_fail(
    visioneval: CommandLine, suite: Path, tmp_path: Path, host: ResponsesHost, answer: str
) -> None:
    run = a_run(visioneval, suite, tmp_path, "He is replacing the bulb of the lamp.")
    host.answer = answer
    judged = visioneval("regrade", run, "--judge", "openai:judge-1", env=host.environment)
    assert "0 decided, 1 left open" in judged.stderr
    assert outcomes(run)["SC01"] == "ungraded"
    assert "malformed answer" in read_run(run).verdicts[("SC01", 0)].note


def test_a_judge_that_cannot_be_reached_is_ungraded_with_its_reason(
    visioneval: CommandLine, suite: Path, tmp_path: Path, host: ResponsesHost
) -> None:
    run = a_run(visioneval, suite, tmp_path, "He is replacing the bulb of the lamp.")
    host.status = 401
    visioneval("regrade", run, "--judge", "openai:judge-1", env=host.environment)
    assert outcomes(run)["SC01"] == "ungraded"
    assert "401" in read_run(run).verdicts[("SC01", 0)].note


def test_a_model_does_not_judge_itself_unless_told_to(
    visioneval: CommandLine, suite: Path, host: ResponsesHost
) -> None:
    host.answer = '{"verdict": "correct"}'
    arguments = ("run", "--suite", suite, "--model", "openai:one", "--judge", "openai:one")
    refused = visioneval(*arguments, env=host.environment)
    assert refused.returncode == 4
    assert "would judge its own replies" in refused.stderr
    assert host.asked == []
    assert visioneval(*arguments, "--self-judging", env=host.environment).returncode in (0, 1)


def test_run_with_a_judge_counts_its_cost_apart(
    visioneval: CommandLine, suite: Path, tmp_path: Path, host: ResponsesHost
) -> None:
    file = replies(tmp_path / "r.jsonl", {"SC01": "He swaps the bulb.", "SC02": "9"})
    host.answer = '{"verdict": "incorrect"}'
    ended = visioneval(
        "run", "--suite", suite, "--model", f"replay:{file}", "--judge", "gpt-5.4-mini", env=host.environment
    )
    assert ended.returncode == 0, ended.stderr
    assert "1 call for $0.0000 (apart from the cost of the run)" in ended.stderr
    assert outcomes(the_run(tmp_path)) == {"SC01": "fail", "SC02": "pass"}
    (line,) = (the_run(tmp_path) / "judgements.jsonl").read_text().splitlines()
    assert json.loads(line)["usage"] == {"input_tokens": 9, "output_tokens": 1}


def test_equal_replies_are_judged_by_one_call(
    visioneval: CommandLine, suite: Path, tmp_path: Path, host: ResponsesHost
) -> None:
    rows = [{"id": "SC01", "reply": "He swaps the bulb.", "epoch": epoch} for epoch in range(3)]
    (tmp_path / "r.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    visioneval("run", "--suite", suite, "--model", "replay:r.jsonl", "--epochs", "3", "--only", "SC01")
    host.answer, host.answer_s = "malformed", 0.2
    run = the_run(tmp_path)
    visioneval("regrade", run, "--judge", "openai:judge-1", env=host.environment)
    assert len(host.asked) == 1
    host.answer = '{"verdict": "correct"}'
    judged = visioneval("regrade", run, "--judge", "openai:judge-1", env=host.environment)
    assert "3 decided, 0 left open, 1 call " in judged.stderr
    assert len(host.asked) == 2
    assert len((run / "judgements.jsonl").read_text().splitlines()) == 1


@pytest.mark.parametrize("judge", ["openai:judge-1", "micro-paligemma"])
def test_a_judge_that_cannot_be_asked_is_noticed_before_the_run_is_paid_for(
    visioneval: CommandLine, suite: Path, tmp_path: Path, host: ResponsesHost, judge: str
) -> None:
    address = host.environment["OPENAI_BASE_URL"]
    model = ("--model", "openai:m", "--base-url", address)
    ended = visioneval("run", "--suite", suite, *model, "--judge", judge)
    assert ended.returncode == 4
    assert ("OPENAI_API_KEY is not set" if ":" in judge else "only a hosted model can") in ended.stderr
    assert ended.stderr.count("\n") == 1
    assert host.asked == []
    assert not (tmp_path / "results").exists()


def test_a_model_does_not_judge_the_run_that_it_made_at_the_same_host(
    visioneval: CommandLine, suite: Path, tmp_path: Path, host: ResponsesHost
) -> None:
    visioneval("run", "--suite", suite, "--model", "openai:one", env=host.environment)
    refused = visioneval("regrade", the_run(tmp_path), "--judge", "openai:one", env=host.environment)
    assert refused.returncode == 4
    assert "would judge its own replies" in refused.stderr


def test_a_judgement_that_was_torn_by_a_full_disk_spoils_no_later_one(
    visioneval: CommandLine, suite: Path, tmp_path: Path, host: ResponsesHost
) -> None:
    run = a_run(visioneval, suite, tmp_path, "He is replacing the bulb of the lamp.")
    host.answer = '{"verdict": "correct"}'
    judge = ("regrade", run, "--judge", "openai:judge-1")
    visioneval(*judge, env=host.environment)
    file = run / "judgements.jsonl"
    whole = file.read_bytes()
    file.write_bytes(whole[:30])
    for _ in range(2):
        (run / "verdicts.jsonl").unlink()
        judged = visioneval(*judge, env=host.environment)
        assert judged.returncode == 0, judged.stderr
    assert len(host.asked) == 2  # the torn one alone was paid for again
    assert len(file.read_bytes().splitlines()) == 1


def test_a_model_is_itself_however_its_hosts_address_is_written() -> None:
    judged = ModelCard("a", "openai", model_id="m", api_key_env="KEY", key_optional=True)
    judge = replace(judged, name="b", base_url="https://api.openai.com/v1/")
    with pytest.raises(ModelError, match="would judge its own replies"):
        check_judge(judge, judged)

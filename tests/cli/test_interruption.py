"""A run that is stopped, politely or not, keeps every answer that came in, and goes on from there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.conftest import CommandLine, write_table
from tests.responses_host import ResponsesHost
from visioneval.store import find_runs, read_run
from visioneval.types import Usage

PROMPTS = 12
ANSWER_S = 0.15


@pytest.fixture
def host() -> Iterator[ResponsesHost]:
    with ResponsesHost(answer_s=ANSWER_S) as serving:
        yield serving


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    rows = [
        {"image": "a.png", "question": f"Which lot is {4100 + n}", "answer": str(4100 + n)} for n in range(PROMPTS)
    ]
    return write_table(tmp_path, rows)


def start(suite: Path, environment: Mapping[str, str]) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "visioneval", "run", "--suite", suite.name, "--model", "openai:slow"]
    return subprocess.Popen(
        [*command, "--concurrency", "2"],
        cwd=suite.parent,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for_records(suite: Path, count: int) -> Path:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for path in (suite.parent / "results").glob("*/*/records.jsonl"):
            if path.read_bytes().count(b"\n") >= count:
                return path
        time.sleep(0.005)
    raise AssertionError(f"no {count} records within a minute")


def read_until_it_waits(process: subprocess.Popen[str]) -> str:
    """Return what a process says until it says that it waits for the calls in flight."""
    assert process.stderr is not None
    said = ""
    while "waiting for the calls in flight" not in said:
        line = process.stderr.readline()
        assert line, f"it ended without a word of waiting: {said}"
        said += line
    return said


def test_ctrl_c_stops_cleanly_prints_the_scores_and_tells_how_to_go_on(
    visioneval: CommandLine, suite: Path, host: ResponsesHost
) -> None:
    host.answered_at_once = 2
    process = start(suite, host.environment)
    records = wait_for_records(suite, 2)
    while len(host.asked) < 4:
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    said = read_until_it_waits(process)
    host.go_on.set()
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in said + stderr
    assert "Overall Score" in stdout
    (run,) = find_runs(suite.parent / "results")
    assert f"visioneval resume {run.relative_to(suite.parent)}" in stderr
    answered = records.read_bytes()
    assert answered.count(b"\n") == len(host.asked) == 4  # what was in flight was waited for, and no more sent
    resumed = visioneval("resume", run, env=host.environment)
    assert resumed.returncode == 0, resumed.stderr
    assert records.read_bytes().startswith(answered)
    assert len(set(host.questions)) == len(host.questions)
    assert len(host.asked) == PROMPTS


def test_a_second_ctrl_c_drops_the_calls_in_flight_and_says_that_they_may_be_charged(
    suite: Path, host: ResponsesHost
) -> None:
    host.answered_at_once = 0
    process = start(suite, host.environment)
    while len(host.asked) < 2:
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    read_until_it_waits(process)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    (run,) = find_runs(suite.parent / "results")
    records = read_run(run).records
    assert len(records) == 2
    assert all(record.failure is not None and record.billed == (Usage(),) for record in records)


@pytest.mark.parametrize("count", [0, 1, 4, 7, 10])
def test_kill_9_costs_at_most_the_calls_in_flight(
    visioneval: CommandLine, suite: Path, host: ResponsesHost, count: int
) -> None:
    process = start(suite, host.environment)
    records = wait_for_records(suite, count)
    time.sleep(ANSWER_S * count / PROMPTS)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    survived = records.read_bytes()
    assert survived.count(b"\n") >= count
    whole = survived[: survived.rfind(b"\n") + 1]
    (run,) = find_runs(suite.parent / "results")
    resumed = visioneval("resume", run, env=host.environment)
    assert resumed.returncode == 0, resumed.stderr
    assert records.read_bytes().startswith(whole)
    assert len(read_run(run).records) == PROMPTS
    assert len(records.read_bytes().splitlines()) == PROMPTS
    assert len(host.asked) <= PROMPTS + 2  # no more was asked twice than was in flight

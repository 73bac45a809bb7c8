"""A run that is stopped, politely or not, keeps every answer that came in, and goes on from there."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.conftest import CommandLine, write_table
from visioneval.store import find_runs, read_run

PROMPTS = 12
ANSWER_S = 0.15


class SlowHost(BaseHTTPRequestHandler):
    """Answers the Responses API as a hosted model does, after a moment, and counts what it was asked."""

    protocol_version = "HTTP/1.1"
    asked: list[str]

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        question = request["input"][0]["content"][0]["text"]
        self.asked.append(question)
        time.sleep(ANSWER_S)
        text = {"type": "output_text", "text": question.split()[-1], "annotations": []}
        message = {"type": "message", "id": "m", "role": "assistant", "status": "completed", "content": [text]}
        body = json.dumps(
            {
                "id": "r",
                "object": "response",
                "created_at": 0,
                "model": request["model"],
                "status": "completed",
                "output": [message],
                "usage": {"input_tokens": 9, "output_tokens": 1, "total_tokens": 10},
            }
        ).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep the tests' output clean."""


@pytest.fixture
def host() -> Iterator[tuple[Mapping[str, str], list[str]]]:
    """Return what the environment must say to reach the slow host, and the list of what it was asked."""
    asked: list[str] = []
    handler = type("Handler", (SlowHost,), {"asked": asked})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield {"OPENAI_BASE_URL": f"http://127.0.0.1:{server.server_port}/v1", "OPENAI_API_KEY": "sk-test"}, asked
    server.shutdown()


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


def test_ctrl_c_stops_cleanly_prints_the_scores_and_tells_how_to_go_on(
    visioneval: CommandLine, suite: Path, host: tuple[Mapping[str, str], list[str]]
) -> None:
    environment, asked = host
    process = start(suite, environment)
    records = wait_for_records(suite, 2)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in stderr
    assert "Overall Score" in stdout
    (run,) = find_runs(suite.parent / "results")
    assert f"visioneval resume {run.relative_to(suite.parent)}" in stderr
    answered = records.read_bytes()
    assert answered.count(b"\n") == len(asked) < PROMPTS  # what was in flight was waited for
    resumed = visioneval("resume", run, env=environment)
    assert resumed.returncode == 0, resumed.stderr
    assert records.read_bytes().startswith(answered)
    assert sorted(asked) == sorted(set(asked))
    assert len(asked) == PROMPTS


@pytest.mark.parametrize("count", [0, 1, 4, 7, 10])
def test_kill_9_costs_at_most_the_calls_in_flight(
    visioneval: CommandLine, suite: Path, host: tuple[Mapping[str, str], list[str]], count: int
) -> None:
    environment, asked = host
    process = start(suite, environment)
    records = wait_for_records(suite, count)
    time.sleep(ANSWER_S * count / PROMPTS)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    survived = records.read_bytes()
    assert survived.count(b"\n") >= count
    whole = survived[: survived.rfind(b"\n") + 1]
    (run,) = find_runs(suite.parent / "results")
    resumed = visioneval("resume", run, env=environment)
    assert resumed.returncode == 0, resumed.stderr
    assert records.read_bytes().startswith(whole)
    assert len(read_run(run).records) == PROMPTS
    assert len(records.read_bytes().splitlines()) == PROMPTS
    assert len(asked) <= PROMPTS + 2  # no more was asked twice than was in flight

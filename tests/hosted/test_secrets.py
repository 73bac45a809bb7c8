"""A key is planted everywhere; it may be sent to its host and be nowhere else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.hosted.host import Act, Call, answer, error, events, hosting
from visioneval.redact import HIDDEN, redact

KEY = "planted-4f1d0c2b9a8e7d6c5b4a"


def cli(tmp_path: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_KEY")}
    return subprocess.run(
        [sys.executable, "-m", "visioneval", *arguments],
        cwd=tmp_path,
        env=environment | variables,
        capture_output=True,
        text=True,
        timeout=60,
    )


def everything(tmp_path: Path, ran: subprocess.CompletedProcess[str]) -> str:
    """Return all that a run printed and wrote."""
    files = (path.read_text("utf-8", "replace") for path in tmp_path.rglob("results/**/*") if path.is_file())
    return "\n".join((ran.stdout, ran.stderr, *files))


ECHO = f"you sent authorization: Bearer {KEY} and api-key={KEY}"
ACTS = {
    "an error body": error(400, message=ECHO),
    "a fatal error": error(401, message=ECHO),
    "a passing error": Act(500, ECHO.encode(), {"x-request-id": KEY}),
    "an html page": Act(200, f"<html>{ECHO}</html>".encode()),
    "a reply": answer(ECHO, model=KEY),
    "a header": Act(200, answer().body, {"x-request-id": f"req-{KEY}"}),
    "a failed response": answer(status="failed", error={"code": "weird", "message": ECHO}),
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS.keys())
def test_a_host_that_echoes_the_key(tmp_path: Path, small_suite: Path, act: Act) -> None:
    calls: list[Call] = []

    def script(call: Call) -> Act:
        calls.append(call)
        return act if len(calls) < 3 else answer()

    with hosting(script) as host:
        arguments = ["run", "--model", "openai:m", "--base-url", host.url, "--api-key-env", "HOST_KEY"]
        only = ["--suite", str(small_suite), "--only", "p0", "--concurrency", "1"]
        ran = cli(tmp_path, *arguments, *only, HOST_KEY=KEY, OPENAI_LOG="debug")
    assert calls, ran.stderr
    assert calls[0].headers["authorization"] == f"Bearer {KEY}"
    assert KEY not in everything(tmp_path, ran)


def test_a_stream_that_echoes_the_key(tmp_path: Path, small_suite: Path) -> None:
    done = {"type": "response.completed", "response": json.loads(answer(ECHO).body)}
    with hosting(lambda call: events({"type": "response.output_text.delta", "delta": ECHO}, done)) as host:
        arguments = ["run", "--model", "openai:m", "--base-url", host.url, "--api-key-env", "HOST_KEY", "--stream"]
        ran = cli(tmp_path, *arguments, "--suite", str(small_suite), "--only", "p0", HOST_KEY=KEY)
    assert HIDDEN in everything(tmp_path, ran)
    assert KEY not in everything(tmp_path, ran)


@pytest.mark.parametrize(
    "url",
    [
        f"http://user:{KEY}@127.0.0.1:9/v1",
        f"http://127.0.0.1:9/v1?key={KEY}",
        f"http://127.0.0.1:9/v1#key={KEY}",
        KEY,
    ],
)
@pytest.mark.parametrize("how", ["--base-url", "OPENAI_BASE_URL"])
def test_a_key_in_the_base_url(tmp_path: Path, small_suite: Path, url: str, how: str) -> None:
    arguments = ["run", "--model", "openai:m", "--suite", str(small_suite), "--only", "p0"]
    option, variables = (["--base-url", url], {}) if how == "--base-url" else ([], {how: url})
    ran = cli(tmp_path, *arguments, *option, OPENAI_API_KEY="another-key-123", **variables)
    assert ran.returncode in (1, 4, 6), ran.stderr
    assert KEY not in everything(tmp_path, ran)
    assert "Traceback" not in ran.stderr


def test_a_key_in_the_place_of_its_variable(tmp_path: Path, small_suite: Path) -> None:
    ran = cli(tmp_path, "run", "--model", "openai:m", "--suite", str(small_suite), "--api-key-env", KEY)
    assert ran.returncode == 4
    assert KEY not in ran.stderr


def test_a_key_that_no_header_can_carry(tmp_path: Path, small_suite: Path) -> None:
    with hosting(lambda call: answer()) as host:
        arguments = ["run", "--model", "openai:m", "--suite", str(small_suite), "--base-url", host.url]
        ran = cli(tmp_path, *arguments, "--api-key-env", "HOST_KEY", HOST_KEY=f"{KEY}\nnext: line")
    assert ran.returncode != 0
    assert KEY not in everything(tmp_path, ran)
    assert "Traceback" not in ran.stderr


def test_the_key_of_openai_goes_to_no_other_host(tmp_path: Path, small_suite: Path) -> None:
    with hosting(lambda call: answer()) as host:
        arguments = ["run", "--model", "openai:m", "--suite", str(small_suite), "--base-url", host.url]
        cli(tmp_path, *arguments, OPENAI_API_KEY=KEY)
    assert host.calls
    assert all(KEY not in str(call.headers) for call in host.calls)
    ran = cli(tmp_path, *arguments[:-1], "https://models.invalid/v1", OPENAI_API_KEY=KEY)
    assert ran.returncode == 4
    assert "--api-key-env" in ran.stderr


@pytest.mark.parametrize(
    "text",
    [
        f"x {KEY} y",
        "Authorization: Bearer abcdef123456",
        "see https://user:secret-pass@host/path",
        "GET /v1?api_key=abcdef123 HTTP",
        "my key is sk-proj-abcdefghijklmnop",
    ],
)
def test_redaction(text: str) -> None:
    hidden = redact(text, (KEY,))
    assert HIDDEN in hidden
    assert not any(secret in hidden for secret in (KEY, "abcdef123", "secret-pass", "sk-proj-abc"))

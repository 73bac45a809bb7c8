"""`transformers serve`: a real server that nobody here wrote, over both APIs, streamed and not."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hosted.conftest import Run

NEEDED = ("torch", "transformers", "fastapi", "uvicorn")
pytestmark = pytest.mark.skipif(
    any(importlib.util.find_spec(package) is None for package in NEEDED),
    reason="needs the extras `local` and `servers`",
)


MICRO = Path(__file__).parents[2] / "micro" / "checkpoint"
TEMPLATE = (
    "{% for message in messages %}{% for part in message['content'] %}{% if part['type'] == 'image' %}<image>"
    "{% elif part['type'] == 'text' %}{{ part['text'] }}{% endif %}{% endfor %}{% endfor %}"
)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkpoint") / "micro"
    shutil.copytree(MICRO, folder)
    (folder / "chat_template.jinja").write_text(TEMPLATE)
    return folder


@pytest.fixture(scope="module")
def server(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home = tmp_path_factory.mktemp("home")
    (home / "hub").mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = Path(sys.executable).with_name("transformers")
    process = subprocess.Popen(
        [program, "serve", str(checkpoint), "--device", "cpu", "--host", "127.0.0.1", "--port", str(port)],
        env={**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(home), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(f"http://127.0.0.1:{port}/health", process)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        process.wait(20)


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(240):
        assert process.poll() is None, "transformers serve ended"
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.5)
    raise AssertionError("transformers serve does not answer")


@pytest.mark.parametrize("api", ["responses", "chat"])
@pytest.mark.parametrize("stream", [False, True])
def test_a_real_server(run: Run, server: str, checkpoint: Path, api: str, stream: bool) -> None:
    ran = run(
        server,
        card={"model_id": str(checkpoint), "options": {"timeout_s": 60}},
        settings={"api": api, "stream": stream, "max_output_tokens": 16, "temperature": 0.0},
        limits={"concurrency": 2},
    )
    assert ran.ending.reason == "complete", ran.ending.message
    assert not ran.failures
    for record in ran.stored.records:
        assert record.reply is not None
        assert record.reply.text
        assert (record.reply.usage.input_tokens or 0) > 4
        assert 0 < (record.reply.usage.output_tokens or 0) <= 16
        assert (record.reply.timing.first_token_s is not None) is stream

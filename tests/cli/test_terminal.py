"""What reaches a terminal: foreign text can be read and cannot act; what it cannot show ends no command."""

from __future__ import annotations

import json
import os
import pty
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import CommandLine, write_table
from visioneval.cli.progress import RunProgress
from visioneval.printable import printable
from visioneval.types import Verdict

ACTS = "\x1b]0;PWNED\x07\x1b[2J\u202e\x9b31m"
"""Names the window, clears the screen, turns the writing round, colours what follows."""


def on_a_terminal(folder: Path, *arguments: object) -> bytes:
    """Run the command line on a pseudo-terminal and return all bytes that reach it."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        os.environ.update(TERM="xterm-256color", COLUMNS="200")
        os.execv(sys.executable, [sys.executable, "-m", "visioneval", *map(str, arguments)])
    shown = b""
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:  # the other side is closed
            break
        if not part:
            break
        shown += part
    os.waitpid(child, 0)
    os.close(terminal)
    return shown


def acts(shown: bytes) -> list[bytes]:
    return [bad for bad in (b"\x1b]0;", b"\x1b[2J", "\u202e".encode(), "\x9b".encode()) if bad in shown]


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A suite and a run whose every text tries to act on the terminal."""
    row = {
        "id": "A1",
        "image": "a.png",
        "question": f"How many{ACTS}? Only a number.",
        "answer": "3",
        "category": f"Counting{ACTS}",
        "title": f"Parts{ACTS}",
    }
    write_table(tmp_path, [row])
    reply = {"id": "A1", "reply": f"3{ACTS}", "model": f"m{ACTS}"}
    (tmp_path / "replies.jsonl").write_text(json.dumps(reply))
    return tmp_path


def test_texts_of_others_cannot_act_on_the_terminal(hostile: Path) -> None:
    for arguments in (
        ("prompts", "--suite", "suite.csv"),
        ("prompts", "show", "A1", "--suite", "suite.csv"),
        ("validate", "suite.csv"),
        ("import", "replies.jsonl", "--suite", "suite.csv"),
        ("report",),
        ("compare", f"m{ACTS}", f"m{ACTS}"),
        ("run", "--suite", "suite.csv", "--model", f"no-such-model{ACTS}"),
        ("run", "--suite", "suite.csv", "--model", "baseline-ocr", "--only", f"none{ACTS}"),
    ):
        shown = on_a_terminal(hostile, *arguments)
        assert not acts(shown), (arguments, shown)
        # What was written is still to be read; of the import's run only a folder's name is.
        assert (b"PWNED" if arguments[0] == "import" else rb"\x1b]0;PWNED\x07") in shown, arguments
    (run,) = (hostile / "results").glob("*/*/manifest.json")
    for command, *more in (
        ("regrade",),
        ("reprice",),
        ("check", "--against", "results"),
        ("compare", run.parent, "--markdown"),
    ):
        shown = on_a_terminal(hostile, command, run.parent, *more)
        assert not acts(shown), (command, shown)
        assert b"PWNED" in shown, (command, shown)


def test_a_log_is_told_now_and_then_how_far_a_run_is(capsys: pytest.CaptureFixture[str]) -> None:
    progress = RunProgress(logged_every_s=0.0)
    progress.start("gpt-5.4-mini", 1000, 120)
    progress.advance(Verdict("pass", "yes", "yes_no", "2"), Decimal("0.0125"))
    progress.advance(None, None)
    progress.stop()
    assert capsys.readouterr().err.splitlines() == [
        "gpt-5.4-mini: 121 of 1000  1 passed  0 not passed  $0.0125",
        "gpt-5.4-mini: 122 of 1000  1 passed  0 not passed  1 error  $0.0125",
    ]
    seldom = RunProgress()
    seldom.start("gpt-5.4-mini", 1000, 0)
    seldom.advance(None, None)
    assert capsys.readouterr().err == ""


@given(st.text())
def test_what_is_printed_has_no_character_that_acts_and_loses_none_that_does_not(text: str) -> None:
    shown = printable(text)
    assert all(character.isprintable() or character in "\n\t" or ord(character) > 0x9F for character in shown)
    assert not set(shown) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\x1b\x07\x9b")
    assert text != shown or text == printable(shown)


def test_letters_and_emoji_that_are_joined_stay_joined() -> None:
    assert printable("می\u200cخواهم 👩\u200d🔬\tx\n") == "می\u200cخواهم 👩\u200d🔬\tx\n"


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ],
)
def test_a_terminal_without_unicode_does_not_end_a_run_that_is_done(
    visioneval: CommandLine, tmp_path: Path, environment: dict[str, str]
) -> None:
    table = write_table(tmp_path, [{"id": "A1", "image": "a.png", "question": "How many “ü”?", "answer": "3"}])
    (tmp_path / "replies.jsonl").write_text('{"id": "A1", "reply": {"text": "3"}}\n')
    done = visioneval("run", "--suite", table, "--model", "replay:replies.jsonl", env=environment)
    assert done.returncode == 0, done.stderr
    assert "Overall Score" in done.stdout
    assert visioneval("prompts", "show", "A1", "--suite", table, env=environment).returncode == 0


@pytest.fixture
def faulty(tmp_path: Path) -> dict[str, str]:
    """An environment in which a command meets an error that nobody foresaw, with a key in its words."""
    (tmp_path / "sitecustomize.py").write_text(
        "import visioneval.shipped\n"
        "def shipped_suite():\n"
        "    raise ValueError('unforeseen:\\n' + 'the key is very-secret-key')\n"
        "visioneval.shipped.shipped_suite = shipped_suite\n"
    )
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    return {"PYTHONPATH": path, "SOME_API_KEY": "very-secret-key"}


def test_an_unforeseen_error_is_one_line_with_a_code_of_its_own(
    visioneval: CommandLine, faulty: dict[str, str]
) -> None:
    done = visioneval("prompts", env=faulty)
    assert done.returncode == 70
    assert done.stderr == (
        "visioneval: this is a fault of visioneval: ValueError: unforeseen: the key is [hidden]; run again with "
        "VISIONEVAL_TRACEBACK=1 and report it\n"
    )


def test_where_it_was_raised_is_shown_when_asked_without_the_key(
    visioneval: CommandLine, faulty: dict[str, str]
) -> None:
    done = visioneval("prompts", env={**faulty, "VISIONEVAL_TRACEBACK": "1"})
    assert done.returncode == 70
    assert "Traceback (most recent call last)" in done.stderr
    assert "in shipped_suite" in done.stderr
    assert "very-secret-key" not in done.stderr

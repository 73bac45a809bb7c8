"""`visioneval prompts show` tells everything about a prompt, and shows its picture where it can be seen."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import termios
from pathlib import Path

from tests.conftest import CommandLine, entry, write_folder

HALF_BLOCK = "▀"


def a_suite(folder: Path) -> Path:
    prompt = entry("DU01", "Which code is printed?", {"type": "identifier", "value": "KX71"})
    return write_folder(folder, {"Document Understanding": [prompt]})


def test_a_prompt_is_shown_with_the_path_of_its_picture(tmp_path: Path, visioneval: CommandLine) -> None:
    ended = visioneval("prompts", "show", "DU01", "--suite", a_suite(tmp_path))
    told = "".join(ended.stdout.split())
    assert "Whichcodeisprinted?" in told
    assert str(tmp_path / "images") in told
    assert HALF_BLOCK not in ended.stdout


def test_in_a_terminal_its_picture_is_shown_too(tmp_path: Path) -> None:
    shown = in_a_terminal("prompts", "show", "DU01", "--suite", str(a_suite(tmp_path)))
    assert "Which code is printed?" in shown
    assert shown.count(HALF_BLOCK) > 100


def test_a_damaged_picture_is_one_line_and_no_traceback(tmp_path: Path) -> None:
    suite = a_suite(tmp_path)
    (picture,) = (suite / "images").iterdir()
    picture.write_bytes(b"GIF89a")
    shown = in_a_terminal("prompts", "show", "DU01", "--suite", str(suite))
    assert "is not an image that can be read" in " ".join(shown.split())
    assert "Traceback" not in shown


def test_a_terminal_that_does_not_tell_its_size_gets_no_picture(tmp_path: Path) -> None:
    shown = in_a_terminal("prompts", "show", "DU01", "--suite", str(a_suite(tmp_path)), size=(0, 0))
    assert "Which code is printed?" in shown
    assert HALF_BLOCK not in shown
    assert "Traceback" not in shown


def test_colour_in_a_pipe_is_no_terminal(tmp_path: Path, visioneval: CommandLine) -> None:
    done = visioneval("prompts", "show", "DU01", "--suite", a_suite(tmp_path), env={"FORCE_COLOR": "1"})
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr


def in_a_terminal(*arguments: str, size: tuple[int, int] = (60, 120)) -> str:
    """Run visioneval in a terminal of its own, of so many rows and columns, and return what was written to it."""
    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, size)
    command = [sys.executable, "-m", "visioneval", *arguments]
    environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "COLUMNS": "120"}
    process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=environment)
    os.close(slave)
    written = bytearray()
    while True:
        try:
            chunk = os.read(master, 65536)
        except OSError:  # the other end is closed
            break
        if not chunk:
            break
        written += chunk
    process.wait()
    os.close(master)
    return written.decode(errors="replace")

"""The command line starts at once and explains itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import CommandLine, write_table
from visioneval.cli import COMMANDS

HEAVY = "torch transformers pandas scipy openai numpy rapidocr PIL rich jinja2 yaml msgspec asyncio".split()


@pytest.mark.parametrize("statement", ["import visioneval", "from visioneval.__main__ import main"])
def test_nothing_heavy_is_imported_before_it_is_needed(statement: str) -> None:
    program = f"import sys; {statement}; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    ended = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert ended.stdout.strip() == ""


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_explains_itself(visioneval: CommandLine, name: str) -> None:
    ended = visioneval(name, "--help")
    assert ended.returncode == 0, ended.stderr
    assert "Usage: " in ended.stdout


def test_an_unknown_command_is_exit_code_2(visioneval: CommandLine) -> None:
    assert visioneval("rnu").returncode == 2


def test_a_reader_that_leaves_early_sees_no_traceback(tmp_path: Path) -> None:
    question = "How many are there? " + "Count slowly. " * 200
    rows = [{"image": "a.png", "question": f"{number}. {question}", "answer": "9"} for number in range(200)]
    table = write_table(tmp_path, rows)  # more than a pipe holds
    command = f"{sys.executable} -m visioneval prompts --suite {table} --json | head -c 1; exit ${{PIPESTATUS[0]}}"
    ended = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_a_terminal_that_lacks_a_character_shows_the_scores(visioneval: CommandLine, counting_suite: Path) -> None:
    ended = visioneval(
        "run", "--suite", counting_suite, "--model", "baseline-blind", env={"PYTHONIOENCODING": "ascii"}
    )
    assert ended.returncode == 0, ended.stderr
    assert "Overall Score" in ended.stdout


def test_wrong_usage_is_one_line_with_the_way_to_help(visioneval: CommandLine) -> None:
    ended = visioneval("regrade")
    assert (ended.returncode, ended.stderr) == (
        2,
        "visioneval: Missing argument 'RUN...'; `visioneval regrade --help` says what may be given\n",
    )
    assert "Commands:" in visioneval().stderr

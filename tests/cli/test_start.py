"""The command line starts at once and explains itself."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.conftest import CommandLine
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


def test_a_reader_that_leaves_early_sees_no_traceback() -> None:
    command = f"{sys.executable} -m visioneval prompts --json | head -c 1"
    ended = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert "Traceback" not in ended.stderr

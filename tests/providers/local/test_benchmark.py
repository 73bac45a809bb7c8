"""The benchmark of local models runs from the first line to the last; how fast is for a quiet machine to say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="local models need the extra `local`")
pytest.importorskip("transformers", reason="local models need the extra `local`")

import torch

PROGRAM = Path(__file__).parents[3] / "benchmarks" / "local.py"


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA, and measures what is not tiny")
def test_the_table_has_a_row_for_each_batch_size() -> None:
    ended = subprocess.run(
        [sys.executable, str(PROGRAM), "tiny-paligemma", "tiny-gemma-3", "--prompts", "9"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    rows = [line.strip("| ").split(" | ") for line in ended.stdout.splitlines() if line.startswith("| tiny")]
    assert [row[:3] for row in rows] == [
        [model, "9", batch] for model in ("tiny-paligemma", "tiny-gemma-3") for batch in ("1", "8")
    ]
    assert all(float(row[3]) > 0 for row in rows)

"""What never looks at a picture does not count as solving a prompt with it."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import CommandLine, entry, write_folder


def test_the_blind_baseline_solves_blind(visioneval: CommandLine, tmp_path: Path) -> None:
    entries = [entry(f"OC{n:02}", f"How many in tray {n}?", {"type": "integer", "value": 7}) for n in range(4)]
    suite = write_folder(tmp_path / "suite", {"Object Counting": entries})
    visioneval("run", "--suite", suite, "--model", "baseline-blind")
    assert visioneval("report").returncode == 0
    page = (tmp_path / "results/report/prompts/oc01.html").read_text(encoding="utf-8")
    assert "by 1 of 1 without it" in " ".join(page.split())

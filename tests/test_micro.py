"""The micro model's suite is what its program draws."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from micro.prompts import write_suite
from visioneval.suite import load_suite

COMMITTED = Path(__file__).parents[1] / "micro" / "suite"


def test_the_committed_suite_is_drawn_again_the_same(tmp_path: Path) -> None:
    write_suite(tmp_path)
    drawn, committed = load_suite(tmp_path), load_suite(COMMITTED)
    assert [(p.id, p.question, p.answer) for p in drawn.prompts] == [
        (p.id, p.question, p.answer) for p in committed.prompts
    ]
    for prompt in drawn.prompts:
        with Image.open(tmp_path / prompt.image) as new, Image.open(COMMITTED / prompt.image) as old:
            assert new.tobytes() == old.tobytes()  # the file's bytes may differ by the zlib in use


def test_the_checkpoint_is_under_a_megabyte() -> None:
    files = (COMMITTED.parent / "checkpoint").iterdir()
    assert sum(file.stat().st_size for file in files) < 1_000_000

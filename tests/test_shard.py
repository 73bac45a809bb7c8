"""A run in parts is, put together, the run in one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import CommandLine
from visioneval.errors import UsageError
from visioneval.shard import Shard
from visioneval.store import find_runs, read_run

RIGHT = {"OC01": "9", "OC02": "12", "OC03": "9", "DD01": "Yes", "DD02": "0101"}


@pytest.fixture
def replies(tmp_path: Path) -> str:
    file = tmp_path / "r.jsonl"
    file.write_text("".join(json.dumps({"id": id_, "reply": text}) + "\n" for id_, text in RIGHT.items()))
    return f"replay:{file}"


def run_parts(visioneval: CommandLine, suite: Path, model: str, parts: list[str], *more: object) -> None:
    for part in parts:
        ended = visioneval("run", "--suite", suite, "--model", model, "--shard", part, *more)
        assert ended.returncode == 0, ended.stderr


def test_merged_parts_are_the_whole_run(
    visioneval: CommandLine, counting_suite: Path, replies: str, tmp_path: Path
) -> None:
    run_parts(visioneval, counting_suite, replies, ["2/2", "1/2"])
    whole = visioneval("run", "--suite", counting_suite, "--model", replies, "--results", "whole")
    parts = find_runs(tmp_path / "results")
    merged = visioneval("merge", *parts, "--results", "merged")
    assert merged.returncode == 0, merged.stderr
    assert merged.stdout == whole.stdout
    (one,), (other,) = (find_runs(tmp_path / name) for name in ("merged", "whole"))
    stored, expected = read_run(one), read_run(other)
    assert stored.prompts == expected.prompts
    assert stored.verdicts == expected.verdicts
    assert stored.suite_path == expected.suite_path
    assert stored.run.shard == ""
    assert find_runs(tmp_path / "results") == parts


def test_a_missing_or_doubled_part_is_named(
    visioneval: CommandLine, counting_suite: Path, replies: str, tmp_path: Path
) -> None:
    run_parts(visioneval, counting_suite, replies, ["1/3", "3/3"])
    first, second = find_runs(tmp_path / "results")
    missing = visioneval("merge", first, second)
    assert missing.returncode == 5
    assert "part 2/3 is missing" in missing.stderr
    doubled = visioneval("merge", first, first)
    assert "is there twice" in doubled.stderr


def test_parts_of_different_runs_do_not_merge(
    visioneval: CommandLine, counting_suite: Path, replies: str, tmp_path: Path
) -> None:
    run_parts(visioneval, counting_suite, replies, ["1/2"])
    run_parts(visioneval, counting_suite, replies, ["2/2"], "--effort", "low")
    ended = visioneval("merge", *find_runs(tmp_path / "results"))
    assert ended.returncode == 5
    assert "differ in condition" in ended.stderr


@pytest.mark.parametrize(
    ("options", "code"),
    [({"device": "cpu", "batch_size": 4}, 0), ({"quantization": "4bit"}, 5), ({"latency_mode": "single"}, 5)],
)
def test_parts_may_run_in_different_places_but_not_in_different_ways(
    visioneval: CommandLine, counting_suite: Path, replies: str, options: dict[str, object], code: int
) -> None:
    run_parts(visioneval, counting_suite, replies, ["1/2", "2/2"])
    first, second = find_runs(counting_suite.parent / "results")
    manifest = json.loads((second / "manifest.json").read_text())
    manifest["card"]["options"] = options
    (second / "manifest.json").write_text(json.dumps(manifest))
    ended = visioneval("merge", first, second)
    assert ended.returncode == code, ended.stderr
    assert ("used different models" in ended.stderr) == (code != 0)


def test_a_whole_run_is_not_a_part(
    visioneval: CommandLine, counting_suite: Path, replies: str, tmp_path: Path
) -> None:
    visioneval("run", "--suite", counting_suite, "--model", replies)
    ended = visioneval("merge", *find_runs(tmp_path / "results"))
    assert "is whole, not a part" in ended.stderr


@pytest.mark.parametrize("written", ["0/2", "3/2", "1", "a/b", "1/0", "-1/2"])
def test_a_part_that_cannot_be(written: str) -> None:
    with pytest.raises(UsageError, match="write PART/PARTS"):
        Shard.parse(written)


def test_more_parts_than_prompts() -> None:
    with pytest.raises(UsageError, match="use fewer parts"):
        Shard(3, 3).take([])

"""A run in parts is, put together, the run in one."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.conftest import CommandLine, entry, write_folder
from tests.responses_host import ResponsesHost
from visioneval.errors import UsageError
from visioneval.grading.overrides import Override
from visioneval.shard import Shard
from visioneval.store import RunFolder, append_line, decode_lines, find_runs, read_run

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


def test_a_part_of_a_billion_is_no_work(
    visioneval: CommandLine, counting_suite: Path, replies: str, tmp_path: Path
) -> None:
    run_parts(visioneval, counting_suite, replies, ["1/3"])
    (run,) = find_runs(tmp_path / "results")
    manifest = run / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"1/3"', '"1/999999999"'))
    ended = visioneval("merge", run)
    assert ended.returncode == 5
    assert "parts 2/999999999, 3/999999999, 4/999999999, 5/999999999, 6/999999999 and 999,999,993" in ended.stderr


def test_a_merged_run_finds_its_suite_from_behind_a_link(
    visioneval: CommandLine, counting_suite: Path, replies: str, tmp_path: Path
) -> None:
    run_parts(visioneval, counting_suite, replies, ["1/2", "2/2"])
    (tmp_path / "disk/deep").mkdir(parents=True)
    (tmp_path / "merged").symlink_to(tmp_path / "disk/deep")
    merged = visioneval("merge", *find_runs(tmp_path / "results"), "--results", "merged")
    assert merged.returncode == 0, merged.stderr
    (whole,) = find_runs(tmp_path / "merged")
    assert read_run(whole).suite_path == counting_suite.resolve()


def test_a_missing_or_doubled_part_is_named(
    visioneval: CommandLine, counting_suite: Path, replies: str, tmp_path: Path
) -> None:
    run_parts(visioneval, counting_suite, replies, ["1/3", "3/3"])
    first, second = sorted(find_runs(tmp_path / "results"), key=lambda run: read_run(run).run.shard)
    missing = visioneval("merge", first, second)
    assert missing.returncode == 5
    assert "part 2/3 is missing; run it" in missing.stderr
    alone = visioneval("merge", first)
    assert re.search(r"parts \d/3, \d/3 are missing; run them", alone.stderr)
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


def test_what_was_judged_labelled_or_drawn_goes_along(visioneval: CommandLine, tmp_path: Path) -> None:
    free = {"type": "text", "value": "changing a light bulb", "judge": True}
    scenes = [entry(f"SC0{n}", "What is the man on the ladder doing?", free) for n in (1, 2)]
    suite = write_folder(tmp_path / "suite", {"Scenes": scenes})
    rows = [{"id": f"SC0{n}", "reply": f"He is replacing bulb {n}."} for n in (1, 2)]
    (tmp_path / "r.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with ResponsesHost('{"verdict": "correct"}') as host:
        for part in ("1/2", "2/2"):
            judged = ("--judge", "openai:judge-1")
            model = ("--model", "replay:r.jsonl", "--shard", part)
            ended = visioneval("run", "--suite", suite, *model, *judged, env=host.environment)
            assert ended.returncode == 0, ended.stderr
        parts = find_runs(tmp_path / "results")
        label = Override("SC01", 0, "fail", "ann", "2026-01-01T00:00:00+00:00")
        append_line(parts[0] / "overrides.jsonl", label)
        (parts[1] / "images").mkdir()
        (parts[1] / "images/ab.png").write_bytes(b"a picture")
        merged = visioneval("merge", *parts, "--results", "merged")
        assert merged.returncode == 0, merged.stderr
        (whole,) = find_runs(tmp_path / "merged")
        assert {verdict.outcome for verdict in read_run(whole).verdicts.values()} == {"pass"}
        assert decode_lines(whole / "overrides.jsonl", Override, "") == [label]
        assert (whole / "images/ab.png").read_bytes() == b"a picture"
        before = len(host.asked)
        (whole / "verdicts.jsonl").unlink()
        visioneval("regrade", whole, *judged, env=host.environment)
        assert len(host.asked) == before == 2
        assert {verdict.outcome for verdict in read_run(whole).verdicts.values()} == {"pass"}


def test_parts_that_were_asked_with_other_parameters_do_not_merge(
    visioneval: CommandLine, counting_suite: Path, replies: str, tmp_path: Path
) -> None:
    run_parts(visioneval, counting_suite, replies, ["1/2", "2/2"])
    parts = find_runs(tmp_path / "results")
    with RunFolder(parts[1]) as opened:
        opened.write_manifest(replace(read_run(parts[1]).run, dropped_parameters=("temperature",)))
    ended = visioneval("merge", *parts)
    assert ended.returncode == 5
    assert "differ in dropped_parameters" in ended.stderr

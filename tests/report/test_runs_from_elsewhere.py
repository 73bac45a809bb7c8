"""Runs from elsewhere, whatever is in them: read in full, or named and left out; they show no file of ours."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.conftest import CommandLine, draw
from tests.made_up import MadeUpRun, passes, prompts
from visioneval.errors import StoreError
from visioneval.store import read_run


def written(results: Path, **manifest: object) -> Path:
    """Write a sound run, with changes to its manifest, and return its folder."""
    folder = MadeUpRun(model="foreign", outcomes=passes((1,) * 5)).write(results)
    file = folder / "manifest.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **manifest}))
    return folder


def change_first_line(file: Path, change: dict[str, Any]) -> None:
    first, _, rest = file.read_bytes().partition(b"\n")
    record = json.loads(first)
    for name, value in change.items():
        record[name] = {**record[name], **value} if isinstance(value, dict) else value
    file.write_bytes(json.dumps(record).encode() + b"\n" + rest)


@pytest.mark.parametrize("sha256", [None, "0" * 64])
def test_a_run_that_names_a_picture_without_its_hash_does_not_get_it(
    visioneval: CommandLine, tmp_path: Path, sha256: str | None
) -> None:
    private = draw(tmp_path / "private/passport.png", "passport")
    first, *others = prompts()
    taken = [msgspec.structs.replace(first, image="passport.png", sha256=sha256), *others]
    run = MadeUpRun(prompts=tuple(taken), suite_path=str(private.parent))
    run.write(tmp_path / "results")
    assert visioneval("report").returncode == 0
    assert not (tmp_path / "results/report/pictures").exists()

    own = msgspec.structs.replace(taken[0], sha256=hashlib.sha256(private.read_bytes()).hexdigest())
    MadeUpRun(model="own", prompts=(own, *others), suite_path=str(private.parent)).write(tmp_path / "results")
    assert visioneval("report").returncode == 0
    assert len(list((tmp_path / "results/report/pictures").iterdir())) == 1


@pytest.mark.parametrize(
    ("manifest", "words"),
    [
        ({"epochs": 10**9}, "Expected `int` <= 1000 - at `$.epochs`"),
        ({"epochs": -1}, "Expected `int` >= 1 - at `$.epochs`"),
        ({"suite_size": 0}, "Expected `int` >= 1 - at `$.suite_size`"),
        ({"started": "yesterday"}, "started 'yesterday' is no time"),
        ({"started": "2026-01-01T00:00:00"}, "is no time; write it as 2026-11-21T04:00:00+00:00"),
        ({"card": {"name": "m", "provider": "p", "context_window": -(10**30)}}, "$.card.context_window"),
        ({"card": {"name": "m", "provider": "p", "gpu_usd_per_hour": "-1"}}, "-1 is no price"),
        *(
            ({"prices": [{"model": "m", "valid_from": "2026-01-01", "input": usd, "output": "1"}]}, "is no price")
            for usd in ("NaN", "sNaN", "Infinity", "-5", "1e99999999")
        ),
    ],
)
def test_a_manifest_with_an_impossible_value_is_one_line_that_names_it(
    tmp_path: Path, manifest: dict[str, object], words: str
) -> None:
    folder = written(tmp_path, **manifest)
    with pytest.raises(StoreError) as raised:
        read_run(folder)
    assert words in str(raised.value)
    assert str(folder / "manifest.json") in str(raised.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"at": "nonsense"}, "`at` 'nonsense' is no time"),
        ({"epoch": -1}, "line 1 is corrupt (Expected `int` >= 0"),
        ({"reply": {"timing": {"service_s": 1e308}}}, "line 1 is corrupt (Expected `float` <= 1000000000.0"),
        ({"reply": {"timing": {"service_s": -5}}}, "line 1 is corrupt (Expected `float` >= 0.0"),
        ({"reply": {"usage": {"input_tokens": 10**400}}}, "line 1 is corrupt"),
    ],
)
def test_a_record_with_an_impossible_value_is_one_line_that_names_it(
    tmp_path: Path, change: dict[str, Any], words: str
) -> None:
    folder = written(tmp_path)
    change_first_line(folder / "records.jsonl", change)
    with pytest.raises(StoreError) as raised:
        read_run(folder)
    assert words in str(raised.value)
    assert str(folder / "records.jsonl") in str(raised.value)


@pytest.mark.parametrize("suite_path", ["a\0b", "loop"])
def test_a_suite_that_cannot_be_anywhere_is_not_here(
    visioneval: CommandLine, tmp_path: Path, suite_path: str
) -> None:
    folder = written(tmp_path / "results", suite_path=suite_path)
    (folder / "loop").symlink_to("loop")
    done = visioneval("report")
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "results/report/pictures").exists()


def test_an_answer_that_is_no_number_is_one_line_that_names_its_prompt(tmp_path: Path) -> None:
    folder = written(tmp_path)
    listed = json.loads((folder / "prompts.json").read_text())
    listed[0]["answer"] = {"type": "number", "value": "NaN"}
    (folder / "prompts.json").write_text(json.dumps(listed))
    with pytest.raises(StoreError, match=f"the answer of prompt '{listed[0]['id']}' is NaN, no number"):
        read_run(folder)


def test_a_last_line_torn_deep_inside_is_repaired(visioneval: CommandLine, tmp_path: Path) -> None:
    folder = written(tmp_path / "results")
    with (folder / "records.jsonl").open("a") as file:
        file.write('{"key": ' + "[" * 100_000)
    done = visioneval("regrade", folder)
    assert done.returncode == 0, done.stderr
    assert (folder / "records.jsonl").read_bytes().endswith(b"}\n")


def test_runs_that_cannot_be_read_are_named_and_the_others_are_reported(
    visioneval: CommandLine, tmp_path: Path
) -> None:
    results = tmp_path / "results"
    MadeUpRun(model="sound").write(results)
    written(results, started="yesterday")
    empty = MadeUpRun(model="empty", prompts=(), outcomes=(), suite_size=67).write(results)
    done = visioneval("report")
    assert done.returncode == 1
    assert "started 'yesterday' is no time" in done.stderr
    assert f"{empty.name} plans no prompts" in done.stderr
    assert "74.63%" in done.stdout
    assert (results / "report/index.html").exists()
    assert visioneval("report", "--check").returncode == 1, "up to date, but not of every run"


def test_no_run_that_can_be_read_is_no_report(visioneval: CommandLine, tmp_path: Path) -> None:
    written(tmp_path / "results", started="yesterday")
    done = visioneval("report")
    assert done.returncode == 5
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "results/report").exists()

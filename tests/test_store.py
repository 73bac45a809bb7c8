"""A run folder keeps every whole answer through kills, torn lines and full disks, and says what is corrupt."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders import a_prompt, a_record, a_run
from visioneval.errors import StoreError
from visioneval.store import RunFolder, find_run, find_runs, read_run, write_verdicts
from visioneval.types import Failure, Record, Verdict

PROMPTS = (a_prompt("OC01"), a_prompt("OC02"))


def new_folder(path: Path) -> Path:
    RunFolder.create(path, a_run(PROMPTS), PROMPTS).close()
    return path


def test_what_is_appended_is_read_back(tmp_path: Path) -> None:
    folder = new_folder(tmp_path / "m/run")
    with RunFolder(folder) as opened:
        opened.append(a_record("OC01", "9"))
    stored = read_run(folder)
    assert stored.records == (a_record("OC01", "9"),)
    assert [graded.verdict.outcome for graded in stored.graded()] == ["ungraded", "skipped"]


def test_a_record_is_on_disk_before_append_returns(tmp_path: Path) -> None:
    folder = new_folder(tmp_path / "m/run")
    opened = RunFolder(folder)
    opened.append(a_record("OC01", "9"))
    assert len(read_run(folder).records) == 1  # read by another handle while the writer is still open
    opened.close()


def test_a_reply_wins_over_a_failure_whichever_came_first(tmp_path: Path) -> None:
    folder = new_folder(tmp_path / "m/run")
    failed = Record("k", "OC01", 0, "2026-01-01T00:00:00+00:00", failure=Failure("timeout", "no answer"))
    with RunFolder(folder) as opened:
        for record in (failed, a_record("OC01", "9"), failed):
            opened.append(record)
    (record,) = read_run(folder).records
    assert record.reply is not None


@settings(max_examples=60, deadline=None)
@given(cut=st.integers(min_value=1, max_value=400))
def test_a_line_torn_at_any_byte_costs_that_record_alone(
    cut: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = new_folder(tmp_path_factory.mktemp("torn") / "run")
    with RunFolder(folder) as opened:
        opened.append(a_record("OC01", "nine"))
        opened.append(a_record("OC02", "thirteen"))
    path = folder / "records.jsonl"
    content = path.read_bytes()
    first_line = content.index(b"\n") + 1
    path.write_bytes(content[: max(first_line, len(content) - cut)])
    with RunFolder(folder) as opened:
        opened.append(a_record("OC02", "again"))
    replies = {record.prompt_id: record.reply.text for record in read_run(folder).records if record.reply}
    assert replies["OC01"] == "nine"
    assert replies["OC02"] in ("again", "thirteen")


def test_any_other_corrupt_line_is_named_by_file_and_number(tmp_path: Path) -> None:
    folder = new_folder(tmp_path / "m/run")
    with RunFolder(folder) as opened:
        opened.append(a_record("OC01", "9"))
        opened.append(a_record("OC02", "13"))
    path = folder / "records.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"prompt_id":"OC01"', b'"prompt_id":OC01', 1))
    with pytest.raises(StoreError, match=r"records\.jsonl line 1 is corrupt"):
        read_run(folder)


@pytest.mark.parametrize(
    ("name", "advice"), [("records.jsonl", "`visioneval resume` to ask again"), ("verdicts.jsonl", "regrade`")]
)
def test_the_advice_for_a_corrupt_line_is_true_of_its_file(tmp_path: Path, name: str, advice: str) -> None:
    folder = new_folder(tmp_path / "m/run")
    (folder / name).write_text("{}\n")
    with pytest.raises(StoreError, match=f"{name} line 1 is corrupt .* restore the file, or delete .*{advice}"):
        read_run(folder)


def test_a_folder_in_use_is_refused_until_its_process_has_gone(tmp_path: Path) -> None:
    folder = new_folder(tmp_path / "m/run")
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "from visioneval.store import RunFolder; from pathlib import Path; "
            f"held = RunFolder(Path({str(folder)!r})); print('held', flush=True); input()",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(StoreError, match="in use by another process"):
        RunFolder(folder)
    holder.kill()
    holder.communicate()
    RunFolder(folder).close()


def test_a_full_disk_is_one_line_and_leaves_whole_lines_only(tmp_path: Path) -> None:
    folder = new_folder(tmp_path / "m/run")
    opened = RunFolder(folder)
    opened.append(a_record("OC01", "9"))
    before = (folder / "records.jsonl").read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 50, hard))  # a limit that cuts the next line short
    try:
        with pytest.raises(StoreError, match="cannot write .*records.jsonl"):
            opened.append(a_record("OC02", "13"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (folder / "records.jsonl").read_bytes() == before
    opened.append(a_record("OC02", "13"))
    opened.close()
    assert len(read_run(folder).records) == 2


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small file system")
def test_a_truly_full_file_system_says_so(tmp_path: Path) -> None:
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", tmp_path], check=False).returncode:
        pytest.skip("this machine lets nobody mount")
    try:
        opened = RunFolder.create(tmp_path / "m/run", a_run(PROMPTS), PROMPTS)
        with pytest.raises(StoreError, match="the disk is full; free some space"):
            for _ in range(200):
                opened.append(a_record("OC01", "x" * 1000))
        opened.close()
        assert read_run(tmp_path / "m/run").records
    finally:
        subprocess.run(["umount", tmp_path], check=True)


def test_verdicts_are_replaced_as_a_whole(tmp_path: Path) -> None:
    folder = new_folder(tmp_path / "m/run")
    with RunFolder(folder) as opened:
        opened.append(a_record("OC01", "9"))
    for outcome in ("fail", "pass"):
        write_verdicts(folder, {("OC01", 0): Verdict(outcome, "9", "integer", "1")})
    assert [graded.verdict.outcome for graded in read_run(folder).graded()] == ["pass", "skipped"]
    assert not list(folder.glob("*.tmp"))


def test_runs_are_found_by_folder_by_id_and_by_model(tmp_path: Path) -> None:
    first, second = new_folder(tmp_path / "m/20260101"), new_folder(tmp_path / "m/20260102")
    other = new_folder(tmp_path / "n/20260101")
    assert find_runs(tmp_path) == [first, other, second]
    assert find_run(tmp_path, str(first)) == first
    assert find_run(tmp_path, "20260102") == second
    assert find_run(tmp_path, "m") == second
    with pytest.raises(StoreError, match="stands for several models"):
        find_run(tmp_path, "20260101")
    with pytest.raises(StoreError, match=r"no run 'x' below .*\(m, n\)"):
        find_run(tmp_path, "x")
    with pytest.raises(StoreError, match="does not exist; run `visioneval run` first"):
        find_runs(tmp_path / "nowhere")


def test_half_a_run_folder_says_which_file_is_missing_or_corrupt(tmp_path: Path) -> None:
    folder = new_folder(tmp_path / "m/run")
    (folder / "prompts.json").unlink()
    with pytest.raises(StoreError, match=r"prompts\.json does not exist; .* is not a whole run folder"):
        read_run(folder)
    (folder / "manifest.json").write_text("{")
    with pytest.raises(StoreError, match=r"manifest\.json is corrupt"):
        read_run(folder)

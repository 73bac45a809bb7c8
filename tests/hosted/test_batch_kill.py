"""`kill -9` at every step of a batch, and resume: nothing is asked twice, nothing is lost."""

from __future__ import annotations

import multiprocessing
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import CommandLine
from tests.hosted import life
from tests.hosted.batch_host import BatchHost, Fault, hosting_batches
from tests.hosted.conftest import write_suite
from visioneval.store import find_runs, read_run

QUICK = ("--poll-s", "0.02")
EVERY = {f"Is light {n} on?": 1 for n in range(5)}
STAGES = {
    "while the file goes up": ("upload", Fault(hang=True)),
    "when the file is up and its id is not known": ("upload", Fault(hang=True, after=True)),
    "before the batch is made": ("create", Fault(hang=True)),
    "when the batch is made and its id is not known": ("create", Fault(hang=True, after=True)),
    "while the batch is looked at": ("retrieve", Fault(hang=True)),
    "before the results come": ("content", Fault(hang=True)),
    "when half of the results have come": ("content", Fault(hang=True, cut_at=1300)),
}


@pytest.fixture
def host() -> Iterator[BatchHost]:
    with hosting_batches() as serving:
        yield serving


def begin(host: BatchHost, suite: Path, folder: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "visioneval", "run", "--batch", "--suite", str(suite)]
    return subprocess.Popen(
        [*command, "--model", "gpt-5.4-mini", *QUICK],
        cwd=folder,
        env={**os.environ, **host.environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def go_on(host: BatchHost, folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "visioneval", "resume", "gpt-5.4-mini", *QUICK],
        cwd=folder,
        env={**os.environ, **host.environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def kill(process: subprocess.Popen[bytes], folder: Path, fault: Fault) -> None:
    """Kill a process whose call hangs; one that half of the results reached has made records of some."""
    deadline = time.monotonic() + 60
    while fault.cut_at is not None and not records(folder):
        assert time.monotonic() < deadline, "no result became a record within a minute"
        time.sleep(0.005)
    process.kill()
    process.wait(60)


def records(folder: Path) -> list[str]:
    (run,) = find_runs(folder / "results")
    return (run / "records.jsonl").read_text().splitlines()


def answered(folder: Path) -> list[str]:
    return [line for line in records(folder) if '"reply"' in line]


@pytest.mark.parametrize(("what", "fault"), STAGES.values(), ids=STAGES.keys())
def test_a_run_that_is_killed_goes_on_where_it_was(
    visioneval: CommandLine, host: BatchHost, small_suite: Path, tmp_path: Path, what: str, fault: Fault
) -> None:
    host.faults[what] = [fault]
    process = begin(host, small_suite, tmp_path)
    host.wait_until_hung()
    kill(process, tmp_path, fault)
    before = answered(tmp_path)
    assert bool(before) == (fault.cut_at is not None)
    resumed = visioneval("resume", "gpt-5.4-mini", *QUICK, env=host.environment)
    assert resumed.returncode == 0, resumed.stderr
    assert "5/5" in resumed.stdout
    assert host.asked == EVERY
    assert len(host.batches) == 1
    assert answered(tmp_path)[: len(before)] == before
    assert len(answered(tmp_path)) == 5
    (run,) = find_runs(tmp_path / "results")
    assert not list(run.glob(".batch*"))


def test_one_run_that_is_killed_at_every_step(
    visioneval: CommandLine, host: BatchHost, small_suite: Path, tmp_path: Path
) -> None:
    steps = [*STAGES.values(), ("list", Fault(hang=True))]
    order = [0, 1, 2, 3, 7, 4, 5, 6]
    process = None
    for step in order:
        what, fault = steps[step]
        host.faults = {what: [fault]}
        process = begin(host, small_suite, tmp_path) if process is None else go_on(host, tmp_path)
        host.wait_until_hung()
        kill(process, tmp_path, fault)
    resumed = visioneval("resume", "gpt-5.4-mini", *QUICK, env=host.environment)
    assert resumed.returncode == 0, resumed.stderr
    assert host.asked == EVERY
    assert len(answered(tmp_path)) == 5


def test_failures_that_were_being_read_are_written_once(
    visioneval: CommandLine, host: BatchHost, small_suite: Path, tmp_path: Path
) -> None:
    host.outcome = lambda line, batch: (400, {"error": {"message": "Invalid image."}})
    fault = Fault(hang=True, cut_at=700)
    host.faults["content"] = [fault]
    process = begin(host, small_suite, tmp_path)
    host.wait_until_hung()
    kill(process, tmp_path, fault)
    (run,) = find_runs(tmp_path / "results")
    assert 0 < len(read_run(run).records) < 5
    visioneval("resume", "gpt-5.4-mini", *QUICK, env=host.environment)
    assert host.asked == EVERY
    assert len((run / "records.jsonl").read_text().splitlines()) == 5


def sent(visioneval: CommandLine, host: BatchHost, suite: Path, folder: Path) -> Path:
    """Leave a batch at the host, and return its run's folder."""
    arguments = ("run", "--batch", "--suite", suite, "--model", "gpt-5.4-mini", "--no-wait")
    visioneval(*arguments, env=host.environment)
    (run,) = find_runs(folder / "results")
    return run


def test_a_torn_line_of_the_journal_is_repaired_and_a_broken_one_named(
    visioneval: CommandLine, host: BatchHost, small_suite: Path, tmp_path: Path
) -> None:
    run = sent(visioneval, host, small_suite, tmp_path)
    journal = run / "batches.jsonl"
    uploaded, created = journal.read_text().splitlines()
    journal.write_text(f"{uploaded}\n{created[:30]}")  # a power cut: the batch is made, its id is not on the disk
    resumed = visioneval("resume", run, *QUICK, env=host.environment)
    assert resumed.returncode == 0, resumed.stderr
    assert host.asked == EVERY
    journal.write_text(journal.read_text().replace('"event":"created"', '"event":"creatd"'))
    broken = visioneval("resume", run, *QUICK, env=host.environment)
    assert broken.returncode == 5
    assert "batches.jsonl line 2 is corrupt" in broken.stderr


def test_a_journal_of_another_run_is_one_line(
    visioneval: CommandLine, host: BatchHost, small_suite: Path, tmp_path: Path
) -> None:
    run = sent(visioneval, host, small_suite, tmp_path)
    journal = run / "batches.jsonl"
    journal.write_text(journal.read_text().replace('["p3",0]', '["x3",0]'))
    resumed = visioneval("resume", run, *QUICK, env=host.environment)
    assert resumed.returncode == 5, resumed.stderr
    assert "batches.jsonl names prompt 'x3', which this run does not ask; restore the file" in resumed.stderr
    assert host.asked == EVERY


def test_kill_9_at_random_moments_of_a_run_of_many_batches(host: BatchHost, tmp_path: Path) -> None:
    prompts, kills = 60, 25
    suite, results = write_suite(tmp_path / "suite", prompts), tmp_path / "results"
    host.looks = 3
    forks = multiprocessing.get_context("forkserver")
    forks.set_forkserver_preload(["tests.hosted.life"])
    chance, lives = random.Random(5), 0
    for _ in range(kills):
        begun = len(host.calls)
        process = forks.Process(target=life.live_by_batch, args=(host.url, suite, results))
        process.start()
        while len(host.calls) == begun and process.is_alive():
            time.sleep(0.001)
        time.sleep(chance.uniform(0, 0.15))
        lives += process.is_alive()
        process.kill()
        process.join()
        assert set(host.asked.values()) <= {1}, "a request that is in a batch was sent again"
    life.live_by_batch(host.url, suite, results)
    assert lives > 5, "the run must outlive some kills for them to mean something"
    assert len(host.asked) == prompts
    assert set(host.asked.values()) == {1}
    (run,) = find_runs(results)
    records = (run / "records.jsonl").read_text().splitlines()
    assert len(records) == prompts
    assert all(record.reply for record in read_run(run).records)

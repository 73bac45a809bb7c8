"""`kill -9` at fifty random moments of one run: nothing that was received is lost or asked again."""

from __future__ import annotations

import multiprocessing
import random
import time
from collections.abc import Iterator
from pathlib import Path

from tests.hosted import life
from tests.hosted.conftest import write_suite
from tests.hosted.host import Act, Call, Host, answer, hosting
from visioneval.store import read_run

KILLS, PROMPTS = 50, 1600
SURELY_RECEIVED_S = 0.3
"""On a busy machine; the journal is written in the same turn of the event loop that receives an answer."""


def lives(host: Host, suite: Path, results: Path) -> Iterator[float]:
    """Run and kill; yields the moment of each death."""
    forks = multiprocessing.get_context("forkserver")
    forks.set_forkserver_preload(["tests.hosted.life"])
    chance = random.Random(11)
    for _ in range(KILLS):
        begun = len(host.calls)
        process = forks.Process(target=life.live, args=(host.url, suite, results))
        process.start()
        while len(host.calls) == begun and process.is_alive():
            time.sleep(0.002)
        time.sleep(chance.uniform(0, 0.35))
        process.kill()
        died = time.monotonic()
        process.join()
        while host.in_flight:  # what the dead had sent is still being answered, to nobody
            time.sleep(0.005)
        yield died


def journal(results: Path) -> set[str]:
    """Return the questions whose answers are on disk."""
    (manifest,) = results.glob("*/*/manifest.json")
    stored = read_run(manifest.parent)
    answered = {record.prompt_id for record in stored.records if record.reply is not None}
    return {prompt.question for prompt in stored.prompts if prompt.id in answered}


def test_kill_9_at_fifty_random_moments(tmp_path: Path) -> None:
    suite, results = write_suite(tmp_path / "suite", PROMPTS), tmp_path / "results"

    def script(call: Call) -> Act:
        act = answer()
        act.before_s = 0.05
        return act

    with hosting(script) as host:
        kept: set[str] = set()
        seen = 0
        for died in lives(host, suite, results):
            calls = host.calls[seen:]
            assert not {call.question for call in calls} & kept, "an answer that was on disk was asked for again"
            seen, kept = len(host.calls), journal(results)
            sent = {call.question for call in calls if (call.answered_at or died) < died - SURELY_RECEIVED_S}
            assert sent <= kept, "an answer that was received is not on disk"
        assert len(kept) < PROMPTS, "the run must outlive the kills for them to mean something"
        life.live(host.url, suite, results)
        assert not {call.question for call in host.calls[seen:]} & kept
    assert len(journal(results)) == PROMPTS

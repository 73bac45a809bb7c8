"""`kill -9` at fifty random moments of one run: nothing that was received is lost or asked again."""

from __future__ import annotations

import multiprocessing
import random
import time
from pathlib import Path

from tests.hosted import life
from tests.hosted.conftest import write_suite
from tests.hosted.host import Act, Call, Host, answer, hosting
from visioneval.store import read_run

ANSWER_S = 0.05
KILLS, PROMPTS, MOST_CALLS = 50, 1600, 20
"""A life is ended after so many calls at most: the run outlives the kills."""


def live_and_die(host: Host, suite: Path, results: Path, chance: random.Random) -> None:
    """Run, and be killed after some calls, at any moment of the next."""
    forks = multiprocessing.get_context("forkserver")
    forks.set_forkserver_preload(["tests.hosted.life"])
    enough = len(host.calls) + chance.randint(1, MOST_CALLS)
    process = forks.Process(target=life.live, args=(host.url, suite, results))
    process.start()
    while len(host.calls) < enough and process.is_alive():
        time.sleep(0.002)
    time.sleep(chance.uniform(0, ANSWER_S))
    process.kill()
    process.join()
    while host.in_flight:  # what the dead had sent is still being answered, to nobody
        time.sleep(0.005)


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
        act.before_s = ANSWER_S
        return act

    chance = random.Random(11)
    with hosting(script) as host:
        kept: set[str] = set()
        seen = 0
        for _ in range(KILLS):
            live_and_die(host, suite, results, chance)
            asked = {call.question for call in host.calls[seen:]}
            assert not asked & kept, "an answer that was on disk was asked for again"
            seen, kept = len(host.calls), journal(results)
            # A worker asks its next question when the answer to its last is on disk.
            assert len(asked - kept) <= life.CONCURRENCY, "an answer that was received is not on disk"
        assert len(kept) < PROMPTS, "the run must outlive the kills for them to mean something"
        life.live(host.url, suite, results)
        assert not {call.question for call in host.calls[seen:]} & kept
    assert len(journal(results)) == PROMPTS

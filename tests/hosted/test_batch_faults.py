"""What a host may do wrong with a batch, and what becomes of the run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.conftest import draw, entry, write_folder
from tests.hosted.batch_host import BatchHost, Fault, Line, MadeBatch, Outcome, hosting_batches, right
from tests.hosted.conftest import IMPATIENT, PRICE, Ran, Run, resume, write_suite
from visioneval.batching import MISSES, TRIES, Batching
from visioneval.benchmark import Finished, spent_by
from visioneval.errors import StoreError
from visioneval.types import Usage

SOON = Batching(poll_s=0.01)
EVERY = {f"Is light {n} on?": 1 for n in range(5)}
ALL = {f"p{n}": "yes" for n in range(5)}
PASSING = {
    "429": Fault(429, headers={"retry-after-ms": "5"}),
    "500": Fault(500),
    "503 html": Fault(503, b"<html>bad gateway</html>"),
    "html in a 200": Fault(200, b"<html>bad gateway</html>"),
    "a list": Fault(200, b"[]"),
    "cut before the answer": Fault(cut=True),
    "cut after the deed": Fault(cut=True, after=True),
    "cut in the answer": Fault(cut_at=7, cut=True),
    "an error after the deed": Fault(502, after=True),
}


@pytest.fixture
def host() -> Iterator[BatchHost]:
    with hosting_batches() as serving:
        yield serving


@pytest.fixture
def batch(run: Run, host: BatchHost) -> Run:
    """Run the suite by batch."""

    def call(**more: Any) -> Ran:
        settings = {"service_tier": "batch", **more.pop("settings", {})}
        return run(host.url, settings=settings, **{"batching": SOON, **more})

    return call


def lines_of(ran: Ran) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (ran.stored.folder / "records.jsonl").read_text().splitlines()]


def only_once(question: str, first: Outcome) -> Any:
    """Return the outcome that a question has in the first batch that it is in; all else is answered."""

    def outcome(line: Line, made: MadeBatch) -> Outcome:
        return first if line.question == question and made.id == "batch_1" else (200, right())

    return outcome


@pytest.mark.parametrize(
    ("what", "fault"),
    [
        pytest.param(what, fault, id=f"{what}, {name}")
        for what in ("upload", "file", "create", "retrieve", "content")
        for name, fault in PASSING.items()
        if (what, fault.status) != ("content", 200)  # lines that cannot be read have a test of their own
    ],
)
def test_what_passes_is_tried_again_and_makes_no_second_batch(
    batch: Run, host: BatchHost, what: str, fault: Fault
) -> None:
    host.faults[what] = [fault, fault]
    ran = batch()
    assert ran.ending.reason == "complete", ran.ending.message
    assert ran.replies == ALL
    assert host.asked == EVERY
    assert len(lines_of(ran)) == 5


def test_a_list_of_batches_that_fails_is_asked_again_before_a_batch_is_made(batch: Run, host: BatchHost) -> None:
    host.faults["create"] = [Fault(cut=True, after=True)]
    host.faults["list"] = [Fault(500), Fault(cut=True)]
    assert batch().replies == ALL
    assert host.done.count("create") == 1
    assert host.done.count("list") == 3


def test_a_batch_is_found_on_a_later_page_and_without_metadata(batch: Run, host: BatchHost) -> None:
    host.page = 2
    host.faults["create"] = [Fault(cut=True, after=True)]

    def bury() -> None:
        made = host.batches["batch_1"]
        made.metadata = {}
        for n in range(2, 7):
            host.batches[f"batch_{n}"] = MadeBatch(f"batch_{n}", f"other-{n}", "/v1/responses", {"a": "b"}, [])

    host.meanwhile["list"] = bury
    ran = batch()
    assert ran.replies == ALL
    assert host.done.count("create") == 1


def test_a_host_that_cannot_list_its_batches_is_not_asked_for_a_second_one(batch: Run, host: BatchHost) -> None:
    host.faults["create"] = [Fault(cut=True, after=True)]
    host.faults["list"] = [Fault(404)] * 9
    ran = batch()
    assert ran.ending.reason == "fatal"
    assert "cannot be told whether one was made" in ran.ending.message
    again = resume(ran.stored.folder, batching=SOON)
    assert again.ending.reason == "fatal"
    assert host.done.count("create") == 1
    host.faults.clear()
    assert resume(ran.stored.folder, batching=SOON).replies == ALL
    assert host.asked == EVERY


@pytest.mark.parametrize("what", ["upload", "create", "retrieve", "content"])
@pytest.mark.parametrize(
    ("fault", "advice"),
    [
        (Fault(401), "--api-key-env NAME"),
        (Fault(429, {"error": {"code": "insufficient_quota", "message": "m"}}), "no credit left; top it up"),
        (Fault(403), "--api-key-env NAME"),
    ],
    ids=["401", "no credit", "403"],
)
def test_what_a_person_must_mend_ends_the_run_and_resume_goes_on(
    batch: Run, host: BatchHost, what: str, fault: Fault, advice: str
) -> None:
    host.faults[what] = [fault]
    ran = batch()
    assert ran.ending.reason == "fatal"
    assert advice in ran.ending.message
    assert (bool(ran.ending.under_way)) == (what in ("retrieve", "content"))
    assert not ran.replies
    again = resume(ran.stored.folder, batching=SOON)
    assert again.ending.reason == "complete", again.ending.message
    assert again.replies == ALL
    assert host.asked == EVERY


def test_a_host_that_is_not_there_ends_the_run_soon(run: Run) -> None:
    settings, limits = {"service_tier": "batch"}, {"breaker": IMPATIENT}
    ran = run("http://127.0.0.1:9/v1", settings=settings, limits=limits, batching=SOON)
    assert ran.ending.reason == "fatal"
    assert "resume when one can" in ran.ending.message


def test_a_host_without_a_batch_api_is_named(batch: Run, host: BatchHost) -> None:
    host.faults["upload"] = [Fault(404)]
    assert "no Batch API (404 on /files); run it without --batch" in batch().ending.message


def test_a_file_that_the_host_refuses_ends_the_run_with_its_words(batch: Run, host: BatchHost) -> None:
    host.faults["upload"] = [Fault(400, {"error": {"message": "File is too large."}})]
    ran = batch()
    assert ran.ending.reason == "fatal"
    assert "File is too large." in ran.ending.message


def test_a_file_that_is_gone_before_its_batch_was_made_is_sent_again(batch: Run, host: BatchHost) -> None:
    host.faults["create"] = [Fault(401)]
    ran = batch()
    host.files.clear()
    refused = resume(ran.stored.folder, batching=SOON)
    assert refused.ending.reason == "fatal"
    assert "makes no batch of the file" in refused.ending.message
    assert resume(ran.stored.folder, batching=SOON).replies == ALL
    assert host.asked == EVERY


def test_a_batch_of_another_account_is_not_made_anew(batch: Run, host: BatchHost) -> None:
    ran = batch(batching=Batching(wait=False))
    kept, host.batches = host.batches, {}
    lost = resume(ran.stored.folder, batching=SOON)
    assert lost.ending.reason == "fatal"
    assert "use the key that made it" in lost.ending.message
    host.batches = kept
    assert resume(ran.stored.folder, batching=SOON).replies == ALL
    assert host.done.count("create") == 1


def test_a_failed_validation_says_the_hosts_error_in_one_line_and_resume_sends_anew(
    batch: Run, host: BatchHost
) -> None:
    host.ends_as = lambda made: "failed"
    host.why = {
        "object": "list",
        "data": [
            {"code": "model_mismatch", "line": 1, "message": "The model 'x' does not exist.", "param": "model"},
            {"code": "model_mismatch", "line": 2, "message": "The model 'x' does not exist.", "param": "model"},
        ],
    }
    ran = batch()
    assert ran.ending.reason == "fatal"
    assert ran.ending.message == "m: batch batch_1 failed: line 1: The model 'x' does not exist. (and 1 more)"
    assert not ran.stored.records
    host.ends_as = lambda made: "completed"
    assert resume(ran.stored.folder, batching=SOON).replies == ALL


@pytest.mark.parametrize("why", [None, "broken", {"data": ["broken"]}, [{"code": "x"}], {"data": None}, 7])
def test_a_failure_in_any_shape_is_one_line(batch: Run, host: BatchHost, why: Any) -> None:
    host.ends_as, host.why = lambda made: "failed", why
    ran = batch()
    assert ran.ending.message.startswith("m: batch batch_1 failed: ")
    assert "\n" not in ran.ending.message


def test_a_full_queue_lets_the_others_in_first(batch: Run, host: BatchHost) -> None:
    host.ends_as = lambda made: "failed" if made.id in ("batch_2", "batch_3") else "completed"
    host.why = {"data": [{"code": "token_limit_exceeded", "message": "Enqueued token limit reached"}]}
    ran = batch(card={"options": {"batch_requests": 2}})
    assert ran.replies == ALL
    assert sum("sent again when the others are in" in said for said in ran.progress.said) == 2
    assert len(lines_of(ran)) == 5
    host.ends_as = lambda made: "failed"
    ran = batch(card={"options": {"batch_requests": 2}}, fresh=True)
    assert ran.ending.reason == "fatal"
    assert "Enqueued token limit reached" in ran.ending.message


def test_an_expired_part_is_asked_again_in_a_further_batch(batch: Run, host: BatchHost) -> None:
    host.ends_as = lambda made: "expired" if made.id == "batch_1" else "completed"
    host.outcome = only_once("Is light 3 on?", "batch_expired")
    ran = batch()
    assert ran.replies == ALL
    assert host.asked == EVERY | {"Is light 3 on?": 2}
    record = next(record for record in ran.stored.records if record.prompt_id == "p3")
    assert record.reply is not None
    assert record.reply.timing.attempts == 2
    assert record.billed == ()


def test_what_expires_again_and_again_is_a_failure_that_resume_asks_once_more(batch: Run, host: BatchHost) -> None:
    host.outcome = lambda line, made: "batch_expired" if "3" in line.question else (200, right())
    ran = batch()
    assert ran.ending.reason == "complete"
    assert host.asked == EVERY | {"Is light 3 on?": TRIES}
    assert ran.failures == {"p3": "m: This request: batch_expired"}
    assert len(ran.progress.usd) == 5  # shown once, when it is the last word
    host.outcome = lambda line, made: (200, right())
    assert resume(ran.stored.folder, batching=SOON).replies == ALL


@pytest.mark.parametrize(
    ("outcome", "asked", "said"),
    [
        (
            (400, {"error": {"message": "Invalid image.", "code": "invalid_image"}}),
            1,
            "answered 400: Invalid image.",
        ),
        ((422, {"error": {"message": "no"}}), 1, "422"),
        ((500, {"error": {"message": "boom"}}), TRIES, "500: boom"),
        ((429, {"error": {"message": "slow"}}), TRIES, "429: slow"),
        ((200, {"nonsense": 1}), TRIES, "the reply is empty"),
        ((200, "text"), TRIES, "no reply"),
        ((200, right(status="failed", error={"code": "bad", "message": "boom"})), 1, "bad: boom"),
        ("request_timeout", TRIES, "request_timeout"),
        ("unheard_of", 1, "unheard_of"),
        (None, TRIES, "without a word"),
    ],
)
def test_an_error_of_one_request_is_the_failure_that_a_live_call_has(
    batch: Run, host: BatchHost, outcome: Outcome, asked: int, said: str
) -> None:
    host.outcome = lambda line, made: outcome if "2" in line.question else (200, right())
    ran = batch()
    assert ran.ending.reason == "complete"
    assert sorted(ran.replies) == ["p0", "p1", "p3", "p4"]
    assert said in ran.failures["p2"]
    assert host.asked == EVERY | {"Is light 2 on?": asked}


def test_a_request_that_was_billed_without_an_answer_counts_in_what_the_run_cost(
    batch: Run, host: BatchHost
) -> None:
    failed = right(status="failed", error={"code": "server_error", "message": "boom"})
    host.outcome = only_once("Is light 2 on?", (200, failed))
    ran = batch()
    assert ran.replies == ALL
    assert ran.billed == (Usage(100, 20, 64, 0, 12, None, "batch"),)


@pytest.mark.parametrize(
    ("outcome", "advice"),
    [
        ((401, {"error": {"message": "no"}}), "--api-key-env NAME"),
        ((429, {"error": {"code": "insufficient_quota"}}), "no credit left"),
        ((404, {"error": {"message": "no such model"}}), "no such model"),
    ],
)
def test_a_request_that_says_what_all_would_meet_ends_the_run_but_keeps_the_answers(
    batch: Run, host: BatchHost, outcome: Outcome, advice: str
) -> None:
    host.outcome = lambda line, made: outcome if "2" in line.question else (200, right())
    ran = batch()
    assert ran.ending.reason == "fatal"
    assert advice in ran.ending.message
    assert sorted(ran.replies) == ["p0", "p1", "p3", "p4"]
    assert not ran.failures
    host.outcome = lambda line, made: (200, right())
    assert resume(ran.stored.folder, batching=SOON).replies == ALL
    assert host.asked == EVERY | {"Is light 2 on?": 2}


def test_a_parameter_that_the_host_rejects_is_left_out_of_a_further_batch(batch: Run, host: BatchHost) -> None:
    def outcome(line: Line, made: MadeBatch) -> Outcome:
        if "temperature" not in line.body:
            return 200, right()
        message = "Unsupported parameter: 'temperature' is not supported with this model."
        return 400, {"error": {"message": message, "code": "unsupported_parameter", "param": "temperature"}}

    host.outcome = outcome
    ran = batch(settings={"temperature": 0.0})
    assert ran.replies == ALL
    assert ran.stored.run.dropped_parameters == ("temperature",)
    assert [len(made.lines) for made in host.batches.values()] == [5, 5]
    assert len(lines_of(ran)) == 5


def test_an_effort_that_the_host_rejects_ends_the_run(batch: Run, host: BatchHost) -> None:
    error = {"message": "Unsupported parameter: 'reasoning.effort'", "param": "reasoning.effort"}
    host.outcome = lambda line, made: (400, {"error": error})
    ran = batch(settings={"effort": "high"})
    assert ran.ending.reason == "fatal"
    assert "effort" in ran.ending.message
    assert len(host.batches) == 1


def test_lines_that_are_double_foreign_or_garbage_harm_nothing(batch: Run, host: BatchHost) -> None:
    def mangle(lines: list[bytes]) -> list[bytes]:
        foreign = json.dumps(
            {"custom_id": "p0-e9", "response": {"status_code": 200, "body": right("no")}}
        ).encode()
        wrong = lines[0].replace(b'"yes"', b'"no"')
        return [b"{", b"", foreign, *lines, wrong, b"\xff\xfe", b"[]", b'{"custom_id": 7}', b'{"id": "x"}']

    host.mangle = mangle
    ran = batch()
    assert ran.replies == ALL
    assert len(lines_of(ran)) == 5
    assert ran.progress.said[-1] == "batch batch_1: 6 lines of its results are no answer to us"
    assert host.asked == EVERY


def test_odd_lines_are_counted_over_both_files_of_results(batch: Run, host: BatchHost) -> None:
    host.outcome = lambda line, made: (
        (400, {"error": {"message": "Invalid image."}}) if "0" in line.question else (200, right())
    )
    host.mangle = lambda lines: [*lines, b"{"]
    ran = batch()
    assert len(ran.replies) == 4
    assert ran.progress.said[-1] == "batch batch_1: 1 line of its results is no answer to us"


def test_a_line_that_is_torn_is_asked_again_for_it_may_have_been_billed(batch: Run, host: BatchHost) -> None:
    host.mangle = lambda lines: [*lines[:-1], lines[-1][:40]] if len(lines) == 5 else lines
    ran = batch()
    assert ran.replies == ALL
    assert sorted(host.asked.values()) == [1, 1, 1, 1, 2]
    assert ran.billed == (Usage(),)


def test_a_host_that_names_no_counts_and_ignores_the_metadata_will_do(batch: Run, host: BatchHost) -> None:
    names = ("id", "status", "output_file_id", "input_file_id")
    host.show = lambda made: {name: made.show()[name] for name in names}
    host.looks = 3
    assert batch().replies == ALL


def test_results_that_are_gone_are_failures_whose_bill_is_unknown(batch: Run, host: BatchHost) -> None:
    ran = batch(batching=Batching(wait=False))
    host.faults["content"] = [Fault(404)] * MISSES
    fetched = resume(ran.stored.folder, batching=SOON)
    assert fetched.ending.reason == "complete"
    assert set(fetched.failures) == set(ALL)
    assert "does not keep the results" in fetched.failures["p0"]
    assert fetched.billed == (Usage(),) * 5
    assert host.asked == EVERY
    assert resume(ran.stored.folder, batching=SOON).replies == ALL


def test_results_that_are_late_are_waited_for(batch: Run, host: BatchHost) -> None:
    host.faults["content"] = [Fault(404)] * (MISSES - 1)
    ran = batch()
    assert ran.replies == ALL
    assert len(lines_of(ran)) == 5


def test_a_batch_that_was_cancelled_elsewhere_is_not_sent_again_by_itself(batch: Run, host: BatchHost) -> None:
    host.ends_as = lambda made: "cancelled" if made.id == "batch_1" else "completed"
    host.outcome = only_once("Is light 1 on?", "batch_cancelled")
    ran = batch()
    assert ran.ending.reason == "cancelled"
    assert sorted(ran.replies) == ["p0", "p2", "p3", "p4"]
    assert resume(ran.stored.folder, batching=SOON).replies == ALL
    assert host.asked == EVERY | {"Is light 1 on?": 2}


def test_a_picture_that_cannot_be_read_fails_its_prompt_alone(
    batch: Run, host: BatchHost, small_suite: Path
) -> None:
    from PIL import Image

    Image.new("RGB", (4, 4)).save(small_suite.parent / "images/2.gif", save_all=True)
    rows = small_suite.read_text().replace("images/2.png", "images/2.gif")
    small_suite.write_text(rows)
    ran = batch()
    assert ran.ending.reason == "complete"
    assert len(ran.replies) + len(ran.failures) == 5
    assert len(host.batches) == 1


def test_answers_come_in_although_a_picture_has_gone_since(batch: Run, host: BatchHost, tmp_path: Path) -> None:
    pictures = [draw(tmp_path / f"suite/images/p{n}-picture.png", str(n)) for n in range(5)]
    entries = [
        entry(f"p{n}", f"Is light {n} on?", {"type": "yes_no", "value": True}, sha256=hash_of(picture))
        for n, picture in enumerate(pictures)
    ]
    suite = write_folder(tmp_path / "suite", {"Lights": entries})
    ran = batch(
        suite=suite,
        prices=[msgspec.structs.replace(PRICE, tier="batch")],
        settings={"max_output_tokens": 100},
        max_cost_usd=Decimal(1),
        batching=Batching(wait=False),
    )
    assert ran.ending.reason == "submitted"
    pictures[2].unlink()
    fetched = resume(ran.stored.folder, batching=SOON, max_cost_usd=Decimal(1))
    assert fetched.ending.reason == "complete"
    assert fetched.replies == ALL


def test_a_batch_that_a_run_left_counts_against_the_budget_of_the_next_model(batch: Run, host: BatchHost) -> None:
    host.faults["retrieve"] = [Fault(401)]
    bounded: dict[str, Any] = {"settings": {"max_output_tokens": 100}, "max_cost_usd": Decimal(1)}
    left = batch(prices=[msgspec.structs.replace(PRICE, tier="batch")], **bounded)
    assert left.ending.reason == "fatal"
    assert not left.stored.records
    assert spent_by([Finished(left.stored, left.ending)]) == 5 * Decimal("0.0135")
    fetched = resume(left.stored.folder, batching=SOON)
    assert spent_by([Finished(fetched.stored, fetched.ending)]) < Decimal("0.01")


def hash_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("lost", "advice"), [(0, "the line that says what is in it is missing"), (1, "line 2 is corrupt")]
)
def test_a_journal_that_lacks_a_line_or_is_corrupt_is_one_line(
    batch: Run, host: BatchHost, lost: int, advice: str
) -> None:
    ran = batch(batching=Batching(wait=False))
    journal = ran.stored.folder / "batches.jsonl"
    lines = journal.read_text().splitlines()
    kept = [lines[1]] if lost == 0 else [lines[0], lines[1][:-9]]
    journal.write_text("\n".join(kept) + "\n")
    with pytest.raises(StoreError, match=f"batches.jsonl.*{advice}.*restore the file, or start a new run"):
        resume(ran.stored.folder, batching=SOON)
    journal.write_text("\n".join(lines) + "\n")
    assert resume(ran.stored.folder, batching=SOON).replies == ALL


def test_many_files_of_requests_and_pictures_come_back_whole(batch: Run, host: BatchHost, tmp_path: Path) -> None:
    suite = write_suite(tmp_path / "many", 400)
    host.outcome = lambda line, made: (200, right(f"yes {line.question.split()[2]}"))
    ran = batch(suite=suite, card={"options": {"batch_bytes": 20_000}})
    assert ran.replies == {f"p{n}": f"yes {n}" for n in range(400)}
    assert len(host.batches) > 3
    assert set(host.asked.values()) == {1}
    assert all(len(content) <= 20_000 for name, content in host.files.items() if name.count("-") == 1)

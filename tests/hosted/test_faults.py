"""What a host may do wrong, and what becomes of the run."""

from __future__ import annotations

import json
import random
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from tests.hosted.conftest import IMPATIENT, Run, write_suite
from tests.hosted.host import Act, Call, answer, chat_answer, error, events, hosting
from tests.hosted.test_secrets import cli
from visioneval.benchmark import Finished
from visioneval.cli.outcome import report_runs
from visioneval.limits import BreakerPolicy
from visioneval.providers.hosted.faults import duration_s, retry_after_s
from visioneval.types import Usage
from visioneval.work import RetryPolicy

HTML = Act(200, b"<html><title>Bad gateway</title></html>", {"content-type": "text/html"})
PASSING = {
    "408": error(408),
    "409": error(409),
    "429": error(429, "rate_limit_exceeded"),
    "500": error(500),
    "502 html": Act(502, b"<html>bad gateway</html>", {"content-type": "text/html"}),
    "503": error(503),
    "529": error(529),
    "html in a 200": HTML,
    "garbage json": Act(200, b'{"status": "completed", "output": [{'),
    "an empty 200": Act(200, b""),
    "a list": Act(200, b"[]"),
    "an error in a 200": Act(200, b'{"error": {"message": "overloaded", "code": 503}}'),
    "a failed response": answer(status="failed", error={"code": "server_error", "message": "boom"}),
    "still in progress": answer(status="in_progress"),
    "wrong bytes": Act(200, b"\xff\xfe\x00"),
    "cut before the status": Act(cut_at=-1),
    "cut in the body": Act(200, b'{"status": "completed"}', cut_at=8),
    "a bad gzip": Act(200, b"no gzip", {"content-encoding": "gzip"}),
    "silence": Act(before_s=3.0),
}


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING.keys())
def test_what_passes_is_tried_again(run: Run, fault: Act) -> None:
    with hosting(lambda call: fault if call.nth == 1 and "0" in call.question else answer()) as host:
        ran = run(host.url, card={"options": {"timeout_s": 1.0}})
    assert ran.replies == dict.fromkeys(("p0", "p1", "p2", "p3", "p4"), "yes")
    assert host.asked == {f"Is light {n} on?": 2 if n == 0 else 1 for n in range(5)}
    record = next(record for record in ran.stored.records if record.prompt_id == "p0")
    assert record.reply is not None
    assert record.reply.timing.attempts == 2
    assert record.reply.timing.service_s is not None
    assert record.reply.timing.service_s < 1.0


def test_a_wrong_content_type_with_a_right_body_is_an_answer(run: Run) -> None:
    act = answer()
    with hosting(lambda call: Act(200, act.body, {"content-type": "text/plain"}, good=True)) as host:
        assert len(run(host.url).replies) == 5


def test_400_fails_that_prompt_and_no_other(run: Run) -> None:
    with hosting(lambda call: error(400, "bad_image") if "0" in call.question else answer()) as host:
        ran = run(host.url)
    assert sorted(ran.replies) == ["p1", "p2", "p3", "p4"]
    assert "400" in ran.failures["p0"]
    assert ran.ending.reason == "complete"
    assert host.asked["Is light 0 on?"] == 1


@pytest.mark.parametrize(
    ("act", "advice"),
    [
        (error(401), "none was sent; name the variable that holds it: --api-key-env NAME"),
        (error(403), "none was sent; name the variable that holds it: --api-key-env NAME"),
        (error(429, "insufficient_quota"), "no credit"),
        (error(402), "no credit"),
        (error(404, "model_not_found"), "check the name"),
        (Act(307, b"", {"location": "http://elsewhere/"}), "correct the base URL"),
    ],
)
def test_what_no_prompt_can_escape_ends_the_run(run: Run, act: Act, advice: str) -> None:
    with hosting(lambda call: act) as host:
        ran = run(host.url, limits={"concurrency": 2})
    assert ran.ending.reason == "fatal"
    assert advice in ran.ending.message
    assert len(host.calls) <= 2


def test_what_may_have_been_paid_before_the_run_ended_is_recorded(run: Run) -> None:
    broken = Act(200, b'{"a": 1}', cut_at=3)
    with hosting(lambda call: broken if call.nth == 1 else error(401)) as host:
        ran = run(host.url, limits={"concurrency": 1})
    assert ran.ending.reason == "fatal"
    assert list(ran.failures) == ["p0"]
    assert ran.billed == (Usage(),)


def test_retry_after_is_honoured_and_shown(run: Run) -> None:
    with hosting(lambda call: error(429, retry_after="1") if len(host.calls) == 1 else answer()) as host:
        started = time.monotonic()
        ran = run(host.url, limits={"concurrency": 1})
        took_s = time.monotonic() - started
    assert len(ran.replies) == 5
    assert took_s >= 1.0
    assert ran.progress.pauses[0][0] == 1.0
    assert "429" in ran.progress.pauses[0][1]
    record = ran.stored.records[0]
    assert record.reply is not None
    assert record.reply.timing.retry_s + record.reply.timing.queue_s >= 1.0
    assert record.reply.timing.service_s is not None
    assert record.reply.timing.service_s <= took_s - 1.0  # the wait is no part of it


NOW = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "86400"}, 86400.0),
        ({"retry-after": format_datetime(NOW + timedelta(seconds=90), usegmt=True)}, 90.0),
        ({"retry-after": format_datetime(NOW - timedelta(seconds=90), usegmt=True)}, 0.0),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "nan"}, None),
        ({}, None),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "1m30s"}, 90.0),
        ({"x-ratelimit-remaining-tokens": "5", "x-ratelimit-reset-tokens": "1m30s"}, None),
    ],
)
def test_retry_after_in_all_its_forms(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_s(headers, NOW, limited=True) == seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("6ms", 0.006), ("1s", 1.0), ("6m0s", 360.0), ("1h2m3.5s", 3723.5), ("2", 2.0), ("", None), ("x", None)],
)
def test_durations(text: str, seconds: float | None) -> None:
    assert duration_s(text) == pytest.approx(seconds) if seconds is not None else duration_s(text) is None


def test_concurrency_halves_at_a_rate_limit_and_recovers(run: Run, tmp_path: Path) -> None:
    suite = write_suite(tmp_path / "many", 120)

    def script(call: Call) -> Act:
        if host.in_flight > 6:
            return error(429, retry_after_ms="20")
        act = answer()
        act.before_s = 0.01
        return act

    with hosting(script) as host:
        ran = run(host.url, suite=suite, limits={"concurrency": 24})
    assert len(ran.replies) == 120
    limited = sum(1 for call in host.calls if call.answered_at is None)
    assert limited < 60


def test_a_host_that_is_down_is_probed_and_not_hammered(run: Run, tmp_path: Path) -> None:
    suite = write_suite(tmp_path / "many", 40)
    breaker = BreakerPolicy(failures=6, first_pause_s=0.02, longest_pause_s=0.05, give_up_s=60.0)
    met: list[int] = []
    """How many calls were in flight at each call that the host, being down, failed."""

    def script(call: Call) -> Act:
        if len(host.calls) <= 5 or len(met) == 30:
            return answer()
        met.append(host.in_flight)
        return error(503)

    with hosting(script) as host:
        ran = run(host.url, suite=suite, limits={"concurrency": 4, "breaker": breaker})
    assert len(ran.replies) == 40
    assert any("host is down" in why for _, why in ran.progress.pauses)
    assert met[-8:] == [1] * 8  # when all that was in flight has failed, one at a time


def test_a_host_that_never_answers_ends_the_run_soon(run: Run) -> None:
    started = time.monotonic()
    ran = run("http://127.0.0.1:9/v1", limits={"concurrency": 16, "breaker": IMPATIENT})
    assert ran.ending.reason == "fatal"
    assert "resume when one can" in ran.ending.message
    assert "http://127.0.0.1:9" in ran.ending.message
    assert time.monotonic() - started < 10


def test_a_parameter_that_the_host_rejects_is_dropped_once_and_remembered(run: Run) -> None:
    def script(call: Call) -> Act:
        if "temperature" in call.body:
            message = "Unsupported parameter: 'temperature' is not supported with this model."
            return error(400, "unsupported_parameter", message, "temperature")
        return answer()

    with hosting(script) as host:
        ran = run(host.url, settings={"temperature": 0.0}, limits={"concurrency": 1})
    assert len(ran.replies) == 5
    assert len(host.calls) == 6
    assert ran.stored.run.dropped_parameters == ("temperature",)
    assert "temperature" in ran.progress.said[-1]
    assert all(r.reply is not None and r.reply.timing.attempts == 1 for r in ran.stored.records)


def test_an_effort_that_the_host_rejects_ends_the_run(run: Run) -> None:
    message = "Unsupported parameter: 'reasoning.effort'"
    with hosting(lambda call: error(400, "unsupported_parameter", message, "reasoning.effort")) as host:
        ran = run(host.url, settings={"effort": "high"}, limits={"concurrency": 1})
    assert ran.ending.reason == "fatal"
    assert "effort" in ran.ending.message
    assert len(host.calls) == 1


def test_a_reply_of_ten_megabytes_is_kept(run: Run) -> None:
    with hosting(lambda call: answer("y" * 10_000_000 if "0" in call.question else "yes")) as host:
        ran = run(host.url)
    assert len(ran.replies["p0"]) == 10_000_000


def test_a_thousand_prompts_under_mixed_faults_are_answered_once_each(run: Run, tmp_path: Path) -> None:
    suite = write_suite(tmp_path / "many", 1000)
    faults = [fault for name, fault in PASSING.items() if name not in ("silence", "429")]
    faults.append(error(429, retry_after_ms="5"))

    def script(call: Call) -> Act:
        """What befalls a question depends on it alone: up to six faults, and none twice, for garbage told again
        and again is no passing fault."""
        number = call.question.split()[2]
        chance = random.Random(int(number))
        befalls = chance.sample(faults, 6)[: min(6, int(chance.expovariate(1.2)))]
        return befalls[call.nth - 1] if call.nth <= len(befalls) else answer(f"yes {number}")

    with hosting(script) as host:
        ran = run(host.url, suite=suite, limits={"concurrency": 32})
    assert ran.replies == {f"p{n}": f"yes {n}" for n in range(1000)}
    assert len(ran.stored.records) == 1000
    assert ran.ending.reason == "complete"
    lines = (ran.stored.folder / "records.jsonl").read_bytes().splitlines()
    assert len(lines) == 1000
    assert set(host.answered().values()) == {1}


STREAM = (
    {"type": "response.created"},
    {"type": "response.output_text.delta", "delta": "y"},
    {"type": "response.output_text.delta", "delta": "es"},
    {"type": "response.completed", "response": json.loads(answer().body)},
)
CHAT_STREAM = (
    {"choices": [{"delta": {"role": "assistant", "content": ""}}], "model": "m-1"},
    {"choices": [{"delta": {"content": "y"}}]},
    {"choices": [{"delta": {"content": "es"}}]},
    {"choices": [{"delta": {}, "finish_reason": "stop"}]},
    {"choices": [], "usage": {"prompt_tokens": 100, "completion_tokens": 20}},
    b"[DONE]",
)


@pytest.mark.parametrize("api", ["responses", "chat"])
def test_a_stream_gives_the_first_token_and_the_usage(run: Run, api: str) -> None:
    act = events(*(STREAM if api == "responses" else CHAT_STREAM))
    act.between_s = 0.05
    with hosting(lambda call: act) as host:
        ran = run(host.url, settings={"api": api, "stream": True})
    assert host.calls[0].body["stream"] is True
    for record in ran.stored.records:
        assert record.reply is not None
        assert record.reply.text == "yes"
        assert record.reply.usage.input_tokens == 100
        timing = record.reply.timing
        assert timing.first_token_s is not None
        assert timing.service_s is not None
        assert 0.03 < timing.first_token_s < timing.service_s


@pytest.mark.parametrize("api", ["responses", "chat"])
@pytest.mark.parametrize("cut_at", [0, 1, 2, 3])
def test_a_stream_that_dies_is_tried_again_and_never_half_an_answer(run: Run, api: str, cut_at: int) -> None:
    def script(call: Call) -> Act:
        act = events(*(STREAM if api == "responses" else CHAT_STREAM))
        act.cut_at = cut_at if call.nth == 1 else None
        return act

    with hosting(script) as host:
        ran = run(host.url, settings={"api": api, "stream": True})
    assert set(ran.replies.values()) == {"yes"}
    assert set(host.asked.values()) == {2}


@pytest.mark.parametrize("how", ["the connection breaks", "an error event comes"])
def test_an_answer_is_whole_with_its_finish_reason_whatever_breaks_after_it(run: Run, how: str) -> None:
    broken = events(*CHAT_STREAM[:4], {"error": {"message": "overloaded", "code": 503}})
    broken.cut_at = 4 if "connection" in how else None
    with hosting(lambda call: broken) as host:
        ran = run(host.url, settings={"api": "chat", "stream": True})
    assert set(ran.replies.values()) == {"yes"}
    assert set(host.asked.values()) == {1}
    assert all(record.reply and record.reply.usage.input_tokens is None for record in ran.stored.records)


def test_a_stream_that_ends_politely_but_too_soon_is_tried_again(run: Run) -> None:
    with hosting(lambda call: events(*STREAM[:3]) if call.nth == 1 else events(*STREAM)) as host:
        ran = run(host.url, settings={"stream": True})
    assert set(ran.replies.values()) == {"yes"}
    assert ran.billed


def test_chat_answers(run: Run) -> None:
    with hosting(lambda call: chat_answer()) as host:
        ran = run(host.url, settings={"api": "chat", "max_output_tokens": 7})
    assert set(ran.replies.values()) == {"yes"}
    assert host.calls[0].path == "/v1/chat/completions"
    assert host.calls[0].body["max_completion_tokens"] == 7


def test_a_host_that_is_not_there_is_named(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """A prompt's few tries do not end the run as many would, but its exit code says as much."""
    few = RetryPolicy(max_attempts=2, base_s=0.01, longest_s=0.05)
    ran = run("http://127.0.0.1:9/v1", limits={"retry": few, "concurrency": 1})
    assert report_runs([Finished(ran.stored, ran.ending)], as_json=False) == 6
    said = capsys.readouterr().err
    assert "cannot reach http://127.0.0.1:9" in said
    assert "--base-url" in said


def test_a_host_that_fails_every_call_is_not_said_to_be_silent(run: Run) -> None:
    with hosting(lambda call: error(500, message="boom")) as host:
        ran = run(host.url, limits={"concurrency": 16, "breaker": IMPATIENT})
    assert ran.ending.reason == "fatal"
    assert "the host answered 500: boom; no call has gone through for" in ran.ending.message


def test_a_key_that_was_sent_and_refused_is_named(tmp_path: Path, small_suite: Path) -> None:
    with hosting(lambda call: error(401)) as host:
        arguments = ["run", "--model", "openai:m", "--base-url", host.url, "--suite", str(small_suite)]
        ran = cli(tmp_path, *arguments, "--api-key-env", "HOST_KEY", HOST_KEY="key-1234567")
    assert "it refuses the key; check HOST_KEY" in ran.stderr


@pytest.mark.parametrize("url", ["notaurl", "http://[bad", "http://h:port/v1", "ftp://h/v1", "https:///v1"])
def test_a_base_url_that_is_none_is_the_first_thing_said(tmp_path: Path, small_suite: Path, url: str) -> None:
    arguments = ["run", "--model", "openai:m", "--base-url", url, "--suite", str(small_suite)]
    ran = cli(tmp_path, *arguments, OPENAI_API_KEY="key-1234567")
    assert ran.returncode == 4
    assert "must begin with http:// or https:// and name a host" in ran.stderr
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize("url", ["http://me:secret@h/v1", "http://h/v1?key=secret", "http://h/v1#secret"])
def test_a_base_url_that_may_hold_a_key_is_refused_without_showing_it(
    tmp_path: Path, small_suite: Path, url: str
) -> None:
    ran = cli(tmp_path, "run", "--model", "openai:m", "--base-url", url, "--suite", str(small_suite))
    assert ran.returncode == 4
    assert "the base URL of h holds a user name, a password, a query or a fragment" in ran.stderr
    assert "secret" not in ran.stderr
    assert not (tmp_path / "results").exists()

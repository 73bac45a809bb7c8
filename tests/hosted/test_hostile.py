"""A host that means ill, or seems to: what is paid for is kept, and nobody is fooled."""

from __future__ import annotations

import gzip
import json
import zlib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.hosted.conftest import PRICE, Ran, Run
from tests.hosted.host import Act, Call, answer, chat_answer, error, events, hosting
from tests.hosted.test_secrets import KEY, cli, everything
from visioneval.pricing import cost_usd
from visioneval.providers.hosted import wire
from visioneval.redact import HIDDEN
from visioneval.types import Prompt, Record, Usage
from visioneval.work import Watcher

CHAT = {"api": "chat"}


def with_headers(act: Act, **headers: str) -> Act:
    act.headers = {**act.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return act


def usages(ran: Ran) -> set[Usage]:
    return {record.reply.usage for record in ran.stored.records if record.reply is not None}


@pytest.mark.parametrize("media_type", ["image/" + "a" * 300, "image/../../x", "image/svg+xml", "\x1b[2J", ""])
def test_a_picture_of_any_type_is_kept_and_its_reply_is_too(run: Run, media_type: str) -> None:
    images = [{"image_url": {"url": f"data:{media_type};base64,aGVsbG8="}}]
    choice = {"message": {"content": "yes", "images": images}, "finish_reason": "stop"}
    with hosting(lambda call: chat_answer(choices=[choice])) as host:
        ran = run(host.url, settings=CHAT)
    assert len(ran.replies) == len(host.calls) == 5
    (kept,) = (ran.stored.folder / "images").iterdir()
    assert (kept.suffix, kept.read_bytes()) == (".bin", b"hello")


def test_a_picture_that_cannot_be_written_costs_no_reply(run: Run, tmp_path: Path) -> None:
    images = [{"image_url": {"url": "data:image/png;base64,aGVsbG8="}}]
    choice = {"message": {"content": "yes", "images": images}, "finish_reason": "stop"}

    def script(call: Call) -> Act:
        for manifest in tmp_path.glob("results/*/*/manifest.json"):
            (manifest.parent / "images").touch()  # a file where the folder should be
        return chat_answer(choices=[choice])

    with hosting(script) as host:
        ran = run(host.url, settings=CHAT)
    assert len(ran.replies) == len(host.calls) == 5
    assert ran.ending.reason == "complete"


@pytest.mark.parametrize("tokens", [10**400, 2**63, 2**53, -1, 1.5, True, "100"])
def test_a_count_that_no_host_can_have_is_unknown(run: Run, tokens: Any) -> None:
    with hosting(lambda call: answer(usage={"input_tokens": tokens, "output_tokens": 20})) as host:
        ran = run(host.url)
    assert len(ran.replies) == len(host.calls) == 5
    assert usages(ran) == {Usage(None, 20, service_tier="default")}
    assert ran.ending.reason == "complete"


def test_more_input_from_the_cache_than_there_was_is_unknown(run: Run) -> None:
    usage = {"input_tokens": 10, "output_tokens": 2, "input_tokens_details": {"cached_tokens": 10**9}}
    with hosting(lambda call: answer(usage=usage)) as host:
        ran = run(host.url)
    assert usages(ran) == {Usage(None, 2, service_tier="default")}
    assert ran.progress.usd == [None] * 5


def test_no_call_costs_less_than_nothing() -> None:
    cost = cost_usd(Usage(10, 2, cached_input_tokens=10**9), PRICE)
    assert cost is not None
    assert cost > 0


@pytest.mark.parametrize("left", ["²", "9" * 5000, "٣", "-1", "1e9", ""])
def test_a_rate_limit_that_is_no_number_is_passed_over(run: Run, left: str) -> None:
    headers = {"x-ratelimit-remaining-requests": left, "x-ratelimit-reset-requests": "9" * 400 + "s"}
    act = answer()
    act.headers = {name: value.encode().decode("latin-1") for name, value in headers.items()}
    with hosting(lambda call: act) as host:
        assert len(run(host.url).replies) == 5
        assert len(host.calls) == 5


@pytest.mark.parametrize("zone", ["GMT", "+99999999"])
def test_a_retry_after_beyond_the_calendar_is_passed_over(run: Run, zone: str) -> None:
    limited = error(429, retry_after=f"Mon, 01 Jan 99999999999999999999 00:00:00 {zone}")
    with hosting(lambda call: limited if call.nth == 1 else answer()) as host:
        assert len(run(host.url).replies) == 5


@pytest.mark.parametrize("code", ["²²²", "9" * 5000, "٤٠٤"])
@pytest.mark.parametrize("stream", [False, True])
def test_an_error_code_that_only_looks_like_a_number(run: Run, code: str, stream: bool) -> None:
    failed = {"error": {"message": "what now", "code": code}}
    act = events(failed) if stream else Act(body=json.dumps(failed).encode())
    with hosting(lambda call: act) as host:
        ran = run(host.url, settings={**CHAT, "stream": stream}, limits={"retry": _once()})
    assert len(ran.failures) == 5
    assert all("what now" in message for message in ran.failures.values())


def _once() -> Any:
    from visioneval.work import RetryPolicy

    return RetryPolicy(max_attempts=1)


def test_a_fault_of_ours_after_an_answer_ends_the_run_cleanly_with_the_answer(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from visioneval import benchmark

    def broken(self: Watcher, prompt: Prompt, record: Record) -> None:
        raise OverflowError("too large")

    monkeypatch.setattr(benchmark.Execution, "record", broken)
    with hosting(lambda call: answer()) as host:
        ran = run(host.url, limits={"concurrency": 1})
    assert (ran.ending.reason, len(host.calls), len(ran.replies)) == ("fatal", 1, 1)
    assert "OverflowError: too large" in ran.ending.message
    assert len(ran.stored.verdicts) == 1


ESCAPED = "".join(f"\\u{ord(letter):04x}" for letter in KEY)


@pytest.mark.parametrize("variable", ["HOST_KEY", "HOST_ENTRY"])
@pytest.mark.parametrize(
    ("act", "stream"),
    [
        (
            Act(body=chat_answer("KEY", model="KEY", service_tier="KEY").body.replace(b"KEY", ESCAPED.encode())),
            False,
        ),
        (Act(400, error(400, message="you sent KEY").body.replace(b"KEY", ESCAPED.encode())), False),
        (
            Act(body=b'{"error": {"message": "you sent KEY", "code": "KEY"}}'.replace(b"KEY", ESCAPED.encode())),
            False,
        ),
        (
            events(
                {"choices": [{"delta": {"content": f"it is {KEY[:9]}"}}]},
                {"choices": [{"delta": {"content": KEY[9:]}, "finish_reason": "stop"}], "model": KEY},
                b"[DONE]",
            ),
            True,
        ),
    ],
    ids=["a reply", "a 400", "an error in a 200", "a stream"],
)
def test_a_key_that_comes_back_in_disguise(
    tmp_path: Path, small_suite: Path, act: Act, stream: bool, variable: str
) -> None:
    with hosting(lambda call: act) as host:
        arguments = [
            "run",
            "--model",
            "openai:m",
            "--api",
            "chat",
            "--base-url",
            host.url,
            "--api-key-env",
            variable,
        ]
        arguments += ["--suite", str(small_suite), "--only", "p0", *(["--stream"] if stream else [])]
        ran = cli(tmp_path, *arguments, **{variable: KEY})
    assert host.calls[0].headers["authorization"] == f"Bearer {KEY}"
    assert HIDDEN in everything(tmp_path, ran)
    assert KEY not in everything(tmp_path, ran)
    assert ESCAPED not in everything(tmp_path, ran)


def bomb(megabytes: int) -> bytes:
    """Return spaces, packed."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    spaces = b" " * 2**20
    return b"".join(packer.compress(spaces) for _ in range(megabytes)) + packer.flush()


def test_an_answer_that_unpacks_to_more_than_any_answer_is_refused(run: Run) -> None:
    packed = Act(200, bomb(200), {"content-encoding": "gzip"})
    with hosting(lambda call: packed) as host:
        ran = run(host.url, limits={"concurrency": 1, "retry": _once()})
    assert all("longer than 32 MiB" in message for message in ran.failures.values())
    assert ran.billed == (Usage(),) * 5


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_without_end_is_refused(run: Run, stream: bool) -> None:
    chunk = {"choices": [{"delta": {"content": "y" * 2**20}}]}
    act = events(*[chunk] * 64) if stream else Act(chunks=(b" " * 2**20,) * 64)
    with hosting(lambda call: act) as host:
        ran = run(host.url, settings={**CHAT, "stream": stream}, limits={"concurrency": 1, "retry": _once()})
    assert all("longer than 32 MiB" in message for message in ran.failures.values())
    assert ran.billed == (Usage(),) * 5


def test_an_event_without_end_is_refused(run: Run) -> None:
    act = Act(chunks=(b"data: ", *(b"y" * 2**20,) * 64), headers={"content-type": "text/event-stream"})
    with hosting(lambda call: act) as host:
        ran = run(host.url, settings={**CHAT, "stream": True}, limits={"concurrency": 1, "retry": _once()})
    assert all("the stream cannot be read" in message for message in ran.failures.values())


def test_a_refusal_of_any_length_is_still_a_refusal(run: Run) -> None:
    act = Act(401, gzip.compress(b"no " * 2**22), {"content-encoding": "gzip"})
    with hosting(lambda call: act) as host:
        ran = run(host.url, limits={"concurrency": 1})
    assert ran.ending.reason == "fatal"
    assert "the host answered 401" in ran.ending.message


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_that_drips_is_not_waited_for_for_ever(
    run: Run, monkeypatch: pytest.MonkeyPatch, stream: bool
) -> None:
    monkeypatch.setattr(wire, "FOLLOWING_S", 0.5)
    drip = Act(
        chunks=(b"data: {}\n\n",) * 200 if stream else (b" ",) * 200,
        between_s=0.05,
        headers={"content-type": "text/event-stream"},
    )
    with hosting(lambda call: drip) as host:
        arguments = {"settings": {**CHAT, "stream": stream}, "card": {"options": {"timeout_s": 0.5}}}
        ran = run(host.url, **arguments, limits={"retry": _once()})
    assert all("was not whole after 1 s" in message for message in ran.failures.values())


@pytest.mark.parametrize("status", [400, 401])
def test_a_host_does_not_command_the_terminal(tmp_path: Path, small_suite: Path, status: int) -> None:
    evil = error(status, message="bad \x1b]0;PWNED\x07\x1b[31mred\x9b2J \u202egnp.exe\nvisioneval: all is well")
    with hosting(lambda call: evil) as host:
        arguments = ["run", "--model", "openai:m", "--base-url", host.url, "--suite", str(small_suite)]
        ran = cli(tmp_path, *arguments)
    assert "PWNED" in ran.stderr
    assert not set("\x1b\x07\x9b\u202e") & set(everything(tmp_path, ran))
    assert "\nvisioneval: all is well" not in ran.stderr


@pytest.mark.parametrize(
    ("content", "text"),
    [("yes \\ud83d", "yes \ufffd"), ("yes \\ude00", "yes \ufffd"), ("\\ud83d\\ude00 yes", "\U0001f600 yes")],
)
@pytest.mark.parametrize("api", ["responses", "chat"])
def test_half_a_character_costs_no_reply(run: Run, api: str, content: str, text: str) -> None:
    body = (answer("TEXT") if api == "responses" else chat_answer("TEXT")).body.replace(b"TEXT", content.encode())
    with hosting(lambda call: Act(body=body, good=True)) as host:
        ran = run(host.url, settings={"api": api})
    assert ran.replies == dict.fromkeys(("p0", "p1", "p2", "p3", "p4"), text)
    assert len(host.calls) == 5
    assert {usage.input_tokens for usage in usages(ran)} == {100}


def test_a_character_that_a_stream_cuts_in_two_is_whole(run: Run) -> None:
    deltas = [b'{"choices": [{"delta": {"content": "%s"}}]}' % half for half in (b"yes \\ud83d", b"\\ude00")]
    act = events(*deltas, {"choices": [{"delta": {}, "finish_reason": "stop"}]}, b"[DONE]")
    with hosting(lambda call: act) as host:
        ran = run(host.url, settings={**CHAT, "stream": True})
    assert set(ran.replies.values()) == {"yes \U0001f600"}
    assert len(host.calls) == 5


@pytest.mark.parametrize("body", [b"<html>Please log in</html>", b"[" * 100_000, b'{"choices": []}'])
def test_the_same_garbage_is_not_asked_for_again_and_again(run: Run, body: bytes) -> None:
    with hosting(lambda call: Act(200, body)) as host:
        ran = run(host.url, settings=CHAT)
    assert len(ran.failures) == 5
    assert set(host.asked.values()) == {3}


def test_different_garbage_is_asked_for_again(run: Run) -> None:
    with hosting(
        lambda call: Act(200, b"<%d>busy %d" % (call.nth, call.nth)) if call.nth < 5 else answer()
    ) as host:
        assert len(run(host.url).replies) == 5


def test_a_budget_is_not_filled_up_by_what_a_host_says(run: Run) -> None:
    usage = {"input_tokens": 10, "output_tokens": 2, "input_tokens_details": {"cached_tokens": 10**9}}
    with hosting(lambda call: answer(usage=usage)) as host:
        settings = {"max_output_tokens": 100}
        ran = run(host.url, settings=settings, limits={"concurrency": 1}, max_cost_usd=Decimal("0.005"))
    assert ran.ending.reason == "budget"
    assert len(host.calls) < 5

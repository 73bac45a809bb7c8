"""What calls cost: usage as reported, budgets, the cache."""

from __future__ import annotations

import json
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.hosted.conftest import PRICE, Run, resume, write_suite
from tests.hosted.host import USAGE, Act, Call, answer, error, hosting
from tests.hosted.test_secrets import cli
from visioneval.benchmark import Finished, spent_by
from visioneval.limits import Pace
from visioneval.pricing import call_costs_usd
from visioneval.types import Usage

COST = Decimal("0.000253")
"""36 fresh and 64 cached input tokens and 20 output tokens at 1.25, 0.125 and 10 dollars a million."""


@pytest.mark.parametrize(
    ("usage", "read"),
    [
        (USAGE, Usage(100, 20, 64, 0, 12, None, "default")),
        ({"input_tokens": 5, "output_tokens": 1}, Usage(5, 1, service_tier="default")),
        (
            {"input_tokens": 5, "output_tokens": 1, "input_tokens_details": None},
            Usage(5, 1, service_tier="default"),
        ),
        ({"input_tokens": -5, "output_tokens": "many"}, Usage(service_tier="default")),
        (None, Usage(service_tier="default")),
        ("free", Usage(service_tier="default")),
        (..., Usage(service_tier="default")),
    ],
)
def test_a_detail_that_is_missing_is_unknown_and_never_zero(run: Run, usage: Any, read: Usage) -> None:
    with hosting(lambda call: answer(usage=usage)) as host:
        ran = run(host.url)
    assert all(record.reply is not None and record.reply.usage == read for record in ran.stored.records)


def test_usage_given_twice_is_read_once(run: Run) -> None:
    body = answer().body[:-1] + b', "usage": {"input_tokens": 7, "output_tokens": 3}}'
    with hosting(lambda call: Act(200, body, good=True)) as host:
        ran = run(host.url)
    assert all(record.reply is not None and record.reply.usage.input_tokens == 7 for record in ran.stored.records)


def test_a_failed_call_that_was_billed_counts_in_the_run_and_not_in_the_task(run: Run) -> None:
    failed = answer(status="failed", error={"code": "server_error", "message": "boom"})
    with hosting(lambda call: failed if call.nth == 1 else answer()) as host:
        ran = run(host.url)
    assert ran.progress.usd == [COST] * 5
    assert call_costs_usd(ran.stored.run, ran.stored.records) == [COST] * 10


def test_a_call_that_broke_off_has_an_unknown_cost(run: Run) -> None:
    with hosting(lambda call: Act(200, b'{"a": 1}', cut_at=3) if call.nth == 1 else answer()) as host:
        ran = run(host.url)
    assert ran.billed == (Usage(),) * 5
    assert call_costs_usd(ran.stored.run, ran.stored.records) == [COST, None] * 5


@pytest.mark.parametrize("concurrency", [1, 16])
def test_no_call_is_sent_that_could_pass_the_budget(run: Run, tmp_path: Path, concurrency: int) -> None:
    suite = write_suite(tmp_path / "many", 60)
    budget = Decimal("0.010")
    with hosting(lambda call: answer()) as host:
        ran = run(
            host.url,
            suite=suite,
            settings={"max_output_tokens": 100},
            limits={"concurrency": concurrency},
            max_cost_usd=budget,
        )
        spent = sum(cost or 0 for cost in call_costs_usd(ran.stored.run, ran.stored.records))
        assert ran.ending.reason == "budget"
        assert budget - Decimal("0.003") < spent <= budget
        before = len(host.calls)
        same = resume(ran.stored.folder, max_cost_usd=budget)
        assert (same.ending.reason, len(host.calls)) == ("budget", before)
        more = resume(ran.stored.folder, max_cost_usd=Decimal("1"))
    assert more.ending.reason == "complete"
    assert len(more.replies) == 60
    assert set(host.asked.values()) == {1}


def test_a_budget_needs_a_price_and_a_limit(run: Run) -> None:
    from visioneval.errors import ModelError

    with pytest.raises(ModelError, match="max-output-tokens"):
        run("http://127.0.0.1:9/v1", max_cost_usd=Decimal(1))
    with pytest.raises(ModelError, match="no price"):
        run("http://127.0.0.1:9/v1", card={"name": "other"}, max_cost_usd=Decimal(1))


FLEX = {"settings": {"service_tier": "flex", "max_output_tokens": 100}}
CHEAP = msgspec.structs.replace(PRICE, tier="flex", input=PRICE.input / 2, output=PRICE.output / 2)


def test_a_budget_holds_when_the_host_answers_in_a_dearer_tier_than_was_asked_for(
    run: Run, tmp_path: Path
) -> None:
    suite, budget = write_suite(tmp_path / "many", 40), Decimal("0.006")
    usage = {"input_tokens": 300, "output_tokens": 100}
    with hosting(lambda call: answer(usage=usage, service_tier="default")) as host:
        ran = run(host.url, suite=suite, prices=[PRICE, CHEAP], max_cost_usd=budget, **FLEX)
    costs = call_costs_usd(ran.stored.run, ran.stored.records)
    assert ran.ending.reason == "budget"
    assert set(costs) == {Decimal("0.001375")}
    assert sum(cost or 0 for cost in costs) <= budget
    with hosting(lambda call: answer(usage=usage, service_tier="flex")) as host:
        cheap = run(host.url, suite=suite, prices=[PRICE, CHEAP], max_cost_usd=budget, fresh=True, **FLEX)
    assert len(cheap.replies) > len(ran.replies)


def test_what_may_have_been_paid_counts_against_the_budget_of_the_next_model(run: Run, tmp_path: Path) -> None:
    suite = write_suite(tmp_path / "one", 1)
    with hosting(lambda call: answer(usage=None)) as host:
        ran = run(host.url, suite=suite, settings={"max_output_tokens": 100})
    assert call_costs_usd(ran.stored.run, ran.stored.records) == [None]
    most = spent_by([Finished(ran.stored, ran.ending)])
    assert most == Decimal(10_000 * Decimal("1.25") + 100 * 10) / 1_000_000
    again = resume(ran.stored.folder, max_cost_usd=most)
    assert again.ending.reason == "complete"


def test_a_pace_in_tokens_follows_what_calls_take_and_not_the_most_they_could(run: Run, tmp_path: Path) -> None:
    suite = write_suite(tmp_path / "long", 3, " ".join(["long"] * 1900))
    with hosting(lambda call: answer()) as host:
        ran = run(
            host.url,
            suite=suite,
            settings={"max_output_tokens": 100},
            limits={"tokens_per_minute": 20_000.0, "concurrency": 1},
            max_cost_usd=Decimal(10),
        )
    waits = [record.reply.timing.queue_s for record in ran.stored.records if record.reply]
    assert len(waits) == 3
    assert max(waits) < 10  # by the bound each would wait for 25 s


def test_an_identical_request_is_not_sent_again(run: Run) -> None:
    with hosting(lambda call: answer()) as host:
        first = run(host.url)
        again = run(host.url)
        assert len(host.calls) == 5
        assert again.replies == first.replies
        assert {record.cached_from for record in again.stored.records} == {first.stored.run.id}
        assert all(record.reply and record.reply.timing.service_s is None for record in again.stored.records)
        assert call_costs_usd(again.stored.run, again.stored.records) == []
        run(host.url, settings={"max_output_tokens": 9})
        assert len(host.calls) == 10
        run(host.url, fresh=True)
        assert len(host.calls) == 15
        third = run(host.url)
    assert len(host.calls) == 15
    assert third.progress.said == ["5 answers are taken from earlier runs (--fresh asks again)"]


def test_a_failure_is_not_cached(run: Run) -> None:
    with hosting(lambda call: error(400) if call.nth == 1 else answer()) as host:
        run(host.url)
        assert len(run(host.url).replies) == 5


def test_few_shot_never_shows_a_prompt_its_own_answer(run: Run) -> None:
    with hosting(lambda call: answer()) as host:
        ran = run(host.url, settings={"few_shot": 2})
    assert len(ran.replies) == 5
    shown: set[str] = set()
    for call in host.calls:
        turns = call.body["input"]
        assert [turn["role"] for turn in turns] == ["user", "assistant"] * 2 + ["user"]
        assert [turn["content"] for turn in turns[1::2]] == ["yes", "yes"]
        examples = [turn["content"][0]["text"] for turn in turns[:-1:2]]
        assert call.question not in examples
        assert all(turn["content"][1]["image_url"].startswith("data:image/png;base64,") for turn in turns[::2])
        shown |= set(examples)
    assert len(shown) == 3


def test_structured_output_is_asked_for_and_graded(run: Run) -> None:
    with hosting(lambda call: answer('{"answer": "yes"}')) as host:
        ran = run(host.url, settings={"structured": True})
    assert host.calls[0].body["text"]["format"]["type"] == "json_schema"
    assert {verdict.outcome for verdict in ran.stored.verdicts.values()} == {"pass"}


def test_a_picture_in_a_reply_is_kept_and_not_graded(run: Run) -> None:
    output = [
        {"type": "image_generation_call", "result": "aGVsbG8=", "output_format": "png"},
        {"type": "message", "content": [{"type": "output_text", "text": "yes"}]},
    ]
    with hosting(lambda call: answer(output=output)) as host:
        ran = run(host.url)
    assert set(ran.replies.values()) == {"yes"}
    record = ran.stored.records[0]
    assert record.reply is not None
    (image,) = record.reply.images
    assert image.content == b""
    assert (ran.stored.folder / "images" / f"{image.sha256}.png").read_bytes() == b"hello"


def test_what_was_sent_is_in_the_record(run: Run) -> None:
    with hosting(lambda call: answer()) as host:
        ran = run(host.url, settings={"max_output_tokens": 50, "detail": "low", "temperature": 0.0})
    body = host.calls[0].body
    assert {name: body[name] for name in ("store", "stream", "max_output_tokens", "temperature")} == {
        "store": False,
        "stream": False,
        "max_output_tokens": 50,
        "temperature": 0.0,
    }
    assert body["input"][0]["content"][1]["detail"] == "low"
    for record in ran.stored.records:
        assert record.reply is not None
        assert record.reply.sent is not None
        assert (record.reply.sent.width, record.reply.sent.media_type) == (4, "image/png")
        assert record.reply.request_id == "req_1"


def test_a_prompt_waits_for_requests_per_minute(run: Run) -> None:
    with hosting(lambda call: answer()) as host:
        ran = run(host.url, limits={"requests_per_minute": 600.0})
    assert len(host.calls) == 5
    pace = Pace(600.0, clock=lambda: 7.0)
    assert [pace.wait_s() for _ in range(5)] == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4])
    assert all(record.reply and record.reply.timing.queue_s > 0 for record in ran.stored.records)


def limits(call: Call) -> Act:
    """Say that no request is left for 0.3 s."""
    act = answer()
    act.headers = {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "300ms"}
    return act


def test_the_rate_limit_headers_are_heeded(run: Run) -> None:
    with hosting(limits) as host:
        run(host.url, limits={"concurrency": 1})
    moments = [call.at for call in host.calls]
    assert min(later - earlier for earlier, later in pairwise(moments)) >= 0.25


def test_an_estimate_says_what_it_is_and_where_it_is_from(run: Run, small_suite: Path, tmp_path: Path) -> None:
    arguments = ["estimate", "-m", "gpt-5.4-mini", "--suite", str(small_suite), "--json"]
    (first,) = json.loads(cli(tmp_path, *arguments).stdout)
    assert "assumed" in first["basis"][1]
    assert Decimal(first["usd"]) < Decimal(first["most_usd"])
    with hosting(lambda call: answer()) as host:
        ran = run(host.url, card={"name": "gpt-5.4-mini", "model_id": "gpt-5.4-mini"})
    (second,) = json.loads(cli(tmp_path, *arguments).stdout)
    assert second["basis"][1] == f"output: median of 5 replies in run {ran.stored.run.id}"
    assert second["output_tokens"] == 100
    assert "an estimate" in cli(tmp_path, *arguments[:-1]).stdout


def test_an_estimate_is_of_the_suite_that_a_run_would_take(tmp_path: Path) -> None:
    (own,) = json.loads(cli(tmp_path, "estimate", "-m", "micro-paligemma", "--json").stdout)
    assert own["prompts"] == 24


def test_an_estimate_counts_no_tokens_where_no_host_is_asked(tmp_path: Path, small_suite: Path) -> None:
    arguments = ["estimate", "-m", "baseline-ocr", "-m", "paligemma", "--suite", str(small_suite)]
    said = cli(tmp_path, *arguments).stdout.splitlines()
    assert said[0] == "baseline-ocr: asks no host, and costs nothing"
    assert said[1].startswith("paligemma: on a GPU of one's own, not billed; with --gpu-usd-per-hour")
    assert {each["input_tokens"] for each in json.loads(cli(tmp_path, *arguments, "--json").stdout)} == {None}


def test_an_estimate_does_not_mind_a_corrupt_run_of_another_model(
    run: Run, small_suite: Path, tmp_path: Path
) -> None:
    with hosting(lambda call: answer()) as host:
        ran = run(host.url)
    for name in ("manifest.json", "records.jsonl"):
        (ran.stored.folder / name).write_text("{\n")
        ended = cli(tmp_path, "estimate", "-m", "gpt-5.4-mini", "--suite", str(small_suite))
        assert ended.returncode == 0, ended.stderr


def test_repricing_takes_the_row_of_the_day(run: Run, tmp_path: Path) -> None:
    with hosting(lambda call: answer()) as host:
        ran = run(host.url)
    before, after = (
        "{valid_from: 2026-02-01, input: 2, output: 20",
        "{valid_from: 2026-03-01, input: 1, output: 10",
    )
    rows = "".join(f"  - {row}, model: m}}\n" for row in (before, after))
    (tmp_path / "prices.yaml").write_text(f"prices:\n{rows}")
    arguments = ["reprice", str(ran.stored.folder), "--prices-file", "prices.yaml", "--json", "--date"]
    february = json.loads(cli(tmp_path, *arguments, "2026-02-10").stdout)
    march = json.loads(cli(tmp_path, *arguments, "2026-03-10").stdout)
    assert Decimal(february["paid_usd"]) == 5 * COST
    assert Decimal(february["repriced_usd"]) == 5 * Decimal("0.0006")
    assert Decimal(march["repriced_usd"]) == 5 * Decimal("0.0003")
    january = json.loads(cli(tmp_path, *arguments, "2026-01-10").stdout)
    assert january["repriced_calls_of_unknown_cost"] == 5

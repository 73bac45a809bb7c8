"""`visioneval run --batch`: the same run through a host's Batch API, called as a person calls it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from tests.conftest import CommandLine, entry, write_folder, write_table
from tests.hosted.batch_host import KEY, BatchHost, Fault, Line, MadeBatch, hosting_batches, right
from tests.hosted.conftest import write_suite
from tests.hosted.host import answer, hosting
from visioneval.batching.journal import custom_id
from visioneval.store import StoredRun, find_runs, read_run

QUICK = ("--poll-s", "0.02")
EVERY = {f"Is light {n} on?": 1 for n in range(5)}


@pytest.fixture
def host() -> Iterator[BatchHost]:
    with hosting_batches() as serving:
        yield serving


def the_run(folder: Path) -> StoredRun:
    (run,) = find_runs(folder / "results")
    return read_run(run)


def replies(stored: StoredRun) -> dict[tuple[str, int], str]:
    return {(record.prompt_id, record.epoch): record.reply.text for record in stored.records if record.reply}


def ask(visioneval: CommandLine, host: BatchHost, suite: Path, *more: object) -> subprocess.CompletedProcess[str]:
    model = () if "--model" in more else ("--model", "gpt-5.4-mini")
    return visioneval("run", "--batch", "--suite", suite, *model, *QUICK, *more, env=host.environment)


def cards(folder: Path, *, name: str = "m", more: str = "") -> tuple[str, Path, str, str, str, Path]:
    """Write a card of one's own and its prices; return the options that name them."""
    (folder / "cards.yaml").write_text(
        f"models:\n  - {{name: {name}, provider: openai, settings: {{max_output_tokens: 100}}{more}}}\n"
    )
    (folder / "prices.yaml").write_text(
        "prices:\n"
        f'  - {{model: {name}, valid_from: 2026-01-01, input: "2", output: "20"}}\n'
        f'  - {{model: {name}, tier: batch, valid_from: 2026-01-01, input: "1", output: "10"}}\n'
    )
    return "--models-file", folder / "cards.yaml", "--model", name, "--prices-file", folder / "prices.yaml"


def test_a_batch_is_the_same_run_at_half_the_price_and_without_times(
    visioneval: CommandLine, host: BatchHost, small_suite: Path, tmp_path: Path
) -> None:
    ended = ask(visioneval, host, small_suite)
    assert ended.returncode == 0, ended.stderr
    assert host.done == ["upload", "create", "content"]
    assert "5 requests are at the host" in ended.stderr
    assert "5/5" in ended.stdout
    assert "not measured" in ended.stdout
    assert "$0.000083" in ended.stdout  # 100 input tokens at 0.375 and 20 output tokens at 2.25 a million
    stored = the_run(tmp_path)
    assert stored.run.condition.settings.service_tier == "batch"
    assert {verdict.outcome for verdict in stored.verdicts.values()} == {"pass"}
    for record in stored.records:
        assert record.reply is not None
        assert record.reply.timing.service_s is None
        assert record.reply.usage.service_tier == "batch"
        assert record.reply.sent is not None
        assert record.reply.request_id is not None
    (batch,) = host.batches.values()
    assert batch.endpoint == "/v1/responses"
    assert batch.metadata == {"visioneval_run": stored.run.id, "visioneval_part": "1"}
    assert all("service_tier" not in line.body and line.body["stream"] is False for line in batch.lines)
    assert not list(stored.folder.glob(".batch*"))


def test_the_bodies_are_those_of_a_live_run(
    visioneval: CommandLine, host: BatchHost, small_suite: Path, tmp_path: Path
) -> None:
    options = ("--few-shot", "1", "--structured", "--effort", "low", "--detail", "low")
    with hosting(lambda call: answer('{"answer": "yes"}')) as live:
        environment = {"OPENAI_BASE_URL": live.url, "OPENAI_API_KEY": KEY}
        visioneval("run", "--suite", small_suite, "--model", "gpt-5.4-mini", *options, env=environment)
    host.outcome = lambda line, batch: (200, right('{"answer": "yes"}'))
    ended = ask(visioneval, host, small_suite, *options, "--fresh")
    assert ended.returncode == 0, ended.stderr
    (batch,) = host.batches.values()
    by_question = {call.question: call.body for call in live.calls}
    assert {line.question: line.body for line in batch.lines} == by_question


def test_chat_completions_epochs_and_a_part_of_the_suite(
    visioneval: CommandLine, host: BatchHost, small_suite: Path, tmp_path: Path
) -> None:
    chosen = ("--api", "chat", "--epochs", "2", "--only", "p1", "--only", "p2", "--blind")
    ended = ask(visioneval, host, small_suite, *chosen)
    assert ended.returncode == 0, ended.stderr
    (batch,) = host.batches.values()
    assert batch.endpoint == "/v1/chat/completions"
    assert sorted(line.custom_id for line in batch.lines) == ["p1-e0", "p1-e1", "p2-e0", "p2-e1"]
    assert "image_url" not in json.dumps([line.body for line in batch.lines])
    assert set(replies(the_run(tmp_path))) == {("p1", 0), ("p1", 1), ("p2", 0), ("p2", 1)}


def test_odd_ids_come_back_to_their_prompts(visioneval: CommandLine, host: BatchHost, tmp_path: Path) -> None:
    ids = ["a-e0", "a", "a-e0-e0", "x" * 64, "x" * 63 + "y", "1.2", "a-._"]
    rows = [
        {"id": id_, "image": f"{n}.png", "question": f"Write {n}00{n}", "answer": f"{n}00{n}"}
        for n, id_ in enumerate(ids, start=1)
    ]
    host.outcome = lambda line, batch: (200, right(line.question.split()[-1]))
    ended = ask(visioneval, host, write_table(tmp_path, rows))
    assert ended.returncode == 0, ended.stderr
    assert replies(the_run(tmp_path)) == {(id_, 0): f"{n}00{n}" for n, id_ in enumerate(ids, start=1)}


def test_the_name_of_a_request_is_short_plain_and_its_own() -> None:
    places = [("a", 0), ("a", 1), ("a-e0", 0), ("ä", 0), ("x" * 400, 3), ("x" * 401, 3), ("", 0)]
    names = [custom_id(place) for place in places]
    assert len(set(names)) == len(names)
    assert all(len(name) <= 64 and name.isascii() and " " not in name for name in names)


@pytest.mark.parametrize(("option", "files"), [("batch_requests: 2", [2, 2, 1]), ("batch_bytes: 900", [2, 2, 1])])
def test_files_are_split_by_what_the_host_takes(
    visioneval: CommandLine, host: BatchHost, small_suite: Path, tmp_path: Path, option: str, files: list[int]
) -> None:
    ended = ask(visioneval, host, small_suite, *cards(tmp_path, more=f", options: {{{option}}}"))
    assert ended.returncode == 0, ended.stderr
    assert [len(batch.lines) for batch in host.batches.values()] == files
    assert host.asked == EVERY
    assert [batch.metadata["visioneval_part"] for batch in host.batches.values()] == ["1", "2", "3"]
    assert len(replies(the_run(tmp_path))) == 5


def test_no_wait_sends_and_leaves_and_resume_fetches(
    visioneval: CommandLine, host: BatchHost, small_suite: Path, tmp_path: Path
) -> None:
    host.looks = 3
    sent = ask(visioneval, host, small_suite, "--no-wait")
    assert sent.returncode == 0, sent.stderr
    assert sent.stdout == ""
    resume = f"visioneval resume results/gpt-5.4-mini/{the_run(tmp_path).folder.name}"
    assert f"to fetch the answers, or to stop it:\n    {resume}\n    {resume} --cancel\n" in sent.stderr
    early = visioneval("resume", "gpt-5.4-mini", "--no-wait", env=host.environment)
    assert early.returncode == 0, early.stderr
    assert not the_run(tmp_path).records
    fetched = visioneval("resume", "gpt-5.4-mini", *QUICK, env=host.environment)
    assert fetched.returncode == 0, fetched.stderr
    assert "5/5" in fetched.stdout
    assert host.asked == EVERY
    again = visioneval("resume", "gpt-5.4-mini", *QUICK, env=host.environment)
    assert again.returncode == 0, again.stderr
    assert host.asked == EVERY


def test_how_to_go_on_names_the_host_that_was_named(
    visioneval: CommandLine, host: BatchHost, small_suite: Path
) -> None:
    host.looks, url = 50, host.environment["OPENAI_BASE_URL"]
    named = ("--base-url", url, "--api-key-env", "HOST_KEY", "--only", "p0", "--no-wait")
    environment = {"HOST_KEY": host.environment["OPENAI_API_KEY"]}
    run = ("run", "--batch", "--suite", small_suite, "--model", "gpt-5.4-mini", *QUICK, *named)
    sent = visioneval(*run, env=environment)
    assert "1 request is in 1 batch at the host" in sent.stderr
    hint = sent.stderr.splitlines()[-1]
    assert hint.endswith(f"--base-url {url} --api-key-env HOST_KEY --cancel")
    stopped = visioneval(*hint.split()[1:], env=environment)
    assert stopped.returncode == 0, stopped.stderr
    assert {batch.status for batch in host.batches.values()} <= {"cancelling", "cancelled"}


def test_several_efforts_are_all_sent_before_any_is_waited_for(
    visioneval: CommandLine, host: BatchHost, small_suite: Path
) -> None:
    ended = ask(visioneval, host, small_suite, "--effort", "low", "--effort", "high")
    assert ended.returncode == 0, ended.stderr
    assert host.done == ["upload", "create", "upload", "create", "content", "content"]
    assert {str(batch.lines[0].body["reasoning"]) for batch in host.batches.values()} == {
        "{'effort': 'low'}",
        "{'effort': 'high'}",
    }
    assert "low" in ended.stdout
    assert "high" in ended.stdout


def test_what_an_earlier_batch_asked_is_not_asked_again(
    visioneval: CommandLine, host: BatchHost, small_suite: Path
) -> None:
    ask(visioneval, host, small_suite, "--only", "p0", "--only", "p1")
    ended = ask(visioneval, host, small_suite)
    assert "2 answers are taken from earlier runs" in ended.stderr
    assert host.asked == EVERY
    ask(visioneval, host, small_suite, "--fresh", "--no-wait")
    fetched = visioneval("resume", "gpt-5.4-mini", *QUICK, env=host.environment)
    assert "taken from earlier runs" not in fetched.stderr  # its own batch has the answers
    assert set(host.asked.values()) == {2}


def test_a_batch_and_a_live_run_do_not_ask_twice_between_them(
    visioneval: CommandLine, host: BatchHost, small_suite: Path
) -> None:
    live = ("run", "--suite", small_suite, "--model", "gpt-5.4-mini")
    visioneval(*live, "--only", "p0", "--only", "p1", env=host.environment)
    ended = ask(visioneval, host, small_suite)
    assert "2 answers are taken from earlier runs" in ended.stderr
    assert len(host.asked) == 3
    again = visioneval(*live, env=host.environment)
    assert "5 answers are taken from earlier runs" in again.stderr
    assert host.done.count("live") == 2


def test_shards_of_a_batch_merge(
    visioneval: CommandLine, host: BatchHost, small_suite: Path, tmp_path: Path
) -> None:
    for part in ("1/2", "2/2"):
        assert ask(visioneval, host, small_suite, "--shard", part, "--no-wait").returncode == 0
    folders = [str(run) for run in find_runs(tmp_path / "results")]
    early = visioneval("merge", *folders)
    assert early.returncode == 5
    assert "has batches under way at the host" in early.stderr
    for folder in folders:
        visioneval("resume", folder, *QUICK, env=host.environment)
    merged = visioneval("merge", *folders)
    assert merged.returncode == 0, merged.stderr
    assert host.asked == EVERY


@pytest.mark.parametrize("hangs", [False, True])
def test_ctrl_c_leaves_the_batch_to_the_host_and_says_how_to_go_on(
    visioneval: CommandLine, host: BatchHost, small_suite: Path, tmp_path: Path, hangs: bool
) -> None:
    host.faults["retrieve"] = [None, None, Fault(hang=True, after=True)] if hangs else []
    host.looks = 1000
    command = [sys.executable, "-m", "visioneval", "run", "--batch", "--suite", str(small_suite), *QUICK]
    process = subprocess.Popen(
        [*command, "--model", "gpt-5.4-mini"],
        cwd=tmp_path,
        env={**os.environ, **host.environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while len(host.calls) < 6:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    said = process.stderr.readline() + process.stderr.readline()
    assert "stopping after the call under way" in said
    if hangs:
        process.send_signal(signal.SIGINT)
    stderr = said + process.communicate(timeout=60)[1]
    assert process.returncode == 130, stderr
    assert "Traceback" not in stderr
    assert "5 requests are in 1 batch at the host" in stderr
    assert "or to stop it:\n    visioneval resume" in stderr
    assert next(iter(host.batches.values())).status == "in_progress"
    host.looks = 1
    fetched = visioneval("resume", the_run(tmp_path).folder, *QUICK, env=host.environment)
    assert fetched.returncode == 0, fetched.stderr
    assert host.asked == EVERY


def test_cancel_stops_the_batches_and_keeps_what_they_answered(
    visioneval: CommandLine, host: BatchHost, small_suite: Path, tmp_path: Path
) -> None:
    host.looks = 50
    host.outcome = lambda line, batch: (200, right()) if line.question in list(EVERY)[:2] else "batch_cancelled"
    host.looks_to_cancel = 3
    ask(visioneval, host, small_suite, "--no-wait")
    asked = visioneval("resume", "gpt-5.4-mini", "--cancel", "--no-wait", env=host.environment)
    assert asked.returncode == 0, asked.stderr
    assert "the host is stopping the batches" in asked.stderr
    ended = visioneval("resume", "gpt-5.4-mini", "--cancel", *QUICK, env=host.environment)
    assert ended.returncode == 1
    assert host.done == ["upload", "create", "cancel", "content", "content"]
    assert "was cancelled" in ended.stderr
    assert set(replies(the_run(tmp_path))) == {("p0", 0), ("p1", 0)}
    assert not any(record.failure for record in the_run(tmp_path).records)
    host.outcome, host.looks = lambda line, batch: (200, right()), 1
    again = visioneval("resume", "gpt-5.4-mini", *QUICK, env=host.environment)
    assert again.returncode == 0, again.stderr
    assert host.asked == {question: 1 if n < 2 else 2 for n, question in enumerate(EVERY)}


def test_max_cost_sends_what_fits_then_more_with_what_is_left_and_ends_cleanly(
    visioneval: CommandLine, host: BatchHost, tmp_path: Path
) -> None:
    suite = write_suite(tmp_path / "many", 40)
    ended = ask(visioneval, host, suite, *cards(tmp_path), "--max-cost", "0.009")
    sizes = [len(batch.lines) for batch in host.batches.values()]
    assert sum(sizes) < 40
    assert len(sizes) > 1
    assert sizes == sorted(sizes, reverse=True)
    assert "the next call could pass the budget" in ended.stderr
    assert ended.returncode == 1
    stored = the_run(tmp_path)
    spent = sum(Decimal(100 + 20 * 10) / 1_000_000 for _ in stored.records)
    assert Decimal("0.006") < spent <= Decimal("0.009")
    more = visioneval("resume", "m", *cards(tmp_path)[:2], "--max-cost", "1", *QUICK, env=host.environment)
    assert more.returncode == 0, more.stderr
    assert set(host.asked.values()) == {1}
    assert len(host.asked) == 40


def test_a_batch_under_way_counts_against_the_budget_of_a_resumed_run(
    visioneval: CommandLine, host: BatchHost, tmp_path: Path
) -> None:
    suite = write_suite(tmp_path / "many", 40)
    host.looks = 3
    sent = ask(visioneval, host, suite, *cards(tmp_path), "--max-cost", "0.009", "--no-wait")
    first = len(host.asked)
    assert f"{40 - first} more are not sent: they could take the cost past $0.009" in sent.stderr
    visioneval("resume", "m", *cards(tmp_path)[:2], "--max-cost", "0.009", "--no-wait", env=host.environment)
    assert len(host.asked) == first


def test_a_price_that_is_not_known_is_said_and_bounds_nothing(
    visioneval: CommandLine, host: BatchHost, small_suite: Path, tmp_path: Path
) -> None:
    options = cards(tmp_path)
    rows = (tmp_path / "prices.yaml").read_text().splitlines()
    (tmp_path / "prices.yaml").write_text("\n".join(rows[:2]) + "\n")
    refused = ask(visioneval, host, small_suite, *options, "--max-cost", "1")
    assert refused.returncode == 4
    assert "no price in force in the batch tier" in refused.stderr
    assert not host.calls
    ended = ask(visioneval, host, small_suite, *options)
    assert ended.returncode == 0, ended.stderr
    assert "no price in the batch tier" in ended.stderr
    assert "$" not in ended.stdout


def test_an_estimate_by_batch_is_half_of_one_without(visioneval: CommandLine, small_suite: Path) -> None:
    arguments = ("estimate", "--model", "gpt-5.4-mini", "--suite", small_suite, "--json")
    (live,), (batch,) = (json.loads(visioneval(*arguments, *more).stdout) for more in ((), ("--batch",)))
    assert Decimal(batch["usd"]) * 2 == Decimal(live["usd"])
    assert "in the batch tier" in batch["basis"][2]


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (("--stream",), 2, "--stream and --batch exclude each other"),
        (("--service-tier", "flex"), 2, "--service-tier flex and --batch exclude each other"),
        (("--concurrency", "4"), 2, "--concurrency, --rpm and --tpm are of live calls"),
        (("--rpm", "4"), 2, "--concurrency, --rpm and --tpm are of live calls"),
        (("--no-wait", "--judge", "gpt-5.4"), 2, "--judge needs the replies"),
        (("--no-wait", "--max-cost", "1", "--effort", "low", "--effort", "high"), 2, "run them one by one"),
        (("--model", "baseline-blind"), 4, "no host with a Batch API"),
        (("--model", "micro-paligemma"), 4, "no host with a Batch API"),
        (("--model", "openrouter:google/gemma-3-27b-it"), 4, "no host with a Batch API"),
        (("--model", "vllm:any"), 4, "no host with a Batch API"),
    ],
)
def test_what_a_batch_cannot_do_is_refused_in_one_line(
    visioneval: CommandLine,
    host: BatchHost,
    small_suite: Path,
    tmp_path: Path,
    options: tuple[str, ...],
    code: int,
    said: str,
) -> None:
    ended = ask(visioneval, host, small_suite, *options)
    assert ended.returncode == code
    assert said in ended.stderr
    assert ended.stderr.count("\n") == 1
    assert not host.calls
    assert not (tmp_path / "results").exists()


def test_options_of_batches_are_refused_for_a_live_run(
    visioneval: CommandLine, small_suite: Path, tmp_path: Path
) -> None:
    refused = visioneval("run", "--suite", small_suite, "--model", "baseline-blind", "--no-wait")
    assert refused.returncode == 2
    assert "give --batch too" in refused.stderr
    visioneval("run", "--suite", small_suite, "--model", "baseline-blind")
    for option in ("--cancel", "--no-wait"):
        ended = visioneval("resume", "baseline-blind", option)
        assert ended.returncode == 2
        assert "was not made with --batch" in ended.stderr


def test_a_judge_is_asked_live_when_the_batch_is_in(
    visioneval: CommandLine, host: BatchHost, tmp_path: Path
) -> None:
    answer = {"type": "text", "value": "changing a light bulb", "judge": True}
    suite = write_folder(tmp_path / "suite", {"Scenes": [entry("SC01", "What is the man doing?", answer)]})
    host.outcome = lambda line, batch: (200, right("He is replacing the bulb of the lamp."))
    host.live_answer = '{"verdict": "correct"}'
    for more in ((), ("--effort", "low", "--effort", "high")):
        ended = ask(visioneval, host, suite, "--judge", "openai:judge-1", *more)
        assert ended.returncode == 0, ended.stderr
        assert "judge openai:judge-1: 1 decided" in ended.stderr
    assert host.done.count("live") == 3
    assert host.done[:4] == ["upload", "create", "content", "live"]


def test_a_configuration_file_may_ask_for_a_batch(
    visioneval: CommandLine, host: BatchHost, small_suite: Path, tmp_path: Path
) -> None:
    (tmp_path / "run.yaml").write_text(f"model: gpt-5.4-mini\nsuite: {small_suite}\nbatch: true\npoll-s: 0.02\n")
    ended = visioneval("run", "--config", "run.yaml", env=host.environment)
    assert ended.returncode == 0, ended.stderr
    assert host.asked == EVERY


def test_a_batch_tier_by_any_name_is_a_batch(
    visioneval: CommandLine, host: BatchHost, small_suite: Path, tmp_path: Path
) -> None:
    ended = visioneval(
        "run",
        "--service-tier",
        "batch",
        "-m",
        "gpt-5.4-mini",
        "--suite",
        small_suite,
        *QUICK,
        env=host.environment,
    )
    assert ended.returncode == 0, ended.stderr
    assert host.asked == EVERY


def test_azure_with_a_dated_api(
    visioneval: CommandLine, host: BatchHost, small_suite: Path, tmp_path: Path
) -> None:
    host.unready = 2
    base = host.url.removesuffix("/v1")
    more = f", base_url: '{base}', api_key_env: AZURE_KEY, options: {{api_version: '2026-01-01'}}"
    options = (*cards(tmp_path, more=more), "--api", "chat")
    host.prefix = "/openai"
    ended = visioneval("run", "--batch", "--suite", small_suite, *options, *QUICK, env={"AZURE_KEY": KEY})
    assert ended.returncode == 0, ended.stderr
    assert all("api-version=2026-01-01" in path for _, path in host.calls)
    assert all(headers["api-key"] == KEY for headers in host.headers)
    (batch,) = host.batches.values()
    assert batch.endpoint == "/chat/completions"


def test_what_reads_a_run_copes_with_a_batch(
    visioneval: CommandLine, host: BatchHost, small_suite: Path, tmp_path: Path
) -> None:
    host.outcome = lambda line, batch: (200, right("no" if "3" in line.question else "yes"))
    ask(visioneval, host, small_suite)
    ask(visioneval, host, small_suite, "--effort", "low")
    first, second = (str(run) for run in find_runs(tmp_path / "results"))
    compared = visioneval("compare", first, second)
    assert compared.returncode == 0, compared.stderr
    assert "not measured" in compared.stdout
    checked = visioneval("check", first, "--against", second)
    assert "no prompt was timed with both" in checked.stdout
    reported = visioneval("report")
    assert reported.returncode == 0, reported.stderr
    for page in (tmp_path / "results/report").rglob("*.html"):
        assert "0.00 s" not in page.read_text()
        assert "0.00s" not in page.read_text()
    assert "by the batch API" in reported.stdout + (tmp_path / "results/report/index.html").read_text()
    for form in ("csv", "junit", "every-eval-ever", "inspect"):
        exported = visioneval("export", first, "--format", form, "--out", f"out-{form}")
        assert exported.returncode == 0, exported.stderr
    assert 'time="0' not in (tmp_path / "out-junit").read_text()
    repriced = visioneval("reprice", first, "--json")
    assert json.loads(repriced.stdout)["price"]["tier"] == "batch"


def test_a_planted_key_reaches_no_file(
    visioneval: CommandLine, host: BatchHost, small_suite: Path, tmp_path: Path
) -> None:
    echo = f"you sent Bearer {KEY}"

    def outcome(line: Line, batch: MadeBatch) -> tuple[int, object]:
        status = {"0": 200, "1": 400, "2": 500}.get(line.question.split()[2], 200)
        error = {"error": {"message": echo, "code": KEY}}
        return status, right(echo, model=KEY) if status == 200 else error

    host.outcome = outcome
    host.faults["upload"] = [Fault(500, {"error": {"message": echo}}), Fault(200, echo.encode())]
    ended = ask(visioneval, host, small_suite)
    assert host.headers[0]["authorization"] == f"Bearer {KEY}"
    host.why = {"data": [{"code": "x", "message": echo}]}
    host.ends_as = lambda batch: "failed"
    failed = ask(visioneval, host, small_suite, "--fresh")
    assert failed.returncode == 6
    files = [path.read_text("utf-8", "replace") for path in tmp_path.rglob("results/**/*") if path.is_file()]
    everything = "\n".join((ended.stdout, ended.stderr, failed.stdout, failed.stderr, *files))
    assert "you sent" in everything
    assert KEY not in everything


def test_a_run_folder_that_was_moved_goes_on(
    visioneval: CommandLine, host: BatchHost, small_suite: Path, tmp_path: Path
) -> None:
    ask(visioneval, host, small_suite, "--no-wait")
    shutil.move(tmp_path / "results", tmp_path / "elsewhere")
    fetched = visioneval("resume", "gpt-5.4-mini", "--results", "elsewhere", *QUICK, env=host.environment)
    assert fetched.returncode == 0, fetched.stderr
    assert host.asked == EVERY

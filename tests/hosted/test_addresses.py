"""A run is asked of one host, which its manifest names, and replies and keys do not cross to another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import CommandLine
from tests.hosted.host import Act, Call, Host, answer, hosting
from tests.hosted.test_secrets import KEY
from visioneval.models import find_card, load_cards
from visioneval.planning import plan_run
from visioneval.store import find_runs, read_manifest, read_run
from visioneval.suite import load_suite
from visioneval.types import Settings


def says(text: str) -> Iterator[Host]:
    """Serve a host that always answers alike."""

    def script(call: Call) -> Act:
        return answer(text)

    with hosting(script) as host:
        yield host


@pytest.fixture
def first() -> Iterator[Host]:
    yield from says("yes")


@pytest.fixture
def second() -> Iterator[Host]:
    yield from says("no")


def at(host: Host) -> dict[str, str]:
    return {"OPENAI_BASE_URL": host.url, "OPENAI_API_KEY": KEY}


def texts(folder: Path) -> set[str]:
    return {record.reply.text for record in read_run(folder).records if record.reply}


def test_a_host_that_the_environment_names_is_in_the_manifest_and_its_replies_are_its_own(
    visioneval: CommandLine, small_suite: Path, tmp_path: Path, first: Host, second: Host
) -> None:
    arguments = ("run", "--suite", small_suite, "--model", "gpt-5.4-mini")
    for host in (first, second, first):
        ended = visioneval(*arguments, env=at(host))
        assert ended.returncode == 0, ended.stderr
    assert (len(first.calls), len(second.calls)) == (5, 5)
    runs = sorted(find_runs(tmp_path / "results"), key=lambda run: read_manifest(run).card.base_url or "")
    assert {read_manifest(run).card.base_url for run in runs} == {first.url, second.url}
    for run in runs:
        assert texts(run) == {"yes" if read_manifest(run).card.base_url == first.url else "no"}


def test_a_run_goes_on_at_the_host_it_began_at(
    visioneval: CommandLine, small_suite: Path, tmp_path: Path, first: Host, second: Host
) -> None:
    first.script = lambda call: answer() if "0" in call.question else Act(400)
    visioneval("run", "--suite", small_suite, "--model", "gpt-5.4-mini", env=at(first))
    first.script = lambda call: answer()
    elsewhere = visioneval("resume", "gpt-5.4-mini", env=at(second))
    assert elsewhere.returncode == 4
    assert f"resume it with --base-url {first.url}" in elsewhere.stderr
    assert not second.calls
    resumed = visioneval("resume", "gpt-5.4-mini", env=at(first))
    assert resumed.returncode == 0, resumed.stderr
    (run,) = find_runs(tmp_path / "results")
    assert texts(run) == {"yes"}


def test_the_key_of_the_environment_goes_to_the_host_that_the_environment_names_and_to_no_other(
    visioneval: CommandLine, small_suite: Path, tmp_path: Path, first: Host, second: Host
) -> None:
    arguments = ("run", "--suite", small_suite, "--model", "gpt-5.4-mini")
    visioneval(*arguments, env=at(first))
    assert all(call.headers["authorization"] == f"Bearer {KEY}" for call in first.calls)
    visioneval(*arguments, "--base-url", second.url, env=at(first))
    assert second.calls
    assert all(KEY not in str(call.headers) for call in second.calls)
    before = len(first.calls)
    (begun,) = [run for run in find_runs(tmp_path / "results") if read_manifest(run).card.base_url == first.url]
    (begun / "records.jsonl").unlink()
    visioneval("resume", begun, "--base-url", first.url, env=at(second))
    assert len(first.calls) == before + 5
    assert all(KEY not in str(call.headers) for call in first.calls[before:])


def test_how_many_calls_a_host_was_sent_at_once_is_in_the_manifest(
    visioneval: CommandLine, small_suite: Path, tmp_path: Path, first: Host
) -> None:
    arguments = ("run", "--suite", small_suite, "--model", "gpt-5.4-mini")
    first.script = lambda call: answer() if "0" in call.question else Act(400)
    visioneval(*arguments, "--concurrency", 4, env=at(first))
    (run,) = find_runs(tmp_path / "results")
    assert read_manifest(run).concurrency == 4
    first.script = lambda call: answer()
    visioneval("resume", run, "--concurrency", 2, env=at(first))
    assert read_manifest(run).concurrency == 4
    visioneval(*arguments, "--model", "baseline-blind", "--fresh", env=at(first))
    others = [read_manifest(other) for other in find_runs(tmp_path / "results") if other != run]
    assert {other.card.name: other.concurrency for other in others} == {"gpt-5.4-mini": 32, "baseline-blind": None}


def test_openais_own_address_in_the_environment_is_no_other_host(
    small_suite: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "https://api.openai.com/v1/")
    suite, card = load_suite(small_suite), find_card("gpt-5.4-mini", load_cards())
    plan = plan_run(card, suite, suite.prompts, settings=Settings(), prices=(), results=tmp_path)
    assert plan.run.card.base_url is None


def test_azure_is_found_by_its_own_variable(
    visioneval: CommandLine, small_suite: Path, tmp_path: Path, first: Host
) -> None:
    cards = tmp_path / "cards.yaml"
    options = "options: {api_version: '2026-01-01'}"
    cards.write_text(f"models:\n  - {{name: m, provider: openai, api_key_env: AZURE_KEY, {options}}}\n")
    arguments = ("run", "--suite", small_suite, "--models-file", cards, "--model", "m")
    nowhere = visioneval(*arguments, env={"AZURE_KEY": KEY, "OPENAI_BASE_URL": first.url})
    assert nowhere.returncode == 4
    assert "AZURE_OPENAI_ENDPOINT" in nowhere.stderr
    there = first.url.removesuffix("/v1")
    ended = visioneval(*arguments, env={"AZURE_KEY": KEY, "AZURE_OPENAI_ENDPOINT": there})
    assert ended.returncode == 0, ended.stderr
    (run,) = find_runs(tmp_path / "results")
    assert read_manifest(run).card.base_url == there
    assert all(call.path.startswith("/openai/") for call in first.calls)


def test_a_key_of_azure_goes_to_its_resource_and_never_to_openai(
    visioneval: CommandLine, small_suite: Path, tmp_path: Path, first: Host, second: Host
) -> None:
    arguments = ("run", "--suite", small_suite, "--model", "azure:deployment")
    keys = {"AZURE_OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": first.url}
    nowhere = visioneval(*arguments, env=keys)
    assert nowhere.returncode == 4
    assert "needs its resource's address; give --base-url or set AZURE_OPENAI_ENDPOINT" in nowhere.stderr
    assert not (tmp_path / "results").exists()
    resource = second.url.removesuffix("/v1")
    ended = visioneval(*arguments, env={**keys, "AZURE_OPENAI_ENDPOINT": f"{resource}/"})
    assert ended.returncode == 0, ended.stderr
    (run,) = find_runs(tmp_path / "results")
    assert read_manifest(run).card.base_url == f"{resource}/openai/v1"
    assert {call.path for call in second.calls} == {"/openai/v1/responses"}
    assert not first.calls


@pytest.mark.parametrize("secret", ["user:word@", ""])
def test_a_base_url_that_holds_more_than_an_address_is_refused_without_being_shown(
    visioneval: CommandLine, small_suite: Path, secret: str
) -> None:
    url = f"http://{secret}localhost:8000/v1{'' if secret else '?key=word'}"
    ended = visioneval("run", "--suite", small_suite, "--model", "openai:m", "--base-url", url)
    assert ended.returncode == 4
    assert "holds a user name, a password, a query or a fragment; leave them out" in ended.stderr
    assert "word@" not in ended.stderr
    assert "key=word" not in ended.stderr

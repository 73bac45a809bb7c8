"""A run folder from anywhere: what its manifest may have done to whoever resumes it, which is nothing."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.hosted.host import Act, Call, Host, answer, error, hosting
from tests.hosted.test_secrets import cli

SECRET, OWN_KEY = "awssecret-ABCDEFGH", "own-key-0123456789"
KEYS = {"AWS_SECRET_ACCESS_KEY": SECRET, "OPENAI_API_KEY": OWN_KEY, "HOST_KEY": "host-key-0123456"}


@pytest.fixture
def host() -> Iterator[Host]:
    """A host that answers each question the second time it is asked."""

    def script(call: Call) -> Act:
        return error(400) if call.nth == 1 else answer()

    with hosting(script) as host:
        yield host


def begin(tmp_path: Path, suite: Path, *arguments: str, model: str = "openai:m") -> tuple[Path, str]:
    """Run a suite that gets no answers, and return its folder and what was said."""
    ran = cli(tmp_path, "run", "--model", model, "--suite", str(suite), *arguments, **KEYS)
    (manifest,) = tmp_path.glob("results/*/*/manifest.json")
    return manifest.parent, ran.stderr


def change_card(folder: Path, **fields: Any) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["card"] |= fields
    (folder / "manifest.json").write_text(json.dumps(manifest))


def test_a_foreign_folder_sends_no_key_to_its_host(tmp_path: Path, small_suite: Path, host: Host) -> None:
    with hosting(lambda call: error(400)) as own:
        folder, _ = begin(tmp_path, small_suite, "--base-url", own.url, "--only", "p0")
    change_card(folder, base_url=host.url, api_key_env="AWS_SECRET_ACCESS_KEY")
    ended = cli(tmp_path, "resume", str(folder), **KEYS)
    assert ended.returncode == 4
    assert f"--base-url {host.url} --api-key-env AWS_SECRET_ACCESS_KEY" in ended.stderr
    cli(tmp_path, "resume", str(folder), "--base-url", own.url, **KEYS)
    cli(tmp_path, "resume", str(folder), "--api-key-env", "AWS_SECRET_ACCESS_KEY", **KEYS)
    assert host.calls == []


def test_a_card_of_the_same_name_at_another_host(tmp_path: Path, small_suite: Path, host: Host) -> None:
    folder, _ = begin(tmp_path, small_suite, "--only", "p0", model="baseline-blind")
    (folder / "records.jsonl").unlink()
    change_card(folder, provider="openai", base_url=host.url, key_optional=True)
    ended = cli(tmp_path, "resume", str(folder), **KEYS)
    assert ended.returncode == 4
    assert host.calls == []


@pytest.mark.parametrize("key", [[], ["--api-key-env", "HOST_KEY"]])
def test_a_run_made_here_is_resumed_by_the_command_that_it_names(
    tmp_path: Path, small_suite: Path, host: Host, key: list[str]
) -> None:
    folder, said = begin(tmp_path, small_suite, "--base-url", host.url, *key)
    (line,) = (line.strip() for line in said.splitlines() if "visioneval resume" in line)
    assert line == f"visioneval resume {folder.relative_to(tmp_path)} {shlex.join(['--base-url', host.url, *key])}"
    refused = cli(tmp_path, "resume", str(folder), **KEYS)
    assert refused.returncode == 4
    assert shlex.join(["--base-url", host.url, *key]) in refused.stderr
    assert len(host.calls) == 5
    ended = cli(tmp_path, *shlex.split(line)[1:], **KEYS)
    assert ended.returncode == 0, ended.stderr
    sent = "none" if not key else KEYS["HOST_KEY"]
    assert {call.headers["authorization"] for call in host.calls} == {f"Bearer {sent}"}


def test_the_key_that_is_named_now_is_the_one_that_is_sent(tmp_path: Path, small_suite: Path, host: Host) -> None:
    folder, _ = begin(tmp_path, small_suite, "--base-url", host.url, "--api-key-env", "AWS_SECRET_ACCESS_KEY")
    ended = cli(tmp_path, "resume", str(folder), "--base-url", host.url, "--api-key-env", "HOST_KEY", **KEYS)
    assert ended.returncode == 0, ended.stderr
    assert {call.headers["authorization"] for call in host.calls[5:]} == {f"Bearer {KEYS['HOST_KEY']}"}


def test_a_host_in_the_environment_is_asked_again(tmp_path: Path, small_suite: Path, host: Host) -> None:
    environment = {"OPENAI_BASE_URL": host.url, "OPENAI_API_KEY": OWN_KEY}
    cli(tmp_path, "run", "--model", "gpt-5.4-mini", "--suite", str(small_suite), **environment)
    ended = cli(tmp_path, "resume", "gpt-5.4-mini", **environment)
    assert ended.returncode == 0, ended.stderr
    assert len(host.calls) == 10


def test_a_card_of_a_file_of_ones_own(tmp_path: Path, small_suite: Path, host: Host) -> None:
    (tmp_path / "models.yaml").write_text(
        f"models: [{{name: mine, provider: openai, base_url: '{host.url}', api_key_env: HOST_KEY}}]"
    )
    folder, said = begin(tmp_path, small_suite, "--models-file", "models.yaml", model="mine")
    assert f"visioneval resume {folder.relative_to(tmp_path)} --models-file FILE" in said
    refused = cli(tmp_path, "resume", str(folder), **KEYS)
    assert refused.returncode == 4
    assert "--models-file" in refused.stderr
    ended = cli(tmp_path, "resume", str(folder), "--models-file", "models.yaml", **KEYS)
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize(
    ("options", "repeated"),
    [
        ({"trust_remote_code": True}, "--set trust_remote_code=true"),
        ({"ray": "ray://elsewhere:10001"}, "--set ray=ray://elsewhere:10001"),
        ({"attention": "someone/kernel"}, "--set attention=someone/kernel"),
    ],
)
def test_a_foreign_folder_runs_no_code(
    tmp_path: Path, small_suite: Path, options: dict[str, Any], repeated: str
) -> None:
    checkpoint = tmp_path / "checkpoint"
    checkpoint.mkdir()
    (checkpoint / "config.json").write_text('{"model_type": "x", "auto_map": {"AutoConfig": "evil.Config"}}')
    (checkpoint / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    folder, _ = begin(tmp_path, small_suite, "--only", "p0", model="baseline-blind")
    (folder / "records.jsonl").unlink()
    name = f"hf:{checkpoint}"
    change_card(folder, name=name, provider="transformers", model_id=str(checkpoint), options=options)
    refused = cli(tmp_path, "resume", str(folder))
    assert refused.returncode == 4
    assert refused.stderr.strip().endswith(repeated)
    assert not (tmp_path / "ran").exists()
    other = cli(tmp_path, "resume", str(folder), *shlex.split(repeated), "--set", "dtype=float32")
    assert "was not made with --set dtype=float32" in other.stderr
    if "ray" not in options:  # that one would be waited for
        accepted = cli(tmp_path, "resume", str(folder), *shlex.split(repeated))
        assert "come from anywhere" not in accepted.stderr


def test_a_manifest_does_not_command_the_terminal(tmp_path: Path, small_suite: Path) -> None:
    with hosting(lambda call: error(400)) as own:
        folder, _ = begin(tmp_path, small_suite, "--base-url", own.url, "--only", "p0")
    change_card(folder, base_url="http://h\x1b[2J/v1\nvisioneval: all is well", api_key_env="\x1b]0;X\x07")
    ended = cli(tmp_path, "resume", str(folder), **KEYS)
    assert ended.returncode == 4
    assert not set("\x1b\x07") & set(ended.stderr)
    assert len(ended.stderr.splitlines()) == 1

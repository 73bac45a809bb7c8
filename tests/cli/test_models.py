"""`visioneval models`: whatever `run --model` takes can be shown."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.conftest import CommandLine
from visioneval.models import load_cards


def test_a_card_is_shown_with_its_prices(visioneval: CommandLine) -> None:
    shown = json.loads(visioneval("models", "show", "gpt-5.4-mini", "--json").stdout)
    assert shown["provider"] == "openai"
    assert shown["prices"]


def test_the_cards_of_the_hub_name_the_commit_of_their_weights() -> None:
    unpinned = [
        card.name
        for card in load_cards()
        if card.provider == "transformers" and not card.model_id.startswith("shipped:")
        if not re.fullmatch("[0-9a-f]{40}", str(card.options.get("revision", "")))
    ]
    assert unpinned == ["paligemma2-28b"]


def test_a_model_of_a_host_is_shown_without_a_card(visioneval: CommandLine) -> None:
    ended = visioneval("models", "show", "openrouter:x/y", "--json")
    assert ended.returncode == 0, ended.stderr
    shown = json.loads(ended.stdout)
    assert (shown["model_id"], shown["base_url"]) == ("x/y", "https://openrouter.ai/api/v1")


def test_an_unknown_model_is_one_line_with_the_nearest_names(visioneval: CommandLine) -> None:
    ended = visioneval("models", "show", "gpt-5.4-mni")
    assert ended.returncode == 4
    assert "did you mean gpt-5.4-mini" in ended.stderr


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nosuch:foo", "no host is called 'nosuch'; before the colon may stand openai, hf, replay, openrouter"),
        ("openai:", "model 'openai:' names none; write openai: and then the model's id"),
        ("", "unknown model ''; `visioneval models` lists the cards"),
    ],
)
def test_what_may_be_named_is_told(visioneval: CommandLine, name: str, words: str) -> None:
    assert words in visioneval("run", "--model", name).stderr


def test_a_name_in_the_place_of_a_verb_is_told_the_verb(visioneval: CommandLine) -> None:
    ended = visioneval("models", "gpt-5.4-mini")
    assert ended.returncode == 2
    assert "`visioneval models show gpt-5.4-mini` shows a model" in ended.stderr


def test_in_a_pipe_every_model_is_on_one_line(visioneval: CommandLine) -> None:
    cards = json.loads(visioneval("models", "--json").stdout)
    lines = visioneval("models").stdout.splitlines()[1:]
    assert [line.split()[0] for line in lines] == [card["name"] for card in cards]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[1]", "has no list of models; it begins with `models:`"),
        ("", "has no list of models"),
        ("models: x", "has no list of models"),
        ("models: " + "[" * 100_000, "nested more than"),
        ("models:\n - {name: a, provider: replay, read_on: 2027-02-30}", "day is out of range for month"),
    ],
    ids=lambda text: text[:20],
)
def test_a_wrong_file_of_cards_is_one_line(visioneval: CommandLine, tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "m.yaml").write_text(text)
    ended = visioneval("models", "--models-file", "m.yaml")
    assert (ended.returncode, ended.stderr.count("\n")) == (4, 1)
    assert words in ended.stderr


@pytest.mark.parametrize("usd", ["-5", ".nan", ".inf", "1e99"])
def test_a_price_is_an_amount_of_dollars(visioneval: CommandLine, tmp_path: Path, usd: str) -> None:
    (tmp_path / "p.yaml").write_text(
        f"prices:\n  - {{model: m, valid_from: 2020-01-01, input: '{usd.removeprefix('.')}', output: 1}}\n"
    )
    ended = visioneval("models", "--prices-file", "p.yaml")
    assert (ended.returncode, ended.stderr.count("\n")) == (4, 1)
    assert "is no amount of dollars" in ended.stderr


@pytest.mark.parametrize("price", ["-1", ".nan", "2000000"])
def test_a_price_of_an_hour_that_no_run_could_be_read_with_is_one_line(
    visioneval: CommandLine, tmp_path: Path, price: str
) -> None:
    file = tmp_path / "models.yaml"
    file.write_text(f"models:\n  - {{name: own, provider: transformers, gpu_usd_per_hour: {price}}}\n")
    ended = visioneval("models", "--models-file", file)
    assert ended.returncode == 4, ended.stderr
    assert "of own is no amount of dollars" in ended.stderr
    ended = visioneval("run", "--model", "hf:a/b", "--gpu-usd-per-hour", "2000000")
    assert ended.returncode == 2, ended.stderr
    assert "'2000000' is more than 1,000,000 dollars" in ended.stderr


def test_what_a_card_says_is_shown_as_it_is(visioneval: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "models.yaml"
    file.write_text(
        "models:\n  - name: own\n    provider: transformers\n    model_id: a/b\n    note: see [/docs] [red]here\n"
        '    options: {prompt: "[INST] {question} [/INST]"}\n    source: "\\e[31mred"\n'
    )
    shown = visioneval("models", "show", "own", "--models-file", file)
    assert shown.returncode == 0, shown.stderr
    assert "prompt [INST] {question} [/INST]" in shown.stdout
    listed = visioneval("models", "--models-file", file)
    assert listed.returncode == 0, listed.stderr
    for printed in (shown.stdout, listed.stdout):
        assert "see [/docs] [red]here" in printed
        assert "\x1b" not in printed

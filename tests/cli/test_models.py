"""`visioneval models`: whatever `run --model` takes can be shown."""

from __future__ import annotations

import json

from tests.conftest import CommandLine


def test_a_card_is_shown_with_its_prices(visioneval: CommandLine) -> None:
    shown = json.loads(visioneval("models", "show", "gpt-5.4-mini", "--json").stdout)
    assert shown["provider"] == "openai"
    assert shown["prices"]


def test_a_model_of_a_host_is_shown_without_a_card(visioneval: CommandLine) -> None:
    ended = visioneval("models", "show", "openrouter:x/y", "--json")
    assert ended.returncode == 0, ended.stderr
    shown = json.loads(ended.stdout)
    assert (shown["model_id"], shown["base_url"]) == ("x/y", "https://openrouter.ai/api/v1")


def test_an_unknown_model_is_one_line_with_the_nearest_names(visioneval: CommandLine) -> None:
    ended = visioneval("models", "show", "gpt-5.4-mni")
    assert ended.returncode == 4
    assert "did you mean gpt-5.4-mini" in ended.stderr

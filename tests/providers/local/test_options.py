"""What a card or the command line may say about a local model."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from visioneval.errors import ModelError, UsageError
from visioneval.models import find_card, load_cards, suite_of
from visioneval.providers.local.options import location, parse_options, with_choices, with_family
from visioneval.types import ModelCard


def a_card(**options: str | int | float | bool) -> ModelCard:
    return ModelCard("m", "transformers", "org/name", options=options)


def test_every_shipped_local_card_parses_and_trusts_no_foreign_code() -> None:
    local = [card for card in load_cards() if card.provider == "transformers"]
    assert len(local) >= 8
    assert not any(parse_options(card).trust_remote_code for card in local)
    assert all("question" in parse_options(card).prompt or parse_options(card).prompt == "chat" for card in local)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"devise": "cpu"}, "devise"),
        ({"device": "gpu"}, "option device=gpu: it must be auto, cpu, split, cuda or cuda:N"),
        ({"dtype": "int8"}, "option dtype=int8: it must be bfloat16, float16, float32"),
        ({"quantization": "2bit"}, "option quantization=2bit: it must be 8bit, 4bit"),
        ({"batch_size": -1}, "option batch_size=-1: Expected `int` >= 0"),
        ({"prompt": "answer"}, "must contain {question}"),
    ],
)
def test_a_wrong_option_is_named(options: dict[str, str], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        parse_options(a_card(**options))


def test_choices_win_over_the_card_and_are_read_by_type() -> None:
    chosen = with_choices(a_card(device="cuda"), {"device": "cpu", "pan_and_scan": "true"}, Decimal("2.5"))
    options = parse_options(chosen)
    assert (options.device, options.pan_and_scan) == ("cpu", True)
    assert chosen.gpu_usd_per_hour == Decimal("2.5")
    with pytest.raises(ModelError, match="no option 'quant'"):
        with_choices(a_card(), {"quant": "4bit"}, None)
    with pytest.raises(ModelError, match="does not run on this machine"):
        with_choices(ModelCard("gpt", "openai"), {"device": "cpu"}, None)


def test_a_model_without_a_card_borrows_its_familys_conventions() -> None:
    borrowed = with_family(a_card(device="cpu"), "paligemma/gemma2")
    options = parse_options(borrowed)
    assert options.prompt == "answer en {question}"
    assert (options.text_attention, options.vision_attention) == ("eager", "sdpa")
    assert options.device == "cpu"
    assert (
        parse_options(with_family(a_card(prompt="ocr {question}"), "paligemma/gemma")).prompt == "ocr {question}"
    )
    assert parse_options(with_family(a_card(), "new/new")).family == "new/new"


def test_a_name_is_a_folder_or_a_place_on_the_hub(tmp_path: Path) -> None:
    assert location(a_card()) is None
    assert location(ModelCard("m", "transformers", str(tmp_path))) == tmp_path
    assert location(ModelCard("m", "transformers", "./missing")) == Path("./missing")
    shipped = location(find_card("micro-paligemma", load_cards()))
    assert shipped is not None
    assert (shipped / "config.json").is_file()


def test_a_model_with_a_suite_of_its_own_does_not_share_a_run() -> None:
    cards = load_cards()
    micro, blind = find_card("micro-paligemma", cards), find_card("baseline-blind", cards)
    assert (suite_of([micro]) / "prompts").is_dir()
    with pytest.raises(ModelError, match="suite of its own"):
        suite_of([blind, micro])


def test_local_options_of_a_hosted_model_are_refused() -> None:
    from visioneval.cli.local_options import LocalChoices

    with pytest.raises(UsageError, match="does not run on a machine of yours"):
        LocalChoices({"device": "cpu"}, None).apply([ModelCard("gpt", "openai")])

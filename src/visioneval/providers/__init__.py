"""Models behind one protocol. `open_provider` is the only place that knows which module serves a card."""

from __future__ import annotations

import importlib
from collections.abc import Sequence

from visioneval.errors import ModelError
from visioneval.providers.base import Provider
from visioneval.types import ModelCard, Prompt, Settings

MODULES = {
    "openai": "visioneval.providers.openai",
    "baseline-ocr": "visioneval.providers.baseline_ocr",
    "baseline-blind": "visioneval.providers.baseline_blind",
    "replay": "visioneval.providers.replay",
    "transformers": "visioneval.providers.transformers",
}


def check_settings(card: ModelCard, settings: Settings) -> None:
    """Raise ModelError for what keeps a model from being asked as things are: a missing key, an option or a
    setting that it does not have. Nothing is loaded or sent."""
    if card.provider not in MODULES:
        raise ModelError(
            f"model {card.name!r}: unknown provider {card.provider!r}; it must be one of {', '.join(MODULES)}"
        )
    check = getattr(importlib.import_module(MODULES[card.provider]), "check_settings", None)
    if check is not None:  # a replay takes everything: it is what the replies were recorded with
        check(card, settings)


def open_provider(card: ModelCard, prompts: Sequence[Prompt], settings: Settings) -> Provider:
    """Return the provider of a card, ready to be asked with these settings.

    `prompts` are those of the run: the blind baseline takes its constants from them. Raises ModelError as
    `check_settings` does, and when an extra or a file is missing.
    """
    check_settings(card, settings)
    provider: Provider = importlib.import_module(MODULES[card.provider]).open_provider(card, prompts)
    return provider

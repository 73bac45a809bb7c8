"""Models behind one protocol. `open_provider` is the only place that knows which module serves a card."""

from __future__ import annotations

import importlib
from collections.abc import Sequence

from visioneval.errors import ModelError
from visioneval.providers.base import Provider
from visioneval.types import ModelCard, Prompt

MODULES = {
    "openai": "visioneval.providers.openai",
    "baseline-ocr": "visioneval.providers.baseline_ocr",
    "baseline-blind": "visioneval.providers.baseline_blind",
    "replay": "visioneval.providers.replay",
    "transformers": "visioneval.providers.transformers",
}


def open_provider(card: ModelCard, prompts: Sequence[Prompt]) -> Provider:
    """Return the provider of a card, ready to be called.

    `prompts` are those of the run: the blind baseline takes its constants from them. Raises ModelError when
    a key, an extra or a file is missing.
    """
    if card.provider not in MODULES:
        raise ModelError(
            f"model {card.name!r}: unknown provider {card.provider!r}; it must be one of {', '.join(MODULES)}"
        )
    provider: Provider = importlib.import_module(MODULES[card.provider]).open_provider(card, prompts)
    return provider

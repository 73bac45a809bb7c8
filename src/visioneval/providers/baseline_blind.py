"""The floor that any model must beat: the best constant answer per answer type, the picture never looked at.

It knows the keys, as the worst possible leak would, and uses them only to choose one constant for each
answer type that has at least four prompts; a rarer type gets no answer, or one prompt would be its own
"best constant".
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from visioneval.answers import answer_type, key_text
from visioneval.providers.base import refuse_settings
from visioneval.types import ModelCard, Prompt, Reply, Request, Settings, Timing

FEWEST_PROMPTS = 4
NO_ANSWER = "I do not know."


class BlindBaseline:
    """Answers every prompt of one type alike."""

    name = "baseline-blind"
    concurrency = 1

    def __init__(self, constants: dict[str, str]) -> None:
        self._constants = constants

    async def generate(self, request: Request) -> Reply:
        """Return the constant of the answer type asked for."""
        return Reply(self._constants.get(request.answer_type, NO_ANSWER), timing=Timing(service_s=0.0))

    async def close(self) -> None:
        """Nothing is held open."""


def best_constants(prompts: Sequence[Prompt]) -> dict[str, str]:
    """Return, for each answer type with four prompts or more, the key that most of its prompts share.

    Keys that differ in case alone are one, as they are to the grader.
    """
    keys: defaultdict[str, list[str]] = defaultdict(list)
    for prompt in prompts:
        keys[answer_type(prompt.answer)].append(key_text(prompt.answer))
    return {type_: _commonest(sorted(texts)) for type_, texts in keys.items() if len(texts) >= FEWEST_PROMPTS}


def _commonest(texts: Sequence[str]) -> str:
    ((folded, _),) = Counter(text.casefold() for text in texts).most_common(1)
    return next(text for text in texts if text.casefold() == folded)


def check_settings(card: ModelCard, settings: Settings) -> None:
    """Raise ModelError for a setting that a baseline cannot honour."""
    refuse_settings(card, settings, "is a baseline")


def open_provider(card: ModelCard, prompts: Sequence[Prompt]) -> BlindBaseline:
    """Choose the constants for the prompts of this run."""
    return BlindBaseline(best_constants(prompts))

"""Small records for tests, valid in every field."""

from __future__ import annotations

from collections.abc import Sequence

from visioneval.answers import Answer, Integer
from visioneval.types import Condition, ModelCard, Prompt, Record, Reply, Run


def a_prompt(prompt_id: str, answer: Answer | None = None, category: str = "Object Counting") -> Prompt:
    """Return a prompt that expects 9 unless told otherwise."""
    return Prompt(
        id=prompt_id,
        category=category,
        title=prompt_id,
        image=f"images/{prompt_id}.png",
        question=f"How many are there in {prompt_id}?",
        answer=answer or Integer(9),
        sha256="0" * 64,
    )


def a_run(prompts: Sequence[Prompt], *, epochs: int = 1, model: str = "scripted") -> Run:
    """Return a manifest over some prompts."""
    return Run(
        id="20260101T000000Z-0000",
        started="2026-01-01T00:00:00+00:00",
        suite="suite",
        suite_path="../../../suite",
        suite_sha256="1" * 64,
        prompt_ids=tuple(prompt.id for prompt in prompts),
        suite_size=len(prompts),
        epochs=epochs,
        condition=Condition(model),
        card=ModelCard(name=model, provider="replay"),
        prices=(),
        versions={},
        machine={},
    )


def a_record(prompt_id: str, text: str, epoch: int = 0) -> Record:
    """Return the record of a reply."""
    return Record(f"key-{prompt_id}-{epoch}", prompt_id, epoch, "2026-01-01T00:00:00+00:00", reply=Reply(text))

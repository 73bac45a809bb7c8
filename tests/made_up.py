"""Runs with made-up numbers, for tests only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import msgspec

from visioneval.answers import Integer, YesNo
from visioneval.types import (
    VERDICT_OUTCOMES,
    Condition,
    Failure,
    GradedRecord,
    ModelCard,
    Outcome,
    PriceRow,
    Prompt,
    Record,
    Reply,
    Run,
    Timing,
    Usage,
    Verdict,
)

CATEGORIES = {
    "Defect Detection": 15,
    "Document Understanding": 9,
    "Object Counting": 10,
    "Object Understanding": 14,
    "Spatial Understanding": 19,
}
FIRST = (12, 8, 3, 12, 15)
SECOND = (9, 5, 0, 6, 5)
THIRD = (13, 8, 3, 13, 15)
PRICE = PriceRow("model-a", date(2026, 1, 1), Decimal(5), Decimal(30), source="made up")


def prompts(categories: Mapping[str, int] = CATEGORIES) -> tuple[Prompt, ...]:
    """Return numbered prompts, a picture each."""
    return tuple(
        Prompt(
            id=(slug := f"{category.lower().replace(' ', '-')}-{number:02}"),
            category=category,
            title=f"{category} {number}",
            image=f"images/{slug}.png",
            question=f"Question {number} about {category.lower()}?",
            answer=YesNo(True) if number % 2 else Integer(number),
        )
        for category, size in categories.items()
        for number in range(1, size + 1)
    )


def passes(counts: Sequence[int], categories: Mapping[str, int] = CATEGORIES) -> list[Outcome]:
    """Return outcomes in prompt order: the first `counts[i]` of each category pass, the rest fail."""
    return [
        "pass" if number < passed else "fail"
        for passed, size in zip(counts, categories.values(), strict=True)
        for number in range(size)
    ]


def mixed(*parts: tuple[int, Outcome]) -> list[Outcome]:
    """Return so many of each outcome, one after the other."""
    return [outcome for count, outcome in parts for _ in range(count)]


def usage(_: int) -> Usage:
    return Usage(input_tokens=1400, output_tokens=138)


@dataclass(frozen=True)
class MadeUpRun:
    """A run in memory that can also be written as a run folder."""

    model: str = "model-a"
    outcomes: Sequence[Outcome] = field(default_factory=lambda: passes(FIRST))
    prompts: tuple[Prompt, ...] = field(default_factory=prompts)
    epochs: int = 1
    suite_size: int | None = None
    card: ModelCard | None = None
    condition: Condition | None = None
    prices: tuple[PriceRow, ...] = (PRICE,)
    usage: Callable[[int], Usage] = usage
    seconds: Callable[[int], float | None] = lambda index: 7.87
    text: Callable[[int], str] = lambda index: f"The answer is {index}."
    suite_sha256: str = "5" * 64
    suite_path: str = "/nowhere"
    grader_version: str = "1"
    loaded: Mapping[str, str | int] = field(default_factory=dict)
    id: str = "20261121T040000Z-0001"
    concurrency: int | None = None

    @property
    def run(self) -> Run:
        return Run(
            id=self.id,
            started="2026-11-21T04:00:00Z",
            suite="made-up",
            suite_path=self.suite_path,
            suite_sha256=self.suite_sha256,
            prompt_ids=tuple(prompt.id for prompt in self.prompts),
            suite_size=self.suite_size or len(self.prompts),
            epochs=self.epochs,
            condition=self.condition or Condition(self.model),
            card=self.card or ModelCard(name=self.model, provider="replay"),
            prices=tuple(msgspec.structs.replace(row, model=self.model) for row in self.prices),
            versions={"visioneval": "0.1.0"},
            machine={"system": "test"},
            loaded=dict(self.loaded),
            concurrency=self.concurrency,
        )

    def graded(self) -> list[GradedRecord]:
        places = [(prompt, epoch) for epoch in range(self.epochs) for prompt in self.prompts]
        return [self._graded(index, *place) for index, place in enumerate(places)]

    def _graded(self, index: int, prompt: Prompt, epoch: int) -> GradedRecord:
        outcome = self.outcomes[index]
        version = self.grader_version if outcome in VERDICT_OUTCOMES else ""
        verdict = Verdict(outcome, str(index), "integer", version, f"note {index}")
        return GradedRecord(prompt, epoch, verdict, self._record(index, prompt, epoch, outcome))

    def _record(self, index: int, prompt: Prompt, epoch: int, outcome: Outcome) -> Record | None:
        if outcome == "skipped":
            return None
        at = (datetime(2026, 11, 21, 4, tzinfo=UTC) + timedelta(seconds=10 * index)).isoformat()
        record = Record(f"key-{self.model}-{prompt.id}-{epoch}", prompt.id, epoch, at)
        if outcome == "error":
            return msgspec.structs.replace(record, failure=Failure("timeout", "no answer within 60 s"))
        reply = Reply(self.text(index), usage=self.usage(index), timing=Timing(service_s=self.seconds(index)))
        return msgspec.structs.replace(record, reply=reply)

    def write(self, results: Path) -> Path:
        """Write the run folder and return it."""
        folder = results / self.model.replace(":", "_") / self.id
        folder.mkdir(parents=True)
        graded = self.graded()
        records = [entry.record for entry in graded if entry.record is not None]
        verdicts = [
            {"prompt_id": entry.prompt.id, "epoch": entry.epoch, "verdict": entry.verdict}
            for entry in graded
            if entry.record is not None and entry.record.reply is not None
        ]
        (folder / "manifest.json").write_bytes(msgspec.json.encode(self.run))
        (folder / "prompts.json").write_bytes(msgspec.json.encode(self.prompts))
        (folder / "records.jsonl").write_bytes(msgspec.json.Encoder().encode_lines(records))
        (folder / "verdicts.jsonl").write_bytes(msgspec.json.Encoder().encode_lines(verdicts))
        return folder

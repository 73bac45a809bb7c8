"""What every import comes to: a suite, recorded replies by model, and remarks; and how it is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from visioneval.errors import SuiteError, UsageError
from visioneval.types import ModelCard, Prompt, Record, Reply, Settings, Suite

NOTE = "imported replies"


class Recorded(Struct, frozen=True):
    """One reply from elsewhere."""

    prompt: Prompt
    epoch: int
    reply: Reply


class Import(Struct, frozen=True):
    """Everything that a source holds."""

    suite: Suite
    replies: Mapping[str, Sequence[Recorded]]
    """By the model's name."""
    remarks: tuple[str, ...]
    """What was mended, and what could not be taken over: each names the place."""
    left_out: int
    """Replies that could not be taken over."""


def import_source(source: Path, *, suite: Path | None, model: str | None) -> Import:
    """Read a source of any kind. Raises SuiteError or UsageError with one line."""
    from visioneval.imports import checkup, inspect_log, replies

    if source.is_dir():
        return checkup.read(source)
    if source.suffix in (".jsonl", ".csv"):
        return replies.read(source, suite, model)
    if source.suffix in (".json", ".eval"):
        return inspect_log.read(source)
    if not source.exists():
        raise SuiteError(f"{source} does not exist; give a file or a folder of recorded replies")
    raise UsageError(f"{source} is not a folder, .jsonl, .csv, .json or .eval; see `visioneval import --help`")


def store(found: Import, results: Path) -> list[Path]:
    """Write and grade one run folder a model; return the folders."""
    return [_store_run(found.suite, model, recorded, results) for model, recorded in found.replies.items()]


def _store_run(suite: Suite, model: str, recorded: Sequence[Recorded], results: Path) -> Path:
    from visioneval.models import load_prices
    from visioneval.planning import plan_run
    from visioneval.questions import request_key
    from visioneval.regrading import grade_stored
    from visioneval.store import RunFolder, read_run, write_verdicts

    plan = plan_run(
        ModelCard(name=model, provider="import", note=NOTE),
        suite,
        suite.prompts,
        settings=Settings(),
        prices=load_prices(),
        results=results,
        epochs=1 + max((each.epoch for each in recorded), default=0),
    )
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    with RunFolder.create(plan.folder, plan.run, plan.prompts) as folder:
        for each in recorded:
            key = request_key(plan.run, each.prompt, each.epoch)
            folder.append(Record(key, each.prompt.id, each.epoch, now, reply=each.reply))
    write_verdicts(plan.folder, grade_stored(read_run(plan.folder)))
    return plan.folder

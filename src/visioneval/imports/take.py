"""Take recorded replies over: read a source of any kind, number its epochs, write and grade one run a model."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from msgspec.structs import replace

from visioneval.errors import SuiteError, UsageError
from visioneval.imports import checkup, inspect_log, replies
from visioneval.imports.source import Import, Recorded
from visioneval.models import load_prices
from visioneval.planning import plan_run
from visioneval.questions import request_key
from visioneval.regrading import grade_stored
from visioneval.store import RunFolder, read_run, write_verdicts
from visioneval.tables import TABLE_SUFFIXES
from visioneval.types import MOST_EPOCHS, ModelCard, Record, Settings, Suite

NOTE = "imported replies"


def import_source(source: Path, *, suite: Path | None, model: str | None) -> Import:
    """Read a source of any kind. Raises SuiteError or UsageError with one line."""
    found = _read(source, suite, model)
    remarks: list[str] = []
    by_model = {name: _numbered(name, recorded, remarks) for name, recorded in found.replies.items()}
    return replace(found, replies=by_model, remarks=(*found.remarks, *remarks))


def _read(source: Path, suite: Path | None, model: str | None) -> Import:
    suffix = source.suffix.lower()
    if not source.exists():
        raise SuiteError(f"{source} does not exist; give a file or a folder of recorded replies")
    if source.is_dir():
        return checkup.read(source)
    if suffix in TABLE_SUFFIXES:
        return replies.read(source, suite, model)
    if suffix in (".json", ".eval"):
        return inspect_log.read(source)
    raise UsageError(f"{source} is not a folder, .jsonl, .csv, .json or .eval; see `visioneval import --help`")


def _numbered(model: str, recorded: Sequence[Recorded], remarks: list[str]) -> Sequence[Recorded]:
    """Return the replies with epochs from 0, as runs count them; say so, and which epochs have no reply.

    Raises SuiteError for a number that no epoch can have: every one below it would be a planned epoch.
    """
    epochs = {each.epoch for each in recorded}
    first, last = min(epochs, default=0), max(epochs, default=0)
    if first < 0 or last > MOST_EPOCHS or last - first >= MOST_EPOCHS:
        raise SuiteError(
            f"{model}: epochs {first} to {last} are not within 0 to {MOST_EPOCHS - 1}; number them without gaps"
        )
    if first != 0:
        which = (
            f"epoch {first} is taken as 0"
            if first == last
            else f"epochs {first} to {last} are taken as 0 to {last - first}"
        )
        remarks.append(f"{model}: epochs do not count from 0 here; {which}")
    if empty := sorted(set(range(first, last + 1)) - epochs):
        named = ", ".join(str(epoch - first) for epoch in empty)
        remarks.append(f"{model}: no reply is of epoch {named}; every prompt counts as skipped there")
    return [replace(each, epoch=each.epoch - first) for each in recorded] if first else recorded


def store(found: Import, results: Path) -> list[Path]:
    """Write and grade one run folder a model; return the folders."""
    return [_store_run(found.suite, model, recorded, results) for model, recorded in found.replies.items()]


def _store_run(suite: Suite, model: str, recorded: Sequence[Recorded], results: Path) -> Path:
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

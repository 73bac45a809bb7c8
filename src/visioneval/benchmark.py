"""A whole run: plan it, execute it, grade it. What `visioneval run` and `visioneval resume` call."""

from __future__ import annotations

import asyncio
import importlib.metadata
import os
import platform
import re
import secrets
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Protocol

import msgspec
from msgspec import Struct

import visioneval
from visioneval.errors import StoreError, SuiteError
from visioneval.grading import GRADER_VERSION, Change, changes, grade
from visioneval.models import prices_of
from visioneval.pricing import cost_usd, row_for
from visioneval.providers import open_provider
from visioneval.providers.base import LoadedProvider, Provider
from visioneval.runner import Ending, Runner
from visioneval.store import Place, RunFolder, StoredRun, read_run, write_verdicts
from visioneval.suite import check_pictures, load_suite
from visioneval.types import (
    Condition,
    ModelCard,
    PriceRow,
    Prompt,
    Record,
    Run,
    Settings,
    Suite,
    Verdict,
)

RECORDED_PACKAGES = ("openai", "pillow", "rapidocr", "onnxruntime", "torch", "transformers")


class Plan(Struct, frozen=True):
    """One run that is about to start: what will be asked of which model, and where it is kept."""

    run: Run
    prompts: tuple[Prompt, ...]
    suite_folder: Path
    folder: Path


class Progress(Protocol):
    """What a person watching a run is shown."""

    def start(self, label: str, total: int, done: int) -> None: ...
    def advance(self, verdict: Verdict | None, usd: Decimal | None) -> None: ...
    def pause(self, seconds: float, why: str) -> None: ...
    def stop(self) -> None: ...


class Finished(Struct, frozen=True):
    """A run that ended, for whatever reason, and what is now stored."""

    stored: StoredRun
    ending: Ending


def plan_run(
    card: ModelCard,
    suite: Suite,
    prompts: Sequence[Prompt],
    *,
    settings: Settings,
    prices: Sequence[PriceRow],
    results: Path,
    epochs: int = 1,
    blind: bool = False,
    shard: str = "",
) -> Plan:
    """Write down everything that the run's manifest will say. Nothing is sent and no file is made."""
    now = datetime.now(UTC)
    condition = Condition(model=card.name, settings=merge(card.settings, settings), blind=blind)
    run_id = f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"
    folder = results / folder_name(card.name) / run_id
    run = Run(
        id=run_id,
        started=now.isoformat(timespec="seconds"),
        suite=suite.name,
        suite_path=_relative(suite.path, folder),
        suite_sha256=suite.sha256,
        prompt_ids=tuple(prompt.id for prompt in prompts),
        suite_size=len(suite.prompts),
        epochs=epochs,
        condition=condition,
        card=card,
        prices=prices_of(card, prices),
        versions=_versions(),
        machine={"system": platform.platform(terse=True), "cpus": os.cpu_count() or 0},
        git_commit=_git_commit(),
        shard=shard,
    )
    return Plan(run, tuple(prompts), suite.folder, folder)


def execute(plan: Plan, progress: Progress, *, concurrency: int | None = None) -> Finished:
    """Carry out a plan in a new run folder.

    Raises ModelError before anything is written when the model cannot be reached as things are.
    """
    check_pictures(plan.suite_folder, plan.prompts)
    provider = open_provider(plan.run.card, plan.prompts)
    run = as_loaded(plan.run, provider)
    with RunFolder.create(plan.folder, run, plan.prompts) as folder:
        ending = _carry_on(
            run, plan.prompts, provider, folder, plan.suite_folder, progress, frozenset(), concurrency
        )
    return finish(plan.folder, ending)


def resume(folder: Path, progress: Progress, *, concurrency: int | None = None) -> Finished:
    """Ask again exactly what has no answer yet.

    Raises StoreError when the suite has changed since the run began: its answers would not compare.
    """
    stored = read_run(folder)
    if (now := load_suite(stored.suite_path).sha256) != stored.run.suite_sha256:
        raise StoreError(
            f"run {stored.run.id}: the suite {stored.suite_path} has changed since (sha256 {now[:12]}…, was "
            f"{stored.run.suite_sha256[:12]}…); start a new run"
        )
    provider = open_provider(stored.run.card, stored.prompts)
    check_same_model(stored.run, provider)
    with RunFolder(folder) as opened:
        stored = read_run(folder)  # again, now that nobody else can write to it
        done = frozenset((record.prompt_id, record.epoch) for record in stored.records if record.reply is not None)
        ending = _carry_on(
            stored.run, stored.prompts, provider, opened, stored.suite_folder, progress, done, concurrency
        )
    return finish(folder, ending)


def as_loaded(run: Run, provider: Provider) -> Run:
    """Return the manifest with what only a loaded model knows: its commit, its device, its load time."""
    if not isinstance(provider, LoadedProvider):
        return run
    return msgspec.structs.replace(run, card=provider.card, loaded=provider.facts)


def check_same_model(run: Run, provider: Provider) -> None:
    """Raise StoreError when the weights are not those that the run began with."""
    if not isinstance(provider, LoadedProvider):
        return
    for fact in ("revision", "weights_sha256"):
        before, now = run.loaded.get(fact), provider.facts.get(fact)
        if before != now:
            raise StoreError(
                f"run {run.id}: the weights of {run.card.name!r} have changed since ({fact} {now}, was {before}); "
                "start a new run"
            )


def finish(folder: Path, ending: Ending) -> Finished:
    """Grade what a run folder holds and write the verdicts."""
    stored = read_run(folder)
    verdicts = grade_stored(stored)
    write_verdicts(folder, verdicts)
    return Finished(msgspec.structs.replace(stored, verdicts=verdicts), ending)


def grade_stored(stored: StoredRun) -> dict[Place, Verdict]:
    """Grade every stored reply with the grader of this version; makes no call and writes nothing."""
    by_id = {prompt.id: prompt for prompt in stored.prompts}
    return {
        (record.prompt_id, record.epoch): grade(by_id[record.prompt_id], record.reply)
        for record in stored.records
        if record.reply is not None and record.prompt_id in by_id
    }


def regrade(folder: Path, corrected: Suite | None = None, *, dry_run: bool = False) -> tuple[list[Change], int]:
    """Grade what a run folder holds again; return what changed and how many replies were graded.

    `corrected` is a suite with mended answers: it takes the place of the one in the run folder, provided
    that it still asks the same of the same pictures. Raises SuiteError when it does not.
    """
    stored = read_run(folder)
    if corrected is not None:
        stored = _with_answers_of(stored, corrected)
    verdicts = grade_stored(stored)
    found = changes(stored.verdicts, verdicts)
    if not dry_run:
        with RunFolder(folder) as opened:
            if corrected is not None:
                opened.write_prompts(stored.prompts)
                opened.write_manifest(stored.run)
            write_verdicts(folder, verdicts)
    return found, len(verdicts)


def _with_answers_of(stored: StoredRun, corrected: Suite) -> StoredRun:
    now = {prompt.id: prompt for prompt in corrected.prompts}
    for prompt in stored.prompts:
        other = now.get(prompt.id)
        if other is None or (other.question, other.sha256) != (prompt.question, prompt.sha256):
            raise SuiteError(
                f"prompt {prompt.id!r} of {corrected.path} is not the one that run {stored.run.id} asked (another "
                "question or picture); start a new run"
            )
    return msgspec.structs.replace(
        stored,
        prompts=tuple(now[prompt.id] for prompt in stored.prompts),
        run=msgspec.structs.replace(
            stored.run, suite_sha256=corrected.sha256, suite_path=_relative(corrected.path, stored.folder)
        ),
    )


def merge(defaults: Settings, chosen: Settings) -> Settings:
    """Return the card's settings with those chosen for this run on top."""
    return msgspec.convert(msgspec.to_builtins(defaults) | msgspec.to_builtins(chosen), Settings)


def folder_name(model: str) -> str:
    """Return a model's name as a folder name that every file system takes."""
    return re.sub(r"[^A-Za-z0-9._+-]+", "-", model).strip("-.") or "model"


def _carry_on(
    run: Run,
    prompts: tuple[Prompt, ...],
    provider: Provider,
    folder: RunFolder,
    suite_folder: Path,
    progress: Progress,
    done: frozenset[Place],
    concurrency: int | None,
) -> Ending:
    today = datetime.now(UTC).date()

    def on_record(prompt: Prompt, record: Record) -> None:
        if record.reply is None:
            progress.advance(None, None)
            return
        row = (
            row_for(run.prices, run.prices[0].model, today, record.reply.usage.service_tier)
            if run.prices
            else None
        )
        progress.advance(grade(prompt, record.reply), cost_usd(record.reply.usage, row))

    async def main() -> Ending:
        runner = Runner(
            run,
            prompts,
            provider,
            folder,
            suite_folder=suite_folder,
            done=done,
            concurrency=concurrency,
            on_record=on_record,
            on_pause=progress.pause,
        )
        try:
            return await runner.execute()
        finally:
            await provider.close()

    progress.start(run.condition.label, len(prompts) * run.epochs, len(done))
    try:
        return asyncio.run(main())
    finally:
        progress.stop()


def _relative(path: Path, folder: Path) -> str:
    try:
        return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
    except ValueError:  # another drive
        return path.resolve().as_posix()


def _versions() -> dict[str, str]:
    versions = {
        "visioneval": visioneval.__version__,
        "python": platform.python_version(),
        "grader": GRADER_VERSION,
    }
    for package in RECORDED_PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions


def _git_commit() -> str | None:
    """Return the commit of the source checkout that visioneval runs from, if it runs from one."""
    checkout = Path(visioneval.__file__).parents[2]
    if not (checkout / ".git").exists():
        return None
    try:
        asked = subprocess.run(  # noqa: S603
            ["git", "-C", str(checkout), "rev-parse", "HEAD"],  # noqa: S607
            capture_output=True,
            text=True,
            timeout=5,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return asked.stdout.strip()

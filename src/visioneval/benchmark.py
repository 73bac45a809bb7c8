"""A whole run: plan it, execute it, grade it. What `visioneval run` and `visioneval resume` call."""

from __future__ import annotations

import asyncio
import importlib.metadata
import os
import platform
import re
import secrets
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Protocol

import msgspec
from msgspec import Struct

import visioneval
from visioneval.batching import Batching, BatchRunner, check_batched
from visioneval.budget import Budget
from visioneval.cache import Known, known_replies
from visioneval.errors import ModelError, StoreError, SuiteError, UsageError
from visioneval.grading import GRADER_VERSION, Change, changes, grade
from visioneval.models import prices_of
from visioneval.pricing import PER_MILLION, run_row, spent_usd, usage_cost_usd
from visioneval.providers import open_provider
from visioneval.providers.base import LoadedProvider, Provider
from visioneval.questions import ImageCache, Shots, request_key
from visioneval.runner import Ending, Limits, Runner, Watcher
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

CACHED_PROVIDERS = ("openai",)
"""Whose answers cost money; what runs here is asked again."""
UNKNOWN_INPUT_TOKENS = 10_000
"""What a call is taken to have read that broke off before its bill was known, in an earlier part of a run."""
RECORDED_PACKAGES = ("openai", "pillow", "rapidocr", "onnxruntime", "torch", "transformers")


class Plan(Struct, frozen=True):
    """One run that is about to start: what will be asked of which model, and where it is kept."""

    run: Run
    prompts: tuple[Prompt, ...]
    suite_folder: Path
    folder: Path
    shots: Shots


class Progress(Protocol):
    """What a person watching a run is shown."""

    def start(self, label: str, total: int, done: int) -> None: ...
    def advance(self, verdict: Verdict | None, usd: Decimal | None) -> None: ...
    def pause(self, seconds: float, why: str) -> None: ...
    def batches(self, done: int, total: int) -> None: ...
    def say(self, message: str) -> None: ...
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
    return Plan(run, tuple(prompts), suite.folder, folder, Shots.choose(suite, condition.settings.few_shot))


class Options(Struct, frozen=True):
    """How a plan is carried out: nothing here can change a reply."""

    limits: Limits = Limits()
    max_cost_usd: Decimal | None = None
    """What the run may cost in all, with what it has cost before it was resumed."""
    fresh: bool = False
    """Ask again what an earlier run has asked already."""
    images: ImageCache | None = None
    """Pictures that other runs of the same suite have encoded."""
    batching: Batching = Batching()
    """How the batches of a batched run are waited for."""


def execute(plan: Plan, progress: Progress, options: Options | None = None) -> Finished:
    """Carry out a plan in a new run folder.

    Raises ModelError before anything is written when the model cannot be reached as things are.
    """
    options = options or Options()
    if plan.run.condition.settings.batched:
        check_batched(plan.run.card, plan.run.condition.settings, options.limits)
    check_pictures(plan.suite_folder, plan.prompts)
    budget = _budget(plan.run, (), options.max_cost_usd)
    provider = open_provider(plan.run.card, plan.prompts)
    run = as_loaded(plan.run, provider)
    with RunFolder.create(plan.folder, run, plan.prompts) as folder:
        carried = Execution(run, plan.prompts, folder, plan.suite_folder, plan.shots)
        ending = carried.carry_on(provider, progress, options, budget, frozenset())
    return finish(plan.folder, ending, carried.verdicts)


def resume(folder: Path, card: ModelCard, progress: Progress, options: Options | None = None) -> Finished:
    """Ask again exactly what has no answer yet.

    `card` says whom to ask and with which key; see `trust.card_to_resume` for a folder that may not be ours.
    Raises StoreError when the suite has changed since the run began: its answers would not compare.
    """
    options = options or Options()
    stored = read_run(folder)
    suite = load_suite(stored.suite_path)
    if suite.sha256 != stored.run.suite_sha256:
        raise StoreError(
            f"run {stored.run.id}: the suite {stored.suite_path} has changed since (sha256 {suite.sha256[:12]}…, "
            f"was {stored.run.suite_sha256[:12]}…); start a new run"
        )
    run = stored.run
    if run.condition.settings.batched:
        check_batched(run.card, run.condition.settings, options.limits)
    elif options.batching.cancel or not options.batching.wait:
        raise UsageError(f"run {run.id} was not made with --batch; --cancel and --no-wait are of batches")
    card = msgspec.structs.replace(card, unsupported=(*card.unsupported, *run.dropped_parameters))
    provider = open_provider(card, stored.prompts)
    check_same_model(run, provider)
    with RunFolder(folder) as opened:
        stored = read_run(folder)  # again, now that nobody else can write to it
        done = frozenset((record.prompt_id, record.epoch) for record in stored.records if record.reply is not None)
        budget = _budget(run, stored.records, options.max_cost_usd)
        shots = Shots.choose(suite, run.condition.settings.few_shot)
        carried = Execution(run, stored.prompts, opened, stored.suite_folder, shots)
        ending = carried.carry_on(provider, progress, options, budget, done)
    return finish(folder, ending, carried.verdicts)


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


def finish(folder: Path, ending: Ending, graded: Mapping[Place, Verdict] | None = None) -> Finished:
    """Grade what a run folder holds, save what was graded just now, and write the verdicts."""
    stored = read_run(folder)
    verdicts = grade_stored(stored, graded)
    write_verdicts(folder, verdicts)
    return Finished(msgspec.structs.replace(stored, verdicts=verdicts), ending)


class Execution(Watcher):
    """One run under way: grades and shows each record as it is stored, and keeps the manifest true."""

    def __init__(
        self, run: Run, prompts: tuple[Prompt, ...], folder: RunFolder, suite_folder: Path, shots: Shots
    ) -> None:
        self.run, self.prompts, self.folder, self.shots = run, prompts, folder, shots
        self.suite_folder = suite_folder
        self.verdicts: dict[Place, Verdict] = {}

    def carry_on(
        self,
        provider: Provider,
        progress: Progress,
        options: Options,
        budget: Budget | None,
        done: frozenset[Place],
    ) -> Ending:
        """Ask for everything but what is `done`."""
        self.progress = progress
        longest_side_px = self.run.condition.settings.longest_side_px
        local = isinstance(provider, LoadedProvider)  # asked again for its times, and at no price
        known = {} if options.fresh or local else self._known(done)

        make_runner: Callable[..., Runner | BatchRunner] = Runner
        if self.run.condition.settings.batched:
            make_runner = partial(BatchRunner, batching=options.batching)

        async def main() -> Ending:
            runner = make_runner(
                self.run,
                self.prompts,
                provider,
                self.folder,
                images=options.images or ImageCache(self.suite_folder, longest_side_px),
                done=done,
                limits=options.limits,
                watcher=self,
                known=known,
                shots=self.shots,
                budget=budget,
            )
            try:
                return await runner.execute()
            finally:
                await provider.close()

        progress.start(self.run.condition.label, len(self.prompts) * self.run.epochs, len(done))
        try:
            return asyncio.run(main())
        finally:
            progress.stop()

    def record(self, prompt: Prompt, record: Record) -> None:
        """Grade and show one record."""
        if record.reply is None:
            self.progress.advance(None, None)
            return
        verdict = self.verdicts[(record.prompt_id, record.epoch)] = grade(prompt, record.reply)
        usd = Decimal(0) if record.cached_from else usage_cost_usd(self.run, record.reply.usage)
        self.progress.advance(verdict, usd)

    def pause(self, seconds: float, why: str) -> None:
        """Show a wait."""
        self.progress.pause(seconds, why)

    def batches(self, done: int, total: int) -> None:
        """Show how far the host is."""
        self.progress.batches(done, total)

    def say(self, message: str) -> None:
        """Say what a batch came to."""
        self.progress.say(message)

    def stopping(self) -> None:
        """Say what a person who pressed Ctrl-C is waiting for."""
        self.progress.say(
            "stopping: waiting for the calls in flight, which are paid for (Ctrl-C again drops them)"
        )

    def dropped(self, parameters: tuple[str, ...]) -> None:
        """Write into the manifest what the host does not take."""
        self.run = msgspec.structs.replace(self.run, dropped_parameters=parameters)
        self.folder.write_manifest(self.run)
        self.progress.say(f"{self.run.card.name} does not take {', '.join(parameters)}: left out from now on")

    def _known(self, done: frozenset[Place]) -> dict[str, Known]:
        if self.run.card.provider not in CACHED_PROVIDERS:
            return {}
        keys = {
            request_key(self.run, prompt, epoch, self.shots.of(prompt))
            for epoch in range(self.run.epochs)
            for prompt in self.prompts
            if (prompt.id, epoch) not in done
        }
        return known_replies(self.folder.folder.parent, keys, but=self.run.id)


def spent_by(finished: Iterable[Finished]) -> Decimal:
    """Return what some runs have cost together, as far as it is known."""
    each = (spent_usd(one.stored.run, one.stored.records) for one in finished)
    return sum((cost for costs in each for cost in costs if cost is not None), Decimal(0))


def _budget(run: Run, records: Iterable[Record], max_cost_usd: Decimal | None) -> Budget | None:
    """Return the guard of `--max-cost`. Raises ModelError when a reply has no price or no upper limit."""
    if max_cost_usd is None:
        return None
    row, settings = run_row(run), run.condition.settings
    if row is None:
        raise ModelError(
            f"model {run.card.name!r} has no price in force{_in_tier(settings)}, so --max-cost cannot be kept; "
            "add a row to prices.yaml (--prices-file)"
        )
    if settings.max_output_tokens is None:
        raise ModelError("--max-cost needs --max-output-tokens: without it a reply has no upper price")
    unknown_usd = (UNKNOWN_INPUT_TOKENS * row.input + settings.max_output_tokens * row.output) / PER_MILLION
    costs = (unknown_usd if cost is None else cost for cost in spent_usd(run, records))
    return Budget(max_cost_usd, sum(costs, Decimal(0)), row)


def _in_tier(settings: Settings) -> str:
    return f" in the {settings.service_tier} tier" if settings.service_tier else ""


def grade_stored(stored: StoredRun, graded: Mapping[Place, Verdict] | None = None) -> dict[Place, Verdict]:
    """Grade every stored reply with the grader of this version; makes no call and writes nothing.

    `graded` holds verdicts that this process has found already. What a judge has decided stays decided
    where the rules still leave it open.
    """
    by_id, already = {prompt.id: prompt for prompt in stored.prompts}, graded or {}
    verdicts = {
        (record.prompt_id, record.epoch): already.get((record.prompt_id, record.epoch))
        or grade(by_id[record.prompt_id], record.reply)
        for record in stored.records
        if record.reply is not None and record.prompt_id in by_id
    }
    return {place: _judged_before(stored, place, verdict) for place, verdict in verdicts.items()}


def _judged_before(stored: StoredRun, place: Place, verdict: Verdict) -> Verdict:
    before = stored.verdicts.get(place)
    if verdict.rule != "judge" or before is None or before.rule != "judge" or before.outcome == "ungraded":
        return verdict
    return msgspec.structs.replace(before, grader_version=verdict.grader_version)


def regrade(folder: Path, corrected: Suite | None = None, *, dry_run: bool = False) -> tuple[list[Change], int]:
    """Grade what a run folder holds again; return what changed and how many replies were graded.

    What a judge decided by an answer that has been mended since is left open again.

    `corrected` is a suite with mended answers: it takes the place of the one in the run folder, provided
    that it still asks the same of the same pictures. Raises SuiteError when it does not.
    """
    before = read_run(folder)
    stored = before if corrected is None else _with_answers_of(before, corrected)
    verdicts = grade_stored(stored)
    found = changes(before.verdicts, verdicts)
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
    mended = {prompt.id for prompt in stored.prompts if now[prompt.id].answer != prompt.answer}
    return msgspec.structs.replace(
        stored,
        verdicts={place: verdict for place, verdict in stored.verdicts.items() if place[0] not in mended},
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

"""A whole run: carry out a plan, go on with it, grade it. What `visioneval run` and `visioneval resume` call."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol, TypeAlias, TypeVar

import msgspec
from msgspec import Struct

from visioneval.batching import Batching, BatchRunner, check_batched
from visioneval.batching.journal import JOURNAL, Journal
from visioneval.budget import Budget, most_spent_usd
from visioneval.cache import known_replies
from visioneval.errors import StoreError, SuiteError, UsageError
from visioneval.grading import grade
from visioneval.planning import Plan
from visioneval.pricing import usage_cost_usd
from visioneval.providers import check_settings, open_provider
from visioneval.providers.base import HostedProvider, LoadedProvider, Provider
from visioneval.providers.openai import OpenAIProvider
from visioneval.questions import ImageCache, Shots
from visioneval.regrading import grade_stored
from visioneval.runner import Runner
from visioneval.shipped import shipped_suite
from visioneval.store import Place, RunFolder, StoredRun, check_writable, read_run, write_verdicts
from visioneval.suite import check_pictures, load_suite
from visioneval.types import ModelCard, Prompt, Record, Run, Suite, Verdict
from visioneval.work import Ending, Limits, Watcher, Work

T = TypeVar("T")
CACHED_PROVIDERS = ("openai",)
"""Whose answers cost money; what runs here is asked again."""


class Progress(Protocol):
    """What a person watching a run is shown."""

    def start(self, label: str, total: int, done: int) -> None: ...
    def advance(self, verdict: Verdict | None, usd: Decimal | None) -> None: ...
    def pause(self, seconds: float, why: str) -> None: ...
    def batches(self, done: int, total: int) -> None: ...
    def say(self, message: str) -> None: ...
    def stop(self) -> None: ...


Verdicts: TypeAlias = Mapping[Place, Verdict]


class Finished(Struct, frozen=True):
    """A run that ended, for whatever reason, and what is now stored."""

    stored: StoredRun
    ending: Ending


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
    options, settings = options or Options(), plan.run.condition.settings
    if settings.batched:
        check_batched(plan.run.card, settings, options.limits)
    check_settings(plan.run.card, settings)
    check_pictures(plan.suite_folder, plan.prompts)
    check_writable(plan.folder)  # a model may take minutes to load
    budget = _budget(plan.run, (), options)
    provider = open_provider(plan.run.card, plan.prompts, settings)

    async def begin() -> tuple[Ending, Verdicts]:
        run = _at_once(as_loaded(plan.run, provider), provider, options)
        with RunFolder.create(plan.folder, run, plan.prompts) as folder:
            work = _work(run, plan.prompts, folder, plan.suite_folder, plan.shots, options)
            work.budget = budget
            return await Execution(work, progress).carry_on(provider, options)

    return finish(plan.folder, *asyncio.run(_closing(provider, begin())))


def resume(folder: Path, card: ModelCard, progress: Progress, options: Options | None = None) -> Finished:
    """Ask again exactly what has no answer yet.

    `card` says whom to ask and with which key; see `trust.card_to_resume` for a folder that may not be ours.
    Raises StoreError when the suite has changed since the run began: its answers would not compare.
    """
    options, stored = options or Options(), read_run(folder)
    run, settings = stored.run, stored.run.condition.settings
    suite = _suite_of(stored)
    if settings.batched:
        check_batched(run.card, settings, options.limits)
    elif options.batching.cancel or not options.batching.wait:
        raise UsageError(f"run {run.id} was not made with --batch; --cancel and --no-wait are of batches")
    card = msgspec.structs.replace(card, unsupported=(*card.unsupported, *run.dropped_parameters))
    with RunFolder(folder) as opened:  # before a model is loaded that another process may have loaded already
        stored = read_run(folder)  # again, now that nobody else can write to it
        shots = Shots.choose(suite, settings.few_shot)
        work = _work(run, stored.prompts, opened, suite.folder, shots, options)
        work.done = frozenset((each.prompt_id, each.epoch) for each in stored.records if each.reply is not None)
        if not settings.batched and not any(work.left()):
            progress.say(f"run {run.id} lacks no answer: nothing is asked")
            return finish(folder, Ending("complete"))
        work.budget = _budget(run, stored.records, options)
        provider = open_provider(card, stored.prompts, settings)

        async def go_on() -> tuple[Ending, Verdicts]:
            check_same_model(run, provider)
            work.run = _with_devices(run, provider)
            if run.concurrency is not None:
                work.run = _at_once(work.run, provider, options)
            if work.run != run:
                opened.write_manifest(work.run)
            return await Execution(work, progress).carry_on(provider, options)

        ended = asyncio.run(_closing(provider, go_on()))
    return finish(folder, *ended)


def _suite_of(stored: StoredRun) -> Suite:
    """Return the suite that a run asks, as it was: the shipped one is found wherever the run folder is now.

    Raises StoreError when it is not there, or has changed.
    """
    run = stored.run
    try:
        suite = load_suite(stored.suite_path)
    except SuiteError as error:
        suite = load_suite(shipped_suite())
        if suite.sha256 != run.suite_sha256:
            raise StoreError(
                f"run {run.id}: its suite cannot be read at {stored.suite_path} ({error}); if the run folder was "
                "moved, move it back, or its suite along"
            ) from None
    if suite.sha256 != run.suite_sha256:
        raise StoreError(
            f"run {run.id}: the suite {stored.suite_path} has changed since (sha256 {suite.sha256[:12]}…, "
            f"was {run.suite_sha256[:12]}…); start a new run"
        )
    return suite


def _work(
    run: Run, prompts: tuple[Prompt, ...], folder: RunFolder, suite_folder: Path, shots: Shots, options: Options
) -> Work:
    images = options.images or ImageCache(suite_folder, run.condition.settings.longest_side_px)
    return Work(run, prompts, folder, images, shots, options.limits)


async def _closing(provider: Provider, work: Coroutine[Any, Any, T]) -> T:
    """Do some work, and close the provider however it ends, in the same event loop."""
    try:
        return await work
    finally:
        await provider.close()


def as_loaded(run: Run, provider: Provider) -> Run:
    """Return the manifest with what only a loaded model knows: its commit, its device, its load time."""
    if not isinstance(provider, LoadedProvider):
        return run
    return msgspec.structs.replace(run, card=provider.card, loaded=provider.facts)


def _at_once(run: Run, provider: Provider, options: Options) -> Run:
    """Write down how many calls a host is sent at once, for its times depend on it: the most, of a resumed run."""
    if not isinstance(provider, HostedProvider) or run.condition.settings.batched:
        return run
    now = options.limits.concurrency or provider.concurrency
    return msgspec.structs.replace(run, concurrency=max(now, run.concurrency or 0))


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


def _with_devices(run: Run, provider: Provider) -> Run:
    """Name every device that the times of a resumed run are from, as a run that was merged of parts does."""
    if not isinstance(provider, LoadedProvider) or "device_name" not in run.loaded:
        return run
    names = {name for facts in (run.loaded, provider.facts) for name in str(facts["device_name"]).split(", ")}
    return msgspec.structs.replace(run, loaded={**run.loaded, "device_name": ", ".join(sorted(names))})


def finish(folder: Path, ending: Ending, graded: Verdicts | None = None) -> Finished:
    """Grade what a run folder holds, save what was graded just now, and write the verdicts."""
    stored = read_run(folder)
    verdicts = grade_stored(stored, graded)
    write_verdicts(folder, verdicts)
    return Finished(msgspec.structs.replace(stored, verdicts=verdicts), ending)


class Execution(Watcher):
    """One run under way: grades and shows each record as it is stored."""

    def __init__(self, work: Work, progress: Progress) -> None:
        self.work, self.progress = work, progress
        self.verdicts: dict[Place, Verdict] = {}
        work.watcher = self

    async def carry_on(self, provider: Provider, options: Options) -> tuple[Ending, Verdicts]:
        """Ask for everything that has no answer yet; return how it ended and what was graded."""
        work = self.work
        if work.run.card.provider in CACHED_PROVIDERS and not options.fresh:
            keys = {work.key(prompt, epoch) for prompt, epoch in work.left()}
            work.known = known_replies(work.folder.folder.parent, keys, but=work.run.id)
        runner: Runner | BatchRunner = Runner(work, provider)
        if work.run.condition.settings.batched:
            assert isinstance(provider, OpenAIProvider)
            runner = BatchRunner(work, provider, options.batching)
        self.progress.start(work.run.condition.label, len(work.prompts) * work.run.epochs, len(work.done))
        try:
            return await runner.execute(), self.verdicts
        finally:
            self.progress.stop()

    def record(self, prompt: Prompt, record: Record) -> None:
        """Grade and show one record."""
        if record.reply is None:
            self.progress.advance(None, None)
            return
        verdict = self.verdicts[(record.prompt_id, record.epoch)] = grade(prompt, record.reply)
        usd = Decimal(0) if record.cached_from else usage_cost_usd(self.work.run, record.reply.usage)
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
        """Say what the host does not take."""
        self.progress.say(f"{self.work.run.card.name} does not take {', '.join(parameters)}: left out from now on")


def spent_by(finished: Iterable[Finished]) -> Decimal:
    """Return the most that some runs can have cost together, and still may by the batches that they left."""

    def most_usd(stored: StoredRun) -> Decimal:
        parts = Journal(stored.folder / JOURNAL, repair=False).parts.values()
        return most_spent_usd(stored.run, stored.records, under_way=sum(len(part.places) for part in parts))

    return sum((most_usd(one.stored) for one in finished), Decimal(0))


def _budget(run: Run, records: Iterable[Record], options: Options) -> Budget | None:
    return None if options.max_cost_usd is None else Budget(options.max_cost_usd, run, records)

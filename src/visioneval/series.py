"""Several runs in one go: one budget, each picture encoded once, every batch sent before any is waited for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from msgspec.structs import replace

from visioneval.batching import Batching
from visioneval.benchmark import Finished, Options, Progress, execute, resume, spent_by
from visioneval.errors import ModelError
from visioneval.planning import Plan
from visioneval.questions import ImageCache
from visioneval.store import StoredRun

SUBMITTED = "submitted"
Judge: TypeAlias = Callable[[StoredRun], StoredRun]


def carry_out(
    plans: Sequence[Callable[[], Plan]],
    options: Options,
    progress: Callable[[], Progress],
    *,
    judge: Judge | None,
    say: Callable[[ModelError], None],
) -> tuple[list[Finished], list[str]]:
    """Carry out one run after the other; return those that ended, and the labels of models that cannot be used.

    A plan is made when its turn comes, for it says when its run started. `options` are those of the runs
    together: the cost is that of all. A model that cannot be used is told by `say` at once and stops no other.
    """
    finished: list[Finished] = []
    unusable: list[str] = []
    images: dict[int | None, ImageCache] = {}
    for make_plan in plans:
        plan = make_plan()
        longest_side_px = plan.run.condition.settings.longest_side_px
        cache = images.setdefault(longest_side_px, ImageCache(plan.suite_folder, longest_side_px))
        try:
            ended = execute(plan, progress(), replace(_of_one(options, finished, len(plans)), images=cache))
        except ModelError as error:
            say(error)
            unusable.append(plan.run.condition.label)
            continue
        finished.append(_judged(ended, judge))
        if ended.ending.reason in ("interrupted", "budget"):
            return finished, unusable
    return (_fetched(finished, options, progress, judge) if options.batching.wait else finished), unusable


def _of_one(options: Options, finished: Sequence[Finished], runs: int) -> Options:
    """Return the options of the next run: it may spend what the others left, and waits only where it must.

    Several batches are sent before any is waited for, save where each may only spend what the last one left.
    """
    if options.max_cost_usd is not None:
        return replace(options, max_cost_usd=options.max_cost_usd - spent_by(finished))
    batching = options.batching
    return replace(options, batching=Batching(batching.poll_s, batching.wait and runs == 1))


def _fetched(
    finished: Sequence[Finished], options: Options, progress: Callable[[], Progress], judge: Judge | None
) -> list[Finished]:
    """Wait for the batches that have been sent, one after the other."""
    fetched = list(finished)
    waiting = Options(fresh=options.fresh, batching=Batching(options.batching.poll_s))
    for place, each in enumerate(finished):
        if each.ending.reason != SUBMITTED:
            continue
        fetched[place] = _judged(resume(each.stored.folder, each.stored.run.card, progress(), waiting), judge)
        if fetched[place].ending.reason == "interrupted":
            break
    return fetched


def _judged(finished: Finished, judge: Judge | None) -> Finished:
    if judge is None or finished.ending.reason == SUBMITTED:
        return finished
    return replace(finished, stored=judge(finished.stored))

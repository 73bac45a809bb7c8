"""Which runs a report shows: read them all, group what is comparable, show the best of each model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec import Struct

from visioneval.compare import GradedRun
from visioneval.errors import StoreError
from visioneval.report.classic import run_names
from visioneval.store import MANIFEST, find_run, find_runs, read_manifest, read_run
from visioneval.types import Identity, Run


class Group(Struct, frozen=True):
    """Runs that may be put side by side: one suite, one grader."""

    suite: str
    suite_sha256: str
    grader_version: str
    shown: tuple[GradedRun, ...]
    """One run of each model under each condition, ranked ones first, best first."""
    others: tuple[GradedRun, ...]
    """Older or less complete runs of the same models under the same conditions, newest first."""

    @property
    def runs(self) -> tuple[GradedRun, ...]:
        return self.shown + self.others


def load_runs(results: Path, unreadable: list[StoreError] | None = None) -> list[GradedRun]:
    """Read and summarise every run below `results`.

    Raises StoreError for one that cannot be read; where `unreadable` is given, the error is put there and the
    other runs are returned.
    """
    runs: list[GradedRun] = []
    for folder in find_runs(results):
        try:
            runs.append(load_run(folder))
        except StoreError as error:
            if unreadable is None:
                raise
            unreadable.append(error)
    return runs


def load_run(folder: Path) -> GradedRun:
    """Read and summarise one run folder."""
    stored = read_run(folder)
    return GradedRun.of(stored.run, stored.graded(), stored.suite_folder)


def group_runs(runs: Iterable[GradedRun]) -> list[Group]:
    """Group comparable runs: the group with the newest run first, but one that nobody graded last.

    A run without any verdict joins the newest graded group of its suite.
    """
    grouped: dict[tuple[str, str], list[GradedRun]] = {}
    newest: dict[str, str] = {}
    for run in sorted(runs, key=lambda run: (run.summary.grader_version is None, _newness(run))):
        suite, version = run.summary.run.suite_sha256, run.summary.grader_version
        newest[suite] = version or newest.get(suite, "")
        grouped.setdefault((suite, newest[suite]), []).append(run)
    ordered = sorted(
        grouped.items(), key=lambda item: (item[0][1] != "", max(map(_newness, item[1]))), reverse=True
    )
    return [_group(sha256, version, members) for (sha256, version), members in ordered]


def _group(sha256: str, grader_version: str, runs: Sequence[GradedRun]) -> Group:
    identities: dict[Identity, list[GradedRun]] = {}
    for run in runs:
        identities.setdefault(run.summary.run.identity, []).append(run)
    best = [max(same, key=_completeness) for same in identities.values()]
    chosen = {id(run) for run in best}
    shown = sorted(best, key=_place)
    others = sorted((run for run in runs if id(run) not in chosen), key=_newness, reverse=True)
    return Group(shown[0].summary.run.suite, sha256, grader_version, tuple(shown), tuple(others))


def _completeness(run: GradedRun) -> tuple[bool, bool, bool, tuple[str, str]]:
    summary = run.summary
    return summary.ranked, summary.coverage.whole, summary.outcomes["skipped"] == 0, _newness(run)


def _newness(run: GradedRun) -> tuple[str, str]:
    of: Run = run.summary.run
    return of.started, of.id


def _place(run: GradedRun) -> tuple[bool, float, str, str]:
    summary = run.summary
    return not summary.ranked, -summary.overall.value, summary.label, summary.run.id


def find_graded_run(results: Path, name: str) -> GradedRun:
    """Return the run that `name` means: a folder, a run id, a name as the pages write it, a model or a condition.

    Of several runs it is the best: with the picture, complete, and the newest. Raises StoreError as `find_run`.
    """
    if (Path(name) / MANIFEST).is_file():
        return load_run(Path(name))
    runs = {folder: read_manifest(folder) for folder in find_runs(results) if folder.name != name}
    one_each = {run.identity: run for run in runs.values()}
    on_pages = dict(zip(one_each, run_names(list(one_each.values())), strict=True))
    named = [folder for folder, run in runs.items() if on_pages[run.identity] == name]
    named = named or [folder for folder, run in runs.items() if name in _names(folder, run)]
    if not named:
        return load_run(find_run(results, name))
    return max(map(load_run, named), key=lambda run: (not run.summary.run.condition.blind, _completeness(run)))


def _names(folder: Path, run: Run) -> set[str]:
    return {folder.parent.name, run.condition.model, run.condition.label, run.card.label, run.label}

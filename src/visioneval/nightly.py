"""What a nightly check looks at: the newest run of each model, its baseline, both graded by the same grader."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from visioneval.compare import GradedRun
from visioneval.grading.grade import GRADER_VERSION
from visioneval.regrading import grade_stored
from visioneval.store import MANIFEST, find_runs, read_manifest, read_run


def newest_runs(results: Path) -> list[Path]:
    """Return the newest run of each model under each condition. Raises StoreError when they cannot be read."""
    return list({read_manifest(folder).identity: folder for folder in find_runs(results)}.values())


def baseline_of(run: Path, against: Path) -> Path | None:
    """Return the newest baseline of the same model under the same condition on the same suite, if there is one.

    `against` is a results folder, or a run folder, which is then the baseline whatever it is.
    """
    if (against / MANIFEST).is_file():
        return against
    asked = read_manifest(run)
    for folder in reversed(find_runs(against)):
        before = read_manifest(folder)
        if (before.identity, before.suite_sha256) == (asked.identity, asked.suite_sha256):
            return folder
    return None


def read_graded(folder: Path) -> GradedRun:
    """Read a run, graded anew where another version's grader graded it."""
    stored = read_run(folder)
    if any(verdict.grader_version != GRADER_VERSION for verdict in stored.verdicts.values()):
        stored = replace(stored, verdicts={**stored.verdicts, **grade_stored(stored)})
    return GradedRun.of(stored.run, stored.graded(), stored.suite_folder)

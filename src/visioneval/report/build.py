"""All files of a report from the runs below a results folder, and whether those on disk are up to date.

The files are a pure function of the runs: no clock, no path of this machine, sorted keys; the same runs
give the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from visioneval.errors import StoreError
from visioneval.report import classic, leaderboard
from visioneval.report.collect import Group, group_runs, load_runs
from visioneval.store import write_atomically

WRITTEN = "files.json"
"""The names of what the last report wrote, so that the next one can take away what is no longer there."""


def read_groups(results: Path) -> list[Group]:
    """Read and group every run. Raises StoreError when there is none."""
    runs = load_runs(results)
    if not runs:
        raise StoreError(f"there are no runs below {results}; run `visioneval run` first or give --results")
    return group_runs(runs)


def report_files(groups: Sequence[Group]) -> dict[str, str]:
    """Return path -> text of every file of the report, but its pictures."""
    files: dict[str, str] = {}
    for group, folder in zip(groups, folders(groups), strict=True):
        files |= {folder + name: text for name, text in _tables(group).items()}
    files[WRITTEN] = json.dumps(sorted(files), indent=2) + "\n"
    return files


def folders(groups: Sequence[Group]) -> list[str]:
    """Return where each group goes: the first at the top, the others in folders of their own."""
    return ["", *(f"{group.suite_sha256[:8]}-{group.grader_version or 'ungraded'}/" for group in groups[1:])]


def _tables(group: Group) -> dict[str, str]:
    summaries = [run.summary for run in group.shown]
    return {
        "scores.md": classic.to_markdown(summaries),
        "scores.csv": classic.to_csv(summaries),
        "scores.json": classic.to_json(summaries),
        "leaderboard.md": leaderboard.to_markdown(group.shown),
        "leaderboard.csv": leaderboard.to_csv(group.shown),
        "leaderboard.json": leaderboard.to_json(group.shown),
    }


def stale_files(out: Path, files: Mapping[str, str]) -> list[str]:
    """Return which files on disk are missing, different or left over."""
    differing = [name for name, text in files.items() if _text(out / name) != text]
    left_over = [name for name in _written(out) if name not in files and (out / name).exists()]
    return sorted(differing + left_over)


def write_files(out: Path, files: Mapping[str, str]) -> None:
    """Write what changed and take away what an earlier report wrote and this one does not."""
    for name in _written(out):
        if name not in files:
            (out / name).unlink(missing_ok=True)
    for name, text in files.items():
        if _text(out / name) != text:
            _write(out / name, text)


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"cannot write {path} ({error.strerror}); check the path and its rights") from None
    write_atomically(path, text.encode())


def _text(path: Path) -> str | None:
    try:
        return path.read_bytes().decode()
    except (OSError, UnicodeDecodeError):
        return None


def _written(out: Path) -> list[str]:
    """Return the names that the last report wrote; only plain ones below `out`."""
    try:
        names = json.loads((out / WRITTEN).read_bytes())
    except (OSError, ValueError):
        return []
    if not isinstance(names, list):
        return []
    return [name for name in names if isinstance(name, str) and _is_below(out, name)]


def _is_below(out: Path, name: str) -> bool:
    return (out / name).resolve().is_relative_to(out.resolve()) and not (out / name).is_dir()

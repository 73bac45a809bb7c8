"""All files of a report from the runs below a results folder, and whether those on disk are up to date.

The files are a pure function of the runs: no clock, no path of this machine, sorted keys; the same runs
give the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from visioneval.compare import GradedRun
from visioneval.errors import StoreError
from visioneval.report import classic, leaderboard
from visioneval.report.collect import Group, group_runs, load_runs
from visioneval.report.leaderboard import Standing
from visioneval.report.pictures import copy_pictures
from visioneval.report.site import Site, Slugs
from visioneval.store import write_atomically
from visioneval.types import Run

WRITTEN = "files.json"
"""The names of what the last report wrote, so that the next one can take away what is no longer there."""


def read_groups(
    results: Path, unreadable: list[StoreError] | None = None, unanswered: list[Run] | None = None
) -> list[Group]:
    """Read and group every run; one that nothing is known of yet is put into `unanswered`.

    Raises StoreError when there is none, and as `load_runs`.
    """
    runs = load_runs(results, unreadable)
    if not runs and unreadable:
        raise unreadable[0]
    if not runs:
        raise StoreError(f"there are no runs below {results}; run `visioneval run` first or give --results")
    begun = [run for run in runs if _is_begun(run)]
    if not begun:
        raise StoreError(f"no run below {results} has an answer yet; `visioneval resume RUN` goes on with one")
    if unanswered is not None:
        unanswered += [run.summary.run for run in runs if not _is_begun(run)]
    return group_runs(begun)


def _is_begun(run: GradedRun) -> bool:
    """Return whether anything is known of a run: a batch at the host, or a run stopped at once, would read 0 %."""
    return run.summary.outcomes["skipped"] < run.summary.coverage.planned


class Report(Struct, frozen=True):
    """Every file of a report by its path below the output folder."""

    texts: dict[str, str]
    pictures: dict[str, bytes]
    """Pictures that are not on disk yet."""
    names: tuple[str, ...]
    """All files, the pictures that are on disk already included."""


def make_report(groups: Sequence[Group], out: Path) -> Report:
    """Make every file of the report; `out` is only looked at for pictures that are there already."""
    texts: dict[str, str] = {}
    pictures: dict[str, bytes] = {}
    names: set[str] = set()
    places = folders(groups)
    for group, folder in zip(groups, places, strict=True):
        copies = copy_pictures(group.runs, out / folder / "pictures")
        standing = leaderboard.standings(group.shown)
        site = Site(group, standing, copies, _other_groups(groups, places, folder))
        texts |= {folder + name: text for name, text in (*_tables(group, standing).items(), *site.pages())}
        for copy in copies.values():
            names.add(name := f"{folder}pictures/{copy.name}")
            if copy.content is not None:
                pictures[name] = copy.content
    names |= texts.keys()
    texts[WRITTEN] = json.dumps(sorted(names), indent=2) + "\n"
    return Report(texts, pictures, tuple(sorted(names | {WRITTEN})))


def _other_groups(groups: Sequence[Group], places: Sequence[str], here: str) -> list[tuple[str, str]]:
    """Return name and link of the other groups' leaderboards."""
    up = "../" if here else ""
    return [
        (
            f"{group.suite} {group.suite_sha256[:8]}, grader {group.grader_version or 'none'}",
            f"{up}{place}index.html",
        )
        for group, place in zip(groups, places, strict=True)
        if place != here
    ]


def folders(groups: Sequence[Group]) -> list[str]:
    """Return where each group goes: the first at the top, the others in folders of their own."""
    slugs = Slugs()
    names = (
        slugs.of("", f"{group.suite_sha256[:8]}-{group.grader_version or 'ungraded'}") for group in groups[1:]
    )
    return ["", *(f"{name}/" for name in names)]


def _tables(group: Group, places: Sequence[Standing]) -> dict[str, str]:
    summaries = [run.summary for run in group.shown]
    return {
        "scores.md": classic.to_markdown(summaries),
        "scores.csv": classic.to_csv(summaries),
        "scores.json": classic.to_json(summaries),
        "leaderboard.md": leaderboard.to_markdown(places),
        "leaderboard.csv": leaderboard.to_csv(places),
        "leaderboard.json": leaderboard.to_json(places),
    }


def stale_files(out: Path, report: Report) -> list[str]:
    """Return which files on disk are missing, different or left over."""
    differing = [name for name, text in report.texts.items() if _text(out / name) != text]
    return sorted([*differing, *report.pictures, *_left_over(out, report)])


def write_report(out: Path, report: Report) -> None:
    """Write what changed and take away what an earlier report wrote and this one does not."""
    for name in _left_over(out, report):
        (out / name).unlink(missing_ok=True)
    for name, content in report.pictures.items():
        _write(out / name, content)
    for name, text in report.texts.items():
        if _text(out / name) != text:
            _write(out / name, text.encode())


def _left_over(out: Path, report: Report) -> list[str]:
    return [name for name in _written(out) if name not in report.names and (out / name).exists()]


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"cannot write {path} ({error.strerror}); mend that and run `visioneval report` again"
        ) from None
    write_atomically(path, content)


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

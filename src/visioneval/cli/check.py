"""`visioneval check`: the exit code and the job summary of a nightly run."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from visioneval.compare import GradedRun

WORSE = 1


@click.command("check")
@click.argument("runs", nargs=-1)
@click.option(
    "--against",
    type=click.Path(path_type=Path, exists=True),
    required=True,
    help="The baseline: a run folder, or a results folder in which each model has its own.",
)
@click.option(
    "--results",
    type=click.Path(path_type=Path),
    default=Path("results"),
    show_default=True,
    help="Where the runs are.",
)
@click.option(
    "--latency-margin",
    type=click.FloatRange(0),
    default=0.25,
    show_default=True,
    help="How much slower is allowed.",
)
@click.option(
    "--cost-margin", type=click.FloatRange(0), default=0.10, show_default=True, help="How much dearer is allowed."
)
@click.option("--summary", type=click.Path(path_type=Path), help="Append the Markdown to this file as well.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    runs: tuple[str, ...],
    against: Path,
    results: Path,
    latency_margin: float,
    cost_margin: float,
    summary: Path | None,
    as_json: bool,
) -> None:
    """Check RUNS (folders, run ids, or model names for their newest run) against a baseline.

    Without RUNS, the newest run of each model in --results is checked.

    Exit code 1 when a score fell significantly on the same prompts (McNemar mid-p at most 0.05), time or cost
    rose beyond its margin, or fewer than 90 % of the prompts were answered. A side that another version's
    grader graded is graded anew. A model without a baseline is named, and does not fail.
    """
    import msgspec

    from visioneval.check import Margins, check_run, no_baseline, to_markdown
    from visioneval.store import find_run

    checks = []
    for folder in [find_run(results, run) for run in runs] or _newest(results):
        run, baseline = _graded(folder), _baseline(against, folder)
        margins = Margins(latency_margin, cost_margin)
        checks.append(no_baseline(run) if baseline is None else check_run(run, _graded(baseline), margins))
    text = to_markdown(checks)
    click.echo(msgspec.json.format(msgspec.json.encode(checks), indent=2) if as_json else text)
    if summary is not None:
        with summary.open("a", encoding="utf-8") as file:
            file.write(text)
    sys.exit(WORSE if any(check.failed for check in checks) else 0)


def _baseline(against: Path, run: Path) -> Path | None:
    """Return the newest baseline of the same condition on the same suite."""
    from visioneval.store import MANIFEST, find_runs, read_manifest

    if (against / MANIFEST).is_file():
        return against
    asked = read_manifest(run)
    for folder in reversed(find_runs(against)):
        before = read_manifest(folder)
        if (before.condition, before.suite_sha256) == (asked.condition, asked.suite_sha256):
            return folder
    return None


def _newest(results: Path) -> list[Path]:
    """Return the newest run of each model."""
    from visioneval.store import find_runs

    return list({folder.parent.name: folder for folder in find_runs(results)}.values())


def _graded(folder: Path) -> GradedRun:
    from msgspec.structs import replace

    from visioneval.compare import GradedRun
    from visioneval.grading.grade import GRADER_VERSION
    from visioneval.regrading import grade_stored
    from visioneval.store import read_run

    stored = read_run(folder)
    if any(verdict.grader_version != GRADER_VERSION for verdict in stored.verdicts.values()):
        stored = replace(stored, verdicts={**stored.verdicts, **grade_stored(stored)})
    return GradedRun.of(stored.run, stored.graded(), stored.suite_folder)

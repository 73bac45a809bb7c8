"""Grading what is stored: the same for a run that has just ended and for one of long ago. Makes no call."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from visioneval.errors import SuiteError
from visioneval.grading import Change, changes, grade
from visioneval.planning import relative
from visioneval.store import Place, RunFolder, StoredRun, read_run, write_verdicts
from visioneval.types import Suite, Verdict


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
            stored.run, suite_sha256=corrected.sha256, suite_path=relative(corrected.path, stored.folder)
        ),
    )

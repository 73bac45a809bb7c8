"""A run in parts: every n-th prompt on each of n machines, put together again afterwards."""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from visioneval.batching.journal import JOURNAL, Journal
from visioneval.errors import StoreError, UsageError
from visioneval.grading.overrides import OVERRIDES, Override
from visioneval.judging import JUDGEMENTS, Judgement
from visioneval.planning import relative
from visioneval.plurals import count
from visioneval.store import IMAGES, RunFolder, StoredRun, decode_lines, write_atomically, write_verdicts
from visioneval.types import Prompt, Run

T = TypeVar("T")
SHOWN_MISSING = 5
SAME = ("suite_sha256", "suite_size", "epochs", "condition", "dropped_parameters")
"""Fields of the manifests that must agree; the models must too, apart from where each part ran."""


class Shard(Struct, frozen=True):
    """Part `index` (from 1) of `count`."""

    index: int
    count: int

    @classmethod
    def parse(cls, written: str) -> Shard:
        """Read "2/4". Raises UsageError."""
        match = re.fullmatch(r"(\d{1,9})/(\d{1,9})", written)
        if match is None or not 1 <= int(match[1]) <= int(match[2]):
            raise UsageError(
                f"--shard {written}: write PART/PARTS, as in 2/4, with the part between 1 and the parts"
            )
        return cls(int(match[1]), int(match[2]))

    def take(self, prompts: Sequence[Prompt]) -> tuple[Prompt, ...]:
        """Return this part's prompts. Raises UsageError when there are more parts than prompts."""
        taken = tuple(prompts[self.index - 1 :: self.count])
        if not taken:
            asked = count(len(prompts), "prompt is", "prompts are")
            raise UsageError(f"--shard {self}: only {asked} asked; use fewer parts")
        return taken

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"


def merge_shards(parts: Sequence[StoredRun], results: Path, folder_name: str) -> Path:
    """Write the parts of one run as one run folder, and return it; the parts stay as they are.

    What is paid for or decided by a person goes along: judgements, overrides, pictures. Raises StoreError when a
    part is missing, there twice or still under way at its host, or when the parts are not of one run.
    """
    ordered = _in_order(parts)
    _check_same(ordered)
    _check_ended(ordered)
    prompts = _interleaved([part.prompts for part in ordered])
    first = min((part.run for part in ordered), key=lambda run: run.started)
    run_id = f"{first.id.partition('-')[0]}-{secrets.token_hex(2)}"
    folder = results / folder_name / run_id
    merged = replace(
        first,
        id=run_id,
        shard="",
        prompt_ids=tuple(prompt.id for prompt in prompts),
        concurrency=max(part.run.concurrency or 0 for part in ordered) or None,
        suite_path=relative(ordered[0].suite_path, folder),
        loaded=_loaded([part.run for part in ordered]),
    )
    with RunFolder.create(folder, merged, prompts) as opened:
        for part in ordered:
            for record in part.records:
                opened.append(record)
    for name, type_ in ((JUDGEMENTS, Judgement), (OVERRIDES, Override)):
        lines = [line for part in ordered for line in decode_lines(part.folder / name, type_, "delete that line")]
        if lines:
            write_atomically(folder / name, b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
    write_verdicts(folder, {place: verdict for part in ordered for place, verdict in part.verdicts.items()})
    _copy_images(ordered, folder / IMAGES)
    return folder


def _copy_images(parts: Sequence[StoredRun], to: Path) -> None:
    try:
        for part in parts:
            if (part.folder / IMAGES).is_dir():
                shutil.copytree(part.folder / IMAGES, to, dirs_exist_ok=True)
    except OSError as error:
        raise StoreError(f"the pictures of the parts cannot be copied to {to} ({error}); check the disk") from None


def _in_order(parts: Sequence[StoredRun]) -> list[StoredRun]:
    shards: dict[Shard, StoredRun] = {}
    for part in parts:
        if not part.run.shard:
            raise StoreError(f"run {part.run.id} is whole, not a part; only runs made with --shard can be merged")
        shard = Shard.parse(part.run.shard)
        if shard in shards:
            raise StoreError(
                f"part {shard} is there twice: {shards[shard].folder} and {part.folder}; leave one out"
            )
        shards[shard] = part
    counts = {shard.count for shard in shards}
    if len(counts) != 1:
        raise StoreError(f"the runs are parts of different wholes: {', '.join(sorted(map(str, shards)))}")
    (whole,) = counts
    lacking = whole - len(shards)
    if lacking == 0:
        return sorted(parts, key=lambda part: Shard.parse(part.run.shard).index)
    missing = (str(shard) for index in range(1, whole + 1) if (shard := Shard(index, whole)) not in shards)
    named = ", ".join(islice(missing, SHOWN_MISSING))
    if lacking == 1:
        raise StoreError(f"part {named} is missing; run it, or give its folder too")
    more = f" and {lacking - SHOWN_MISSING:,} more" if lacking > SHOWN_MISSING else ""
    raise StoreError(f"parts {named}{more} are missing; run them, or give their folders too")


def _check_same(parts: Sequence[StoredRun]) -> None:
    first = parts[0].run
    for run in (part.run for part in parts[1:]):
        for field in SAME:
            if getattr(run, field) != getattr(first, field):
                raise StoreError(f"runs {first.id} and {run.id} differ in {field}; merge parts of one run")
        if _model(run) != _model(first):
            raise StoreError(f"runs {first.id} and {run.id} used different models; merge parts of one run")


def _check_ended(parts: Sequence[StoredRun]) -> None:
    for part in parts:
        if any(each.batch_id for each in Journal(part.folder / JOURNAL, repair=False).parts.values()):
            raise StoreError(
                f"part {part.run.shard} has batches under way at the host, which would be asked again; "
                f"`visioneval resume {part.folder}` first"
            )


def _model(run: Run) -> tuple[object, ...]:
    """Return what was asked, and by what its times and costs are counted."""
    mode = run.card.options.get("latency_mode")
    return run.identity, run.loaded.get("weights_sha256"), mode, run.card.gpu_usd_per_hour, run.prices


def _interleaved(lists: Sequence[Sequence[T]]) -> tuple[T, ...]:
    """Undo `take`: the first of each part, then the second of each."""
    longest = max(map(len, lists))
    return tuple(part[row] for row in range(longest) for part in lists if row < len(part))


def _loaded(runs: Sequence[Run]) -> dict[str, str | int | float | bool]:
    """Keep what all parts say alike; name every device."""
    same = {k: v for k, v in runs[0].loaded.items() if all(run.loaded.get(k) == v for run in runs)}
    devices = sorted({str(run.loaded["device_name"]) for run in runs if "device_name" in run.loaded})
    return {**same, **({"device_name": ", ".join(devices)} if devices else {})}

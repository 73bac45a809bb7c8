"""The run folder: `manifest.json`, `prompts.json`, append-only `records.jsonl`, and `verdicts.jsonl`.

The promise: a record is handed to the operating system the moment its reply is in, before it is graded, so
it survives `kill -9`; it is synced to disk in groups, at most a second apart, so a power cut may cost the
last second. A torn last line is repaired when the folder is opened for writing; any other line that does
not parse is an error that names the file and the line. Only one process writes to a folder.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from types import UnionType
from typing import Any, TypeAlias, TypeVar

import msgspec
from msgspec import Struct

from visioneval.errors import StoreError
from visioneval.pricing import is_price
from visioneval.suite import folder_of
from visioneval.types import MOST_USD, GradedRecord, Prompt, Record, ReplyImage, Run, Verdict

MANIFEST, PROMPTS, RECORDS, VERDICTS, IMAGES, LOCK = (
    "manifest.json",
    "prompts.json",
    "records.jsonl",
    "verdicts.jsonl",
    "images",
    ".lock",
)
NOT_RUN = "not run"
PICTURE_SUFFIXES = {"image/png": "png", "image/jpeg": "jpeg", "image/webp": "webp", "image/gif": "gif"}
T = TypeVar("T")


class KeyedVerdict(Struct, frozen=True):
    """One line of `verdicts.jsonl`."""

    prompt_id: str
    epoch: int
    verdict: Verdict


Place: TypeAlias = tuple[str, int]
"""(prompt id, epoch): what a run asks once."""


class StoredRun(Struct, frozen=True):
    """A run folder as it was read."""

    folder: Path
    run: Run
    prompts: tuple[Prompt, ...]
    records: tuple[Record, ...]
    """The last word on each (prompt, epoch): a reply wins over a failure."""
    verdicts: Mapping[Place, Verdict]

    @property
    def suite_path(self) -> Path:
        """Where the suite was when the run was made: a folder, or a table."""
        path = self.folder / self.run.suite_path
        try:
            return path.resolve()
        except (OSError, ValueError, RuntimeError):  # a null character, or links that lead round: it is not here
            return path

    @property
    def suite_folder(self) -> Path:
        """The folder that image paths start from; it need not be there any more."""
        return folder_of(self.suite_path)

    def graded(self) -> tuple[GradedRecord, ...]:
        """Return one graded record for each planned (prompt, epoch), in order; what was not run is skipped."""
        by_place = {(record.prompt_id, record.epoch): record for record in self.records}
        return tuple(
            self._graded(prompt, epoch, by_place.get((prompt.id, epoch)))
            for epoch in range(self.run.epochs)
            for prompt in self.prompts
        )

    def _graded(self, prompt: Prompt, epoch: int, record: Record | None) -> GradedRecord:
        if record is None:
            return GradedRecord(prompt, epoch, Verdict("skipped", None, NOT_RUN, "", NOT_RUN), None)
        if record.failure is not None:
            verdict = Verdict("error", None, record.failure.kind, "", record.failure.message)
            return GradedRecord(prompt, epoch, verdict, record)
        missing = Verdict("ungraded", None, "not graded", "", "run `visioneval regrade`")
        return GradedRecord(prompt, epoch, self.verdicts.get((prompt.id, epoch), missing), record)


def find_runs(results: Path) -> list[Path]:
    """Return every run folder below `results`, oldest first by run id. Raises StoreError when unreadable."""
    if not results.is_dir():
        raise StoreError(f"results folder {results} does not exist; run `visioneval run` first or give --results")
    try:
        return sorted((path.parent for path in results.glob(f"*/*/{MANIFEST}")), key=lambda run: (run.name, run))
    except OSError as error:
        raise StoreError(f"results folder {results} cannot be read ({error.strerror}); check its rights") from None


def find_run(results: Path, name: str) -> Path:
    """Return the run folder that `name` means: a path, a run id, or a model's newest run."""
    if (Path(name) / MANIFEST).is_file():
        return Path(name)
    runs = find_runs(results)
    matches = [run for run in runs if run.name == name] or [run for run in runs if run.parent.name == name]
    matches = matches or [run for run in runs if read_manifest(run).condition.model == name]  # as --model names it
    if not matches:
        raise StoreError(
            f"no run {name!r} below {results}; give a run folder, a run id or a model name "
            f"({', '.join(sorted({run.parent.name for run in runs})) or 'there are no runs yet'})"
        )
    if len({run.parent for run in matches}) > 1:
        raise StoreError(
            f"run id {name!r} stands for several models; give the folder: {', '.join(map(str, matches))}"
        )
    return matches[-1]


def read_manifest(folder: Path) -> Run:
    """Read what a run is, without its records. Raises StoreError naming the file."""
    run = _decode(folder / MANIFEST, Run)
    _check_moment(folder / MANIFEST, "started", run.started)
    prices = [run.card.gpu_usd_per_hour]
    for row in run.prices:
        prices += [row.input, row.output, row.cached_input, row.cache_write]
    for usd in prices:
        if usd is not None and not is_price(usd):
            raise StoreError(f"{folder / MANIFEST}: {usd} is no price; write dollars from 0 to {MOST_USD}")
    return run


def _check_moment(file: Path, field: str, text: str) -> None:
    try:
        aware = datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        aware = False
    if not aware:
        raise StoreError(f"{file}: {field} {text!r} is no time; write it as 2026-11-21T04:00:00+00:00")


def read_run(folder: Path) -> StoredRun:
    """Read a run folder. Raises StoreError naming the file and, for a record, the line."""
    run = read_manifest(folder)
    prompts = _decode(folder / PROMPTS, tuple[Prompt, ...])
    for prompt in prompts:
        for value in msgspec.structs.astuple(prompt.answer):
            if isinstance(value, Decimal) and not value.is_finite():
                raise StoreError(f"{folder / PROMPTS}: the answer of prompt {prompt.id!r} is {value}, no number")
    verdicts = decode_lines(folder / VERDICTS, KeyedVerdict, "delete it and `visioneval regrade`")
    records = _last_words(read_records(folder))
    for record in records:
        _check_moment(folder / RECORDS, f"prompt {record.prompt_id!r}: `at`", record.at)
    return StoredRun(
        folder,
        run,
        prompts,
        records,
        {(line.prompt_id, line.epoch): line.verdict for line in verdicts},
    )


def read_records(folder: Path) -> list[Record]:
    """Read every line of `records.jsonl`. Raises StoreError naming the line."""
    return decode_lines(folder / RECORDS, Record, "delete that line and `visioneval resume` to ask again")


def write_verdicts(folder: Path, verdicts: Mapping[Place, Verdict]) -> None:
    """Replace `verdicts.jsonl` in one step."""
    lines = [
        msgspec.json.encode(KeyedVerdict(*place, verdict)) + b"\n"
        for place, verdict in sorted(verdicts.items(), key=lambda entry: entry[0])
    ]
    write_atomically(folder / VERDICTS, b"".join(lines))


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees the old bytes or the new ones, never a part."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise _write_error(path, error) from None


def check_writable(folder: Path) -> None:
    """Raise StoreError when a run folder cannot be made, as far as that can be told without making it."""
    there = next(parent for parent in folder.resolve().parents if parent.exists())
    if not there.is_dir() or not os.access(there, os.W_OK):
        raise StoreError(f"cannot write {folder} ({there} takes no new folder); check the path and its rights")


class RunFolder:
    """The one writer of a run folder. Use as a context manager; opening it takes the folder's lock."""

    def __init__(self, folder: Path) -> None:
        from filelock import FileLock, Timeout

        self.folder = folder
        self._dirty = False
        self._lock = FileLock(folder / LOCK)
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise StoreError(f"run folder {folder} is in use by another process; wait for it or stop it") from None
        except OSError as error:
            raise _write_error(folder / LOCK, error) from None
        try:
            repair_last_line(folder / RECORDS, Record)
            self._file = os.open(folder / RECORDS, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        except StoreError:
            self._lock.release()
            raise
        except OSError as error:
            self._lock.release()
            raise _write_error(folder / RECORDS, error) from None

    @classmethod
    def create(cls, folder: Path, run: Run, prompts: Sequence[Prompt]) -> RunFolder:
        """Make a new run folder with its manifest and its prompts. Raises StoreError when it exists."""
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            raise StoreError(f"run folder {folder} exists already; `visioneval resume {folder.name}`") from None
        except OSError as error:
            raise _write_error(folder, error) from None
        # The manifest is what makes a folder a run: it is there, and whole, before anything can be asked.
        write_atomically(folder / PROMPTS, _pretty(tuple(prompts)))
        write_atomically(folder / MANIFEST, _pretty(run))
        return cls(folder)

    def write_manifest(self, run: Run) -> None:
        """Replace `manifest.json` in one step."""
        write_atomically(self.folder / MANIFEST, _pretty(run))

    def write_prompts(self, prompts: Sequence[Prompt]) -> None:
        """Replace `prompts.json` in one step."""
        write_atomically(self.folder / PROMPTS, _pretty(tuple(prompts)))

    def append(self, record: Record) -> None:
        """Hand one record to the operating system, whole, and then the pictures of its reply.

        Raises StoreError, as on a full disk, when the record is not stored.
        """
        try:
            _append(self._file, msgspec.json.encode(_without_pictures(record)) + b"\n")
        except OSError as error:
            raise _write_error(self.folder / RECORDS, error) from None
        self._dirty = True
        for image in record.reply.images if record.reply else ():
            with contextlib.suppress(OSError, StoreError):  # the reply is kept; its picture is not graded
                self._keep(image)

    def _keep(self, image: ReplyImage) -> None:
        """Write a picture that came with a reply to `images/`, under its hash."""
        if not image.content:  # of an answer that was taken from an earlier run
            return
        folder = self.folder / IMAGES
        folder.mkdir(exist_ok=True)
        suffix = PICTURE_SUFFIXES.get(image.media_type, "bin")
        write_atomically(folder / f"{image.sha256}.{suffix}", image.content)

    def sync(self) -> None:
        """Make sure that what was appended is on the disk."""
        if self._dirty:
            self._dirty = False
            try:
                os.fsync(self._file)
            except OSError as error:
                raise _write_error(self.folder / RECORDS, error) from None

    def close(self) -> None:
        """Sync, close and release the lock."""
        try:
            self.sync()
        finally:
            os.close(self._file)
            self._lock.release()

    def __enter__(self) -> RunFolder:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _without_pictures(record: Record) -> Record:
    """Return a record with the hashes of its reply's pictures alone."""
    if record.reply is None or not record.reply.images:
        return record
    bare = tuple(msgspec.structs.replace(image, content=b"") for image in record.reply.images)
    return msgspec.structs.replace(record, reply=msgspec.structs.replace(record.reply, images=bare))


def _pretty(value: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value, order="sorted"), indent=2) + b"\n"


def _last_words(records: Sequence[Record]) -> tuple[Record, ...]:
    """Return how each (prompt, epoch) ended, with the bills of what came before its end."""
    last: dict[tuple[str, int], Record] = {}
    for record in records:
        before = last.get((record.prompt_id, record.epoch))
        if before is None:
            last[(record.prompt_id, record.epoch)] = record
        elif before.reply is None:
            billed = before.billed + record.billed
            last[(record.prompt_id, record.epoch)] = msgspec.structs.replace(record, billed=billed)
    return tuple(last.values())


def _decode(path: Path, type_: type[T]) -> T:
    try:
        return msgspec.json.decode(path.read_bytes(), type=type_)
    except FileNotFoundError:
        raise StoreError(f"{path} does not exist; {path.parent} is not a whole run folder") from None
    except OSError as error:
        raise StoreError(f"{path} cannot be read ({error.strerror}); check its rights") from None
    except (msgspec.DecodeError, RecursionError) as error:
        raise StoreError(f"{path} is corrupt ({error}); restore it or delete the run folder") from None


def decode_lines(path: Path, type_: type[T] | UnionType, advice: str) -> list[T]:
    """Decode a file of JSON lines, none where there is no file.

    A last line without its end, the mark of a killed writer, is left out. Raises StoreError naming the line, with
    the `advice` to follow when the file cannot be restored.
    """
    decoder: Any = msgspec.json.Decoder(type_)
    decoded: list[T] = []
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                try:
                    decoded.append(decoder.decode(line))
                except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                    if line.endswith(b"\n"):
                        raise StoreError(
                            f"{path} line {number} is corrupt ({error}); restore the file, or {advice}"
                        ) from None
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StoreError(f"{path} cannot be read ({error.strerror}); check its rights") from None
    return decoded


def append_line(path: Path, value: Struct) -> None:
    """Append one JSON line to a file, whole, and wait until it is on the disk. Raises StoreError."""
    try:
        with path.open("ab", buffering=0) as file:
            _append(file.fileno(), msgspec.json.encode(value) + b"\n")
            os.fsync(file.fileno())
    except OSError as error:
        raise _write_error(path, error) from None


def _append(file: int, line: bytes) -> None:
    """Write a line to the end of an open file, or nothing of it. Raises OSError."""
    start = os.fstat(file).st_size
    try:
        if os.write(file, line) < len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    except OSError:
        with contextlib.suppress(OSError):
            os.ftruncate(file, start)
        raise


def repair_last_line(path: Path, type_: object) -> None:
    """Cut off a last line that was torn by a kill; complete one that lacks only its newline. Raises StoreError."""
    try:
        if not path.exists() or not (content := path.read_bytes()) or content.endswith(b"\n"):
            return
        start = content.rfind(b"\n") + 1
        with path.open("r+b") as file:
            try:
                msgspec.json.decode(content[start:], type=type_)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                file.truncate(start)
            else:
                file.seek(0, os.SEEK_END)
                file.write(b"\n")
    except OSError as error:
        raise _write_error(path, error) from None


def _write_error(path: Path, error: OSError) -> StoreError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StoreError(
            f"cannot write {path}: the disk is full; free some space, then `visioneval resume` (nothing that "
            "was written before is lost)"
        )
    return StoreError(f"cannot write {path} ({error.strerror or error}); check the path and its rights")

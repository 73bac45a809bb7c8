"""What a batched run keeps on its disk: a journal of what is under way, and the file of requests being written.

The journal, `batches.jsonl` in the run folder, is only ever appended to, one line a step:

    uploaded   a file is at the host; these prompts are in it
    created    a batch was made of it
    ended      the batch has ended; its results are being read
    fetched    all its results are records

A file is noted before a batch is made of it. A batch that may have been made without being noted is looked for at
the host before another is made.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

from msgspec import Struct

from visioneval.errors import StoreError
from visioneval.providers.hosted.batch import BatchHost
from visioneval.store import Place, append_line, decode_lines, repair_last_line

JOURNAL, SPOOL = "batches.jsonl", ".batch-requests.jsonl"
LOST = "start a new run: without it nobody knows what the batches at the host are answers to"
PLAIN_ID = re.compile(r"[A-Za-z0-9_-]{1,40}")


class Uploaded(Struct, frozen=True, tag="uploaded", tag_field="event", omit_defaults=True):
    """A file of requests is at the host."""

    part: int
    at: str
    file_id: str
    places: tuple[Place, ...]
    without: tuple[str, ...] = ()
    """Parameters that its requests leave out."""


class Created(Struct, frozen=True, tag="created", tag_field="event"):
    """A batch was made of it."""

    part: int
    at: str
    batch_id: str


class Ended(Struct, frozen=True, tag="ended", tag_field="event"):
    """The batch has ended, as the host says; "not made" of a file that no batch was made of."""

    part: int
    at: str
    status: str


class Fetched(Struct, frozen=True, tag="fetched", tag_field="event"):
    """Its results are records; there is nothing more to do about it."""

    part: int
    at: str


Event: TypeAlias = Uploaded | Created | Ended | Fetched


class Part(Struct):
    """A file of requests that is under way."""

    number: int
    file_id: str
    places: tuple[Place, ...]
    without: tuple[str, ...]
    batch_id: str = ""
    ended_at: str = ""


class Journal:
    """What is under way, in memory and on disk."""

    def __init__(self, path: Path, *, repair: bool = True) -> None:
        """Raises StoreError. `repair` is for the one writer of the folder."""
        self._path = path
        self.parts: dict[int, Part] = {}
        """Those that are not fetched, by number."""
        self.last = 0
        if repair:
            repair_last_line(path, Event)
        events: list[Event] = decode_lines(path, Event, LOST)
        try:
            for event in events:
                self._apply(event)
        except KeyError as error:
            raise StoreError(
                f"{path}: part {error} goes on, but the line that says what is in it is missing; restore the "
                f"file, or {LOST}"
            ) from None

    def note(self, event: Event) -> None:
        """Write a step down, and wait until it is on the disk. Raises StoreError."""
        append_line(self._path, event)
        self._apply(event)

    def _apply(self, event: Event) -> None:
        match event:
            case Uploaded(part, _, file_id, places, without):
                self.last = part
                self.parts[part] = Part(part, file_id, places, without)
            case Created(part, _, batch_id):
                self.parts[part].batch_id = batch_id
            case Ended(part, at, _):
                self.parts[part].ended_at = at
            case Fetched(part, _):
                del self.parts[part]


class Spool:
    """One file of requests while it is written, on the disk and not in memory."""

    def __init__(self, path: Path, host: BatchHost) -> None:
        self.path, self.places = path, list[Place]()
        self._host, self._size_bytes = host, 0
        try:
            self._file = path.open("wb")
        except OSError as error:
            raise _spool_error(path, error) from None

    def takes(self, line: bytes) -> bool:
        """Say whether a line still fits."""
        if not self.places:
            return True
        fits = self._size_bytes + len(line) <= self._host.most_bytes
        return fits and len(self.places) < self._host.most_requests

    def add(self, place: Place, line: bytes) -> None:
        """Write one request. Raises StoreError, as on a full disk."""
        try:
            self._file.write(line)
        except OSError as error:
            raise _spool_error(self.path, error) from None
        self.places.append(place)
        self._size_bytes += len(line)

    def flush(self) -> None:
        """Make the file whole. Raises StoreError."""
        try:
            self._file.flush()
        except OSError as error:
            raise _spool_error(self.path, error) from None

    def clear(self) -> None:
        """Begin the next file."""
        self._file.seek(0)
        self._file.truncate()
        self.places, self._size_bytes = [], 0

    def remove(self) -> None:
        """Delete the file."""
        self._file.close()
        self.path.unlink(missing_ok=True)


def custom_id(place: Place) -> str:
    """Return a request's name in a file: its prompt's id, or a hash where that is long or odd, and its epoch."""
    prompt_id, epoch = place
    if not PLAIN_ID.fullmatch(prompt_id):
        prompt_id = "sha256-" + hashlib.sha256(prompt_id.encode()).hexdigest()[:32]
    return f"{prompt_id}-e{epoch}"


def now() -> str:
    """Return the moment as records write it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _spool_error(path: Path, error: OSError) -> StoreError:
    return StoreError(f"cannot write {path} ({error.strerror or error}); check the disk, then `visioneval resume`")

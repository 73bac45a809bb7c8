"""Overrides: what a person decided about a reply, kept beside the automatic verdict and never over it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec
from msgspec import Struct

from visioneval.errors import StoreError

HumanVerdict = Literal["pass", "fail", "unsure"]


class Override(Struct, frozen=True):
    """One line of `overrides.jsonl`."""

    prompt_id: str
    epoch: int
    verdict: HumanVerdict
    who: str
    at: str
    """UTC, ISO 8601."""
    why: str = ""
    automatic: str = ""
    """Outcome of the automatic verdict at the time."""
    grader_version: str = ""


def read_overrides(text: str, source: str) -> list[Override]:
    """Read all overrides, in the order in which they were made."""
    found = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            found.append(msgspec.json.decode(line, type=Override))
        except (msgspec.DecodeError, UnicodeError) as error:
            raise StoreError(f"{source} line {number}: {error}") from None
    return found


def latest(overrides: Iterable[Override]) -> dict[tuple[str, int], Override]:
    """The last override of each (prompt id, epoch); an earlier one stays in the file."""
    return {(override.prompt_id, override.epoch): override for override in overrides}


def as_line(override: Override) -> bytes:
    """Write an override as one line of the file."""
    return msgspec.json.encode(override) + b"\n"

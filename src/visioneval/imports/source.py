"""What every import comes to: a suite, recorded replies by model, and remarks."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct

from visioneval.errors import SuiteError
from visioneval.images import file_sha256
from visioneval.suite import image_path
from visioneval.types import Prompt, Reply, Suite

T = TypeVar("T")


class Recorded(Struct, frozen=True):
    """One reply from elsewhere."""

    prompt: Prompt
    epoch: int
    reply: Reply


class Import(Struct, frozen=True):
    """Everything that a source holds."""

    suite: Suite
    replies: Mapping[str, Sequence[Recorded]]
    """By the model's name."""
    remarks: tuple[str, ...]
    """What was mended, and what could not be taken over: each names the place."""
    left_out: int
    """Replies that could not be taken over."""


def seconds_or_none(written: object, of: str, remarks: list[str]) -> float | None:
    """Return a time that a source gives, None without one; what is no time is None and a remark."""
    if written in (None, ""):
        return None
    try:
        seconds = float(str(written).removesuffix("s"))
    except ValueError:
        seconds = math.nan
    if 0 <= seconds < math.inf:
        return seconds
    remarks.append(f"{of} is no number of seconds ({written!r})")
    return None


def storable(value: T) -> T:
    """Return a value as it will be read from the run folder.

    Raises SuiteError for one that could not be written or read: half a character, a number beyond all bounds.
    """
    try:
        return msgspec.json.decode(msgspec.json.encode(value), type=type(value))
    except UnicodeEncodeError:
        raise SuiteError("it holds half a character (a lone surrogate)") from None
    except (msgspec.MsgspecError, OverflowError, RecursionError) as error:
        raise SuiteError(f"it cannot be stored ({error})") from None


def with_picture(prompt: Prompt, folder: Path) -> Prompt:
    """Return a prompt with the hash of its picture where that lies in the source's folder.

    Without it a report shows no picture: a path alone would let a log from elsewhere choose any file.
    """
    try:
        return msgspec.structs.replace(prompt, sha256=file_sha256(image_path(folder, prompt)))
    except (SuiteError, OSError, ValueError):  # no such file; a path too long, or with a null character
        return prompt

"""What every import comes to: a suite, recorded replies by model, and remarks."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from msgspec import Struct

from visioneval.types import Prompt, Reply, Suite


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

"""Overrides: what a person decided about a reply, kept beside the automatic verdict and never over it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

OVERRIDES = "overrides.jsonl"
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


def latest(overrides: Iterable[Override]) -> dict[tuple[str, int], Override]:
    """The last override of each (prompt id, epoch); an earlier one stays in the file."""
    return {(override.prompt_id, override.epoch): override for override in overrides}

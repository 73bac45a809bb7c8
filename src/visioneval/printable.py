"""Texts of others, on a terminal or in a spreadsheet: what would act there, instead of being read, is defused."""

from __future__ import annotations

import contextlib
import unicodedata
from typing import TypeVar

T = TypeVar("T")
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
KEPT = "\n\t\u200c\u200d"
"""Line feed and tabulator; and the two that do no more than tell how letters and emoji join."""


def printable(text: str) -> str:
    r"""Return a text without control, format and surrogate characters: ESC becomes `\x1b`, U+202E `\u202e`."""
    return text if text.isprintable() else "".join(map(_shown, text))


def csv_cell(value: T) -> T | str:
    """Return a cell of a CSV that no spreadsheet takes for a formula: such a text gets an apostrophe before it."""
    if not isinstance(value, str) or not value.startswith(FORMULA):
        return value
    with contextlib.suppress(ValueError):
        float(value)
        return value
    return f"'{value}"


def _shown(character: str) -> str:
    if character in KEPT or unicodedata.category(character) not in ("Cc", "Cf", "Cs"):
        return character
    return character.encode("unicode_escape").decode("ascii")

"""Texts of others on a terminal: what would act on it, instead of being read, is written as an escape."""

from __future__ import annotations

import unicodedata

KEPT = "\n\t\u200c\u200d"
"""Line feed and tabulator; and the two that do no more than tell how letters and emoji join."""


def printable(text: str) -> str:
    r"""Return a text without control, format and surrogate characters: ESC becomes `\x1b`, U+202E `\u202e`."""
    return text if text.isprintable() else "".join(map(_shown, text))


def _shown(character: str) -> str:
    if character in KEPT or unicodedata.category(character) not in ("Cc", "Cf", "Cs"):
        return character
    return character.encode("unicode_escape").decode("ascii")

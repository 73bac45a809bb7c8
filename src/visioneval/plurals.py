"""How many of what: a number with its noun."""

from __future__ import annotations


def count(n: int, noun: str, plural: str = "") -> str:
    """Write "1 prompt" or "2 prompts"."""
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"

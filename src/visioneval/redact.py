"""Keep keys, and what would command a terminal, out of everything that is written or shown.

A secret is known by its value (a key in the environment, a password in a URL) or by its shape ("sk-...",
"Bearer ..."). The provider takes its own key out of every byte it receives; the runner and the entry point
pass each message through `redact` once more.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable, Mapping

HIDDEN = "[hidden]"
SHORTEST = 6
UNPRINTABLE = ("Cc", "Cf", "Cs")
"""Unicode's control characters, invisible ones that turn text round, and halves of characters."""
_NAME = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD|CREDENTIALS?)$", re.IGNORECASE)
_SHAPES = (
    re.compile(r"()\b(?:sk|rk|pk|gsk|xai|hf)[-_][A-Za-z0-9_-]{8,}"),
    re.compile(r"()\bAIza[A-Za-z0-9_-]{20,}"),
    re.compile(r"(?i)(\bbearer )[A-Za-z0-9._~+/=-]{6,}"),
    re.compile(r"(?i)(\bbasic )[A-Za-z0-9+/=]{8,}"),
    re.compile(r"(://)[^/\s@]+(?=@)"),
    re.compile(r"(?i)([?&#](?:key|api[-_]?key|token)=)[^&\s]+"),
)


def secrets_of(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the values that may never be shown: variables named like a key, passwords in URLs."""
    named = {
        value.strip()
        for name, value in environment.items()
        if _NAME.search(name) and len(value.strip()) >= SHORTEST
    }
    in_urls = {found for value in environment.values() for found in _userinfo(value)}
    return tuple(sorted(named | in_urls, key=len, reverse=True))


def redact(text: str, secrets: Iterable[str] | None = None) -> str:
    """Return a text without the secrets in it (those of this process's environment by default)."""
    for secret in secrets_of(os.environ) if secrets is None else secrets:
        text = text.replace(secret, HIDDEN)
    for shape in _SHAPES:
        text = shape.sub(rf"\1{HIDDEN}", text)
    return text


def one_line(text: str) -> str:
    """Return a stranger's text as one line that commands no terminal: white space is one space, what cannot be
    printed is U+FFFD."""
    words = " ".join(text.split())
    if words.isascii() and words.isprintable():
        return words
    return "".join("\ufffd" if unicodedata.category(each) in UNPRINTABLE else each for each in words)


def _userinfo(value: str) -> Iterable[str]:
    match = re.match(r"[a-z][a-z0-9+.-]*://([^/\s@]+)@", value, re.IGNORECASE)
    if match is None:
        return ()
    return (part for part in (match[1], *match[1].split(":", 1)) if len(part) >= SHORTEST)

"""What went wrong, as the ProviderError that tells the runner what to do.

again later      408, 409, 429, 5xx, connection errors, timeouts, a 200 that is no reply
this prompt      400 and other 4xx
the whole run    401, 402, 403, 404, redirects, no credit left
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import msgspec
from msgspec import Struct

from visioneval.errors import FatalError, NotFoundError, PromptError, ProviderError, RetryableError
from visioneval.models import DEFAULT_KEY_ENV
from visioneval.providers.hosted.sdk import sends_key
from visioneval.redact import one_line
from visioneval.types import FailureKind, ModelCard, Usage

NO_CREDIT = frozenset(
    {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "account_deactivated"}
)
LONGEST_MESSAGE = 300
UNKNOWN_BILL = Usage()
"""What a call may have cost that broke off after it was sent: nobody knows."""
_UNITS_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


class HostError(Struct, frozen=True):
    """The error object of the protocol; every part of it may be missing."""

    message: str = ""
    code: str | None = None
    type: str | None = None
    param: str | None = None


def read_error(body: bytes) -> HostError:
    """Return the error that a body describes, as well as it does so."""
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return HostError(_first_words(body))
    if isinstance(value, list) and value:  # Gemini's endpoint wraps its errors in a list
        value = value[0]
    error = value.get("error", value) if isinstance(value, dict) else value
    if not isinstance(error, dict):
        return HostError(_said(error))
    texts = {name: error.get(name) for name in ("message", "code", "type", "param")}
    message = texts.pop("message") or error.get("detail") or ""
    return HostError(_said(message), **{name: _said(text) for name, text in texts.items() if text is not None})


def status_in(code: str | None) -> int | None:
    """Return the HTTP status of an error that a host gives as a code inside a 200, or None."""
    return int(code) if code and re.fullmatch(r"[45][0-9]{2}", code) else None


def whole_number(text: str | None) -> int | None:
    """Return the whole number in a header, or None; one of more digits than any count has is none."""
    return int(text) if text is not None and re.fullmatch(r"\s*[0-9]{1,15}\s*", text) else None


def fault_of(
    card: ModelCard, status: int, headers: Mapping[str, str], error: HostError, *, billed: Usage | None = None
) -> ProviderError:
    """Return the error to raise for a status that is not a success. Free of charge unless `billed` is given."""
    host = f"{card.name}: the host answered {status}"
    said = f": {error.message}" if error.message else ""
    if {error.code, error.type} & NO_CREDIT or status == 402:
        return FatalError("rate_limited", f"{card.name}: the account has no credit left; top it up, then resume")
    if status in (401, 403):
        refused = f"it refuses the key; check {card.api_key_env or DEFAULT_KEY_ENV}"
        unsent = "it wants a key, and none was sent; name the variable that holds it: --api-key-env NAME"
        return FatalError("bad_request", f"{host}: {refused if sends_key(card) else unsent}{said}")
    if status == 404:
        what = f"the model {card.model_id or card.name!r} or the path is not there; check the name and --base-url"
        return NotFoundError("bad_request", f"{host}: {what}{said}")
    if 300 <= status < 400:
        return FatalError("bad_request", f"{host}: it redirects; correct the base URL")
    may_retry = status in (408, 409, 429) or status >= 500
    may_retry = {"true": True, "false": False}.get(headers.get("x-should-retry", ""), may_retry)
    kind: FailureKind = "bad_request"
    if status == 429:
        kind = "rate_limited"
    elif status >= 500 or status in (408, 409):
        kind = "server_error"
    if not may_retry:
        return PromptError(kind, f"{host}{said}", param=error.param, billed=billed)
    wait_s = retry_after_s(headers, datetime.now(UTC), limited=status == 429)
    return RetryableError(kind, f"{host}{said}", retry_after_s=wait_s, billed=billed)


def retry_after_s(headers: Mapping[str, str], now: datetime, *, limited: bool = False) -> float | None:
    """Return how many seconds the host asks us to wait: `retry-after-ms`, or `retry-after` in seconds or as a
    date, or for a rate limit the reset time of the limit that is used up. None where it does not say."""
    if (milliseconds := _number(headers.get("retry-after-ms"))) is not None:
        return milliseconds / 1000
    value = headers.get("retry-after", "").strip()
    if (seconds := _number(value)) is not None:
        return seconds
    if value:
        try:
            moment = parsedate_to_datetime(value)
            return max(0.0, ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now).total_seconds())
        except (ValueError, OverflowError):
            return None
    if not limited:
        return None
    resets = [
        duration_s(headers.get(f"x-ratelimit-reset-{what}", ""))
        for what in ("requests", "tokens")
        if _number(headers.get(f"x-ratelimit-remaining-{what}")) == 0
    ]
    return max((reset for reset in resets if reset is not None), default=None)


def duration_s(text: str) -> float | None:
    """Return the seconds of a duration as rate-limit headers write it: "6m0s", "120ms", "1.5"."""
    if (plain := _number(text)) is not None:
        return plain
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|[smhd])", text)
    if not parts or "".join(number + unit for number, unit in parts) != text.strip():
        return None
    seconds = sum(float(number) * _UNITS_S[unit] for number, unit in parts)
    return seconds if seconds < float("inf") else None


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if 0 <= number < float("inf") else None


def _first_words(body: bytes) -> str:
    text = re.sub(r"<[^>]*>|\s+", " ", body[:2000].decode("utf-8", "replace"))
    return one_line(text)[:100]


def _said(value: object) -> str:
    return one_line(str(value or "")[:LONGEST_MESSAGE])

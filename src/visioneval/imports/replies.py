"""A .jsonl or .csv of recorded replies to the prompts of a suite.

Columns: `prompt_id` (or `id`) and `reply`; optional `model`, `epoch`, `input_tokens`, `output_tokens`,
`seconds`, `stop`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import msgspec

from visioneval.errors import SuiteError, UsageError
from visioneval.imports.source import Import, Recorded
from visioneval.shipped import shipped_suite
from visioneval.suite import load_suite
from visioneval.tables import Columns, read_rows
from visioneval.types import Prompt, Reply, Seconds, Stop, Timing, Tokens, Usage

COLUMNS = Columns(
    (), ("prompt_id", "id", "reply", "model", "epoch", "input_tokens", "output_tokens", "seconds", "stop")
)


def read(file: Path, suite: Path | None, model: str | None) -> Import:
    """Read every row. Raises SuiteError naming the line that is wrong, UsageError without a model's name."""
    loaded = load_suite(suite or shipped_suite())
    by_id = {prompt.id: prompt for prompt in loaded.prompts}
    replies: dict[str, list[Recorded]] = {}
    lines: dict[tuple[str, str, int], int] = {}
    remarks: list[str] = []
    for line, row in read_rows(file, COLUMNS):
        where = f"{file} line {line}"
        prompt = by_id.get(str(row.get("prompt_id") or row.get("id") or ""))
        if prompt is None:
            remarks.append(f"{where}: left out, {_unknown(row)}")
            continue
        name = str(row.get("model") or model or "")
        if not name:
            raise UsageError(f"{where} names no model; add a column `model` or give --model")
        recorded = _recorded(row, prompt, where)
        before = lines.setdefault((name, recorded.prompt.id, recorded.epoch), line)
        if before != line:
            raise SuiteError(
                f"{where} is a second reply to prompt {recorded.prompt.id!r} (epoch {recorded.epoch}), after line "
                f"{before}; number them in a column `epoch`, or delete one"
            )
        replies.setdefault(name, []).append(recorded)
    if not replies and remarks:
        raise SuiteError(f"{remarks[0].replace('left out, ', '')}; give the suite with --suite")
    if not replies:
        raise SuiteError(f"{file} has no replies")
    return Import(loaded, replies, tuple(remarks), len(remarks))


def _unknown(row: Mapping[str, Any]) -> str:
    return f"the suite has no prompt {str(row.get('prompt_id') or row.get('id') or '')!r}"


def _recorded(row: Mapping[str, Any], prompt: Prompt, where: str) -> Recorded:
    text = row.get("reply")
    if not isinstance(text, str):
        raise SuiteError(f"{where}: no `reply` to prompt {prompt.id!r}")
    try:
        stop = msgspec.convert(row.get("stop") or "stop", Stop)
    except msgspec.ValidationError:
        known = ", ".join(get_args(Stop))
        raise SuiteError(f"{where}: stop {row['stop']!r} is none of {known}") from None
    usage = Usage(
        input_tokens=_number(row, "input_tokens", Tokens, where),
        output_tokens=_number(row, "output_tokens", Tokens, where),
    )
    timing = Timing(service_s=_number(row, "seconds", Seconds, where))
    reply = Reply(text, stop=stop, usage=usage, timing=timing)
    return Recorded(prompt, _number(row, "epoch", int, where) or 0, reply)


def _number(row: Mapping[str, Any], name: str, type_: Any, where: str) -> Any:
    value = row.get(name)
    if value in (None, ""):
        return None
    try:
        number = msgspec.convert(value, type_, strict=False)
    except msgspec.ValidationError:
        number = -1
    if not 0 <= number < math.inf:
        raise SuiteError(f"{where}: {name} {value!r} is not a number from 0 up")
    return number

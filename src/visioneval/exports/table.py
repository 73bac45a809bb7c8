"""One row a prompt and epoch, as CSV or Parquet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

from visioneval.answers import answer_type, key_text
from visioneval.compare import GradedRun
from visioneval.errors import ModelError
from visioneval.pricing import usage_cost_usd
from visioneval.printable import csv_cell
from visioneval.types import GradedRecord, Run


def rows(runs: Sequence[GradedRun]) -> Iterator[dict[str, Any]]:
    """Yield flat rows: shares nothing, seconds and dollars as numbers, None for what is not known."""
    for graded_run in runs:
        for entry in graded_run.graded:
            yield _row(graded_run.summary.run, entry)


def _row(run: Run, entry: GradedRecord) -> dict[str, Any]:
    prompt, verdict = entry.prompt, entry.verdict
    reply = entry.record.reply if entry.record else None
    failure = entry.record.failure if entry.record else None
    usd = usage_cost_usd(run, reply.usage) if reply else None
    return {
        "model": run.condition.model,
        "condition": run.condition.label,
        "run": run.id,
        "blind": run.condition.blind,
        "suite": run.suite,
        "suite_sha256": run.suite_sha256,
        "prompt_id": prompt.id,
        "category": prompt.category,
        "title": prompt.title,
        "image": prompt.image,
        "question": prompt.question,
        "answer_type": answer_type(prompt.answer),
        "expected": key_text(prompt.answer),
        "epoch": entry.epoch,
        "outcome": verdict.outcome,
        "extracted": verdict.extracted,
        "rule": verdict.rule,
        "grader_version": verdict.grader_version or None,
        "note": verdict.note or None,
        "reply": reply.text if reply else None,
        "stop": reply.stop if reply else None,
        "input_tokens": reply.usage.input_tokens if reply else None,
        "cached_input_tokens": reply.usage.cached_input_tokens if reply else None,
        "output_tokens": reply.usage.output_tokens if reply else None,
        "reasoning_tokens": reply.usage.reasoning_tokens if reply else None,
        "service_s": reply.timing.service_s if reply else None,
        "attempts": reply.timing.attempts if reply else failure.attempts if failure else None,
        "usd": float(usd) if usd is not None else None,
        "failure": failure.message if failure else None,
        "at": entry.record.at if entry.record else None,
    }


def to_csv(runs: Sequence[GradedRun]) -> bytes:
    """Write every row as CSV in UTF-8; what is not known is empty, what looks like a formula has an apostrophe."""
    listed = list(rows(runs))
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(listed[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in listed)
    return out.getvalue().encode()


def _cell(value: object) -> object:
    """Return a value as a cell; true and false are written as JSON does."""
    return str(value).lower() if isinstance(value, bool) else csv_cell(value)


def to_parquet(runs: Sequence[GradedRun]) -> bytes:
    """Write every row as Parquet. Raises ModelError when pyarrow is not installed."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise ModelError("Parquet needs pyarrow; install it with: pip install 'visioneval[parquet]'") from None
    out = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(list(rows(runs))), out)
    return out.getvalue()

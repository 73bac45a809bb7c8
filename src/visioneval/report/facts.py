"""What the pages say, as (title, text) or small records: conditions, provenance, accepted answers, power."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from statistics import median
from typing import TypeAlias

import msgspec
from msgspec import Struct

from visioneval import stats
from visioneval.aggregate import Summary
from visioneval.answers import Answer, key_text
from visioneval.compare import Comparison, GradedRun
from visioneval.report import form
from visioneval.types import PriceRow, Prompt

Titled: TypeAlias = tuple[str, str]


def conditions(summary: Summary) -> list[Titled]:
    """Return all that can change a reply, and how often it was asked for."""
    run = summary.run
    settings = msgspec.to_builtins(run.condition.settings)
    shown = [("Model", run.condition.model), ("Sent as", run.card.model_id or run.card.name)]
    shown += [("Provider", run.card.provider), ("Picture", "withheld (blind)" if run.condition.blind else "shown")]
    shown += [("Host", run.card.base_url)] if run.card.base_url else []
    shown.append(("Epochs", str(run.epochs)))
    shown += [(_title(name), str(value)) for name, value in (*settings.items(), *run.identity.options)]
    if run.shard:
        shown.append(("Part", run.shard))
    if run.concurrency:
        shown.append(("Calls at once", f"at most {run.concurrency}"))
    if run.dropped_parameters:
        shown.append(("Dropped, because the host rejected them", ", ".join(run.dropped_parameters)))
    return shown


def provenance(summary: Summary) -> list[Titled]:
    """Return what is needed to repeat the run."""
    run = summary.run
    shown = [("Run", run.id), ("Started", run.started), ("Suite", f"{run.suite}, sha256 {run.suite_sha256}")]
    shown.append(("Prompts", f"{len(run.prompt_ids)} planned of {run.suite_size} in the suite"))
    shown.append(("Grader", summary.grader_version or "not graded"))
    shown += [(f"Version of {name}", version) for name, version in sorted(run.versions.items())]
    shown += [("Git commit", run.git_commit or "unknown")]
    shown += [(_title(name), str(value)) for name, value in sorted(run.machine.items())]
    shown += [(_title(name), str(value)) for name, value in sorted(run.loaded.items())]
    if summary.cost and summary.cost.price:
        shown.append(("Price", price_text(summary.cost.price)))
    return shown


def price_text(row: PriceRow) -> str:
    """Write a price row with its day."""
    cached = f", cached {form.usd(row.cached_input)}" if row.cached_input is not None else ""
    return (
        f"{form.usd(row.input)} in{cached}, {form.usd(row.output)} out per million tokens, "
        f"{row.tier}, valid from {row.valid_from.isoformat()}"
    )


def prices(summaries: Sequence[Summary]) -> list[PriceRow]:
    """Return the price rows that were used, each once."""
    used = (summary.cost.price for summary in summaries if summary.cost and summary.cost.price)
    return list(dict.fromkeys(used))


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()


def accepted(answer: Answer) -> list[Titled]:
    """Return the expected answer and everything that counts as it."""
    fields = msgspec.to_builtins(answer)
    shown = [("Expected", key_text(answer)), ("Answer type", str(fields.pop("type")).replace("_", " "))]
    fields.pop("value")
    return shown + [
        (_title(name), _flat(value)) for name, value in fields.items() if value not in (None, False, [], {}, ())
    ]


def _flat(value: object) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{name}: {_flat(listed)}" for name, listed in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return "yes" if value is True else str(value)


def category_sizes(prompts: Sequence[Prompt]) -> list[tuple[str, int]]:
    """Return the number of prompts a category, in the suite's order."""
    return list(Counter(prompt.category for prompt in prompts).items())


class Epochs(Struct, frozen=True):
    """What several epochs add."""

    epochs: int
    pass_at_k: float
    pass_hat_k: float
    share_within: float
    """Part of the variance of the prompts' means that more epochs could remove."""


def epochs(run: GradedRun) -> Epochs | None:
    """Return pass@K, pass^K and the variance within prompts; None for one epoch or missing verdicts."""
    count, coverage = run.summary.run.epochs, run.summary.coverage
    rows = [[float(entry.verdict.outcome == "pass") for entry in entries] for entries in run.by_prompt.values()]
    if count < 2 or len(rows) < 2 or coverage.verdicts < coverage.planned:
        return None
    passes = [int(sum(row)) for row in rows]
    at, hat = stats.pass_at_k(passes, count, count), stats.pass_hat_k(passes, count, count)
    return Epochs(count, at, hat, stats.variance_parts(rows).share_within)


class Detectable(Struct, frozen=True):
    """What a comparison on so many prompts can see."""

    n: int
    discordance: float
    pairs: int
    """Pairs of shown runs whose median discordance this is."""
    difference: float | None


def detectable(comparisons: Sequence[Comparison], n: int) -> Detectable | None:
    """Return the smallest difference seen 4 times in 5, at the median discordance of the pairs."""
    found = [c.overall.table.discordance for c in comparisons if c.overall.table is not None]
    if not found or (typical := median(found)) == 0:
        return None
    return Detectable(n, typical, len(found), stats.minimal_detectable_difference(n, typical))

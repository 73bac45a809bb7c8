"""The leaderboard: every run of a group with rank range, tie group, times, tokens and cost."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from decimal import Decimal

import msgspec
from msgspec import Struct

from visioneval import stats
from visioneval.aggregate import Cost, Rate, Summary, TokenCounts
from visioneval.compare import GradedRun, not_beaten_by_first
from visioneval.printable import csv_cell
from visioneval.report import form
from visioneval.report.classic import (
    RULE,
    RULE_RIGHT,
    escape_markdown,
    markdown_row,
    model_names,
    note,
    summary_json,
)
from visioneval.stats import RankRange
from visioneval.types import Prompt


class Standing(Struct, frozen=True):
    """One run's place among the others."""

    name: str
    summary: Summary
    ranks: RankRange | None
    """None when the run is not ranked."""
    tied_with_first: bool

    @property
    def rank(self) -> str:
        """Write "1–6", or "2", or a dash for a run that is not ranked."""
        if self.ranks is None:
            return form.UNKNOWN
        low, high, _ = self.ranks
        return str(low) if low == high else f"{low}–{high}"

    @property
    def note(self) -> str:
        return note(self.summary)


class ItemHealth(Struct, frozen=True):
    """How one prompt tells models apart."""

    prompt: Prompt
    solved: int
    """Runs with the picture that pass it in every epoch."""
    answered: int
    """Runs with the picture that have a verdict on it."""
    solved_blind: int
    answered_blind: int
    point_biserial: float | None


def standings(runs: Sequence[GradedRun]) -> list[Standing]:
    """Return the runs in order, the ranked ones with their rank range (bootstrap of the pictures)."""
    names = model_names([run.summary for run in runs])
    ranked = [run for run in runs if run.summary.ranked and run.summary.run.sighted]
    ranges = dict(zip(map(id, ranked), _rank_ranges(ranked), strict=True))
    tied = {id(run) for run, same in zip(ranked, not_beaten_by_first(ranked), strict=True) if same}
    return [
        Standing(name, run.summary, ranges.get(id(run)), id(run) in tied)
        for name, run in zip(names, runs, strict=True)
    ]


def _rank_ranges(runs: Sequence[GradedRun]) -> Sequence[RankRange]:
    if not runs:
        return ()
    pictures = {prompt.image: None for run in runs for prompt in run.prompts}
    return stats.rank_ranges([_by_picture(run, list(pictures)) for run in runs])


def _by_picture(run: GradedRun, pictures: Sequence[str]) -> list[float]:
    """Return the passes a picture, averaged over epochs: what has no verdict counts as not passed."""
    totals = dict.fromkeys(pictures, 0.0)
    for entry in run.graded:
        totals[entry.prompt.image] += (entry.verdict.outcome == "pass") / run.summary.run.epochs
    return list(totals.values())


def item_health(runs: Sequence[GradedRun]) -> list[ItemHealth]:
    """Return the health of every prompt, in the suite's order."""
    scores = [run.scores for run in runs if run.summary.run.sighted]
    blind_scores = [run.scores for run in runs if not run.summary.run.sighted]
    prompts = {prompt.id: prompt for run in runs for prompt in run.prompts}
    return [
        ItemHealth(
            prompt=prompt,
            solved=sum(of.get(prompt.id) == 1 for of in scores),
            answered=sum(prompt.id in of for of in scores),
            solved_blind=sum(of.get(prompt.id) == 1 for of in blind_scores),
            answered_blind=sum(prompt.id in of for of in blind_scores),
            point_biserial=_discrimination(prompt.id, scores),
        )
        for prompt in prompts.values()
    ]


def _discrimination(prompt_id: str, scores: Sequence[dict[str, float]]) -> float | None:
    having = [of for of in scores if prompt_id in of and len(of) > 1]
    if len(having) < 3:
        return None
    rest = [(sum(of.values()) - of[prompt_id]) / (len(of) - 1) for of in having]
    return stats.point_biserial([of[prompt_id] for of in having], rest)


COLUMNS = (
    "rank",
    "model",
    "overall",
    "interval_95",
    "coverage",
    "mean",
    "p50",
    "p90",
    "input tokens",
    "output tokens",
    "cost / task",
    "cost / pass",
)


def to_markdown(places: Sequence[Standing]) -> str:
    """Write the leaderboard as GitHub Markdown."""
    lines = [markdown_row(COLUMNS), markdown_row([RULE_RIGHT, RULE, *[RULE_RIGHT] * (len(COLUMNS) - 2)])]
    lines += [markdown_row(_cells(place)) for place in places]
    notes = [f"- {escape_markdown(place.name)}: {escape_markdown(place.note)}" for place in places if place.note]
    return "\n".join([*lines, "", _ties(places), *(["", *notes] if notes else []), ""])


def _ties(places: Sequence[Standing]) -> str:
    tied = [escape_markdown(place.name) for place in places if place.tied_with_first]
    if len(tied) < 2:
        return "The rank is the range that 95% of resampled prompt sets give."
    return f"Not shown to be worse than the first: {', '.join(tied[1:])} (Holm-corrected McNemar mid-p, 5%)."


def _cells(place: Standing) -> list[str]:
    summary, latency, shown = place.summary, place.summary.latency, place.summary.ranked
    cost, tokens = _shown(summary)
    return [
        place.rank,
        place.name,
        form.overall(summary.overall),
        form.rate_interval(summary.overall),
        f"{summary.coverage.verdicts}/{summary.coverage.suite}",
        form.seconds(latency.mean_s if latency else None),
        form.seconds(latency.p50_s.value if latency else None),
        form.seconds(latency.p90_s.value if latency else None),
        form.tokens(tokens.input_median) if tokens else "",
        form.tokens(tokens.output_median) if tokens else "",
        form.usd(cost.per_task_usd if cost else None) if shown else "",
        form.usd(cost.per_pass_usd if cost else None) if shown else "",
    ]


def to_csv(places: Sequence[Standing]) -> str:
    """Write the leaderboard as CSV with bare numbers: shares of 1, seconds, tokens, dollars."""
    out = io.StringIO()
    categories = list(dict.fromkeys(category for place in places for category in place.summary.by_category))
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(
        [
            *("model", "run", "blind", "ranked", "rank_low", "rank_high", "tied_with_first"),
            *("passes", "n", "rate", "low", "high", "verdicts", "suite"),
            *("mean_s", "p50_s", "p90_s", "input_tokens", "output_tokens", "usd_per_task", "usd_per_pass"),
            *(
                csv_cell(f"{category} {part}")
                for category in categories
                for part in ("passes", "n", "low", "high")
            ),
        ]
    )
    for place in places:
        writer.writerow([csv_cell(_plain(value)) for value in _numbers(place, categories)])
    return out.getvalue()


def _numbers(place: Standing, categories: Sequence[str]) -> list[object]:
    summary, latency, ranks = place.summary, place.summary.latency, place.ranks
    rate, cost, tokens = summary.overall, *_shown(summary)
    return [
        *(place.name, summary.run.id, summary.run.condition.blind, summary.ranked),
        *(ranks.low if ranks else None, ranks.high if ranks else None, place.tied_with_first),
        *(rate.passes, rate.n, rate.value, rate.low, rate.high),
        *(summary.coverage.verdicts, summary.coverage.suite),
        *((latency.mean_s, latency.p50_s.value, latency.p90_s.value) if latency else (None, None, None)),
        *((tokens.input_median, tokens.output_median) if tokens else (None, None)),
        *((cost.per_task_usd, cost.per_pass_usd) if cost else (None, None)),
        *(part for category in categories for part in _rate_numbers(summary.by_category.get(category))),
    ]


def _shown(summary: Summary) -> tuple[Cost | None, TokenCounts | None]:
    """Return cost and tokens, of a ranked run alone."""
    return (summary.cost, summary.tokens) if summary.ranked else (None, None)


def _rate_numbers(rate: Rate | None) -> tuple[object, ...]:
    return (None,) * 4 if rate is None else (rate.passes, rate.n, rate.low, rate.high)


def _plain(value: object) -> object:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.6g}" if isinstance(value, float | Decimal) else "" if value is None else value


def to_json(places: Sequence[Standing]) -> str:
    """Write the leaderboard as JSON with sorted keys."""
    models = [_json(place) for place in places]
    return json.dumps({"models": models}, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _json(place: Standing) -> dict[str, object]:
    cost, tokens = _shown(place.summary)
    return {
        **summary_json(place.summary),
        "model": place.name,
        "note": place.note,
        "rank_range": msgspec.to_builtins(place.ranks),
        "tied_with_first": place.tied_with_first,
        "cost": msgspec.to_builtins(cost),
        "tokens": msgspec.to_builtins(tokens),
    }

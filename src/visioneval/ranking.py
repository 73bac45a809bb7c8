"""Several graded runs at once: who is best on each count, if that is more than chance.

A winner is a place in the list of runs, or the word for why there is none. It wins when it is shown to be better
than every other run. The tests of all pairs are one family, corrected by Holm, as in `compare_all`: the winners
never say other than the pairs do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Literal, TypeAlias

from visioneval import stats
from visioneval.aggregate import Summary
from visioneval.compare import (
    Comparison,
    Decision,
    GradedRun,
    NotCompared,
    TimeContest,
    compare_all,
    compare_times,
    contest_on,
    corrected,
    corrected_times,
    otherwise_priced,
    shared_prompts,
)

Winner: TypeAlias = int | Literal["tie", "undecided", "unknown"]
Places: TypeAlias = tuple[int, int]


def every_pair(runs: Sequence[GradedRun]) -> list[tuple[int, int, Comparison]]:
    """Return every pair, by place, corrected as one family. Raises UsageError when two are not comparable."""
    places = _pairs(runs)
    found = compare_all([(runs[i], runs[j]) for i, j in places])
    return [(i, j, comparison) for (i, j), comparison in zip(places, found, strict=True)]


def _pairs(runs: Sequence[GradedRun]) -> list[Places]:
    return list(combinations(range(len(runs)), 2))


def cochrans_q(runs: Sequence[GradedRun]) -> tuple[float, float] | None:
    """Return Q and p for three or more runs; None for fewer, for epochs, and for prompts that share a picture."""
    prompts = shared_prompts(runs)
    once = all(run.summary.run.epochs == 1 for run in runs)
    if len(runs) < 3 or not prompts or not once or len({prompt.image for prompt in prompts}) < len(prompts):
        return None
    return stats.cochrans_q([[run.scores[prompt.id] == 1 for prompt in prompts] for run in runs])


def most_accurate(runs: Sequence[GradedRun]) -> Winner:
    """Return who is more accurate over all categories than every other run."""
    return _most_accurate(runs, [None])[None]


def most_accurate_by_category(runs: Sequence[GradedRun]) -> dict[str, Winner]:
    """Return the same for each category; the tests of all categories of all pairs are one family."""
    categories = list(dict.fromkeys(prompt.category for run in runs for prompt in run.prompts))
    found = _most_accurate(runs, categories)
    return {category: found[category] for category in categories}


def _most_accurate(runs: Sequence[GradedRun], categories: Sequence[str | None]) -> dict[str | None, Winner]:
    shared = {(i, j): shared_prompts([runs[i], runs[j]]) for i, j in _pairs(runs)}
    contests = {
        (category, places): contest_on(runs[places[0]], runs[places[1]], asked)
        for category in categories
        for places, prompts in shared.items()
        if (asked := [prompt for prompt in prompts if category in (None, prompt.category)])
    }
    settled = dict(zip(contests, corrected(list(contests.values())), strict=True))
    return {
        category: _accuracy_winner(
            runs,
            category,
            {places: contest.decision for (of, places), contest in settled.items() if of == category},
        )
        for category in categories
    }


def _accuracy_winner(
    runs: Sequence[GradedRun], category: str | None, decided: Mapping[Places, Decision]
) -> Winner:
    if len(decided) < len(_pairs(runs)):
        return "unknown"
    if (winner := _undisputed(runs, decided)) is not None:
        return winner
    prompts = [prompt for prompt in shared_prompts(runs) if category in (None, prompt.category)]
    scores = [round(sum(run.scores[prompt.id] for prompt in prompts), 9) for run in runs]
    return "tie" if prompts and scores.count(max(scores)) > 1 else "undecided"


def _undisputed(runs: Sequence[GradedRun], decided: Mapping[Places, Decision]) -> int | None:
    """Return the place that wins all its pairs."""
    won = [i if decision == "a" else j for (i, j), decision in decided.items() if decision in ("a", "b")]
    return next((place for place in range(len(runs)) if won.count(place) == len(runs) - 1), None)


def times_against_first(runs: Sequence[GradedRun]) -> list[TimeContest | NotCompared]:
    """Return how every run but the first compares with it in time."""
    return [compare_times(runs[0], run) for run in runs[1:]]


def fastest(runs: Sequence[GradedRun]) -> Winner:
    """Return who is faster than every other run on the same prompts; unknown where times do not compare."""
    contests = [compare_times(runs[i], runs[j]) for i, j in _pairs(runs)]
    timed = [contest for contest in contests if isinstance(contest, TimeContest)]
    if len(timed) < len(contests):
        return "unknown"
    decided = [contest.decision for contest in corrected_times(timed)]
    winner = _undisputed(runs, dict(zip(_pairs(runs), decided, strict=True)))
    return "undecided" if winner is None else winner


def costs_that_do_not_compare(summaries: Sequence[Summary]) -> str:
    """Say why the costs of these runs do not compare with each other; nothing when they do."""
    return next((why for a, b in combinations(summaries, 2) if (why := otherwise_priced(a, b))), "")

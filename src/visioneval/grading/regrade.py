"""Regrade: what two gradings of the same replies disagree on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

from visioneval.types import Verdict

Place: TypeAlias = tuple[str, int]
"""(prompt id, epoch), as the run folder keys its verdicts."""
Verdicts: TypeAlias = Mapping[Place, Verdict]


class Change(NamedTuple):
    """One reply that is graded otherwise than before."""

    place: Place
    old: Verdict
    new: Verdict

    @property
    def moves_score(self) -> bool:
        """Whether the reply begins or ceases to pass."""
        return (self.old.outcome == "pass") != (self.new.outcome == "pass")


def changes(old: Verdicts, new: Verdicts) -> list[Change]:
    """List the replies whose outcome, rule or extracted answer changed, in the order of the new verdicts.

    A reply that has a verdict on one side only is no change. The grader's version alone is none either.
    """
    return [
        Change(place, old[place], verdict)
        for place, verdict in new.items()
        if place in old and _essence(old[place]) != _essence(verdict)
    ]


def _essence(verdict: Verdict) -> tuple[str, str | None, str]:
    return verdict.outcome, verdict.extracted, verdict.rule


def describe_changes(found: Sequence[Change], graded: int) -> str:
    """Say in plain lines what changed and why.

    The first line counts; then come the moves between outcomes, and each reply whose pass was gained or lost.
    """
    again = f"{graded} {'reply' if graded == 1 else 'replies'} graded again"
    if not found:
        return f"{again}: nothing changed."
    moves = Counter((change.old.outcome, change.new.outcome) for change in found)
    lines = [f"{again}: {len(found)} changed, {sum(c.moves_score for c in found)} of them in or out of pass."]
    for (before, after), count in sorted(moves.items()):
        what = f"{before} -> {after}" if before != after else f"{before}, read differently"
        lines.append(f"  {what}: {count}")
    lines += [
        f"{_name(change.place)}: {_side(change.old)} -> {_side(change.new)}"
        for change in found
        if change.old.outcome != change.new.outcome
    ]
    return "\n".join(lines)


def _name(place: Place) -> str:
    prompt_id, epoch = place
    return f"{prompt_id} (epoch {epoch + 1})" if epoch else prompt_id


def _side(verdict: Verdict) -> str:
    extracted = "nothing" if verdict.extracted is None else repr(verdict.extracted)
    return f"{verdict.outcome} (grader {verdict.grader_version}, {verdict.rule} on {extracted})"

"""Geometry of the charts: numbers to places on a canvas. How they look is in templates and style sheet.

Small templates of our own rather than a chart library: the pages forbid inline styles and scripts, follow
dark and light, and name each mark for a screen reader, which takes plain SVG with classes. pygal writes
inline styles, a script and outside links into its SVG; matplotlib weighs more than everything else here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from math import ceil, floor, log10

from msgspec import Struct
from msgspec.structs import replace

from visioneval.aggregate import Rate
from visioneval.report import form
from visioneval.types import GradedRecord, Outcome

WIDTH, HEIGHT = 680, 380
LEFT, RIGHT, TOP, BOTTOM = 60, 32, 14, 44
ZERO_ROOM = 44
"""Room at the left of a logarithmic axis for what costs nothing."""
LABEL_HEIGHT = 15
MOST_LABELS = 10
DOT, SQUARE = "M-6 0A6 6 0 1 1 6 0A6 6 0 1 1-6 0Z", "M-5.5-5.5H5.5V5.5H-5.5Z"
"""Outlines of marks, around their place."""


class Mark(Struct, frozen=True):
    """A value to be drawn: its name, where it links to, and its place in the data."""

    name: str
    href: str
    x: float
    rate: Rate
    computed: bool = False
    """Its x was come by in another way than the others', and is not to be compared with theirs."""


class Tick(Struct, frozen=True):
    place: float
    text: str


class Point(Struct, frozen=True):
    """A mark on the canvas, in pixels."""

    name: str
    href: str
    words: str
    x: float
    y: float
    y_low: float
    y_high: float
    on_frontier: bool
    outline: str
    label_x: float
    label_y: float
    label_end: bool
    """The label ends at its place rather than starting there."""
    labelled: bool = True


class Scatter(Struct, frozen=True):
    """Accuracy against a cost: points with intervals, and the frontier of what nothing beats in both.

    What was computed is marked apart, with a frontier of its own.
    """

    points: tuple[Point, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    frontiers: tuple[str, ...]
    """Points of polylines."""
    best: tuple[str, ...]
    """Names of those on the frontier."""
    best_computed: tuple[str, ...]
    computed: bool
    """Whether any mark is apart."""


def scatter(marks: Sequence[Mark], write: Callable[[float], str]) -> Scatter | None:
    """Lay out a chart with a logarithmic x axis; None with fewer than two marks."""
    if len(marks) < 2:
        return None
    place, ticks = _log_axis([mark.x for mark in marks], write)
    lines = [frontier([mark for mark in marks if mark.computed is computed]) for computed in (False, True)]
    points = [_point(mark, place(mark.x), any(mark in line for line in lines), write) for mark in marks]
    return Scatter(
        points=_apart(points),
        x_ticks=ticks,
        y_ticks=tuple(Tick(_y(share / 100), f"{share}%") for share in range(0, 101, 20)),
        frontiers=tuple(
            " ".join(f"{place(mark.x):.1f},{_y(mark.rate.value):.1f}" for mark in line)
            for line in lines
            if len(line) > 1
        ),
        best=tuple(mark.name for mark in lines[0]),
        best_computed=tuple(mark.name for mark in lines[1]),
        computed=any(mark.computed for mark in marks),
    )


def frontier(marks: Sequence[Mark]) -> list[Mark]:
    """Return the marks that pass something and that no other beats in both, from the lowest x up."""
    best: list[Mark] = []
    for mark in sorted(marks, key=lambda mark: (mark.x, -mark.rate.value, mark.name)):
        if mark.rate.passes and (not best or mark.rate.value > best[-1].rate.value):
            best.append(mark)
    return best


def _y(share: float) -> float:
    return round(TOP + (1 - share) * (HEIGHT - TOP - BOTTOM), 1)


def _log_axis(
    values: Sequence[float], write: Callable[[float], str]
) -> tuple[Callable[[float], float], tuple[Tick, ...]]:
    positive = [value for value in values if value > 0] or [1.0]
    low, high = _below(min(positive)), _above(max(positive))
    start = LEFT + (ZERO_ROOM if len(positive) < len(values) else 0)
    span = WIDTH - RIGHT - start

    def place(value: float) -> float:
        if value <= 0:
            return float(LEFT + 12)
        return round(start + span * (log10(value) - log10(low)) / (log10(high) - log10(low)), 1)

    ticks = [Tick(place(value), write(value)) for value in _steps(low, high)]
    zero = [Tick(place(0), write(0))] if len(positive) < len(values) else []
    return place, tuple(zero + ticks)


def _steps(low: float, high: float) -> list[float]:
    """Return 1, 2 and 5 times powers of ten between the ends; only powers when those are many."""
    powers = range(floor(log10(low) + 1e-9), ceil(log10(high) - 1e-9) + 1)
    factors = (1, 2, 5) if len(powers) <= 3 else (1,)
    every = [factor * 10.0**power for power in powers for factor in factors]
    return [value for value in every if low * 0.999 <= value <= high * 1.001]


def _below(value: float) -> float:
    power = 10.0 ** floor(log10(value))
    return max(factor * power for factor in (0.5, 1, 2, 5) if factor * power < value * 0.95)


def _above(value: float) -> float:
    power = 10.0 ** floor(log10(value))
    return min(factor * power for factor in (1, 2, 5, 10, 20) if factor * power > value * 1.05)


def _point(mark: Mark, x: float, on_frontier: bool, write: Callable[[float], str]) -> Point:
    end = x > LEFT + 0.62 * (WIDTH - LEFT - RIGHT)
    y = _y(mark.rate.value)
    return Point(
        name=mark.name,
        href=mark.href,
        words=f"{mark.name}: {form.overall(mark.rate)} ({form.rate_interval(mark.rate)}), {write(mark.x)}",
        x=x,
        y=y,
        y_low=_y(mark.rate.low),
        y_high=_y(mark.rate.high),
        on_frontier=on_frontier,
        outline=SQUARE if mark.computed else DOT,
        label_x=x - 10 if end else x + 10,
        label_y=y + 4,
        label_end=end,
    )


def _apart(points: Sequence[Point]) -> tuple[Point, ...]:
    """Move labels down until none covers another; with many points only the frontier is labelled."""
    placed: list[Point] = []
    for point in sorted(points, key=lambda point: (point.label_y, point.x)):
        if len(points) > MOST_LABELS and not point.on_frontier:
            placed.append(replace(point, labelled=False))
            continue
        near = [other.label_y for other in placed if other.labelled and _may_touch(other, point)]
        placed.append(replace(point, label_y=max([point.label_y, *(y + LABEL_HEIGHT for y in near)])))
    return tuple(placed)


def _may_touch(one: Point, other: Point) -> bool:
    return one.label_end == other.label_end and abs(one.x - other.x) < 8 * max(len(one.name), len(other.name))


# A run over time

UNTIMED_ROOM = 26
"""Room below the axis of seconds for what has no time: failures, and answers that were not timed."""
SHAPES: dict[Outcome, str] = {
    "pass": "M-4 0A4 4 0 1 1 4 0A4 4 0 1 1-4 0Z",
    "fail": "M-4-4L4 4M-4 4L4-4",
    "refused": "M-4-4H4V4H-4Z",
    "truncated": "M0-5L5 4H-5Z",
    "invalid": "M0-5.5L5.5 0L0 5.5L-5.5 0Z",
    "ungraded": "M-5 0H5",
    "error": "M0-5V5M-5 0H5",
}
"""A shape an outcome, around its place: colour alone does not tell them apart."""


class Moment(Struct, frozen=True):
    """One answer, or one failure, on the timeline."""

    x: float
    y: float
    outcome: Outcome
    words: str


class Timeline(Struct, frozen=True):
    """When each answer came in and how long it took; what has no time is on a line of its own below."""

    moments: tuple[Moment, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    untimed: float | None
    """Height of the line for what has no time; None when everything has one."""
    answers: int
    failures: int


def timeline(graded: Sequence[GradedRecord]) -> Timeline | None:
    """Lay out the answers of a run by the time they came in; None without two moments, or without any time."""
    records = [(entry, entry.record) for entry in graded if entry.record is not None]
    if len(records) < 2:
        return None
    times = [datetime.fromisoformat(record.at).timestamp() for _, record in records]
    took = [record.reply.timing.service_s if record.reply else None for _, record in records]
    timed = [seconds for seconds in took if seconds is not None]
    if min(times) == max(times) or not timed:
        return None
    floor_y = HEIGHT - BOTTOM - (UNTIMED_ROOM if len(timed) < len(took) else 0)
    across, x_ticks = _linear_axis(max(times) - min(times), LEFT, WIDTH - RIGHT)
    up, y_ticks = _linear_axis(max(timed), floor_y, TOP)
    untimed = HEIGHT - BOTTOM - 8.0
    moments = tuple(
        Moment(
            across(time - min(times)),
            untimed if seconds is None else up(seconds),
            entry.verdict.outcome,
            _moment_words(entry, seconds),
        )
        for (entry, _), time, seconds in zip(records, times, took, strict=True)
    )
    answers = sum(record.reply is not None for _, record in records)
    return Timeline(
        moments, x_ticks, y_ticks, untimed if len(timed) < len(took) else None, answers, len(records) - answers
    )


def _moment_words(entry: GradedRecord, seconds: float | None) -> str:
    if entry.record is not None and entry.record.failure is not None:
        return f"{entry.prompt.id}: error, no reply ({entry.record.failure.kind.replace('_', ' ')})"
    took = "not timed" if seconds is None else f"{seconds:.2f} s"
    return f"{entry.prompt.id}: {entry.verdict.outcome}, {took}"


def _linear_axis(longest: float, start: float, end: float) -> tuple[Callable[[float], float], tuple[Tick, ...]]:
    step = _nice(longest / 5) if longest > 0 else 1.0
    top = step * max(1, ceil(longest / step - 1e-9))

    def place(value: float) -> float:
        return round(start + (end - start) * value / top, 1)

    count = round(top / step)
    return place, tuple(Tick(place(i * step), f"{i * step:g} s") for i in range(count + 1))


def _nice(value: float) -> float:
    power = 10.0 ** floor(log10(value))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= value * 0.999)

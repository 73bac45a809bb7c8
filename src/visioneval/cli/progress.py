"""The progress of a run, on stderr: a bar on a terminal, and a line now and then in a log."""

from __future__ import annotations

import time
from decimal import Decimal

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from visioneval.plurals import count
from visioneval.printable import printable
from visioneval.types import Verdict

LONG_PAUSE_S = 5.0
LOGGED_EVERY_S = 30.0
"""How often a log, which has no bar, is told how far a run is."""


class TimeLeftColumn(TimeRemainingColumn):
    """The time that a run still takes, which says what it is."""

    def render(self, task: Task) -> Text:
        """Return the time as "0:01:20 left"."""
        return super().render(task) + Text(" left", style="progress.remaining")


class RunProgress:
    """Shows how many prompts are done, passed and failed, and what they cost so far."""

    def __init__(self, logged_every_s: float = LOGGED_EVERY_S) -> None:
        self._console = Console(stderr=True)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TextColumn("{task.fields[counts]}"),
            TimeLeftColumn(),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._passed = self._failed = self._errors = 0
        self._usd: Decimal | None = Decimal(0)
        self._logged_every_s, self._logged_at = logged_every_s, time.monotonic()

    def start(self, label: str, total: int, done: int) -> None:
        """Begin the bar of one run, of which `done` answers are there already."""
        self._task = self._bar.add_task(escape(printable(label)), total=total, completed=done, counts="")
        self._bar.start()

    def advance(self, verdict: Verdict | None, usd: Decimal | None) -> None:
        """Count one more prompt: its verdict (None when there is no reply) and its cost (None when unknown)."""
        if verdict is None:
            self._errors += 1
        elif verdict.outcome == "pass":
            self._passed += 1
        else:
            self._failed += 1
        if verdict is not None:
            self._usd = None if self._usd is None or usd is None else self._usd + usd
        self._bar.update(self._task, advance=1, counts=self._counts())
        self._log()

    def pause(self, seconds: float, why: str) -> None:
        """Say that a call waits before it is sent again, when the wait is long enough to wonder."""
        if seconds >= LONG_PAUSE_S and self._console.is_terminal:
            self._bar.console.print(f"waiting {seconds:.0f} s: {printable(why)}", style="dim", markup=False)

    def batches(self, done: int, total: int) -> None:
        """Show how many requests the host has worked on in the batches that are under way."""
        at_host = f"{done} of {total} at the host" if total else "at the host"
        self._bar.update(self._task, counts=f"{self._counts()}  {at_host}")

    def say(self, message: str) -> None:
        """Say something that whoever reads the scores must know, terminal or not."""
        self._bar.console.print(printable(message), style="dim", markup=False, soft_wrap=True)

    def stop(self) -> None:
        """Take the bar down."""
        self._bar.stop()

    def _log(self) -> None:
        """Write where there is no bar how far the run is, once in a while."""
        if self._console.is_terminal or time.monotonic() - self._logged_at < self._logged_every_s:
            return
        self._logged_at = time.monotonic()
        task = self._bar.tasks[self._task]
        line = f"{task.description}: {task.completed:.0f} of {task.total:.0f}  {task.fields['counts']}"
        self._console.print(line, soft_wrap=True, highlight=False)

    def _counts(self) -> str:
        parts = [f"[green]{self._passed} passed[/]", f"[red]{self._failed} not passed[/]"]
        parts += [f"[yellow]{count(self._errors, 'error')}[/]"] if self._errors else []
        parts += [f"${self._usd:.4f}"] if self._usd else []
        return "  ".join(parts)

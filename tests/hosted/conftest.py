"""A suite of tiny pictures, and a run of it against a host, through the same calls that the commands make."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from visioneval import benchmark
from visioneval.limits import BreakerPolicy
from visioneval.planning import plan_run
from visioneval.store import StoredRun, read_manifest
from visioneval.suite import load_suite
from visioneval.types import ModelCard, PriceRow, Settings, Usage, Verdict
from visioneval.work import Limits, RetryPolicy

QUICK = RetryPolicy(max_attempts=12, base_s=0.01, longest_s=0.05)
PATIENT = BreakerPolicy(first_pause_s=0.05, give_up_unseen_s=60.0, give_up_s=60.0)
IMPATIENT = BreakerPolicy(first_pause_s=0.05, give_up_unseen_s=0.5, give_up_s=1.0)
"""For hosts that stay down: the tests of others do not depend on how quick this machine is."""
PRICE = PriceRow(
    model="m",
    valid_from=date(2026, 1, 1),
    input=Decimal("1.25"),
    cached_input=Decimal("0.125"),
    output=Decimal("10.00"),
)


class Quiet:
    """Progress that only remembers."""

    def __init__(self) -> None:
        self.pauses: list[tuple[float, str]] = []
        self.said: list[str] = []
        self.usd: list[Decimal | None] = []

    def start(self, label: str, total: int, done: int) -> None: ...
    def advance(self, verdict: Verdict | None, usd: Decimal | None) -> None:
        self.usd.append(usd)

    def pause(self, seconds: float, why: str) -> None:
        self.pauses.append((seconds, why))

    def batches(self, done: int, total: int) -> None: ...

    def say(self, message: str) -> None:
        self.said.append(message)

    def stop(self) -> None: ...


class Ran:
    """What came of a run."""

    def __init__(self, finished: benchmark.Finished, progress: Quiet) -> None:
        self.stored: StoredRun = finished.stored
        self.ending, self.progress = finished.ending, progress

    @property
    def billed(self) -> tuple[Usage, ...]:
        """Every call that the host charged, or may have charged, although it gave no answer."""
        return tuple(usage for record in self.stored.records for usage in record.billed)

    @property
    def replies(self) -> dict[str, str]:
        return {record.prompt_id: record.reply.text for record in self.stored.records if record.reply}

    @property
    def failures(self) -> dict[str, str]:
        return {record.prompt_id: record.failure.message for record in self.stored.records if record.failure}


def write_suite(folder: Path, size: int, more: str = "") -> Path:
    """Write a suite of yes/no questions about one tiny picture each."""
    (folder / "images").mkdir(parents=True)
    rows = ["id,image,question,answer,type"]
    for number in range(size):
        Image.new("RGB", (4, 4), (number % 256, number // 256, 0)).save(folder / f"images/{number}.png")
        rows.append(f"p{number},images/{number}.png,Is light {number} on?{more},yes,yes_no")
    (folder / "suite.csv").write_text("\n".join(rows) + "\n")
    return folder / "suite.csv"


@pytest.fixture
def small_suite(tmp_path: Path) -> Path:
    """Five questions."""
    return write_suite(tmp_path / "suite", 5)


Run = Callable[..., Ran]


@pytest.fixture
def run(tmp_path: Path, small_suite: Path) -> Run:
    """Run a suite against a host: `run(url, settings={...}, card={...}, max_cost_usd=...)`."""

    def call(
        url: str,
        *,
        suite: Path = small_suite,
        settings: dict[str, Any] | None = None,
        card: dict[str, Any] | None = None,
        limits: dict[str, Any] | None = None,
        blind: bool = False,
        prices: Sequence[PriceRow] = (PRICE,),
        **options: Any,
    ) -> Ran:
        model = ModelCard(
            **{"name": "m", "provider": "openai", "base_url": url, "options": {"timeout_s": 20}, **(card or {})}
        )
        loaded = load_suite(suite)
        plan = plan_run(
            model,
            loaded,
            loaded.prompts,
            settings=Settings(**(settings or {})),
            prices=prices,
            results=tmp_path / "results",
            blind=blind,
        )
        return carry_out(lambda progress, chosen: benchmark.execute(plan, progress, chosen), limits, options)

    return call


def carry_out(
    act: Callable[[Quiet, benchmark.Options], benchmark.Finished],
    limits: dict[str, Any] | None,
    options: dict[str, Any],
) -> Ran:
    """Call `execute` or `resume` with quick retries."""
    progress = Quiet()
    quick = {"retry": QUICK, "breaker": PATIENT}
    chosen = benchmark.Options(limits=Limits(**{**quick, **(limits or {})}), **options)
    return Ran(act(progress, chosen), progress)


def resume(folder: Path, *, limits: dict[str, Any] | None = None, **options: Any) -> Ran:
    """Resume a run with quick retries, asking whom its own manifest names."""
    card = read_manifest(folder).card
    return carry_out(lambda progress, chosen: benchmark.resume(folder, card, progress, chosen), limits, options)

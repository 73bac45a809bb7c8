"""`visioneval reprice`: what has no price table is not priced by one."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

from tests.conftest import CommandLine
from tests.made_up import MadeUpRun
from visioneval.types import ModelCard

GPU = ModelCard(name="local", provider="transformers", gpu_usd_per_hour=Decimal("2.5"))


def test_a_local_model_costs_the_time_its_gpu_was_busy(visioneval: CommandLine, tmp_path: Path) -> None:
    folder = MadeUpRun(model="local", card=GPU, prices=(), seconds=lambda i: 0.5).write(tmp_path / "results")
    done = visioneval("reprice", folder)
    assert done.returncode == 0, done.stderr
    assert "computed from 33.5 busy seconds at $2.5 an hour: $0.023264, not billed" in done.stdout
    assert "unknown cost" not in done.stdout
    sums = json.loads(visioneval("reprice", folder, "--json").stdout)
    assert (sums["busy_s"], sums["computed_usd"][:8]) == (33.5, "0.023263")


def test_a_busy_time_that_is_not_known_is_said_to_be_unknown(visioneval: CommandLine, tmp_path: Path) -> None:
    folder = MadeUpRun(model="local", card=GPU, prices=(), seconds=lambda i: None).write(tmp_path / "results")
    assert "how long it was busy is not known" in visioneval("reprice", folder).stdout


def test_a_model_without_a_price_is_said_to_have_none(visioneval: CommandLine, tmp_path: Path) -> None:
    card = ModelCard(name="baseline-blind", provider="baseline-blind")
    folder = MadeUpRun(model="baseline-blind", card=card, prices=()).write(tmp_path / "results")
    done = visioneval("reprice", folder)
    assert "has no price, neither in its own table nor in this one" in done.stdout
    assert "$" not in done.stdout

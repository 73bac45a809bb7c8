"""One life of a run, to be ended by `kill -9`: starts or resumes it in a process of its own."""

from __future__ import annotations

from pathlib import Path

from tests.hosted.conftest import PRICE, QUICK, Quiet
from visioneval import benchmark
from visioneval.batching import Batching
from visioneval.planning import plan_run
from visioneval.providers import openai
from visioneval.providers.hosted.sdk import import_sdk
from visioneval.suite import load_suite
from visioneval.types import ModelCard, Settings
from visioneval.work import Limits

CONCURRENCY = 8
"""Calls in flight of `live`."""
assert openai
import_sdk()


def live_by_batch(url: str, suite: Path, results: Path) -> None:
    """The same by batches of three requests."""
    card = ModelCard(name="m", provider="openai", base_url=url, options={"batch_requests": 3})
    options = benchmark.Options(limits=Limits(retry=QUICK), batching=Batching(poll_s=0.005))
    begun = sorted(results.glob("*/*/manifest.json"))
    if begun:
        benchmark.resume(begun[0].parent, card, Quiet(), options)
        return
    loaded, settings = load_suite(suite), Settings(service_tier="batch")
    plan = plan_run(card, loaded, loaded.prompts, settings=settings, prices=[PRICE], results=results)
    benchmark.execute(plan, Quiet(), options)


def live(url: str, suite: Path, results: Path) -> None:
    """Begin the run, or go on with the one there is, until it is complete."""
    card = ModelCard(name="m", provider="openai", base_url=url)
    options = benchmark.Options(limits=Limits(concurrency=CONCURRENCY, retry=QUICK))
    begun = sorted(results.glob("*/*/manifest.json"))
    if begun:
        benchmark.resume(begun[0].parent, card, Quiet(), options)
        return
    loaded = load_suite(suite)
    plan = plan_run(card, loaded, loaded.prompts, settings=Settings(), prices=[PRICE], results=results)
    benchmark.execute(plan, Quiet(), options)

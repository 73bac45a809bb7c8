"""`visioneval run`: parse, plan, execute, print the score table."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from visioneval.cli.config import read_config
from visioneval.cli.judge_options import judge_options, judge_stored
from visioneval.cli.limits import limit_options, limits_of, waiting_options
from visioneval.cli.local_options import LocalChoices, local_options
from visioneval.cli.outcome import report_runs, say_error
from visioneval.errors import ModelError, UsageError
from visioneval.types import BATCH, Settings

if TYPE_CHECKING:
    from visioneval.benchmark import Finished
    from visioneval.types import ModelCard, PriceRow

DEFAULT_MODEL = "baseline-ocr"


@click.command("run")
@click.option(
    "--model",
    "-m",
    "models",
    multiple=True,
    help="A model card, openai:ID, HOST:ID (openrouter, gemini, anthropic, azure, vllm, ollama, "
    f"transformers-serve), hf:NAME or replay:FILE; several may be given. [default: {DEFAULT_MODEL}]",
)
@click.option(
    "--suite",
    type=click.Path(path_type=Path),
    help="A folder, .csv or .jsonl of your own prompts. [default: the shipped suite]",
)
@click.option(
    "--category", "categories", multiple=True, help="Only prompts of this category; several may be given."
)
@click.option("--only", multiple=True, metavar="ID", help="Only this prompt; several may be given.")
@click.option("--shard", metavar="PART/PARTS", help="Only this part, as 2/4; `visioneval merge` joins the parts.")
@click.option(
    "--epochs", type=click.IntRange(1), default=1, show_default=True, help="How often each prompt is asked."
)
@limit_options
@click.option(
    "--batch", is_flag=True, help="Ask through the host's Batch API: half the price, within a day, untimed."
)
@waiting_options
@click.option("--fresh", is_flag=True, help="Ask again what an earlier run has asked already.")
@click.option("--blind", is_flag=True, help="Ask the same questions without the image.")
@click.option("--max-output-tokens", type=click.IntRange(1), help="Limit of a reply, reasoning included.")
@click.option("--temperature", type=click.FloatRange(0), help="Sampling temperature, where the model takes one.")
@click.option(
    "--effort",
    "efforts",
    multiple=True,
    type=click.Choice(["none", "minimal", "low", "medium", "high", "xhigh", "max"]),
    help="Reasoning effort; several may be given, each is a run of its own.",
)
@click.option("--api", type=click.Choice(["responses", "chat"]), help="OpenAI API to speak. [default: the card's]")
@click.option("--base-url", help="Address of the host instead of the card's: http://localhost:8000/v1.")
@click.option("--api-key-env", metavar="NAME", help="Variable that holds the host's key, instead of the card's.")
@click.option("--stream", is_flag=True, default=None, help="Stream replies: measures the time to the first token.")
@click.option(
    "--structured", is_flag=True, default=None, help='Ask for {"answer": ...} by JSON schema, as a condition.'
)
@click.option(
    "--few-shot", type=click.IntRange(0), metavar="N", help="Show N solved prompts of the suite before each."
)
@click.option(
    "--detail", type=click.Choice(["low", "high", "auto", "original"]), help="Image detail asked of the host."
)
@click.option("--service-tier", help="Service tier asked of the host.")
@click.option(
    "--longest-side",
    "longest_side_px",
    type=click.IntRange(16),
    help="Scale larger images down to this many pixels.",
)
@click.option(
    "--results",
    type=click.Path(path_type=Path),
    default=Path("results"),
    show_default=True,
    help="Where runs are stored.",
)
@click.option(
    "--models-file", type=click.Path(path_type=Path), help="Model cards of your own instead of the shipped ones."
)
@click.option(
    "--prices-file", type=click.Path(path_type=Path), help="Prices of your own instead of the shipped ones."
)
@local_options
@judge_options
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    is_eager=True,
    expose_value=False,
    callback=read_config,
    help="A YAML file with any of these options.",
)
def command(
    models: tuple[str, ...],
    suite: Path | None,
    categories: tuple[str, ...],
    only: tuple[str, ...],
    shard: str | None,
    epochs: int,
    concurrency: int | None,
    rpm: float | None,
    tpm: float | None,
    max_cost: Decimal | None,
    batch: bool,
    poll_s: float,
    no_wait: bool,
    fresh: bool,
    blind: bool,
    efforts: tuple[str, ...],
    base_url: str | None,
    api_key_env: str | None,
    results: Path,
    models_file: Path | None,
    prices_file: Path | None,
    judge: str | None,
    self_judging: bool,
    as_json: bool,
    local: LocalChoices,
    **settings: Any,
) -> None:
    """Send the prompts to one or more models, grade the replies and print the score table.

    Without --model the embedded OCR baseline runs: no key, no GPU, no network. Exit codes: 0 done, 1 fewer
    than 90 % of the prompts were answered, 2-6 an error that one line explains, 130 interrupted. Of several
    models, those that cannot be used are named and the others run all the same. A request that an earlier run
    has asked is not sent again unless --fresh is given.
    """
    from visioneval import benchmark
    from visioneval.batching import Batching
    from visioneval.cli.progress import RunProgress
    from visioneval.judging import check_judge
    from visioneval.models import at_host, find_card, load_cards, load_hosts, load_prices, suite_of
    from visioneval.questions import ImageCache
    from visioneval.shard import Shard
    from visioneval.suite import load_suite, select

    cards, prices = load_cards(models_file), load_prices(prices_file)
    hosts = load_hosts(models_file)
    named = [find_card(name, cards, hosts) for name in models or (DEFAULT_MODEL,)]
    chosen = local.apply([at_host(card, base_url, api_key_env) for card in named])
    judge_card = find_card(judge, cards, hosts) if judge else None
    if judge_card:
        for card in chosen:
            check_judge(judge_card, card, self_judging=self_judging)
    loaded = load_suite(suite or suite_of(chosen))
    prompts = select(loaded, categories=categories, only=only)
    prompts = Shard.parse(shard).take(prompts) if shard else prompts
    _say_what_was_inferred(prompts, suite)
    asked = {name: value for name, value in settings.items() if value is not None}
    conditions = [(card, effort) for card in chosen for effort in efforts or (None,)]
    if no_wait and not batch and asked.get("service_tier") != BATCH:
        raise UsageError("--no-wait is of batches; give --batch too, or leave it out")
    if batch or asked.get("service_tier") == BATCH:
        _check_batch_options(asked, judge, no_wait=no_wait, bounded=max_cost is not None and len(conditions) > 1)
        asked["service_tier"] = BATCH
    # Several batches are sent before any is waited for, save where each may only spend what the last one left.
    waits = not no_wait and (max_cost is not None or len(conditions) == 1)
    finished: list[benchmark.Finished] = []
    unusable: list[str] = []
    images: dict[int | None, ImageCache] = {}
    for card, effort in conditions:
        condition = msgspec.convert(asked | ({"effort": effort} if effort else {}), Settings)
        plan = benchmark.plan_run(
            card,
            loaded,
            prompts,
            settings=condition,
            prices=prices,
            results=results,
            epochs=epochs,
            blind=blind,
            shard=shard or "",
        )
        longest_side_px = plan.run.condition.settings.longest_side_px
        options = benchmark.Options(
            limits=limits_of(concurrency, rpm, tpm),
            max_cost_usd=None if max_cost is None else max_cost - benchmark.spent_by(finished),
            fresh=fresh,
            images=images.setdefault(longest_side_px, ImageCache(plan.suite_folder, longest_side_px)),
            batching=Batching(poll_s, waits),
        )
        try:
            finished.append(benchmark.execute(plan, RunProgress(), options))
        except ModelError as error:
            say_error(error)
            unusable.append(plan.run.condition.label)
            continue
        if judge_card and finished[-1].ending.reason != "submitted":
            finished[-1] = _judged(finished[-1], judge_card, prices)
        if finished[-1].ending.reason in ("interrupted", "budget"):
            break
    else:
        for place, each in enumerate(finished if not no_wait else ()):
            if each.ending.reason == "submitted":
                waiting = benchmark.Options(fresh=fresh, batching=Batching(poll_s))
                fetched = benchmark.resume(each.stored.folder, each.stored.run.card, RunProgress(), waiting)
                finished[place] = _judged(fetched, judge_card, prices) if judge_card else fetched
                if fetched.ending.reason == "interrupted":
                    break
    sys.exit(report_runs(finished, unusable, as_json=as_json))


def _check_batch_options(asked: dict[str, Any], judge: str | None, *, no_wait: bool, bounded: bool) -> None:
    if asked.get("service_tier", BATCH) != BATCH:
        raise UsageError(f"--service-tier {asked['service_tier']} and --batch exclude each other: batch is a tier")
    if no_wait and judge:
        raise UsageError(
            "--judge needs the replies; leave it out, and `visioneval regrade RUN --judge` when they are in"
        )
    if no_wait and bounded:
        raise UsageError("--max-cost with --no-wait holds for one model at one effort; run them one by one")


def _judged(finished: Finished, judge_card: ModelCard, prices: Sequence[PriceRow]) -> Finished:
    from msgspec.structs import replace

    return replace(finished, stored=judge_stored(finished.stored, judge_card, prices))


def _say_what_was_inferred(prompts: Any, suite: Path | None) -> None:
    from collections import Counter

    from visioneval.suite import answer_type

    types = Counter(answer_type(prompt.answer) for prompt in prompts if prompt.answer_inferred)
    if types:
        counts = ", ".join(f"{count} {type_}" for type_, count in types.most_common())
        click.echo(
            f"answer types inferred for {types.total()} of {len(prompts)} prompts: {counts}. "
            f"`visioneval prompts --suite {suite}` shows each; a column `type` overrides.",
            err=True,
        )

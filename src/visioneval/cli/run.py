"""`visioneval run`: parse, plan, execute, print the score table."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from visioneval.cli.config import read_config
from visioneval.cli.judge_options import Judging, judge_options, judge_stored
from visioneval.cli.limits import POLL_S, limit_options, max_cost_option, no_wait_option, poll_option
from visioneval.cli.local_options import LocalChoices, local_options
from visioneval.cli.options import (
    PATH,
    Catalogue,
    Selection,
    blind_option,
    catalogue_options,
    check_given_once,
    epochs_option,
    json_option,
    results_option,
    selection_options,
    settings_options,
)
from visioneval.cli.outcome import report_runs, say_error
from visioneval.errors import UsageError

if TYPE_CHECKING:
    from visioneval.types import ModelCard, Prompt, Settings
    from visioneval.work import Limits

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
@selection_options
@click.option("--shard", metavar="PART/PARTS", help="Only this part, as 2/4; `visioneval merge` joins the parts.")
@epochs_option
@limit_options
@max_cost_option
@settings_options
@poll_option
@no_wait_option
@click.option("--fresh", is_flag=True, help="Ask again what an earlier run has asked already.")
@blind_option
@click.option("--base-url", help="Address of the host instead of the card's: http://localhost:8000/v1.")
@click.option("--api-key-env", metavar="NAME", help="Variable that holds the host's key, instead of the card's.")
@results_option
@catalogue_options
@local_options
@judge_options
@json_option
@click.option(
    "--config",
    type=PATH,
    is_eager=True,
    expose_value=False,
    callback=read_config,
    help="A YAML file with any of these options.",
)
def command(
    models: tuple[str, ...],
    selection: Selection,
    shard: str | None,
    epochs: int,
    limits: Limits,
    max_cost: Decimal | None,
    settings: tuple[Settings, ...],
    poll_s: float | None,
    no_wait: bool,
    fresh: bool,
    blind: bool,
    base_url: str | None,
    api_key_env: str | None,
    results: Path,
    catalogue: Catalogue,
    local: LocalChoices,
    judging: Judging,
    as_json: bool,
) -> None:
    """Send the prompts to one or more models, grade the replies and print the score table.

    Without --model the embedded OCR baseline runs: no key, no GPU, no network. Exit codes: 0 done, 1 fewer
    than 90 % of the prompts were answered, 2-6 an error that one line explains, 130 interrupted. Of several
    models, those that cannot be used are named and the others run all the same. A request that an earlier run
    has asked is not sent again unless --fresh is given.
    """
    from visioneval.batching import Batching
    from visioneval.benchmark import Options
    from visioneval.cli.progress import RunProgress
    from visioneval.models import at_host, suite_of
    from visioneval.planning import plan_run
    from visioneval.series import carry_out
    from visioneval.shard import Shard

    check_given_once("--model", models)
    named = catalogue.find(models or (DEFAULT_MODEL,))
    cards = local.apply([at_host(card, base_url, api_key_env) for card in named])
    judge = judging.card(catalogue, cards)
    suite, prompts = selection.load(suite_of(cards))
    prompts = Shard.parse(shard).take(prompts) if shard else prompts
    _say_what_was_inferred(prompts, selection.suite)
    conditions = [(card, each) for card in cards for each in settings]
    if settings[0].batched:
        _check_no_wait(judge, no_wait=no_wait, bounded=max_cost is not None and len(conditions) > 1)
    elif no_wait or poll_s is not None:
        option = "--no-wait" if no_wait else "--poll-s"
        raise UsageError(f"{option} is of batches; give --batch too, or leave it out")
    prices = catalogue.prices()
    plan = partial(
        plan_run,
        suite=suite,
        prompts=prompts,
        prices=prices,
        results=results,
        epochs=epochs,
        blind=blind,
        shard=shard or "",
    )
    finished, unusable = carry_out(
        [partial(plan, card, settings=each) for card, each in conditions],
        Options(limits, max_cost, fresh, batching=Batching(poll_s or POLL_S, not no_wait)),
        RunProgress,
        judge=partial(judge_stored, judge=judge, prices=prices) if judge else None,
        say=say_error,
    )
    sys.exit(report_runs(finished, unusable, as_json=as_json))


def _check_no_wait(judge: ModelCard | None, *, no_wait: bool, bounded: bool) -> None:
    if no_wait and judge:
        raise UsageError(
            "--judge needs the replies; leave it out, and `visioneval regrade RUN --judge` when they are in"
        )
    if no_wait and bounded:
        raise UsageError("--max-cost with --no-wait holds for one model at one effort; run them one by one")


def _say_what_was_inferred(prompts: Sequence[Prompt], suite: Path | None) -> None:
    from visioneval.answers import answer_type
    from visioneval.plurals import count

    types = Counter(answer_type(prompt.answer) for prompt in prompts if prompt.answer_inferred)
    if types:
        counts = ", ".join(f"{number} {type_}" for type_, number in types.most_common())
        click.echo(
            f"answer types inferred for {types.total()} of {count(len(prompts), 'prompt')}: {counts}. "
            f"`visioneval prompts --suite {suite}` shows each; a column `type` overrides.",
            err=True,
        )

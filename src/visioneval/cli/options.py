"""Options that several commands share, each written once; those that belong together arrive as one value."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click
import msgspec
from msgspec import Struct

from visioneval.cli.numbers import Finite
from visioneval.errors import UsageError
from visioneval.types import BATCH, MOST_EPOCHS, Effort, Settings

if TYPE_CHECKING:
    from visioneval.types import ModelCard, PriceRow, Prompt, Suite

Command = Callable[..., None]
Decorator = Callable[[Command], Command]
PATH: click.Path = click.Path(path_type=Path)

results_option = click.option(
    "--results", type=PATH, default=Path("results"), show_default=True, help="Folder of the runs."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
epochs_option = click.option(
    "--epochs",
    type=click.IntRange(1, MOST_EPOCHS),
    default=1,
    show_default=True,
    help="How often each prompt is asked.",
)
blind_option = click.option("--blind", is_flag=True, help="Ask the same questions without the image.")
prices_option = click.option("--prices-file", type=PATH, help="Prices of your own instead of the shipped ones.")


def gathered(name: str, make: Callable[..., Any], options: Sequence[Decorator]) -> Decorator:
    """Return what gives a command some options; it is called with what `make` makes of them, as `name`."""
    own = _names(options)

    def decorate(command: Command) -> Command:
        @functools.wraps(command)
        def gathering(**given: Any) -> None:
            made = make(**{parameter: given.pop(parameter) for parameter in own})
            command(**{name: made}, **given)

        decorated: Command = gathering
        for option in reversed(options):
            decorated = option(decorated)
        return decorated

    return decorate


def _names(options: Sequence[Decorator]) -> list[str]:
    """Return the parameters that some options are passed as: click writes them on the function it decorates."""

    def command() -> None: ...

    for option in options:
        option(command)
    return [parameter.name for parameter in command.__click_params__]  # type: ignore[attr-defined]


# ----------------------------------------------------------------------------------------------
# Which prompts
# ----------------------------------------------------------------------------------------------


class Selection(Struct, frozen=True):
    """Which prompts of which suite."""

    suite: Path | None
    categories: tuple[str, ...]
    only: tuple[str, ...]

    def load(self, default: Path) -> tuple[Suite, tuple[Prompt, ...]]:
        """Read the suite and choose. Raises SuiteError."""
        from visioneval.suite import load_suite, select

        suite = load_suite(self.suite or default)
        return suite, select(suite, categories=self.categories, only=self.only)


selection_options = gathered(
    "selection",
    Selection,
    (
        click.option(
            "--suite",
            type=PATH,
            help="A folder, .csv or .jsonl of your own prompts. [default: the model's, or the shipped suite]",
        ),
        click.option(
            "--category", "categories", multiple=True, help="Only prompts of this category; several may be given."
        ),
        click.option("--only", multiple=True, metavar="ID", help="Only this prompt; several may be given."),
    ),
)


# ----------------------------------------------------------------------------------------------
# Which models, at what prices
# ----------------------------------------------------------------------------------------------


class Catalogue(Struct, frozen=True):
    """Where model cards and prices are read from."""

    models_file: Path | None
    prices_file: Path | None

    def find(self, names: Sequence[str]) -> list[ModelCard]:
        """Return the card of each name. Raises ModelError for one that is unknown."""
        from visioneval.models import find_card, load_cards, load_hosts

        cards, hosts = load_cards(self.models_file), load_hosts(self.models_file)
        return [find_card(name, cards, hosts) for name in names]

    def prices(self) -> tuple[PriceRow, ...]:
        """Return the dated price rows. Raises ModelError."""
        from visioneval.models import load_prices

        return load_prices(self.prices_file)


catalogue_options = gathered(
    "catalogue",
    Catalogue,
    (
        click.option("--models-file", type=PATH, help="Model cards of your own instead of the shipped ones."),
        prices_option,
    ),
)


# ----------------------------------------------------------------------------------------------
# How they are asked
# ----------------------------------------------------------------------------------------------


def _settings_at_each_effort(batch: bool, efforts: tuple[str, ...], **asked: Any) -> tuple[Settings, ...]:
    """Return the settings that were asked for, once for each effort; what was not asked for is the card's."""
    check_given_once("--effort", efforts)
    chosen = {name: value for name, value in asked.items() if value is not None}
    if batch and chosen.setdefault("service_tier", BATCH) != BATCH:
        raise UsageError(f"--service-tier {asked['service_tier']} and --batch exclude each other: batch is a tier")
    return tuple(
        msgspec.convert(chosen | ({"effort": effort} if effort else {}), Settings) for effort in efforts or (None,)
    )


settings_options = gathered(
    "settings",
    _settings_at_each_effort,
    (
        click.option(
            "--batch",
            is_flag=True,
            help="By the host's Batch API: half the price, within a day, untimed.",
        ),
        click.option("--max-output-tokens", type=click.IntRange(1), help="Limit of a reply, reasoning included."),
        click.option("--temperature", type=Finite(0), help="Sampling temperature, where the model takes one."),
        click.option(
            "--effort",
            "efforts",
            multiple=True,
            type=click.Choice(get_args(Effort)),
            help="Reasoning effort; several may be given, each is a run of its own.",
        ),
        click.option(
            "--api", type=click.Choice(["responses", "chat"]), help="OpenAI API to speak. [default: the card's]"
        ),
        click.option(
            "--stream", is_flag=True, default=None, help="Stream replies: measures the time to the first token."
        ),
        click.option(
            "--structured",
            is_flag=True,
            default=None,
            help='Ask for {"answer": ...} by JSON schema, as a condition.',
        ),
        click.option(
            "--few-shot",
            type=click.IntRange(0),
            metavar="N",
            help="Show N solved prompts before each.",
        ),
        click.option(
            "--detail",
            type=click.Choice(["low", "high", "auto", "original"]),
            help="Image detail asked of the host.",
        ),
        click.option("--service-tier", help="Service tier asked of the host."),
        click.option(
            "--longest-side",
            "longest_side_px",
            type=click.IntRange(16),
            help="Scale larger images down to this many pixels.",
        ),
    ),
)


def check_given_once(option: str, values: Sequence[str]) -> None:
    """Raise UsageError for a value that an option is given twice."""
    twice = next((value for value in values if values.count(value) > 1), None)
    if twice is not None:
        raise UsageError(f"{option} {twice} is given twice; --epochs asks each prompt more often")

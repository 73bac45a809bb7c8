"""The options of `run` and `resume` that say how fast and how dear a run may be."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from visioneval.work import Limits

F = TypeVar("F", bound=Callable[..., Any])


class Dollars(click.ParamType):  # type: ignore[type-arg, unused-ignore]
    """An amount of money, exact."""

    name = "usd"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        """Parse an amount; fails for what is negative or no number."""
        try:
            amount = Decimal(str(value).removeprefix("$"))
        except InvalidOperation:
            self.fail(f"{value!r} is not an amount of dollars", param, ctx)
        if not amount.is_finite() or amount < 0:
            self.fail(f"{value!r} is not an amount of dollars", param, ctx)
        return amount


def limit_options(function: F) -> F:
    """Add the options to a command."""
    for option in (
        click.option(
            "--max-cost",
            type=Dollars(),
            metavar="USD",
            help="Send no call that could take the cost past this; resume with more.",
        ),
        click.option("--tpm", type=click.FloatRange(1), metavar="N", help="Input tokens a minute at most."),
        click.option("--rpm", type=click.FloatRange(0.1), metavar="N", help="Requests a minute at most."),
        click.option(
            "--concurrency",
            type=click.IntRange(1),
            help="Calls in flight at most; fewer when the host asks for it. [default: the provider's]",
        ),
    ):
        function = option(function)
    return function


def waiting_options(function: F) -> F:
    """Add the options that say how batches are waited for."""
    for option in (
        click.option(
            "--poll-s",
            type=click.FloatRange(0, min_open=True),
            default=60.0,
            show_default=True,
            metavar="SECONDS",
            help="Longest wait between two looks at a batch.",
        ),
        click.option(
            "--no-wait", is_flag=True, help="Send the batches and leave; `visioneval resume` fetches them."
        ),
    ):
        function = option(function)
    return function


def limits_of(concurrency: int | None, rpm: float | None, tpm: float | None) -> Limits:
    """Return the runner's limits."""
    from visioneval.work import Limits

    return Limits(concurrency=concurrency, requests_per_minute=rpm, tokens_per_minute=tpm)

"""Options of `run` and `resume`: how fast and how dear a run may be, and how batches are waited for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from visioneval.cli.numbers import Dollars, Finite
from visioneval.cli.options import gathered

if TYPE_CHECKING:
    from visioneval.runner import Limits

POLL_S = 60.0


def _limits(concurrency: int | None, rpm: float | None, tpm: float | None) -> Limits:
    from visioneval.runner import Limits

    return Limits(concurrency=concurrency, requests_per_minute=rpm, tokens_per_minute=tpm)


limit_options = gathered(
    "limits",
    _limits,
    (
        click.option(
            "--concurrency",
            type=click.IntRange(1),
            help="Calls in flight at most; fewer when the host asks for it. [default: the provider's]",
        ),
        click.option("--rpm", type=Finite(0.1), metavar="N", help="Requests a minute at most."),
        click.option("--tpm", type=Finite(1), metavar="N", help="Input tokens a minute at most."),
    ),
)
max_cost_option = click.option(
    "--max-cost",
    type=Dollars(),
    metavar="USD",
    help="Send no call that could take the cost past this; resume with more.",
)
poll_option = click.option(
    "--poll-s",
    type=Finite(0, min_open=True),
    metavar="SECONDS",
    help=f"Longest wait between two looks at a batch. [default: {POLL_S:g}]",
)
no_wait_option = click.option(
    "--no-wait", is_flag=True, help="Send the batches and leave; `visioneval resume` fetches them."
)

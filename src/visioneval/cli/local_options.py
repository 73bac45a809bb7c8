"""The options of `visioneval run` that only local models have."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import click
from msgspec import Struct

from visioneval.cli.numbers import Dollars
from visioneval.cli.options import gathered
from visioneval.errors import UsageError
from visioneval.types import ModelCard


class LocalChoices(Struct, frozen=True):
    """What was chosen for the local models of a run."""

    options: dict[str, str]
    gpu_usd_per_hour: Decimal | None

    def apply(self, cards: Sequence[ModelCard]) -> list[ModelCard]:
        """Return the cards with the choices on the local ones. Raises UsageError when there is none."""
        if not self.options and self.gpu_usd_per_hour is None:
            return list(cards)
        from visioneval.providers.local.options import with_choices

        local = [card.provider == "transformers" for card in cards]
        if not any(local):
            raise UsageError(
                f"{cards[0].name} does not run on a machine of yours; leave out --device, --latency-mode, --ray, "
                "--set and --gpu-usd-per-hour"
            )
        return [
            with_choices(card, self.options, self.gpu_usd_per_hour) if is_local else card
            for card, is_local in zip(cards, local, strict=True)
        ]


def _choices(
    device: str | None,
    latency_mode: str | None,
    ray: str | None,
    set_: tuple[str, ...],
    gpu_usd_per_hour: Decimal | None,
) -> LocalChoices:
    named = {"device": device, "latency_mode": latency_mode, "ray": ray}
    options = {name: value for name, value in named.items() if value is not None}
    return LocalChoices({**pairs(set_), **options}, gpu_usd_per_hour)


def pairs(written: Sequence[str]) -> dict[str, str]:
    """Return what was said with --set. Raises UsageError for what is no NAME=VALUE."""
    for pair in written:
        if "=" not in pair:
            raise UsageError(f"--set {pair}: write NAME=VALUE, as in --set quantization=4bit")
    return dict(pair.split("=", 1) for pair in written)


local_options = gathered(
    "local",
    _choices,
    (
        click.option("--device", help="cuda, cuda:N, cpu, auto, or split (one model over every GPU)."),
        click.option(
            "--latency-mode",
            type=click.Choice(["single", "amortised"]),
            help="Time local models one prompt at a time, or share out the time of batches. [default: amortised]",
        ),
        click.option(
            "--ray", metavar="ADDRESS", help="Use every GPU of a Ray cluster; `auto` finds or starts one."
        ),
        click.option(
            "--set",
            "set_",
            multiple=True,
            metavar="NAME=VALUE",
            help="An option of a local model: quantization=4bit.",
        ),
        click.option(
            "--gpu-usd-per-hour",
            type=Dollars(),
            metavar="USD",
            help="What an hour of the GPU costs, to cost local models.",
        ),
    ),
)

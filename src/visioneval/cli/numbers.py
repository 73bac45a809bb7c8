"""Numbers of the command line that are refused where no run could mean them."""

from __future__ import annotations

import math
from decimal import Decimal, InvalidOperation
from typing import Any

import click

from visioneval.types import MOST_USD


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
        if amount > MOST_USD:
            self.fail(f"{value!r} is more than {MOST_USD:,} dollars", param, ctx)
        return amount


class Finite(click.FloatRange):
    """A number in a range, and neither infinity nor no number at all."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Parse a number; fails for what is out of range or not finite."""
        number: float = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a finite number", param, ctx)
        return number

"""How numbers are written: the only place that knows percent signs, K, s and $.

Rounding is half up on the exact fraction, and never claims more than the data: 100 % and 0 % are written
only when all or none passed.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from visioneval.aggregate import FEWEST_FOR_PERCENT, Rate
from visioneval.plurals import count as count
from visioneval.stats import Quantile

UNKNOWN = "–"


def percent(share: Fraction, digits: int) -> str:
    """Write a share of 1, as "74.63%" or "80%"."""
    unit = Decimal(1).scaleb(-digits)
    number = _rounded(share * 100, unit)
    if share > 0 and number == 0:
        number = unit
    if share < 1 and number == 100:
        number = 100 - unit
    return f"{_plain(number)}%"


def overall(rate: Rate) -> str:
    """Write "74.63%"; with too few prompts for a percentage, "5/8"."""
    return percent(Fraction(rate.passes, rate.n), 2) if shows_percent(rate) else f"{rate.passes}/{rate.n}"


def category(rate: Rate) -> str:
    """Write "80%(12/15)"; with too few prompts for a percentage, "5/8"."""
    counts = f"{rate.passes}/{rate.n}"
    return f"{percent(Fraction(rate.passes, rate.n), 1)}({counts})" if shows_percent(rate) else counts


def shows_percent(rate: Rate) -> bool:
    return rate.prompts >= FEWEST_FOR_PERCENT


def percent_of(share: float) -> str:
    """Write a share of 1 that is no pass rate, as "27%"."""
    return percent(Fraction(share).limit_denominator(1_000_000), 0)


def interval(low: float, high: float) -> str:
    """Write two shares of 1 as "63.1–83.5%"."""
    return f"{_points(low)}–{_points(high)}%"


def rate_interval(rate: Rate) -> str:
    return interval(rate.low, rate.high)


def points(difference: float) -> str:
    """Write a difference of shares in percentage points: "+3.0" or "−9.8"."""
    number = _rounded(Fraction(abs(difference)) * 100, Decimal("0.1"))
    sign = "" if number == 0 else ("+" if difference > 0 else "−")
    return f"{sign}{number}"


def seconds(value: float | None) -> str:
    """Write "7.87s"."""
    if value is None:
        return UNKNOWN
    return "<0.01s" if 0 < value < 0.005 else f"{_rounded(Fraction(value), Decimal('0.01'))}s"


def quantile_interval(value: Quantile) -> str:
    """Write "2.53–3.75s"; an end that the sample does not bound is left open: "7.41s or more"."""
    low = seconds(value.low) if value.low is not None else "0s"
    return f"{low} or more" if value.high is None else f"{low.removesuffix('s')}–{seconds(value.high)}"


def ratio(value: float) -> str:
    """Write a factor with two decimals, below 0.1 with two significant digits: "1.19" or "0.0021"."""
    number = Decimal(repr(value))
    places = 2 if value >= 0.1 or value <= 0 else 1 - number.adjusted()
    return f"{_rounded(Fraction(number), Decimal(1).scaleb(-places)):f}"


def tokens(count: float | None) -> str:
    """Write "138" or "1.4K"."""
    if count is None:
        return UNKNOWN
    if count < 999.5:
        return f"{_rounded(Fraction(count), Decimal(1))}"
    scale, suffix = (1_000, "K") if count < 999_950 else (1_000_000, "M")
    return f"{_plain(_rounded(Fraction(count) / scale, Decimal('0.1')))}{suffix}"


def usd(amount: Decimal | None) -> str:
    """Write dollars with two significant digits below one dollar ("$0.011") and cents above ("$12.40")."""
    if amount is None:
        return UNKNOWN
    if amount == 0:
        return "$0"
    if amount < 1:  # two digits of what is left when it has been rounded: 0.0996 is 0.10, not 0.100
        amount = _rounded(Fraction(amount), Decimal(1).scaleb(amount.adjusted() - 1))
    places = 2 if amount >= 1 else max(2, 1 - amount.adjusted())
    return f"${_rounded(Fraction(amount), Decimal(1).scaleb(-places)):f}"


def p_value(p: float) -> str:
    """Write "p = 0.65" or "p < 0.001"."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}" if p < 0.1 else f"p = {p:.2f}"


def _points(share: float) -> str:
    """Write an end of an interval with one decimal; 0 and 100 only where it is exactly that."""
    return f"{share * 100:.0f}" if share in (0.0, 1.0) else str(_rounded(Fraction(share) * 100, Decimal("0.1")))


def _rounded(value: Fraction, unit: Decimal) -> Decimal:
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    return exact.quantize(unit, ROUND_HALF_UP)


def _plain(number: Decimal) -> str:
    """Write a decimal without trailing zeros and without an exponent."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text

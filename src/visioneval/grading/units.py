"""Units: an explicit table of those that questions about pictures use, and exact conversion within a dimension.

A table of three hundred names rather than a units library: it is imported in a millisecond instead of a third
of a second, every line can be audited, and a name that is not in it is never silently understood.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple


class Unit(NamedTuple):
    dimension: str
    factor: Fraction
    """How many of the dimension's base units one of this is."""
    offset: Fraction = Fraction(0)
    """Added after the factor: degrees Fahrenheit and Celsius to kelvin."""


_TABLE = """
length       mm millimetre millimeter                          1/1000
length       cm centimetre centimeter                          1/100
length       dm decimetre decimeter                            1/10
length       m metre meter                                     1
length       km kilometre kilometer                            1000
length       µm micrometre micrometer micron                   1/1000000
length       in inch inches "                                  254/10000
length       ft foot feet '                                    3048/10000
length       yd yard                                           9144/10000
length       mi mile                                           1609344/1000
mass         mg milligram                                      1/1000000
mass         g gram gramme                                     1/1000
mass         kg kilogram kilogramme kilo kgs                   1
mass         t tonne                                           1000
mass         lb lbs pound                                      45359237/100000000
mass         oz ounce                                          28349523125/1000000000000
volume       ml millilitre milliliter cc                       1/1000
volume       cl centilitre centiliter                          1/100
volume       dl decilitre deciliter                            1/10
volume       l litre liter                                     1
volume       gal gallon                                        3785411784/1000000000
volume       m3 m³ cubic-metre cubic-meter cu.m                1000
volume       ft3 ft³ cu.ft cuft cubic-foot cubic-feet          28316846592/1000000000
area         cm2 cm²                                           1/10000
area         m2 m² sqm square-metre square-meter               1
area         ft2 ft² sqft square-foot square-feet              9290304/100000000
pressure     pa pascal                                         1
pressure     hpa hectopascal mbar millibar                     100
pressure     kpa kilopascal                                    1000
pressure     mPa millipascal                                   1/1000
pressure     mpa megapascal                                    1000000
pressure     Mbar megabar                                      100000000000
pressure     bar bars                                          100000
pressure     psi psig pounds-per-square-inch                                       6894757293168/1000000000
time         ms millisecond                                    1/1000
time         s sec second                                      1
time         min minute mins                                   60
time         h hr hour hrs                                     3600
time         day                                               86400
time         week                                              604800
speed        km/h kph kmh kmph km-per-hour kilometres-per-hour kilometers-per-hour  1000/3600
speed        mph mi/h mi-per-hour miles-per-hour               1609344/3600000
speed        m/s m-per-second metres-per-second meters-per-second      1
angle        ° deg degree degrees                              1
angle        rad radian                                        572957795130823/10000000000000
temperature  °c degc celsius                                   1  27315/100
temperature  °f degf fahrenheit                                5/9  45967/180
temperature  k kelvin                                          1
resistance   ω ohm ohms Ω                                      1
resistance   kω kohm kilohm kiloohm kΩ kilo-ohm                1000
resistance   mΩ milliohm                                      1/1000
resistance   mω MΩ megohm megaohm Mohm MOHM                    1000000
resistance   mohm                                              1/1000
voltage      mv millivolt                                      1/1000
voltage      v volt                                            1
voltage      kv kilovolt                                       1000
voltage      MV megavolt                                       1000000
current      ma milliamp milliampere                           1/1000
current      a amp ampere                                      1
current      MA megaampere                                     1000000
power        mW milliwatt                                      1/1000
power        w watt                                            1
power        MW megawatt                                       1000000
power        kw kilowatt                                       1000
power        hp horsepower                                     7456998715822702/10000000000000
energy       kcal cal calorie kilocalorie                      1
energy       kj kilojoule                                      1000/4184
frequency    mHz millihertz                                    1/1000
frequency    hz hertz                                          1
frequency    khz kilohertz                                     1000
frequency    mhz megahertz                                     1000000
frequency    ghz gigahertz                                     1000000000
rotation     rpm revolutions-per-minute                                            1
data         kb kilobyte                                       1
data         mb megabyte                                       1000
data         gb gigabyte                                       1000000
data         tb terabyte                                       1000000000
share        % percent per-cent pct                            1
"""


def _read_table() -> dict[str, Unit]:
    units: dict[str, Unit] = {}
    for line in _TABLE.strip().splitlines():
        dimension, *names = line.split()
        numbers = [Fraction(names.pop()) for _ in range(2 if _is_number(names[-2]) else 1)][::-1]
        unit = Unit(dimension, *numbers)
        for name in names:
            units[name] = unit
            if len(name) > 3 and name.isalpha():
                units[name + "s"] = unit
    return units


def _is_number(word: str) -> bool:
    return word[0].isdigit()


UNITS = _read_table()

_AMBIGUOUS = {"a", "in", "s", "day", "k", "t", "h", "second", "min", "pound", "pounds", "cal", "foot", "feet", "m"}
"""Names that are also common words: a unit only where the answer asks for that dimension or they touch digits."""


def find_unit(name: str) -> Unit | None:
    """Look up a unit by any of its names, "mm", "millimetres", "KG" or "kΩ".

    Case counts only where it alone tells milli from mega: the table holds "mPa" beside "mpa" (any other case).
    """
    name = name.strip().rstrip(".")
    if not name:
        return None
    if name in UNITS:
        return UNITS[name]
    return UNITS.get(name.lower().replace(" ", "-")) or UNITS.get(name.lower().replace(" ", ""))


def is_ambiguous(name: str) -> bool:
    """Tell whether a unit's name is also an ordinary word ("in", "a", "second")."""
    return name.lower() in _AMBIGUOUS


def convert(value: Decimal, unit: Unit, to: Unit) -> Decimal | None:
    """Convert exactly; None between dimensions that do not convert into each other."""
    if unit == to:
        return value
    if unit.dimension != to.dimension:
        return None
    converted = (Fraction(value) * unit.factor + unit.offset - to.offset) / to.factor
    return Decimal(converted.numerator) / Decimal(converted.denominator)

"""Writes numbers for tables."""

from __future__ import annotations

from collections.abc import Collection
from math import exp, floor, log, log10

from seqbench.statistics import HOLDS, SeedSummary

_PLAIN = (1e-4, 1e6)
_MOST_DECIMALS = 9


def number(value: float) -> str:
    """Return a number with three significant digits, never ``-0.000``, and ``1.00`` only for 1.

    >>> [number(value) for value in (0.125, 1, 12.345, 12345.6, 0.00001234, -0.0)]
    ['0.125', '1.00', '12.3', '12346', '1.23e-05', '0.00']
    >>> [number(value) for value in (0.9996, 1.0004)]  # an accuracy that is not perfect; a gain that explodes
    ['0.9996', '1.0004']
    """
    return f"{value:.2e}" if _is_odd(value) else fixed(value, _apart(value, _decimals(value, 3)))


def number_of_ln(ln: float) -> str:
    """Return a number that is known by its logarithm, with three significant digits, however large it is.

    >>> [number_of_ln(exponent * log(10)) for exponent in (-1234.5, -2, 0, 14, 999.9999)]
    ['3.16e-1235', '0.0100', '1.00', '1.00e+14', '1.00e+1000']
    """
    if abs(ln) < 700:
        return number(exp(ln))
    exponent = floor(ln / log(10))
    mantissa = f"{10 ** (ln / log(10) - exponent):.2f}"
    if mantissa == "10.00":
        mantissa, exponent = "1.00", exponent + 1
    return f"{mantissa}e{exponent:+d}"


def rounded(value: float) -> str:
    """Return a number with three significant digits, even if it is nearly 1.

    >>> rounded(1.0004)
    '1.00'
    """
    return f"{value:.2e}" if _is_odd(value) else fixed(value, _decimals(value, 3))


def mean_and_spread(summary: SeedSummary) -> str:
    """Return ``mean ± spread``, with enough decimals to show the spread.

    >>> mean_and_spread(SeedSummary(0.93, 0.0123, 3)), mean_and_spread(SeedSummary(0.99801, 0.0004, 3))
    ('0.930 ± 0.012', '0.9980 ± 0.0004')
    >>> mean_and_spread(SeedSummary(0.93, None, 1))
    '0.930'
    >>> mean_and_spread(SeedSummary(0.93, 0.0, 3)), mean_and_spread(SeedSummary(0.93, 2e-7, 3))
    ('0.930 ± 0.000', '0.93000 ± 2e-07')
    """
    if _is_odd(summary.mean):
        spread = "" if summary.spread is None else f" ± {summary.spread:.0e}"
        return f"{summary.mean:.2e}{spread}"
    return _both(summary, _apart(summary.mean, _decimals(summary.mean, 3)))


def skill_and_spread(summary: SeedSummary) -> str:
    """Return ``mean ± spread`` of a skill, with at most three decimals unless the spread needs more.

    >>> skill_and_spread(SeedSummary(-0.00042, 0.00013, 3))
    '-0.0004 ± 0.0001'
    >>> skill_and_spread(SeedSummary(-0.00042, None, 1)), skill_and_spread(SeedSummary(-12.345, None, 1))
    ('0.000', '-12.3')
    >>> skill_and_spread(SeedSummary(0.4998, None, 1))  # a length does not hold there
    '0.4998'
    >>> skill_and_spread(SeedSummary(-6.896e22, 4.41e22, 3))
    '-6.90e+22 ± 4e+22'
    """
    if _is_large(summary.mean):
        return mean_and_spread(summary)
    return _both(summary, _apart(summary.mean, min(3, _decimals(summary.mean, 3)), (HOLDS, 1.0)))


def skill_text(skill: float) -> str:
    """Return one skill: three decimals, fewer if it is large, more if it is nearly 0.5 or 1.

    >>> [skill_text(skill) for skill in (0.0004, 0.49996, 1.0, -12.345)]
    ['0.000', '0.49996', '1.000', '-12.3']
    """
    return fixed(skill, _apart(skill, 3, (HOLDS, 1.0))) if abs(skill) < 10 else number(skill)


def _both(summary: SeedSummary, decimals: int) -> str:
    if summary.spread is None:
        return fixed(summary.mean, decimals)
    decimals = _shared_decimals(summary, decimals)
    spread = fixed(summary.spread, decimals)
    if summary.spread and (not float(spread) or _is_large(summary.spread)):
        # A nonzero spread is never written as 0.
        spread = f"{summary.spread:.0e}"
    return f"{fixed(summary.mean, decimals)} ± {spread}"


def _shared_decimals(summary: SeedSummary, decimals: int) -> int:
    """Return the number of decimals that shows the spread: at most two more."""
    return max(decimals, min(_decimals(summary.spread, 1), decimals + 2)) if summary.spread else decimals


def interval_text(summary: SeedSummary, *, most_decimals: int = 9) -> str:
    """Return the 95% interval of the mean, with as many decimals as mean and spread; empty if there is none.

    >>> from seqbench.statistics import Interval
    >>> interval_text(SeedSummary(0.93, 0.0123, 3, Interval(0.8994, 0.9606, "t")))
    '[0.899, 0.961]'
    """
    ends = summary.interval
    if ends is None:
        return ""
    decimals = _shared_decimals(summary, min(most_decimals, _decimals(summary.mean, 3)))
    return _ends(summary.mean, ends.low, ends.high, decimals)


def ends_text(value: float, low: float, high: float) -> str:
    """Return an interval around a value, with as many decimals as the value; it is never written as a point.

    >>> ends_text(0.93, 0.8994, 0.9606), ends_text(1.0, 0.99962, 1.0)
    ('[0.899, 0.961]', '[0.9996, 1.0000]')
    """
    decimals = _decimals(value, 3)
    while low < high and fixed(low, decimals) == fixed(high, decimals) and decimals < _MOST_DECIMALS:
        decimals += 1
    return _ends(value, low, high, decimals)


def _ends(value: float, low: float, high: float, decimals: int) -> str:
    if _is_odd(value) or _is_large(low) or _is_large(high):
        return f"[{low:.2e}, {high:.2e}]"
    return f"[{fixed(low, decimals)}, {fixed(high, decimals)}]"


def fixed(value: float, decimals: int) -> str:
    """Return a number with this many decimals, never ``-0.000``, and with an exponent from a million on.

    >>> fixed(-0.0001, 3), fixed(-6.896e22, 3)
    ('0.000', '-6.90e+22')
    """
    if _is_large(value):
        return f"{value:.2e}"
    text = f"{value:.{decimals}f}"
    return text.removeprefix("-") if float(text) == 0 else text


def signed(value: float) -> str:
    """Return a difference of skills, with its sign.

    >>> signed(0.0123), signed(-6.896e22)
    ('+0.012', '-6.90e+22')
    """
    return f"{value:+.2e}" if _is_large(value) else f"{value:+.3f}"


def _is_large(value: float) -> bool:
    return abs(value) >= _PLAIN[1]


def _is_odd(value: float) -> bool:
    return value != 0 and not _PLAIN[0] <= abs(value) < _PLAIN[1]


def _apart(value: float, decimals: int, marks: Collection[float] = (1.0,)) -> int:
    """Return the number of decimals, at most nine, at which a value is not rounded to one of the marks."""
    while decimals < _MOST_DECIMALS and value not in marks and float(f"{value:.{decimals}f}") in marks:
        decimals += 1
    return decimals


def _decimals(value: float, digits: int) -> int:
    return max(0, digits - 1 - (floor(log10(abs(value))) if value else 0))

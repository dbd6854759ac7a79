"""Draws a curve of norms for a terminal: bars on a logarithmic scale, in plain characters.

Norms are given and written as natural logarithms, so that none is too small or too large to be shown.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from seqbench.gradients.flow import Curve
from seqbench.report.numbers import number

ROWS = 12
_LEAST_SPAN, _MOST_SPAN = 3 * math.log(10), 16 * math.log(10)
"""Three decades, so that a nearly flat curve does not look steep. Sixteen, because adding a smaller number to the
norm at the smallest lag no longer changes a float64."""


def scale_of(curves: Iterable[Curve]) -> tuple[float, float] | None:
    """Return the logarithms of the norms at which bars start and are full; None if no norm is known."""
    known = [[ln for ln in curve.ln_median if ln is not None] for curve in curves]
    known = [lns for lns in known if lns]
    if not known:
        return None
    near = [lns[0] for lns in known]
    top = min(max(map(max, known)), max(near) + _MOST_SPAN)
    return min(max(min(map(min, known)), min(near) - _MOST_SPAN), top - _LEAST_SPAN), top


def bar_chart(curve: Curve, scale: tuple[float, float], width: int, mark: str = "#") -> Iterator[str]:
    """Yield a line for each of at most `ROWS` lags: lag, norm, bar.

    >>> norms = [0.0, -5.0, None, -10.0]
    >>> curve = Curve("state", "all", (1, 10, 50, 99), *[(None,) * 4] * 3, norms, (1,) * 4, 0.0)
    >>> print(*bar_chart(curve, scale_of([curve]), width=24), sep="\\n")
    lag  1      1.00  ######
    lag 10   0.00674  ###
    lag 50      null
    lag 99  4.54e-05  #
    """
    last = len(curve.lags) - 1
    places = sorted({round(i * last / (ROWS - 1)) for i in range(ROWS)}) if last >= 0 else []
    lags = [str(curve.lags[i]) for i in places]
    texts = ["null" if (ln := curve.ln_median[i]) is None else norm_text(ln) for i in places]
    heads = [
        f"lag {lag:>{max(map(len, lags))}}  {text:>{max(map(len, texts))}}"
        for lag, text in zip(lags, texts, strict=True)
    ]
    for i, head in zip(places, heads, strict=True):
        yield f"{head}  {_bar(curve.ln_median[i], scale, width - len(head) - 2, mark)}".rstrip()


def norm_text(ln: float) -> str:
    """Return a number, given by its logarithm, with three significant digits, however large it is.

    >>> [norm_text(exponent * math.log(10)) for exponent in (-1234.5, -2, 0, 14, 999.9999)]
    ['3.16e-1235', '0.0100', '1.00', '1.00e+14', '1.00e+1000']
    """
    if abs(ln) < 700:
        return number(math.exp(ln))
    exponent = math.floor(ln / math.log(10))
    mantissa = f"{10 ** (ln / math.log(10) - exponent):.2f}"
    if mantissa == "10.00":
        mantissa, exponent = "1.00", exponent + 1
    return f"{mantissa}e{exponent:+d}"


def _bar(ln: float | None, scale: tuple[float, float], room: int, mark: str) -> str:
    """Return a bar: none below the scale, and one with an arrow above it."""
    bottom, top = scale
    if ln is None or ln < bottom or room < 1:
        return ""
    return (
        mark * (1 + round((ln - bottom) / (top - bottom) * (room - 1))) if ln <= top else mark * (room - 1) + ">"
    )

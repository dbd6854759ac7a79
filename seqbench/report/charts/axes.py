"""Places numbers on the axis of a chart and chooses its ticks.

An axis is linear in its input. A logarithmic axis is given logarithms, so that it can show a norm outside the
range of floats. Numbers in, numbers out; imports nothing of seqbench.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

_MOST_TICKS = 7
_LETTER, _GAP = 0.03, 0.02
"""Widths of a letter of a label and of the gap between two, as shares of an axis."""
_FOOT = 0.1
"""Height of the strip for crosses, as a share of the axis."""
_STEPS = (1.0, 2.0, 5.0, 10.0)
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Tick:
    """A place on an axis, in the axis's own numbers, and its label."""

    value: float
    text: str


@dataclass(frozen=True)
class Axis:
    """An axis of a chart.

    Attributes:
        label: the quantity, with its unit.
        low, high: its ends; low < high.
        ticks: from low to high.
        foot: height of a strip at the low end for crosses, which stand for what has no number; 0 without one.
    """

    label: str
    low: float
    high: float
    ticks: tuple[Tick, ...]
    foot: float = 0.0

    @property
    def floor(self) -> float:
        """The smallest number that is drawn."""
        return self.low + self.foot

    def with_foot(self) -> Axis:
        """Return the axis with a strip for crosses below its numbers, so that a cross hides no point."""
        foot = _FOOT * (self.high - self.low)
        return replace(self, low=self.low - foot, foot=foot)

    def share(self, value: float) -> float:
        """Return how far along the axis a number lies: 0 at its low end, 1 at its high end."""
        return (value - self.low) / (self.high - self.low)


def linear_axis(label: str, values: Iterable[float], show: Iterable[float] = ()) -> Axis:
    """Return an axis with round ends that contains all values.

    Args:
        label: the quantity.
        values: all values that will be drawn.
        show: further numbers that must be on the axis, e.g. 0 and 1 of a skill.

    >>> axis = linear_axis("skill", [0.2, 0.93], show=(0, 1))
    >>> [tick.text for tick in axis.ticks]
    ['0', '0.2', '0.4', '0.6', '0.8', '1']
    """
    known = [*values, *show] or [0.0, 1.0]
    low, high = min(known), max(known)
    if high - low <= 1e-9 * max(abs(low), abs(high), 1e-300):
        half = abs(high) / 2 or 0.5
        low, high = low - half, high + half
    step = _step(high - low)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    ticks = tuple(Tick(i * step, _plain(i * step, decimals)) for i in range(first, last + 1))
    return Axis(label, ticks[0].value, ticks[-1].value, ticks)


def count_axis(label: str, values: Iterable[float]) -> Axis:
    """Return an axis from 0 to exactly the largest value.

    >>> axis = count_axis("lag", [1, 1025])
    >>> axis.high, axis.ticks[-1].text
    (1025, '1000')
    """
    known = [*values]
    axis = linear_axis(label, known, show=(0.0,))
    last = max(known, default=1.0)
    return Axis(label, 0.0, last, tuple(tick for tick in axis.ticks if 0 <= tick.value <= last))


def log_axis(
    label: str, exponents: Iterable[float], text: Callable[[float], str], least_decades: float = 1.0
) -> Axis:
    """Return a logarithmic axis whose numbers are logarithms to base 10.

    Args:
        label: the quantity.
        exponents: log10 of all values that will be drawn.
        text: exponent -> label of its tick.
        least_decades: the smallest width of the axis, so that small changes do not look large.

    >>> [tick.text for tick in log_axis("norm", [-9.3, 0.2], power_of_ten).ticks]
    ['10⁻¹⁰', '10⁻⁸', '10⁻⁶', '10⁻⁴', '10⁻²', '10⁰', '10²']
    >>> [tick.text for tick in log_axis("rate", [-3.5, -1.5], lambda exponent: f"{10**exponent:.1g}").ticks]
    ['0.0003', '0.001', '0.003', '0.01', '0.03', '0.1']
    """
    known = list(exponents) or [0.0]
    low, high = min(known), max(known)
    missing = max(0.0, least_decades - (high - low))
    low, high = low - missing / 2, high + missing / 2
    if high - low <= 2:
        return _within_decades(label, low, high, text)
    step = max(1, math.ceil((high - low) / _MOST_TICKS))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    ticks = tuple(Tick(float(i * step), text(i * step)) for i in range(first, last + 1))
    return Axis(label, ticks[0].value, ticks[-1].value, ticks)


def doubling_axis(label: str, exponents: Iterable[float], text: Callable[[float], str]) -> Axis:
    """Return a logarithmic axis with ticks at powers of 2, whose numbers are logarithms to base 2.

    >>> [tick.text for tick in doubling_axis("memory", [8.2, 9.9], lambda exponent: f"{2**exponent}").ticks]
    ['256', '512', '1024']
    """
    known = list(exponents) or [0.0]
    low, high = math.floor(min(known) + 1e-9), math.ceil(max(known) - 1e-9)
    high = max(high, low + 2)
    step = max(1, math.ceil((high - low) / _MOST_TICKS))
    ticks = tuple(Tick(float(i), text(i)) for i in range(low, high + step, step))
    return Axis(label, ticks[0].value, ticks[-1].value, ticks)


def length_axis(label: str, lengths: Iterable[int]) -> Axis:
    """Return a logarithmic axis to base 2 with a tick at each length that was run, if there is room.

    >>> [tick.text for tick in length_axis("length", [16, 64, 1024]).ticks]
    ['16', '64', '1024']
    >>> [tick.text for tick in length_axis("length", [2**i for i in range(4, 13)]).ticks]
    ['16', '64', '256', '1024', '4096']
    """
    places = [math.log2(length) for length in sorted(set(lengths))] or [0.0]
    low, high = places[0], places[-1]
    margin = max(0.3, 0.04 * (high - low))
    room = (_GAP + _LETTER * len(str(round(2**high)))) * (high - low + 2 * margin)
    ticks: list[Tick] = []
    # From the longest on, which matters most.
    for place in reversed(places):
        if not ticks or ticks[-1].value - place >= room:
            ticks.append(Tick(place, str(round(2**place))))
    return Axis(label, low - margin, high + margin, tuple(reversed(ticks)))


def power_of_ten(exponent: float) -> str:
    """Return a power of ten with a superscript.

    >>> power_of_ten(-12)
    '10⁻¹²'
    """
    return "10" + str(round(exponent)).translate(_SUPERSCRIPTS)


def _within_decades(label: str, low: float, high: float, text: Callable[[float], str]) -> Axis:
    """Return an axis of at most two decades, with ticks at 1, 2 and 5 of each; 1 and 3 if those are too many."""
    ticks = _marks(low, high, (1, 2, 5))
    if len(ticks) >= _MOST_TICKS:
        ticks = _marks(low, high, (1, 3))
    return Axis(label, ticks[0], ticks[-1], tuple(Tick(mark, text(mark)) for mark in ticks))


def _marks(low: float, high: float, leading: Sequence[int]) -> list[float]:
    """Return the logarithms from the last one up to low to the first one from high on, of these leading digits."""
    decades = range(math.floor(low) - 1, math.ceil(high) + 1)
    marks = [exponent + math.log10(digit) for exponent in decades for digit in leading]
    first = max((i for i, mark in enumerate(marks) if mark <= low + 1e-9), default=0)
    last = min((i for i, mark in enumerate(marks) if mark >= high - 1e-9), default=len(marks) - 1)
    return marks[first : last + 1]


def _step(span: float) -> float:
    raw = span / _MOST_TICKS
    scale = 10.0 ** math.floor(math.log10(raw))
    return next(step * scale for step in _STEPS if step * scale >= raw * (1 - 1e-9))


def _plain(value: float, decimals: int) -> str:
    text = f"{value:.{decimals}f}" if decimals < 7 else f"{value:.3g}"
    if "." in text and "e" not in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text.replace("-", "−")

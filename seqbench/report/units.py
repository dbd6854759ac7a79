"""Writes quantities with their units."""

from __future__ import annotations

from seqbench.report.numbers import rounded

_SECONDS = ((1e-6, "µs"), (1e-3, "ms"), (1.0, "s"))
_BYTES = ((2.0**10, "KiB"), (2.0**20, "MiB"), (2.0**30, "GiB"))


def seconds(value: float) -> str:
    """Return a duration with three significant digits.

    >>> seconds(0.0213), seconds(45.2145), seconds(3e-7), seconds(0.0)
    ('21.3 ms', '45.2 s', '0.300 µs', '0 s')
    """
    return _written(value, _SECONDS) if value else "0 s"


def memory(value: float) -> str:
    """Return a number of bytes with three significant digits.

    >>> memory(1110343680), memory(2**20), memory(100)
    ('1.03 GiB', '1.00 MiB', '0.0977 KiB')
    """
    return _written(value, _BYTES) if value else "0 B"


def short(text: str) -> str:
    """Return a quantity without trailing zeros, for a tick.

    >>> short("20.0 ms"), short("1.00 GiB"), short("512 MiB")
    ('20 ms', '1 GiB', '512 MiB')
    """
    digits, _, unit = text.partition(" ")
    return f"{digits.rstrip('0').rstrip('.') if '.' in digits else digits} {unit}"


def _written(value: float, units: tuple[tuple[float, str], ...]) -> str:
    # A number that would round to 1000 of a unit is written as 1 of the next unit.
    size, unit = next(((s, u) for s, u in reversed(units) if abs(value) >= 0.9995 * s), units[0])
    return f"{rounded(value / size)} {unit}"

"""Reads the values that a search may try for a parameter, and draws from them.

Pure functions of numbers and words: a draw depends on the search's seed, the parameter and the trial's number.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Annotated, Any

from pydantic import PlainSerializer, PlainValidator

from seqbench.base.printable import one_line
from seqbench.base.seeds import derive_seed

DIGITS = 4
"""Significant digits of a drawn number: the last bits of a logarithm differ from machine to machine."""
FORMS = "a list such as [64, 128], or a range such as 'log 1e-4..3e-2', 'uniform 0..0.5' or 1..8"

_NUMBER = r"[-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?"
_RANGE = re.compile(rf"(?:(log|uniform)\s+)?({_NUMBER})\.\.({_NUMBER})")


@dataclass(frozen=True)
class ListedValues:
    """Values of which each is as likely as another.

    >>> ListedValues((64, 128)).at(0.4), ListedValues((64, 128)).at(0.6)
    (64, 128)
    """

    values: tuple[Any, ...]

    @property
    def ends(self) -> tuple[Any, ...]:
        """The values that are checked before anything is drawn: all of them."""
        return self.values

    @property
    def told(self) -> list[Any]:
        """As an experiment has it."""
        return list(self.values)

    def at(self, share: float) -> Any:
        """Return the value below which a share of the draws lies: 0 <= share < 1."""
        return self.values[int(share * len(self.values))]

    def holds(self, value: Any) -> bool:
        """Say whether a search could have drawn a value."""
        return any(value == each and isinstance(value, bool) == isinstance(each, bool) for each in self.values)


@dataclass(frozen=True)
class ValueRange:
    """Numbers from ``low`` to ``high``, both ends included.

    >>> read_values("log 1e-4..1e-2").at(0.5), read_values("1..8").at(0.999), read_values("uniform 0..0.5").at(0.5)
    (0.001, 8, 0.25)

    Attributes:
        low, high: its ends.
        is_log: whether the logarithm of the value is uniform, not the value.
        is_whole: whether its values are whole numbers.
        text: as an experiment has it.
    """

    low: float
    high: float
    is_log: bool
    is_whole: bool
    text: str

    @property
    def ends(self) -> tuple[Any, ...]:
        """The values that are checked before anything is drawn."""
        return self.low, self.high

    @property
    def told(self) -> str:
        """As an experiment has it."""
        return self.text

    def at(self, share: float) -> Any:
        """Return the value below which a share of the draws lies: 0 <= share < 1."""
        # A whole number stands for the half on each of its sides.
        half = 0.5 if self.is_whole else 0.0
        low, high = self.low - half, self.high + half
        value = low * (high / low) ** share if self.is_log else low + share * (high - low)
        drawn = math.floor(value + 0.5) if self.is_whole else float(f"{value:.{DIGITS}g}")
        return min(max(drawn, self.low), self.high)

    def holds(self, value: Any) -> bool:
        """Say whether a search could have drawn a value.

        >>> read_values("log 1e-4..1e-2").holds(0.5), read_values("1..8").holds(2.5), read_values("1..8").holds(8)
        (False, False, True)
        """
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return self.low <= value <= self.high and (not self.is_whole or value == int(value))


Values = ListedValues | ValueRange


def read_values(value: Any) -> Values:
    """Read what an experiment says of a parameter.

    >>> read_values([64, 128])
    ListedValues(values=(64, 128))

    Raises:
        ValueError: it is neither a list nor a range; the message is a sentence.
    """
    if isinstance(value, ListedValues | ValueRange):
        return value
    if isinstance(value, list | tuple):
        return _listed(tuple(value))
    found = _RANGE.fullmatch(value.strip()) if isinstance(value, str) and len(value) < 200 else None
    if found is None:
        raise ValueError(f"write {FORMS}; {one_line(repr(value), 200)} was given")
    return _range(value.strip(), *found.groups())


def _listed(values: tuple[Any, ...]) -> ListedValues:
    if not values or not all(each is None or isinstance(each, str | int | float) for each in values):
        raise ValueError(
            f"a list holds one or more numbers or words; {one_line(repr(list(values)), 200)} was given"
        )
    twice = [each for i, each in enumerate(values) if each in values[:i]]
    if twice:
        raise ValueError(f"{twice[0]!r} stands here twice; keep one")
    return ListedValues(values)


def _range(text: str, how: str | None, first: str, last: str) -> ValueRange:
    are_whole = all(re.fullmatch("[-+]?[0-9]+", each) for each in (first, last))
    if how is None and not are_whole:
        raise ValueError(f"write how its values are spread: 'log {text}' or 'uniform {text}'")
    is_whole = are_whole and how != "uniform"
    low, high = (int(first), int(last)) if is_whole else (float(first), float(last))
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(f"a range goes up, from its first number to its last; {text!r} was given")
    if how == "log" and low <= 0:
        raise ValueError(f"the logarithm of {first} is not there: a log range begins above 0")
    return ValueRange(low, high, how == "log", is_whole, text)


ValuesField = Annotated[Values, PlainValidator(read_values), PlainSerializer(lambda values: values.told)]
"""The type of an entry of ``tune.space``."""


def share(seed: int, parameter: str, number: int) -> float:
    """Return the number from 0 to below 1 that decides a parameter's value in a trial.

    It does not depend on task, model or length, so that all models are tried at the same learning rates, and a
    parameter more changes no other's values.
    """
    return (derive_seed(seed, "tune", parameter, number) >> 10) / 2**53


def random_setting(space: Mapping[str, Values], seed: int, number: int) -> dict[str, Any]:
    """Return the setting of a trial of a random search: parameter -> value."""
    return {name: values.at(share(seed, name, number)) for name, values in space.items()}


def grid_settings(space: Mapping[str, Values]) -> list[dict[str, Any]]:
    """Return the settings of a grid, in the order of the space; the last parameter changes first.

    >>> grid_settings({"layers": read_values("1..2"), "cell": read_values(["a", "b"])})[:2]
    [{'layers': 1, 'cell': 'a'}, {'layers': 1, 'cell': 'b'}]

    Raises:
        ValueError: a range has no list of values.
    """
    lists = [_all(name, values) for name, values in space.items()]
    return [dict(zip(space, each, strict=True)) for each in product(*lists)]


def grid_size(space: Mapping[str, Values]) -> int:
    """Return how many settings a grid has, without making them.

    Raises:
        ValueError: as `grid_settings`.
    """
    return math.prod(_size(_all(name, values)) for name, values in space.items())


def _size(values: tuple[Any, ...] | range) -> int:
    # The length of a range may be beyond what len can tell.
    return values.stop - values.start if isinstance(values, range) else len(values)


def _all(name: str, values: Values) -> tuple[Any, ...] | range:
    if isinstance(values, ListedValues):
        return values.values
    if values.is_whole and not values.is_log:
        return range(int(values.low), int(values.high) + 1)
    raise ValueError(f"{name}: a grid needs each value, as [1e-3, 3e-3]; {values.text!r} was given")

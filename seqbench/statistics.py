"""What do several seeds say together, and up to which length does a model learn?

Numbers in, numbers out; nothing is imputed. Imports nothing of seqbench.
"""

from __future__ import annotations

import statistics
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

HOLDS = 0.5
"""The mean skill at which a length counts as learned."""


@dataclass(frozen=True)
class Summary:
    """Scores over seeds.

    Attributes:
        mean: their arithmetic mean.
        spread: sample standard deviation (divisor n - 1); None for a single one.
        n: how many.
    """

    mean: float
    spread: float | None
    n: int


def summary(values: Iterable[float]) -> Summary | None:
    """Return mean and spread; None where there is no value.

    >>> summary([1.0, 2.0, 3.0])
    Summary(mean=2.0, spread=1.0, n=3)
    >>> summary([0.25])
    Summary(mean=0.25, spread=None, n=1)
    """
    numbers = list(values)
    if not numbers:
        return None
    spread = statistics.stdev(numbers) if len(numbers) > 1 else None
    return Summary(statistics.fmean(numbers), spread, len(numbers))


@dataclass(frozen=True)
class UsableLength:
    """The largest length up to which a model learns.

    Attributes:
        length: steps; None where not even the smallest length holds.
        is_open: no length tested lies beyond its end: the true one may be larger.
        unknown: the length at which the search ended because its skill is not known.
    """

    length: int | None
    is_open: bool = False
    unknown: int | None = None

    def __str__(self) -> str:
        if self.unknown is not None:
            return f"{'?' if self.length is None else f'>= {self.length}'} (T={self.unknown} unknown)"
        if self.length is None:
            return "-"
        return f">= {self.length}" if self.is_open else str(self.length)


def usable_length(skills: Mapping[int, float | None], diverged: Collection[int] = ()) -> UsableLength:
    """Return the largest length up to which mean skill is at least 0.5 at every tested length.

    Args:
        skills: tested length -> mean skill over seeds; None where it is not known.
        diverged: lengths at which the training of any seed diverged; they do not hold, whatever the mean
            over the other seeds: a model that learns only now and then cannot be relied upon.

    >>> [str(usable_length(skills)) for skills in ({8: 0.9, 16: 0.7, 32: 0.1}, {8: 0.9, 16: 0.7}, {8: 0.4})]
    ['16', '>= 16', '-']
    >>> str(usable_length({8: 0.9, 16: None, 32: 0.1}))
    '>= 8 (T=16 unknown)'
    """
    last = None
    for length in sorted({*skills, *diverged}):
        if length in diverged:
            return UsableLength(last)
        skill = skills[length]
        if skill is None:
            return UsableLength(last, is_open=True, unknown=length)
        if skill < HOLDS:
            return UsableLength(last)
        last = length
    return UsableLength(last, is_open=last is not None)

"""Up to which length does a model learn, and how sure is that? Stands on intervals."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from seqbench.statistics.intervals import Summary

HOLDS = 0.5
"""The mean skill at which a length counts as learned."""


@dataclass(frozen=True)
class Reach:
    """The largest tested length up to which every tested length holds.

    Attributes:
        length: steps; None where not even the smallest length holds.
        is_open: no length tested lies beyond its end: the true one may be larger.
        unknown: the length at which the search ended because nothing is known there.
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


@dataclass(frozen=True)
class UsableLength:
    """The usable length of one model on one task.

    Attributes:
        estimate: by the mean skill over seeds.
        low, high: by the lower and the upper ends of the 95% intervals of mean skill: up to ``low`` the seeds
            show that it holds, beyond ``high`` that it does not. None where a length on the way has fewer
            than two seeds.
        n: the fewest seeds behind a length; 0 where a length has none.
    """

    estimate: Reach
    low: Reach | None
    high: Reach | None
    n: int

    @property
    def length(self) -> int | None:
        """Steps, by the mean; None where not even the smallest length holds, or it is not known to."""
        return self.estimate.length

    @property
    def interval(self) -> str:
        """The two bounds as text, ``[16, >= 64]``; empty where they are not known.

        >>> UsableLength(Reach(16), Reach(None), Reach(64, is_open=True), 3).interval
        '[-, >= 64]'
        """
        return "" if self.low is None or self.high is None else f"[{self.low}, {self.high}]"

    def __str__(self) -> str:
        return str(self.estimate)


def usable_length(skills: Mapping[int, Summary | None], diverged: Collection[int] = ()) -> UsableLength:
    """Return the largest length up to which mean skill is at least 0.5 at every tested length.

    Args:
        skills: tested length -> skill over seeds; None where it is not known.
        diverged: lengths at which the training of any seed diverged; they do not hold, whatever the mean
            over the other seeds: a model that learns only now and then cannot be relied upon.

    >>> from seqbench.statistics import summary
    >>> skills = {8: [0.9, 0.9, 0.8], 16: [0.9, 0.2, 0.6], 32: [0.1, 0.2]}
    >>> usable = usable_length({length: summary(values) for length, values in skills.items()})
    >>> str(usable), usable.interval, usable.n
    ('16', '[8, >= 32]', 2)
    """
    means = {length: skill.mean if skill else None for length, skill in skills.items()}
    known = {length: skill.interval if skill else None for length, skill in skills.items()}
    low = reach({length: found.low if found else None for length, found in known.items()}, diverged)
    high = reach({length: found.high if found else None for length, found in known.items()}, diverged)
    is_known = low.unknown is None and high.unknown is None and bool(skills)
    fewest = min((skill.n if skill else 0 for skill in skills.values()), default=0)
    return UsableLength(reach(means, diverged), low if is_known else None, high if is_known else None, fewest)


def reach(skills: Mapping[int, float | None], diverged: Collection[int] = ()) -> Reach:
    """Return the largest length up to which each of these numbers is at least 0.5.

    >>> [str(reach(skills)) for skills in ({8: 0.9, 16: 0.7, 32: 0.1}, {8: 0.9, 16: 0.7}, {8: 0.4})]
    ['16', '>= 16', '-']
    >>> str(reach({8: 0.9, 16: None, 32: 0.1}))
    '>= 8 (T=16 unknown)'
    """
    last = None
    for length in sorted({*skills, *diverged}):
        if length in diverged:
            return Reach(last)
        skill = skills[length]
        if skill is None:
            return Reach(last, is_open=True, unknown=length)
        if skill < HOLDS:
            return Reach(last)
        last = length
    return Reach(last, is_open=last is not None)

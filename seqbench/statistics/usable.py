"""Finds the lengths at which a model is usable, and how certain that is.

Where a longer sequence is harder, this is one number: the largest length up to which the model is usable. Where it
is not, as with the look-back of a forecast, a failure at a short length says nothing of longer ones. There the
answer is the ranges of tested lengths at which the model is usable.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from seqbench.statistics.intervals import SeedSummary

HOLDS = 0.5
"""The mean skill at which a length counts as learned."""


@dataclass(frozen=True)
class Reach:
    """The largest tested length up to which the model is usable at every tested length.

    Attributes:
        length: steps; None if the model is not even usable at the smallest length.
        is_open: whether it is the largest tested length, so that the true one may be larger.
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
class Ranges:
    """The ranges of tested lengths at which the model is usable.

    Attributes:
        runs: first and last length of each range, in steps, in order.
        is_open: whether the model is usable at the longest tested length, so that longer ones may be usable too.
        unknown: lengths without a known result.
    """

    runs: tuple[tuple[int, int], ...] = ()
    is_open: bool = False
    unknown: tuple[int, ...] = ()

    @property
    def length(self) -> int | None:
        """The largest tested length at which the model is usable; None if there is none."""
        return self.runs[-1][1] if self.runs else None

    def __str__(self) -> str:
        """Return the ranges as text.

        >>> print(Ranges(((64, 1024),), is_open=True), Ranges(((16, 16), (256, 512))), Ranges(), sep=" | ")
        64 to >= 1024 | 16, 256 to 512 | -
        >>> print(Ranges(((64, 64),), unknown=(256,)), Ranges((), unknown=(16,)), sep=" | ")
        64 (T=256 unknown) | ? (T=16 unknown)
        """
        texts = [str(last) if first == last else f"{first} to {last}" for first, last in self.runs]
        if self.is_open:
            first, last = self.runs[-1]
            texts[-1] = f">= {last}" if first == last else f"{first} to >= {last}"
        beside = f" (T={', '.join(map(str, self.unknown))} unknown)" if self.unknown else ""
        return (", ".join(texts) or ("?" if self.unknown else "-")) + beside


@dataclass(frozen=True)
class UsableLength:
    """The usable length of one model on one task.

    Attributes:
        estimate: computed from the mean skill over seeds.
        low, high: computed from the lower and upper ends of the 95% intervals of mean skill. The seeds show that
            the model is usable at lengths within ``low``, and unusable outside ``high``. None if a length on the
            way has fewer than two seeds.
        n: the smallest number of seeds at a length; 0 if a length has none.
        is_longer_harder: whether the estimate is a `Reach` rather than `Ranges`.
        again: beyond a `Reach`, the lengths at which mean skill is at least 0.5 all the same.
    """

    estimate: Reach | Ranges
    low: Reach | Ranges | None
    high: Reach | Ranges | None
    n: int
    is_longer_harder: bool = True
    again: Ranges = Ranges()

    @property
    def length(self) -> int | None:
        """Steps, from the mean skill; None if no length is known to be usable."""
        return self.estimate.length

    def holds(self, length: int) -> bool:
        """Say whether a tested length lies within the estimate."""
        if isinstance(self.estimate, Ranges):
            return any(first <= length <= last for first, last in self.estimate.runs)
        return self.estimate.length is not None and length <= self.estimate.length

    @property
    def interval(self) -> str:
        """The two bounds as text, ``[16, >= 64]``; empty if unknown.

        >>> UsableLength(Reach(16), Reach(None), Reach(64, is_open=True), 3).interval
        '[-, >= 64]'
        """
        return "" if self.low is None or self.high is None else f"[{self.low}, {self.high}]"

    def __str__(self) -> str:
        return str(self.estimate)


def usable_length(
    skills: Mapping[int, SeedSummary | None], diverged: Collection[int] = (), *, is_longer_harder: bool = True
) -> UsableLength:
    """Return the largest length up to which mean skill is at least 0.5 at every tested length.

    Args:
        skills: tested length -> skill over seeds; None if unknown.
        diverged: lengths at which the training of any seed diverged. They count as unusable, whatever the mean
            over the other seeds: a model that learns only sometimes is not reliable.
        is_longer_harder: if False, return the ranges of lengths at which mean skill is at least 0.5.

    >>> from seqbench.statistics import summary
    >>> skills = {8: [0.9, 0.9, 0.8], 16: [0.9, 0.2, 0.6], 32: [0.1, 0.2]}
    >>> usable = usable_length({length: summary(values) for length, values in skills.items()})
    >>> str(usable), usable.interval, usable.n
    ('16', '[8, >= 32]', 2)
    >>> str(usable_length({8: summary([0.9]), 16: summary([0.1]), 32: summary([0.9])}).again)
    '>= 32'
    """
    means = {length: skill.mean if skill else None for length, skill in skills.items()}
    known = {length: skill.interval if skill else None for length, skill in skills.items()}
    found = reach if is_longer_harder else ranges
    low = found({length: ends.low if ends else None for length, ends in known.items()}, diverged)
    high = found({length: ends.high if ends else None for length, ends in known.items()}, diverged)
    is_known = not low.unknown and not high.unknown and bool(skills)
    fewest = min((skill.n if skill else 0 for skill in skills.values()), default=0)
    estimate = found(means, diverged)
    again = _again(estimate, means, diverged)
    if not is_known:
        return UsableLength(estimate, None, None, fewest, is_longer_harder, again)
    return UsableLength(estimate, low, high, fewest, is_longer_harder, again)


def _again(estimate: Reach | Ranges, means: Mapping[int, float | None], diverged: Collection[int]) -> Ranges:
    if isinstance(estimate, Ranges) or estimate.unknown is not None:
        return Ranges()
    beyond = {length: mean for length, mean in means.items() if length > (estimate.length or 0)}
    return ranges(beyond, [length for length in diverged if length > (estimate.length or 0)])


def ranges(skills: Mapping[int, float | None], diverged: Collection[int] = ()) -> Ranges:
    """Return the ranges of lengths at which each of these numbers is at least 0.5.

    >>> [str(ranges(skills)) for skills in ({8: 0.2, 16: 0.7, 32: 0.6}, {8: 0.9, 16: 0.1, 32: 0.9, 64: 0.2})]
    ['16 to >= 32', '8, 32']
    """
    runs: list[tuple[int, int]] = []
    is_open = False
    lengths = sorted({*skills, *diverged})
    for length in lengths:
        skill = skills.get(length)
        holds = skill is not None and skill >= HOLDS and length not in diverged
        if holds:
            runs = [*runs[:-1], (runs[-1][0], length)] if is_open else [*runs, (length, length)]
        is_open = holds
    unknown = tuple(length for length in lengths if length not in diverged and skills.get(length) is None)
    return Ranges(tuple(runs), is_open, unknown)


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

"""Splits the variance of skills into the effect of the model, that of the seed, and that of both together.

The two-way layout of models and seeds at one task and length, one skill each, all effects random: Searle, Casella
and McCulloch (1992), Variance Components, section 4.3.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from seqbench.statistics.intervals import SeedSummary, summary
from seqbench.statistics.pairs import Outcomes

Estimates = tuple[float, float, float]
"""Of the variances of model, seed and both; the first two may be below 0."""


@dataclass(frozen=True)
class Components:
    """Variances of skill, each at least 0.

    Attributes:
        model: of the models' means.
        seed: of the seeds' means: the data of a seed, which all models share, are hard or easy.
        both: what a seed does to one model alone: its first weights and the order of its batches.
    """

    model: float
    seed: float
    both: float

    @property
    def shares(self) -> tuple[float, float, float] | None:
        """The shares of the three in their sum; None if all skills are equal."""
        whole = self.model + self.seed + self.both
        return (self.model / whole, self.seed / whole, self.both / whole) if whole > 0 else None


@dataclass(frozen=True)
class TaskShares:
    """The shares on one task, its lengths added up.

    Attributes:
        task: its name.
        shares: model, seed, both; None if all skills are equal.
        lengths: how many lengths count: those at which every model has a skill with every seed.
        left_out: how many do not.
        models, seeds: how many.
    """

    task: str
    shares: tuple[float, float, float] | None
    lengths: int
    left_out: int
    models: int
    seeds: int


def components(skills: Sequence[Sequence[float]]) -> Components:
    """Return the variance components of skills: a row for each model, a column for each seed, two or more.

    With the mean squares M of models, S of seeds and E of the rest: (M - E) / seeds, (S - E) / models and E. An
    estimate below 0 says that the effect is lost in the rest; it is 0.

    >>> components([[1.0, 1.0], [0.0, 0.0]])
    Components(model=0.5, seed=0.0, both=0.0)
    """
    return _cut(_estimates(skills))


def _estimates(skills: Sequence[Sequence[float]]) -> Estimates:
    k, s = len(skills), len(skills[0])
    rows, columns = [fmean(row) for row in skills], [fmean(column) for column in zip(*skills, strict=True)]
    middle = fmean(rows)
    of_models = s * sum((row - middle) ** 2 for row in rows) / (k - 1)
    of_seeds = k * sum((column - middle) ** 2 for column in columns) / (s - 1)
    rest = sum(
        (skill - rows[i] - columns[j] + middle) ** 2 for i, row in enumerate(skills) for j, skill in enumerate(row)
    ) / ((k - 1) * (s - 1))
    return (of_models - rest) / s, (of_seeds - rest) / k, rest


def _cut(found: Estimates) -> Components:
    model, seed, both = found
    return Components(max(0.0, model), max(0.0, seed), both)


def shares_by_task(outcomes: Outcomes) -> list[TaskShares]:
    """Return the shares on each task that has two models and two seeds or more.

    A length where a model has no skill with some seed is left out: a skill is never imputed. Estimates below 0 are
    added up with the others, and only their sum is cut at 0: an effect of pure noise would add up otherwise.
    """
    found = []
    for task in dict.fromkeys(place[0] for own in outcomes.values() for place in own):
        tables = _tables(task, outcomes)
        whole = [known for table in tables if (known := _whole(table)) is not None]
        if whole and min(len(whole[0]), len(whole[0][0])) > 1:
            model, seed, both = (math.fsum(each) for each in zip(*map(_estimates, whole), strict=True))
            added = _cut((model, seed, both))
            left_out, size = len(tables) - len(whole), (len(whole[0]), len(whole[0][0]))
            found.append(TaskShares(task, added.shares, len(whole), left_out, *size))
    return found


def mean_shares(tasks: Sequence[TaskShares]) -> tuple[SeedSummary, SeedSummary, SeedSummary] | None:
    """Return the means of the shares over the tasks, with their intervals over the tasks; None without any."""
    known = [each.shares for each in tasks if each.shares is not None]
    if not known:
        return None
    model, seed, both = (summary(own, least=0.0, most=1.0) for own in zip(*known, strict=True))
    return (model, seed, both) if model and seed and both else None


def _tables(task: str, outcomes: Outcomes) -> list[list[list[float | None]]]:
    """Return the skills at each length: [model][seed], of the models that were run on the task."""
    own = {model: _of_task(task, found) for model, found in outcomes.items()}
    own = {model: found for model, found in own.items() if found}
    places = {place for found in own.values() for place in found}
    lengths, seeds = sorted({length for length, _ in places}), sorted({seed for _, seed in places})
    return [[[found.get((length, seed)) for seed in seeds] for found in own.values()] for length in lengths]


def _of_task(task: str, found: Mapping[tuple[str, int, int], float]) -> dict[tuple[int, int], float]:
    return {(length, seed): skill for (name, length, seed), skill in found.items() if name == task}


def _whole(table: Sequence[Sequence[float | None]]) -> list[list[float]] | None:
    """Return a table in which nothing is missing; None for another."""
    known = [[skill for skill in row if skill is not None and math.isfinite(skill)] for row in table]
    return known if all(len(a) == len(b) for a, b in zip(known, table, strict=True)) else None

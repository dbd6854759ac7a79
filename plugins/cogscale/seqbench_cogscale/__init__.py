"""Offers the 14 tasks of CogScale, made by its package, and its published scores of GRU and LSTM as targets."""

from __future__ import annotations

from collections.abc import Iterator

from seqbench import Target, Task, hookimpl
from seqbench_cogscale.forecasting import ChaoticForecasting, SinusForecasting
from seqbench_cogscale.memory import (
    AssociativeRecall,
    ContinuousPostcasting,
    DiscretePostcasting,
    SelectiveCopy,
    SimpleCopy,
)
from seqbench_cogscale.patterns import ContinuousPattern, DiscretePattern, InductionHeads
from seqbench_cogscale.published import targets
from seqbench_cogscale.reasoning import AddingProblem, BracketMatching, CrossSituation, SortingProblem

SEQBENCH_CONTRACT = 2


@hookimpl
def seqbench_tasks() -> Iterator[type[Task]]:
    """Yield the tasks in the order of the package's README."""
    yield from (SinusForecasting, ChaoticForecasting)
    yield from (DiscretePostcasting, ContinuousPostcasting, SimpleCopy, SelectiveCopy, AssociativeRecall)
    yield from (DiscretePattern, ContinuousPattern, InductionHeads)
    yield from (AddingProblem, SortingProblem, BracketMatching, CrossSituation)


@hookimpl
def seqbench_targets() -> Iterator[Target]:
    """Yield the targets; the number, tolerance and experiment of each stood before it was run."""
    yield from targets()

"""Divides a search among several commands: its trials, and the cells that are tested in the end.

The division is the same on every machine, and depends neither on what has ended nor on what is proposed: each
trial has its share before its setting is known.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from seqbench.experiment.cells import Cell
from seqbench.experiment.shards import Shard
from seqbench.plugins.grid import Expansion
from seqbench.records.search import Place, Search
from seqbench.tuning.places import TunedPlace


@dataclass(frozen=True)
class Share:
    """What one command runs of a search.

    Attributes:
        trials: task, model and length; number; and seed of each trial.
        tests: task, model and length; and seed of each tested cell.
    """

    trials: Collection[tuple[Place, int, int]]
    tests: Collection[tuple[Place, int]]

    def of_trials(self, cells: Iterable[Cell]) -> list[Cell]:
        """Return the trials of this share."""
        return [
            cell
            for cell in cells
            if cell.trial is not None and (place_of(cell), cell.trial.number, cell.seed) in self.trials
        ]

    def count_of_trials(self, place: Place) -> int:
        """Return how many trials of a place are in this share, each with one seed."""
        return sum(where == place for where, _, _ in self.trials)

    def of_tests(self, cells: Iterable[Cell]) -> list[Cell]:
        """Return the tested cells of this share."""
        return [cell for cell in cells if (place_of(cell), cell.seed) in self.tests]


def share_of(shard: Shard, places: Sequence[TunedPlace], search: Search, seeds: Sequence[int]) -> Share:
    """Return a share of a search; all shares have about the same work, by the settings of the experiment.

    Trials are dealt place by place, the longest first, in the order of their numbers, so that each generation is
    divided too.

    Args:
        shard: which one.
        places: what is tuned.
        search: the plan, with the number of trials and their seeds.
        seeds: of the tested cells.
    """
    work = {each.place: Expansion((), {each.cell.key: each.task}).work(each.cell) for each in places}
    ordered = sorted(work, key=lambda place: -work[place])
    trials = [
        (place, number, seed)
        for place in ordered
        for number in range(search.plan[place].trials)
        for seed in search.trial_seeds
    ]
    tests = [(place, seed) for place in ordered for seed in seeds]
    return Share(
        frozenset(shard.dealt(trials, lambda trial: work[trial[0]])),
        frozenset(shard.dealt(tests, lambda test: work[test[0]])),
    )


def place_of(cell: Cell) -> Place:
    """Return the task, model and length of a cell, as a search names them."""
    return Place(cell.task.shown, cell.model.titled, cell.length)

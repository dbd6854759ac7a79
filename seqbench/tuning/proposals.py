"""Proposes the settings of trials: at random, or from a grid.

What is proposed depends on the search and on the results of earlier trials, never on time or on workers.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from seqbench.experiment.search_space import Values, grid_settings, random_setting
from seqbench.records.trials import TrialRow


@dataclass(frozen=True)
class Proposed:
    """A trial to run.

    Attributes:
        setting: parameter -> value.
        bars: (step, score) which the trial must have passed; empty for a trial that is never pruned.
    """

    setting: Mapping[str, Any]
    bars: tuple[tuple[int, float], ...] = ()


class Proposer(ABC):
    """A way to propose settings."""

    @abstractmethod
    def known(self, space: Mapping[str, Values], trials: int, rows: Sequence[TrialRow]) -> list[Proposed]:
        """Return the first trials of a place, as many as are decided by now.

        Args:
            space: what is tuned there.
            trials: how many there are in the end.
            rows: trials of the place that have ended. The same rows give the same answer, and more rows never
                change what fewer rows have decided.
        """


@dataclass(frozen=True)
class RandomProposer(Proposer):
    """Draws each setting by itself; all are known at once."""

    seed: int

    def known(self, space: Mapping[str, Values], trials: int, rows: Sequence[TrialRow]) -> list[Proposed]:
        """Return all trials."""
        return [Proposed(random_setting(space, self.seed, number)) for number in range(trials)]


@dataclass(frozen=True)
class GridProposer(Proposer):
    """Tries every combination of the values, in the order of the space."""

    def known(self, space: Mapping[str, Values], trials: int, rows: Sequence[TrialRow]) -> list[Proposed]:
        """Return all trials."""
        return [Proposed(setting) for setting in grid_settings(space)[:trials]]

"""Proposes the settings of trials: at random, from a grid, or generation by generation from earlier results.

What is proposed depends on the search and on the results of earlier generations, never on time or on workers.
Builds on places.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from seqbench.experiment.search_space import Values, grid_settings, random_setting
from seqbench.records.search import Place
from seqbench.records.trials import TrialRow
from seqbench.tuning.places import TunedPlace

LEAST_REACHED = 3
"""Earlier trials that must have reached a step before others are pruned there."""


@dataclass(frozen=True)
class Proposed:
    """A trial to run.

    Attributes:
        setting: parameter -> value.
        bars: (step, score): the trial ends where its best score by then is worse; empty for one that never does.
    """

    setting: Mapping[str, Any]
    bars: tuple[tuple[int, float], ...] = ()


class Proposer(ABC):
    """A way to propose settings."""

    @abstractmethod
    def known(
        self, tuned: TunedPlace, trials: int, rows: Sequence[TrialRow], ended: Collection[str]
    ) -> dict[int, Proposed]:
        """Return number -> trial, for the trials of a place that are decided by now.

        Args:
            tuned: the task, model and length, with what is tuned there.
            trials: how many there are in the end.
            rows: the trials of the place that have a record.
            ended: the statuses of those that have ended, beside refused ones. More of them never change what
                fewer have decided.
        """

    def is_by_results(self, number: int) -> bool:
        """Return whether a trial is proposed by the results of earlier ones, and so not known from the start."""
        return False


@dataclass(frozen=True)
class RandomProposer(Proposer):
    """Draws each setting by itself; all are known at once."""

    seed: int

    def known(
        self, tuned: TunedPlace, trials: int, rows: Sequence[TrialRow], ended: Collection[str]
    ) -> dict[int, Proposed]:
        """Return all trials."""
        return {number: Proposed(random_setting(tuned.space, self.seed, number)) for number in range(trials)}


@dataclass(frozen=True)
class GridProposer(Proposer):
    """Tries every combination of the values, in the order of the space."""

    def known(
        self, tuned: TunedPlace, trials: int, rows: Sequence[TrialRow], ended: Collection[str]
    ) -> dict[int, Proposed]:
        """Return all trials."""
        return {number: Proposed(setting) for number, setting in enumerate(grid_settings(tuned.space)[:trials])}


class Picker(ABC):
    """Picks the settings of one generation."""

    @abstractmethod
    def settings(
        self, place: Place, space: Mapping[str, Values], numbers: range, earlier: Sequence[TrialRow]
    ) -> list[dict[str, Any]]:
        """Return a setting for each of these numbers, by the trials of earlier generations."""


@dataclass(frozen=True)
class RandomPicker(Picker):
    """Draws each setting by itself, as `RandomProposer` does."""

    seed: int

    def settings(
        self, place: Place, space: Mapping[str, Values], numbers: range, earlier: Sequence[TrialRow]
    ) -> list[dict[str, Any]]:
        """Return a setting for each number."""
        return [random_setting(space, self.seed, number) for number in numbers]


@dataclass(frozen=True)
class GenerationProposer(Proposer):
    """Proposes generations of a fixed size; one is known once all trials of those before it have ended.

    Attributes:
        picker: picks their settings.
        size: trials of a generation.
        seeds: of each trial.
        is_pruning: whether trials have bars, by the trials of earlier generations.
    """

    picker: Picker
    size: int
    seeds: int
    is_pruning: bool

    def known(
        self, tuned: TunedPlace, trials: int, rows: Sequence[TrialRow], ended: Collection[str]
    ) -> dict[int, Proposed]:
        """Return the trials of all generations that are decided by now.

        A trial of a later generation that has a record is what its record says: the outcomes by which it was
        proposed may have changed since, where an earlier trial was run again.
        """
        has_ended = (row for row in rows if row.status in ended or row.refused is not None)
        done = sorted(has_ended, key=lambda row: (row.number, row.seed))
        kept = {row.number: Proposed(row.setting, row.bars) for row in rows if row.number >= self.size}
        found: dict[int, Proposed] = {}
        for start in range(0, trials, self.size):
            numbers = range(start, min(start + self.size, trials))
            earlier = [row for row in done if row.number < start]
            if len(earlier) >= start * self.seeds and not kept.keys() >= set(numbers):
                found |= self._generation(tuned, numbers, earlier)
            found |= {number: kept[number] for number in numbers if number in kept}
        return found

    def is_by_results(self, number: int) -> bool:
        """Return whether it is in a later generation than the first."""
        return number >= self.size

    def _generation(self, tuned: TunedPlace, numbers: range, earlier: Sequence[TrialRow]) -> dict[int, Proposed]:
        bars = tuple(bars_of(earlier)) if self.is_pruning else ()
        settings = self.picker.settings(tuned.place, tuned.space, numbers, earlier)
        return {number: Proposed(each, bars) for number, each in zip(numbers, settings, strict=True)}


def bars_of(rows: Iterable[TrialRow]) -> Iterable[tuple[int, float]]:
    """Yield (step, median of the best scores that trials had by then), for steps that enough trials have reached.

    The median rule of Golovin et al. (2017), "Google Vizier", section 3.2, but with the best score so far of the
    earlier trials too, where they have the mean of theirs.
    """
    reached = defaultdict(list)
    for row in rows:
        sign, best = 1 if row.is_higher_better else -1, None
        for step, score in row.validations if row.status == "ok" else ():
            if score is not None:
                best = score if best is None else sign * max(sign * best, sign * score)
            if best is not None:
                reached[step].append(best)
    yield from ((step, median(scores)) for step, scores in sorted(reached.items()) if len(scores) >= LEAST_REACHED)

"""Defines the tasks of CogScale that compute with what was read: sums, order, brackets, meanings of sentences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from seqbench import DataError, TaskData, cached_tensors
from seqbench_cogscale.arrays import Labels, silent, splits
from seqbench_cogscale.package import KNOWN
from seqbench_cogscale.scores import label_baselines, label_error_rate, row_error_rate
from seqbench_cogscale.task import ClassTask, CogScaleTask, assembled

if TYPE_CHECKING:
    from torch import Tensor

SENTENCE_STEPS = 17
"""Steps of a sentence of `CrossSituation`, the same at every difficulty; shorter sentences begin with zeros."""


@dataclass(frozen=True)
class AddingProblem(ClassTask):
    """Add two marked numbers of T, after a trigger. Class c is the sum c + 2.

    Numbers 1 to 3, at T = 6 (channel n - 1 is the number n, the mark is 3, the trigger 4)::

        input   1 1 2 2 0+3 0+3 4 .
        target                    0
        scored                    ^

    Numbers up to 3 (small, T 10), 8 (medium, 20), 20 (large, 50).
    """

    name: ClassVar[str] = "cogscale-adding-problem"
    version: ClassVar[int] = 1
    package_name: ClassVar[str] = "adding_problem"

    def time_steps(self, length: int) -> int:
        """Return T + 2."""
        return length + 2


@dataclass(frozen=True)
class SortingProblem(ClassTask):
    """Repeat T symbols in the order of the places that are read beside them.

    Three symbols, at T = 3 (channels 3 to 5 are places, the trigger is 6)::

        input   1+5 1+3 2+4 6 . . .
        target                1 2 1
        scored                ^ ^ ^

    A step has T + 1 channels more than symbols, so that networks differ with T, and inputs grow with T squared:
    far above the T of a difficulty there are fewer examples. Symbols: 3 (small, T 10), 8 (medium, 20), 20 (large,
    50).
    """

    name: ClassVar[str] = "cogscale-sorting-problem"
    version: ClassVar[int] = 1
    package_name: ClassVar[str] = "sorting_problem"

    def time_steps(self, length: int) -> int:
        """Return 2 T + 1."""
        return 2 * length + 1


@dataclass(frozen=True)
class BracketMatching(ClassTask):
    """Say whether T brackets match (1) or not (0).

    At T = 8 (0 opens, 1 closes, 2 is the marker)::

        input   0 0 0 1 0 1 1 1 2 .
        target                    1
        scored                    ^

    Half of the rows match as they are made; in the others a third of the brackets are drawn again, after which few
    match. T is even. Greatest depth: 5 (small, T 50), 10 (medium, 100), 30 (large, 300).
    """

    name: ClassVar[str] = "cogscale-bracket-matching"
    version: ClassVar[int] = 1
    package_name: ClassVar[str] = "bracket_matching"

    def time_steps(self, length: int) -> int:
        """Return T + 2."""
        return length + 2

    def load(self, length: int, seed: int) -> TaskData:
        """Let the package make the data.

        Raises:
            DataError: T is odd, so that no brackets match, or the package is missing.
        """
        if length % 2:
            raise DataError(f"{length} brackets cannot match; take an even length")
        return super().load(length, seed)


@dataclass(frozen=True)
class CrossSituation(CogScaleTask):
    """Read a sentence about two things, and name for each what it is, its colour and its place.

    The sentence, a word at a step, with the labels that hold::

        input   . . . . 7 2 9 6 10 8 4 11 5 2 9 1 6
        target                              1+10+11+16
        scored                                       ^

    Sentences have 17 steps. At T up to 17 the data are the package's own; above, T - 17 steps of zeros follow,
    over which the meaning has to be carried, and the answer is asked for at the last. Sentences are drawn with
    repetition from all that can be made of the words (``small`` has few): some stand in two splits.

    Metrics: ``label_error_rate``, the package's, at the threshold 0.5; ``row_error_rate``, the share of sentences
    with at least one wrong label. The first call at ``medium`` takes half a minute, and more at ``large``; data
    are kept in the cache.
    """

    name: ClassVar[str] = "cogscale-cross-situation"
    version: ClassVar[int] = 1
    package_name: ClassVar[str] = "cross_situation"

    def time_steps(self, length: int) -> int:
        """Return T, or the 17 steps of a sentence where T is less."""
        return max(length, SENTENCE_STEPS)

    def tensors(self, length: int, seed: int) -> Mapping[str, Tensor]:
        """Return sentences, silence after them, and labels at the last step."""
        made = self.preset
        kept = cached_tensors(
            (self.name, self.version, KNOWN, self.difficulty, seed), lambda: splits(made.made({}, seed))
        )
        return silent(kept, max(0, length - SENTENCE_STEPS))

    def task_data(self, tensors: Mapping[str, Tensor]) -> TaskData:
        """Return labels, with the commoner value of each and a guess as baselines."""
        labels = tensors["test targets"].shape[2]
        return assembled(
            tensors,
            Labels(),
            (label_error_rate(), row_error_rate()),
            lambda train, test: label_baselines(train, test, labels),
        )

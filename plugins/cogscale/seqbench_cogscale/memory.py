"""Defines the tasks of CogScale on memory: repeating what was read, all of it or a part, later."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from seqbench_cogscale.task import ClassTask, NumberTask


@dataclass(frozen=True)
class DiscretePostcasting(ClassTask):
    """Say which symbol stood ``delay`` steps ago, at each step.

    Three symbols, a delay of 3, at T = 8::

        input   1 1 2 2 0 0 2 2
        target        1 1 2 2 0
        scored        ^ ^ ^ ^ ^

    Delays: 5 (small, T 50, 3 symbols), 15 (medium, 100, 8), 50 (large, 300, 8).
    """

    name: ClassVar[str] = "cogscale-discrete-postcasting"
    version: ClassVar[int] = 1
    package_name: ClassVar[str] = "discrete_postcasting"

    @property
    def is_longer_harder(self) -> bool:
        """What is to be remembered depends on the delay, not on T."""
        return False


@dataclass(frozen=True)
class ContinuousPostcasting(NumberTask):
    """Give the number that stood ``delay`` steps ago, at each step; numbers are uniform between -0.8 and 0.8.

    A delay of 2, at T = 6::

        input   0.0 0.7 -0.6  0.7 -0.3 -0.1
        target           0.0  0.7 -0.6  0.7
        scored             ^    ^    ^    ^

    Delays: 5 (small, T 50), 15 (medium, 100), 50 (large, 300).
    """

    name: ClassVar[str] = "cogscale-continuous-postcasting"
    version: ClassVar[int] = 1
    package_name: ClassVar[str] = "continuous_postcasting"

    @property
    def is_longer_harder(self) -> bool:
        """What is to be remembered depends on the delay, not on T."""
        return False


@dataclass(frozen=True)
class SimpleCopy(ClassTask):
    """Repeat T symbols after a delay, once a marker has stood.

    Three symbols, a delay of 2, at T = 3 (the marker is 3)::

        input   1 1 2 . . 3 . . .
        target              1 1 2
        scored              ^ ^ ^

    Delays: 5 (small, T 22, 3 symbols), 10 (medium, 50, 8), 30 (large, 150, 20).
    """

    name: ClassVar[str] = "cogscale-simple-copy"
    version: ClassVar[int] = 1
    package_name: ClassVar[str] = "simple_copy"

    def time_steps(self, length: int) -> int:
        """Return 2 T + delay + 1."""
        return 2 * length + int(self.preset.values["delay"]) + 1


@dataclass(frozen=True)
class SelectiveCopy(ClassTask):
    """Repeat the marked ones of T symbols, in their order, after a delay and a trigger.

    Three symbols, two of them marked, a delay of 2, at T = 6 (the mark is 3, the trigger 4)::

        input   1 1 2 2 0+3 0+3 . . 4 . .
        target                        0 0
        scored                        ^ ^

    Marked: 5 (small, T 40, 3 symbols, delay 5), 10 (medium, 80, 8, 10), 30 (large, 240, 20, 30).
    """

    name: ClassVar[str] = "cogscale-selective-copy"
    version: ClassVar[int] = 1
    package_name: ClassVar[str] = "selective_copy"

    def time_steps(self, length: int) -> int:
        """Return T + delay + 1 + marked symbols."""
        values = self.preset.values
        return length + int(values["delay"]) + 1 + int(values["n_markers"])


@dataclass(frozen=True)
class AssociativeRecall(ClassTask):
    """Give the value of a key, after pairs of keys and values and symbols that distract.

    Three pairs, at T = 8 (the separator is 4, the filler 3)::

        input   0 0 1 0 2 2 4 2
        target                2
        scored                ^

    Keys, values and distractors are the same symbols. Two of the classes, separator and filler, are never right.
    Pairs: 3 (small, T 16, 3 symbols), 7 (medium, 32, 14), 15 (large, 64, 30).
    """

    name: ClassVar[str] = "cogscale-associative-recall"
    version: ClassVar[int] = 1
    package_name: ClassVar[str] = "associative_recall"

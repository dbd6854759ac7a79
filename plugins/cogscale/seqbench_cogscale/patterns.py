"""Defines the tasks of CogScale on patterns that repeat: filling in what is hidden, and going on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from seqbench_cogscale.task import ClassTask, NumberTask


@dataclass(frozen=True)
class DiscretePattern(ClassTask):
    """Name the hidden symbols of a pattern that repeats; a fifth of all symbols are hidden.

    A pattern of 3 of three symbols, at T = 10 (3 hides a symbol)::

        input   3 3 2 1 1 2 1 3 2 1
        target  1 1           1
        scored  ^ ^           ^

    Symbols that are hidden before the pattern was seen can only be guessed by a model that does not look ahead:
    it cannot score 0. Patterns: 4 symbols (small, T 60, 3 symbols), 10 (medium, 150, 8), 25 (large, 500, 20).
    """

    name: ClassVar[str] = "cogscale-discrete-pattern-completion"
    version: ClassVar[int] = 1
    package_name: ClassVar[str] = "discrete_pattern_completion"

    @property
    def is_longer_harder(self) -> bool:
        """The pattern, whatever T is, has the same length, and repeats more often."""
        return False


@dataclass(frozen=True)
class ContinuousPattern(NumberTask):
    """Give the hidden numbers of a pattern that repeats; a fifth of all numbers, uniform in 0 to 1, are hidden.

    A pattern of 3, at T = 8 (-1 hides a number)::

        input   0.5 1.0 0.1 0.5 1.0 -1.0 0.5 -1.0
        target                       0.1      1.0
        scored                         ^        ^

    Numbers that are hidden before the pattern was seen can only be guessed by a model that does not look ahead.
    Patterns: 4 numbers (small, T 60), 10 (medium, 150), 20 (large, 500).
    """

    name: ClassVar[str] = "cogscale-continuous-pattern-completion"
    version: ClassVar[int] = 1
    package_name: ClassVar[str] = "continuous_pattern_completion"

    @property
    def is_longer_harder(self) -> bool:
        """The pattern, whatever T is, has the same length, and repeats more often."""
        return False


@dataclass(frozen=True)
class InductionHeads(ClassTask):
    """Name the next symbol in the second half of a sequence, which repeats the first.

    Three symbols, at T = 8::

        input   1 1 2 2 1 1 2 2
        target          1 2 2
        scored          ^ ^ ^

    T is even. Symbols: 3 (small, T 40), 8 (medium, 100), 20 (large, 250).
    """

    name: ClassVar[str] = "cogscale-induction-heads"
    version: ClassVar[int] = 1
    package_name: ClassVar[str] = "induction_heads"

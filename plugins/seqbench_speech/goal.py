"""Holds recordings as they are laid out for a goal: splits, what is asked for, and how it is scored."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from seqbench import Baseline, Metric, Split, TargetKind
from seqbench_speech.symbols import Symbols

if TYPE_CHECKING:
    from torch import Tensor

Kept = Callable[[Callable[[], "dict[str, Tensor]"]], "dict[str, Tensor]"]
"""Returns the tensors that a function makes, from the cache if possible."""


class Laid(NamedTuple):
    """Recordings laid out; the fields are those of `TaskData`, and the symbols of the answers."""

    splits: Mapping[str, Split]
    targets: TargetKind
    metrics: tuple[Metric, ...]
    baselines: tuple[Baseline, ...]
    show: Callable[[int], str]
    facts: Mapping[str, float | int | str]
    symbols: Symbols

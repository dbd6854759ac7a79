"""Names cells in words, the same in messages, logs and tables."""

from __future__ import annotations

from collections.abc import Sequence

from seqbench.base.ranges import seeds_text
from seqbench.experiment.weights import Sized, shown_weights


def title(task: str, model: str, length: int, seed: int) -> str:
    """Return the title of a cell.

    >>> title("copy", "lstm", 64, 0)
    'copy lstm T=64 seed 0'
    """
    return title_of_several(task, model, length, [seed])


def title_of_several(task: str, model: str, length: int, seeds: Sequence[int]) -> str:
    """Return the title of cells that differ in their seed only.

    >>> title_of_several("copy", "lstm", 64, [0, 1, 2, 5])
    'copy lstm T=64 seeds 0..2, 5'
    """
    return f"{task} {model} T={length} {seeds_text(seeds)}"


def titled(model: str, sized: Sized | None) -> str:
    """Return a model's name with the weights for which its width was chosen.

    >>> titled("lstm", Sized(10_000, ("hidden_size",))), titled("lstm", None)
    ('lstm (10k weights)', 'lstm')
    """
    return model if sized is None else f"{model} ({shown_weights(sized.weights)} weights)"

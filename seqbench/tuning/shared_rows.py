"""Finds tasks whose trials train or validate on examples that other seeds test on.

A task may draw its splits from one set of rows by the seed. Then a setting is chosen with the help of test
examples, although no trial sees the test split of its own seed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from seqbench.tuning.places import TunedPlace

if TYPE_CHECKING:
    from seqbench.contracts.examples import Split

LEAST_SHARE = 0.1
"""Share of the test examples from which it is said; fewer are alike by chance where sequences are short."""


def shared_rows(places: Iterable[TunedPlace], trial_seeds: Sequence[int], seed: int) -> Iterator[str]:
    """Yield a sentence about each such task; its data are loaded at the smallest length, with two seeds.

    Args:
        places: what is tuned.
        trial_seeds: the seeds of trials, of which the first is looked at.
        seed: of a cell that is tested.

    Raises:
        DataError: the data of a task are missing or unfit.
    """
    smallest: dict[str, TunedPlace] = {}
    for place in sorted(places, key=lambda place: place.place.length):
        smallest.setdefault(place.place.task, place)
    for task, place in smallest.items():
        trial, tested = (place.task.load(place.place.length, each) for each in (trial_seeds[0], seed))
        test = list(rows_of(tested.test))
        tried, own = (set(rows_of(data.train)) | set(rows_of(data.validation)) for data in (trial, tested))
        shared, by_chance = (sum(row in rows for row in test) for rows in (tried, own))
        if shared >= LEAST_SHARE * len(test) and shared > 2 * by_chance:
            yield (
                f"{task}: {shared} of {len(test)} test examples of seed {seed} are among those on which trials"
                " train and validate, since the task draws its splits by the seed: its settings are chosen with"
                " the help of test examples; where it takes data that have splits of their own, give it such"
            )


def rows_of(split: Split) -> Iterator[bytes]:
    """Yield the input of each example as bytes."""
    from seqbench.contracts.examples import Ragged

    inputs = split.inputs
    if isinstance(inputs, Ragged):
        ends = inputs.offsets.tolist()
        yield from (inputs.values[a:b].numpy().tobytes() for a, b in pairwise(ends))
    else:
        yield from (row.contiguous().numpy().tobytes() for row in inputs)

"""Divides the series of a training file into training and validation: a share of each class, drawn by the seed."""

from __future__ import annotations

from seqbench import DataError, generator
from seqbench_series_class.collection import Collection


def divide(given: Collection, share: float, seed: int) -> tuple[Collection, Collection]:
    """Return training and validation series; each class that has two series or more has one in both.

    Args:
        given: the training file.
        share: of the series of each class that are for validation.
        seed: of the draw.

    Raises:
        DataError: no class has two series.
    """
    import torch

    order = torch.randperm(len(given.labels), generator=generator(seed, "series-class", "split")).tolist()
    validation: list[int] = []
    for label in sorted(set(given.labels)):
        members = [row for row in order if given.labels[row] == label]
        wanted = max(1, round(share * len(members)))
        validation += members[: min(wanted, len(members) - 1)]
    if not validation:
        raise DataError("each class has one training series, and none can be spared for validation")
    kept = set(validation)
    return given.take([row for row in order if row not in kept]), given.take(sorted(validation))

"""Divides images among training, validation and test: by class, with copies on one side, whatever the length."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from seqbench import DataError, generator
from seqbench_pixels.images import Images

if TYPE_CHECKING:
    import numpy as np

TEST, VALIDATION = 0.2, 0.1
"""Shares of the images of each class that are drawn where the data have no such split."""


def divide(found: Mapping[str, Images], seed: int) -> dict[str, Images]:
    """Return training, validation and test images, each in an order drawn by the seed.

    Args:
        found: the splits that the data have; of what is missing a share is drawn from ``all``, or from ``train``.
        seed: of the draws. The length is no part of it: a network that is tested at several lengths has seen
            none of their test images.

    Raises:
        DataError: a class has too few images, or occurs in no training image.
    """
    rest = found.get("train", found.get("all"))
    if rest is None:
        raise DataError(f"the images are for {', '.join(found)}, and none for training")
    shares = {part: share for part, share in (("test", TEST), ("validation", VALIDATION)) if part not in found}
    parts = {part: images for part, images in found.items() if part in ("test", "validation")}
    parts |= {part: rest.take(rows) for part, rows in _drawn(rest, shares, seed).items()}
    _check_classes(parts)
    return {part: _shuffled(parts[part], part, seed) for part in ("train", "validation", "test")}


def _drawn(images: Images, shares: Mapping[str, float], seed: int) -> dict[str, np.ndarray]:
    """Return part -> numbers of images: a share of each class, the rest for training; copies stay together."""
    import numpy as np
    import torch

    groups = copies(images)
    firsts = np.unique(groups, return_index=True)[1]
    labels = images.labels[firsts]
    order = torch.randperm(len(firsts), generator=generator(seed, "pixels", "split")).numpy()
    part_of = np.full(len(firsts), "train", dtype="U10")
    for label in np.unique(labels):
        members = order[labels[order] == label]
        if len(members) <= len(shares):
            raise DataError(
                f"the class {label} has {_counted(len(members))}; {len(shares) + 1} are needed, one for each of"
                f" {', '.join(['train', *shares])}"
            )
        begin = 0
        for part, share in shares.items():
            count = max(1, round(share * len(members)))
            part_of[members[begin : begin + count]] = part
            begin += count
    return {part: np.flatnonzero(part_of[groups] == part) for part in ("train", *shares)}


def _counted(images: int) -> str:
    return "1 image (copies count once)" if images == 1 else f"{images} different images"


def copies(images: Images) -> np.ndarray:
    """Return a number for each image, the same for equal ones: [images]."""
    import numpy as np

    numbers: dict[bytes, int] = {}
    return np.array([numbers.setdefault(image.tobytes(), len(numbers)) for image in images.pixels])


def _check_classes(parts: Mapping[str, Images]) -> None:
    import numpy as np

    known = np.unique(parts["train"].labels)
    if len(known) < 2:
        raise DataError(f"all training images are of the class {known[0]}; two classes are needed")
    for part, images in parts.items():
        if len(strange := np.setdiff1d(images.labels, known)):
            raise DataError(f"the class {strange[0]} is among the {part} images, and no training image has it")


def _shuffled(images: Images, part: str, seed: int) -> Images:
    import torch

    rng = generator(seed, "pixels", "order", part)
    return images.take(torch.randperm(len(images.labels), generator=rng).numpy())

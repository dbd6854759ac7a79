"""Turns splits and facts into tensors that a cache can keep, and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from seqbench import Ragged, Split
from seqbench_translation.pairs import PARTS

if TYPE_CHECKING:
    from torch import Tensor


def packed(splits: Mapping[str, Split], told: Mapping[str, Any]) -> dict[str, Tensor]:
    """Return ragged splits, and facts that JSON can hold, as plain tensors."""
    import torch

    tensors = {"told": torch.frombuffer(bytearray(json.dumps(told).encode()), dtype=torch.uint8)}
    for part, split in splits.items():
        for name, values in (("inputs", split.inputs), ("targets", split.targets)):
            if not isinstance(values, Ragged):
                raise TypeError("rows differ in length")
            # Inputs and targets have the same offsets, kept once.
            tensors |= {f"{part}_{name}": values.values, f"{part}_offsets": values.offsets}
    return tensors


def unpacked(tensors: Mapping[str, Tensor]) -> tuple[dict[str, Split], dict[str, Any]]:
    """Undo `packed`."""
    told: dict[str, Any] = json.loads(tensors["told"].numpy().tobytes())
    return {part: _split(tensors, part) for part in PARTS}, told


def _split(tensors: Mapping[str, Tensor], part: str) -> Split:
    offsets = tensors[f"{part}_offsets"]
    return Split(Ragged(tensors[f"{part}_inputs"], offsets), Ragged(tensors[f"{part}_targets"], offsets))

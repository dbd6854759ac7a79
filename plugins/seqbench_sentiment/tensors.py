"""Turns texts into tensors, and splits into tensors that a cache can keep."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any

from seqbench import Ragged, Split
from seqbench_sentiment.texts import SPECIAL, UNKNOWN, Example

if TYPE_CHECKING:
    from torch import Tensor


def numbered(
    texts: Sequence[Sequence[str]], examples: Sequence[Example], words: Sequence[str], classes: Sequence[str]
) -> Split:
    """Return texts as numbers of their words, and labels as numbers of their classes."""
    import numpy as np
    import torch

    number = {word: place for place, word in enumerate(words)}
    place = {name: i for i, name in enumerate(classes)}
    offsets = torch.tensor([0, *(len(text) for text in texts)]).cumsum(0)
    flat = map(number.get, chain.from_iterable(texts), repeat(number[UNKNOWN]))
    kind = np.int16 if len(words) <= 2**15 else np.int32
    # From an iterator: a list of all numbers would take many times the memory of the tensor.
    values = torch.from_numpy(np.fromiter(flat, kind, int(offsets[-1])))
    labels = torch.tensor([place[example.label] for example in examples], dtype=torch.int16)
    return Split(Ragged(values, offsets), labels)


def unknown_rate(split: Split) -> float:
    """Return the share of tokens that stand for an unknown word."""
    values = split.inputs.values if isinstance(split.inputs, Ragged) else split.inputs
    return float((values == SPECIAL.index(UNKNOWN)).double().mean())


def to_tensors(splits: Mapping[str, Split]) -> dict[str, Tensor]:
    """Return splits as tensors that a cache can keep; `split_from` reads them."""
    stored = {}
    for part, split in splits.items():
        for name, values in (("inputs", split.inputs), ("targets", split.targets)):
            if isinstance(values, Ragged):
                stored[f"{part}_{name}"], stored[f"{part}_offsets"] = values.values, values.offsets
            else:
                stored[f"{part}_{name}"] = values
    return stored


def split_from(stored: Mapping[str, Tensor], part: str) -> Split:
    """Return one split of what `to_tensors` gave."""
    inputs, offsets = stored[f"{part}_inputs"], stored.get(f"{part}_offsets")
    return Split(inputs if offsets is None else Ragged(inputs, offsets), stored[f"{part}_targets"])


def as_bytes(about: Mapping[str, Any]) -> Tensor:
    """Return facts as JSON in a tensor of bytes; `from_bytes` reads it."""
    import torch

    return torch.frombuffer(bytearray(json.dumps(about).encode()), dtype=torch.uint8)


def from_bytes(stored: Tensor) -> dict[str, Any]:
    """Return the facts that `as_bytes` wrote."""
    about: dict[str, Any] = json.loads(stored.numpy().tobytes())
    return about

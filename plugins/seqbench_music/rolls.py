"""Holds pieces of music as piano rolls, and cuts them into rows of inputs and targets.

A piece is a tensor [steps, 128] of zeros and ones: the keys of MIDI, 60 being middle C. Torch is imported when a
function runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from seqbench import DataError, Ragged, Split

if TYPE_CHECKING:
    from torch import Tensor

PARTS = ("train", "validation", "test")
MIDI_KEYS = 128


@dataclass(frozen=True)
class Keys:
    """The keys that a roll shows, by their numbers in MIDI.

    >>> Keys().count, Keys().pitches([0, 39])
    (88, (21, 60))
    """

    lowest: int = 21
    highest: int = 108

    @property
    def count(self) -> int:
        """How many there are."""
        return self.highest - self.lowest + 1

    def pitches(self, labels: Iterable[int]) -> tuple[int, ...]:
        """Return the numbers in MIDI of columns of a roll."""
        return tuple(self.lowest + label for label in labels)

    def labels(self, pitches: Iterable[int]) -> tuple[int, ...]:
        """Return the columns of keys, without those that the roll does not show."""
        return tuple(pitch - self.lowest for pitch in sorted(pitches) if self.lowest <= pitch <= self.highest)


def piece_of(steps: Sequence[Iterable[int]]) -> Tensor:
    """Return a piece, given the keys that are down at each step.

    >>> piece_of([(60, 64), ()]).sum(1).tolist()
    [2, 0]
    """
    import torch

    piece = torch.zeros(len(steps), MIDI_KEYS, dtype=torch.uint8)
    places = [(step, pitch) for step, pitches in enumerate(steps) for pitch in pitches]
    if places:
        piece[tuple(torch.tensor(places).T)] = 1
    return piece


def pitches_of(piece: Tensor) -> list[tuple[int, ...]]:
    """Undo `piece_of`."""
    return [tuple(step.nonzero().flatten().tolist()) for step in piece]


@dataclass(frozen=True, eq=False)
class Rolls:
    """Pieces one after the other, each of two steps or more.

    Attributes:
        frames: [steps of all pieces, keys] uint8.
        offsets: [pieces + 1] int64; piece i is ``frames[offsets[i]:offsets[i + 1]]``.
    """

    frames: Tensor
    offsets: Tensor

    @staticmethod
    def of(pieces: Sequence[Tensor], keys: Keys) -> Rolls:
        """Join pieces, without those of one step: nothing is to be predicted there.

        Raises:
            DataError: none has two steps.
        """
        import torch

        kept = [piece[:, keys.lowest : keys.highest + 1] for piece in pieces if len(piece) > 1]
        if not kept:
            raise DataError("music needs a piece of two steps or more in each split, and here is none; add pieces")
        lengths = torch.tensor([0, *map(len, kept)])
        return Rolls(torch.cat(kept).contiguous(), lengths.cumsum(0))

    @property
    def lengths(self) -> Tensor:
        """The steps that are predicted in each piece, all but its first."""
        return self.offsets.diff() - 1

    def pieces(self) -> Iterator[Tensor]:
        """Yield the steps of each piece: [steps, keys]."""
        for first, after in pairwise(self.offsets.tolist()):
            yield self.frames[first:after]

    def before(self) -> Tensor:
        """Return the step before each predicted one: [predicted steps, keys]."""
        return self.frames[self._all_but(self.offsets[1:] - 1)]

    def predicted(self) -> Tensor:
        """Return all steps but the first of each piece: [predicted steps, keys]."""
        return self.frames[self._all_but(self.offsets[:-1])]

    def windows(self, length: int) -> Split:
        """Return rows of at most ``length`` steps; longer pieces are cut, and no step is predicted twice."""
        import torch

        rows = [part for steps in self.lengths.tolist() for part in _cut(steps, length)]
        offsets = torch.tensor([0, *rows]).cumsum(0)
        # Numbers of half a float, since inputs are to be floats: 0 and 1 are exact.
        return Split(Ragged(self.before().half(), offsets), Ragged(self.predicted(), offsets))

    def _all_but(self, places: Tensor) -> Tensor:
        import torch

        kept = torch.ones(len(self.frames), dtype=torch.bool)
        kept[places] = False
        return kept


def _cut(steps: int, length: int) -> list[int]:
    whole, rest = divmod(steps, length)
    return [length] * whole + [rest] * (rest > 0)


def packed(rolls: Mapping[str, Rolls]) -> dict[str, Tensor]:
    """Return the rolls of each part as tensors only, to be cached."""
    frames = {part: each.frames for part, each in rolls.items()}
    return frames | {f"{part} offsets": each.offsets for part, each in rolls.items()}


def unpacked(tensors: Mapping[str, Tensor]) -> dict[str, Rolls]:
    """Undo `packed`."""
    return {part: Rolls(tensors[part], tensors[f"{part} offsets"]) for part in PARTS}

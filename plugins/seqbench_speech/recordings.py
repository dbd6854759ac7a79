"""Holds recordings as frames of features, with what was said, by whom and in which take."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from seqbench import Ragged

if TYPE_CHECKING:
    from torch import Tensor


class Said(NamedTuple):
    """What is known of a recording.

    Attributes:
        text: what was said, a word or several.
        speaker: who said it; empty if nothing tells.
        take: which of several recordings of the same it is; empty if nothing tells.
        part: ``train``, ``validation`` or ``test`` if the data are divided; else ``all``.
        name: its name in messages.
    """

    text: str
    speaker: str = ""
    take: str = ""
    part: str = "all"
    name: str = ""


class Recordings(NamedTuple):
    """Recordings in the order of their data.

    Attributes:
        frames: log mel energies, rows of [frames, bands] float16.
        said: what is known of each.
        copies: how many were left out, because their frames are those of an earlier recording.
        conflicts: how many of the copies have another text than the recording that was kept.
    """

    frames: Ragged
    said: tuple[Said, ...]
    copies: int = 0
    conflicts: int = 0

    @staticmethod
    def of(features: Iterable[Tensor], said: Sequence[Said]) -> Recordings:
        """Keep the features of each recording, rounded to 16 bits; the first of those that are alike."""
        kept: dict[bytes, tuple[Tensor, Said]] = {}
        conflicts = 0
        for each, told in zip((each.half() for each in features), said, strict=True):
            first = kept.setdefault(sha256(each.numpy().tobytes()).digest(), (each, told))
            conflicts += first[1].text != told.text
        rows, texts = zip(*kept.values(), strict=True)
        return Recordings(Ragged.from_rows(rows), texts, len(said) - len(rows), conflicts)

    @property
    def lengths(self) -> list[int]:
        """Frames of each recording."""
        found: list[int] = self.frames.lengths.tolist()
        return found

    def row(self, number: int) -> Tensor:
        """Return the features of one recording: [frames, bands]."""
        begin, end = self.frames.offsets[number : number + 2].tolist()
        return self.frames.values[begin:end]

    def tensors(self) -> dict[str, Tensor]:
        """Return tensors that a cache can keep; `from_tensors` reads them."""
        import torch

        told = bytearray(json.dumps([self.copies, self.conflicts, self.said]).encode())
        return {
            "values": self.frames.values,
            "offsets": self.frames.offsets,
            "said": torch.frombuffer(told, dtype=torch.uint8),
        }

    @staticmethod
    def from_tensors(stored: Mapping[str, Tensor]) -> Recordings:
        """Undo `tensors`."""
        copies, conflicts, said = json.loads(stored["said"].numpy().tobytes())
        frames = Ragged(stored["values"], stored["offsets"])
        return Recordings(frames, tuple(Said(*each) for each in said), copies, conflicts)

"""Moves pieces to other keys: each to C, or training pieces to all twelve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from torch import Tensor

Transposition: TypeAlias = Literal["none", "all", "c"]

_MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
"""How well each note fits a key, by semitones above its tonic (Krumhansl & Kessler 1982)."""
_RELATIVE = 3
"""Semitones from the tonic of a minor key up to that of the major key with its notes."""


def transposed(parts: Mapping[str, Sequence[Tensor]], how: Transposition) -> dict[str, list[Tensor]]:
    """Return pieces moved as asked; with ``all``, training pieces stand in twelve keys, and no other is moved."""
    if how == "c":
        return {part: [shifted(each, _to_c(each)) for each in pieces] for part, pieces in parts.items()}
    found = {part: list(pieces) for part, pieces in parts.items()}
    if how == "all":
        found["train"] = [shifted(each, semitones) for semitones in range(-5, 7) for each in parts["train"]]
    return found


def shifted(piece: Tensor, semitones: int) -> Tensor:
    """Return a piece some semitones higher, [steps, 128]; notes beyond the keys of MIDI are lost."""
    import torch

    moved = torch.zeros_like(piece)
    if semitones >= 0:
        moved[:, semitones:] = piece[:, : piece.shape[1] - semitones]
    else:
        moved[:, :semitones] = piece[:, -semitones:]
    return moved


def tonic_of(piece: Tensor) -> int:
    """Return the tonic of the major key that fits a piece best, 0 for C; of a minor key its relative major's.

    The key whose profile correlates best with the time that each of the twelve notes sounds (Krumhansl 1990).
    """
    import torch

    sounding = piece.double().sum(0)
    heard = torch.stack([sounding[note::12].sum() for note in range(12)])
    modes = torch.tensor([_MAJOR, _MINOR], dtype=torch.float64)
    profiles = torch.stack([mode.roll(tonic) for mode in modes for tonic in range(12)])
    centred = profiles - profiles.mean(1, keepdim=True)
    fit = (centred @ (heard - heard.mean())) / centred.norm(dim=1)
    best = int(fit.argmax())
    return best if best < 12 else (best + _RELATIVE) % 12


def _to_c(piece: Tensor) -> int:
    """Return the shorter way to C, -5 to 6 semitones."""
    return (5 - tonic_of(piece)) % 12 - 5

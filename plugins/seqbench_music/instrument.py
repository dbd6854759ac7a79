"""Reads and writes the notes of a network with what was kept beside its weights: keys, resolution, first step."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqbench import DataError, Ragged
from seqbench_music.midi import ENDINGS, QUARTERS_A_MINUTE, midi_bytes, read_midi
from seqbench_music.notation import name_of, read, written
from seqbench_music.published import piece_from
from seqbench_music.rolls import Keys, pitches_of
from seqbench_music.sound import wav_bytes

if TYPE_CHECKING:
    from torch import Tensor

Labels = tuple[int, ...]
"""The columns of a roll at which keys are down."""


@dataclass(frozen=True)
class Instrument:
    """The keys of a network.

    Attributes:
        keys: of its rolls.
        resolution: steps of a quarter note.
        first_step: the labels with which a piece begins that is written without a prompt.
    """

    keys: Keys
    resolution: int
    first_step: Labels

    def fitted(self) -> dict[str, Any]:
        """Return it in data that JSON can hold."""
        return {
            "lowest_key": self.keys.lowest,
            "highest_key": self.keys.highest,
            "resolution": self.resolution,
            "first_step": list(self.first_step),
        }

    @staticmethod
    def from_fitted(fitted: Mapping[str, Any]) -> Instrument:
        """Undo `fitted`."""
        keys = Keys(int(fitted["lowest_key"]), int(fitted["highest_key"]))
        return Instrument(keys, int(fitted["resolution"]), tuple(fitted["first_step"]))

    def names(self) -> list[str]:
        """Return the name of each key, such as C4."""
        return [*map(name_of, self.keys.pitches(range(self.keys.count)))]

    def steps(self, text: str) -> list[Labels]:
        """Return the labels of each step of a MIDI file, if the text ends as its name does, or of notes.

        Raises:
            DataError: there is no such file, or a word is no note.

        Warns:
            UserWarning: some of the notes are beyond the keys.
        """
        is_file = text.strip().lower().endswith(ENDINGS)
        steps: Sequence[Iterable[int]] = (
            read_midi(Path(text.strip()).expanduser(), self.resolution) if is_file else read(text)
        )
        found = [self.keys.labels(step) for step in steps]
        lost = sum(len(set(step)) for step in steps) - sum(map(len, found))
        if lost:
            notes = f"{lost} note{'s are' if lost > 1 else ' is'}"
            warnings.warn(f"{notes} beyond the keys of the network, and left out", stacklevel=3)
        return found

    def prompt(self, text: str) -> list[Labels]:
        """Return the steps of a text, and without one the first step."""
        return self.steps(text) if text.strip() else [self.first_step]

    def inputs(self, rows: Sequence[Mapping[str, Any]], column: str, length: int) -> Ragged:
        """Return the last ``length`` steps of the piece in each row.

        Raises:
            DataError: there is no row, or one has no piece.
        """
        if not rows:
            raise DataError(f"there is no row; give one or more, with a piece in the column {column!r}")
        pieces = [self._piece(row, column, number) for number, row in enumerate(rows, start=1)]
        return Ragged.from_rows([self._roll(steps[-length:]) for steps in pieces])

    def _piece(self, row: Mapping[str, Any], column: str, number: int) -> list[Labels]:
        """Return the steps of a row's piece, which is a text or what training data may hold."""
        held = row.get(column)
        if held is None:
            raise DataError(
                f"row {number} has no piece in the column {column!r} (there are: {', '.join(map(str, row))}); give"
                " it notes, such as C4 E4 | D4 F4, or a MIDI file's name"
            )
        if isinstance(held, str):
            try:
                return self.steps(held)
            except DataError as error:
                raise DataError(f"row {number}: {error}") from error
        found = [self.keys.labels(step) for step in pitches_of(piece_from(held, f"row {number}"))]
        if not found:
            raise DataError(f"row {number} has a piece without a step in the column {column!r}; leave it out")
        return found

    def _roll(self, steps: Sequence[Labels]) -> Tensor:
        import torch

        roll = torch.zeros(len(steps), self.keys.count)
        for step, labels in enumerate(steps):
            roll[step, list(labels)] = 1
        return roll

    def text(self, steps: Iterable[Sequence[int]]) -> str:
        """Return the notes of steps, a line for each."""
        return written(map(self.keys.pitches, steps))

    def answers(self, outputs: Tensor) -> list[str]:
        """Return the notes with a probability above 1/2 after each piece, given logits [pieces, steps, keys]."""
        steps = (~outputs.isnan().any(-1)).sum(1)
        last = outputs[range(len(outputs)), steps - 1] > 0
        return [self.text([step.nonzero().flatten().tolist()]).strip() for step in last]

    def file(self, steps: Sequence[Sequence[int]], ending: str) -> bytes:
        """Return a MIDI file, or a sound.

        Raises:
            DataError: mido, which writes MIDI files, is not installed.
        """
        played = [self.keys.pitches(labels) for labels in steps]
        if ending == ".wav":
            return wav_bytes(played, 60 / QUARTERS_A_MINUTE / self.resolution)
        return midi_bytes(played, self.resolution)

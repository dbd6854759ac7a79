"""Lays recordings out to be transcribed: those of one speaker in a row, as many as fit the length."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from seqbench import Baseline, Ragged, Split, Transcript, generator
from seqbench_speech.frames import Scale
from seqbench_speech.goal import Kept, Laid
from seqbench_speech.picture import spectrogram
from seqbench_speech.recordings import Recordings
from seqbench_speech.scores import error_rate, texts_of, transcript_baselines, transcript_metrics
from seqbench_speech.symbols import Symbols, Unit
from seqbench_speech.templates import nearest_rows
from seqbench_speech.utterances import Pauses, Reading, Room, joined, transcribed

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class TranscriptGoal:
    """Recordings to be transcribed.

    Attributes:
        recordings, scale: what is read, and how it is scaled.
        length: frames of an utterance, at most.
        seed: decides what is joined.
        rows: utterances of a split, at most; in training there are ``train_rows``.
        train_rows: in which recordings are used again.
        unit: ``word`` or ``character``.
        beams: of the beam search in a test.
        pauses: after each recording.
    """

    recordings: Recordings
    scale: Scale
    length: int
    seed: int
    rows: int
    train_rows: int
    unit: Unit
    beams: int
    pauses: Pauses

    def laid(self, parts: Mapping[str, Sequence[int]], kept: Kept) -> Laid:
        """Return the utterances of each split.

        Raises:
            DataError: a symbol is in no training recording, or a transcript is longer than its frames allow.
        """
        symbols = Symbols.of((self.recordings.said[number].text for number in parts["train"]), self.unit)
        splits = {part: self._split(part, numbers, symbols) for part, numbers in parts.items()}
        rng = generator(self.seed, "speech", "random transcripts", self.length)
        return Laid(
            splits,
            Transcript(len(symbols.names)),
            transcript_metrics(symbols, self.beams),
            (
                *transcript_baselines(splits["train"], splits["test"], symbols, rng),
                *self._warped(parts["train"], splits["test"], symbols, kept),
            ),
            lambda example: _show(splits["test"], example, symbols),
            {f"{part}_utterances": len(split) for part, split in splits.items()} | _sizes(splits["test"]),
            symbols,
        )

    def _split(self, part: str, numbers: Sequence[int], symbols: Symbols) -> Split:
        order = generator(self.seed, "speech", part, self.length)
        rows = self.train_rows if part == "train" else self.rows
        room = Room(self.length, rows, part == "train", self.pauses)
        utterances = joined(self.recordings, numbers, room, order)
        reading = Reading(self.scale, symbols, self.length, self.pauses.filler)
        rng = generator(self.seed, "speech", part, "pauses", self.length)
        return transcribed(self.recordings, utterances, reading, rng)

    def _warped(self, train: Sequence[int], test: Split, symbols: Symbols, kept: Kept) -> tuple[Baseline, ...]:
        """Score the nearest training recordings in a row; nothing where they are not words, or it takes long."""
        said, rows = self.recordings.said, test.inputs
        if self.unit == "character" or any(len(said[number].text.split()) > 1 for number in train):
            return ()

        def make() -> dict[str, Tensor]:
            has_pauses = self.pauses.frames > 0
            found = nearest_rows(
                self.recordings, train, _ragged(rows), self.scale, self.length, has_pauses=has_pauses
            )
            return {} if found is None else {"nearest": found.values, "offsets": found.offsets}

        if "nearest" not in (found := kept(make)):
            return ()
        nearest = Ragged(found["nearest"], found["offsets"])
        written = nearest.values.tolist()
        guesses = [
            " ".join(said[number].text.lower() for number in written[begin:end])
            for begin, end in pairwise(nearest.offsets.tolist())
        ]
        scores = {"word_error_rate": error_rate(guesses, texts_of(_ragged(test.targets), symbols))}
        return (Baseline("nearest by time warping", scores, is_reference=False),)


def _ragged(values: Tensor | Ragged) -> Ragged:
    if not isinstance(values, Ragged):
        raise TypeError("utterances differ in length")
    return values


def _sizes(test: Split) -> dict[str, float | int | str]:
    targets = _ragged(test.targets)
    return {
        "frames_of_a_test_utterance": float(test.lengths.double().mean()),
        "symbols_of_a_test_utterance": float(targets.lengths.double().mean()),
        "most_symbols_of_a_test_utterance": int(targets.lengths.max()),
    }


def _show(test: Split, example: int, symbols: Symbols) -> str:
    """Return the spectrogram of an utterance above its transcript."""
    import torch

    batch = test.batch(torch.tensor([example]))
    steps = int(batch.lengths[0])
    return (
        f"input   {steps} frames\n{spectrogram(batch.inputs[0])}\n"
        f"target  {symbols.text(batch.targets[0].tolist())}"
    )

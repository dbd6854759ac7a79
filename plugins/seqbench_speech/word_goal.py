"""Lays recordings out to be named: the word, then background up to the last frame, where the answer is due."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from seqbench_stepwise.classes import one_class_splits

from seqbench import Baseline, DataError, SequenceClass, Split, generator
from seqbench_speech.frames import Filler, Scale, lay_out, squeezed
from seqbench_speech.goal import Kept, Laid
from seqbench_speech.picture import spectrogram
from seqbench_speech.recordings import Recordings
from seqbench_speech.scores import word_baselines, word_metrics
from seqbench_speech.symbols import Symbols
from seqbench_speech.templates import nearest_words


@dataclass(frozen=True)
class WordGoal:
    """Recordings to be named.

    Attributes:
        recordings, scale: what is read, and how it is scaled.
        length: frames of a row.
        seed: of the background.
        rows: of a split, at most.
        filler: what follows a word.
    """

    recordings: Recordings
    scale: Scale
    length: int
    seed: int
    rows: int
    filler: Filler

    def laid(self, parts: Mapping[str, Sequence[int]], kept: Kept) -> Laid:
        """Return the recordings of each split, laid out.

        Raises:
            DataError: a word is in no training recording, or all training recordings are of one word.
        """
        said = self.recordings.said
        symbols = _words(said[number].text for number in parts["train"])
        place = {name: number for number, name in enumerate(symbols.names)}
        numbers = {part: list(each)[: self.rows] for part, each in parts.items()}
        self._check_known(place, numbers)
        splits = {part: self._split(part, each, place) for part, each in numbers.items()}
        for told in one_class_splits(splits, symbols.names, "recordings"):
            warnings.warn(told, stacklevel=3)
        words = len(symbols.names)
        baselines = word_baselines(splits["train"], splits["test"], words)
        return Laid(
            splits,
            SequenceClass(words),
            word_metrics(words),
            (*baselines, *self._warped(numbers, kept)),
            lambda example: self._show(numbers["test"][example]),
            {"words": ", ".join(symbols.names)[:1000]},
            symbols,
        )

    def _check_known(self, place: Mapping[str, int], numbers: Mapping[str, Sequence[int]]) -> None:
        for part, each in numbers.items():
            strange = next((n for n in each if self.recordings.said[n].text not in place), None)
            if strange is not None:
                told = self.recordings.said[strange]
                raise DataError(
                    f"the word {told.text!r} ({told.name}) is among the {part} recordings, and no training"
                    " recording says it; record it for training, leave it out, or set goal=transcript"
                )
        if len(place) < 2:
            raise DataError(f"all training recordings say {next(iter(place))!r}; two words are needed")

    def _split(self, part: str, numbers: Sequence[int], place: Mapping[str, int]) -> Split:
        import torch

        rng = generator(self.seed, "speech", part, self.length)
        words = (squeezed(self.scale.apply(self.recordings.row(number)), self.length) for number in numbers)
        labels = [place[self.recordings.said[number].text] for number in numbers]
        return Split(lay_out(words, self.length, self.scale, self.filler, rng), torch.tensor(labels))

    def _warped(self, numbers: Mapping[str, Sequence[int]], kept: Kept) -> tuple[Baseline, ...]:
        """Score the nearest training recording by time warping; nothing if that would take too long."""
        import torch

        said = self.recordings.said

        def make() -> dict[str, torch.Tensor]:
            found = nearest_words(self.recordings, numbers["train"], numbers["test"], self.scale, self.length)
            return {} if found is None else {"nearest": found}

        if (found := kept(make).get("nearest")) is None:
            return ()
        right = sum(
            said[one].text == said[other].text for one, other in zip(found.tolist(), numbers["test"], strict=True)
        )
        scores = {"accuracy": right / len(found)}
        return (Baseline("nearest by time warping", scores, is_reference=False),)

    def _show(self, number: int) -> str:
        """Return the spectrogram of a recording as it is read, above its word."""
        frames = squeezed(self.scale.apply(self.recordings.row(number)), self.length)
        said = self.recordings.said[number]
        speaker = f" by {said.speaker}" if said.speaker else ""
        return (
            f"input   {len(frames)} frames{speaker}, then {self.length - len(frames)} of background\n"
            f"{spectrogram(frames)}\ntarget  {said.text}"
        )


def _words(texts: Iterable[str]) -> Symbols:
    """Return the words of recordings, whole numbers by their size; a word is a recording's whole text."""
    names = sorted(set(texts))
    return Symbols(tuple(sorted(names, key=int) if all(name.isdecimal() for name in names) else names), "word")

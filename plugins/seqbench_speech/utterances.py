"""Joins recordings of one speaker to utterances of at most a number of frames, with pauses if asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from seqbench import Ragged, Split
from seqbench_speech.frames import Filler, Scale, background, squeezed
from seqbench_speech.recordings import Recordings
from seqbench_speech.symbols import Symbols, check_alignable

if TYPE_CHECKING:
    from torch import Generator, Tensor


class Spoken(NamedTuple):
    """A recording in an utterance: its number, and the frames of background after it."""

    number: int
    pause: int = 0


@dataclass(frozen=True)
class Pauses:
    """The background after each recording of an utterance.

    Attributes:
        frames: how many, on average; each is drawn evenly between half and one and a half times as many.
        filler: what they are like.
    """

    frames: float = 0.0
    filler: Filler = "noise"

    def drawn(self, count: int, rng: Generator) -> list[int]:
        """Draw the frames of so many pauses; without pauses nothing is drawn, and each has none."""
        import torch

        if not self.frames:
            return [0] * count
        least = max(1, round(self.frames / 2))
        most = max(least, round(1.5 * self.frames))
        found: list[int] = torch.randint(least, most + 1, (count,), generator=rng).tolist()
        return found


@dataclass(frozen=True)
class Room:
    """The room for the utterances of a split.

    Attributes:
        frames: of an utterance, at most; a longer recording is squeezed into them.
        rows: utterances at most.
        repeats: whether recordings are used again, in new company, until there are so many.
        pauses: after each recording; they take room too.
    """

    frames: int
    rows: int
    repeats: bool
    pauses: Pauses = Pauses()


def joined(recordings: Recordings, numbers: Sequence[int], room: Room, rng: Generator) -> list[list[Spoken]]:
    """Return the recordings of each utterance.

    Those of a speaker are taken in a random order, and the next one begins a new utterance if it does not fit the
    rest of the room. Utterances are in a random order.
    """
    import torch

    of_speaker: dict[str, list[int]] = {}
    for number in numbers:
        of_speaker.setdefault(recordings.said[number].speaker, []).append(number)
    lengths = recordings.lengths
    found: list[list[Spoken]] = []
    while len(found) < room.rows:
        for mine in of_speaker.values():
            order = torch.randperm(len(mine), generator=rng).tolist()
            pauses = room.pauses.drawn(len(mine), rng)
            spoken = [Spoken(mine[place], pause) for place, pause in zip(order, pauses, strict=True)]
            found += _filled(spoken, lengths, room.frames)
        if not room.repeats:
            break
    order = torch.randperm(len(found), generator=rng).tolist()
    return [found[place] for place in order[: room.rows]]


def _filled(recordings: Sequence[Spoken], lengths: Sequence[int], most: int) -> Iterator[list[Spoken]]:
    here: list[Spoken] = []
    frames = 0
    for each in recordings:
        needed = lengths[each.number] + each.pause
        if here and frames + needed > most:
            yield here
            here, frames = [], 0
        here.append(each)
        frames += needed
    yield here


@dataclass(frozen=True)
class Reading:
    """How utterances become rows.

    Attributes:
        scale: of the frames.
        symbols: of the transcripts.
        most: frames of a row; of a longer utterance, which is one recording, each is the mean of a stretch.
        filler: what pauses are like.
    """

    scale: Scale
    symbols: Symbols
    most: int
    filler: Filler = "noise"

    def frames(self, recordings: Recordings, utterance: Sequence[Spoken], rng: Generator) -> Tensor:
        """Return scaled frames, [frames, bands] float16: each recording, then the background after it."""
        import torch

        parts = []
        for number, pause in utterance:
            parts.append(self.scale.apply(recordings.row(number)))
            if pause:
                parts.append(background(pause, self.scale, self.filler, rng).float())
        return squeezed(torch.cat(parts), self.most).half()


def transcribed(
    recordings: Recordings, utterances: Sequence[Sequence[Spoken]], reading: Reading, rng: Generator
) -> Split:
    """Return utterances as rows of scaled frames, and the numbers of their symbols as targets.

    Args:
        recordings: all of them.
        utterances: those of each row.
        reading: how they become rows.
        rng: of the pauses.

    Raises:
        DataError: a symbol is unknown, or a transcript is longer than its frames allow.
    """
    import torch

    inputs, targets = [], []
    for utterance in utterances:
        frames = reading.frames(recordings, utterance, rng)
        said = [recordings.said[each.number] for each in utterance]
        name = " + ".join(each.name or f"{each.text} by {each.speaker}" for each in said[:3])
        written = reading.symbols.numbers(" ".join(each.text for each in said), name)
        check_alignable(written, len(frames), name)
        inputs.append(frames)
        targets.append(torch.tensor(written, dtype=torch.int64))
    return Split(Ragged.from_rows(inputs), Ragged.from_rows(targets))

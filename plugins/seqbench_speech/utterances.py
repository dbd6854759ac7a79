"""Joins recordings of one speaker to utterances of at most a number of frames."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seqbench import Ragged, Split
from seqbench_speech.frames import Scale, squeezed
from seqbench_speech.recordings import Recordings
from seqbench_speech.symbols import Symbols, check_alignable

if TYPE_CHECKING:
    from torch import Generator


@dataclass(frozen=True)
class Room:
    """The room for the utterances of a split.

    Attributes:
        frames: of an utterance, at most; a longer recording is squeezed into them.
        rows: utterances at most.
        repeats: whether recordings are used again, in new company, until there are so many.
    """

    frames: int
    rows: int
    repeats: bool


def joined(recordings: Recordings, numbers: Sequence[int], room: Room, rng: Generator) -> list[list[int]]:
    """Return the recordings of each utterance.

    Those of a speaker are taken in a random order, and the next one begins a new utterance if it does not fit the
    rest of the room. Utterances are in a random order.
    """
    import torch

    of_speaker: dict[str, list[int]] = {}
    for number in numbers:
        of_speaker.setdefault(recordings.said[number].speaker, []).append(number)
    lengths = recordings.lengths
    found: list[list[int]] = []
    while len(found) < room.rows:
        for mine in of_speaker.values():
            order = torch.randperm(len(mine), generator=rng).tolist()
            found += _filled([mine[place] for place in order], lengths, room.frames)
        if not room.repeats:
            break
    order = torch.randperm(len(found), generator=rng).tolist()
    return [found[place] for place in order[: room.rows]]


def _filled(numbers: Sequence[int], lengths: Sequence[int], most: int) -> Iterator[list[int]]:
    here: list[int] = []
    frames = 0
    for number in numbers:
        if here and frames + lengths[number] > most:
            yield here
            here, frames = [], 0
        here.append(number)
        frames += lengths[number]
    yield here


def transcribed(
    recordings: Recordings, utterances: Sequence[Sequence[int]], scale: Scale, symbols: Symbols, most: int
) -> Split:
    """Return utterances as rows of scaled frames, and the numbers of their symbols as targets.

    Raises:
        DataError: a symbol is unknown, or a transcript is longer than its frames allow.
    """
    import torch

    inputs, targets = [], []
    for numbers in utterances:
        frames = torch.cat([recordings.row(number) for number in numbers])
        frames = squeezed(scale.apply(frames), most).half()
        said = [recordings.said[number] for number in numbers]
        name = " + ".join(each.name or f"{each.text} by {each.speaker}" for each in said[:3])
        written = symbols.numbers(" ".join(each.text for each in said), name)
        check_alignable(written, len(frames), name)
        inputs.append(frames)
        targets.append(torch.tensor(written, dtype=torch.int64))
    return Split(Ragged.from_rows(inputs), Ragged.from_rows(targets))

"""Answers with the word of the nearest training recording, by dynamic time warping within a bounded time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from seqbench_speech.frames import Scale, squeezed
from seqbench_speech.recordings import Recordings
from seqbench_speech.warping import nearest

if TYPE_CHECKING:
    from torch import Tensor

MOST_FRAMES = 64
"""Frames of a recording that is compared; a longer one is squeezed."""
OF_A_WORD = 12
"""Templates of a word, at most."""
CELLS = 150_000_000
"""Pairs of frames that are compared in all, at most: some seconds."""


def nearest_words(
    recordings: Recordings, train: Sequence[int], test: Sequence[int], scale: Scale, length: int
) -> Tensor | None:
    """Return which training recording is nearest to each test recording: [test]; None if it would take too long.

    Loudness does not count: the mean over frames and bands is taken off each recording.

    Args:
        recordings: all of them.
        train, test: the numbers of those to choose templates from, the first of each word, and of those to answer.
        scale: of the frames.
        length: frames that are read of a recording, at most.
    """
    import torch

    of_word: dict[str, list[int]] = {}
    for number in train:
        of_word.setdefault(recordings.said[number].text, []).append(number)
    most = min(length, MOST_FRAMES)
    each = min(OF_A_WORD, CELLS // (most * most * len(test) * len(of_word)))
    if each < 1:
        return None
    chosen = [number for numbers in of_word.values() for number in numbers[:each]]

    def read(numbers: Sequence[int]) -> list[Tensor]:
        frames = (squeezed(scale.apply(recordings.row(number)), most) for number in numbers)
        return [each - each.mean() for each in frames]

    return torch.tensor(nearest(read(test), read(chosen), chosen))

"""Answers with the words of the nearest training recordings, by dynamic time warping within a bounded time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from seqbench import Ragged
from seqbench_speech.connected import connected_words
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

    most = min(length, MOST_FRAMES)
    chosen = _chosen(recordings, train, most * most * len(test))
    if not chosen:
        return None
    asked, templates = (_levelled(_scaled(recordings, numbers, scale, most)) for numbers in (test, chosen))
    return torch.tensor(nearest(asked, templates, chosen))


def nearest_rows(
    recordings: Recordings,
    train: Sequence[int],
    utterances: Ragged,
    scale: Scale,
    length: int,
    *,
    has_pauses: bool = False,
) -> Ragged | None:
    """Return which training recordings in a row are nearest to each utterance; None if it would take too long.

    Args:
        recordings, train, scale, length: as for `nearest_words`.
        utterances: rows of scaled frames.
        has_pauses: whether a frame may be background, which no recording in the answer stands for. Loudness counts
            then: the mean over an utterance with pauses is not that over its words.
    """
    import torch

    most = min(length, MOST_FRAMES)
    chosen = _chosen(recordings, train, most * len(utterances.values))
    if not chosen:
        return None
    rows = list(torch.split(utterances.values.float(), utterances.lengths.tolist()))
    if has_pauses:
        # After the words' templates, so that its place is that of no recording.
        templates = [*_scaled(recordings, chosen, scale, most), scale.quiet_mean[None].float()]
    else:
        templates, rows = _levelled(_scaled(recordings, chosen, scale, most)), _levelled(rows)
    places = ((place for place in connected_words(row, templates) if place < len(chosen)) for row in rows)
    return Ragged.from_rows([torch.tensor([chosen[place] for place in row], dtype=torch.int64) for row in places])


def _chosen(recordings: Recordings, train: Sequence[int], cells_each: int) -> list[int]:
    """Return the numbers of the templates: as many of each word as the time allows."""
    of_word: dict[str, list[int]] = {}
    for number in train:
        of_word.setdefault(recordings.said[number].text, []).append(number)
    each = min(OF_A_WORD, CELLS // (cells_each * len(of_word)))
    return [number for numbers in of_word.values() for number in numbers[:each]]


def _scaled(recordings: Recordings, numbers: Sequence[int], scale: Scale, most: int) -> list[Tensor]:
    return [squeezed(scale.apply(recordings.row(number)), most) for number in numbers]


def _levelled(rows: Sequence[Tensor]) -> list[Tensor]:
    """Return rows without their loudness: the mean over frames and bands of each is taken off."""
    return [row - row.mean() for row in rows]

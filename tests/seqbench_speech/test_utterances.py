"""Tests that utterances are of one speaker, fit the room, and use test recordings once.

Modules: seqbench_speech.goal, seqbench_speech.transcript_goal.
"""

from __future__ import annotations

import pytest
import torch
from seqbench_speech.frames import Scale
from seqbench_speech.recordings import Recordings, Said
from seqbench_speech.symbols import Symbols
from seqbench_speech.utterances import Room, joined, transcribed

from seqbench import DataError, Ragged


def recordings() -> Recordings:
    rng = torch.Generator().manual_seed(0)
    lengths = torch.randint(10, 30, (120,), generator=rng).tolist()
    said = [Said("one" if row % 3 else "two two", f"s{row % 4}") for row in range(120)]
    return Recordings.of([torch.randn(length, 2, generator=rng) for length in lengths], said)


def test_utterances_of_a_test_hold_each_recording_once_and_one_speaker_each() -> None:
    given = recordings()
    found = joined(given, range(120), Room(100, 10_000, repeats=False), torch.Generator().manual_seed(1))
    assert sorted(number for row in found for number in row) == list(range(120))
    for row in found:
        assert len({given.said[number].speaker for number in row}) == 1
        assert sum(given.lengths[number] for number in row) <= 100
    assert max(map(len, found)) > 3


def test_training_recordings_are_used_again_in_new_company() -> None:
    given = recordings()
    found = joined(given, range(40), Room(100, 300, repeats=True), torch.Generator().manual_seed(1))
    assert len(found) == 300
    assert len(set(map(tuple, found))) > 200


def test_rows_are_the_frames_in_a_row_and_the_numbers_of_the_words() -> None:
    given = recordings()
    scale, symbols = Scale.of(given, range(120)), Symbols(("one", "two"), "word")
    split = transcribed(given, [[0, 4], [1]], scale, symbols, 100)
    assert isinstance(split.inputs, Ragged)
    assert isinstance(split.targets, Ragged)
    assert split.lengths.tolist() == [given.lengths[0] + given.lengths[4], given.lengths[1]]
    assert split.targets.values.tolist() == [1, 1, 0, 0]
    assert torch.equal(split.inputs.values[: given.lengths[0]], scale.apply(given.row(0)).half())


def test_recording_that_is_longer_than_the_room_is_squeezed_into_it() -> None:
    given = recordings()
    found = joined(given, range(5), Room(8, 10, repeats=False), torch.Generator())
    assert sorted(map(len, found)) == [1] * 5
    scale, symbols = Scale.of(given, range(120)), Symbols(("one", "two"), "word")
    assert transcribed(given, found, scale, symbols, 8).lengths.tolist() == [8] * 5


def test_transcript_that_is_longer_than_its_frames_allow_is_told() -> None:
    given = recordings()
    scale, symbols = Scale.of(given, range(120)), Symbols(("one", "two"), "word")
    with pytest.raises(DataError, match="the transcript of two two by s0 needs 3 frames.* has 2"):
        transcribed(given, [[0]], scale, symbols, 2)

"""Tests that utterances are of one speaker, fit the room, and use test recordings once.

Modules: seqbench_speech.goal, seqbench_speech.transcript_goal.
"""

from __future__ import annotations

import pytest
import torch
from seqbench_speech.frames import Scale
from seqbench_speech.recordings import Recordings, Said
from seqbench_speech.symbols import Symbols
from seqbench_speech.utterances import Pauses, Reading, Room, Spoken, joined, transcribed

from seqbench import DataError, Ragged, Split


def recordings() -> Recordings:
    rng = torch.Generator().manual_seed(0)
    lengths = torch.randint(10, 30, (120,), generator=rng).tolist()
    said = [Said("one" if row % 3 else "two two", f"s{row % 4}") for row in range(120)]
    return Recordings.of([torch.randn(length, 2, generator=rng) for length in lengths], said)


def test_utterances_of_a_test_hold_each_recording_once_and_one_speaker_each() -> None:
    given = recordings()
    found = joined(given, range(120), Room(100, 10_000, repeats=False), torch.Generator().manual_seed(1))
    assert sorted(number for row in found for number, _ in row) == list(range(120))
    for row in found:
        assert len({given.said[number].speaker for number, _ in row}) == 1
        assert sum(given.lengths[number] for number, _ in row) <= 100
    assert {pause for row in found for _, pause in row} == {0}
    assert max(map(len, found)) > 3


def test_training_recordings_are_used_again_in_new_company() -> None:
    given = recordings()
    found = joined(given, range(40), Room(100, 300, repeats=True), torch.Generator().manual_seed(1))
    assert len(found) == 300
    assert len(set(map(tuple, found))) > 200


def reading(given: Recordings, most: int) -> Reading:
    return Reading(Scale.of(given, range(120)), Symbols(("one", "two"), "word"), most)


def rows_of(given: Recordings, rows: list[list[int]], most: int) -> Split:
    spoken = [[Spoken(number) for number in row] for row in rows]
    return transcribed(given, spoken, reading(given, most), torch.Generator())


def test_rows_are_the_frames_in_a_row_and_the_numbers_of_the_words() -> None:
    given = recordings()
    split = rows_of(given, [[0, 4], [1]], 100)
    assert isinstance(split.inputs, Ragged)
    assert isinstance(split.targets, Ragged)
    assert split.lengths.tolist() == [given.lengths[0] + given.lengths[4], given.lengths[1]]
    assert split.targets.values.tolist() == [1, 1, 0, 0]
    scale = Scale.of(given, range(120))
    assert torch.equal(split.inputs.values[: given.lengths[0]], scale.apply(given.row(0)).half())


def test_pauses_follow_each_recording_and_take_room() -> None:
    given = recordings()
    room = Room(100, 10_000, repeats=False, pauses=Pauses(10.0))
    found = joined(given, range(120), room, torch.Generator().manual_seed(1))
    pauses = [pause for row in found for _, pause in row]
    assert set(pauses) == set(range(5, 16))
    assert sum(pauses) / len(pauses) == pytest.approx(10, abs=1)
    assert max(sum(given.lengths[number] + pause for number, pause in row) for row in found) <= 100
    split = transcribed(given, found, reading(given, 100), torch.Generator().manual_seed(2))
    assert isinstance(split.inputs, Ragged)
    number, pause = found[0][0]
    scale, first = Scale.of(given, range(120)), given.lengths[number]
    assert torch.equal(split.inputs.values[:first], scale.apply(given.row(number)).half())
    after = split.inputs.values[first : first + pause]
    assert after.std(0).min() > 0
    assert (after.float() - scale.quiet_mean.float()).abs().max() < 5 * scale.quiet_deviation.max()


@pytest.mark.parametrize(("frames", "between"), [(0.3, {1}), (1.0, {1, 2}), (2.0, {1, 2, 3})])
def test_pauses_of_few_frames_have_one_at_least(frames: float, between: set[int]) -> None:
    assert set(Pauses(frames).drawn(200, torch.Generator().manual_seed(0))) == between


def test_recording_that_is_longer_than_the_room_is_squeezed_into_it() -> None:
    given = recordings()
    found = joined(given, range(5), Room(8, 10, repeats=False), torch.Generator())
    assert sorted(map(len, found)) == [1] * 5
    assert transcribed(given, found, reading(given, 8), torch.Generator()).lengths.tolist() == [8] * 5


def test_transcript_that_is_longer_than_its_frames_allow_is_told() -> None:
    given = recordings()
    with pytest.raises(DataError, match="the transcript of two two by s0 needs 3 frames.* has 2"):
        rows_of(given, [[0]], 2)

"""Tests that pieces are moved whole, and that keys are found."""

from __future__ import annotations

import pytest
from seqbench_music.rolls import piece_of, pitches_of
from seqbench_music.transposing import shifted, tonic_of, transposed

MAJOR = (0, 2, 4, 5, 7, 9, 11)
MINOR = (0, 2, 3, 5, 7, 8, 11)


def scale(tonic: int, steps: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Return a scale, with the chord of its tonic at both ends."""
    third, fifth = steps[2], steps[4]
    chord = (48 + tonic, 48 + tonic + third, 48 + tonic + fifth)
    return [chord, chord, *((60 + tonic + step,) for step in steps), chord]


@pytest.mark.parametrize("tonic", range(12))
def test_key_of_a_scale_with_its_chord_is_found(tonic: int) -> None:
    assert tonic_of(piece_of(scale(tonic, MAJOR))) == tonic
    assert tonic_of(piece_of(scale(tonic, MINOR))) == (tonic + 3) % 12
    (moved,) = transposed({"train": [piece_of(scale(tonic, MAJOR))]}, "c")["train"]
    assert {pitch % 12 for step in pitches_of(moved) for pitch in step} == set(MAJOR)


def test_notes_move_together_and_fall_off_at_the_ends() -> None:
    piece = piece_of([(0, 60, 127), (1,)])
    assert pitches_of(shifted(piece, 2)) == [(2, 62), (3,)]
    assert pitches_of(shifted(piece, -1)) == [(59, 126), (0,)]
    assert pitches_of(shifted(piece, 0)) == pitches_of(piece)

"""Tests that notes are written and read in letters, and held notes are found.

Modules: seqbench_music.notes, seqbench_music.showing.
"""

from __future__ import annotations

import random

import pytest
from seqbench_music.notation import name_of, read, written
from seqbench_music.notes import held, steps_of
from seqbench_music.showing import shown

from seqbench import DataError


def random_steps(seed: int) -> list[tuple[int, ...]]:
    rng = random.Random(seed)
    steps = [tuple(sorted(rng.sample(range(40, 60), rng.randrange(4)))) for _ in range(30)]
    return [*steps, (60,)]


@pytest.mark.parametrize("seed", range(5))
def test_steps_are_read_back(seed: int) -> None:
    steps = random_steps(seed)
    assert read(written(steps)) == steps
    assert steps_of(held(steps)) == [set(step) for step in steps]


def test_every_key_has_a_name_of_its_own() -> None:
    names = [name_of(pitch) for pitch in range(128)]
    assert len(set(names)) == 128
    assert [read(name) for name in names] == [[(pitch,)] for pitch in range(128)]
    assert read("Bb3 | Cb4 | B#3") == [(58,), (59,), (60,)]


@pytest.mark.parametrize("word", ["H4", "C", "C99", "-7", "128", "1e3", "Cb-1"])
def test_word_that_is_no_note_is_told(word: str) -> None:
    with pytest.raises(DataError, match="is no note"):
        read(f"C4 {word}")


def test_long_piece_is_drawn_in_part() -> None:
    lines = shown([(60,)] * 250).splitlines()
    assert lines[-1].endswith("^ and 150 steps more")
    assert max(map(len, lines)) < 135

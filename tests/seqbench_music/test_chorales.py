"""Tests that chorales keep the rules of counterpoint, return as they say, and have the probabilities they tell.

Modules: seqbench_music.voicings.
"""

from __future__ import annotations

import math
from collections import Counter
from itertools import combinations, pairwise
from random import Random

import pytest
from seqbench_music.chorales import PHRASE, chorale, chorales, first_law, law
from seqbench_music.rolls import Keys, pitches_of, unpacked
from seqbench_music.voicings import CHORDS, FOLLOWING, successors, voicings

from seqbench import DataError


def written(length: int = 160, seed: int = 0) -> list[tuple[int, ...]]:
    return [*chorale(Random(seed), length)[0]]


def phrases(chords: list[tuple[int, ...]]) -> list[list[tuple[int, ...]]]:
    return [chords[first : first + PHRASE] for first in range(0, len(chords) - PHRASE + 1, PHRASE)]


@pytest.mark.parametrize("seed", range(5))
def test_no_two_voices_move_in_fifths_or_octaves_within_a_phrase(seed: int) -> None:
    for phrase in phrases(written(seed=seed)):
        for before, after in pairwise(phrase):
            for upper, lower in combinations(range(4), 2):
                distances = {(chord[upper] - chord[lower]) % 12 for chord in (before, after)}
                is_moving = before[upper] != after[upper]
                assert not (is_moving and (distances in ({0}, {7})))


@pytest.mark.parametrize("seed", range(5))
def test_voices_keep_their_order_and_chords_are_whole(seed: int) -> None:
    chords = written(seed=seed)
    assert all(a > b > c > d for a, b, c, d in chords)
    tonic = chords[0][3] % 12
    known = [{(tonic + tone) % 12 for tone in tones} for tones in CHORDS.values()]
    assert all({note % 12 for note in chord} in known for chord in chords)
    # The leading note would double itself into octaves.
    assert all(sum(note % 12 == (tonic + 11) % 12 for note in chord) <= 1 for chord in chords)


def test_phrases_end_on_five_or_on_five_and_one() -> None:
    chords = written(160)
    tonic = chords[0][3] % 12
    of_degree = {name: {(tonic + tone) % 12 for tone in tones} for name, tones in CHORDS.items()}
    for number, phrase in enumerate(phrases(chords[:80])):
        tones = [{note % 12 for note in chord} for chord in phrase]
        assert tones[0] == of_degree["I"]
        is_closed = number % 2 == 1
        assert tones[-1] == of_degree["I" if is_closed else "V"]
        if is_closed:
            assert tones[-2] == of_degree["V"]


@pytest.mark.parametrize(("length", "strophe"), [(8, 8), (16, 8), (64, 32), (100, 48)])
def test_strophe_returns_and_costs_nothing_then(length: int, strophe: int) -> None:
    chords, losses = chorale(Random(1), length)
    assert len(chords) == length + 1 == len(losses) + 1
    assert chords[strophe:] == chords[: length + 1 - strophe]
    assert all(loss == 0 for loss in losses[strophe - 1 :])
    assert all(loss > 0.1 for loss in losses[: strophe - 1][:: PHRASE // 2])


def test_every_voicing_goes_on_by_every_chord_that_may_follow() -> None:
    for chord, each in voicings().items():
        assert len(each) > 10
        for voicing in each:
            assert all(successors(voicing, other) for other in FOLLOWING[chord])


def test_losses_are_those_of_the_frequencies_of_many_draws() -> None:
    start = first_law().voicings[0][1]
    found = law("I", start, 5, "I")
    rng = Random(2)
    draws = [found.draw(rng)[1] for _ in range(20_000)]
    counts = Counter(pitch for voicing in draws for pitch in voicing)
    assert set(counts) <= set(found.marginals)
    for pitch, chance in found.marginals.items():
        assert counts[pitch] / len(draws) == pytest.approx(chance, abs=0.02)
    assert sum(found.marginals.values()) == pytest.approx(4)


def test_loss_of_a_chord_is_that_of_its_notes_one_by_one() -> None:
    found = law("V", voicings()["V"][3], 4, "V")
    chances = [after - before for before, after in pairwise((0.0, *found.sums))]
    drawn = found.voicings[1][1]
    loss = 0.0
    for pitch in range(128):
        share = sum(chance for (_, each), chance in zip(found.voicings, chances, strict=True) if pitch in each)
        loss -= math.log(share if pitch in drawn else 1 - share)
    assert found.loss(drawn) == pytest.approx(loss)


def test_splits_are_apart_and_the_same_each_time() -> None:
    numbers = {"train": 40, "validation": 20, "test": 20}
    first, again = (chorales(numbers, 8, 3, Keys()) for _ in range(2))
    assert all(first[name].equal(again[name]) for name in first)
    assert not first["test"].equal(chorales(numbers, 8, 4, Keys())["test"])
    rolls = unpacked(first)
    rows = {part: [tuple(pitches_of(piece)) for piece in each.frames.split(9)] for part, each in rolls.items()}
    assert [len(rows[part]) for part in numbers] == [40, 20, 20]
    assert not set(rows["train"]) & set(rows["test"])
    assert len(first["losses"]) == 8 * 20


def test_length_at_which_training_has_all_chorales_is_told() -> None:
    numbers = {"train": 2000, "validation": 200, "test": 1}
    with pytest.raises(DataError, match="music at length 1: nearly all chorales .* a length of 4 or more"):
        chorales(numbers, 1, 0, Keys())

"""Tests that rows hold whole pairs, each at most once in a pass, and no more tokens than asked for."""

from __future__ import annotations

import random

import pytest
import torch
from seqbench_translation.corpus import Corpus, built_corpus
from seqbench_translation.pairs import apart
from seqbench_translation.rows import TARGET_PER_SOURCE, WAITING, Room, check_length, joined, made_rows

from seqbench import UNSCORED, DataError, Decoding, generator


def some_corpus(pairs: int = 300) -> Corpus:
    """Return pairs of one-letter words, at most 9 in the source and 12 in the target; each has its number."""
    rng = random.Random(0)
    made = [
        (f" {i}{' a' * rng.randint(0, 8)}", f" {i}{' b' * rng.randint(0, 11)}") for i in range(1000, 1000 + pairs)
    ]
    return built_corpus(apart({"all": made}, 0), "word", vocabulary_size=10**6, minimum_count=1, is_closed=True)


@pytest.mark.parametrize("length", [9, 20, 100])
def test_each_pair_of_a_pass_stands_in_one_row_that_it_fits(length: int) -> None:
    rng = random.Random(1)
    lengths = [(rng.randint(1, 9), rng.randint(1, 2 * 9)) for _ in range(2000)]
    order = rng.sample(range(2000), 2000)
    rows = list(joined(order, lengths, length))
    assert sorted(pair for row in rows for pair in row) == list(range(2000))
    read = [sum(lengths[pair][0] for pair in row) for row in rows]
    written = [sum(lengths[pair][1] for pair in row) for row in rows]
    assert max(read) <= length
    assert max(written) <= TARGET_PER_SOURCE * length
    full = sum(read[: -WAITING // 4]) / (length * len(read[: -WAITING // 4]))
    assert full > 0.85, "the next pair that fits is found among those that wait"


def test_rows_read_as_source_delimiter_target_and_ask_for_the_target_and_its_end() -> None:
    corpus = some_corpus()
    numbering = corpus.numbering
    split = made_rows(corpus, "test", Room(20, 500, joins=True, repeats=False), generator(0, "test"))
    batch = split.batch(torch.arange(len(split)))
    decoding = Decoding(prefix=numbering.delimiter, stop=0, most_tokens=2 * 20 + 1)
    given = decoding.prompts(batch)
    seen = []
    for row in range(len(split)):
        source = numbering.source.text(given.inputs[row, : int(given.lengths[row]) - 1].tolist()).split()
        target = numbering.target.text(given.targets[row].tolist()).split()
        numbers = [word for word in source if word != "a"]
        assert numbers == [word for word in target if word != "b"], "the same sentences in the same order"
        assert len(source) <= 20
        seen += numbers
        steps = int(batch.lengths[row])
        asked = batch.targets[row, len(source) : steps].tolist()
        assert batch.targets[row, : len(source)].tolist() == [UNSCORED] * len(source)
        assert asked == [*batch.inputs[row, len(source) + 1 : steps].tolist(), 0]
    assert len(seen) == len(set(seen)) == 30, "every test pair once"


def test_training_pairs_come_again_in_other_company_and_without_joining_only_once() -> None:
    corpus = some_corpus()
    again = made_rows(corpus, "train", Room(20, 400, joins=True, repeats=True), generator(0, "x"))
    assert len(again) == 400
    assert len({tuple(again.batch(torch.tensor([row])).inputs[0].tolist()) for row in range(400)}) > 380
    alone = made_rows(corpus, "train", Room(20, 400, joins=False, repeats=False), generator(0, "x"))
    assert len(alone) == 240
    assert int((alone.batch(torch.arange(240)).targets == 0).sum()) == 240


def test_a_length_below_the_shortest_sentence_is_refused_and_longer_pairs_are_left_out() -> None:
    pairs = apart({"all": [(f" a b c {i}", f" x {i}") for i in range(20)]}, 0)
    corpus = built_corpus(pairs, "word", vocabulary_size=9, minimum_count=1)
    room, rng = Room(3, 9, joins=True, repeats=False), generator(0, "x")
    said = r"length 3 needs sentences.* test has none: its shortest has ([56]) source .* ask for length \1 or more"
    with pytest.raises(DataError, match=said):
        made_rows(corpus, "test", room, rng)
    with pytest.raises(DataError) as told:
        made_rows(built_corpus(pairs, "word", vocabulary_size=9, minimum_count=99), "test", room, rng)
    assert "tokens are the bytes of words without a token of their own" in str(told.value)
    assert "translation.minimum_count" in str(told.value)
    some = made_rows(some_corpus(), "train", Room(2, 1000, joins=False, repeats=False), generator(0, "x"))
    assert 0 < len(some) < 240
    assert int(some.lengths.max()) <= 2 + 1 + 4


@pytest.mark.parametrize("joins", [True, False])
def test_a_length_of_which_no_test_row_has_half_is_refused_or_with_rows_of_one_pair_warned_of(joins: bool) -> None:
    pairs = apart({"all": [(f" a b {i}", f" x {i}") for i in range(20)]}, 0)
    corpus = built_corpus(pairs, "word", vocabulary_size=99, minimum_count=1, is_closed=True)
    longest = 6 if joins else 3  # there are two test pairs of three tokens

    def check(length: int) -> None:
        room = Room(length, 9, joins=joins, repeats=False)
        check_length(made_rows(corpus, "test", room, generator(0, "x")), room)

    check(2 * longest)
    said = f"fills? no more than length {longest}.* ask for length {longest} or less"
    with pytest.raises(DataError, match=said) if joins else pytest.warns(UserWarning, match=said):
        check(2 * longest + 1)


def test_a_target_that_is_too_long_decides_the_length_to_ask_for() -> None:
    pairs = apart({"all": [(f" {i}", f" x x x x x x {i}") for i in range(10)]}, 0)
    corpus = built_corpus(pairs, "word", vocabulary_size=99, minimum_count=1, is_closed=True)
    room = Room(2, 9, joins=True, repeats=False)
    with pytest.raises(DataError, match="has 1 source tokens and 7 target tokens; ask for length 4 or more$"):
        made_rows(corpus, "test", room, generator(0, "x"))
    assert len(made_rows(corpus, "test", Room(4, 9, joins=True, repeats=False), generator(0, "x"))) == 1


def test_a_length_is_filled_by_long_targets_too() -> None:
    pairs = apart({"all": [(f" {i}", f" x x x x x x {i}") for i in range(10)]}, 0)
    corpus = built_corpus(pairs, "word", vocabulary_size=99, minimum_count=1, is_closed=True)
    room = Room(8, 9, joins=True, repeats=False)
    check_length(
        made_rows(corpus, "test", room, generator(0, "x")), room
    )  # a row of one source token, seven targets

"""Tests the symbols of transcripts, and that what no alignment leads to is told when it is loaded."""

from __future__ import annotations

import pytest
from seqbench_speech.symbols import Symbols, check_alignable

from seqbench import DataError


def test_words_are_numbered_by_size_or_by_the_alphabet() -> None:
    assert Symbols.of(["10 9", "9"], "word").names == ("9", "10")
    assert Symbols.of(["Two nine", "one"], "word").names == ("nine", "one", "two")
    assert Symbols.of(["ba  b"], "character").names == (" ", "a", "b")


def test_texts_come_back_in_small_letters_with_single_spaces() -> None:
    for unit in ("word", "character"):
        symbols = Symbols.of(["Two  NINE two"], unit)  # type: ignore[arg-type]
        assert symbols.text(symbols.numbers("two Nine", "it")) == "two nine"


def test_symbol_that_training_lacks_is_told() -> None:
    with pytest.raises(DataError, match=r"the word 'ten' of a.wav is in no training recording.*unit=character"):
        Symbols.of(["one"], "word").numbers("one ten", "a.wav")


@pytest.mark.parametrize(("numbers", "frames"), [([0, 1], 2), ([0, 0], 3), ([1, 1, 1], 5), ([], 0)])
def test_transcript_needs_a_frame_for_each_symbol_and_one_between_equal_ones(
    numbers: list[int], frames: int
) -> None:
    check_alignable(numbers, frames, "it")
    if frames:
        with pytest.raises(DataError, match=f"the transcript of it needs {frames} frames.* has {frames - 1}"):
            check_alignable(numbers, frames - 1, "it")

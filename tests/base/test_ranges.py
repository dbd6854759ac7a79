"""Tests that numbers written as ranges are read as the same numbers, and that what is no range is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from seqbench.base.ranges import in_ranges, ranges_text, read_range, seeds_text

NUMBERS = some.lists(some.integers(0, 40) | some.integers(2**63 - 5, 2**63 - 1))


@given(NUMBERS)
def test_ranges_are_read_as_the_numbers_that_were_written_in_their_order(numbers: list[int]) -> None:
    words = in_ranges(numbers)
    read = [[word] if isinstance(word, int) else read_range(word, 100) for word in words]
    assert [number for part in read for number in part] == numbers
    assert not [part for part in read if len(part) == 2]


@given(some.sets(some.integers(0, 30)))
def test_no_three_numbers_that_follow_each_other_are_written_out(numbers: set[int]) -> None:
    singles = [int(word) for word in ranges_text(numbers).split(", ") if word and ".." not in word]
    assert not [n for n in singles if {n + 1, n + 2} <= numbers or {n - 1, n + 1} <= numbers]


def test_seeds_are_named_in_the_singular_and_the_plural() -> None:
    assert [seeds_text(seeds) for seeds in ([4], [1, 0], [2, 0, 1, 9])] == [
        "seed 4",
        "seeds 0, 1",
        "seeds 0..2, 9",
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("9..0", "the range 9..0 ends before it begins; write 0..9"),
        ("0..x", "such as 0..99, and '0..x' was given"),
        ("0...4", "'0...4' was given"),
        ("-3..2", "'-3..2' was given"),
        ("0..²", "was given"),
        ("0..1000000000", "has 1,000,000,001 numbers, and 1,000 is the most"),
        ("0.." + "9" * 5000, "was given"),
    ],
)
def test_what_is_no_range_or_too_large_is_refused_in_a_short_sentence(text: str, words: str) -> None:
    with pytest.raises(ValueError, match="range") as caught:
        read_range(text, 1000)
    assert words in str(caught.value)
    assert len(str(caught.value)) < 250

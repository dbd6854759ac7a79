"""Tests that speakers stand in one split, and that the data's own splits and the rule of takes are kept."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from seqbench_speech.parts import PARTS, divide
from seqbench_speech.recordings import Said

from seqbench import DataError


def digits(speakers: int = 6, takes: int = 10, part: str = "all") -> list[Said]:
    return [
        Said(str(word), f"s{speaker}", str(take), part)
        for speaker in range(speakers)
        for word in range(10)
        for take in range(takes)
    ]


def speakers_of(said: Sequence[Said], numbers: Sequence[int]) -> set[str]:
    return {said[number].speaker for number in numbers}


@pytest.mark.parametrize(("speakers", "shares"), [(3, (1, 1, 1)), (6, (4, 1, 1)), (30, (21, 3, 6))])
def test_speakers_are_in_one_split_and_each_recording_is_there_once(speakers: int, shares: tuple[int]) -> None:
    said = digits(speakers, 2)
    for seed in range(5):
        parts = divide(said, "unseen", None, seed)
        assert tuple(len(speakers_of(said, parts[part])) for part in PARTS) == shares
        assert sorted(number for numbers in parts.values() for number in numbers) == list(range(len(said)))
        assert not speakers_of(said, parts["train"]) & speakers_of(said, parts["test"])


def test_another_seed_holds_out_other_speakers() -> None:
    said = digits()
    assert (
        len({tuple(sorted(speakers_of(said, divide(said, "unseen", None, seed)["test"]))) for seed in range(9)})
        > 2
    )


def test_mixed_draws_the_same_share_of_each_word() -> None:
    said = digits()
    parts = divide(said, "mixed", None, 0)
    for part, share in (("train", 42), ("validation", 6), ("test", 12)):
        words = [said[number].text for number in parts[part]]
        assert {words.count(str(word)) for word in range(10)} == {share}
    assert speakers_of(said, parts["test"]) & speakers_of(said, parts["train"])


def test_takes_are_the_test_split_and_no_other_recording_is() -> None:
    said = digits()
    parts = divide(said, "mixed", frozenset(range(5)), 0)
    assert {int(said[number].take) for number in parts["test"]} == set(range(5))
    assert {int(said[number].take) for number in parts["train"] + parts["validation"]} == set(range(5, 10))
    assert len(parts["test"]) == 300


def test_splits_of_the_data_are_kept_and_what_is_missing_is_drawn_from_training() -> None:
    said = [*digits(4, 2, "train"), *(each._replace(speaker="new") for each in digits(1, 2, "test"))]
    parts = divide(said, "unseen", None, 0)
    assert {said[number].part for number in parts["test"]} == {"test"}
    assert len(speakers_of(said, parts["validation"])) == 1
    assert {said[number].part for number in parts["validation"]} == {"train"}


@pytest.mark.parametrize(
    ("said", "speakers", "takes", "words"),
    [
        (digits(2), "unseen", None, "the data have 2 speakers to divide.*set speakers=mixed"),
        (
            [*digits(3, 2, "train"), *digits(1, 2, "test")],
            "unseen",
            None,
            "speaker s0 is in the splits train and test",
        ),
        ([Said("a", name="a.wav")] * 9, "unseen", None, "nothing tells who speaks in a.wav"),
        (digits(), "mixed", frozenset([77]), "no recording has one of the test_takes"),
        ([Said("a", "b", "x", name="a.wav")], "mixed", frozenset([0]), "take of a.wav is 'x', not a whole number"),
        (digits(1, 5, "train"), "mixed", frozenset([0]), "the data are divided already"),
        (digits(1, 5), "mixed", frozenset(range(5)), "no recording to train on"),
        ([Said("a", "b")], "mixed", None, "too few"),
    ],
)
def test_what_cannot_be_divided_is_told(
    said: list[Said], speakers: str, takes: frozenset[int] | None, words: str
) -> None:
    with pytest.raises(DataError, match=words):
        divide(said, speakers, takes, 0)  # type: ignore[arg-type]


def test_sentences_that_are_each_said_once_are_drawn_from_all() -> None:
    said = [Said(f"sentence {number}", "one") for number in range(20)]
    parts = divide(said, "mixed", None, 0)
    assert [len(parts[part]) for part in PARTS] == [14, 2, 4]

"""Tests what the names of files tell, and which takes a text names."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from seqbench_speech.naming import Pattern, numbers_in


@pytest.mark.parametrize(
    ("pattern", "path", "told"),
    [
        ("{label}_{speaker}_{take}.wav", "7_jackson_12.wav", ("7", "jackson", "12")),
        ("{label}_{speaker}_{take}.wav", "deep/7_jackson_12.flac", ("7", "jackson", "12")),
        ("{label}/{speaker}_nohash_{take}", "all/yes/0a7c_nohash_1.wav", ("yes", "0a7c", "1")),
        ("{speaker}/{label}-{}", "anna/go-2020.ogg", ("go", "anna", "")),
        ("{label}", "stop.wav", ("stop", "", "")),
        ("{label}.v{take}.wav", "a+b.v2.wav", ("a+b", "", "2")),
        ("{label}.{speaker}", "go.anna.wav", ("go", "anna", "")),
    ],
)
def test_pattern_tells_label_speaker_and_take(pattern: str, path: str, told: tuple[str, ...]) -> None:
    said = Pattern(pattern).read(PurePosixPath(path))
    assert said is not None
    assert (said.text, said.speaker, said.take) == told
    assert said.name == path


def test_name_that_does_not_fit_is_none() -> None:
    assert Pattern("{label}_{speaker}").read(PurePosixPath("seven.wav")) is None
    assert Pattern("{label}/{speaker}").read(PurePosixPath("seven.wav")) is None
    assert Pattern("{label}_{speaker}").read(PurePosixPath(" _anna.wav")) is None


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("{speaker}_{take}", "no {label}"),
        ("{label}_{label}", "{label} twice"),
        ("{label}_{sex}", r"has {sex}; it may have {label}, {speaker}, {take}"),
    ],
)
def test_pattern_that_says_nothing_is_refused(pattern: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Pattern(pattern)


def test_takes_are_numbers_and_ranges() -> None:
    assert numbers_in("0-4,7") == {0, 1, 2, 3, 4, 7}
    for text in ("", "a", "4-2", "1-", "0.5"):
        with pytest.raises(ValueError, match="names no takes"):
            numbers_in(text)

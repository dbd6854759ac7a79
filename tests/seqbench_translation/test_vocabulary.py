"""Tests that tokens are whole texts again, known words or not, and that no unknown word stands for another.

Modules: seqbench_translation.units.
"""

from __future__ import annotations

import json

import pytest
from seqbench_translation.units import UNITS, Unit, normal
from seqbench_translation.vocabulary import Numbering, Vocabulary

from seqbench import UNSCORED, DataError

TEXTS = [
    "It's (not) late -- is it?",
    "„Ich weiß nicht“, sagte Zoë.",
    "我喜欢喝咖啡。 5杯!",
    "a\u200bb हिन्दी 👍🏽 don’t &amp; <br> x",
    "",
]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("unit", ["word", "character"])
@pytest.mark.parametrize("known", [(), (" It's", "(", " not", "e", " ", "weiß")])
def test_units_joined_and_tokens_read_are_the_normal_text(text: str, unit: Unit, known: tuple[str, ...]) -> None:
    assert "".join(UNITS[unit](normal(text))) == normal(text)
    numbering = Numbering.of(unit, known, known[::-1], spells=True)
    for side, tokens in (
        (numbering.source, numbering.source_tokens(text)),
        (numbering.target, numbering.target_tokens(text)),
    ):
        assert side.text([*tokens, UNSCORED]) == normal(text).strip()
        assert all(side.first <= token < side.end for token in tokens)


def test_tokens_of_the_target_come_first_and_no_number_is_used_twice() -> None:
    numbering = Numbering.of("word", (" a", " b"), (" c",), spells=True)
    target = range(numbering.target.first, numbering.target.end)
    source = range(numbering.source.first, numbering.source.end)
    assert [0, *target, numbering.delimiter, *source] == list(range(numbering.source.end))
    assert Numbering.from_fitted(json.loads(json.dumps(numbering.fitted()))) == numbering


def test_unknown_words_are_spelled_and_differ() -> None:
    words = Vocabulary((" known",), first=1, spells=True)
    one, other = words.tokens([" Zoë"]), words.tokens([" Zoé"])
    assert one != other
    assert words.tokens([" known"]) == [1]
    assert "".join(words.sign(token) for token in one) == "<20><5a><6f><c3><ab>"
    assert words.text(one[:-1]) == "Zo\ufffd", "half of a letter is one sign, and no error"
    assert words.spelled_share([" known", " Zoë"]) == 0.5


def test_an_unknown_word_of_a_closed_language_is_refused_with_the_words_that_there_are() -> None:
    with pytest.raises(DataError, match="has no word 'tree'; its words are dog cat"):
        Vocabulary((" dog", " cat"), first=1, spells=False).tokens([" tree"])

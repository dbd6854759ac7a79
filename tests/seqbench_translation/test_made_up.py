"""Tests that each small English sentence has one translation, which the perfect translator finds from its words.

Modules: seqbench_translation.english, seqbench_translation.lexicon, seqbench_translation.sentences.
"""

from __future__ import annotations

from itertools import islice
from random import Random

import pytest
from seqbench_translation.made_up import pairs, translated

from seqbench import DataError

BY_HAND = [
    # The verb goes to the end, and agrees in number with a subject that English tells at its article and noun.
    ("the dog saw a stone.", "ko tarn no lith vidu."),
    ("the dogs saw a stone.", "kom tarne no lith vidunt."),
    # Articles and adjectives have the gender of the noun.
    ("the quiet girl did not find the red boats.", "ka nin taza kom vonde rovom ne trobu."),
    # "old", "knew" and "played" have two translations each, by what they are said of.
    ("an old king knew an old book.", "no roth seno no kiv vetro sabu."),
    ("an old king knew a farmer.", "no roth seno no gromp kunu."),
    ("some girls played the flute.", "nam nine ka siw sonunt."),
    ("some girls played the quiz.", "nam nine ka yot ludunt."),
    ("some girls played the quizzes.", "nam nine kam yote ludunt."),
    # Time comes first, place before the object.
    ("the cats found a letter near the bridges again.", "rur kam mele kam pele apu na shal trobunt."),
    # A verb agrees with its own subject, across the other one.
    ("the boy that the birds saw slept.", "ko puk keo kam file vidunt dormu."),
    ("the boys that saw the bird slept.", "kom puke keom ka fil vidunt dormunt."),
]


@pytest.mark.parametrize(("source", "target"), BY_HAND)
def test_a_sentence_is_translated_as_by_hand(source: str, target: str) -> None:
    assert translated(source) == target


def test_every_drawn_sentence_is_translated_from_its_words_alone_as_it_was_drawn() -> None:
    drawn = list(islice(pairs(Random(0)), 3000))
    assert [translated(source) for source, _ in drawn] == [target for _, target in drawn]
    assert len({source for source, _ in drawn}) > 2500


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("the unicorn slept.", "cannot go on with 'unicorn'"),
        ("the girl played some quizs.", "cannot go on with 'quizs'"),
        ("the dog saw.", "cannot go on with the end"),
        ("the dog slept the cat.", "cannot go on with 'the'"),
    ],
)
def test_what_is_no_sentence_is_refused_with_what_could_follow(text: str, words: str) -> None:
    with pytest.raises(DataError, match=words):
        translated(text)

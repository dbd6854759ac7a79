"""Tests that text becomes tokens and text again, in words, characters and byte pairs."""

from __future__ import annotations

import pytest
from seqbench_next_token.grammar import START, VOCABULARY
from seqbench_next_token.units import (
    LINE_END,
    UNKNOWN,
    BytePairs,
    Characters,
    Unit,
    Units,
    Words,
    unit_of,
    unknown_note,
)

from seqbench import DataError

TEXT = "please stay at home\nhe can't , <unk> stay\n"


def test_words_are_those_between_spaces_and_each_line_ends_with_a_token() -> None:
    unit = Words.fitted(TEXT, 100, "spaces")
    tokens = unit.encode("stay at\nthe home\n\nstay")
    assert [unit.vocabulary[token] for token in tokens] == [
        *("stay", "at", LINE_END, UNKNOWN, "home", LINE_END, LINE_END, "stay"),
    ]
    assert unit.text(tokens) == "stay at\n<unk> home\n\nstay"
    assert unit.names(unit.encode("at\n")) == ["at", "↵"]


def test_written_unknown_words_are_the_unknown_token_and_size_counts_all() -> None:
    unit = Words.fitted(TEXT, 4, "spaces")
    assert unit.vocabulary == (UNKNOWN, LINE_END, "stay", ",")
    assert unit.encode("<unk> please stay") == [0, 0, 2]
    assert unit.size == 4


def test_signs_are_words_of_their_own_where_asked() -> None:
    unit = Words.fitted("Stay, please. It's late!\n", 50, "signs")
    assert [unit.vocabulary[token] for token in unit.encode("It's late, please")] == [
        "It's",
        "late",
        ",",
        "please",
    ]


def test_characters_keep_every_sign_and_the_end_of_a_line() -> None:
    unit = Characters.fitted("abba\n", 10)
    assert unit.text(unit.encode("ab\nxa")) == "ab\n\ufffda"
    assert unit.names(unit.encode("a\n")) == ["a", "↵"]
    assert unit.start == unit.encode("\n")[0]
    assert Characters.fitted("abcd", 3).vocabulary[1] == "\n"


def test_byte_pairs_drop_no_letter_that_they_have_not_seen() -> None:
    pytest.importorskip("tokenizers")
    unit = BytePairs.fitted("please stay at home\n" * 20, 300)
    assert 256 < unit.size <= 300
    strange = "stay 家 ß\n\n please "
    assert unit.text(unit.encode(strange)) == strange
    assert len(unit.encode("please stay at home\n")) < 10
    assert unit_of(unit.told()).encode("stay") == unit.encode("stay")
    assert unit.text([unit.start]) == "\n"


@pytest.mark.parametrize(
    "unit", [Words.fitted(TEXT, 9, "signs"), Characters.fitted(TEXT, 20), Words(VOCABULARY, before=START)]
)
def test_unit_is_told_and_made_again(unit: Unit) -> None:
    assert unit_of(unit.told()) == unit


def test_words_of_the_grammar_begin_with_its_first_token_and_others_are_refused() -> None:
    unit = Words(VOCABULARY, before=START)
    assert unit.names(unit.encode("farm anna .")) == [START, "farm", "anna", "."]
    assert unit.encode(f"{START} farm") == unit.encode("farm")
    assert unit.text(unit.encode("farm anna .")) == "farm anna .", "nobody wrote the first token"
    assert unit.text(unit.encode("")) == ""
    with pytest.raises(DataError, match="the text has 2 lines, and the grammar has no line ends"):
        unit.encode("farm\nanna")
    with pytest.raises(DataError, match="the grammar does not know '<eos>'"):
        unit.encode("farm <eos>")
    with pytest.raises(DataError, match="the grammar does not know 'home'"):
        unit.encode("farm home")


def test_unknown_words_are_counted_without_ends_of_lines_and_written_ones_are_known() -> None:
    words, signs = Words(("<unk>", "<eos>", "we", "go")), Characters(("<unk>", "\n", "w"))
    note = unknown_note(words, ["we fly\nhigh"], "the prompt")
    assert note == "2 of 3 words of the prompt are unknown to the network: it reads <unk> in their place"
    assert "1 of 2 characters" in str(unknown_note(signs, ["we"], "the prompt"))
    for known in ("we go", "<unk> go", "", "<unk>\n<unk> we"):
        assert unknown_note(words, [known], "the prompt") is None


def test_unknown_words_beside_a_written_one_are_counted() -> None:
    words, signs = Words(("<unk>", "<eos>", "we", "go")), Characters(("<unk>", "\n", "w"))
    assert "1 of 3 words" in str(unknown_note(words, ["we <unk> zzzz"], "the prompt"))
    assert "2 of 4 words of the rows" in str(unknown_note(words, ["we <unk>", "zzzz x<unk>"], "the rows"))
    assert "6 of 7 characters" in str(unknown_note(signs, ["w<unk>ß"], "the prompt"))
    cut = Words(("<unk>", "<eos>", "we"), "signs")
    assert "3 of 4 words" in str(unknown_note(cut, ["we <unk>"], "the prompt")), "signs are cut off"


def test_an_answer_is_a_token_that_can_be_seen() -> None:
    words, signs = Words(("<unk>", "<eos>", "we")), Characters(("<unk>", "\n", "w"))
    assert [words.answer(token) for token in range(3)] == ["<unk>", "<eos>", "we"]
    assert [signs.answer(token) for token in range(3)] == ["\ufffd", "<eos>", "w"]
    assert Words(VOCABULARY, before=START).answer(0) == START


def test_unit_of_a_text_that_is_written_is_made_once() -> None:
    units, told, other = Units(), Words.fitted(TEXT, 100, "spaces").told(), Characters.fitted(TEXT, 100).told()
    assert units[told] is units[told]
    assert units[other] == unit_of(other)
    assert units[told] == unit_of(told)

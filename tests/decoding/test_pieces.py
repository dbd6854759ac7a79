"""Tests that the pieces of a text are whole letters, and together the text."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from seqbench.decoding.pieces import Pieces


def from_bytes(tokens: Sequence[int]) -> str:
    return bytes(tokens).decode("utf-8", "replace")


def from_words(tokens: Sequence[int]) -> str:
    return " ".join(str(token) for token in tokens)


def shown(text: str, before: int = 0) -> list[str]:
    """Return the pieces of a text's bytes, of which so many were shown before."""
    tokens = list(text.encode())
    pieces = Pieces(from_bytes, tokens[:before])
    return [*(pieces.add(token) for token in tokens[before:]), pieces.rest()]


@given(st.text(max_size=30).filter(lambda text: "\ufffd" not in text))
def test_pieces_of_bytes_are_whole_letters_and_together_the_text(text: str) -> None:
    pieces = shown(text)
    assert "".join(pieces) == text
    assert not any("\ufffd" in piece for piece in pieces)


def test_a_letter_of_several_tokens_waits_until_it_is_whole() -> None:
    assert shown("aé😀") == ["a", "", "é", "", "", "", "😀", ""]


def test_words_get_the_space_before_them_also_after_the_prompt() -> None:
    pieces = Pieces(from_words, [7, 8])
    assert [pieces.add(token) for token in (1, 22, 3)] == [" 1", " 22", " 3"]
    assert [Pieces(from_words).add(5), pieces.rest()] == ["5", ""]


def test_bytes_that_are_no_letter_are_shown_in_the_end() -> None:
    pieces = Pieces(from_bytes)
    assert [pieces.add(token) for token in (0xC3, 0xC3)] == ["", ""]
    assert pieces.rest() == "\ufffd\ufffd"
    many = Pieces(from_bytes)
    assert sum(bool(many.add(0xC3)) for _ in range(64)) == 4


def test_a_piece_costs_the_same_however_long_the_text_is() -> None:
    sizes = []

    def text(tokens: Sequence[int]) -> str:
        sizes.append(len(tokens))
        return from_words(tokens)

    pieces = Pieces(text)
    for token in range(300):
        pieces.add(token)
    assert max(sizes) == 9

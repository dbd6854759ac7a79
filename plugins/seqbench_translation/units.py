"""Cuts texts into words or characters, so that all units of a text, joined, are the text again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Literal

from seqbench_texts.words import plain, tokens_of

Unit = Literal["word", "character"]


def normal(text: str) -> str:
    """Write a text in one way: letters as `seqbench_texts` writes them, one space between words, one before all.

    >>> normal("It  is\\nlate.")
    ' It is late.'
    """
    return "".join(f" {piece}" for piece in plain(text).split())


def words_of(text: str) -> list[str]:
    """Cut a normal text into words and single signs; a space belongs to the word after it.

    >>> words_of(normal("It's (not) late."))
    [" It's", ' (', 'not', ')', ' late', '.']
    """
    return [word for piece in text.split() for word in _words(piece)]


@lru_cache(maxsize=2**16)
def _words(piece: str) -> tuple[str, ...]:
    found = list(tokens_of(piece)) or [piece]
    return (f" {found[0]}", *found[1:])


UNITS: Mapping[Unit, Callable[[str], list[str]]] = {"word": words_of, "character": list}
"""Name of a unit -> what cuts a normal text into such units."""

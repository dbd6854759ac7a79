"""Turns tokens into text as they arrive, in pieces that hold whole letters only. Imports nothing of seqbench."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

_CONTEXT = 8
"""Tokens before a piece with which it is turned into text, so that spaces between words are right."""
_LONGEST = 16
"""Tokens after which a piece is given out, even if its last letter is not whole."""
_UNFINISHED = "\ufffd"
"""What stands in a text for bytes that are no whole letter."""


Token = TypeVar("Token")


class Pieces(Generic[Token]):
    """The text of tokens, piece by piece; the cost of a piece does not grow with the text.

    The text of a token may depend on its neighbours, as with a space before a word, and a letter may take several
    tokens, as with bytes. So new tokens are turned into text together with those before them, whose text is then
    cut off, and a piece that ends within a letter waits for the rest of it.

    Args:
        text: turns tokens into a text.
        before: tokens whose text has been shown, such as the prompt's.
    """

    def __init__(self, text: Callable[[Sequence[Token]], str], before: Sequence[Token] = ()) -> None:
        self._text = text
        self._known = list(before[-_CONTEXT:])
        self._new: list[Token] = []

    def add(self, token: Token) -> str:
        """Return what can be shown after one more token; empty if it has to wait."""
        self._new.append(token)
        return self._piece(is_due=len(self._new) >= _LONGEST)

    def rest(self) -> str:
        """Return what has waited, after the last token."""
        return self._piece(is_due=True) if self._new else ""

    def _piece(self, *, is_due: bool) -> str:
        known = self._text(self._known) if self._known else ""
        both = self._text([*self._known, *self._new])
        if not is_due and (both.endswith(_UNFINISHED) or not both.startswith(known)):
            return ""
        self._known = [*self._known, *self._new][-_CONTEXT:]
        self._new = []
        return both[len(known) :]

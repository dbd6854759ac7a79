"""Writes texts as CSV fields that no spreadsheet takes for a formula, and reads them back."""

from __future__ import annotations

import re

from seqbench.base.printable import is_hidden, printable

_SIGNS = "=+-@＝＋－＠"
_FORMULA = (*_SIGNS, "\t", "\r", "\n")
"""Characters that start a formula in a spreadsheet, including full-width forms (OWASP, "CSV Injection")."""

_QUOTED = re.compile(f"'+[{re.escape(_SIGNS)}]")
_ESCAPE = re.compile(r"\\(\\|n|r|t|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})")
_LETTERS = {"\\": "\\", "n": "\n", "r": "\r", "t": "\t"}


def is_formula(text: str) -> bool:
    """Say whether a spreadsheet would take a text for a formula."""
    return text.startswith(_FORMULA)


def csv_text(text: str) -> str:
    """Return a text as a CSV field that holds no control character and no formula; see `from_csv_text`.

    >>> print(csv_text("=1+1"), csv_text("＝1"), csv_text("a\\x1bb"), csv_text("plain"))
    '=1+1 '＝1 a\\x1bb plain
    """
    if any(map(is_hidden, text)) or _ESCAPE.search(text):
        text = printable(text.replace("\\", "\\\\"))
    return f"'{text}" if is_formula(text) or _QUOTED.match(text) else text


def from_csv_text(text: str) -> str:
    """Return the text that `csv_text` was given.

    >>> texts = ("=1", "'=1", "''+1", "＝1", "'a", "\\x1b", "\\\\x1b", "C:\\\\new")
    >>> all(from_csv_text(csv_text(text)) == text for text in texts)
    True
    """
    if _QUOTED.match(text):
        text = text[1:]
    return _ESCAPE.sub(lambda found: _read(found[1]), text)


def _read(escape: str) -> str:
    return _LETTERS.get(escape) or chr(int(escape[1:], 16))

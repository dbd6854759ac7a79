"""Makes text from outside safe for a terminal: printable, on one line, and cut.

Text of a plugin, an exception, a record or an environment may hold escape sequences, carriage returns, marks that
change the direction of writing, or megabytes. Imports nothing of seqbench.
"""

from __future__ import annotations

import unicodedata

MOST = 500
"""Characters of one thing that a line shows; the record has the rest."""
MOST_LINES = 200

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_JOINERS = frozenset("\u200c\u200d")
"""Used inside words of some scripts and inside emoji; they control nothing."""


def printable(text: str, keep: str = "") -> str:
    """Return a text on one line, with control characters and hidden characters spelled out.

    Args:
        text: text from outside.
        keep: characters that are left unchanged, e.g. line ends.

    >>> printable("two\\nlines \\x1b[31mred ±, turned \\u202e")
    'two\\\\nlines \\\\x1b[31mred ±, turned \\\\u202e'
    """
    if text.isprintable():
        return text
    return "".join(_spelled(char) if is_hidden(char) and char not in keep else char for char in text)


def is_hidden(char: str) -> bool:
    """Say whether a character controls a terminal or the direction of text, or is not assigned."""
    return char not in _JOINERS and unicodedata.category(char) in _HIDDEN


def one_line(text: str, most: int = MOST) -> str:
    """Return a text with its white space folded, printable, and cut after ``most`` characters.

    >>> one_line("no\\r\\n  memory\\x07")
    'no memory\\\\x07'
    >>> one_line("a" * 100_000, 5)
    'aaaaa... (100,000 characters in all)'
    """
    # Only the text near the cut is read: the rest may be megabytes.
    ahead = text[: 8 * most]
    line = printable(" ".join(ahead.split()))
    if len(line) <= most and len(ahead) == len(text):
        return line
    return f"{line[:most]}... ({len(text):,} characters in all)"


def on_lines(text: str, most: int = 4 * MOST) -> str:
    """Return at most `MOST_LINES` lines of a text, each printable and cut.

    >>> on_lines("first\\n  second\\x1b[2J", 20)
    'first\\n  second\\\\x1b[2J'
    """
    split = text.split("\n", MOST_LINES)
    kept = [_cut(line, most) for line in split[:MOST_LINES]]
    if len(split) > MOST_LINES:
        kept.append(f"... ({text.count(chr(10)) + 1:,} lines in all)")
    return "\n".join(kept)


def encodable(text: str, most: int) -> str:
    """Return a text that UTF-8 can encode, without its middle if it is longer than ``most`` characters.

    >>> encodable("0123456789", 4), encodable("a\\udc80", 9)
    ('01\\n... (6 characters left out) ...\\n89', 'a\\\\udc80')
    """
    if len(text) > most:
        half = most // 2
        text = f"{text[:half]}\n... ({len(text) - 2 * half:,} characters left out) ...\n{text[-half:]}"
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _cut(line: str, most: int) -> str:
    shown = printable(line[: 2 * most].expandtabs(8))
    is_whole = len(shown) <= most and len(line) <= 2 * most
    return shown if is_whole else f"{shown[:most]}... ({len(line):,} characters)"


def _spelled(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")

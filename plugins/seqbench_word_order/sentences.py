"""Cuts lines of text into sentences of words and a mark.

Knows the sentence ends of many scripts, and a few English abbreviations.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from seqbench_texts.words import BREAK, plain, runs_of, small

Sentence = tuple[str, ...]
"""Words and, last, a mark."""

MARKS = (".", "?", "!")
UNKNOWN = 5
"""Token numbers: the marks are 2, 3 and 4; every number from UNKNOWN on is a word."""
SPECIALS = ("_", "|", *MARKS, "<unk>")
"""The tokens with the numbers up to UNKNOWN; none of them is ever in the vocabulary."""

_ABBREVIATIONS = frozenset(
    ("mr.", "mrs.", "ms.", "dr.", "st.", "prof.", "vs.", "etc.", "e.g.", "i.e.", "a.m.", "p.m.", "u.s.", "u.k.")
)
_EDGES = "\"'`[]{}(),;:*_…¿¡‥・·،؛՝፣፤፥፦၊、，；：\u0f0d"
_END = re.compile(r"[.?!]+$")

_ENDS = {
    **dict.fromkeys("。｡।॥۔։።။។៕᙮᠃᠉꓿꘎꡶꡷𑁇𑁈", "."),
    **dict.fromkeys("？؟⁇⁈፧꘏⸮", "?"),
    **dict.fromkeys("！‼⁉", "!"),
}
"""Sentence ends of other scripts -> the mark that they are read as. They end a sentence wherever they stand."""
_TIBETAN_END = "\u0f0d"
_OTHER_END = re.compile(f"[{''.join(_ENDS)}{_TIBETAN_END}]+")
_GREEK_QUESTION = re.compile(r"(?<=[\u0370-\u03ff\u1f00-\u1fff]);(?!\w)")
_BREAK = re.compile(rf"{BREAK}|\n[ \t]*\r?\n")
_HARD = "\ue000"
"""Put after a mark from another script; a private character, which no text should contain."""


def sentences_in(line: str, *, lower: bool) -> list[Sentence]:
    """Cut a line into sentences of words and a mark.

    A full stop, question or exclamation mark at the end of a word ends the sentence, unless the word is a
    common abbreviation or an initial; so do the sentence ends of other scripts wherever they stand, read as one
    of these three. A line that ends without one gets a full stop, and so does what stands before an empty line or
    a break of HTML. Commas, quotes, colons, brackets and dashes around words are dropped, and so is what would
    pass for a mark or a delimiter. In scripts without spaces each letter with its marks is a word. A word that
    the text itself calls ``<unk>`` stays, as a word outside the vocabulary.

    >>> sentences_in('Mr. Lee, are you "in"? Yes', lower=True)
    [('mr.', 'lee', 'are', 'you', 'in', '?'), ('yes', '.')]
    >>> sentences_in("one <unk> | .* two", lower=True)
    [('one', '<unk>', '.'), ('two', '.')]
    >>> sentences_in("你好吗？很好。", lower=True)
    [('你', '好', '吗', '?'), ('很', '好', '.')]
    """
    text = line if line.isascii() else _with_three_marks(line)
    return [sentence for part in _BREAK.split(plain(text)) for sentence in _cut(part, lower=lower)]


def _with_three_marks(line: str) -> str:
    """Return a line whose sentence ends of other scripts are one of the three marks, set apart."""
    line = _GREEK_QUESTION.sub("?", unicodedata.normalize("NFC", line).replace(_HARD, ""))
    return _OTHER_END.sub(lambda found: f"{_ENDS.get(found[0][-1], '.')}{_HARD} ", line)


def _cut(text: str, *, lower: bool) -> Iterator[Sentence]:
    words: list[str] = []
    for chunk in text.split():
        body, is_hard = chunk.rstrip(_HARD), chunk.endswith(_HARD)
        end = _END.search(body.rstrip(_edges()))
        is_end = end is not None and (is_hard or not _is_abbreviation(body))
        words += _words(body[: end.start()] if end and is_end else body, lower=lower)
        if end and is_end and words:
            yield (*words, [sign for sign in end.group() if sign in MARKS][-1])
            words = []
    if words:
        yield (*words, ".")


def _words(chunk: str, *, lower: bool) -> Iterator[str]:
    for run in runs_of(chunk):
        word = run.strip(_edges())
        if word and word not in SPECIALS[:UNKNOWN]:
            yield _small(word) if lower else word


@lru_cache(maxsize=1)
def _edges() -> str:
    """Return the characters dropped around words: commas, colons, and Unicode's quotes, brackets and dashes."""
    codes = map(chr, range(0x10000))
    return _EDGES + "".join(sign for sign in codes if unicodedata.category(sign) in ("Ps", "Pe", "Pi", "Pf", "Pd"))


def _is_abbreviation(chunk: str) -> bool:
    word = chunk.strip(_edges())
    return word.lower() in _ABBREVIATIONS or _is_initial(word)


def _is_initial(word: str) -> bool:
    """Say whether this is one letter and a full stop, in a script that has capitals."""
    return len(word) == 2 and word[1] == "." and word != "I." and word[0].lower() != word[0].upper()


def _small(word: str) -> str:
    return word if word == "I" or word.startswith("I'") else small(word)

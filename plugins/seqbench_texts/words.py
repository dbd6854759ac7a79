"""Writes a text in one way: one form for each letter, and one form for what a reader takes as one word.

Knows Unicode and no language: `plain` and `small` change letters, `tokens_of` finds words, `is_unspaced` detects
scripts without spaces. Imports nothing of seqbench.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

BREAK = "\u2029"
"""Marks a break in a text: a paragraph separator, which is white space."""

_JOINERS = "\u200c\u200d"
_SKIN = "\U0001f3fb-\U0001f3ff"
_FLAG = "\U0001f1e6-\U0001f1ff"
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u2060\ufeff\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e"))
_INVISIBLE |= dict.fromkeys(range(0x2066, 0x206A))
_SPACES = dict.fromkeys(map(ord, "\u200b\u0f0b\u0f0c\u1361\u2028"), " ")
_HYPHENS = dict.fromkeys(map(ord, "\u2010\u2011"), "-")
_SIGNS = {**_INVISIBLE, **_SPACES, **_HYPHENS}
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]")

_WINDOWS = {
    chr(code): sign
    for code in range(0x80, 0xA0)
    if (sign := bytes([code]).decode("cp1252", "ignore")) and code != 0x85
}

_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
_HTML_BREAK = re.compile(r"<(?:br|/?p)\s*/?>", re.IGNORECASE)
_FORMS = re.compile("[\ufb00-\ufdcf\ufe70-\ufefe\uff00-\uffef]+")
_APOSTROPHE = re.compile(r"(?<=[^\W\d_])[\u2019\u02bc](?=[^\W\d_])")

# Scripts that are written without spaces between words: those whose lines Unicode breaks by a dictionary
# (UAX 14, class SA), and those of Chinese and Japanese.
_UNSPACED_BLOCKS = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x1950, 0x19DF),  # Tai Le, New Tai Lue
    (0x1A20, 0x1AAF),  # Tai Tham
    (0x2E80, 0x2FDF),  # radicals
    (0x3005, 0x3007),
    (0x3021, 0x30FF),  # kana
    (0x31F0, 0x31FF),
    (0x3400, 0x4DBF),  # Han
    (0x4E00, 0x9FFF),
    (0xA9E0, 0xA9FF),  # Myanmar
    (0xAA60, 0xAADF),  # Myanmar, Tai Viet
    (0xF900, 0xFAFF),  # Han
    (0x1B000, 0x1B16F),  # kana
    (0x20000, 0x323AF),  # Han
)
_ATTACHED = (0x0E33, 0x0EB3)
"""Vowels of Thai and Lao that Unicode calls letters, and that belong to the letter before them (UAX 29)."""


def plain(text: str) -> str:
    """Return a text whose letters are written in one way, by these steps in this order.

    - The entities of HTML that end in a semicolon become what they stand for; ``<br>`` and ``<p>`` become breaks.
    - Full-width, half-width and presentation forms (blocks FF00 to FFEF, FB00 to FDCF and FE70 to FEFE) become
      the letters that they are forms of, by NFKC. Superscripts, fractions and the like stay as they are.
    - Everything else is brought to NFC, so that a letter with an accent is the same however it was typed.
    - An apostrophe between two letters is ``'`` (also U+2019 and U+02BC), a hyphen ``-`` (also U+2010, U+2011).
    - Control characters become spaces. Those from 80 to 9F are read as Windows-1252, as browsers do: they are
      quotes and dashes of texts that were taken for Latin-1.
    - Soft hyphens, word joiners and marks of direction are dropped: nobody sees them. Zero-width joiners and
      non-joiners stay, as marks of their word. A zero-width space is a space, as are the word separators of
      Tibetan and Ethiopic.

    >>> plain("Cafe\\u0301 &amp; don\\u2019t<br />\\uff2f\\uff2b").split()
    ['Café', '&', "don't", 'OK']
    """
    text = _CONTROLS.sub(lambda sign: _WINDOWS.get(sign[0], " "), _without_html(text))
    if text.isascii():
        return text
    text = _FORMS.sub(lambda form: unicodedata.normalize("NFKC", form[0]), text)
    text = unicodedata.normalize("NFC", text.translate(_SIGNS))
    return _APOSTROPHE.sub("'", text)


def small(text: str) -> str:
    """Return a text in small letters, one for one; a sigma at the end of a word is the final one.

    Python's ``lower`` makes two characters of ``İ`` alone, and here it is ``i``, which is Unicode's simple
    mapping. ``ß`` and ``ss`` stay two spellings, and ``I`` is ``i`` in every language.

    >>> small("İSTANBUL ΟΔΟΣ STRAẞE")
    'istanbul οδος straße'
    """
    return text.lower() if text.isascii() else unicodedata.normalize("NFC", text.replace("İ", "i").lower())


def tokens_of(piece: str) -> Iterator[str]:
    """Yield the words and signs of a piece of plain text that has no white space.

    A word is letters and digits with the marks that stand on them, and apostrophes between letters; in scripts
    without spaces each letter with its marks is one. Any other visible character is a sign of its own.

    >>> [list(tokens_of(piece)) for piece in ("don't!", "हिन्दी", "5杯咖啡", "กำลัง")]
    [["don't", '!'], ['हिन्दी'], ['5', '杯', '咖', '啡'], ['กำ', 'ลั', 'ง']]
    """
    for found in _patterns().token.finditer(piece):
        if token := found[0].strip(_JOINERS[0]):
            yield token


def is_unspaced(piece: str) -> bool:
    """Say whether a piece of text has a letter of a script without spaces."""
    return not piece.isascii() and _patterns().unspaced.search(piece) is not None


def runs_of(piece: str) -> list[str]:
    """Cut a piece at the letters of scripts without spaces, and keep together all else.

    >>> runs_of("iPhone手机3.5寸")
    ['iPhone', '手', '机', '3.5', '寸']
    """
    return _patterns().run.findall(piece) if is_unspaced(piece) else [piece]


def has_word(token: str) -> bool:
    """Say whether a token has a letter, a digit or a picture."""
    return any(sign.isalnum() or unicodedata.category(sign) == "So" for sign in token)


def letters_of(token: str) -> str:
    """Return the letters, digits and pictures of a token with their marks, case folded; empty for a sign.

    >>> letters_of("Don't"), letters_of("!")
    ('dont', '')
    """
    kept = (sign for sign in token if has_word(sign) or unicodedata.category(sign)[0] == "M")
    return "".join(kept).casefold() if has_word(token) else ""


@dataclass(frozen=True)
class _Patterns:
    """Regular expressions that need Unicode's table of marks."""

    token: re.Pattern[str]
    unspaced: re.Pattern[str]
    run: re.Pattern[str]


@lru_cache(maxsize=1)
def _patterns() -> _Patterns:
    marks, unspaced = _marks(), _unspaced()
    letter = rf"(?:(?![{unspaced}])\w[{marks}]*)"
    sign = rf"[^\w\s{_JOINERS}][{marks}{_SKIN}]*"
    hebrew = r"(?<=[\u05d0-\u05ea])\"(?=[\u05d0-\u05ea])"
    word = rf"{letter}(?:(?:['·׳״]|{hebrew})?{letter})*"
    alone = rf"[{unspaced}][{marks}]*"
    flag = rf"[{_FLAG}]{{2}}"
    return _Patterns(
        token=re.compile(rf"{word}|{alone}|{flag}|{sign}(?:(?<=\u200d){sign})*"),
        unspaced=re.compile(rf"[{unspaced}]"),
        run=re.compile(rf"{alone}|[^{unspaced}]+"),
    )


def _marks() -> str:
    """Return a character class of all marks: Unicode's categories M, joiners, tags, and two vowels."""
    codes = [code for code in range(0x20000) if unicodedata.category(chr(code))[0] == "M"]
    codes += [*map(ord, _JOINERS), *_ATTACHED, *range(0xE0020, 0xE0080), *range(0xE0100, 0xE01F0)]
    return _character_class(sorted(codes))


def _unspaced() -> str:
    """Return a character class of the letters of scripts without spaces; their digits make numbers."""
    codes = [
        code
        for first, last in _UNSPACED_BLOCKS
        for code in range(first, last + 1)
        if code not in _ATTACHED and unicodedata.category(chr(code)) in ("Lo", "Lm", "Nl")
    ]
    return _character_class(codes)


def _character_class(codes: list[int]) -> str:
    """Return the inside of a character class with these code points, ascending, as ranges."""
    starts = [code for before, code in zip([-2, *codes], codes, strict=False) if code != before + 1]
    ends = [code for code, after in zip(codes, [*codes[1:], -2], strict=True) if after != code + 1]
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in zip(starts, ends, strict=True))


def _without_html(text: str) -> str:
    if "<" in text:
        text = _HTML_BREAK.sub(BREAK, text)
    return _ENTITY.sub(lambda entity: html.unescape(entity[0]), text) if "&" in text else text

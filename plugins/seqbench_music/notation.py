"""Writes the notes of steps as text, ``C4 E4 G4``, and reads them. Imports nothing of seqbench but its errors."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from seqbench import DataError

NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
REST = "-"
_NOTE = re.compile(r"(?P<letter>[A-Ga-g])(?P<sign>#|b)?(?P<octave>-?\d)")
_STEP = re.compile(r"[\n|]")


def name_of(pitch: int) -> str:
    """Return the name of a key; middle C, 60, is C4.

    >>> name_of(60), name_of(21), name_of(70)
    ('C4', 'A0', 'A#4')
    """
    return f"{NAMES[pitch % 12]}{pitch // 12 - 1}"


def written(steps: Iterable[Sequence[int]]) -> str:
    """Return a line for each step, its notes from low to high; ``-`` where none sounds.

    >>> written([(48, 60), ()])
    'C3 C4\\n-\\n'
    """
    return "".join(f"{' '.join(map(name_of, step)) or REST}\n" for step in steps)


def read(text: str) -> list[tuple[int, ...]]:
    """Return the keys of each step; steps are lines, or stand between ``|``. Numbers in MIDI are notes too.

    >>> read("C4 Eb4 | - | 60")
    [(60, 63), (), (60,)]

    Raises:
        DataError: a word is no note.
    """
    steps = _STEP.split(text.strip())
    return [tuple(sorted({_pitch(word) for word in step.split() if word != REST})) for step in steps]


def _pitch(word: str) -> int:
    found = _NOTE.fullmatch(word)
    if found:
        sign = {"#": 1, "b": -1, None: 0}[found["sign"]]
        pitch = NAMES.index(found["letter"].upper()) + sign + 12 * (int(found["octave"]) + 1)
    else:
        pitch = int(word) if word.isdecimal() and len(word) < 4 else -1
    if not 0 <= pitch < 128:
        raise DataError(
            f"{word[:40]!r} is no note; write notes as C4 or F#3, or as numbers in MIDI from 0 to 127, with spaces"
            " between those of a step, | between steps, and - for a step without notes"
        )
    return pitch

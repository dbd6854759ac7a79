"""Turns the notes of a piece into steps, and steps into notes that are held. Imports nothing of seqbench."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Note(NamedTuple):
    """A key that is down.

    Attributes:
        pitch: its number in MIDI.
        start, end: steps; it is down from ``start`` up to, and without, ``end``.
    """

    pitch: int
    start: int
    end: int


def steps_of(notes: Iterable[Note]) -> list[set[int]]:
    """Return the keys that are down at each step, up to the last note's end.

    >>> steps_of([Note(60, 0, 2), Note(64, 1, 3)])
    [{60}, {64, 60}, {64}]
    """
    found = list(notes)
    steps: list[set[int]] = [set() for _ in range(max((note.end for note in found), default=0))]
    for note in found:
        for step in range(note.start, note.end):
            steps[step].add(note.pitch)
    return steps


def held(steps: Sequence[Iterable[int]]) -> list[Note]:
    """Return the notes of steps, by start and pitch; a key that is down at steps in a row is one note.

    >>> held([(60,), (60, 64), (60,)])
    [Note(pitch=60, start=0, end=3), Note(pitch=64, start=1, end=2)]
    """
    notes, starts = [], dict[int, int]()
    for step, pitches in enumerate([*steps, ()]):
        down = set(pitches)
        for pitch in [pitch for pitch in starts if pitch not in down]:
            notes.append(Note(pitch, starts.pop(pitch), step))
        for pitch in down - set(starts):
            starts[pitch] = step
    return sorted(notes, key=lambda note: (note.start, note.pitch))

"""Draws a piano roll with letters, for a person to read in a terminal. Imports nothing of seqbench."""

from __future__ import annotations

from collections.abc import Sequence

from seqbench_music.notation import name_of

MOST_STEPS = 100
"""Steps of a piece that are drawn; of a longer one its first."""


def shown(steps: Sequence[Sequence[int]]) -> str:
    """Draw each key that sounds as a line, high notes first; the first step is given, the others are predicted.

    >>> print(shown([(60, 64), (60, 65), (59,)]))
    step    0
    F4      .=.
    E4      =..
    C4      ==.
    B3      ..=
    scored   ^^

    Args:
        steps: the keys that are down at each, as numbers in MIDI.
    """
    drawn = steps[:MOST_STEPS]
    pitches = sorted({pitch for step in drawn for pitch in step}, reverse=True)
    lines = [f"{name_of(pitch):8}{''.join('=' if pitch in step else '.' for step in drawn)}" for pitch in pitches]
    numbers = "".join(f"{step:<10}" for step in range(0, len(drawn), 10))
    rest = len(steps) - len(drawn)
    marks = "^" * (len(drawn) - 1) + (f" and {rest:,} steps more" if rest else "")
    return "\n".join([f"step    {numbers.rstrip()}", *lines, f"scored   {marks}"])

"""Lists the voicings of the chords of C major, and which may follow which by rules of counterpoint.

A voicing is the pitches of soprano, alto, tenor and bass, from high to low, as numbers in MIDI. Imports nothing of
seqbench.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from itertools import combinations, product
from types import MappingProxyType

Voicing = tuple[int, int, int, int]

CHORDS: Mapping[str, tuple[int, int, int]] = MappingProxyType(
    {"I": (0, 4, 7), "ii": (2, 5, 9), "IV": (5, 9, 0), "V": (7, 11, 2), "vi": (9, 0, 4)}
)
"""Root, third and fifth of each chord, in semitones above C."""

RANGES = ((60, 79), (55, 74), (50, 67), (41, 60))
"""The lowest and the highest note of each voice."""

FOLLOWING: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "I": {"IV": 0.3, "V": 0.3, "vi": 0.2, "ii": 0.2},
        "ii": {"V": 0.8, "vi": 0.2},
        "IV": {"V": 0.4, "I": 0.3, "ii": 0.3},
        "V": {"I": 0.7, "vi": 0.3},
        "vi": {"ii": 0.4, "IV": 0.4, "V": 0.2},
    }
)
"""Chord -> the chords that follow it, and how often."""

_WIDEST = (12, 12, 19)
"""Semitones between neighbouring voices, at most."""
_LEAPS = (5, 5, 5, 12)
"""Semitones that each voice moves, at most."""
_CALM = 4.0
"""Semitones of movement that make a voicing e times less probable."""
_LEADING = 11


@lru_cache(maxsize=1)
def voicings() -> Mapping[str, tuple[Voicing, ...]]:
    """Return the voicings of each chord from which all chords that may follow can be reached."""
    found = {chord: tuple(_spelled(*tones)) for chord, tones in CHORDS.items()}
    while True:
        kept = {chord: tuple(v for v in each if _goes_on(chord, v, found)) for chord, each in found.items()}
        if kept == found:
            return MappingProxyType(kept)
        found = kept


def _spelled(root: int, third: int, fifth: int) -> Iterator[Voicing]:
    """Yield whole chords: the third stands once, the bass has the root or the third."""
    ranges = (range(high, low - 1, -1) for low, high in RANGES)
    for notes in product(*([n for n in each if n % 12 in (root, third, fifth)] for each in ranges)):
        soprano, alto, tenor, bass = notes
        steps = soprano - alto, alto - tenor, tenor - bass
        tones = [note % 12 for note in notes]
        is_whole = set(tones) == {root, third, fifth} and tones.count(third) == 1
        if is_whole and tones[3] != fifth and all(0 < s <= w for s, w in zip(steps, _WIDEST, strict=True)):
            yield soprano, alto, tenor, bass


def _goes_on(chord: str, voicing: Voicing, among: Mapping[str, tuple[Voicing, ...]]) -> bool:
    return all(any(may_follow(voicing, other) for other in among[next_one]) for next_one in FOLLOWING[chord])


def may_follow(first: Voicing, second: Voicing) -> bool:
    """Say whether the rules let four voices move so.

    No two voices move from a fifth or an octave into another one, no voice leaps far, none passes its neighbour's
    last note, and a leading note in the soprano rises to the tonic or stays.

    >>> may_follow((72, 67, 64, 48), (74, 67, 59, 55)), may_follow((72, 67, 64, 48), (74, 69, 65, 50))
    (True, False)
    """
    moves = [b - a for a, b in zip(first, second, strict=True)]
    if any(abs(move) > most for move, most in zip(moves, _LEAPS, strict=True)):
        return False
    if any(second[i] < first[i + 1] or second[i + 1] > first[i] for i in range(3)):
        return False
    if first[0] % 12 == _LEADING and moves[0] not in (0, 1):
        return False
    return not any(_is_parallel(first, second, i, j) for i, j in combinations(range(4), 2))


def _is_parallel(first: Voicing, second: Voicing, upper: int, lower: int) -> bool:
    """Say whether two voices move from a fifth into a fifth, or from an octave into an octave."""
    before, after = (first[upper] - first[lower]) % 12, (second[upper] - second[lower]) % 12
    return before == after and before in (0, 7) and first[upper] != second[upper]


@cache
def successors(voicing: Voicing, chord: str) -> tuple[tuple[Voicing, float], ...]:
    """Return the voicings of a chord that may follow another voicing, with probabilities; calm ones are likely.

    >>> round(sum(chance for _, chance in successors(voicings()["I"][0], "V")), 9)
    1.0
    """
    allowed = [each for each in voicings()[chord] if may_follow(voicing, each)]
    weights = [math.exp(-sum(abs(b - a) for a, b in zip(voicing, each, strict=True)) / _CALM) for each in allowed]
    return tuple((each, weight / sum(weights)) for each, weight in zip(allowed, weights, strict=True))

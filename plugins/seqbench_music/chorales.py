"""Writes four-voice chorales whose distribution of the notes of each next step is known.

A chorale is a strophe that is sung again and again, in one of twelve keys. A strophe has phrases of eight chords;
each ends on V, or, the second of two and the last, on V I. Rules of counterpoint hold within a phrase.
"""

from __future__ import annotations

import math
from bisect import bisect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from random import Random
from typing import TYPE_CHECKING

from seqbench import DataError, derive_seed
from seqbench_music.rolls import PARTS, Keys, Rolls, packed, piece_of
from seqbench_music.voicings import FOLLOWING, Voicing, successors, voicings

if TYPE_CHECKING:
    from torch import Tensor

PHRASE = 8
"""Chords of a phrase."""

_TRIES = 200
"""Chorales that are written, at most, until one is in no earlier part."""

_SHIFTS = range(-5, 7)
"""Semitones between C and the key of a piece."""


@dataclass(frozen=True)
class Law:
    """The distribution of the next chord in C.

    Attributes:
        voicings: those that can follow, each with the name of its chord.
        sums: the sums of their probabilities up to each.
        marginals: pitch -> the probability that it sounds.
    """

    voicings: tuple[tuple[str, Voicing], ...]
    sums: tuple[float, ...]
    marginals: Mapping[int, float]

    @staticmethod
    def of(chances: Mapping[tuple[str, Voicing], float]) -> Law:
        """Make a law of voicings and their probabilities."""
        marginals: dict[int, float] = {}
        for (_, voicing), chance in chances.items():
            for pitch in voicing:
                marginals[pitch] = marginals.get(pitch, 0.0) + chance
        return Law(tuple(chances), tuple(accumulate(chances.values())), marginals)

    def draw(self, rng: Random) -> tuple[str, Voicing]:
        """Draw a chord and its voicing."""
        place = bisect(self.sums, rng.random() * self.sums[-1])
        return self.voicings[min(place, len(self.voicings) - 1)]

    def loss(self, voicing: Voicing) -> float:
        """Return -ln p of a voicing's notes, each on its own: a network with a logit a note does no better."""
        off = (1 - chance for pitch, chance in self.marginals.items() if pitch not in voicing)
        return -sum(math.log(self.marginals[pitch]) for pitch in voicing) - sum(map(math.log, off))


@cache
def first_law() -> Law:
    """Return the law of the first chord of a phrase: I, with its root in the bass."""
    started = [("I", each) for each in voicings()["I"] if each[3] % 12 == 0]
    return Law.of(dict.fromkeys(started, 1 / len(started)))


@cache
def law(chord: str, voicing: Voicing, left: int, ends_on: str) -> Law:
    """Return the law of the chord after a voicing.

    Args:
        chord: the name of the voicing's chord.
        voicing: of the chord before.
        left: chords of the phrase from this one on, 1 for the last.
        ends_on: the phrase's last chord.
    """
    allowed = {name: chance for name, chance in FOLLOWING[chord].items() if name in _open(left, ends_on)}
    return Law.of(
        {
            (name, each): chance / sum(allowed.values()) * share
            for name, chance in allowed.items()
            for each, share in successors(voicing, name)
        }
    )


@cache
def _open(left: int, ends_on: str) -> frozenset[str]:
    """Return the chords from which the end of a phrase is reached: V before a last I."""
    if left == 1:
        return frozenset({ends_on})
    if left == 2 and ends_on == "I":
        return frozenset({"V"})
    later = _open(left - 1, ends_on)
    return frozenset(chord for chord, after in FOLLOWING.items() if later & set(after))


def phrase(rng: Random, ends_on: str) -> Iterator[tuple[Voicing, float]]:
    """Yield the chords of a phrase, each with its -ln p."""
    chord, voicing = first_law().draw(rng)
    yield voicing, first_law().loss(voicing)
    for left in range(PHRASE - 1, 0, -1):
        found = law(chord, voicing, left, ends_on)
        chord, voicing = found.draw(rng)
        yield voicing, found.loss(voicing)


def chorale(rng: Random, length: int) -> tuple[list[Voicing], list[float]]:
    """Write a chorale of ``length`` steps and the first one.

    A strophe has ``length // 2`` steps, rounded down to whole phrases, and one phrase at least.

    Returns:
        Its chords, and -ln p of all but the first, given all before; of a strophe that returns it is 0.
    """
    phrases = max(1, length // (2 * PHRASE))
    ends = ["I" if number % 2 or number == phrases - 1 else "V" for number in range(phrases)]
    strophe = [step for ends_on in ends for step in phrase(rng, ends_on)]
    shift = rng.choice(_SHIFTS)
    chords = [_shifted(strophe[step % len(strophe)][0], shift) for step in range(length + 1)]
    known = [loss for _, loss in strophe[: length + 1]]
    return chords, known[1:] + [0.0] * (length + 1 - len(known))


def _shifted(voicing: Voicing, semitones: int) -> Voicing:
    soprano, alto, tenor, bass = voicing
    return soprano + semitones, alto + semitones, tenor + semitones, bass + semitones


def chorales(numbers: Mapping[str, int], length: int, seed: int, keys: Keys) -> dict[str, Tensor]:
    """Write the chorales of each part, none of which stands in two.

    Returns:
        Rolls as `packed` makes them, and ``losses``: of each predicted step of the test pieces.

    Raises:
        DataError: there are too few different chorales of this length.
    """
    import torch

    seen: set[tuple[Voicing, ...]] = set()
    rolls, losses = {}, list[float]()
    for part in PARTS:
        rng = Random(derive_seed(seed, "music", part, length))
        written = [_new(rng, length, seen) for _ in range(numbers[part])]
        rolls[part] = Rolls.of([piece_of(chords) for chords, _ in written], keys)
        losses = [loss for _, found in written for loss in found]
        seen |= {tuple(chords[:-1]) for chords, _ in written}
    return packed(rolls) | {"losses": torch.tensor(losses, dtype=torch.float64)}


def _new(rng: Random, length: int, seen: set[tuple[Voicing, ...]]) -> tuple[list[Voicing], list[float]]:
    """Write a chorale whose inputs are not those of an earlier part; of four steps on there are thousands."""
    for _ in range(_TRIES):
        chords, losses = chorale(rng, length)
        if tuple(chords[:-1]) not in seen:
            return chords, losses
    raise DataError(
        f"music at length {length}: nearly all chorales of so few steps stand in training, and none is left for"
        " validation or test; ask for a length of 4 or more, or for fewer train_steps"
    )

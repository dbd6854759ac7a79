"""Lists the sounds of ten spoken digits: formants, voice, friction and duration of each."""

from __future__ import annotations

from typing import NamedTuple


class Phone(NamedTuple):
    """A speech sound of an adult man.

    Attributes:
        formants: the first three resonances of the vocal tract, in Hz.
        voice: amplitude of the pulses of the vocal folds.
        friction: amplitude of the noise of a narrow passage.
        colour: the frequency around which that noise is strongest, in Hz.
        seconds: usual duration.
    """

    formants: tuple[float, float, float]
    voice: float = 0.0
    friction: float = 0.0
    colour: float = 2500.0
    seconds: float = 0.08


# Vowels: Peterson & Barney 1952, table II, men.
PHONES = {
    "iy": Phone((270, 2290, 3010), 1.0, seconds=0.13),
    "ih": Phone((390, 1990, 2550), 1.0, seconds=0.09),
    "eh": Phone((530, 1840, 2480), 1.0, seconds=0.10),
    "ah": Phone((640, 1190, 2390), 1.0, seconds=0.10),
    "aa": Phone((730, 1090, 2440), 1.0, seconds=0.12),
    "ao": Phone((570, 840, 2410), 1.0, seconds=0.12),
    "uw": Phone((300, 870, 2240), 1.0, seconds=0.12),
    "w": Phone((290, 610, 2150), 0.6, seconds=0.07),
    "r": Phone((310, 1060, 1380), 0.7, seconds=0.07),
    "n": Phone((250, 1450, 2300), 0.35, seconds=0.07),
    "v": Phone((250, 1100, 2080), 0.3, 0.08, 2500, 0.06),
    "z": Phone((240, 1390, 2530), 0.25, 0.3, 3600, 0.09),
    "s": Phone((320, 1390, 2530), 0.0, 0.5, 3700, 0.12),
    "f": Phone((340, 1100, 2080), 0.0, 0.12, 2600, 0.10),
    "th": Phone((320, 1290, 2540), 0.0, 0.08, 3200, 0.09),
    "closure": Phone((300, 1500, 2500), seconds=0.05),
    "t": Phone((400, 1600, 2600), 0.0, 0.6, 3400, 0.03),
    "k": Phone((300, 1990, 2850), 0.0, 0.6, 1900, 0.04),
}

DIGITS = {
    "zero": ("z", "ih", "r", "ao", "uw"),
    "one": ("w", "ah", "n"),
    "two": ("closure", "t", "uw"),
    "three": ("th", "r", "iy"),
    "four": ("f", "ao", "r"),
    "five": ("f", "aa", "ih", "v"),
    "six": ("s", "ih", "closure", "k", "s"),
    "seven": ("s", "eh", "v", "ah", "n"),
    "eight": ("eh", "iy", "closure", "t"),
    "nine": ("n", "aa", "ih", "n"),
}
"""Word -> its phones in order; two vowels in a row are a diphthong."""

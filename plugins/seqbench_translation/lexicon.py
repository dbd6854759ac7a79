"""Holds the words of the two languages that the translation task uses when no data are given.

The first language is a small English. The second is made up: its nouns have a gender that no English word shows,
and three English words have two translations each, by what they are said of. Imports nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["living", "thing", "instrument", "game"]


@dataclass(frozen=True)
class Noun:
    """A noun: its English singular, its stem in the other language, gender, what it is a word for, its plural."""

    english: str
    stem: str
    gender: Literal["m", "f"]
    kind: Kind
    irregular_plural: str = ""

    @property
    def plural(self) -> str:
        """The English plural."""
        return self.irregular_plural or f"{self.english}s"


@dataclass(frozen=True)
class Adjective:
    """An adjective: English, stem, and the stem of things that are not alive where it differs."""

    english: str
    stem: str
    stem_of_things: str = ""

    def stem_for(self, noun: Noun) -> str:
        """Return the stem beside this noun.

        >>> old, king, lamp = ADJECTIVES["old"], NOUNS["king"], NOUNS["lamp"]
        >>> old.stem_for(king), old.stem_for(lamp)
        ('sen', 'vetr')
        """
        return self.stem if noun.kind == "living" else self.stem_of_things or self.stem


@dataclass(frozen=True)
class Verb:
    """A verb.

    Attributes:
        past: English past tense, one form for all persons.
        base: English infinitive, after "did not".
        stems: kind of the object -> stem in the other language; the key "" where there is no object.
    """

    past: str
    base: str
    stems: dict[str, str] = field(hash=False)

    @property
    def is_transitive(self) -> bool:
        """Whether it takes an object."""
        return "" not in self.stems


def _any(stem: str) -> dict[str, str]:
    """Return the same stem for all objects that can be seen or touched."""
    return {"living": stem, "thing": stem, "instrument": stem}


NOUNS = {
    noun.english: noun
    for noun in (
        Noun("dog", "tarn", "m", "living"),
        Noun("cat", "mel", "f", "living"),
        Noun("girl", "nin", "f", "living"),
        Noun("boy", "puk", "m", "living"),
        Noun("king", "roth", "m", "living"),
        Noun("teacher", "dask", "f", "living"),
        Noun("bird", "fil", "f", "living"),
        Noun("farmer", "gromp", "m", "living"),
        Noun("stone", "lith", "m", "thing"),
        Noun("lamp", "zem", "f", "thing"),
        Noun("book", "kiv", "m", "thing"),
        Noun("letter", "shal", "f", "thing"),
        Noun("boat", "vond", "m", "thing"),
        Noun("bridge", "pel", "f", "thing"),
        Noun("drum", "bod", "m", "instrument"),
        Noun("flute", "siw", "f", "instrument"),
        Noun("puzzle", "hask", "m", "game"),
        Noun("quiz", "yot", "f", "game", "quizzes"),
    )
}

ADJECTIVES = {
    adjective.english: adjective
    for adjective in (
        Adjective("red", "rov"),
        Adjective("small", "pic"),
        Adjective("heavy", "grav"),
        Adjective("quiet", "taz"),
        Adjective("strange", "xen"),
        Adjective("old", "sen", "vetr"),
    )
}

VERBS = (
    Verb("slept", "sleep", {"": "dorm"}),
    Verb("waited", "wait", {"": "sper"}),
    Verb("laughed", "laugh", {"": "rik"}),
    Verb("saw", "see", _any("vid")),
    Verb("found", "find", _any("trob")),
    Verb("carried", "carry", _any("ber")),
    Verb("painted", "paint", _any("ming")),
    Verb("wanted", "want", {**_any("wol"), "game": "wol"}),
    Verb("knew", "know", {"living": "kun", "thing": "sab", "instrument": "sab", "game": "sab"}),
    Verb("played", "play", {"instrument": "son", "game": "lud"}),
)

PREPOSITIONS = {"near": "apu", "behind": "ost", "under": "sub"}
TIMES = {"yesterday": "gest", "again": "rur", "often": "muk", "suddenly": "zap"}

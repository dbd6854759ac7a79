"""Defines the sentences of the two small languages as trees, and draws them."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Literal

from seqbench_translation.lexicon import ADJECTIVES, NOUNS, PREPOSITIONS, TIMES, VERBS, Adjective, Noun, Verb


@dataclass(frozen=True)
class Phrase:
    """A noun with its article, adjective and relative clause: ``the old dog that saw a cat``."""

    noun: Noun
    is_plural: bool
    is_definite: bool
    adjective: Adjective | None = None
    relative: Relative | None = None


@dataclass(frozen=True)
class Relative:
    """A relative clause.

    Attributes:
        verb: it takes an object.
        other: the noun that the head is set against.
        head: whether the head is the ``subject`` of the clause (``that saw a cat``), or its ``object`` (``that a
            cat saw``).
    """

    verb: Verb
    other: Phrase
    head: Literal["subject", "object"]


@dataclass(frozen=True)
class Sentence:
    """A clause with its parts, such as ``the dog did not carry a stone near the boats yesterday``."""

    subject: Phrase
    verb: Verb
    is_negated: bool = False
    object: Phrase | None = None
    preposition: str = ""
    place: Phrase | None = None
    time: str = ""


LIVING = [noun for noun in NOUNS.values() if noun.kind == "living"]
THINGS = [noun for noun in NOUNS.values() if noun.kind == "thing"]


def drawn(rng: Random) -> Sentence:
    """Draw a sentence."""
    verb = rng.choice(VERBS)
    has_place = rng.random() < 0.3
    return Sentence(
        subject=_phrase(rng, rng.choice(LIVING), relative=0.3),
        verb=verb,
        is_negated=rng.random() < 0.25,
        object=_object(rng, verb) if verb.is_transitive else None,
        preposition=rng.choice(list(PREPOSITIONS)) if has_place else "",
        place=_phrase(rng, rng.choice(THINGS), adjective=0.0) if has_place else None,
        time=rng.choice(list(TIMES)) if rng.random() < 0.3 else "",
    )


def _phrase(rng: Random, noun: Noun, *, adjective: float = 0.3, relative: float = 0.0) -> Phrase:
    """Draw article and number, and with these probabilities an adjective and a relative clause."""
    return Phrase(
        noun,
        is_plural=rng.random() < 0.5,
        is_definite=rng.random() < 0.5,
        adjective=rng.choice(list(ADJECTIVES.values())) if rng.random() < adjective else None,
        relative=_relative(rng, noun) if rng.random() < relative else None,
    )


def _object(rng: Random, verb: Verb) -> Phrase:
    return _phrase(rng, rng.choice([noun for noun in NOUNS.values() if noun.kind in verb.stems]))


def _relative(rng: Random, head: Noun) -> Relative:
    if rng.random() < 0.5:
        verb = rng.choice([verb for verb in VERBS if verb.is_transitive])
        return Relative(verb, _object(rng, verb), "subject")
    verb = rng.choice([verb for verb in VERBS if head.kind in verb.stems])
    return Relative(verb, _phrase(rng, rng.choice(LIVING)), "object")

"""Writes documents by a probabilistic grammar in which the probability of each next word is known.

A document names a topic and a person in its title, and both decide words until its end. Subject and verb agree in
number across nested clauses. Every word so far decides where in the grammar the next one stands, so that its
distribution given all words before is known exactly. Imports nothing of seqbench.
"""

from __future__ import annotations

import math
from bisect import bisect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from random import Random

START = "<text>"
"""The first token of each document."""

DEEPEST = 5
"""Subjects that may wait for their verbs at once."""

TOPICS: Mapping[str, Sequence[str]] = {
    "harbour": ("boat", "sailor", "gull", "anchor", "pier", "net", "captain", "wave", "crab", "rope"),
    "kitchen": ("cook", "spoon", "oven", "plate", "recipe", "fork", "guest", "apron", "kettle", "jar"),
    "concert": ("singer", "drum", "violin", "choir", "song", "dancer", "stage", "flute", "ticket", "encore"),
    "farm": ("farmer", "goat", "tractor", "field", "hen", "barn", "seed", "plough", "fence", "donkey"),
    "school": ("teacher", "pupil", "lesson", "desk", "pencil", "map", "bell", "poem", "exam", "ruler"),
    "forest": ("hunter", "owl", "pine", "trail", "badger", "stream", "mushroom", "oak", "root", "ranger"),
    "city": ("driver", "tram", "bridge", "tower", "market", "tourist", "lamp", "taxi", "corner", "square"),
    "winter": ("skater", "sledge", "storm", "glove", "icicle", "coat", "skier", "slope", "cabin", "candle"),
}
NAMES = (
    *("anna", "boris", "clara", "david", "elena", "felix", "greta", "henry"),
    *("irene", "jonas", "karin", "leon", "maria", "nils", "olga", "peter"),
)
VERBS = (
    *("arrive", "wait", "fall", "shine", "move", "sleep", "turn", "appear", "rest", "help"),
    *("remain", "sing", "learn", "change", "rise", "work", "stay", "laugh", "listen", "travel"),
)
ADVERBS = ("often", "slowly", "again", "never", "today", "quietly")

_OPENS, _ADVERB, _OBJECT, _PERSON = 0.3, 0.15, 0.4, 0.3
"""Shares: subjects with a clause, verbs with an adverb before them, sentences with an object, subjects that are
persons."""
_THE_PERSON, _OWN = 0.9, 0.8
"""Shares: persons who are the one of the title, nouns that belong to the topic."""

_NOUNS = [noun for nouns in TOPICS.values() for noun in nouns]

VOCABULARY = (
    START,
    *(".", "the", "that", *TOPICS, *NAMES, *ADVERBS),
    *(form for noun in _NOUNS for form in (noun, f"{noun}s")),
    *(form for verb in VERBS for form in (f"{verb}s", verb)),
)
"""The words, in the order of their token numbers."""

_TOKEN = {word: token for token, word in enumerate(VOCABULARY)}


@dataclass(frozen=True)
class Law:
    """The distribution of the next token.

    Attributes:
        tokens: those that can follow.
        sums: the sums of their probabilities up to each of them.
        logs: token -> ln p.
    """

    tokens: tuple[int, ...]
    sums: tuple[float, ...]
    logs: Mapping[int, float]

    @staticmethod
    def of(chances: Iterable[tuple[str, float]]) -> Law:
        """Make a law of words and their probabilities; those of equal words are added."""
        found: dict[int, float] = {}
        for word, chance in chances:
            found[_TOKEN[word]] = found.get(_TOKEN[word], 0.0) + chance
        logs = {token: math.log(chance) for token, chance in found.items()}
        return Law(tuple(found), tuple(accumulate(found.values())), logs)

    def draw(self, rng: Random) -> int:
        """Draw a token."""
        return self.tokens[min(bisect(self.sums, rng.random() * self.sums[-1]), len(self.tokens) - 1)]


@dataclass(frozen=True, slots=True)
class State:
    """What the words so far say about the next one.

    Attributes:
        place: where in the grammar the next word stands; the name of one of the laws.
        topic, person: those of the title.
        open: whether each subject that waits for its verb is plural, the innermost last.
    """

    place: str
    topic: str = ""
    person: str = ""
    open: tuple[bool, ...] = ()

    @property
    def law(self) -> Law:
        """The distribution of the next token."""
        is_plural = bool(self.open and self.open[-1])
        return _law(self.place, self.topic, self.person, is_plural, len(self.open) < DEEPEST)

    def after(self, token: int) -> State:
        """Return the state after one more token."""
        word = VOCABULARY[token]
        match self.place:
            case "topic":
                return State("person", word)
            case "person":
                return State("stop", self.topic, word)
            case "stop":
                return self._at("phrase")
            case "object":
                return self._at("stop")
            case "noun":
                return self._at("subject", (*self.open, _is_plural_noun(token)))
            case "phrase":
                return self._at("noun") if word == "the" else self._at("subject", (*self.open, False))
            case "end":
                return self._at({".": "phrase", "the": "object"}[word])
        # A subject, or a verb of a clause, is behind: a clause opens, an adverb comes, or a verb.
        if word == "that":
            return self._at("phrase")
        if word in ADVERBS:
            return self._at("verb")
        return self._at("outer verb" if len(self.open) > 1 else "end", self.open[:-1])

    def _at(self, place: str, waiting: tuple[bool, ...] | None = None) -> State:
        return State(place, self.topic, self.person, self.open if waiting is None else waiting)


FIRST = State("topic")
"""The state after `START`."""


def document(rng: Random, tokens: int) -> tuple[list[int], list[float]]:
    """Write a document: `START` and so many tokens, with ln p of each of these given all before it."""
    written, logs, state = [_TOKEN[START]], [], FIRST
    for _ in range(tokens):
        law = state.law
        token = law.draw(rng)
        written.append(token)
        logs.append(law.logs[token])
        state = state.after(token)
    return written, logs


@lru_cache(maxsize=4096)
def _law(place: str, topic: str, person: str, is_plural: bool, may_open: bool) -> Law:
    """Return the law of a place; the other arguments count only where it depends on them."""
    match place:
        case "topic":
            return Law.of((word, 1 / len(TOPICS)) for word in TOPICS)
        case "person":
            return Law.of((name, 1 / len(NAMES)) for name in NAMES)
        case "stop":
            return Law.of([(".", 1.0)])
        case "phrase":
            return Law.of([("the", 1 - _PERSON), *_times(_PERSON, _persons(person))])
        case "noun" | "object":
            return Law.of(_nouns(topic))
        case "end":
            return Law.of([("the", _OBJECT), (".", 1 - _OBJECT)])
        case "subject":
            opens = _OPENS if may_open else 0.0
            clause = [("that", opens)] if may_open else []
            return Law.of([*clause, *_times(1 - opens, _adverb_or_verb(is_plural))])
        case "outer verb":
            return Law.of(_adverb_or_verb(is_plural))
    return Law.of(_verbs(is_plural))


def _adverb_or_verb(is_plural: bool) -> Iterator[tuple[str, float]]:
    yield from ((word, _ADVERB / len(ADVERBS)) for word in ADVERBS)
    yield from _times(1 - _ADVERB, _verbs(is_plural))


def _verbs(is_plural: bool) -> Iterator[tuple[str, float]]:
    for verb, share in zip(VERBS, _falling(len(VERBS)), strict=True):
        yield (verb if is_plural else f"{verb}s"), share


def _nouns(topic: str) -> Iterator[tuple[str, float]]:
    """Yield nouns in both numbers: those of the topic, and all of them for the rest."""
    own = TOPICS[topic]
    shares = [(noun, _OWN * share) for noun, share in zip(own, _falling(len(own)), strict=True)]
    for noun, share in [*shares, *((noun, (1 - _OWN) / len(_NOUNS)) for noun in _NOUNS)]:
        yield from ((noun, share / 2), (f"{noun}s", share / 2))


def _persons(person: str) -> Iterator[tuple[str, float]]:
    others = (1 - _THE_PERSON) / (len(NAMES) - 1)
    return ((name, _THE_PERSON if name == person else others) for name in NAMES)


def _falling(number: int) -> list[float]:
    """Return shares that fall as 1, 1/2, 1/3, ... (Zipf's law)."""
    whole = sum(1 / rank for rank in range(1, number + 1))
    return [1 / rank / whole for rank in range(1, number + 1)]


def _times(share: float, chances: Iterable[tuple[str, float]]) -> Iterator[tuple[str, float]]:
    return ((word, share * chance) for word, chance in chances)


def _is_plural_noun(token: int) -> bool:
    return (token - _TOKEN[_NOUNS[0]]) % 2 == 1

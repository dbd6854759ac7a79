"""Draws the phrases that sentences of the word-order task are made of: subjects, predicates, objects, endings."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from seqbench_word_order.lexicon import (
    ACTIONS,
    CHARACTERS,
    COLOURS,
    FAMILY,
    FREQUENCIES,
    FUTURE_TIMES,
    HABIT_TIMES,
    MANNERS,
    MOTIONS,
    NOUNS,
    NOW_TIMES,
    OBJECT_ADJECTIVES,
    PAST_TIMES,
    PERSONS,
    PLACES,
    PRONOUNS,
    WITHOUT_MANNER,
    Noun,
    Subject,
    Verb,
)


@dataclass(frozen=True)
class Predicate:
    """A finite verb taken apart, so that a question can put its operator before the subject.

    Attributes:
        operator: the auxiliary that inverts and takes "not", as in "does she read".
        main: the verb form that goes with it.
        plain: what a statement says without adverb or "not": "reads", "has read".
        adverbs: what may stand before the main verb.
        times: what may stand at the end.
    """

    operator: str
    main: str
    plain: str
    adverbs: tuple[str, ...]
    times: tuple[str, ...]

    def with_adverb(self, adverb: str) -> str:
        """Put an adverb before the main verb: "often reads", "has already read"."""
        is_apart = self.plain.startswith(f"{self.operator} ")
        return f"{self.operator} {adverb} {self.main}" if is_apart else f"{adverb} {self.plain}"


def draw_subject(rng: Random) -> Subject:
    """Draw a pronoun, or a person with an article or a possessive."""
    draw = rng.random()
    if draw < 0.55:
        return rng.choice(PRONOUNS)
    character = maybe(rng, 0.3, CHARACTERS)
    if draw < 0.7:
        return Subject(f"the{character} {rng.choice(list(PERSONS.values()))}", "are", "their")
    if draw < 0.85:
        return Subject(f"{rng.choice(('the', 'this'))}{character} {rng.choice(list(PERSONS))}", "is")
    return Subject(f"{rng.choice(PRONOUNS).possessive}{character} {rng.choice(FAMILY)}", "is")


def draw_predicate(rng: Random, verb: Verb, subject: Subject) -> Predicate:
    """Draw a tense or a modal and put the verb into it."""
    return rng.choice(_TENSES)(verb, subject)


def _present(verb: Verb, subject: Subject) -> Predicate:
    does, form = ("does", verb.third) if subject.is_third else ("do", verb.base)
    return Predicate(does, verb.base, form, FREQUENCIES, HABIT_TIMES)


def past(verb: Verb, subject: Subject) -> Predicate:
    """Return "read", with "did" before the subject in a question."""
    return Predicate("did", verb.base, verb.past, ("often", "never", "also"), PAST_TIMES)


def _progressive(verb: Verb, subject: Subject) -> Predicate:
    return _joined(subject.be, verb.progressive, ("still", "also"), NOW_TIMES)


def _past_progressive(verb: Verb, subject: Subject) -> Predicate:
    return _joined(subject.was, verb.progressive, ("still", "also"), PAST_TIMES)


def _perfect(verb: Verb, subject: Subject) -> Predicate:
    has = "has" if subject.is_third else "have"
    return _joined(has, verb.participle, ("already", "never", "often"), ("this week", "today"))


def future(verb: Verb, subject: Subject) -> Predicate:
    """Return "will read"."""
    return _joined("will", verb.base, ("probably", "never", "also"), FUTURE_TIMES)


def _ability(verb: Verb, subject: Subject) -> Predicate:
    return _joined("can", verb.base, ("still", "also"), HABIT_TIMES)


def _duty(verb: Verb, subject: Subject) -> Predicate:
    return _joined("must", verb.base, ("always", "also"), FUTURE_TIMES)


def _joined(operator: str, main: str, adverbs: tuple[str, ...], times: tuple[str, ...]) -> Predicate:
    return Predicate(operator, main, f"{operator} {main}", adverbs, times)


_TENSES = (_present, _present, past, past, _progressive, _past_progressive, _perfect, future, _ability, _duty)


def draw_verb(rng: Random) -> Verb:
    """Draw a verb with objects, or one of motion without any."""
    return rng.choice(ACTIONS if rng.random() < 0.75 else MOTIONS)


def draw_object(rng: Random, verb: Verb, subject: Subject) -> str:
    """Draw " a new book", " her new book" after a subject that "her" refers to, or "" for a motion."""
    if not verb.objects:
        return ""
    noun = NOUNS[rng.choice(verb.objects)]
    if subject.possessive and rng.random() < 0.25:
        return f" {subject.possessive}{maybe(rng, 0.3, noun.adjectives)} {noun.singular}"
    return f" {draw_thing(rng, noun)[0]}"


def draw_thing(rng: Random, noun: Noun, definite: float = 0.3) -> tuple[str, bool]:
    """Draw "an old book", "the red box", "three eggs" or "some milk", and whether it is a plural.

    ``definite`` is the probability of "the".
    """
    colours = COLOURS if noun.adjectives == OBJECT_ADJECTIVES else ()
    adjectives = f"{maybe(rng, 0.4, noun.adjectives)}{maybe(rng, 0.2, colours)} "
    if rng.random() < definite:
        return f"the{adjectives}{noun.singular}", False
    if not noun.plural:
        return f"some{adjectives}{noun.singular}", False
    if rng.random() < 0.7:
        return with_article(f"{adjectives[1:]}{noun.singular}"), False
    return f"{rng.choice(('two', 'three', 'many', 'some'))}{adjectives}{noun.plural}", True


def with_article(words: str) -> str:
    """Put "a" or "an" before words, as their first letter has it."""
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def draw_ending(rng: Random, verb: Verb, predicate: Predicate) -> str:
    """Draw manner, place and time, each of them only sometimes."""
    manner = "" if verb.base in WITHOUT_MANNER else maybe(rng, 0.2, MANNERS)
    return f"{manner}{maybe(rng, 0.4, PLACES)}{maybe(rng, 0.35, predicate.times)}"


def maybe(rng: Random, probability: float, words: tuple[str, ...]) -> str:
    """Return a space and one of the words with some probability, else nothing."""
    return f" {rng.choice(words)}" if words and rng.random() < probability else ""

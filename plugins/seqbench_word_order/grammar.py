"""Makes the English sentences that the word-order task uses when no text is given.

A small grammar with agreement, tenses, articles, adverbs and questions, over the lexicon beside it. The
docstring of each kind of sentence is an example of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from seqbench_word_order.lexicon import (
    ACTIONS,
    CHARACTERS,
    COLOURS,
    FAMILY,
    FEELINGS,
    FREQUENCIES,
    FUTURE_TIMES,
    GIFTS,
    HABIT_TIMES,
    MANNERS,
    MOTIONS,
    NOUNS,
    NOW_TIMES,
    OBJECT_ADJECTIVES,
    OBJECT_CASE,
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


def sentences(rng: Random) -> Iterator[str]:
    """Yield sentences forever, some of them more than once.

    >>> from random import Random
    >>> drawn = sentences(Random(1))
    >>> next(drawn)
    'Will the teachers sell the apple at school?'
    >>> next(drawn)
    'The young teachers do not sleep.'
    """
    kinds = [kind for kind, weight in _KINDS for _ in range(weight)]
    while True:
        text = rng.choice(kinds)(rng)
        if text.endswith("?") or {"not", "never"} & set(text.split()):
            text = text.replace(" some ", " any ")
        yield text[0].upper() + text[1:]


def _statement(rng: Random) -> str:
    """The tall girl has never read a long story."""
    return f"{_clause(rng, _subject(rng))}."


def _clause(rng: Random, subject: Subject) -> str:
    verb = _verb_of_any_kind(rng)
    predicate = _predicate(rng, verb, subject)
    draw = rng.random()
    if draw < 0.15:
        middle = f"{predicate.operator} not {predicate.main}"
    elif draw < 0.5:
        middle = predicate.with_adverb(rng.choice(predicate.adverbs))
    else:
        middle = predicate.plain
    return f"{subject.words} {middle}{_object(rng, verb, subject)}{_ending(rng, verb, predicate)}"


def _yes_no_question(rng: Random) -> str:
    """Does she read a book every day?"""
    subject, verb = _subject(rng), _verb_of_any_kind(rng)
    predicate = _predicate(rng, verb, subject)
    return f"{_inverted(rng, subject, verb, predicate)}{_ending(rng, verb, predicate)}?"


def _where_question(rng: Random) -> str:
    """Where did the children find the key yesterday?"""
    subject, verb = _subject(rng), _verb_of_any_kind(rng)
    predicate = _predicate(rng, verb, subject)
    word, ending = rng.choice((("where", predicate.times), ("why", PLACES), ("when", PLACES)))
    return f"{word} {_inverted(rng, subject, verb, predicate)}{_maybe(rng, 0.5, ending)}?"


def _what_question(rng: Random) -> str:
    """What are you reading in the garden?"""
    subject, verb = _subject(rng), rng.choice(ACTIONS)
    predicate = _predicate(rng, verb, subject)
    return f"what {predicate.operator} {subject.words} {predicate.main}{_ending(rng, verb, predicate)}?"


def _who_question(rng: Random) -> str:
    """Who is washing the plates?"""
    subject, verb = Subject("who", "is"), _verb_of_any_kind(rng)
    predicate = _predicate(rng, verb, subject)
    return f"who {predicate.plain}{_object(rng, verb, subject)}{_ending(rng, verb, predicate)}?"


def _inverted(rng: Random, subject: Subject, verb: Verb, predicate: Predicate) -> str:
    return f"{predicate.operator} {subject.words} {predicate.main}{_object(rng, verb, subject)}"


def _feeling(rng: Random) -> str:
    """The nurses were very tired yesterday."""
    subject, feeling = _subject(rng), rng.choice(FEELINGS)
    be, times = rng.choice(((subject.be, NOW_TIMES), (subject.was, PAST_TIMES)))
    time = _maybe(rng, 0.5, times)
    if rng.random() < 0.3:
        return f"{be} {subject.words} {feeling}{time}?"
    return f"{subject.words} {be}{_maybe(rng, 0.6, ('very', 'often', 'not', 'always'))} {feeling}{time}."


def _too_tired(rng: Random) -> str:
    """I was too tired to wash the plates."""
    subject, verb = _subject(rng), _verb_of_any_kind(rng)
    be, feeling = rng.choice((subject.be, subject.was)), rng.choice(FEELINGS)
    return f"{subject.words} {be} too {feeling} to {verb.base}{_object(rng, verb, subject)}."


def _wish(rng: Random) -> str:
    """She wants to buy a new car."""
    subject, verb, wish = _subject(rng), _verb_of_any_kind(rng), rng.choice(("want", "need"))
    rest = f"to {verb.base}{_object(rng, verb, subject)}{_maybe(rng, 0.4, PLACES)}"
    if rng.random() < 0.3:
        return f"{'does' if subject.is_third else 'do'} {subject.words} {wish} {rest}?"
    return f"{subject.words} {wish}{'s' if subject.is_third else ''} {rest}."


def _gift(rng: Random) -> str:
    """The teacher has sent him an interesting book."""
    subject, verb = _subject(rng), rng.choice(GIFTS)
    me_and_us = {"I", "we"}
    others = [word for word in OBJECT_CASE if word != subject.words and {word, subject.words} != me_and_us]
    receiver = OBJECT_CASE[rng.choice(others)]
    predicate = _predicate(rng, verb, subject)
    rest = f"{receiver}{_object(rng, verb, Subject('', ''))}{_maybe(rng, 0.5, predicate.times)}"
    if rng.random() < 0.3:
        return f"{predicate.operator} {subject.words} {predicate.main} {rest}?"
    return f"{subject.words} {predicate.plain} {rest}."


def _opinion(rng: Random) -> str:
    """I think that he sleeps at home; the two subjects never agree with the same verb form."""
    outer, inner = rng.choice(PRONOUNS), _subject(rng)
    while inner.is_third == outer.is_third:
        inner = _subject(rng)
    think = rng.choice(("think", "know"))
    return f"{outer.words} {think}{'s' if outer.is_third else ''} that {_clause(rng, inner)}."


def _before_doing(rng: Random) -> str:
    """She closed the door before reading the letter; neither verb takes the other's objects."""
    subject, verb = _subject(rng), rng.choice(ACTIONS)
    other = rng.choice([action for action in ACTIONS if not set(action.objects) & set(verb.objects)])
    predicate = rng.choice((_past, _future))(verb, subject)
    first, second = rng.choice(verb.objects), rng.choice(other.objects)
    link = rng.choice(("before", "after"))
    return f"{subject.words} {predicate.plain} the {first} {link} {other.progressive} the {second}."


def _there_are(rng: Random) -> str:
    """There are three heavy boxes in the kitchen."""
    noun = NOUNS[rng.choice(("book", "box", "umbrella", "egg", "milk"))]
    thing, is_plural = _thing(rng, noun, definite=0)
    be, place = "are" if is_plural else "is", rng.choice(PLACES)
    return rng.choice((f"there {be} {thing} {place}.", f"{be} there {thing} {place}?"))


def _it_is_easy(rng: Random) -> str:
    """It is not easy to write a long story."""
    verb, ease = rng.choice(ACTIONS), rng.choice(("easy", "difficult", "important"))
    rest = f"to {verb.base}{_object(rng, verb, Subject('', ''))}{_maybe(rng, 0.3, PLACES)}"
    return f"it is{_maybe(rng, 0.5, ('not', 'very', 'often'))} {ease} {rest}."


def _order(rng: Random) -> str:
    """Please do not open the window!"""
    verb, start = rng.choice(ACTIONS), rng.choice(("please", "do not", "please do not", "never"))
    return f"{start} {verb.base}{_object(rng, verb, PRONOUNS[1])}{_maybe(rng, 0.5, PLACES)}!"


def _exclamation(rng: Random) -> str:
    """What a big car she has!"""
    noun, subject = rng.choice([noun for noun in NOUNS.values() if noun.plural]), _subject(rng)
    thing = _with_article(f"{rng.choice(noun.adjectives)} {noun.singular}")
    return f"what {thing} {subject.words} {'has' if subject.is_third else 'have'}!"


# Questions and nested clauses are frequent: the word after an auxiliary that moved to the front depends on words
# further away than its neighbour, so that a bigram model cannot order them.
_KINDS: tuple[tuple[Callable[[Random], str], int], ...] = (
    (_statement, 6),
    (_yes_no_question, 6),
    (_where_question, 5),
    (_what_question, 2),
    (_who_question, 1),
    (_feeling, 1),
    (_too_tired, 1),
    (_wish, 2),
    (_gift, 2),
    (_opinion, 3),
    (_before_doing, 2),
    (_there_are, 1),
    (_it_is_easy, 1),
    (_order, 1),
    (_exclamation, 1),
)


def _subject(rng: Random) -> Subject:
    draw = rng.random()
    if draw < 0.55:
        return rng.choice(PRONOUNS)
    character = _maybe(rng, 0.3, CHARACTERS)
    if draw < 0.7:
        return Subject(f"the{character} {rng.choice(list(PERSONS.values()))}", "are", "their")
    if draw < 0.85:
        return Subject(f"{rng.choice(('the', 'this'))}{character} {rng.choice(list(PERSONS))}", "is")
    return Subject(f"{rng.choice(PRONOUNS).possessive}{character} {rng.choice(FAMILY)}", "is")


def _predicate(rng: Random, verb: Verb, subject: Subject) -> Predicate:
    return rng.choice(_TENSES)(verb, subject)


def _present(verb: Verb, subject: Subject) -> Predicate:
    does, form = ("does", verb.third) if subject.is_third else ("do", verb.base)
    return Predicate(does, verb.base, form, FREQUENCIES, HABIT_TIMES)


def _past(verb: Verb, subject: Subject) -> Predicate:
    return Predicate("did", verb.base, verb.past, ("often", "never", "also"), PAST_TIMES)


def _progressive(verb: Verb, subject: Subject) -> Predicate:
    return _joined(subject.be, verb.progressive, ("still", "also"), NOW_TIMES)


def _past_progressive(verb: Verb, subject: Subject) -> Predicate:
    return _joined(subject.was, verb.progressive, ("still", "also"), PAST_TIMES)


def _perfect(verb: Verb, subject: Subject) -> Predicate:
    has = "has" if subject.is_third else "have"
    return _joined(has, verb.participle, ("already", "never", "often"), ("this week", "today"))


def _future(verb: Verb, subject: Subject) -> Predicate:
    return _joined("will", verb.base, ("probably", "never", "also"), FUTURE_TIMES)


def _ability(verb: Verb, subject: Subject) -> Predicate:
    return _joined("can", verb.base, ("still", "also"), HABIT_TIMES)


def _duty(verb: Verb, subject: Subject) -> Predicate:
    return _joined("must", verb.base, ("always", "also"), FUTURE_TIMES)


def _joined(operator: str, main: str, adverbs: tuple[str, ...], times: tuple[str, ...]) -> Predicate:
    return Predicate(operator, main, f"{operator} {main}", adverbs, times)


_TENSES = (_present, _present, _past, _past, _progressive, _past_progressive, _perfect, _future, _ability, _duty)


def _verb_of_any_kind(rng: Random) -> Verb:
    return rng.choice(ACTIONS if rng.random() < 0.75 else MOTIONS)


def _object(rng: Random, verb: Verb, subject: Subject) -> str:
    """Return " a new book", " her new book" after a subject that "her" refers to, or "" for a motion."""
    if not verb.objects:
        return ""
    noun = NOUNS[rng.choice(verb.objects)]
    if subject.possessive and rng.random() < 0.25:
        return f" {subject.possessive}{_maybe(rng, 0.3, noun.adjectives)} {noun.singular}"
    return f" {_thing(rng, noun)[0]}"


def _thing(rng: Random, noun: Noun, definite: float = 0.3) -> tuple[str, bool]:
    """Return "an old book", "the red box", "three eggs" or "some milk", and whether it is a plural.

    ``definite`` is the probability of "the".
    """
    colours = COLOURS if noun.adjectives == OBJECT_ADJECTIVES else ()
    adjectives = f"{_maybe(rng, 0.4, noun.adjectives)}{_maybe(rng, 0.2, colours)} "
    if rng.random() < definite:
        return f"the{adjectives}{noun.singular}", False
    if not noun.plural:
        return f"some{adjectives}{noun.singular}", False
    if rng.random() < 0.7:
        return _with_article(f"{adjectives[1:]}{noun.singular}"), False
    return f"{rng.choice(('two', 'three', 'many', 'some'))}{adjectives}{noun.plural}", True


def _with_article(words: str) -> str:
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def _ending(rng: Random, verb: Verb, predicate: Predicate) -> str:
    """Return manner, place and time, each of them only sometimes."""
    manner = "" if verb.base in WITHOUT_MANNER else _maybe(rng, 0.2, MANNERS)
    return f"{manner}{_maybe(rng, 0.4, PLACES)}{_maybe(rng, 0.35, predicate.times)}"


def _maybe(rng: Random, probability: float, words: tuple[str, ...]) -> str:
    return f" {rng.choice(words)}" if words and rng.random() < probability else ""

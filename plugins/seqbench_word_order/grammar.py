"""Makes the English sentences that the word-order task uses when no text is given.

A small grammar with agreement, tenses, articles, adverbs and questions, over the lexicon beside it. The
docstring of each kind of sentence is an example of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

from seqbench_word_order.lexicon import (
    ACTIONS,
    FEELINGS,
    GIFTS,
    NOUNS,
    NOW_TIMES,
    OBJECT_CASE,
    PAST_TIMES,
    PLACES,
    PRONOUNS,
    Subject,
    Verb,
)
from seqbench_word_order.phrases import (
    Predicate,
    draw_ending,
    draw_object,
    draw_predicate,
    draw_subject,
    draw_thing,
    draw_verb,
    future,
    maybe,
    past,
    with_article,
)


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
    return f"{_clause(rng, draw_subject(rng))}."


def _clause(rng: Random, subject: Subject) -> str:
    verb = draw_verb(rng)
    predicate = draw_predicate(rng, verb, subject)
    draw = rng.random()
    if draw < 0.15:
        middle = f"{predicate.operator} not {predicate.main}"
    elif draw < 0.5:
        middle = predicate.with_adverb(rng.choice(predicate.adverbs))
    else:
        middle = predicate.plain
    return f"{subject.words} {middle}{draw_object(rng, verb, subject)}{draw_ending(rng, verb, predicate)}"


def _yes_no_question(rng: Random) -> str:
    """Does she read a book every day?"""
    subject, verb = draw_subject(rng), draw_verb(rng)
    predicate = draw_predicate(rng, verb, subject)
    return f"{_inverted(rng, subject, verb, predicate)}{draw_ending(rng, verb, predicate)}?"


def _where_question(rng: Random) -> str:
    """Where did the children find the key yesterday?"""
    subject, verb = draw_subject(rng), draw_verb(rng)
    predicate = draw_predicate(rng, verb, subject)
    word, ending = rng.choice((("where", predicate.times), ("why", PLACES), ("when", PLACES)))
    return f"{word} {_inverted(rng, subject, verb, predicate)}{maybe(rng, 0.5, ending)}?"


def _what_question(rng: Random) -> str:
    """What are you reading in the garden?"""
    subject, verb = draw_subject(rng), rng.choice(ACTIONS)
    predicate = draw_predicate(rng, verb, subject)
    return f"what {predicate.operator} {subject.words} {predicate.main}{draw_ending(rng, verb, predicate)}?"


def _who_question(rng: Random) -> str:
    """Who is washing the plates?"""
    subject, verb = Subject("who", "is"), draw_verb(rng)
    predicate = draw_predicate(rng, verb, subject)
    return f"who {predicate.plain}{draw_object(rng, verb, subject)}{draw_ending(rng, verb, predicate)}?"


def _inverted(rng: Random, subject: Subject, verb: Verb, predicate: Predicate) -> str:
    return f"{predicate.operator} {subject.words} {predicate.main}{draw_object(rng, verb, subject)}"


def _feeling(rng: Random) -> str:
    """The nurses were very tired yesterday."""
    subject, feeling = draw_subject(rng), rng.choice(FEELINGS)
    be, times = rng.choice(((subject.be, NOW_TIMES), (subject.was, PAST_TIMES)))
    time = maybe(rng, 0.5, times)
    if rng.random() < 0.3:
        return f"{be} {subject.words} {feeling}{time}?"
    return f"{subject.words} {be}{maybe(rng, 0.6, ('very', 'often', 'not', 'always'))} {feeling}{time}."


def _too_tired(rng: Random) -> str:
    """I was too tired to wash the plates."""
    subject, verb = draw_subject(rng), draw_verb(rng)
    be, feeling = rng.choice((subject.be, subject.was)), rng.choice(FEELINGS)
    return f"{subject.words} {be} too {feeling} to {verb.base}{draw_object(rng, verb, subject)}."


def _wish(rng: Random) -> str:
    """She wants to buy a new car."""
    subject, verb, wish = draw_subject(rng), draw_verb(rng), rng.choice(("want", "need"))
    rest = f"to {verb.base}{draw_object(rng, verb, subject)}{maybe(rng, 0.4, PLACES)}"
    if rng.random() < 0.3:
        return f"{'does' if subject.is_third else 'do'} {subject.words} {wish} {rest}?"
    return f"{subject.words} {wish}{'s' if subject.is_third else ''} {rest}."


def _gift(rng: Random) -> str:
    """The teacher has sent him an interesting book."""
    subject, verb = draw_subject(rng), rng.choice(GIFTS)
    me_and_us = {"I", "we"}
    others = [word for word in OBJECT_CASE if word != subject.words and {word, subject.words} != me_and_us]
    receiver = OBJECT_CASE[rng.choice(others)]
    predicate = draw_predicate(rng, verb, subject)
    rest = f"{receiver}{draw_object(rng, verb, Subject('', ''))}{maybe(rng, 0.5, predicate.times)}"
    if rng.random() < 0.3:
        return f"{predicate.operator} {subject.words} {predicate.main} {rest}?"
    return f"{subject.words} {predicate.plain} {rest}."


def _opinion(rng: Random) -> str:
    """I think that he sleeps at home; the two subjects never agree with the same verb form."""
    outer, inner = rng.choice(PRONOUNS), draw_subject(rng)
    while inner.is_third == outer.is_third:
        inner = draw_subject(rng)
    think = rng.choice(("think", "know"))
    return f"{outer.words} {think}{'s' if outer.is_third else ''} that {_clause(rng, inner)}."


def _before_doing(rng: Random) -> str:
    """She closed the door before reading the letter; neither verb takes the other's objects."""
    subject, verb = draw_subject(rng), rng.choice(ACTIONS)
    other = rng.choice([action for action in ACTIONS if not set(action.objects) & set(verb.objects)])
    predicate = rng.choice((past, future))(verb, subject)
    first, second = rng.choice(verb.objects), rng.choice(other.objects)
    link = rng.choice(("before", "after"))
    return f"{subject.words} {predicate.plain} the {first} {link} {other.progressive} the {second}."


def _there_are(rng: Random) -> str:
    """There are three heavy boxes in the kitchen."""
    noun = NOUNS[rng.choice(("book", "box", "umbrella", "egg", "milk"))]
    thing, is_plural = draw_thing(rng, noun, definite=0)
    be, place = "are" if is_plural else "is", rng.choice(PLACES)
    return rng.choice((f"there {be} {thing} {place}.", f"{be} there {thing} {place}?"))


def _it_is_easy(rng: Random) -> str:
    """It is not easy to write a long story."""
    verb, ease = rng.choice(ACTIONS), rng.choice(("easy", "difficult", "important"))
    rest = f"to {verb.base}{draw_object(rng, verb, Subject('', ''))}{maybe(rng, 0.3, PLACES)}"
    return f"it is{maybe(rng, 0.5, ('not', 'very', 'often'))} {ease} {rest}."


def _order(rng: Random) -> str:
    """Please do not open the window!"""
    verb, start = rng.choice(ACTIONS), rng.choice(("please", "do not", "please do not", "never"))
    return f"{start} {verb.base}{draw_object(rng, verb, PRONOUNS[1])}{maybe(rng, 0.5, PLACES)}!"


def _exclamation(rng: Random) -> str:
    """What a big car she has!"""
    noun, subject = rng.choice([noun for noun in NOUNS.values() if noun.plural]), draw_subject(rng)
    thing = with_article(f"{rng.choice(noun.adjectives)} {noun.singular}")
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

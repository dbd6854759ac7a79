"""Writes sentences in the made-up language of the translation task, and translates English ones into it.

Order: time, subject, place, object, negation, verb. An adjective follows its noun; it, the article and the
relative pronoun agree with the noun in gender and number, and a verb, at the end of its clause, with its subject
in number.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from seqbench_translation import english
from seqbench_translation.lexicon import PREPOSITIONS, TIMES, Verb
from seqbench_translation.sentences import Phrase, Relative, Sentence, drawn

ENDINGS = {("m", False): "o", ("f", False): "a", ("m", True): "om", ("f", True): "am"}
"""(gender, is plural) -> the ending of articles, adjectives and relative pronouns."""


def pairs(rng: Random) -> Iterator[tuple[str, str]]:
    """Yield English sentences and their translations forever, some of them more than once.

    >>> from random import Random
    >>> next(pairs(Random(8)))
    ('some small birds saw the boat suddenly.', 'zap nam file picam ko vond vidunt.')
    """
    while True:
        sentence = drawn(rng)
        yield english.written(sentence), written(sentence)


def translated(text: str) -> str:
    """Translate an English sentence of the task perfectly.

    >>> translated("the old kings that a girl saw knew the cat yesterday.")
    'gest kom rothe senom keom na nin vidu ka mel kununt.'

    Raises:
        DataError: it is no such sentence.
    """
    return written(english.read(text))


def written(sentence: Sentence) -> str:
    """Write a sentence in the made-up language."""
    place = f"{_phrase(sentence.place)} {PREPOSITIONS[sentence.preposition]}" if sentence.place else ""
    parts = [
        TIMES.get(sentence.time, ""),
        _phrase(sentence.subject),
        place,
        _phrase(sentence.object),
        "ne" if sentence.is_negated else "",
        _verb(sentence.verb, sentence.subject, sentence.object),
    ]
    return f"{' '.join(filter(None, parts))}."


def _phrase(phrase: Phrase | None) -> str:
    if phrase is None:
        return ""
    ending = ENDINGS[phrase.noun.gender, phrase.is_plural]
    parts = [
        f"{'k' if phrase.is_definite else 'n'}{ending}",
        f"{phrase.noun.stem}{'e' * phrase.is_plural}",
        f"{phrase.adjective.stem_for(phrase.noun)}{ending}" if phrase.adjective else "",
        f"ke{ending} {_relative(phrase.relative, phrase)}" if phrase.relative else "",
    ]
    return " ".join(filter(None, parts))


def _relative(clause: Relative, head: Phrase) -> str:
    subject, what = (head, clause.other) if clause.head == "subject" else (clause.other, head)
    return f"{_phrase(clause.other)} {_verb(clause.verb, subject, what)}"


def _verb(verb: Verb, subject: Phrase, what: Phrase | None) -> str:
    return f"{verb.stems[what.noun.kind if what else '']}{'unt' if subject.is_plural else 'u'}"

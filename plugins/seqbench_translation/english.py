"""Writes and reads the English sentences of the translation task.

Order: subject, verb, object, place, time. An adjective stands before its noun; nothing in a verb tells the number
of its subject.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from seqbench import DataError
from seqbench_translation.lexicon import ADJECTIVES, NOUNS, PREPOSITIONS, TIMES, VERBS, Noun, Verb
from seqbench_translation.sentences import Phrase, Relative, Sentence


def written(sentence: Sentence) -> str:
    """Write a sentence in English.

    >>> king, lamp = (Phrase(NOUNS[word], is_plural=True, is_definite=True) for word in ("king", "lamp"))
    >>> written(Sentence(king, VERBS[3], is_negated=True, object=lamp, time="often"))
    'the kings did not see the lamps often.'
    """
    parts = [
        _phrase(sentence.subject),
        f"did not {sentence.verb.base}" if sentence.is_negated else sentence.verb.past,
        _phrase(sentence.object),
        f"{sentence.preposition} {_phrase(sentence.place)}".strip(),
        sentence.time,
    ]
    return f"{' '.join(filter(None, parts))}."


def read(text: str) -> Sentence:
    """Read a sentence of `written` back.

    Raises:
        DataError: it is no such sentence.
    """
    words = _Words(text)
    sentence = _sentence(words)
    words.expect("")
    return sentence


def _phrase(phrase: Phrase | None) -> str:
    if phrase is None:
        return ""
    adjective = "" if phrase.adjective is None else f"{phrase.adjective.english} "
    named = f"{adjective}{_noun(phrase)}"
    article = "the" if phrase.is_definite else "some" if phrase.is_plural else "an" if named[0] == "o" else "a"
    return " ".join(filter(None, [article, named, _relative(phrase.relative)]))


def _noun(phrase: Phrase) -> str:
    return phrase.noun.plural if phrase.is_plural else phrase.noun.english


def _relative(clause: Relative | None) -> str:
    if clause is None:
        return ""
    parts = [clause.verb.past, _phrase(clause.other)]
    return " ".join(["that", *(parts if clause.head == "subject" else reversed(parts))])


_FORMS: Mapping[str, tuple[Noun, bool]] = {
    name: (noun, is_plural)
    for noun in NOUNS.values()
    for name, is_plural in ((noun.english, False), (noun.plural, True))
}
_PAST = {verb.past: verb for verb in VERBS}
_BASE = {verb.base: verb for verb in VERBS}
_ARTICLES = {"the": True, "a": False, "an": False, "some": False}


class _Words:
    """The words of a sentence, read one by one."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._words = [*text.strip().removesuffix(".").split(), ""]

    @property
    def next(self) -> str:
        """The next word; empty at the end."""
        return self._words[0]

    def expect(self, *known: str) -> str:
        """Return the next word and go on.

        Raises:
            DataError: it is none of the known ones.
        """
        if self.next not in known:
            found = f"{self.next!r}" if self.next else "the end"
            raise DataError(
                f"the small language of the task cannot go on with {found} in {self._text!r}; possible is"
                f" {', '.join(word or 'the end' for word in known)}"
            )
        return self._words.pop(0) if self.next else ""

    def given(self, known: Mapping[str, str]) -> Iterator[str]:
        """Yield the next word and go on if it is one of these."""
        if self.next in known:
            yield self._words.pop(0)


def _sentence(words: _Words) -> Sentence:
    subject = _read_phrase(words)
    is_negated = words.next == "did"
    if is_negated:
        words.expect("did")
        words.expect("not")
    verb = _read_verb(words, _BASE if is_negated else _PAST)
    what = _read_phrase(words) if verb.is_transitive else None
    preposition = next(words.given(PREPOSITIONS), "")
    place = _read_phrase(words) if preposition else None
    return Sentence(subject, verb, is_negated, what, preposition, place, next(words.given(TIMES), ""))


def _read_verb(words: _Words, forms: Mapping[str, Verb]) -> Verb:
    return forms[words.expect(*forms)]


def _read_phrase(words: _Words) -> Phrase:
    is_definite = _ARTICLES[words.expect(*_ARTICLES)]
    adjective = ADJECTIVES[words.expect(*ADJECTIVES)] if words.next in ADJECTIVES else None
    noun, is_plural = _FORMS[words.expect(*_FORMS)]
    return Phrase(noun, is_plural, is_definite, adjective, _read_relative(words))


def _read_relative(words: _Words) -> Relative | None:
    if words.next != "that":
        return None
    words.expect("that")
    if words.next in _PAST:
        verb = _read_verb(words, _PAST)
        return Relative(verb, _read_phrase(words), "subject")
    other = _read_phrase(words)
    return Relative(_read_verb(words, _PAST), other, "object")

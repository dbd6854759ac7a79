"""Lists the words of the word-order task's grammar, and which of them go together.

Verbs take only objects that make sense, and things and persons take different adjectives. So hardly any bag of
words has two right orders: of 287,000 written sentences, no two have the same words and mark.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Verb:
    """The forms of a verb and, where it takes an object, the nouns that fit it."""

    base: str
    third: str
    past: str
    participle: str
    progressive: str
    objects: tuple[str, ...] = ()


@dataclass(frozen=True)
class Noun:
    """A thing: its plural ("" for a mass, as in "some milk") and the adjectives that fit it."""

    singular: str
    plural: str
    adjectives: tuple[str, ...]


@dataclass(frozen=True)
class Subject:
    """A subject and what agrees with it.

    Attributes:
        words: as in "the tall girl".
        be: its present form of "be": "am", "is" or, for "you" and every plural, "are".
        possessive: what refers back to it, as in "she washes her car"; "" where that could be misread.
    """

    words: str
    be: str
    possessive: str = ""

    @property
    def is_third(self) -> bool:
        """Say whether its present verbs end in -s."""
        return self.be == "is"

    @property
    def was(self) -> str:
        """Return its past form of "be"."""
        return "were" if self.be == "are" else "was"


def _verb(forms: str, objects: str = "") -> Verb:
    base, third, past, participle, progressive = forms.split()
    return Verb(base, third, past, participle, progressive, tuple(objects.split()))


ACTIONS = (
    _verb("read reads read read reading", "book letter story"),
    _verb("write writes wrote written writing", "letter story"),
    _verb("eat eats ate eaten eating", "apple egg"),
    _verb("buy buys bought bought buying", "car coat egg umbrella"),
    _verb("wash washes washed washed washing", "car coat window"),
    _verb("open opens opened opened opening", "window box umbrella"),
    _verb("drink drinks drank drunk drinking", "coffee milk"),
    _verb("sell sells sold sold selling", "car coat book apple"),
)
MOTIONS = (
    _verb("sleep sleeps slept slept sleeping"),
    _verb("sing sings sang sung singing"),
    _verb("wait waits waited waited waiting"),
)
GIFTS = (
    _verb("give gives gave given giving", "book apple umbrella box"),
    _verb("send sends sent sent sending", "letter book"),
)
_TEXT = ("long", "short", "interesting")
_FOOD = ("fresh", "cold", "cheap")
OBJECT_ADJECTIVES = ("old", "new", "expensive")
NOUNS = {
    noun.singular: noun
    for noun in (
        *(Noun(word, f"{word}s", _TEXT) for word in ("book", "letter")),
        Noun("story", "stories", _TEXT),
        *(Noun(word, f"{word}s", _FOOD) for word in ("apple", "egg")),
        *(Noun(word, "", _FOOD) for word in ("milk", "coffee")),
        *(Noun(word, f"{word}s", OBJECT_ADJECTIVES) for word in ("car", "coat", "umbrella", "window")),
        Noun("box", "boxes", OBJECT_ADJECTIVES),
    )
}
COLOURS = ("red", "blue")
PRONOUNS = (
    Subject("I", "am", "my"),
    Subject("you", "are", "your"),
    Subject("he", "is", "his"),
    Subject("she", "is", "her"),
    Subject("we", "are", "our"),
    Subject("they", "are", "their"),
)
OBJECT_CASE = {"I": "me", "you": "you", "he": "him", "she": "her", "we": "us", "they": "them"}
PERSONS = {"teacher": "teachers", "doctor": "doctors", "child": "children", "girl": "girls"}
FAMILY = ("father", "mother", "brother", "sister")
CHARACTERS = ("young", "kind", "tall")
FEELINGS = ("tired", "hungry", "happy", "ill")
MANNERS = ("slowly", "quietly")
PLACES = ("in the garden", "in the kitchen", "at home", "at school")
HABIT_TIMES = ("every day", "every morning")
PAST_TIMES = ("yesterday", "last week")
NOW_TIMES = ("now",)
FUTURE_TIMES = ("tomorrow", "next week")
FREQUENCIES = ("often", "always", "never", "usually")
WITHOUT_MANNER = ("buy", "sell", "sleep", "wait")

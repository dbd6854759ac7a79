"""Turns texts into tokens and labels into classes, and reports what is unusual about them.

Knows nothing of tables, metrics or baselines.
"""

from __future__ import annotations

import hashlib
import itertools
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from seqbench_texts.words import has_word, letters_of, plain, small, tokens_of

from seqbench import DataError

Truncate = Literal["head", "tail", "middle"]
"""The tokens of a longer text that are read: the first, the last, or those in its middle."""

PARTS = ("train", "validation", "test")
PADDING, UNKNOWN = "<padding>", "<unknown>"
SPECIAL = (PADDING, UNKNOWN)
"""The first two tokens of a vocabulary."""

_MUCH_UNKNOWN = 0.5
"""Share of unknown tokens from which a model can read almost nothing."""


@dataclass(frozen=True)
class Example:
    """A text and its class.

    Attributes:
        tokens: the whole text.
        label: the class.
        key: equal for texts with the same letters, digits and emoji, whatever their signs, spaces and capitals.
    """

    tokens: tuple[str, ...]
    label: str
    key: bytes


class Tokeniser:
    """Splits a text into words and single other visible characters; see `seqbench_texts`.

    >>> Tokeniser(lower=True)("It's NOT good, is it?")
    ("it's", 'not', 'good', ',', 'is', 'it', '?')

    No token contains white space, so each piece between two white spaces is analysed once, however often it
    occurs, and each token is stored once.
    """

    def __init__(self, *, lower: bool) -> None:
        self._pieces = _Pieces(lower=lower)
        self._letters = _Letters()

    def __call__(self, text: str) -> tuple[str, ...]:
        """Return the tokens of a text."""
        return tuple(itertools.chain.from_iterable(map(self._pieces.__getitem__, plain(text).split())))

    def key(self, tokens: Sequence[str]) -> bytes:
        """Return a key that a text shares with its copies.

        >>> tokenise = Tokeniser(lower=False)
        >>> tokenise.key(tokenise("Good, good!")) == tokenise.key(tokenise("good GOOD"))
        True
        """
        letters = "".join(map(self._letters.__getitem__, tokens)) or " ".join(tokens)
        return hashlib.blake2b(letters.encode("utf-8", "surrogatepass"), digest_size=16).digest()


class _Pieces(dict[str, tuple[str, ...]]):
    """A piece of text without white space -> its tokens."""

    def __init__(self, *, lower: bool) -> None:
        super().__init__()
        self._lower = lower

    def __missing__(self, piece: str) -> tuple[str, ...]:
        found = self[piece] = tuple(map(sys.intern, tokens_of(small(piece) if self._lower else piece)))
        return found


class _Letters(dict[str, str]):
    """A token -> its letters and digits."""

    def __missing__(self, token: str) -> str:
        found = self[token] = letters_of(token)
        return found


def excerpt(tokens: Sequence[str], length: int, truncate: Truncate) -> Sequence[str]:
    """Return at most ``length`` tokens of a text.

    >>> [excerpt("abcdefg", 3, which) for which in ("head", "tail", "middle")]
    ['abc', 'efg', 'cde']
    """
    room = max(0, len(tokens) - length)
    start = {"head": 0, "tail": room, "middle": room // 2}[truncate]
    return tokens[start : start + length]


def vocabulary(texts: Iterable[Sequence[str]], size: int, minimum_count: int) -> list[str]:
    """Return the tokens of a model: the two markers, then words, commonest first, ties alphabetical.

    >>> vocabulary([["a", "b", "a"], ["c", "b", "d"]], size=4, minimum_count=2)
    ['<padding>', '<unknown>', 'a', 'b']

    Raises:
        DataError: no word is left, only signs or nothing.
    """
    counts = Counter(itertools.chain.from_iterable(texts))
    kept = sorted((word for word, n in counts.items() if n >= minimum_count), key=lambda w: (-counts[w], w))
    known = kept[: size - len(SPECIAL)]
    if not any(map(has_word, known)):
        raise DataError(
            f"not one word of the training texts is known: of {len(counts)} different tokens {len(kept)} stand"
            f" there {minimum_count} times or more, and none of these is a word; lower sentiment.minimum_count"
            f" ({minimum_count}) or raise sentiment.vocabulary_size ({size}), and look whether the column of texts"
            " is the right one"
        )
    return [*SPECIAL, *known]


def text_facts(examples: Mapping[str, Sequence[Example]], length: int) -> dict[str, float | int]:
    """Return the share of texts that are longer than what is read, and the number of test texts also in train.

    A test text counts as such if a training text has the same letters and digits in the same order.
    """
    whole = [example for found in examples.values() for example in found]
    known = {example.key for example in examples["train"]}
    return {
        "truncated_rate": sum(len(example.tokens) > length for example in whole) / len(whole),
        "test_texts_also_in_train": sum(example.key in known for example in examples["test"]),
    }


def remarks(facts: Mapping[str, float | int | str]) -> Iterator[str]:
    """Yield sentences that a user must know about the data before trusting a score."""
    if empty := facts.get("empty_texts_left_out"):
        yield f"{empty} empty texts were left out"
    if left_out := facts.get("left_out"):
        yield f"left out: {left_out}"
    if copies := facts.get("test_texts_also_in_train"):
        yield (
            f"{copies} of {facts['test_examples']} test texts are also training texts, but for signs, spaces and"
            " capitals: what was learned by heart scores there"
        )
    if alike := facts.get("labels_alike"):
        yield f"labels that differ only in capitals or spaces are classes of their own: {alike}"
    if baseline := facts.get("baselines_left_out"):
        yield f"the baseline {baseline} was left out: with so many classes it would take gigabytes to fit"
    unknown = float(facts.get("oov_rate", 0.0))
    if unknown >= _MUCH_UNKNOWN:
        yield (
            f"{unknown:.0%} of the tokens that are read of the test texts are not in the vocabulary, and all of"
            f" them are one token to a model; more training texts, or a lower minimum_count, make more known"
        )


def alike(names: Iterable[str]) -> list[str]:
    """Return the classes that differ from another only in capitals, spaces or the width of letters.

    >>> alike(["neg", "Very good", "very  good"])
    ['Very good', 'very  good']
    """
    folded = {name: "".join(unicodedata.normalize("NFKC", name).casefold().split()) for name in names}
    counts = Counter(folded.values())
    return [name for name, form in folded.items() if counts[form] > 1]


def class_names(labels: Iterable[str]) -> list[str]:
    """Return the different labels in order: numbers by value, words by alphabet.

    >>> class_names(["10", "2", "2"]), class_names(["pos", "neg", "1"])
    (['2', '10'], ['1', 'neg', 'pos'])
    """
    names = sorted(set(labels))
    is_numeric = all(re.fullmatch(r"-?\d+", name) for name in names)
    return sorted(names, key=int) if is_numeric else names

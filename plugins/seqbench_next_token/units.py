"""Turns text into tokens and back: words, characters, or byte pairs.

A unit knows its vocabulary, which is fitted on training text only, and can be told in data that JSON holds.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from seqbench_texts.words import plain, tokens_of

from seqbench import DataError

UNKNOWN, LINE_END = "<unk>", "<eos>"
"""A token for all that is outside the vocabulary, and one for each end of a line."""

Cut = Literal["spaces", "signs"]
"""Words are what stands between spaces, or letters with each sign for itself."""

INSTALL = "pip install 'seqbench[text]'"


class Unit(ABC):
    """What a token is."""

    @property
    @abstractmethod
    def size(self) -> int:
        """The number of tokens in the vocabulary."""

    @property
    def unknown(self) -> int | None:
        """The token of what is outside the vocabulary; None if nothing is."""
        return 0

    @property
    @abstractmethod
    def start(self) -> int:
        """The token after which a text begins, when nothing is given."""

    @abstractmethod
    def encode(self, text: str) -> Sequence[int]:
        """Return the tokens of a text."""

    @abstractmethod
    def text(self, tokens: Sequence[int]) -> str:
        """Return the text of tokens."""

    @abstractmethod
    def piece(self, token: int) -> str:
        """Return the text of one token by itself."""

    @abstractmethod
    def told(self) -> dict[str, Any]:
        """Return the unit in data that JSON can hold; `unit_of` undoes this."""

    def answer(self, token: int) -> str:
        """Return a token as the answer to a row: its text, with `LINE_END` for the end of a line."""
        return self.piece(token).replace("\n", LINE_END)

    def names(self, tokens: Sequence[int]) -> list[str]:
        """Return each token in signs that a person sees: a space as ␣, the end of a line as ↵."""
        return [_visible(self.piece(token)) for token in tokens]


@dataclass(frozen=True)
class Words(Unit):
    """Words; a line ends with a token of its own.

    Attributes:
        vocabulary: the words, in the order of their numbers; `UNKNOWN` and `LINE_END` first.
        cut: how a line is cut into words.
        before: a token that each text begins with; None without one.
    """

    vocabulary: tuple[str, ...]
    cut: Cut = "spaces"
    before: str | None = None

    @staticmethod
    def fitted(text: str, size: int, cut: Cut) -> Words:
        """Take the commonest words of a text."""
        counts = Counter(word for line in _lines(text) for word in _cut(line, cut))
        return Words((UNKNOWN, LINE_END, *_commonest(counts, size - 2)), cut)

    @property
    def size(self) -> int:
        """The number of words, with `UNKNOWN` and `LINE_END`."""
        return len(self.vocabulary)

    @property
    def unknown(self) -> int | None:
        """The token of other words."""
        return self._tokens.get(UNKNOWN)

    @property
    def start(self) -> int:
        """The token that texts begin with, or the end of a line."""
        return self._tokens[self.before or LINE_END]

    def encode(self, text: str) -> Sequence[int]:
        """Return the tokens of all words and ends of lines; a last line without an end gets none.

        Raises:
            DataError: a word, or the end of a line, is not in the vocabulary of a grammar, which has no token for
                others.
        """
        lines = text.split("\n")
        if len(lines) > 1 and LINE_END not in self._tokens:
            raise DataError(
                f"the text has {len(lines)} lines, and the grammar has no line ends; write it in one line"
            )
        words = [word for line in lines[:-1] for word in (*_cut(line, self.cut), LINE_END)]
        words += _cut(lines[-1], self.cut)
        if self.unknown is None and (strange := [word for word in words if word not in self._tokens]):
            raise DataError(
                f"the grammar does not know {', '.join(map(repr, strange[:5]))}; use its words, such as"
                f" {', '.join(self.vocabulary[1:8])}"
            )
        tokens, other = self._tokens, self.unknown or 0
        found = [tokens.get(word, other) for word in words]
        return found if self.before is None or found[:1] == [self.start] else [self.start, *found]

    def text(self, tokens: Sequence[int]) -> str:
        """Return words with spaces between them, and a line for each end of a line; `before` is not shown."""
        shown = tokens[1:] if self.before is not None and list(tokens[:1]) == [self.start] else tokens
        return " ".join(map(self.piece, shown)).replace(" \n", "\n").replace("\n ", "\n")

    def piece(self, token: int) -> str:
        """Return a word, or a line feed."""
        return "\n" if (word := self.vocabulary[token]) == LINE_END else word

    def told(self) -> dict[str, Any]:
        """Return the words and how lines are cut."""
        return {"unit": "word", "vocabulary": list(self.vocabulary), "cut": self.cut, "before": self.before}

    @cached_property
    def _tokens(self) -> dict[str, int]:
        return {word: token for token, word in enumerate(self.vocabulary)}


@dataclass(frozen=True)
class Characters(Unit):
    """Single characters, the end of a line among them.

    Attributes:
        vocabulary: the characters, in the order of their numbers; `UNKNOWN` first.
    """

    vocabulary: tuple[str, ...]

    @staticmethod
    def fitted(text: str, size: int) -> Characters:
        """Take the commonest characters of a text, the end of a line always."""
        counts = Counter(text)
        counts["\n"] += len(text)
        return Characters((UNKNOWN, *_commonest(counts, size - 1)))

    @property
    def size(self) -> int:
        """The number of characters, with `UNKNOWN`."""
        return len(self.vocabulary)

    @property
    def start(self) -> int:
        """The end of a line."""
        return self._tokens["\n"]

    def encode(self, text: str) -> Sequence[int]:
        """Return a token for each character."""
        tokens = self._tokens
        return [tokens.get(character, 0) for character in text]

    def text(self, tokens: Sequence[int]) -> str:
        """Return the characters, U+FFFD for an unknown one."""
        return "".join(map(self.piece, tokens))

    def piece(self, token: int) -> str:
        """Return the character, U+FFFD for an unknown one."""
        return self.vocabulary[token] if token else "\ufffd"

    def told(self) -> dict[str, Any]:
        """Return the characters."""
        return {"unit": "character", "vocabulary": list(self.vocabulary)}

    @cached_property
    def _tokens(self) -> dict[str, int]:
        return {character: token for token, character in enumerate(self.vocabulary)}


@dataclass(frozen=True)
class BytePairs(Unit):
    """Frequent pairs of bytes, joined again and again (Sennrich et al. 2016); no byte is unknown.

    Attributes:
        tokeniser: a tokeniser of the library `tokenizers`, as JSON.
    """

    tokeniser: str

    @staticmethod
    def fitted(text: str, size: int) -> BytePairs:
        """Join pairs until there are so many tokens; there are 256 bytes to begin with.

        Raises:
            DataError: the library is not installed.
        """
        _library()
        from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

        made = Tokenizer(models.BPE())
        made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        made.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(
            vocab_size=size, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
        )
        made.train_from_iterator(_lines(text, keepends=True), trainer)
        return BytePairs(made.to_str())

    @property
    def size(self) -> int:
        """The number of tokens."""
        return int(self._made.get_vocab_size())

    @property
    def unknown(self) -> int | None:
        """None: each byte has a token."""
        return None

    @property
    def start(self) -> int:
        """The end of a line."""
        return int(self._made.encode("\n").ids[-1])

    def encode(self, text: str) -> Sequence[int]:
        """Return the tokens of each line, its end among them."""
        return [token for line in _lines(text, keepends=True) for token in self._made.encode(line).ids]

    def text(self, tokens: Sequence[int]) -> str:
        """Return the text; bytes that are no letter in UTF-8 become U+FFFD."""
        return str(self._made.decode(list(tokens), skip_special_tokens=False))

    def piece(self, token: int) -> str:
        """Return the text of one token."""
        return self.text([token])

    def told(self) -> dict[str, Any]:
        """Return the tokeniser."""
        return {"unit": "bpe", "tokeniser": self.tokeniser}

    @cached_property
    def _made(self) -> Any:
        _library()
        from tokenizers import Tokenizer

        return Tokenizer.from_str(self.tokeniser)


def unit_of(told: Mapping[str, Any]) -> Unit:
    """Return the unit that was told; see `Unit.told`."""
    match told["unit"]:
        case "word":
            return Words(tuple(told["vocabulary"]), told["cut"], told["before"])
        case "character":
            return Characters(tuple(told["vocabulary"]))
        case _:
            return BytePairs(told["tokeniser"])


def unknown_note(unit: Unit, texts: Sequence[str], where: str) -> str | None:
    """Return how much of texts is unknown, as a sentence; None if nothing is. A word `UNKNOWN` is known.

    Args:
        unit: of the network.
        texts: what it is given.
        where: what they are, such as ``the prompt``.
    """
    if unit.unknown is None:
        return None
    counts = [_unknown(unit, text) for text in texts]
    strange, whole = (sum(numbers) for numbers in zip(*counts, strict=True))
    if not strange:
        return None
    named, read = ("words", UNKNOWN) if isinstance(unit, Words) else ("characters", "U+FFFD")
    return f"{strange} of {whole} {named} of {where} are unknown to the network: it reads {read} in their place"


def _unknown(unit: Unit, text: str) -> tuple[int, int]:
    """Return how many words or characters of a text are unknown, and how many there are."""
    tokens = unit.encode(text)
    strange = sum(token == unit.unknown for token in tokens)
    if not isinstance(unit, Words):
        return strange, len(tokens)
    written = [word for line in _lines(text) for word in _cut(line, unit.cut)].count(UNKNOWN)
    return strange - written, len(tokens) - text.count("\n")


class Units:
    """Returns units that were told; the last one is kept, for a text is written token by token."""

    def __init__(self) -> None:
        self._last: tuple[Mapping[str, Any], Unit] | None = None

    def __getitem__(self, told: Mapping[str, Any]) -> Unit:
        """Return the unit that was told; the same object gives the same one."""
        if self._last is None or self._last[0] is not told:
            self._last = told, unit_of(told)
        return self._last[1]


def _library() -> None:
    try:
        import tokenizers  # noqa: F401
    except ImportError as error:
        raise DataError(
            f"next-token.unit=bpe needs the library tokenizers, which is not installed: {INSTALL}"
        ) from error


def _lines(text: str, *, keepends: bool = False) -> Iterator[str]:
    """Yield lines; only a line feed ends one."""
    *whole, last = text.split("\n")
    yield from (f"{line}\n" if keepends else line for line in whole)
    if last:
        yield last


def _cut(line: str, cut: Cut) -> list[str]:
    if cut == "spaces":
        return line.split()
    return [word for piece in plain(line).split() for word in tokens_of(piece)]


def _commonest(counts: Counter[str], most: int) -> list[str]:
    """Return the commonest words, ties in alphabetical order, without `UNKNOWN` and `LINE_END`."""
    known = (word for word in counts if word not in (UNKNOWN, LINE_END))
    return sorted(known, key=lambda word: (-counts[word], word))[: max(0, most)]


def _visible(name: str) -> str:
    shown = name.replace("\n", "↵").replace(" ", "␣").replace("\t", "⇥")
    return "".join(sign if sign.isprintable() else "·" for sign in shown) or "·"

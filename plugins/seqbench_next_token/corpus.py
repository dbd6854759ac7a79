"""Makes the tokens of a text in its three parts: one that was read, or documents of a grammar."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from seqbench_texts.words import is_unspaced

from seqbench import DataError, derive_seed
from seqbench_next_token.grammar import document
from seqbench_next_token.overlap import RUN, share_within
from seqbench_next_token.text import PARTS
from seqbench_next_token.units import Unit, Words, unit_of

if TYPE_CHECKING:
    from torch import Tensor

_MUCH_UNKNOWN = 0.5
"""Share of unknown tokens from which a score says little about the text."""

_MUCH_IN_TRAINING = 0.5
"""Share of a text that stands in the training text, above which a score tells what was learned by heart."""

_A_LONG_WORD = 20
"""Characters a token from which these are no words, but pieces of a text without spaces."""

_LOOKED_AT = 100_000
"""Characters of a text by which its script is told."""


@dataclass(frozen=True, eq=False)
class Corpus:
    """A text as tokens.

    Attributes:
        unit: what a token is.
        tokens: part -> [tokens], small integers.
        characters: part -> the length of its text.
        in_training: part -> the share of it that stands in the training text too.
        is_unspaced: whether words are cut at spaces, and most words of the test text are of a script without.
    """

    unit: Unit
    tokens: Mapping[str, Tensor]
    characters: Mapping[str, int]
    in_training: Mapping[str, float]
    is_unspaced: bool = False

    @staticmethod
    def of(texts: Mapping[str, str], unit: Unit) -> Corpus:
        """Encode the parts of a text.

        Raises:
            DataError: a part has fewer than two tokens, so that nothing is to be predicted.
        """
        import torch

        dtype = torch.int16 if unit.size < 2**15 else torch.int32
        tokens = {part: torch.tensor(unit.encode(texts[part]), dtype=dtype) for part in PARTS}
        short = [part for part in PARTS if len(tokens[part]) < 2]
        if short:
            raise DataError(
                f"next-token needs two tokens in each part of the text, and too few are in: {', '.join(short)};"
                f" {_more_tokens(short[0], texts[short[0]], unit)}"
            )
        return Corpus(
            unit,
            tokens,
            {part: len(texts[part]) for part in PARTS},
            {part: share_within(tokens[part], tokens["train"], unit.unknown) for part in PARTS[1:]},
            isinstance(unit, Words) and unit.cut == "spaces" and _is_unspaced(texts["test"]),
        )

    def tensors(self) -> dict[str, Tensor]:
        """Return the corpus as tensors only, to be cached."""
        import torch

        told = {
            "unit": self.unit.told(),
            "characters": dict(self.characters),
            "in_training": dict(self.in_training),
            "is_unspaced": self.is_unspaced,
        }
        return {**self.tokens, "told": torch.frombuffer(bytearray(json.dumps(told).encode()), dtype=torch.uint8)}

    @staticmethod
    def from_tensors(tensors: Mapping[str, Tensor]) -> Corpus:
        """Undo `tensors`."""
        told = json.loads(tensors["told"].numpy().tobytes())
        return Corpus(
            unit_of(told["unit"]),
            {part: tensors[part] for part in PARTS},
            told["characters"],
            told["in_training"],
            told["is_unspaced"],
        )

    def refuse_beyond(self, length: int) -> None:
        """Refuse a length that no row of the test text has.

        Raises:
            DataError: the test text is shorter than a row and its last target.
        """
        longest = len(self.tokens["test"]) - 1
        advice = f"ask for a length of at most {longest}"
        if without := _without_spaces(
            self.unit, self.characters["test"], longest + 1, is_unspaced=self.is_unspaced
        ):
            advice = f"{without}, {advice}"
        if longest < length:
            raise DataError(
                f"length {length} needs a test text of {length + 1} tokens or more, and it has"
                f" {longest + 1}; {advice}, give more test text, or set a larger"
                " next-token.test_share (0 tests on the training text)"
            )

    def facts(self) -> dict[str, float | int | str]:
        """Return sizes, and the share of test tokens outside the vocabulary."""
        import torch

        unknown = self.unit.unknown
        test = self.tokens["test"]
        share = {} if unknown is None else {"oov_rate": float((test == unknown).double().mean())}
        is_training_text = torch.equal(test, self.tokens["train"])
        return {
            "vocabulary": self.unit.size,
            **{f"{part}_tokens": len(self.tokens[part]) for part in PARTS},
            "test_characters": self.characters["test"],
            **share,
            **{f"{part}_in_training": share for part, share in self.in_training.items()},
            **({"tested_on_training_text": 1} if is_training_text else {}),
        }


def documents(numbers: Mapping[str, int], length: int, seed: int) -> dict[str, Tensor]:
    """Write documents of ``length`` tokens and the first one.

    Returns:
        Part -> [documents, length + 1]; ``losses``: [test documents * length], -ln p of each token of the test by
        the grammar, given all before it in its document.
    """
    import torch

    found, losses = {}, []
    for part, number in numbers.items():
        rng = Random(derive_seed(seed, "next-token", part, length))
        written = [document(rng, length) for _ in range(number)]
        found[part] = torch.tensor([tokens for tokens, _ in written], dtype=torch.int16)
        if part == "test":
            losses = [-log for _, logs in written for log in logs]
    return found | {"losses": torch.tensor(losses, dtype=torch.float64)}


def warn(corpus: Corpus) -> None:
    """Warn of what a user must know before trusting a score."""
    facts = corpus.facts()
    unknown = float(facts.get("oov_rate", 0.0))
    if unknown >= _MUCH_UNKNOWN:
        advice = (
            "the text has no spaces between words, so set next-token.cut=signs or next-token.unit=character"
            if corpus.is_unspaced
            else "give more training text, or raise vocabulary_size"
        )
        warnings.warn(
            f"{unknown:.0%} of the test tokens are not in the vocabulary, and all of them are one token to a"
            f" model; {advice}",
            stacklevel=3,
        )
    if facts.get("tested_on_training_text"):
        warnings.warn(
            "test_share is 0, or two files are equal: the network is tested on its training text, and a score"
            " tells what it learned by heart",
            stacklevel=3,
        )
        return
    for part, share in corpus.in_training.items():
        if share > _MUCH_IN_TRAINING:
            warnings.warn(_in_training(part, share), stacklevel=3)


def _in_training(part: str, share: float) -> str:
    what = {
        "test": "a score tells what the network learned by heart; give another test text",
        "validation": "the best step is chosen by what was learned by heart; give another validation text",
    }
    return f"{share:.0%} of the {part} text stands in the training text, in runs of {RUN} tokens: {what[part]}"


def _more_tokens(part: str, text: str, unit: Unit) -> str:
    """Return what to do about a part of fewer than two tokens."""
    if advice := _without_spaces(unit, len(text), 1, is_unspaced=_is_unspaced(text)):
        return advice
    if part == "train":
        return "give more text"
    return "give more text, or set next-token.validation_share and next-token.test_share"


def _without_spaces(unit: Unit, characters: int, tokens: int, *, is_unspaced: bool) -> str | None:
    """Return how to cut a text that has next to no spaces; None of any other."""
    if not isinstance(unit, Words) or characters < _A_LONG_WORD * tokens:
        return None
    if unit.cut == "signs":
        return "the text is cut into very long words, so set next-token.unit=character"
    signs = " or next-token.cut=signs" if is_unspaced else ""
    return f"words are cut at spaces, and the text has next to none, so set next-token.unit=character{signs}"


def _is_unspaced(text: str) -> bool:
    """Return whether most of the first words between spaces have letters of a script without spaces."""
    words = text[:_LOOKED_AT].split()
    return 2 * sum(map(is_unspaced, words)) > len(words)

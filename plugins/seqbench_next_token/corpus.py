"""Makes the tokens of a text in its three parts: one that was read, or documents of a grammar."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from seqbench import DataError, derive_seed
from seqbench_next_token.grammar import document
from seqbench_next_token.text import PARTS
from seqbench_next_token.units import Unit, unit_of

if TYPE_CHECKING:
    from torch import Tensor

_MUCH_UNKNOWN = 0.5
"""Share of unknown tokens from which a score says little about the text."""


@dataclass(frozen=True, eq=False)
class Corpus:
    """A text as tokens.

    Attributes:
        unit: what a token is.
        tokens: part -> [tokens], small integers.
        characters: part -> the length of its text.
    """

    unit: Unit
    tokens: Mapping[str, Tensor]
    characters: Mapping[str, int]

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
                f"next-token needs two tokens in each part of the text, and {', '.join(short)} has fewer; give"
                " more text, or set next-token.validation_share and next-token.test_share"
            )
        return Corpus(unit, tokens, {part: len(texts[part]) for part in PARTS})

    def tensors(self) -> dict[str, Tensor]:
        """Return the corpus as tensors only, to be cached."""
        import torch

        told = json.dumps({"unit": self.unit.told(), "characters": dict(self.characters)}).encode()
        return {**self.tokens, "told": torch.frombuffer(bytearray(told), dtype=torch.uint8)}

    @staticmethod
    def from_tensors(tensors: Mapping[str, Tensor]) -> Corpus:
        """Undo `tensors`."""
        told = json.loads(tensors["told"].numpy().tobytes())
        return Corpus(unit_of(told["unit"]), {part: tensors[part] for part in PARTS}, told["characters"])

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


def warn(facts: Mapping[str, float | int | str]) -> None:
    """Warn of what a user must know before trusting a score."""
    unknown = float(facts.get("oov_rate", 0.0))
    if unknown >= _MUCH_UNKNOWN:
        warnings.warn(
            f"{unknown:.0%} of the test tokens are not in the vocabulary, and all of them are one token to a"
            " model; give more training text, or raise vocabulary_size",
            stacklevel=3,
        )
    if facts.get("tested_on_training_text"):
        warnings.warn(
            "test_share is 0: the network is tested on its training text, and a score tells what it learned by"
            " heart",
            stacklevel=3,
        )

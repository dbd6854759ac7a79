"""Turns pairs of sentences into numbered tokens, and keeps them in tensors."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from seqbench_translation.lexicon_model import fitted_lexicon
from seqbench_translation.pairs import PARTS, Pairs
from seqbench_translation.units import UNITS, Unit, words_of
from seqbench_translation.vocabulary import Numbering, frequent

if TYPE_CHECKING:
    from torch import Tensor

Fact = float | int | str


@dataclass(frozen=True, eq=False)
class Side:
    """The sentences of one language, one after the other.

    Attributes:
        tokens: [total tokens].
        offsets: [sentences + 1]; sentence i is ``tokens[offsets[i]:offsets[i + 1]]``.
    """

    tokens: Tensor
    offsets: Tensor


@dataclass(frozen=True, eq=False)
class Corpus:
    """Numbered pairs of sentences.

    Attributes:
        source, target: the two sides; sentence i of one translates sentence i of the other.
        part: [pairs], the index in PARTS of the split that a pair is in.
        numbering: what the tokens stand for.
        lexicon: word of the source -> its likeliest translation, fitted on the training pairs.
        facts: how many pairs there are, what was left out, and the shares of unknown words.
    """

    source: Side
    target: Side
    part: Tensor
    numbering: Numbering
    lexicon: Mapping[str, str]
    facts: Mapping[str, Fact]

    def tensors(self) -> dict[str, Tensor]:
        """Return the corpus as tensors only, to be cached."""
        import torch

        about = {"numbering": self.numbering.fitted(), "lexicon": self.lexicon, "facts": self.facts}
        return {
            "source": self.source.tokens,
            "source_offsets": self.source.offsets,
            "target": self.target.tokens,
            "target_offsets": self.target.offsets,
            "part": self.part,
            "about": torch.frombuffer(bytearray(json.dumps(about).encode()), dtype=torch.uint8),
        }

    @staticmethod
    def from_tensors(tensors: Mapping[str, Tensor]) -> Corpus:
        """Undo `tensors`."""
        about = json.loads(tensors["about"].numpy().tobytes())
        source, target = (Side(tensors[side], tensors[f"{side}_offsets"]) for side in ("source", "target"))
        numbering = Numbering.from_fitted(about["numbering"])
        return Corpus(source, target, tensors["part"], numbering, about["lexicon"], about["facts"])


def built_corpus(
    pairs: Pairs, unit: Unit, *, vocabulary_size: int, minimum_count: int, is_closed: bool = False
) -> Corpus:
    """Number the units of pairs; the vocabulary and the lexicon are those of the training pairs.

    Args:
        pairs: normal texts.
        unit: what a token is.
        vocabulary_size: units of each language with a token of their own, at most.
        minimum_count: how often training has to show such a unit.
        is_closed: the pairs are drawn from a language all of whose words are known; nothing is spelled.
    """
    sides = {
        part: [[UNITS[unit](text) for text in side] for side in zip(*pairs.parts[part], strict=True)]
        for part in PARTS
    }
    words = [
        frequent(
            chain.from_iterable(sides[part][side] for part in (PARTS if is_closed else PARTS[:1])),
            None if is_closed else vocabulary_size,
            1 if is_closed else minimum_count,
        )
        for side in (0, 1)
    ]
    numbering = Numbering.of(unit, *words, spells=not is_closed)
    cut = [list(chain.from_iterable(sides[part][side] for part in PARTS)) for side in (0, 1)]
    return Corpus(
        _side([numbering.source.tokens(text) for text in cut[0]], numbering.source.end),
        _side([numbering.target.tokens(text) for text in cut[1]], numbering.source.end),
        _parts([len(pairs.parts[part]) for part in PARTS]),
        numbering,
        fitted_lexicon(_in_words(pairs, unit, sides["train"])),
        _facts(pairs, numbering, sides["test"]),
    )


def _in_words(
    pairs: Pairs, unit: Unit, train: Sequence[Sequence[Sequence[str]]]
) -> Iterable[tuple[Sequence[str], Sequence[str]]]:
    """Return the training pairs as words, whatever the unit is."""
    if unit == "word":
        return zip(*train, strict=True)
    return ((words_of(source), words_of(target)) for source, target in pairs.parts["train"])


def _side(sentences: Sequence[Sequence[int]], tokens: int) -> Side:
    import numpy as np
    import torch

    offsets = torch.tensor([0, *map(len, sentences)]).cumsum(0)
    kind = np.int16 if tokens <= 2**15 else np.int32
    flat = np.fromiter(chain.from_iterable(sentences), kind, int(offsets[-1]))
    return Side(torch.from_numpy(flat), offsets)


def _parts(sizes: Sequence[int]) -> Tensor:
    import torch

    return torch.arange(len(sizes), dtype=torch.int8).repeat_interleave(torch.tensor(sizes))


def _facts(pairs: Pairs, numbering: Numbering, test: Sequence[Sequence[Sequence[str]]]) -> dict[str, Fact]:
    read, written = (list(chain.from_iterable(side)) for side in test)
    return {
        **{f"{part}_pairs": len(pairs.parts[part]) for part in PARTS},
        "pairs_in_two_splits": pairs.overlapping,
        "pairs_with_an_empty_side": pairs.empty,
        "source_vocabulary": len(numbering.source.units),
        "target_vocabulary": len(numbering.target.units),
        "oov_rate_source": numbering.source.spelled_share(read),
        "oov_rate_target": numbering.target.spelled_share(written),
    }

"""Turns new texts into inputs with the training vocabulary, and outputs into classes with their probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from seqbench import DataError, Ragged
from seqbench_sentiment.texts import UNKNOWN, Tokeniser, Truncate, excerpt

if TYPE_CHECKING:
    from torch import Tensor


def encoded(texts: Sequence[str], length: int, words: Sequence[str], *, truncate: Truncate, lower: bool) -> Ragged:
    """Return at most ``length`` tokens of each text as numbers: rows of [tokens].

    Raises:
        DataError: a text is empty, or has a word for which there is no token.
    """
    import torch

    tokenise, number = Tokeniser(lower=lower), {word: place for place, word in enumerate(words)}
    rows = []
    for row, text in enumerate(texts, start=1):
        tokens = excerpt(tokenise(text), length, truncate)
        if not tokens:
            raise DataError(f"the text of row {row} is empty; leave the row out, or give it a text")
        # Made-up reviews have no unknown words.
        unknown = next((token for token in tokens if token not in number), None)
        if unknown is not None and UNKNOWN not in number:
            raise DataError(
                f"the text of row {row} has the word {unknown!r}, which is in none of the reviews that the network"
                " was trained on, and they have no token for unknown words; train on texts of your own (data=)"
            )
        rows.append(torch.tensor([number.get(token, number.get(UNKNOWN, 0)) for token in tokens]))
    return Ragged.from_rows(rows)


def decoded(outputs: Tensor, classes: Sequence[str]) -> list[dict[str, str | float]]:
    """Return the most probable class of each row of logits ([texts, classes]), and its probability."""
    chances = outputs.double().softmax(-1)
    best = chances.max(-1)
    return [
        {"label": classes[place], "probability": probability}
        for place, probability in zip(best.indices.tolist(), best.values.tolist(), strict=True)
    ]

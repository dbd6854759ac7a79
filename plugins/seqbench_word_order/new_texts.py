"""Lays new texts out as rows of the task, and gives the words of their sentences in the order of a network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from seqbench import Batch, DataError, Ragged
from seqbench_word_order.metrics import decode, sentences_of
from seqbench_word_order.sentences import UNKNOWN, sentences_in
from seqbench_word_order.text import BLANK, DELIMITER

if TYPE_CHECKING:
    from torch import Tensor


def encoded(texts: Sequence[str], length: int, words: Sequence[str], *, lower: bool) -> Ragged:
    """Return each text, a delimiter, and a blank for each word: rows of [2 tokens + 1].

    Raises:
        DataError: a text has no word, or more than ``length`` tokens, marks counted.
    """
    import torch

    number, rows = {word: place for place, word in enumerate(words)}, []
    for row, text in enumerate(texts, start=1):
        tokens = [number.get(word, UNKNOWN) for sentence in sentences_in(text, lower=lower) for word in sentence]
        if not tokens:
            raise DataError(f"the text of row {row} has no word; leave the row out, or give it a text")
        if len(tokens) > length:
            raise DataError(
                f"the text of row {row} has {len(tokens)} words and marks, and the network was trained on"
                f" {length}; cut it into several rows"
            )
        blanks = [BLANK if token >= UNKNOWN else token for token in tokens]
        rows.append(torch.tensor([*tokens, DELIMITER, *blanks]))
    return Ragged.from_rows(rows)


def ordered(outputs: Tensor, batch: Batch, words: Sequence[str]) -> list[str]:
    """Return the texts of a batch in the order that logits ([texts, time, vocabulary]) give their words.

    Words outside the vocabulary share one token, which is shown in their place.
    """
    sentences = sentences_of(batch)
    said, answers = decode(outputs, sentences), batch.inputs.clone()
    is_word = sentences.is_word
    answers[sentences.row[:, None].expand_as(said)[is_word], sentences.step[is_word]] = said[is_word]
    lengths = batch.lengths.tolist()
    return [
        " ".join(words[token] for token in row[(steps + 1) // 2 : steps])
        for row, steps in zip(answers.tolist(), lengths, strict=True)
    ]

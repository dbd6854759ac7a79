"""Tests that new texts are laid out as the task's rows are, and come back in the order of the network."""

from __future__ import annotations

import json
from typing import Any

import pytest
import torch
from seqbench_word_order.task import WordOrder

from seqbench import Batch, DataError

LENGTH = 12


@pytest.fixture(scope="module")
def fitted() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(dict(WordOrder(sentences=2000).load(LENGTH, 0).fitted)))
    return found


def batch_of(texts: list[str], fitted: dict[str, Any]) -> Batch:
    rows = WordOrder().encode([{"text": text} for text in texts], LENGTH, fitted)
    return Batch(rows.take(torch.arange(len(texts)), 0), rows.take(torch.arange(len(texts)), 0), rows.lengths)


def test_a_text_is_laid_out_as_the_rows_of_the_task_are(fitted: dict[str, Any]) -> None:
    (row,) = batch_of(["Book the reads She. sleep I!"], fitted).inputs.tolist()
    words = [fitted["words"][token] for token in row]
    assert " ".join(words) == "book the reads she . sleep I ! | _ _ _ _ . _ _ !"


def test_words_come_in_the_order_of_the_network_marks_stay_and_padding_is_left_out(fitted: dict[str, Any]) -> None:
    given = batch_of(["book the reads she. sleep I!", "sleep zyx?"], fitted)
    number = {word: place for place, word in enumerate(fitted["words"])}
    right = [["she", "reads", "the", "book", ".", "I", "sleep", "!"], ["<unk>", "sleep", "?"]]
    outputs = torch.zeros(2, given.inputs.shape[1], len(number))
    for row, text in enumerate(right):
        for place, word in enumerate(text):
            outputs[row, len(text) + 1 + place, number[word]] = 5.0
    assert WordOrder().answers(outputs, given, fitted) == [" ".join(text) for text in right]
    assert WordOrder.predicts()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("...", "the text of row 1 has no word"),
        (
            "one two three four five six seven eight nine ten eleven twelve",
            "has 13 words and marks, .* on 12; cut it",
        ),
    ],
)
def test_texts_that_do_not_fit_are_told(fitted: dict[str, Any], text: str, words: str) -> None:
    with pytest.raises(DataError, match=words):
        WordOrder().encode([{"text": text}], LENGTH, fitted)

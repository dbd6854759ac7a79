"""Tests that new texts get the numbers of the training vocabulary, and classes their names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from seqbench_sentiment.task import Sentiment

from seqbench import DataError, Ragged

LENGTH = 6


@pytest.fixture
def task(tmp_path: Path) -> Sentiment:
    path = tmp_path / "reviews.csv"
    lines = [
        f"The film is {'good' if i % 2 else 'bad'}. Part {i % 7} of it,{'pos' if i % 2 else 'neg'}"
        for i in range(60)
    ]
    path.write_text("\n".join(["review,label", *lines]) + "\n")
    return Sentiment(data=str(path), text_column="review")


def stored(task: Sentiment) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(dict(task.load(LENGTH, 0).fitted), allow_nan=False))
    return found


@pytest.mark.filterwarnings("ignore:.*test texts are also training texts")
def test_texts_are_numbered_as_those_of_training_and_cut_to_the_length(task: Sentiment) -> None:
    fitted = stored(task)
    new = [{"review": "The GOOD film, is it good"}, {"review": "unseen film"}]
    found = task.encode(new, LENGTH, fitted)
    assert isinstance(found, Ragged)
    words = [fitted["words"][number] for number in found.values.tolist()]
    assert words == ["the", "good", "film", "<unknown>", "is", "it", "<unknown>", "film"]
    assert found.lengths.tolist() == [6, 2]
    tail = Sentiment(data=task.data, text_column="review", truncate="tail").encode(new[:1], 2, fitted)
    assert [fitted["words"][number] for number in tail.values.tolist()] == ["it", "good"]


@pytest.mark.filterwarnings("ignore:.*test texts are also training texts")
def test_an_answer_is_the_class_with_its_probability(task: Sentiment) -> None:
    answers = task.decode(torch.tensor([[0.0, 3.0], [1.0, 0.0]]), stored(task))
    assert answers == [
        {"label": "pos", "probability": pytest.approx(0.952574)},
        {"label": "neg", "probability": pytest.approx(0.731059)},
    ]


def test_made_up_reviews_have_no_token_for_other_words() -> None:
    fitted = {"words": ["<padding>", "the", "plot"], "classes": ["negative", "positive"]}
    found = Sentiment().encode([{"text": "The plot"}], LENGTH, fitted)
    assert found.values.tolist() == [1, 2]
    with pytest.raises(DataError, match="the text of row 1 has the word 'film', which is in none of the reviews"):
        Sentiment().encode([{"text": "the film"}], LENGTH, fitted)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (
            [{"text": "good"}],
            "row 1 has no column 'review', which the network was trained to read; there are: text",
        ),
        ([{"review": "good"}, {"review": None}], "row 2 has no text in the column 'review'; give"),
        ([{"review": " "}], "the text of row 1 is empty"),
        ([], "there is no row"),
    ],
)
def test_rows_without_a_text_are_told(task: Sentiment, rows: list[dict[str, Any]], words: str) -> None:
    with pytest.raises(DataError, match=words):
        task.encode(rows, LENGTH, {"words": ["<padding>", "<unknown>", "good"], "classes": ["neg", "pos"]})

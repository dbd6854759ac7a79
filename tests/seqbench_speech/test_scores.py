"""Tests error rates against jiwer and by hand, and baselines against what they are to know."""

from __future__ import annotations

import random

import pytest
import torch
from seqbench_speech.scores import transcript_baselines, transcript_metrics, word_baselines
from seqbench_speech.symbols import Symbols

from seqbench import Batch, Ragged, Split, Transcript, evaluate

SYMBOLS = Symbols(("a", "b", "c"), "word")
KIND = Transcript(3)


def split_of(rows: list[list[int]], steps: int = 30) -> Split:
    inputs = Ragged.from_rows([torch.zeros(steps, 2) for _ in rows])
    return Split(inputs, Ragged.from_rows([torch.tensor(row, dtype=torch.int64) for row in rows]))


def says(rows: list[list[int]]):
    def answer(batch: Batch) -> torch.Tensor:
        targets = Ragged.from_rows([torch.tensor(row, dtype=torch.int64) for row in rows])
        return KIND.perfect(batch._replace(targets=targets.take(torch.arange(len(rows)), -100)))

    return answer


def error_rate(guesses: list[list[int]], references: list[list[int]]) -> float:
    return evaluate(transcript_metrics(SYMBOLS, 1), split_of(references), says(guesses), targets=KIND)[
        "word_error_rate"
    ]


@pytest.mark.parametrize(
    ("guess", "reference", "rate"),
    [
        ([[0, 1]], [[0, 1]], 0.0),
        ([[]], [[0, 1]], 1.0),  # an empty guess: every word is missing
        ([[0, 1, 2, 2]], [[0]], 3.0),  # more words than the reference has
        ([[0], []], [[0], [1, 1, 1]], 0.75),  # summed over utterances, not averaged
    ],
)
def test_errors_and_words_are_summed(guess: list[list[int]], reference: list[list[int]], rate: float) -> None:
    assert error_rate(guess, reference) == pytest.approx(rate)


def test_error_rate_is_that_of_jiwer() -> None:
    jiwer = pytest.importorskip("jiwer", reason="jiwer is not installed")
    rng = random.Random(0)
    for _ in range(20):
        references = [[rng.randrange(3) for _ in range(rng.randint(1, 6))] for _ in range(8)]
        guesses = [[rng.randrange(3) for _ in range(rng.randint(0, 6))] for _ in range(8)]
        there = jiwer.wer([SYMBOLS.text(row) for row in references], [SYMBOLS.text(row) for row in guesses])
        assert error_rate(guesses, references) == pytest.approx(there, abs=1e-12)


def test_beam_has_a_score_of_its_own() -> None:
    split = split_of([[0]], steps=2)
    unsure = torch.tensor([[[0.6, 0.4, 1e-9, 1e-9]] * 2]).log()
    found = evaluate(transcript_metrics(SYMBOLS, 8), split, lambda batch: unsure, targets=KIND)
    assert (found["word_error_rate"], found["beam_word_error_rate"]) == (1.0, 0.0)


def test_baselines_of_transcripts_know_the_pace_and_the_shares_alone() -> None:
    rng = torch.Generator().manual_seed(0)
    rows = torch.randint(3, (200, 4), generator=rng).tolist()
    train = split_of([[0] * 4 if place % 2 else row for place, row in enumerate(rows)])
    test = split_of(torch.randint(3, (100, 4), generator=rng).tolist())
    found = {each.name: each for each in transcript_baselines(train, test, SYMBOLS, rng)}
    assert found["nothing written"].scores["word_error_rate"] == 1.0
    assert found["commonest word"].scores["word_error_rate"] == pytest.approx(2 / 3, abs=0.05)
    assert 0.4 < found["random words"].scores["word_error_rate"] < 0.7
    assert all(each.is_reference for each in found.values())


def test_baselines_of_words_are_the_shares_and_a_guess() -> None:
    train, test = (
        Split(torch.zeros(10, 3, 2), torch.tensor(labels)) for labels in ([0] * 7 + [1] * 3, [0] * 4 + [1] * 6)
    )
    shares, guess = word_baselines(train, test, 2)
    assert shares.scores["accuracy"] == pytest.approx(0.4)
    assert guess.scores["accuracy"] == 0.5

"""Tests the sentence about what was found."""

from __future__ import annotations

from seqbench.records.schema import Record
from seqbench.report.observations import observations
from seqbench.report.tables.words import in_words
from tests.report.tables.test_scores import record


def said(*records: Record) -> str:
    return in_words(list(observations(records)))


def test_the_model_that_reaches_furthest_stands_first_with_its_tasks() -> None:
    cells = [
        record(score, task=task, model=model, length=length)
        for task, model, scores in (
            ("copy", "rnn", (0.1, 0.1, 0.1)),
            ("adding", "rnn", (0.1, 0.1, 0.1)),
            ("copy", "gru", (0.9, 0.9, 0.1)),
            ("adding", "gru", (0.9, 0.9, 0.9)),
            ("sort", "gru", (0.9, 0.9, 0.1)),
            ("order", "gru", (0.1, 0.9, 0.9)),
            ("copy", "lstm", (0.9, 0.1, 0.9)),
        )
        for length, score in zip((16, 64, 256), scores, strict=True)
    ]
    assert said(*cells) == (
        "gru is usable up to 256 steps or more on adding, up to 64 steps on copy and sort, at 64 to >= 256"
        " steps and not at shorter lengths on order; lstm is usable up to 16 steps and again at >= 256 on copy;"
        " rnn is usable nowhere."
    )


def test_many_models_are_counted() -> None:
    cells = [record(0.9, model=model, length=16) for model in ("a", "b", "c", "d", "e")]
    assert said(*cells).endswith("; 2 more models are not named here.")


def test_nothing_is_said_without_a_skill() -> None:
    assert said() == ""
    assert said(record(None, status="failed", reason="it broke")) == ""


def test_failed_cells_of_a_model_with_scores_are_unknown() -> None:
    cells = [record(0.9, length=16), record(None, length=64, status="failed", reason="it broke")]
    assert "up to 16 steps (unknown at 64) on copy" in said(*cells)


def test_models_that_are_usable_nowhere_are_told_together() -> None:
    cells = [record(0.1, task=task, model=model, length=16) for task in ("copy", "sort") for model in ("a", "b")]
    assert said(*cells) == "No model is usable on any task, not even at the shortest length."

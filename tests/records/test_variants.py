"""Tests the names by which records of variants of a model are told apart."""

from __future__ import annotations

from seqbench.records.variants import legend, model_names
from tests.report.tables.test_scores import record


def test_long_names_of_variants_are_numbered_and_explained() -> None:
    settings = {"steps": 500, "batch_size": 16, "learning_rate": 0.01}
    records = [record(0.5), record(0.6, hidden_size=128, training=settings), record(0.7, model="gru")]
    assert sorted(model_names(records).values()) == [
        "gru (training.steps=1000, training.batch_size=32, training.learning_rate=0.003)",
        "lstm #1",
        "lstm #2",
    ]
    assert [line.split(" = ")[0] for line in legend(records)] == ["lstm #1", "lstm #2"]
    assert "hidden_size=128" in legend(records)[1]
    assert "training.steps=500" in legend(records)[1]

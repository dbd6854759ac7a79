"""Tests that missing weights are reported in the record and in a sentence."""

from __future__ import annotations

from pathlib import Path

from seqbench.records.schema import WeightsData
from seqbench.records.store import Store
from seqbench.running.weights import with_weights_there
from seqbench.training.cell import run_cell
from tests.toys import CATALOG, toy_cell


def test_weights_that_a_machine_wrote_elsewhere_are_a_note(tmp_path: Path) -> None:
    store, told = Store(tmp_path), WeightsData(sha256="0" * 64, bytes=9)
    bare = run_cell(toy_cell(steps=0), CATALOG)
    assert with_weights_there(bare, store) is bare
    record = bare.model_copy(update={"weights": told})
    elsewhere = with_weights_there(record, store)
    assert elsewhere.weights is None
    assert "does not share the folder" in elsewhere.notes["weights"]
    store.layout.weights(record.key).parent.mkdir()
    store.layout.weights(record.key).write_bytes(b"weights")
    assert with_weights_there(record, store) is record

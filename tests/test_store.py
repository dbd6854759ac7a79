"""Records are strict JSON, written whole or not at all, and read back as they were."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from seqbench import StoreError, load_results
from seqbench.records import Record
from seqbench.store import Store
from seqbench.training import run_cell

from .toys import CATALOG, toy_cell


@pytest.fixture(scope="module")
def record() -> Record:
    return run_cell(toy_cell(), CATALOG)


def test_record_when_written_is_read_back_equal_and_in_the_table(tmp_path: Path, record: Record) -> None:
    store = Store(tmp_path / "new" / "folder")
    store.write(record)
    assert store.read() == [record]
    assert store.status() == {record.key: "ok"}
    row = load_results(store.path).iloc[0]
    assert record.test is not None
    assert (row["score"], row["baseline"], row["skill"]) == (
        record.test.scores["accuracy"],
        0.25,
        record.test.skill,
    )
    assert (row["task"], row["model"], row["length"], row["baseline_name"]) == ("last", "small", 6, "guess")


def test_number_that_is_not_finite_is_never_written(tmp_path: Path, record: Record) -> None:
    slipped = record.model_copy(update={"validation_score": float("nan")})
    with pytest.raises(ValueError, match="JSON compliant"):
        Store(tmp_path).write(slipped)
    assert not list((tmp_path / "records").iterdir())


def test_temporary_file_of_a_killed_writer_is_no_record(tmp_path: Path, record: Record) -> None:
    store = Store(tmp_path)
    store.write(record)
    (tmp_path / "records" / ".half.json.tmp").write_text('{"schema_')
    assert store.read() == [record]


def test_store_of_another_schema_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "store.json").write_text('{"schema_version": 99}')
    with pytest.raises(StoreError, match="schema version 99.*writes version 1"):
        Store(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["store.json"]


def test_record_of_another_version_or_half_a_file_names_the_file(tmp_path: Path, record: Record) -> None:
    store = Store(tmp_path)
    path = store.write(record)
    path.write_text(json.dumps({**json.loads(record.to_json()), "schema_version": 2}))
    with pytest.raises(StoreError, match=f"{path.name}.*schema_version"):
        store.read()
    path.write_text(record.to_json()[:100])
    with pytest.raises(StoreError, match=path.name):
        store.read()


def test_folder_that_is_not_there_or_is_a_file_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="does not exist"):
        load_results(tmp_path / "nowhere")
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="is a file"):
        Store(tmp_path / "file")


def test_folder_that_cannot_be_written_to_is_told_before_anything_runs(tmp_path: Path) -> None:
    # A file where a folder would have to be made stops root too, whom permissions do not.
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written to"):
        Store(tmp_path / "file" / "below").prepare()
    if os.geteuid() != 0:
        (tmp_path / "locked").mkdir(mode=0o500)
        with pytest.raises(StoreError, match="cannot be written to"):
            Store(tmp_path / "locked" / "below").prepare()

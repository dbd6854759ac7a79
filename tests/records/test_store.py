"""Tests that records are strict JSON, written whole or not at all, and read back unchanged."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from seqbench import StoreError, load_results
from seqbench.base.checksums import opened, sealed
from seqbench.records.schema import Record
from seqbench.records.store import Store
from seqbench.training.cell import run_cell
from tests.toys import CATALOG, toy_cell


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
    assert not list(tmp_path.rglob("*.json"))


WRITER = """
import os, signal, sys
from seqbench.records.store import Store
os.replace = lambda old, new: os.kill(os.getpid(), signal.SIGKILL)
store = Store(sys.argv[1])
store.prepare()
"""


def test_half_written_file_of_a_killed_writer_is_no_record_and_is_removed_by_the_next(
    tmp_path: Path, record: Record
) -> None:
    (tmp_path / "records").mkdir()
    killed = subprocess.run([sys.executable, "-c", WRITER, str(tmp_path)], check=False)
    assert killed.returncode == -signal.SIGKILL
    (half,) = tmp_path.glob(".*.tmp")
    half = half.rename(tmp_path / "records" / half.name)
    old, new = tmp_path / "records" / ".old.tmp", tmp_path / "records" / ".new.tmp"
    old.touch()
    new.touch()
    os.utime(old, (0, 0))
    store = Store(tmp_path)
    store.write(record)
    assert store.read() == [record]
    store.prepare()
    assert not half.exists()
    assert not old.exists()
    assert new.exists()


def test_full_disk_leaves_the_earlier_record_and_keeps_the_new_one_elsewhere(
    tmp_path: Path, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path / "store")
    path = store.write(record)
    again = record.model_copy(update={"reason": "again"})
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    # Writing beyond the limit is refused as on a full disk, in the middle of the file.
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(StoreError, match=f"{path.name} cannot be written.*the others are intact$"):
            store.write(again)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert store.read() == [record]
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    path.unlink()
    path.mkdir()
    with pytest.raises(StoreError, match="this one is kept as") as told:
        store.write(again)
    kept = Path(str(told.value).partition("kept as ")[2].partition(": move")[0])
    assert Record.from_json(kept.read_bytes(), "kept") == again


def test_status_that_is_read_from_the_head_alone_is_that_of_the_whole_record(
    tmp_path: Path, record: Record
) -> None:
    store = Store(tmp_path)
    path = store.write(record)
    assert store.status() == {record.key: "ok"}
    path.write_text(json.dumps(json.loads(path.read_text()), indent=1, sort_keys=True))
    assert store.status() == {record.key: "ok"}
    path.write_text(record.to_json()[:-20])
    assert store.status() == {record.key: "broken"}


@pytest.mark.slow
def test_five_thousand_records_are_looked_through_in_two_seconds_and_read_in_three(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    published = Path(__file__).parents[2] / "results" / "published" / "quick" / "records"
    texts = [opened(path.read_bytes()).decode() for path in sorted(published.glob("*.json"))]
    store = Store(tmp_path)
    store.prepare()
    for i in range(5000):
        head, _, rest = texts[i % len(texts)].partition('"status"')
        schema = head.partition('"key"')[0]
        (tmp_path / "records" / f"x_y_T8_s{i}_{i:020x}.json").write_text(
            sealed(f'{schema}"key": "{i:020x}", "status"{rest}')
        )
    # Of this process alone, without other load on the machine.
    began = time.process_time()
    assert len(store.status()) == 5000
    looked = time.process_time()
    # They have 60 names between them: only their keys are made up.
    with pytest.warns(UserWarning, match="60 cells by task_name, model_name, length and seed are several"):
        assert len(load_results(tmp_path)) == 5000
    read = time.process_time()
    record_property("seconds", {"status": looked - began, "load_results": read - looked})
    assert looked - began < 2
    assert read - looked < 3


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
    for half in (record.to_json()[:100], ""):
        path.write_text(half)
        with pytest.raises(StoreError, match=f"{path.name} is no whole record: .*runs its cell again, or move"):
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

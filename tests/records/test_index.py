"""Tests that an index gives what the files of records give, whatever happened to either since it was made."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from seqbench import StoreError, load_results
from seqbench.base.checksums import sealed
from seqbench.records.light import without_curves
from seqbench.records.load import frame
from seqbench.records.record_files import BROKEN
from seqbench.records.schema import Record
from seqbench.records.store import Store

QUICK = Path(__file__).parents[2] / "results" / "published" / "quick"
LONG_AGO = 10**18


def write(store: Store, record: Record, *, ns: int = LONG_AGO) -> Path:
    """Write a record in a file that is old enough to be believed."""
    path = store.write(record)
    os.utime(path, ns=(ns, ns))
    return path


@pytest.fixture(scope="module")
def published() -> list[Record]:
    return list(Store(QUICK).each())


@pytest.fixture
def store(tmp_path: Path, published: list[Record]) -> Store:
    """A store of records of several tasks, models and lengths, one of them without a checksum, as early ones are."""
    store = Store(tmp_path / "store", index_from=0)
    store.prepare()
    for record in published[::5]:
        write(store, record)
    early = store.layout.record_files()[3]
    shutil.copy2(QUICK / "records" / early.name, early)
    return store


def check(store: Store) -> None:
    """Compare what is read with the index to what is read without, twice: the first reader may mend the index."""
    whole = list(store.each())
    table = frame(whole)
    for _ in range(2):
        pd.testing.assert_frame_equal(frame(store.rows()), table, check_exact=True)
        assert list(store.light()) == [without_curves(each) for each in whole]
        assert store.seen() == Store(store.path, index_from=10**12).seen()
        assert store.status() == {each.key: each.status for each in whole}


def poison(store: Store) -> None:
    """Change the content of every record, and leave all by which a file is known as it is: only an index helps."""
    for path in store.layout.record_files():
        known = path.stat()
        content = path.read_bytes()
        with path.open("r+b") as file:
            file.write(b"x" * len(content))
        os.utime(path, ns=(known.st_atime_ns, known.st_mtime_ns))


def test_index_gives_what_the_files_give(store: Store) -> None:
    check(store)
    assert store.layout.index.is_file()
    status = Store(store.path, index_from=0).status()
    store.layout.index.unlink()
    assert store.status() == status
    check(store)


def test_folder_large_enough_gets_an_index_by_itself(tmp_path: Path, published: list[Record]) -> None:
    store = Store(tmp_path)
    store.prepare()
    for record in published:
        line = record.to_json()
        for seed in range(7):
            text = line.replace(record.key, f"{record.key}{seed}").replace('"seed": 0', f'"seed": {seed}')
            path = store.layout.records / f"{record.cell.task.name}_{record.key}{seed}.json"
            path.write_text(sealed(text), encoding="utf-8")
            os.utime(path, ns=(LONG_AGO, LONG_AGO))
    table = frame(store.each())
    assert not store.layout.index.exists()
    for _ in range(2):
        pd.testing.assert_frame_equal(load_results(tmp_path), table, check_exact=True)
        assert store.layout.index.is_file()


def test_small_folder_gets_none(store: Store) -> None:
    load_results(store.path)
    Store(store.path).status()
    assert not store.layout.index.exists()


def test_files_that_are_known_are_not_read(store: Store) -> None:
    table, light, status = frame(store.rows()), list(store.light()), store.status()
    made = store.layout.index.stat()
    for path in store.layout.record_files():
        path.chmod(0o000)
    if os.geteuid() == 0:
        return
    pd.testing.assert_frame_equal(frame(store.rows()), table, check_exact=True)
    assert (list(store.light()), store.status()) == (light, status)
    assert store.layout.index.stat() == made

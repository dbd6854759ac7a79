"""Tests that an index gives what the files of records give, whatever happened to either since it was made.

Modules: seqbench.records.entries, seqbench.records.file_states, seqbench.records.index_file,
seqbench.records.index_reading, seqbench.records.indexed, seqbench.records.record_text.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from seqbench import StoreError, load_results
from seqbench.base.checksums import sealed
from seqbench.records.curves import curves_of
from seqbench.records.light import without_curves
from seqbench.records.load import frame
from seqbench.records.record_files import BROKEN
from seqbench.records.row_order import in_order
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
    """A store of records of several tasks, models and lengths, one without a checksum, as early ones are."""
    store = Store(tmp_path / "store", index_from=0)
    store.prepare()
    for record in published[::5]:
        write(store, record)
    early = store.layout.record_files()[3]
    shutil.copy2(QUICK / "records" / early.name, early)
    return store


def checks(store: Store) -> list[Callable[[], None]]:
    """Return functions that compare what is read with the index to what is read without, each in another way."""
    whole = list(store.each())
    table, light, curves = frame(whole), [*map(without_curves, whole)], [*map(curves_of, whole)]
    seen, status = Store(store.path, index_from=10**12).seen(), {each.key: each.status for each in whole}

    def check_curves() -> None:
        of_record = store.curves()
        assert [of_record(each) for each in whole] == curves

    def check_light() -> None:
        assert list(store.light()) == light

    def check_seen() -> None:
        assert store.seen() == seen
        assert store.status() == status

    def check_table() -> None:
        pd.testing.assert_frame_equal(frame(store.rows()), table, check_exact=True)

    return [check_table, check_light, check_curves, check_seen]


def check(store: Store) -> None:
    """Check it in all ways, twice: the first reader may mend the index."""
    for each in checks(store) * 2:
        each()


def test_index_gives_what_the_files_give(store: Store) -> None:
    check(store)
    assert store.layout.index.is_file()
    status = Store(store.path, index_from=0).status()
    store.layout.index.unlink()
    assert store.status() == status
    check(store)


TRAPS: tuple[dict[str, Any], ...] = (
    {"stopped": "steps", "notes": {}, "environment": {"device": "x"}},
    {"course": {"losses": [1, 2], "validations": []}, "curves": [1, 2], "summary": {}},
    {"gradients": {"flows": [{"flow": {"curves": [1]}, "summary": {}}], "norms": {"course": [3]}, "problems": []}},
    {"gradients": {"flows": [], "norms": {}}, "a": [{"course": [1]}], "b": {"course": [1, 2]}, "problems": []},
    {"cell": {"task": 1, "length": 3, "seed": 4, "training": {"steps": 5}}, "seed": 8, "training": {}},
    {"text": ', "training": {}, "stopped": "steps", "course": {"losses": [', "n": [1, 2]},
    {"costs": {}, "problems": [], "lags": [0.5], "best_step": None, "": {}},
    {"a": 1, "notes": {"b": "c"}, "length": 3, "seed": 4, "training": {"length": 5, "seed": 6}},
)
"""Parameters that look like the fields of a record."""


@pytest.mark.parametrize("parameters", TRAPS)
def test_parameters_that_look_like_fields_of_a_record_are_kept(
    store: Store, published: list[Record], parameters: dict[str, Any]
) -> None:
    record = published[7]
    task = record.cell.task.model_copy(update={"parameters": parameters})
    model = record.cell.model.model_copy(update={"parameters": {"inner": parameters}})
    for name, cell in (("a", {"task": task}), ("b", {"model": model}), ("c", {"task": task, "model": model})):
        changed = {"key": name, "cell": record.cell.model_copy(update=cell), "environment": {"in": parameters}}
        write(store, record.model_copy(update=changed))
        write(store, record.model_copy(update={**changed, "key": name * 2, "gradients": None}))
        assert record.gradients is not None
        gradients = record.gradients.model_copy(update={"norms": None})
        write(store, record.model_copy(update={**changed, "key": name * 3, "gradients": gradients}))
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
    table = in_order(frame(store.each()))
    assert not store.layout.index.exists()
    for _ in range(2):
        pd.testing.assert_frame_equal(load_results(tmp_path), table, check_exact=True)
        assert store.layout.index.is_file()
    # A few changes are not worth a new index.
    made = store.layout.index.stat().st_ino
    files = store.layout.record_files()
    files[100].unlink()
    files[419].write_bytes(files[418].read_bytes())
    with pytest.warns(UserWarning, match="1 row of cells that another"):
        changed = load_results(tmp_path)
    pd.testing.assert_frame_equal(changed, in_order(frame(store.each())), check_exact=True)
    assert store.layout.index.stat().st_ino == made


def test_small_folder_gets_none(store: Store) -> None:
    load_results(store.path)
    Store(store.path).status()
    assert not store.layout.index.exists()


OPENED = """
import sys
from seqbench.records.store import Store
opened = []
sys.addaudithook(lambda event, found: opened.append(str(found[0])) if event == "open" else None)
store = Store(sys.argv[1], index_from=0)
records, curves = list(store.light()), store.curves()
list(map(curves, records)), list(store.rows()), store.seen()
print(*(path for path in opened if path.endswith(".json") and "/records/" in path), sep="\\n")
print(*({"pandas"} & set(sys.modules)))
"""


def test_files_that_are_known_are_not_opened_and_no_pandas_is_imported(store: Store) -> None:
    store.curves()
    made = store.layout.index.stat().st_ino
    command = [sys.executable, "-c", OPENED, str(store.path)]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout.split() == []
    assert store.layout.index.stat().st_ino == made


def changed(record: Record) -> Record:
    return record.model_copy(update={"status": "failed", "reason": "it was changed"})


def test_record_replaced_added_removed_or_broken_after_the_index_was_made_is_seen(
    store: Store, published: list[Record]
) -> None:
    check(store)
    files = store.layout.record_files()
    write(store, changed(published[5]))
    check(store)
    write(store, published[1], ns=LONG_AGO + 5)
    check(store)
    files[2].unlink()
    check(store)
    content = files[4].read_bytes()
    for broken in (content[:-2], content[: len(content) // 2], b"", content.replace(b"0.", b"1.")):
        files[4].write_bytes(broken)
        os.utime(files[4], ns=(LONG_AGO, LONG_AGO))
        for _ in range(2):
            with pytest.raises(StoreError) as of_index:
                list(store.light())
            with pytest.raises(StoreError) as of_rows:
                list(store.rows())
            with pytest.raises(StoreError) as of_files:
                list(store.each())
            assert str(of_index.value) == str(of_rows.value) == str(of_files.value)
            assert list(store.light(is_broken_skipped=True)) == [without_curves(each) for each in store.whole()]
            assert store.seen() == Store(store.path).seen()
            assert list(store.status().values()).count(BROKEN) == 1
    files[4].write_bytes(content.replace(b'"schema_version": 1', b'"schema_version": 2'))
    files[4].write_text(sealed(files[4].read_text().partition(', "checksum"')[0] + "}\n"))
    with pytest.raises(StoreError, match="schema version"):
        store.seen()


def test_change_that_leaves_size_and_time_is_seen(store: Store) -> None:
    check(store)
    path = store.layout.record_files()[0]
    content, time = path.read_text(), path.stat().st_mtime_ns
    with path.open("r+") as file:
        file.write(sealed(content.partition(', "checksum"')[0].replace('"seed": 0', '"seed": 7', 1) + "}\n"))
    os.utime(path, ns=(time, time))
    assert path.stat().st_size == len(content)
    check(store)


def test_file_that_is_as_new_as_the_index_is_not_believed(store: Store) -> None:
    path = store.write(next(store.each()))
    list(store.light())
    new = pd.read_parquet(store.layout.index).set_index("name")["is_sure"]
    assert list(new[~new].index) == [path.name]
    check(store)


def test_index_that_is_copied_with_its_folder_is_mended(store: Store, tmp_path: Path) -> None:
    check(store)
    other = Store(shutil.copytree(store.path, tmp_path / "other", copy_function=shutil.copy2), index_from=0)
    path = other.layout.record_files()[0]
    path.write_bytes(path.read_bytes()[:-3] + b"1}\n")
    os.utime(path, ns=(LONG_AGO, LONG_AGO))
    with pytest.raises(StoreError):
        list(other.light())
    path.unlink()
    check(other)


def test_index_that_is_a_pipe_is_not_waited_for(store: Store) -> None:
    os.mkfifo(store.layout.index)
    assert len(store.status()) == len(store.layout.record_files())
    assert store.layout.index.is_file()


def test_index_that_is_damaged_or_foreign_is_made_again(store: Store) -> None:
    for path in store.layout.record_files()[4:]:
        path.unlink()
    check(store)
    whole = store.layout.index.read_bytes()
    damaged = [b"", b"PAR1", whole[:-1], whole[: len(whole) // 2], whole + b"x", b"\0" * len(whole)]
    for place in range(0, len(whole), max(1, len(whole) // 11)):
        damaged.append(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
    pd.DataFrame({"name": ["a"], "size": [1]}).to_parquet(store.layout.index)
    damaged.append(store.layout.index.read_bytes())
    for content in damaged:
        for each in checks(store):
            store.layout.index.write_bytes(content)
            each()
    check(store)
    assert store.layout.index.stat().st_size == len(whole)


def test_folder_that_cannot_be_written_to_is_read_without_an_index(store: Store) -> None:
    store.layout.index.mkdir()
    check(store)
    assert not list(store.path.glob(".*.tmp"))


READER = """
import os, signal, sys
from seqbench.records.store import Store
if sys.argv[2] == "killed":
    os.replace = lambda old, new: os.kill(os.getpid(), signal.SIGKILL)
for _ in range(5):
    store = Store(sys.argv[1], index_from=0)
    store.layout.index.unlink(missing_ok=True)
    assert len(store.status()) == len(list(store.light())) == len(list(store.rows())) == 12
"""


@pytest.mark.slow
def test_readers_that_write_the_index_at_once_and_one_that_is_killed_do_no_harm(store: Store) -> None:
    def reader(how: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-c", READER, str(store.path), how])

    killed, *others = reader("killed"), reader("goes on"), reader("goes on")
    assert killed.wait() == -signal.SIGKILL
    assert [each.wait() for each in others] == [0, 0]
    assert len(list(store.path.glob(".*.tmp"))) == 1
    check(store)
    store.prepare()
    assert not list(store.path.glob(".*.tmp"))

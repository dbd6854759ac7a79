"""Tests that a table made of typed columns is the one that is made of each row."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pytest

from seqbench.records.load import frame
from seqbench.records.row_columns import RowColumns, known_row, rows_in_order, short_row
from seqbench.records.rows import FIXED, own_row, rows
from seqbench.records.schema import Costs, Record
from seqbench.records.store import Store

QUICK = Path(__file__).parents[2] / "results" / "published" / "quick"


@pytest.fixture(scope="module")
def odd() -> list[Record]:
    """Return records of which some lack scores, costs, gradients, or have others than the rest."""
    first, second, third, fourth, fifth, *_ = list(Store(QUICK).each())[::11]
    assert second.test is not None
    scores = {**second.test.scores, "odd": 0.1, "unknown": None}
    cell = fourth.cell.model_copy(update={"training": {**fourth.cell.training, "precision": 16}})
    return [
        first.model_copy(
            update={"status": "failed", "reason": "é\n", "metric": None, "test": None, "costs": Costs()}
        ),
        second.model_copy(update={"test": second.test.model_copy(update={"scores": scores})}),
        third.model_copy(update={"evaluations": (third.test,), "gradients": None, "warnings": ("one", "two")}),
        fourth.model_copy(update={"cell": cell, "validation_score": None, "environment": {}}),
        fifth.model_copy(update={"costs": fifth.costs.model_copy(update={"parameters": 2**53 - 1})}),
    ]


def made(folder: Path, records: list[Record]) -> Store:
    store = Store(folder, index_from=0)
    store.prepare()
    for record in records:
        os.utime(store.write(record), ns=(10**18, 10**18))
    return store


def test_table_of_columns_is_that_of_rows(odd: list[Record], tmp_path: Path) -> None:
    # One record alone has columns without any value.
    for number, records in enumerate((odd, odd[:1], odd[1:2], odd[2:4], odd[3:])):
        store = made(tmp_path / str(number), records)
        table = frame(store.each())
        for _ in range(2):
            found = store.rows()
            assert isinstance(found, RowColumns)
            pd.testing.assert_frame_equal(frame(found), table, check_exact=True)
            pd.testing.assert_frame_equal(frame(list(found)), table, check_exact=True)


def test_columns_of_several_folders_are_one_table(odd: list[Record], tmp_path: Path) -> None:
    one, two = made(tmp_path / "one", odd[:2]), made(tmp_path / "two", odd[1:])
    table = frame([*one.each(), *two.each()])
    for parts, are_columns in (([one.rows(), two.rows()], True), ([one.each(), two.rows()], False)):
        found = rows_in_order(parts)
        assert isinstance(found, RowColumns) == are_columns
        pd.testing.assert_frame_equal(frame(found), table, check_exact=True)
    assert list(rows_in_order([])) == []


def test_short_row_holds_every_value(odd: list[Record]) -> None:
    def no_record(cell: str) -> Record:
        raise LookupError(cell)

    for record in odd:
        row = known_row(short_row(own_row(record)), "a cell", no_record)
        (whole,) = rows([record])
        assert dict(zip(FIXED, row.values, strict=True)) == {name: whole[name] for name in FIXED}
        assert all(whole.get(name) == value for name, value in row.others.items())

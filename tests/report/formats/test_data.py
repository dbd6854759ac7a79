"""Tests that CSV and JSON hold what the records say, to the last bit."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pandas as pd
import pytest

from seqbench import load_results
from seqbench.base.csv_fields import from_csv_text, is_hidden
from seqbench.records.schema import Record
from seqbench.records.store import Store
from seqbench.report import FORMATS
from tests.report.hostile import HOSTILE, hostile, stored
from tests.report.tables.test_scores import record, three_seeds


def names(records: list[Record]) -> list[Record]:
    """Return records whose files can be named: a slash in a model's name would be a folder."""
    return [each for each in records if "/" not in each.cell.model.name]


def test_csv_reads_back_as_load_results_to_the_last_bit(tmp_path: Path) -> None:
    folder = stored(names(hostile()), tmp_path / "runs")
    with pytest.warns(UserWarning, match=r"null on copy .*evaluate_lengths"):
        expected = load_results(folder)
    (tmp_path / "all.csv").write_bytes(FORMATS["csv"].write(Store(folder).read()).encode())
    with pytest.warns(UserWarning, match="group by task_name and model_name"):
        found = load_results(tmp_path / "all.csv")
    pd.testing.assert_frame_equal(found, expected, check_exact=True)
    assert list(found["model"]) == list(expected["model"])
    assert {"NA", "null", "007", HOSTILE[1]} <= set(found["model"])
    # Another reader of CSV finds the same fields, with what steers a terminal or is a formula made harmless.
    text = (tmp_path / "all.csv").read_bytes().decode()
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [from_csv_text(row["model"]) for row in rows] == list(expected["model"])
    assert not any(map(is_hidden, text.replace("\n", "")))
    assert not any(field.startswith(("=", "+", "@")) for row in rows for field in row.values())
    assert [row["score"] and float(row["score"]) for row in rows] == [
        "" if s != s else s for s in expected["score"]
    ]


def test_json_is_strict_and_holds_what_the_tables_say() -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    records = [
        *three_seeds(0.92, 0.93, 0.94),
        *three_seeds(0.5, 0.6, 0.7, model="gru"),
        record(seed=3, status="failed"),
    ]
    told = json.loads(FORMATS["json"].write(records), parse_constant=refuse)
    by_model = {each["model"]: each for each in told["summaries"]}
    assert by_model["lstm"]["score"]["mean"] == pytest.approx(0.93)
    assert by_model["lstm"]["score"]["n"] == 3
    assert by_model["lstm"]["statuses"] == {"failed": 1, "ok": 3}
    assert told["comparisons"][0]["n"] == 3
    assert told["comparisons"][0]["p"] is None
    assert {each["model"]: (each["rank"], each["missing"]) for each in told["mean_ranks"]} == {
        "lstm": (None, 0),  # the only one that ran everywhere: first of one
        "gru": (None, 1),
    }
    assert set(told["commands"]) == {each.key for each in records}

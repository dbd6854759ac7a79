"""Tests the comparison of two folders: planted changes are found, noise is not, and what is missing is told.

Modules: seqbench.cli.compare.
"""

from __future__ import annotations

import dataclasses
import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from seqbench.cli.main import cli
from seqbench.records.schema import Costs, MetricData, Record
from seqbench.records.store import Store
from seqbench.report.observations import observations
from seqbench.report.tables.changes import changes
from tests.report.tables.test_scores import record

LENGTHS, SEEDS = (16, 64), range(6)


def runs(
    score: float, *, seed: int, noise: float = 0.02, seconds: float = 0.01, model: str = "gru"
) -> list[Record]:
    draw = random.Random(seed)
    return [
        record(score + draw.gauss(0, noise), length=length, seed=each, model=model).model_copy(
            update={"costs": Costs(seconds_per_step=seconds * draw.lognormvariate(0, 0.02))}
        )
        for length in LENGTHS
        for each in SEEDS
    ]


def told(before: Sequence[Record], after: Sequence[Record]) -> dict[str, list[list[str]]]:
    found = changes(observations(before), observations(after))
    return {
        table.title.split(":")[0]: [[entry.text for entry in row] for row in table.rows] for table in found.tables
    }


def test_planted_gain_and_loss_are_found() -> None:
    better = told(runs(0.6, seed=1), runs(0.7, seed=2))
    assert [row[-1] for row in better["models"]] == ["better"]
    assert [row[-1] for row in better["skill"]] == ["better", "better"]
    worse = told(runs(0.7, seed=1), runs(0.6, seed=2))
    assert [row[-1] for row in worse["models"]] == ["worse"]


def test_noise_is_no_finding_in_about_nineteen_of_twenty_rows() -> None:
    rows = [row for seed in range(60) for row in told(runs(0.6, seed=seed), runs(0.6, seed=900 + seed))["skill"]]
    found = sum(row[-1] != "no difference shown" for row in rows)
    assert len(rows) == 120
    # Binomial, 120 rows at 5%: 0 to 14 have all but a share of 0.001.
    assert found <= 14


@pytest.mark.parametrize(("factor", "word"), [(1.5, "slower"), (0.5, "faster"), (1.0, "about equal")])
def test_planted_speed_is_found(factor: float, word: str) -> None:
    rows = told(runs(0.6, seed=1), runs(0.6, seed=2, seconds=0.01 * factor))["speed"]
    assert [row[-1] for row in rows] == [word, word]


def test_same_results_are_equal_and_one_seed_shows_nothing() -> None:
    same = runs(0.6, seed=1)
    assert {row[-1] for row in told(same, same)["skill"]} == {"equal"}
    one = [each for each in same if each.cell.seed == 0]
    other = [each for each in runs(0.7, seed=2) if each.cell.seed == 0]
    assert {row[-1] for row in told(one, other)["skill"]} == {"one seed"}


def test_cells_that_broke_are_worse_and_missing_ones_are_told() -> None:
    before = runs(0.6, seed=1)
    broken = [
        record(None, length=each.cell.length, seed=0, model="gru", status="diverged", reason="nan")
        if each.cell.seed == 0
        else each
        for each in before
    ]
    assert {row[-1] for row in told(before, broken)["skill"]} == {"worse: 1 seed diverged"}
    found = changes(observations(before), observations(runs(0.6, seed=1, model="lstm")))
    assert found.tables == ()
    assert found.lines[0].startswith("0 cells in both folders")
    assert found.lines[1] == "Only before: 12 cells (gru on copy)."


def _compared(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["compare", *arguments], catch_exceptions=False)


def test_command_prints_tables_and_json(tmp_path: Path) -> None:
    for name, records in (("a", runs(0.6, seed=1)), ("b", runs(0.7, seed=2))):
        store = Store(tmp_path / name)
        store.prepare()
        for each in records:
            store.write(each)
    asked = (str(tmp_path / "a"), str(tmp_path / "b"))
    assert "models: after against before" in _compared(*asked).stdout
    found = json.loads(_compared(*asked, "--json").stdout)
    assert [row["finding"] for row in found["tables"][0]["rows"]] == ["better"]
    assert _compared(*asked, "--format", "latex").stdout.count(r"\begin{tabular}") >= 3


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"settings": "symbols=99"}, "it has no setting before and symbols=99 after"),
        ({"data": "ffff"}, "its data differ"),
        ({"metric": MetricData(name="loss", best=0.0, is_higher_better=False)}, "its metric is accuracy before"),
        ({}, ""),
    ],
)
def test_task_that_is_another_one_under_the_same_name_is_told(change: dict[str, Any], words: str) -> None:
    before = [dataclasses.replace(each, data="0000") for each in observations(runs(0.6, seed=1))]
    after = [dataclasses.replace(each, **change) for each in before]
    said = [line for line in changes(before, after).lines if "copy is not the same task before and after" in line]
    assert len(said) == bool(words)
    assert all(words in line for line in said)

"""Tests that tables of results identify every row, and warn before two experiments are averaged.

Modules: seqbench.records.frame, seqbench.records.mixing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from seqbench import load_gradients, load_results
from seqbench.errors import StoreError
from seqbench.experiment.weights import Sized
from seqbench.gradients.flow import Flow, curve_of, summarise_flow, summarise_input, unknown_curve
from seqbench.records.csv import _FIRST_EDITION
from seqbench.records.rows import COLUMNS, LEADING
from seqbench.records.schema import FlowAt, GradientData, Record
from seqbench.records.store import Store
from seqbench.records.variants import model_names, task_names
from seqbench.report import FORMATS
from tests.report.tables.test_scores import record

TWO_RATES: list[dict[str, Any]] = [{"learning_rate": rate} for rate in (0.003, 0.3)]
BOTH = (
    r"lstm on copy was run with different settings \(training.learning_rate\): group by task_name and model_name"
)


def stored(records: list[Record], folder: Path) -> Path:
    for each in records:
        Store(folder).write(each)
    return folder


def two_rates() -> list[Record]:
    return [
        record(0.9 if i == 0 else 0.1, training=settings, seed=seed)
        for i, settings in enumerate(TWO_RATES)
        for seed in (0, 1)
    ]


def test_two_learning_rates_in_one_folder_are_told_apart_by_name_and_by_column(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match=BOTH):
        table = load_results(stored(two_rates(), tmp_path))
    assert sorted(set(table["model_name"])) == [
        "lstm (training.learning_rate=0.003)",
        "lstm (training.learning_rate=0.3)",
    ]
    # By hand: (0.9 - 0.125) / 0.875 and (0.1 - 0.125) / 0.875, never their mean.
    means = table.groupby(["task_name", "model_name", "length"])["skill"].mean()
    assert sorted(means) == pytest.approx([-0.02857, 0.88571], abs=1e-5)
    assert list(table.groupby("training.learning_rate")["score"].mean()) == [0.9, 0.1]
    assert table["training.learning_rate"].dtype == "float64"


def of_weights(weights: int, hidden_size: int, **others: Any) -> Record:
    found = record(0.5, hidden_size=hidden_size, **others)
    sized = Sized(weights=weights, parameters=("hidden_size",))
    model = found.cell.model.model_copy(update={"sized": sized})
    return found.model_copy(update={"cell": found.cell.model_copy(update={"model": model})})


def test_numbers_of_weights_are_an_axis_as_the_length_is_and_mix_nothing(tmp_path: Path) -> None:
    sizes = [of_weights(1000, 12), of_weights(10_000, 46)]
    table = load_results(stored(sizes, tmp_path / "sizes"))
    assert sorted(table["model.weights"]) == [1000, 10_000]
    rates = [of_weights(1000, 12, training=rate) for rate in TWO_RATES]
    with pytest.warns(UserWarning, match=r"different settings \(.*training.learning_rate.*\)"):
        load_results(stored([*rates, *sizes[1:]], tmp_path / "rates"))
    with pytest.warns(UserWarning, match="different settings"):
        load_results(stored([record(0.5), record(0.5, hidden_size=13), *sizes], tmp_path / "both"))


def test_names_are_those_of_the_tables_and_every_row_has_versions_precision_and_device(tmp_path: Path) -> None:
    records = [
        record(0.5, hidden_size=size, training={"precision": precision}).model_copy(
            update={"environment": {"device": "cpu"}}
        )
        for size, precision in ((64, "float32"), (128, "bf16"))
    ]
    with pytest.warns(UserWarning, match=r"\(precision, model.hidden_size\)"):
        table = load_results(stored(records, tmp_path)).set_index("key")
    for each in records:
        row = table.loc[each.key]
        assert row["task_name"] == task_names(records)[each.key]
        assert row["model_name"] == model_names(records)[each.key]
        assert row["model.hidden_size"] == each.cell.model.parameters["hidden_size"]
        assert row["precision"] == each.cell.training["precision"]
        assert (row["device"], row["task_version"], row["model_version"]) == ("cpu", 1, 1)
    # What differs nowhere has no column.
    assert not [name for name in table.columns if name.startswith("task.") or name == "training.steps"]


@pytest.mark.parametrize("value", [None, True, "64", "", "null", [1, 2], 'a,b\n"c"'], ids=repr)
def test_csv_keeps_every_kind_of_setting_to_the_last_bit(tmp_path: Path, value: Any) -> None:
    records = [record(0.1), record(1 / 3, seed=1), record(0.3, model="gru")]
    for i, (parameter, other) in enumerate(((value, value), ("other", 64))):
        cell = records[i].cell
        changed = cell.model.model_copy(update={"parameters": {"hidden_size": parameter, "width": other}})
        records[i] = records[i].model_copy(update={"cell": cell.model_copy(update={"model": changed})})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = load_results(stored(records, tmp_path / "store"))
        (tmp_path / "all.csv").write_bytes(FORMATS["csv"].write(Store(tmp_path / "store").read()).encode())
        found = load_results(tmp_path / "all.csv")
    pd.testing.assert_frame_equal(found, expected, check_exact=True)
    # A missing setting is another model's: null is a value, and no group is dropped.
    of_lstm = expected[expected["model"] == "lstm"]
    assert of_lstm["model.hidden_size"].notna().all()
    assert of_lstm["model.hidden_size"].nunique() == 2


def test_json_has_the_same_columns(tmp_path: Path) -> None:
    rows = json.loads(FORMATS["json"].write(two_rates()))["rows"]
    assert list(rows[0])[: len(COLUMNS)] == list(COLUMNS)
    assert sorted(row["training.learning_rate"] for row in rows) == [0.003, 0.003, 0.3, 0.3]


def test_csv_of_an_earlier_seqbench_is_read_and_its_doubles_are_told(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match=BOTH):
        table = load_results(stored(two_rates(), tmp_path / "store"))
    old = table.drop(columns=[name for name in table.columns if name not in (*_FIRST_EDITION, "metrics.error")])
    old[[*_FIRST_EDITION, "metrics.error"]].to_csv(tmp_path / "old.csv", index=False)
    with pytest.warns(UserWarning, match="2 cells by task_name, model_name, length and seed are several"):
        found = load_results(tmp_path / "old.csv")
    assert found.set_index("key")["score"].to_dict() == table.set_index("key")["score"].to_dict()
    assert list(found["model_name"]) == ["lstm"] * 4
    assert list(found.columns) == [*COLUMNS, "metrics.error"]


@pytest.mark.parametrize("load", [load_results, load_gradients])
def test_a_folder_of_folders_of_results_is_refused_and_they_are_named(
    tmp_path: Path, load: Callable[[Path], object]
) -> None:
    Store(tmp_path / "one").prepare()
    with pytest.raises(StoreError, match=r"no results in .*: name the folder .*; there are some in .*/one$"):
        load(tmp_path)
    assert len(load_results(tmp_path / "one")) == 0, "a sweep that has just begun"
    (tmp_path / "two" / "trials").mkdir(parents=True)
    (tmp_path / "two" / "trials" / "search.json").write_text("{}")
    assert len(load_results(tmp_path / "two")) == 0, "a search that is still at its trials"


def test_cells_that_are_in_two_places_are_told(tmp_path: Path) -> None:
    for name in ("a", "b"):
        stored([record(0.5)], tmp_path / name)
    with pytest.warns(
        UserWarning, match=r"1 row of cells that another of these places has too: .*drop_duplicates"
    ):
        assert len(load_results(tmp_path / "a", tmp_path / "b")) == 2


def test_printed_table_shows_task_model_length_seed_score_baseline_and_skill_in_80_columns(tmp_path: Path) -> None:
    folder = stored([record(0.9, seed=seed) for seed in (0, 1)], tmp_path)
    code = f"import seqbench; t = seqbench.load_results({str(folder)!r}); print(t); print(t[t.seed == 1])"
    said = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "COLUMNS": "80"},
    ).stdout
    head, first, second, rest, again, *_ = said.splitlines()
    assert head.split() == list(LEADING)
    assert again.split() == list(LEADING)
    assert first.split() == ["0", "copy", "lstm", "12", "0", "0.9", "0.125", "0.885714"]
    assert max(map(len, (head, first, second))) <= 80
    assert rest.startswith("and ")


def flow() -> Flow:
    return Flow(12, 1, 1, tuple(curve_of(name, "all", (1, 2), [[-1.0], [-2.0]]) for name in ("state", "jacobian")))


def flow_at(when: Any) -> FlowAt:
    return FlowAt(when=when, step=0, flow=flow(), summary=summarise_flow(flow()))


def test_gradient_curves_of_two_settings_have_two_names(tmp_path: Path) -> None:
    told = GradientData(flows=(flow_at("init"), flow_at("trained")), norms=None)
    table = load_gradients(stored([each.model_copy(update={"gradients": told}) for each in two_rates()], tmp_path))
    assert table.groupby(["task_name", "model_name", "when", "quantity", "lag"]).size().unique().tolist() == [2]
    assert table["model_name"].nunique() == 2
    assert set(table["model"]) == {"lstm"}


def test_what_is_measured_at_the_inputs_stands_in_columns_of_its_own(tmp_path: Path) -> None:
    nothing = tuple(unknown_curve(quantity, (1, 2, 3), "no state") for quantity in ("state", "jacobian"))
    flow = Flow(12, 1, 1, (*nothing, curve_of("input", "all", (1, 2, 3), [[-1.0], [-2.0], [-9.0]])))
    known = FlowAt(
        when="trained", step=9, flow=flow, summary=summarise_flow(flow), input_summary=summarise_input(flow)
    )
    told = GradientData(flows=(known,), norms=None)
    one, other = two_rates()[:2]
    other = other.model_copy(update={"gradients": GradientData(flows=(flow_at("trained"),), norms=None)})
    folder = stored([one.model_copy(update={"gradients": told}), other], tmp_path)
    for table in (load_results(folder), Store(folder, index_from=0).read() and load_results(folder)):
        first, second = (table[table["key"] == each.key].to_dict("records")[0] for each in (one, other))
        assert (first["verdict"], first["input_horizon_trained"]) == ("vanishing (input)", 2)
        assert pd.isna(first["gain_trained"])
        assert pd.isna(second["input_gain_trained"])
        assert second["verdict"] == "vanishing"
    (light,) = (each for each in Store(folder, index_from=0).light() if each.key == one.key)
    assert light.gradients is not None
    assert light.gradients.flows[0].headline.at == "input"
    # Earlier versions refuse the names of these fields, so records that do not need them are written without.
    assert '"input_summary"' not in other.to_json()
    assert '"state_growth"' not in other.to_json()


def test_verdict_of_a_network_whose_trained_flow_is_missing_is_unknown(tmp_path: Path) -> None:
    told = GradientData(flows=(flow_at("init"),), norms=None, problems=("trained: a weight cannot be copied",))
    (row,) = load_results(stored([record().model_copy(update={"gradients": told})], tmp_path)).to_dict("records")
    assert row["gain_init"] == pytest.approx(0.367879, abs=1e-6)
    assert pd.isna(row["verdict"])
    assert row["problems"] == "trained: a weight cannot be copied"

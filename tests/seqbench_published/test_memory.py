"""Tests that every bundled target can be measured, and that its number stands in the reference results.

Modules: seqbench_published.forecasts, seqbench_published.images, seqbench_published.music,
seqbench_published.papers, seqbench_published.parity, seqbench_published.series, seqbench_published.treebank,
seqbench_published.words.
"""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest

from seqbench import BaselineScore, Computed, NotComparable, Target, Tokens, TrainedScore, load_catalog
from seqbench.experiment.schema import build
from seqbench.plugins.grid import expand
from seqbench.plugins.parameters import make
from seqbench.records.store import Store
from seqbench.running.plan import plan
from seqbench.targets.measuring import Bench, experiment_fields
from seqbench.targets.outcomes import kept_outcome
from seqbench.targets.run import outcomes

CATALOG = load_catalog()
TARGETS = CATALOG.targets
TRAINED = [each for each in TARGETS.values() if each.is_trained]
KEPT = Path(__file__).parents[2] / "results" / "targets"


def test_there_are_targets_of_every_kind() -> None:
    assert len(TARGETS) >= 40
    assert {type(each.measured_by) for each in TARGETS.values()} == {
        BaselineScore,
        TrainedScore,
        Computed,
        NotComparable,
    }


@pytest.mark.parametrize("target", TARGETS.values(), ids=lambda target: target.name)
def test_names_parameters_and_fields_of_a_target_exist(target: Target, tmp_path: Path) -> None:
    by = target.measured_by
    # Of all data only the names of texts are looked at here: units other than words need a text.
    text = tmp_path / "input.txt"
    text.write_text("to be or not\n")
    path = text if target.data and target.data.path.endswith(".txt") else None
    if isinstance(by, TrainedScore):
        cells = expand(build(experiment_fields(target.name, by, path)), CATALOG)
        assert len({(cell.task.name, cell.model.name, cell.length) for cell in cells}) == 1
        assert set(by.lengths) <= {cells[0].length, *cells[0].evaluate_lengths}
    elif isinstance(by, BaselineScore):
        assert make(CATALOG.task(by.task), dict(by.parameters))
    assert not target.claim.endswith(".")


def test_numbers_that_no_paper_prints_say_so() -> None:
    own = {name: each.origin for name, each in TARGETS.items() if each.origin != "published"}
    computed = {f"etth1-seasonal-naive-{steps}" for steps in (96, 192, 336, 720)} | {"etth1-last-value-96"}
    assert own == {
        **dict.fromkeys(computed, "own computation"),
        **dict.fromkeys([f"adding-{steps}-lstm" for steps in (100, 200, 400)], "own threshold"),
    }


@pytest.mark.parametrize("target", TRAINED, ids=lambda each: each.name)
def test_kept_outcome_of_a_trained_target_is_of_the_cells_of_today(
    target: Target, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    known = kept_outcome(KEPT, target)
    if known is None or not known.keys:
        pytest.skip("it was not run")
    data = request.getfixturevalue("shared_data") if target.data else tmp_path
    if target.data and not (data / target.data.path).exists():
        pytest.skip(f"{target.data.path} is not there")
    assert isinstance(target.measured_by, TrainedScore)
    path = data / target.data.path if target.data else None
    todo = plan(build(experiment_fields(target.name, target.measured_by, path)), CATALOG, Store(KEPT))
    assert {cell.key for cell in todo.cells} == {*known.keys}, "its task or model has another version: run it"


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_numbers_of_bai_are_those_of_the_reference_results(shared_data: Path) -> None:
    found = rows(shared_data / "reference-results" / "reference_results.csv")
    known = {
        (row["dataset"], row["model"]): float(row["value"]) for row in found if "1803.01271" in row["source_path"]
    }
    others = {(row["dataset"], row["model"], row["setting"]): float(row["value"]) for row in found}
    text = "validation (last 10 %), context 256"
    assert (
        TARGETS["tiny-shakespeare-gru"].number
        == others["tinyshakespeare char", "nanoGPT baby GPT (6 layers, 384)", text]
    )
    assert TARGETS["wikitext-2-awd-lstm"].number == others["WikiText-2 word", "AWD-LSTM (no finetune)", "test"]
    for prefix, dataset in (
        ("jsb", "JSB Chorales"),
        ("nottingham", "Nottingham"),
        ("copy-1000", "T=1000"),
        ("adding-600", "T=600"),
        ("sequential-mnist", "Seq. MNIST"),
        ("ptb-word", "Penn Treebank word"),
    ):
        own = {name: each for name, each in TARGETS.items() if name.startswith(prefix)}
        assert own
        for name, each in own.items():
            assert each.number == known[dataset, name.rpartition("-")[2].upper()], name


def test_numbers_of_other_files_are_those_of_the_reference_results(shared_data: Path) -> None:
    folder = shared_data / "reference-results"
    bake_off = {(row["classifier"], row["dataset"]): row for row in rows(folder / "ucr_bakeoff.csv")}
    deep = {(row["classifier"], row["dataset"]): row for row in rows(folder / "ucr_deep_learning.csv")}
    sets = {dataset.lower(): dataset for _, dataset in {*bake_off, *deep}}
    for name, each in TARGETS.items():
        if name.startswith("ucr-"):
            _, dataset, model = name.split("-")
            row = bake_off["1NN-DTW", sets[dataset]] if model == "dtw" else deep["resnet", sets[dataset]]
            assert each.number == float(row["accuracy_default_split" if model == "dtw" else "accuracy_mean"])
    naive = {
        (r["dataset"], r["mode"], r["horizon"], r["model"], r["metric"]): r
        for r in rows(folder / "ett_naive_baselines.csv")
    }
    for name, each in TARGETS.items():
        if name.startswith(("etth1-last", "etth1-seasonal")):
            model, horizon = name.removeprefix("etth1-").rpartition("-")[::2]
            row = naive["ETTh1", "multivariate", horizon, model.replace("-", " "), "mse"]
            assert each.number == pytest.approx(float(row["value"]), abs=5.1e-4)
    m4 = {(r["method"], r["frequency"], r["metric"]): r for r in rows(folder / "m4_point_forecasts.csv")}
    for name, each in TARGETS.items():
        if name.startswith("m4-"):
            assert each.number == float(m4["sNaive", name.split("-")[1].capitalize(), "sMAPE"]["value"])


def test_closed_forms_are_met_without_data_or_training(tmp_path: Path) -> None:
    chosen = [each for name, each in TARGETS.items() if name.startswith("copy-plateau")]
    found = {each.name: what for each, what in outcomes(chosen, Bench(CATALOG, tmp_path, tmp_path / "out", True))}
    assert {what.status for what in found.values()} == {"met"}
    assert found["copy-plateau-100"].measured == pytest.approx(10 * math.log(8) / 120)


def test_m4_is_measured_on_rows_of_training_values_with_the_test_values_after_them(tmp_path: Path) -> None:
    horizon, rng = 13, np.random.default_rng(0)
    rows = [(10 + rng.random(steps)).round(3) for steps in (93, 120)]
    (tmp_path / "m4").mkdir()
    with (tmp_path / "m4" / "Weekly.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow([f"V{column + 1}" for column in range(121)])
        table.writerows([f"W{i}", *row, *[""] * (120 - len(row))] for i, row in enumerate(rows))
    ends = [(row[-horizon:], row[-horizon - 1]) for row in rows]
    expected = np.mean([np.mean(200 * abs(end - last) / (end + last)) for end, last in ends])
    target = TARGETS["m4-weekly-seasonal-naive"]
    ((_, found),) = outcomes([target], Bench(CATALOG, tmp_path, tmp_path / "out", True))
    assert found.measured == pytest.approx(expected, rel=1e-5), found.reason
    assert found.status == "missed"


def test_words_of_penn_treebank_are_read_from_three_files_with_the_score_that_is_compared(tmp_path: Path) -> None:
    for part, lines in (("train", 400), ("valid", 20), ("test", 20)):
        (tmp_path / f"ptb.{part}.txt").write_text(" the <unk> of N fell \n" * lines)
    for name in ("ptb-word-lstm", "ptb-word-tcn"):
        by = TARGETS[name].measured_by
        assert isinstance(by, TrainedScore)
        (cell,) = expand(build(experiment_fields(name, by, tmp_path)), CATALOG)
        with pytest.warns(UserWarning, match="stands in the training text"):
            data = make(CATALOG.task("next-token"), cell.task.parameters).load(cell.length, 0)
        # <unk>, <eos>, the, of, N, fell
        assert data.inputs == Tokens(6)
        assert by.metric in {metric.name for metric in data.metrics}


@pytest.mark.slow
def test_naive_forecasts_on_etth1_are_met(shared_data: Path, tmp_path: Path) -> None:
    chosen = [each for name, each in TARGETS.items() if name.startswith(("etth1-last", "etth1-seasonal"))]
    found = list(outcomes(chosen, Bench(CATALOG, shared_data, tmp_path, True)))
    assert {what.status for _, what in found} == {"met"}

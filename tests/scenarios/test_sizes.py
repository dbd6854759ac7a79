"""Tests experiments that ask for numbers of weights: cells, keys, records, names, tables and commands."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from seqbench import Catalog, Experiment, ExperimentError, load_catalog
from seqbench.cli.kept_labels import kept_labels
from seqbench.experiment.schema import load
from seqbench.plugins.grid import expand
from seqbench.plugins.sizing import sized
from seqbench.records.making import unfinished
from seqbench.records.schema import Costs, Record
from seqbench.records.store import Store
from seqbench.records.variants import model_names
from seqbench.report import FORMATS
from seqbench.report.commands import commands
from seqbench.running.plan import plan
from seqbench.running.run import records_of
from seqbench.training.cell import run_cell
from tests.report.test_commands import NAMED, understood
from tests.toys import CATALOG, Last


class Second(Last):
    """The task `last` under another name."""

    name = "second"


TWO = replace(CATALOG, tasks={"last": Last, "second": Second})
TRAINING = {"steps": 1, "batch_size": 4}


def toy(**more: Any) -> Experiment:
    fields = {
        "tasks": ["last"],
        "models": ["small"],
        "lengths": [4],
        "weights": ["1k", 3000],
        "training": TRAINING,
    }
    return Experiment.model_validate(fields | more)


def gru(hidden: int, features: int) -> int:
    return 3 * hidden * (hidden + features) + 6 * hidden


def told(experiment: Experiment, catalog: Catalog = CATALOG) -> list[Record]:
    return [unfinished(cell, "failed", "not run here", {}) for cell in expand(experiment, catalog)]


def test_cells_have_the_nearest_width_and_the_key_of_a_width_that_was_given() -> None:
    cells = expand(toy(), CATALOG)
    nearest = [min(range(1, 99), key=lambda h: abs(gru(h, 32) - weights)) for weights in (1000, 3000)]
    assert [cell.model.parameters["hidden_size"] for cell in cells] == nearest
    given = [toy(weights=[], parameters={"small": {"hidden_size": hidden}}) for hidden in nearest]
    assert [cell.key for cell in cells] == [cell.key for each in given for cell in expand(each, CATALOG)]


def test_width_depends_on_the_features_of_each_task_and_the_name_does_not() -> None:
    own = toy(tasks=["last", "second"], task_training={"second": {"embedding_size": 200}})
    cells = expand(own, TWO)
    narrow = [cell.model.parameters["hidden_size"] for cell in cells]
    assert narrow[2:] == [min(range(1, 99), key=lambda h: abs(gru(h, 200) - weights)) for weights in (1000, 3000)]
    assert len(set(narrow)) == 4
    records = told(own, TWO)
    assert set(model_names(records).values()) == {"small (weights=1000)", "small (weights=3000)"}
    assert set(model_names(told(toy(tasks=["last", "second"], weights=[3000]), TWO)).values()) == {"small"}


def test_tables_say_by_how_much_the_weights_of_a_layer_differ(tmp_path: Path) -> None:
    (cell,) = expand(toy(weights=[1000]), CATALOG)
    record = run_cell(cell, CATALOG)
    assert record.cell.model.sized is not None
    count = gru(int(cell.model.parameters["hidden_size"]), 32)
    assert record.costs.layer_parameters == count
    assert f"{count} ({count / 1000 - 1:+.1%})" in FORMATS["terminal"].write([record])
    plain = record.model_copy(update={"cell": told(toy(weights=[]))[0].cell, "costs": Costs(layer_parameters=7)})
    assert "%)" not in FORMATS["terminal"].write([plain]).split("costs")[-1]


def test_commands_ask_for_the_weights_and_run_exactly_these_cells(tmp_path: Path) -> None:
    wide = {"label": "wide", "model": "small"}
    records = told(toy(models=[wide], seeds=[0, 1], weights=["1k"])) + told(toy(weights=[2000, "4k"]))
    lines = commands(records)
    assert all("--weights" in line and "hidden_size" not in line for line in lines)
    found = [cell for line in lines for cell in understood(line, NAMED, tmp_path)]
    assert sorted((cell.key, cell.model.sized) for cell in found) == sorted(
        (record.key, expand_one(record)) for record in records
    )


def expand_one(record: Record) -> Any:
    from seqbench.board.bundle.suite import cell_of

    return cell_of(record.cell).model.sized


def test_weights_of_the_command_line_replace_a_width_of_the_file_and_no_other(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text("tasks: [last]\nmodels: [small]\nlengths: [4]\nparameters:\n  small: {hidden_size: 12}\n")
    (cell,) = expand(load(file, {"weights": ["3k"]}), CATALOG)
    assert cell.model.parameters["hidden_size"] != 12
    with pytest.raises(ExperimentError, match=r"small\.hidden_size, which is set to 5"):
        expand(load(file, {"weights": ["3k"], "parameters": {"small": {"hidden_size": 5}}}), CATALOG)
    file.write_text(file.read_text() + "weights: [3k]\n")
    with pytest.raises(ExperimentError, match=r"small\.hidden_size, which is set to 12"):
        expand(load(file), CATALOG)


def test_two_numbers_of_weights_with_one_width_are_refused() -> None:
    with pytest.raises(ExperimentError, match="weights 1k and 1001: .* comes nearest to both"):
        expand(toy(weights=[1000, 1001]), CATALOG)


def test_cell_that_was_run_with_its_width_given_keeps_that_and_it_is_told(tmp_path: Path) -> None:
    (cell,) = expand(toy(weights=["1k"]), CATALOG)
    store, width = Store(tmp_path), cell.model.parameters["hidden_size"]
    store.write(
        run_cell(expand(toy(weights=[], parameters={"small": {"hidden_size": width}}), CATALOG)[0], CATALOG)
    )
    todo = plan(toy(weights=["1k"]), CATALOG, store)
    assert todo.pending == ()
    (sentence,) = kept_labels(todo, records_of(todo, store))
    assert "were run before as small, and their records keep that name, not small (1k weights);" in sentence


def test_two_variants_that_differ_in_their_width_only_are_refused() -> None:
    several = [{"label": each, "model": "small", "hidden_size": size} for each, size in (("a", 8), ("b", 16))]
    with pytest.raises(ExperimentError, match=r"small\.hidden_size, which is set to 8"):
        expand(toy(models=several), CATALOG)


def test_width_that_is_given_at_its_default_is_refused_too() -> None:
    with pytest.raises(ExperimentError, match=r"small\.hidden_size, which is set to 8"):
        expand(toy(parameters={"small": {"hidden_size": 8}}), CATALOG)


def test_titles_tell_cells_of_different_weights_apart() -> None:
    assert [str(cell) for cell in expand(toy(), CATALOG)] == [
        "last small (1k weights) T=4 seed 0",
        "last small (3k weights) T=4 seed 0",
    ]


@pytest.mark.slow
def test_widths_of_the_suite_diagnostics_are_those_of_ten_thousand_weights() -> None:
    catalog = load_catalog()
    suite = load(catalog.suite("diagnostics"))
    # An esn trains no weights of its layer.
    for name in set(suite.names) & catalog.models.keys() - {"esn"}:
        found, chosen = sized(catalog.models[name](), 10_000, suite.training.embedding_size, {})
        assert suite.parameters[name] == {each: getattr(found, each) for each in chosen}

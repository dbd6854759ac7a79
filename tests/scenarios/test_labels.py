"""Tests that labels appear in records, tables, pages and commands, and make no other cells."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from seqbench import Catalog, Experiment, load_results
from seqbench.board.check.check import check_bundle
from seqbench.cli.kept_labels import kept_labels
from seqbench.cli.main import cli
from seqbench.errors import BoardError
from seqbench.plugins.grid import expand
from seqbench.records.making import unfinished
from seqbench.records.schema import Record
from seqbench.records.store import Store
from seqbench.records.variants import legend, model_names
from seqbench.report import FORMATS
from seqbench.report.commands import commands
from seqbench.running.plan import plan
from seqbench.running.run import records_of
from seqbench.training.cell import run_cell
from tests.boards import bundled, unzipped
from tests.boards import store as stored
from tests.report.test_commands import NAMED, understood
from tests.toys import CATALOG

MODELS = ["small", {"label": "wide", "model": "small", "hidden_size": 16}]


def toy(models: list[Any], seeds: tuple[int, ...] = (0,), **more: Any) -> Experiment:
    training = {"steps": 1, "batch_size": 4}
    fields = {"tasks": ["last"], "models": models, "lengths": [4], "seeds": seeds, "training": training}
    return Experiment.model_validate(fields | more)


def told(experiment: Experiment, catalog: Catalog = CATALOG) -> list[Record]:
    return [unfinished(cell, "failed", "not run here", {}) for cell in expand(experiment, catalog)]


def test_label_is_in_the_record_the_table_and_the_page(tmp_path: Path) -> None:
    for cell in expand(toy(MODELS), CATALOG):
        Store(tmp_path).write(run_cell(cell, CATALOG))
    with pytest.warns(UserWarning, match="hidden_size"):
        table = load_results(tmp_path)
    assert sorted(zip(table["model"], table["model_name"], table["model.hidden_size"], strict=True)) == [
        ("small", "small", 8),
        ("small", "wide", 16),
    ]
    page = tmp_path / "page.html"
    done = CliRunner().invoke(cli, ["report", str(tmp_path), "--output", str(page)], catch_exceptions=False)
    assert done.exit_code == 0
    assert "wide (small)" in page.read_text()
    stored = {json.loads(path.read_text())["cell"]["model"]["label"] for path in (tmp_path / "records").iterdir()}
    assert stored == {"", "wide"}


def test_records_of_equal_parameters_have_one_name_whatever_their_labels() -> None:
    first = told(toy(["small", {"label": "wide", "model": "small", "hidden_size": 16}]))
    plain = told(toy(["small"], (1,), parameters={"small": {"hidden_size": 16}}))
    other = told(toy([{"label": "broad", "model": "small", "hidden_size": 16}], (2,)))
    again = told(toy([{"label": "wide", "model": "small", "hidden_size": 32}], (3,)))

    def names(*records: list[Record]) -> list[str]:
        every = [record for some in records for record in some]
        given = model_names(every)
        assert model_names(every[::-1]) == given
        return [given[record.key] for record in every]

    assert names(first, plain) == ["small", "wide", "wide"]
    assert names(first, plain, other) == ["small", "broad", "broad", "broad"]
    assert names(first, again) == ["small", "wide (hidden_size=16)", "wide (hidden_size=32)"]


def test_label_that_stands_for_two_models_shows_which() -> None:
    one = told(toy([{"label": "mine", "model": "small"}]), NAMED)
    other = told(toy([{"label": "mine", "model": "named"}], (1,)), NAMED)
    first, second, *labels = legend(one + other)
    assert first.startswith("mine #1 = mine (model=named")
    assert second.startswith("mine #2 = mine (model=small")
    assert labels == ["mine: named", "mine: small"]


@pytest.mark.parametrize("name", ["terminal", "markdown", "latex", "html", "json"])
def test_every_report_says_what_a_label_stands_for(name: str) -> None:
    deep = {"label": "deep", "model": "small", "hidden_size": 16}
    labelled = told(toy(["small", deep, {"label": "same", "model": "named"}]), NAMED)
    assert legend(labelled) == ["deep: small (hidden_size=16)", "same: named"]
    written = FORMATS[name].write(labelled)
    assert re.search(r"deep: small \(hidden(\\?_|\\_)size=16\)", written)
    assert legend(told(toy(["small", "named"]), NAMED)) == []


def test_commands_run_exactly_the_labelled_cells_under_their_labels(tmp_path: Path) -> None:
    models = [
        "small",
        "named",
        {"label": "wide", "model": "small", "hidden_size": 16},
        {"label": "odd", "model": "named", "rate": 1e-7, "sizes": [3, 4]},
        {"label": "unlimited", "model": "named", "limit": None},
    ]
    records = told(toy(models, (0, 1), parameters={"named": {"is_deep": True}}), NAMED)
    found = [cell for line in commands(records) for cell in understood(line, NAMED, tmp_path)]
    assert sorted((cell.key, cell.model.label) for cell in found) == sorted(
        (record.key, record.cell.model.label) for record in records
    )


def test_cell_that_was_run_under_another_name_is_not_run_again_and_that_is_told(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for cell in expand(toy(["small"], (0, 1)), CATALOG):
        store.write(run_cell(cell, CATALOG))
    asked = toy([{"label": "mine", "model": "small"}], (0, 1, 2))
    todo = plan(asked, CATALOG, store)
    assert [cell.seed for cell in todo.pending] == [2]
    (sentence,) = kept_labels(todo, records_of(todo, store))
    assert sentence.startswith(
        "2 of 3 cells were run before as small, and their records keep that name, not mine;"
    )
    fresh = plan(asked, CATALOG, store, on_existing="fresh")
    assert list(kept_labels(fresh, records_of(fresh, store))) == []


def test_board_shows_labels_and_refuses_what_is_none(
    tiny_results: Path, tiny_offers: Catalog, tmp_path: Path
) -> None:
    def labelled(label: str, folder: Path) -> Path:
        for record in Store(tiny_results).read():
            model = record.cell.model
            own = model.model_copy(update={"label": label if model.name == "small" else ""})
            Store(folder).write(record.model_copy(update={"cell": record.cell.model_copy(update={"model": own})}))
        return folder

    content = bundled(labelled("my-own", tmp_path / "good"), tiny_offers)
    checked = check_bundle(content, tiny_offers)
    assert checked.submission is not None
    rules = {finding.rule for finding in checked.findings}
    assert {"model my-own (small)", "model plain"} <= rules
    alone = bundled(tmp_path / "good", tiny_offers, models=["my-own"])
    assert alone == bundled(tmp_path / "good", tiny_offers, models=["small"])
    with pytest.raises(BoardError, match="did you mean 'my-own'.*: my-own, plain, small"):
        bundled(tmp_path / "good", tiny_offers, models=["my-ow"])
    assert b'"label": "my-own"' in unzipped(content)["manifest.json"]
    with pytest.raises(Exception, match="'<b>' is no label of a model"):
        bundled(labelled("<b>", tmp_path / "bad"), tiny_offers)
    with pytest.raises(BoardError, match="of up to 40 characters"):
        bundled(labelled("a" * 41, tmp_path / "long"), tiny_offers)


def test_check_names_variants_without_labels_by_their_parameters(tiny_offers: Catalog, tmp_path: Path) -> None:
    stored(tmp_path, tiny_offers, ("plain",))
    content = bundled(stored(tmp_path, tiny_offers, ("plain",), note="b"), tiny_offers)
    rules = [each.rule for each in check_bundle(content, tiny_offers).findings if each.rule.startswith("model")]
    assert sorted(rules) == ["model plain", "model plain (note=b)"]

"""Tests that each source to cite is printed once, and that unknown ones are reported."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from seqbench import Experiment, load_catalog
from seqbench.cli.main import cli
from seqbench.contracts.references import entries
from seqbench.plugins.grid import expand
from seqbench.records.making import unfinished
from seqbench.records.store import Store

PUBLISHED = Path(__file__).parents[2] / "results" / "published" / "quick"
PLUGIN = """
from dataclasses import dataclass
from seqbench import Model, hookimpl

@dataclass(frozen=True)
class Mine(Model):
    \"\"\"A model.\"\"\"
    name = "mine"
    version = 1
    reference = {reference!r}

    def build(self, input_size):
        from torch import nn
        return nn.GRU(input_size, 4, batch_first=True)

@hookimpl
def seqbench_models():
    yield Mine
"""


def cite(*arguments: str) -> tuple[list[str], str]:
    done = CliRunner().invoke(cli, ["cite", *arguments], catch_exceptions=False)
    assert done.exit_code == 0
    return [entry.key for entry in entries(done.stdout)], done.stderr


def test_names_are_cited_once_each_and_a_lack_is_told() -> None:
    keys, told = cite("lstm", "adding", "gru", "lstm", "word-order")
    assert keys == ["arjovsky2016", "cho2014", "gers2000", "hochreiter1997", "le2015"]
    assert told == "seqbench: the task word-order names no source\n"


def test_folder_is_cited_with_seqbench_in_the_version_that_made_it() -> None:
    keys, told = cite(str(PUBLISHED))
    assert {"seqbench", "elman1990", "hochreiter1997", "cho2014", "pang2004", "makridakis2020"} <= set(keys)
    assert told.count("names no source") == 1
    earlier = Path(__file__).parents[1] / "records" / "earlier"
    done = CliRunner().invoke(cli, ["cite", str(earlier)])
    (ours,) = [entry.text for entry in entries(done.stdout) if entry.key == "seqbench"]
    assert "version = {0.1.0}" in ours


def test_what_is_not_installed_is_told(tmp_path: Path) -> None:
    fields = {"tasks": ["copy"], "models": ["rnn"], "lengths": [4]}
    (cell,) = expand(Experiment.model_validate(fields), load_catalog())
    gone = replace(cell, model=replace(cell.model, name="gone"))
    Store(tmp_path).write(unfinished(gone, "failed", "not run here", {}))
    keys, told = cite(str(tmp_path))
    assert "seqbench" in keys
    assert "arjovsky2016" in keys
    assert told == "seqbench: the model gone is not installed here, so its sources are not known\n"


@pytest.mark.parametrize("name", ["lstmm", "no/such/folder"])
def test_name_of_nothing_is_an_error(name: str) -> None:
    done = CliRunner().invoke(cli, ["cite", name])
    assert done.exit_code != 0
    assert not done.stdout


def test_reference_of_a_plugin_is_cited_shown_and_doubted(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.py", tmp_path / "bad.py"
    good.write_text(PLUGIN.format(reference="@misc{mine2026, title = {Mine}}"))
    bad.write_text(PLUGIN.format(reference="Me (2026)"))
    assert cite("mine", "--plugin", str(good)) == (["mine2026"], "")
    shown = CliRunner().invoke(cli, ["show", "mine", "--plugin", str(good)])
    assert "@misc{mine2026, title = {Mine}}" in shown.stdout
    told = CliRunner().invoke(cli, ["show", "mine", "--plugin", str(good), "--json"])
    assert json.loads(told.stdout)["bibtex"] == "@misc{mine2026, title = {Mine}}"
    keys, said = cite("mine", "--plugin", str(bad))
    assert keys == []
    assert said.count("the reference of") == 2
    assert "warning: " in said
    assert "is no BibTeX: an entry begins with @KIND{KEY, and here stands 'Me (2026)'" in said

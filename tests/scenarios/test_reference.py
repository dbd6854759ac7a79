"""Tests that the reference in docs/ has every public name, command, option, hook, field and parameter."""

from __future__ import annotations

import importlib
import inspect
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import click
import pytest

import seqbench
import seqbench.testing
from benchmarks import site
from seqbench.cli.main import COMMANDS, cli
from seqbench.experiment.schema import SECTIONS, Experiment, Training
from seqbench.plugins.hooks import Hooks
from seqbench.plugins.load import load_catalog
from seqbench.plugins.parameters import parameters_of

DOCS = Path(__file__).parents[2] / "docs"
REFERENCE = DOCS / "reference"
NAMED = re.compile(r"^\.\. (?:auto)?(?:class|function|exception|data):: (\w+)", re.MULTILINE)


@pytest.fixture
def tables(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    pytest.importorskip("sphinx")
    monkeypatch.syspath_prepend(str(DOCS / "extensions"))
    return importlib.import_module("tables_from_code")


def test_every_public_name_is_on_one_page() -> None:
    shown = [*named("python"), *named("plugins")]
    assert sorted(shown) == sorted(seqbench.__all__)
    # `outcome` is the module of the four others.
    assert sorted(named("kit")) == sorted({*seqbench.testing.__all__} - {"outcome"})


def named(page: str) -> list[str]:
    return NAMED.findall((REFERENCE / f"{page}.rst").read_text())


def test_every_command_has_a_part_in_the_order_of_the_help() -> None:
    text = (REFERENCE / "commands.rst").read_text()
    assert re.findall(r"^\.\. click:: seqbench\.cli\.(\w+):command$", text, re.MULTILINE) == [*COMMANDS]


def test_every_section_of_an_experiment_has_a_table() -> None:
    text = (REFERENCE / "experiment.rst").read_text()
    for section in (Experiment, *SECTIONS.values()):
        assert f".. experiment-fields:: {section.__module__}.{section.__name__}\n" in text


def test_every_field_has_a_row_with_a_meaning(tables: ModuleType) -> None:
    for section in (Experiment, *SECTIONS.values()):
        rows = list(tables.field_rows(section))
        assert [row[0] for row in rows] == [f"``{name}``" for name in section.model_fields]
        assert all(all(row) for row in rows)
    (steps,) = (row for row in tables.field_rows(Training) if row[0] == "``steps``")
    assert steps[1:3] == ("``int, at least 0``", "``1000``")


def test_every_parameter_of_a_plugin_has_a_meaning(tables: ModuleType) -> None:
    catalog = load_catalog()
    for name, offer in {**catalog.tasks, **catalog.models}.items():
        part = tables.plugin_part(name, offer)
        for parameter in parameters_of(offer):
            assert re.search(rf"``{parameter.name}``\n.*\n.*\n     - \S", part), (name, parameter.name)


def test_indented_lines_after_a_colon_are_code(tables: ModuleType) -> None:
    assert tables.marked(["As in:", "", "    1 0", "", "End:", "", "End."])[0::4] == ["As in::", "End:"]
    assert tables.marked(["Args:", "    x: one."]) == ["Args:", "    x: one."]
    assert tables.plain("Literal['adam', 'sgd'] | None") == "adam | sgd | null"


def options(command: click.Command, path: str) -> Iterator[tuple[str, str]]:
    """Yield path of the command and option, for a command and those below it."""
    for parameter in command.params:
        if isinstance(parameter, click.Option) and not parameter.hidden:
            yield path, parameter.opts[-1]
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from options(below, f"{path}-{name}")


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the site: the one that `.ci/run` has built, or a new one."""
    pytest.importorskip("sphinx_click")
    if given := os.environ.get("SEQBENCH_TEST_SITE"):
        return Path(given)
    monkeypatch.setattr(sys, "argv", ["site", str(tmp_path / "site")])
    site.main()
    return tmp_path / "site"


@pytest.mark.slow
def test_site_has_all_options_hooks_and_names(built: Path) -> None:
    from sphinx.util.inventory import InventoryFile

    found = InventoryFile.loads((built / "objects.inv").read_bytes(), uri="").data
    names = {name for kind, entries in found.items() if kind.startswith("py:") for name in entries}
    assert {f"seqbench.{name}" for name in seqbench.__all__} <= names
    hooks = [name for name, _ in inspect.getmembers(Hooks, inspect.isfunction) if name.startswith("seqbench_")]
    assert {f"seqbench.plugins.hooks.Hooks.{name}" for name in hooks} <= names
    told = {*found["std:cmdoption"]}
    missing = [f"{path}.{option}" for path, option in options(cli, "seqbench") if f"{path}.{option}" not in told]
    assert missing == []
    start = (built / "index.html").read_text()
    for page in ("board/index.html", site.PAGE):
        assert f'href="{page}"' in start
        assert (built / page).is_file()
    for path in built.glob("**/*.html"):
        assert not re.findall(r'<(?:script|link|img)[^>]+(?:src|href)="https?://', path.read_text()), path

"""Tests that `seqbench plugin new` writes a working distribution, under a free name, and overwrites nothing.

Modules: seqbench.cli.plugin, seqbench.contracts.names.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from seqbench import PluginError, load_catalog
from seqbench.cli.main import run_line
from seqbench.scaffold.create import KINDS, create, licence_text
from seqbench.scaffold.names import check_name
from seqbench.testing import run_checks


def project(folder: Path) -> dict[str, Any]:
    return tomllib.loads((folder / "pyproject.toml").read_text())


@pytest.mark.parametrize("kind", ["model", "task"])
def test_what_is_written_keeps_the_contract_under_its_own_name(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"my-own-{kind}"
    create(name, KINDS[kind], "MIT", tmp_path / "new")
    monkeypatch.syspath_prepend(str(tmp_path / "new"))
    module = f"seqbench_my_own_{kind}"
    catalog = load_catalog("off", files=[tmp_path / "new" / f"{module}.py"])
    assert catalog.problems == catalog.remarks == ()
    assert [*catalog.tasks, *catalog.models] == [name]
    failed = [outcome for outcome in run_checks(name, catalog=catalog) if outcome.status == "failed"]
    assert failed == []
    told = project(tmp_path / "new")
    assert told["project"]["name"] == f"seqbench-{name}"
    assert told["project"]["license"] == "MIT"
    assert told["project"]["entry-points"]["seqbench"] == {name: module}
    modules = {path.stem for path in (tmp_path / "new").glob("*.py")}
    assert set(told["tool"]["setuptools"]["py-modules"]) == modules
    assert "Copyright (c) 20" in (tmp_path / "new" / "LICENSE").read_text()
    for path in (tmp_path / "new").rglob("*.*"):
        if path.suffix != ".pyc":
            # `minGRU` is what the equations are called, wherever they stand.
            assert not re.search(r"mingru|MinGRU|[Pp]arity|seqbench[-_]example", path.read_text()), path
    for loaded in [loaded for loaded in sys.modules if loaded.startswith(module)]:
        monkeypatch.delitem(sys.modules, loaded)


def test_licences_are_written_whole_or_not_at_all(tmp_path: Path) -> None:
    create("one", KINDS["task"], "Apache-2.0", tmp_path / "one")
    create("two", KINDS["task"], "none", tmp_path / "two")
    create("three", KINDS["model"], "BSD-3-Clause", tmp_path / "three")
    assert "Apache License" in (tmp_path / "one" / "LICENSE").read_text()
    assert not (tmp_path / "two" / "LICENSE").exists()
    assert not {"license", "license-files"} & set(project(tmp_path / "two")["project"])
    assert "OR COPYRIGHT HOLDERS BE LIABLE" in licence_text("MIT", "somebody")
    assert "COPYRIGHT HOLDERS AND CONTRIBUTORS" in licence_text("BSD-3-Clause", "somebody")
    for licence in ("MIT", "BSD-3-Clause"):
        assert licence_text(licence, "somebody").count("somebody") == 1


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("MyModel", "'my-model' would do"),
        ("my_model", "'my-model' would do"),
        ("seqbench-thing", "'thing' would do"),
        ("../up", "'up' would do"),
        ("2x", "begin with a letter"),
        ("é", "ASCII"),
        ("", "ASCII"),
        ("x" * 41, "41 letters"),
        ("lstm", "there is a model of this name, from plugin 'recurrent'"),
        ("copy", "there is a task of this name"),
        ("quick", "there is a suite of this name"),
        ("executors", "there is a plugin of this name, from seqbench"),
        ("training", "means something else"),
        ("queue", "standard library"),
        ("model", "its class would be called Model"),
        ("none", "its class would be called None"),
        ("class-var", "its class would be called ClassVar"),
        ("field", "its class would be called Field"),
    ],
)
def test_name_that_cannot_be_used_is_refused_with_the_reason(name: str, words: str) -> None:
    with pytest.raises(PluginError, match=re.escape(words)):
        check_name(name, load_catalog())


def test_name_of_a_module_that_is_installed_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "seqbench_mine.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(PluginError, match="there is a module seqbench_mine already"):
        check_name("mine", load_catalog())


def test_what_exists_is_never_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for output in ("folder", "file", "link", "no/such/parent"):
        monkeypatch.setattr(sys, "argv", ["seqbench", "plugin", "new", "fresh", "--model", "--output", output])
        assert run_line() == 2
        assert output in capsys.readouterr().err
    assert list((tmp_path / "folder").iterdir()) == []
    assert (tmp_path / "file").read_text() == "mine"
    assert {path.name for path in tmp_path.iterdir()} - {"cache"} == {"folder", "file", "link"}

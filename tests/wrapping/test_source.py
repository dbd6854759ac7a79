"""Tests that the source of a class is its distribution and version, or a hash of its files."""

from __future__ import annotations

import hashlib
import importlib
import importlib.metadata
import sys
from pathlib import Path
from types import ModuleType

import pytest
from torch import nn

from seqbench.wrapping.paths import found_class
from seqbench.wrapping.source import source_of


def test_source_of_a_distribution_has_its_version_without_the_build() -> None:
    assert source_of(nn.GRU) == f"torch {importlib.metadata.version('torch').partition('+')[0]}"


@pytest.mark.parametrize("file", ["hashed_layer.py", "hashed_package/layers.py", "bare_folder/cell.py"])
def test_source_of_a_class_is_the_content_that_was_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    monkeypatch.chdir(tmp_path)
    path, name = tmp_path / file, file.removesuffix(".py").replace("/", ".")
    path.parent.mkdir(exist_ok=True)
    path.write_text("class Mine: units = 1")
    edited = path
    if file.startswith("hashed_package"):
        # The hash is of all files of a package.
        (path.parent / "__init__.py").write_text("")
        edited = path.parent / "other.py"
    first = found_class(f"{name}:Mine")
    source = source_of(first)
    edited.write_text("class Mine: units = 2")
    assert source_of(first) == source
    again = found_class(f"{name}:Mine")
    assert again.units == (1 if edited != path else 2)  # type: ignore[attr-defined]
    assert source_of(again) != source


@pytest.mark.parametrize("file", ["early_layer.py", "early_package/__init__.py", "early_folder/cell.py"])
def test_module_that_was_imported_first_and_edited_then_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    path, name = tmp_path / file, file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    path.parent.mkdir(exist_ok=True)
    path.write_text("class Mine: units = 1")
    imported = importlib.import_module(name)
    path.write_text("class Mine: units = 2")
    found = found_class(f"{name}:Mine")
    assert (imported.Mine.units, found.units) == (1, 2)  # type: ignore[attr-defined]
    digest = hashlib.sha256(path.name.encode() + b"\0" + path.read_bytes()).hexdigest()
    assert source_of(found) == f"sha256:{digest[:16]}"
    assert found_class(f"{name}:Mine") is found
    # What cannot be imported leaves what was there.
    path.write_text("class Mine units = 3")
    with pytest.raises(ValueError, match="cannot be imported"):
        found_class(f"{name}:Mine")
    path.write_text("class Mine: units = 3")
    assert importlib.reload(sys.modules[name]).Mine.units == 3
    assert found_class(f"{name}:Mine").units == 3  # type: ignore[attr-defined]


def test_class_that_is_imported_from_an_edited_file_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "passes_a_layer.py").write_text("from defines_a_layer import Mine")
    (tmp_path / "names_a_layer.py").write_text("from passes_a_layer import Mine")
    found, sources = [], []
    for units in (1, 2):
        (tmp_path / "defines_a_layer.py").write_text(f"class Mine: units = {units}")
        found.append(found_class("names_a_layer:Mine"))
        sources.append(source_of(found[-1]))
    assert [each.units for each in found] == [1, 2]  # type: ignore[attr-defined]
    assert sources[0] != sources[1]


def test_module_of_an_editable_distribution_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = tmp_path / "site" / "editable_layer-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: editable-layer\nVersion: 1.0\n")
    (info / "top_level.txt").write_text("editable_layer\n")
    (info / "RECORD").write_text("")
    file = tmp_path / "editable_layer.py"
    for folder in (tmp_path, info.parent):
        monkeypatch.syspath_prepend(str(folder))
    sources = []
    for units in (1, 2):
        file.write_text(f"class Mine: units = {units}")
        found = found_class("editable_layer:Mine")
        assert found.units == units  # type: ignore[attr-defined]
        sources.append(source_of(found))
    assert all(source.startswith("editable-layer 1.0 sha256:") for source in sources)
    assert sources[0] != sources[1]


@pytest.mark.parametrize("file", [None, "<stdin>"])
def test_class_that_stands_in_no_file_is_refused(monkeypatch: pytest.MonkeyPatch, file: str | None) -> None:
    typed = ModuleType("typed_in_a_notebook")
    typed.Mine = type("Mine", (), {})  # type: ignore[attr-defined]
    typed.__file__ = file
    typed.Mine.__module__ = typed.__name__
    monkeypatch.setitem(sys.modules, typed.__name__, typed)
    with pytest.raises(ValueError, match="typed_in_a_notebook:Mine is in no file, .*; write it into one"):
        found_class("typed_in_a_notebook:Mine")


@pytest.mark.parametrize("file", ["edited_layer.py", "edited_package/__init__.py"])
def test_file_that_was_edited_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str) -> None:
    monkeypatch.chdir(tmp_path)
    path, name = tmp_path / file, file.partition("/")[0].removesuffix(".py")
    path.parent.mkdir(exist_ok=True)
    path.write_text("class Mine: units = 1")
    first = found_class(f"{name}:Mine")
    assert found_class(f"{name}:Mine") is first
    # Of the same size, within the second: Python itself would take the byte code for current.
    path.write_text("class Mine: units = 2")
    again = found_class(f"{name}:Mine")
    assert (first.units, again.units) == (1, 2)  # type: ignore[attr-defined]
    assert found_class(f"{name}:Mine") is again
    path.unlink()
    with pytest.raises(ValueError, match=f"{name}:Mine cannot be found|{name} has no class"):
        found_class(f"{name}:Mine")

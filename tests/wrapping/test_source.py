"""Tests that the source of a class is its distribution and version, or a hash of its files."""

from __future__ import annotations

import importlib.metadata
import sys
from pathlib import Path

import pytest
from torch import nn

from seqbench.wrapping.paths import found_class
from seqbench.wrapping.source import source_of


def test_source_of_a_distribution_has_its_version_without_the_build() -> None:
    assert source_of(nn.GRU) == f"torch {importlib.metadata.version('torch').partition('+')[0]}"


def test_source_of_a_file_changes_with_its_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "layer_with_a_hash.py"
    file.write_text("class Mine: ...")
    first = source_of(found_class("layer_with_a_hash:Mine"))
    assert first.startswith("sha256:")
    file.write_text("class Mine: pass")
    assert source_of(sys.modules["layer_with_a_hash"].Mine) != first


def test_source_of_a_package_is_that_of_all_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    package = tmp_path / "package_with_a_hash"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "layers.py").write_text("class Mine: ...")
    (package / "other.py").write_text("")
    kind = found_class("package_with_a_hash.layers:Mine")
    first = source_of(kind)
    (package / "other.py").write_text("changed = True")
    assert source_of(kind) != first


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


def test_source_of_a_module_in_a_folder_without_init_is_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "bare_folder" / "cell.py"
    file.parent.mkdir()
    file.write_text("class Mine: ...")
    kind = found_class("bare_folder.cell:Mine")
    first = source_of(kind)
    file.write_text("class Mine: pass")
    assert source_of(kind) != first

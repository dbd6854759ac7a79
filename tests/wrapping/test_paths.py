"""Tests that a class is found by its path, and that code of other packages leaves nothing behind."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest
import torch

from seqbench.wrapping.paths import foreign_code, found_class, parts_of
from tests.wrapping.layers import TimeFirst


def test_class_is_found_by_its_path() -> None:
    assert found_class("tests.wrapping.layers:TimeFirst") is TimeFirst


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("tests.wrapping.layers.TimeFirst", "did you mean tests.wrapping.layers:TimeFirst?"),
        ("tests.wrapping.layers:TimeFrist", "did you mean tests.wrapping.layers:TimeFirst?"),
        ("tests.wrapping.layers:TIMEFIRST", "did you mean tests.wrapping.layers:TimeFirst?"),
        ("tests.wrapping.layers:factory", "is function and not a class"),
        ("no_such_package.torch:Layer", "there is no module 'no_such_package.torch'; install the package"),
        ("", "a class is named as PACKAGE.MODULE:CLASS"),
        ("os; rm:X", "a class is named as"),
    ],
)
def test_path_that_cannot_be_meant_is_told(path: str, said: str) -> None:
    with pytest.raises(ValueError, match="class|module") as raised:
        found_class(path)
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_file_in_the_current_folder_is_imported_and_the_path_is_as_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "layer_of_this_folder.py").write_text("class Mine: ...")
    monkeypatch.chdir(tmp_path)
    before = list(sys.path)
    assert found_class("layer_of_this_folder:Mine").__name__ == "Mine"
    assert sys.path == before


def test_module_that_leaves_the_process_prints_and_seeds_is_a_sentence_and_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (
        "import random, torch\nprint('demonstration')\nrandom.seed(0)\ntorch.manual_seed(0)\nraise SystemExit(3)"
    )
    (tmp_path / "runs_when_imported.py").write_text(text)
    monkeypatch.chdir(tmp_path)
    before = random.getstate(), torch.get_rng_state()
    with pytest.raises(ValueError, match="runs_when_imported cannot be imported: it leaves the process"):
        found_class("runs_when_imported:Layer")
    assert random.getstate() == before[0]
    assert torch.equal(torch.get_rng_state(), before[1])
    assert capsys.readouterr().out == ""


def test_missing_package_of_a_module_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lacks_a_package.py").write_text("import no_such_package_at_all")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="No module named 'no_such_package_at_all'"):
        found_class("lacks_a_package:Layer")


def test_ctrl_c_passes() -> None:
    with pytest.raises(KeyboardInterrupt), foreign_code("a layer"):
        raise KeyboardInterrupt


def test_parts_of_a_path() -> None:
    assert parts_of("a.b:C") == ("a.b", "C")

"""Tests that one command makes every picture and notebook, and that a failure loses nothing."""

from __future__ import annotations

import importlib
from pathlib import Path

from benchmarks.illustrations import PARTS, made


def test_parts_are_modules_that_run_alone() -> None:
    for module in PARTS:
        assert callable(importlib.import_module(module).main)


def test_output_becomes_the_file_only_if_the_part_succeeds(tmp_path: Path) -> None:
    file = tmp_path / "picture.svg"
    file.write_text("old")
    assert not made("benchmarks.there_is_no_such_module", file)
    assert file.read_text() == "old"
    assert made("this", file)
    assert "Zen of Python" in file.read_text()

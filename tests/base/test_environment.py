"""Tests that every record tells the class of its processor and the commit of a checkout."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import seqbench
from seqbench.base.environment import computing, describe
from tests.base.here import IS_X86


def test_every_record_tells_the_class_of_its_processor() -> None:
    found = {**describe(), **computing()}["processor_class"]
    assert set(found) == {"vendor", "torch", "onednn", "mkl"}
    assert found["torch"]
    if IS_X86:
        assert found["vendor"]
        assert found["onednn"]


def test_every_record_of_a_checkout_tells_its_commit() -> None:
    root = Path(__file__).parents[2]
    asked = ["git", "-C", str(root), "rev-parse", "--show-toplevel", "HEAD"]
    said = subprocess.run(asked, capture_output=True, text=True, check=False)
    is_tested_here = Path(seqbench.__file__).parents[1] == root
    if said.returncode != 0 or Path(said.stdout.splitlines()[0]) != root or not is_tested_here:
        pytest.skip("seqbench does not run from a checkout of git")
    assert describe()["git_revision"].removesuffix("+changes") == said.stdout.splitlines()[1]

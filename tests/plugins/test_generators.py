"""Tests which global generators count as moved where a plugin was the first to import their library."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("work", "found"),
    [
        ("import torch", []),
        ("import numpy; numpy.random.default_rng(3).random()", []),
        ("import numpy; numpy.random.random()", ["numpy"]),
        ("import numpy; numpy.random.seed(3)", ["numpy"]),
        ("import torch; torch.manual_seed(3)", ["torch"]),
        ("import torch; torch.rand(1)", ["torch"]),
        ("import random; random.random()", ["random"]),
    ],
)
def test_library_that_is_imported_is_not_moved_but_one_that_is_seeded_or_drawn_from_is(
    work: str, found: list[str]
) -> None:
    code = (
        "from seqbench.plugins.generators import generators, moved; before = generators();"
        f"assert list(before) == ['random']; {work}; print(moved(before))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == str(found)

"""Tests that global random generators are seen to move, also in the process that first imports their library."""

from __future__ import annotations

import subprocess
import sys

import pytest

FIRST = """
from seqbench.plugins.generators import generators, moved
before = generators()
import numpy, torch
{then}
print(moved(before))
"""


@pytest.mark.parametrize(
    ("then", "names"),
    [
        ("", []),
        ("numpy.random.rand()", ["numpy"]),
        ("numpy.random.seed(3)", ["numpy"]),
        ("torch.rand(1)", ["torch"]),
        ("torch.manual_seed(3)", ["torch"]),
    ],
)
def test_generator_of_a_library_that_was_not_there_before_has_moved_once_it_is_used(
    then: str, names: list[str]
) -> None:
    code = FIRST.format(then=then)
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == str(names)

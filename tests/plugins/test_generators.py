"""Tests that global random generators are seen to move, also in the process that first imports their library."""

from __future__ import annotations

import subprocess
import sys

import pytest

FIRST = """
from seqbench.plugins.generators import generators, moved
before = generators()
import numpy, torch
print(moved(before))
{numpy}
print(moved(before))
before = generators()
{torch}
print(moved(before))
"""


@pytest.mark.parametrize(
    ("numpy", "torch"),
    [("numpy.random.rand()", "torch.rand(1)"), ("numpy.random.seed(3)", "torch.manual_seed(3)")],
)
def test_generator_of_a_library_that_was_not_there_before_has_moved_once_it_is_used(
    numpy: str, torch: str
) -> None:
    code = FIRST.format(numpy=numpy, torch=torch)
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.splitlines() == ["[]", "['numpy']", "['torch']"]

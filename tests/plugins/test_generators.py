"""Tests what is told of global random generators that were not there before."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import sys
from seqbench.plugins.generators import generators, moved
before = generators()
assert "numpy" not in before and "torch" not in before
import numpy, torch
{then}
print(moved(before))
"""


@pytest.mark.parametrize(
    ("then", "expected"),
    [
        ("", []),
        ("numpy.random.default_rng(0).random(); torch.rand(3, generator=torch.Generator())", []),
        ("numpy.random.rand()", ["numpy"]),
        ("numpy.random.seed(1)", ["numpy"]),
        ("torch.rand(1)", ["torch"]),
        ("torch.manual_seed(1)", ["torch"]),
    ],
)
def test_generators_of_libraries_imported_meanwhile_are_told_only_where_they_were_used(
    then: str, expected: list[str]
) -> None:
    program = PROGRAM.format(then=then)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert sorted(done.stdout.strip()[1:-1].replace("'", "").split(", ")) == (expected or [""])

"""Tests that freed memory is kept in the process, and given back when it is asked for."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

FREED = """
import psutil
from seqbench.base.allocator import give_back_holes, keep_freed_memory

keep_freed_memory()
block = bytearray(b"x") * 2**26
del block
kept = psutil.Process().memory_info().rss
give_back_holes()
print(kept - psutil.Process().memory_info().rss)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is told what to do with freed memory")
def test_freed_block_stays_until_holes_are_given_back() -> None:
    said = subprocess.run([sys.executable, "-c", FREED], capture_output=True, text=True, check=True)
    assert int(said.stdout) > 2**26 * 0.9

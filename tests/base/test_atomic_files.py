"""Tests that a replaced file is whole whenever a writer is killed, and that left-over files name their owner.

Modules: seqbench.base.process_identity.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from seqbench.base.atomic_files import replacing, write_atomically, write_first
from seqbench.base.process_identity import is_abandoned

KILLED_WHILE_WRITING = """
import os, signal, sys
from pathlib import Path
from seqbench.base.atomic_files import replacing

with replacing(Path(sys.argv[1]), prefix="mine.") as file:
    file.write(b"half")
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_file_is_replaced_with_the_mode_that_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "a"
    write_atomically(path, "ä\n")
    assert path.read_bytes() == b"\xc3\xa4\n"
    assert path.stat().st_mode & 0o777 == 0o644
    write_atomically(path, b"b", mode=0o600, is_synced=False)
    assert path.read_bytes() == b"b"
    assert path.stat().st_mode & 0o777 == 0o600
    assert os.listdir(tmp_path) == ["a"]


def test_file_is_as_it_was_when_writing_fails(tmp_path: Path) -> None:
    path = tmp_path / "a"
    write_atomically(path, "old")
    with pytest.raises(RuntimeError), replacing(path) as file:
        file.write(b"new")
        raise RuntimeError
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a"]


def test_half_of_a_killed_writer_is_hidden_and_known_to_be_abandoned(tmp_path: Path) -> None:
    path = tmp_path / "a"
    write_atomically(path, "old")
    ended = subprocess.run([sys.executable, "-c", KILLED_WHILE_WRITING, str(path)], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert path.read_text() == "old"
    (half,) = tmp_path.glob(".*-mine.*.tmp")
    assert is_abandoned(half.name)
    with replacing(tmp_path / "b"):
        (ours,) = set(tmp_path.glob(".*.tmp")) - {half}
        assert not is_abandoned(ours.name)


def test_of_two_writers_of_a_new_file_one_is_the_first(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    assert (write_first(path, "one"), write_first(path, "other")) == (True, False)
    assert path.read_text() == "one"
    assert list(tmp_path.iterdir()) == [path]

"""Tests that sockets are put into a folder with a short name."""

from __future__ import annotations

from seqbench.executors.sockets import LONGEST, short_folder


def test_folder_of_temporary_files_with_a_long_name_has_a_short_one_for_sockets() -> None:
    assert len(short_folder(f"/tmp/{'x' * 100}")) <= LONGEST
    assert short_folder(f"/tmp/{'x' * (LONGEST - 5)}") == f"/tmp/{'x' * (LONGEST - 5)}"

"""Tests that a folder that is no board or was changed is left as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from seqbench.board.bundle.folder import write_folder
from seqbench.errors import BoardError


def test_folder_that_is_no_board_or_was_changed_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "site"
    path.mkdir()
    (path / "thesis.txt").write_text("mine")
    with pytest.raises(BoardError, match="is no board"):
        write_folder(path, {"index.html": b"1"})
    (path / "thesis.txt").unlink()
    write_folder(path, {"index.html": b"1", "old/page.html": b"1"})
    write_folder(path, {"index.html": b"2"})
    assert sorted(each.name for each in path.rglob("*")) == ["board.json", "index.html"]
    (path / "CNAME").write_text("example.org")
    with pytest.raises(BoardError, match="would be lost: CNAME"):
        write_folder(path, {"index.html": b"3"})
    (path / "CNAME").unlink()
    (path / "index.html").write_text("mine")
    with pytest.raises(BoardError, match="were changed since"):
        write_folder(path, {"index.html": b"3"})
    assert (path / "index.html").read_text() == "mine"
    assert [each.name for each in tmp_path.iterdir()] == ["site"]

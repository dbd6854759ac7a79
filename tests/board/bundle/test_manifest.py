"""Tests what a manifest says about its maker."""

from __future__ import annotations

import pytest

from seqbench.board.bundle.manifest import about
from seqbench.errors import BoardError
from tests.boards import ABOUT


def test_about_takes_spdx_licences_only() -> None:
    assert about("x", "", "apache-2.0 or mit", "y").licence == "Apache-2.0 OR MIT"
    with pytest.raises(BoardError, match=r"licence: it is to be an SPDX identifier.*'mine'"):
        about("x", "", "mine", "y")
    with pytest.raises(BoardError, match="contact"):
        about("x", "", "MIT", "")
    assert ABOUT.name == "A test"

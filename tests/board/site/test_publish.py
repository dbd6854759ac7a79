"""Tests that a target of an upload is written as user and repository."""

from __future__ import annotations

from pathlib import Path

import pytest

from seqbench import Catalog
from seqbench.board.site.publish import plan_upload
from seqbench.errors import BoardError


def test_target_is_written_as_user_and_repository(tmp_path: Path, tiny_offers: Catalog) -> None:
    for target in ("me/board", "hub:me", "hub:me/../you", "hub:me/board/more", "s3:me/board"):
        with pytest.raises(BoardError, match="hub:USER/REPO"):
            plan_upload(tmp_path, target, tiny_offers)

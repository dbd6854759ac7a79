"""Tells why a bundle is refused."""

from __future__ import annotations

from seqbench import Catalog
from seqbench.board.check.check import check_bundle


def reasons(content: bytes, offers: Catalog) -> str:
    """Return why a bundle is refused."""
    checked = check_bundle(content, offers)
    assert checked.submission is None
    return "\n".join(checked.reasons)

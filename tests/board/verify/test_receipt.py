"""Tests which of two receipts of a bundle stays beside it."""

from __future__ import annotations

import pytest

from seqbench.board.verify.receipt import Outcome, Receipt, Rerun, why_kept


def made(**cells: Outcome) -> Receipt:
    """Return a receipt of these cells: key -> outcome."""
    reruns = (
        Rerun(key=key, cell=f"cell {key}", model=0, outcome=came, has_same_bits=False, told="", compared=())
        for key, came in cells.items()
    )
    return Receipt(submission="0", seed=0, cells=tuple(reruns), environment={})


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (None, made(a="confirmed"), None),
        (made(a="confirmed", b="confirmed"), made(c="confirmed"), "confirmed cells in it: 2, now: 1"),
        (made(a="confirmed"), made(a="not comparable", b="not comparable"), "confirmed cells in it: 1, now: 0"),
        (made(a="confirmed"), made(b="confirmed"), None),
        (made(a="not comparable"), made(b="within spread"), None),
        # A failure is always recorded, and no draw without its cell removes it.
        (made(a="confirmed", b="confirmed"), made(c="differs"), None),
        (made(a="differs"), made(b="confirmed", c="confirmed"), "cell a differs in it, and is not confirmed now"),
        (made(a="differs"), made(a="not comparable"), "cell a differs in it, and is not confirmed now"),
        (made(a="differs"), made(a="confirmed"), None),
    ],
)
def test_receipt_that_says_more_is_kept(old: Receipt | None, new: Receipt, why: str | None) -> None:
    assert why_kept(old, new) == why

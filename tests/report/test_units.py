"""Tests that quantities have three digits and the unit that a reader expects."""

from __future__ import annotations

import pytest

from seqbench.report.units import memory, seconds, short


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (seconds(0.9994), "999 ms"),
        (seconds(90.0), "90.0 s"),
        (memory(1000 * 2**10), "1000 KiB"),
        (memory(0), "0 B"),
        (short(seconds(0.02)), "20 ms"),
        (short(memory(512 * 2**20)), "512 MiB"),
    ],
)
def test_quantity_has_three_digits_and_its_unit(written: str, expected: str) -> None:
    assert written == expected

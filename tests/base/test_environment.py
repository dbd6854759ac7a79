"""Tests that every record tells the class of its processor."""

from __future__ import annotations

from seqbench.base.environment import computing, describe
from tests.base.here import IS_X86


def test_every_record_tells_the_class_of_its_processor() -> None:
    found = {**describe(), **computing()}["processor_class"]
    assert set(found) == {"vendor", "torch", "onednn", "mkl"}
    assert found["torch"]
    if IS_X86:
        assert found["vendor"]
        assert found["onednn"]

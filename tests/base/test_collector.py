"""Tests that Python's collector of circles rests during a block and goes on as before it."""

from __future__ import annotations

import gc

import pytest

from seqbench.base.collector import collector_paused


def test_collector_rests_in_the_block_and_goes_on_after_an_error() -> None:
    assert gc.isenabled()
    with pytest.raises(KeyError), collector_paused():
        assert not gc.isenabled()
        raise KeyError
    assert gc.isenabled()


def test_collector_that_was_off_stays_off() -> None:
    gc.disable()
    try:
        with collector_paused():
            assert not gc.isenabled()
        assert not gc.isenabled()
    finally:
        gc.enable()

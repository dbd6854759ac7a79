"""Tests that the collector rests for a while, and goes on afterwards only if it was on before."""

from __future__ import annotations

import gc

import pytest

from seqbench.base.collector import collector_paused


def test_collector_rests_and_is_as_it_was_afterwards() -> None:
    assert gc.isenabled()
    with pytest.raises(KeyError), collector_paused():
        assert not gc.isenabled()
        with collector_paused():
            pass
        assert not gc.isenabled()
        raise KeyError
    assert gc.isenabled()

"""Tests that a listener that slept does not take its own sleep for silence."""

from __future__ import annotations

import pytest

from seqbench.executors.silence import Silence


def test_listener_that_slept_itself_does_not_take_its_sleep_for_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    silence = Silence()
    clock[0] = 3600.0
    assert not silence.is_over(20.0)
    for _ in range(200):
        clock[0] += 0.5
        is_over = silence.is_over(20.0)
    assert is_over
    assert not silence.is_over(None)

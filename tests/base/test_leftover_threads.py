"""Tests that a thread that ends by itself is waited for."""

from __future__ import annotations

import threading

from seqbench.base.leftover_threads import left_running


def test_thread_that_ends_by_itself_is_waited_for() -> None:
    ended = threading.Event()
    thread = threading.Thread(target=lambda: ended.wait(10.0))
    thread.start()
    assert thread.name in left_running(0.0)
    ended.set()
    assert thread.name not in left_running(10.0)

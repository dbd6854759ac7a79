"""Tests that the server of the workers collects no garbage while it imports, and that other processes do."""

from __future__ import annotations

import subprocess
import sys

CODE = "import gc, seqbench.executors.uncollected; print(gc.isenabled(), flush=True)"


def collects(*words: str) -> str:
    done = subprocess.run([sys.executable, "-c", CODE, *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_garbage_is_left_alone_by_the_server_of_the_workers_only() -> None:
    # The server is started with these words on its command line.
    assert collects("from multiprocessing.forkserver import main; main()") == "False"
    assert collects() == "True"

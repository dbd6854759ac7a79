"""Tests that a server that is killed again and again is named as the reason why no process starts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STARTS = """
from seqbench import SeqbenchError
from seqbench.executors import workers
workers.PRELOAD = ["ends_itself"]
try:
    workers.start(print, "worked").receive()
except SeqbenchError as error:
    print(error)
"""
ADVICE = "; look at the limits on processes, memory and temporary files here, or take the executor serial"


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        ("os.kill(os.getpid(), 9)", "the server that forks them was killed 3 times in a row, by SIGKILL"),
        ("os._exit(5)", "unexpected EOF"),
    ],
)
def test_server_that_was_killed_each_time_is_the_reason(tmp_path: Path, end: str, reason: str) -> None:
    (tmp_path / "ends_itself.py").write_text(f"import os\n{end}\n")
    places = {"PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path]), "PYTHONSAFEPATH": "1"}
    command = [sys.executable, "-c", STARTS]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **places}, capture_output=True, text=True)
    assert done.stdout == f"no process can be started: {reason}{ADVICE}\n", done.stderr

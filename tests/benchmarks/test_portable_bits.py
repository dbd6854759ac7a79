"""Tests what is told of digests that are the same, others, or of other versions."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from benchmarks.portable_bits import KEPT, MODELS, TASKS, compared, versions_here
from seqbench.base.machines import machine_differences
from tests.base.here import IS_X86


def test_kept_digests_are_of_every_cell_and_tell_their_versions() -> None:
    kept = json.loads(KEPT.read_text())
    assert list(kept["digests"]) == [f"{task} {model}" for task in TASKS for model in MODELS]
    assert len(set(kept["digests"].values())) == len(TASKS) * len(MODELS)
    assert {"torch", "numpy", "scipy", "scikit-learn"} <= kept["versions"]["packages"].keys()
    assert "glibc" in kept["versions"]["platform"]


def test_another_version_of_any_library_is_told() -> None:
    here = versions_here()
    assert machine_differences(here, here) == []
    for name in ("scipy", "torch"):
        moved = {**here, "packages": {**here["packages"], name: "0.1"}}
        assert machine_differences(moved, here) == [f"packages {name} 0.1 / {name} {here['packages'][name]}"]
    (told,) = machine_differences({**here, "platform": "Linux-x86_64-with-glibc2.17"}, here)
    assert told.startswith("system Linux-x86_64-with-glibc2.17 / ")


def test_each_cell_is_compared_with_each_of_the_others() -> None:
    lines = compared(
        {"copy rnn": "12", "copy gru": "34"}, {"kept": {"copy rnn": "12"}, "qemu": {"copy gru": "34"}}
    )
    assert [line.split("  ")[-3:] for line in lines] == [
        ["12", "kept: same", "qemu: OTHER: none"],
        ["34", "kept: OTHER: none", "qemu: same"],
    ]


@pytest.mark.slow
@pytest.mark.skipif(not IS_X86, reason="portable arithmetic is that of x86-64 processors")
def test_cells_have_the_kept_digests_here_or_versions_differ() -> None:
    command = [sys.executable, "-m", "benchmarks.portable_bits", "--digests"]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert ran.returncode == 0, f"{ran.stdout}{ran.stderr}\nif bits are meant to move: --keep"
    assert ran.stdout.count(": same") == 15 or "digests of other versions" in ran.stdout

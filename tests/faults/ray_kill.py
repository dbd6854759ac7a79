"""Tests that a sweep under Ray survives the death of its processes and its machines.

    python tests/faults/ray_kill.py

On a cluster of two nodes of one core each, on this machine: kill -9 ends a cell's own process, then the Ray worker
beside a cell, then every process of the second node, while cells run. The records must be, bit for bit, those of
an undisturbed serial sweep.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
from ray.cluster_utils import Cluster

from seqbench.records.store import Store

CELLS = 8
COMMAND = [
    *(
        sys.executable,
        "-m",
        "seqbench",
        "run",
        "smoke",
        "--tasks",
        "copy",
        "--models",
        "rnn,lstm",
        "--lengths",
        "8",
    ),
    *("--seeds", ",".join(str(seed) for seed in range(CELLS // 2)), "--set", "training.steps=800"),
    *("--set", "training.validate_every=400", "--set", "executor.checkpoint_seconds=1", "--no-progress"),
]


def main() -> int:
    """Run both sweeps, and return 1 where their records differ."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        subprocess.run(
            [*COMMAND, "--output", f"{folder}/alone", "--executor", "serial"], check=True, capture_output=True
        )
        print(f"serial, undisturbed: {CELLS} cells in {time.monotonic() - began:.0f} s")
        said = disturbed(Path(folder, "ray"))
        alone, ray = (outcomes(Path(folder, name)) for name in ("alone", "ray"))
    retries = [line for line in said.splitlines() if line.endswith("it is run again")]
    print("\n".join(retries))
    same = sum(ray.get(key) == record for key, record in alone.items())
    print(f"{same} of {CELLS} records are the same in every bit; {len(retries)} deaths were told")
    return 0 if same == CELLS == len(ray) and len(retries) >= 3 else 1


def disturbed(output: Path) -> str:
    """Run the sweep on two nodes, kill what it stands on, and return what it said."""
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    second = cluster.add_node(num_cpus=1)
    began = time.monotonic()
    command = [
        *COMMAND,
        "--output",
        str(output),
        "--executor",
        "ray",
        "--set",
        f"executor.address={cluster.address}",
    ]
    try:
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as sweep:
            while not list(output.glob("logs/*")):
                time.sleep(0.1)
            for what, kill in kills(cluster, second):
                time.sleep(5)
                print(f"{time.monotonic() - began:.0f} s: kill -9 of {what}: process {kill()}")
            said = sweep.communicate(timeout=200)[1]
        print(f"ray, disturbed: {time.monotonic() - began:.0f} s, exit status {sweep.returncode}")
        return said
    finally:
        cluster.shutdown()


def kills(cluster: Any, second: Any) -> list[tuple[str, Callable[[], object]]]:
    """Return what is killed, and how."""

    def raylet() -> int:
        pid = second.all_processes["raylet"][0].process.pid
        cluster.remove_node(second, allow_graceful=False)
        return int(pid)

    return [
        ("a cell's own process", lambda: killed(cell)),
        ("the Ray worker beside a cell", lambda: killed(lambda: cell().parent().parent())),
        ("the second node", raylet),
    ]


def cell() -> psutil.Process:
    """Return the youngest process of a cell: its parent is a fork server, and that one's a Ray worker."""
    for _ in range(600):
        servers = [
            p for p in psutil.process_iter() if "forkserver" in " ".join(said(p)) and "ray::" in name(p.parent())
        ]
        cells = [child for server in servers for child in server.children()]
        if cells:
            return max(cells, key=lambda process: process.create_time())
        time.sleep(0.1)
    raise TimeoutError("no cell runs")


def killed(find: Callable[[], psutil.Process | None]) -> int:
    """Kill a process and return its number."""
    process = find()
    assert process is not None
    process.kill()
    return process.pid


def said(process: psutil.Process) -> list[str]:
    """Return the command line of a process, also of one that has just ended."""
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def name(process: psutil.Process | None) -> str:
    """Return the first word of a command line: Ray writes there what a worker does."""
    return (said(process) or [""])[0] if process else ""


def outcomes(folder: Path) -> dict[str, Any]:
    """Return key -> all of a record that no clock and no machine moves."""
    moves = {"costs", "environment", "finished"}
    return {record.key: record.model_dump(exclude=moves) for record in Store(folder).read()}


if __name__ == "__main__":
    sys.exit(main())

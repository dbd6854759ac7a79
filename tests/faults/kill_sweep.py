"""Tests that a sweep survives 100 random kill -9 of its workers and of its main process.

    python tests/faults/kill_sweep.py [--executor NAME] [--kills N] [--cells N] [--seed N] [--jobs N]

Runs 60 tiny cells undisturbed. Then runs them while processes of the sweep are killed at random, and gives the
same command again until it is done. Scores and gradients must be the same bits. Exit status 0 if so, 4 if not.
Under ``--executor ray``, Ray's processes are killed too; they take seconds to start: use ``--kills 20 --cells
24``.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import psutil

SHARE_OF_MAIN = 0.1
"""Of the kills; the others meet workers, and whatever else the sweep has started."""
SERVERS_AT_MOST = 2
"""Kills of the server of the workers in one start: a sweep gives up where its server dies three times in a row,
and on a busy machine there is nothing else to kill for a while."""
SECONDS_AT_MOST = {"ray": 4.0}
"""Between two kills, 0.5 by default: a cell takes longer, so that most are met while they train. A worker of Ray
begins with importing torch."""

END = {-9: "killed", 0: "with all cells done", 3: "with cells failed"}
"""Exit status -> how a sweep that is disturbed may end; any other one is a fault."""

COMPARED = (
    "status", "test", "evaluations", "validation_score", "course", "gradients", "stopped", "data_fingerprint",
)  # fmt: skip
"""The fields that have to be equal; times and processes differ."""

GRID = [
    "run", "smoke", "--tasks", "copy,adding", "--models", "rnn,lstm,gru", "--lengths", "8,16",
    "--set", "training.steps=80", "--set", "training.validate_every=20",
    "--set", "training.batch_size=8", "--set", "copy.train_examples=64", "--set", "gradients.examples=2",
    "--set", "rnn.hidden_size=8", "--set", "lstm.hidden_size=8", "--set", "gru.hidden_size=8",
    "--set", "executor.checkpoint_seconds=0.05", "--quiet",
]  # fmt: skip


CELLS_OF_A_SEED = 12

SERVERS = "servers of workers"
RAY = "ray::"
"""How the command line of a Ray worker begins."""


def main() -> int:
    """Run the comparison and return the exit status."""
    options = read_options()
    chance = random.Random(options.seed)
    with tempfile.TemporaryDirectory(prefix="kill-sweep-") as folder:
        calm, stormy = Path(folder) / "calm", Path(folder) / "stormy"
        began = time.monotonic()
        finish(command(options, calm, "processes"), calm)
        print(f"undisturbed: {len(read(calm))} cells in {time.monotonic() - began:.0f} s", flush=True)
        began = time.monotonic()
        storm = Storm(command(options, stormy, options.executor), stormy, options, chance)
        storm.run()
        print(f"{storm.told()}, in {time.monotonic() - began:.0f} s", flush=True)
        before = Counter(record["status"] for record in read(stormy).values())
        began = time.monotonic()
        finish(command(options, stormy, options.executor), stormy)
        print(f"then the same command: from {dict(before)} on, in {time.monotonic() - began:.0f} s")
        print(f"processes of killed sweeps that are left after 10 s: {storm.survivors()}")
        return verdict(read(calm), read(stormy), stormy, options.cells)


def read_options() -> argparse.Namespace:
    """Return what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--executor", default="processes")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--cells", type=int, default=60, help=f"a multiple of {CELLS_OF_A_SEED}")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    if options.cells < 1 or options.cells % CELLS_OF_A_SEED:
        parser.error(f"--cells {options.cells}: it is to be a multiple of {CELLS_OF_A_SEED}")
    return options


def command(options: argparse.Namespace, output: Path, executor: str) -> list[str]:
    """Return the command of the sweep."""
    seeds = ",".join(str(seed) for seed in range(options.cells // CELLS_OF_A_SEED))
    own = ["--seeds", seeds, "--executor", executor, "--jobs", str(options.jobs), "--output", str(output)]
    return [sys.executable, "-m", "seqbench", *GRID, *own]


def start(arguments: list[str]) -> subprocess.Popen[bytes]:
    """Start a sweep; only what goes wrong with itself is heard."""
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(arguments, env=environment, stdout=subprocess.DEVNULL)


def finish(arguments: list[str], output: Path) -> None:
    """Run a sweep to its end."""
    status = start(arguments).wait()
    if status != 0:
        reasons = [record["reason"] for record in read(output).values() if record["status"] != "ok"]
        raise SystemExit(f"the sweep ended with exit status {status}: {' '.join(arguments)}\n{reasons}")


class Storm:
    """Kills processes of a sweep, and gives the command again when it has ended."""

    def __init__(
        self, arguments: list[str], output: Path, options: argparse.Namespace, chance: random.Random
    ) -> None:
        self._arguments = arguments
        self._output = output
        self._left = options.kills
        self._cells = options.cells
        self._is_ray = options.executor == "ray"
        self._seconds = SECONDS_AT_MOST.get(options.executor, 0.5)
        self._chance = chance
        self._seen: dict[int, psutil.Process] = {}
        self._killed: Counter[str] = Counter()
        self._ends: Counter[str] = Counter()
        self._starts = 0
        self._servers = 0
        self._rounds = 1

    def run(self) -> None:
        """Kill until all kills are spent, and leave no process of the sweep."""
        while self._left:
            if len(read(self._output)) == self._cells and self._is_calm():
                # Killed too slowly: start again from an empty folder, so that every kill meets a sweep.
                self._rounds += 1
                for path in (self._output / "records").glob("*.json"):
                    path.unlink()
            self._starts += 1
            self._servers = 0
            with start(self._arguments) as sweep:
                self._disturb(sweep)
                sweep.kill()
            if sweep.returncode not in END:
                raise SystemExit(f"a sweep ended with exit status {sweep.returncode}, by itself")
            self._ends[END[sweep.returncode]] += 1

    def told(self) -> str:
        """Return the figures."""
        kinds = ", ".join(f"{count} of {kind}" for kind, count in sorted(self._killed.items()))
        ends = ", ".join(f"{count} {end}" for end, count in sorted(self._ends.items()))
        killed = f"killed: {sum(self._killed.values())} ({kinds})"
        return f"{killed}; {self._starts} starts, which ended {ends}; {self._rounds} rounds"

    def survivors(self) -> list[str]:
        """Return the processes below killed sweeps that have not ended by themselves."""
        _, alive = psutil.wait_procs(list(self._seen.values()), timeout=10)
        return [" ".join(said(process))[:60] for process in alive if process.status() != psutil.STATUS_ZOMBIE]

    def _disturb(self, sweep: subprocess.Popen[bytes]) -> None:
        """Kill at random moments until the sweep has ended."""
        while self._left and sweep.poll() is None:
            time.sleep(self._chance.uniform(0.0, self._seconds))
            kind, victim = self._victim(sweep.pid)
            if victim is None:
                continue
            try:
                victim.kill()
            except psutil.NoSuchProcess:
                continue
            self._killed[kind] += 1
            self._servers += kind == SERVERS
            self._left -= 1
            if kind == "main":
                sweep.wait()

    def _victim(self, pid: int) -> tuple[str, psutil.Process | None]:
        """Choose a process, once a cell runs."""
        try:
            if not any(json.loads(path.read_text()).get("pid") == pid for path in self._claims()):
                return "", None
            sweep = psutil.Process(pid)
            below = sweep.children(recursive=True)
            self._seen |= {process.pid: process for process in below}
            workers = [process for process in below if self._may_be_killed(process, pid)]
        except (psutil.NoSuchProcess, FileNotFoundError, ValueError):
            # Ended, or released, or written just now.
            return "", None
        if not workers:
            return "", None
        if self._chance.random() < SHARE_OF_MAIN:
            return "main", sweep
        victim = self._chance.choice(workers)
        return SERVERS if is_server(victim, pid) else kind(victim), victim

    def _may_be_killed(self, process: psutil.Process, sweep: int) -> bool:
        if self._is_ray:
            # Not what stands for the machine itself: ray_kill.py does that.
            return kind(process) != "workers" or "forkserver" in " ".join(said(process))
        if is_server(process, sweep) and self._servers == SERVERS_AT_MOST:
            return False
        return not process.children() and is_cell(process)

    def _claims(self) -> list[Path]:
        return [path for path in (self._output / "claims").glob("*.json") if not path.name.startswith(".")]

    def _is_calm(self) -> bool:
        return all(record["status"] == "ok" for record in read(self._output).values())


def kind(process: psutil.Process) -> str:
    """Return what is killed, for the figures."""
    title = " ".join(said(process))
    # Ray's agents have such titles too, but end the machine with themselves.
    return "Ray workers" if title.startswith(RAY) and "Agent" not in title else "workers"


def said(process: psutil.Process) -> list[str]:
    """Return the command line of a process; empty if it has just ended."""
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def is_server(process: psutil.Process, sweep: int) -> bool:
    """Say whether a process is the one that the workers of a sweep are forked from; they keep its words."""
    try:
        return process.ppid() == sweep and "forkserver" in " ".join(said(process))
    except psutil.NoSuchProcess:
        return False


def is_cell(process: psutil.Process) -> bool:
    """Say whether a process trains: it has imported torch and computes."""
    try:
        return process.memory_info().rss > 100 * 2**20
    except psutil.NoSuchProcess:
        return False


def read(output: Path) -> dict[str, Any]:
    """Return key -> record; a half-written one would not parse."""
    records = [json.loads(path.read_text()) for path in (output / "records").glob("*.json")]
    return {record["key"]: record for record in records}


def verdict(calm: dict[str, Any], stormy: dict[str, Any], output: Path, cells: int) -> int:
    """Compare what has to be equal, and look at what is left over."""
    differing = [
        f"{key}: {field}"
        for key in sorted({*calm, *stormy})
        for field in COMPARED
        if calm.get(key, {}).get(field) != stormy.get(key, {}).get(field)
    ]
    left = [path.name for folder in ("claims", "checkpoints") for path in (output / folder).iterdir()]
    halves = [path.name for path in output.rglob(".*.tmp")]
    print(f"{len(stormy)} of {len(calm)} records, {len(differing)} differing fields {differing[:5]}")
    print(f"left over: claims and checkpoints {left}, half-written files {halves}")
    is_equal = not differing and len(stormy) == len(calm) == cells
    print("equal to the last bit" if is_equal else "NOT EQUAL")
    return 0 if is_equal and not left else 4


if __name__ == "__main__":
    sys.exit(main())

"""Tests that one sweep holds a cell at a time, and that exactly one takes over a stale lease."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from seqbench.base.process_identity import Holder, is_dead, machine, this_process
from seqbench.errors import StoreError
from seqbench.running.leases import Leases, drop_stale

RACER = """
import os, sys, time
from pathlib import Path
from seqbench.running.leases import Leases

folder, inside = Path(sys.argv[1]), Path(sys.argv[2])
while not (inside / "go").exists():
    time.sleep(0.001)
with Leases(folder, 60.0) as leases:
    held = clashes = 0
    end = time.monotonic() + 1.5
    while time.monotonic() < end:
        for key in ("a", "b"):
            if not leases.take(key, key):
                continue
            held += 1
            try:
                # The oracle: two at once in here would meet at this file.
                os.close(os.open(inside / key, os.O_CREAT | os.O_EXCL))
            except FileExistsError:
                clashes += 1
            else:
                time.sleep(0.0005)
                os.unlink(inside / key)
            if held % 5 == 0:
                # Die with it, as kill -9 does, in a file that others have to take over.
                for path in folder.glob(key + "*.json"):
                    try:
                        text = path.read_text()
                    except FileNotFoundError:
                        continue  # what another tried to take, and left
                    if f'"pid": {os.getpid()},' in text:
                        path.write_text(text.replace(f'"pid": {os.getpid()},', '"pid": 4194303,'))
                leases._held.pop(key)
            else:
                leases.release(key)
print(held, clashes)
"""


def dead_claim(token: str = "dead") -> str:
    """Return a claim of a process of this machine that has ended."""
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return claim_text(Holder("here", machine(), child.pid, time.time()), token)


def claim_text(holder: Holder, token: str = "other") -> str:
    return json.dumps({"cell": "x", "token": token, **vars(holder)})


ELSEWHERE = Holder("elsewhere", "another machine", 1, 0.0)


@pytest.mark.slow
def test_processes_that_race_for_cells_whose_holders_die_never_hold_one_together(tmp_path: Path) -> None:
    folder, inside = tmp_path / "claims", tmp_path / "inside"
    folder.mkdir()
    inside.mkdir()
    (folder / "a.json").write_text(dead_claim())
    command = [sys.executable, "-c", RACER, str(folder), str(inside)]
    racers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    (inside / "go").touch()
    said = [racer.communicate(timeout=60)[0].split() for racer in racers]
    assert [clashes for _, clashes in said] == ["0"] * 4
    assert sum(int(held) for held, _ in said) > 40
    with Leases(folder, 60.0) as leases:
        drop_stale(leases, folder, [])
    assert not list(folder.glob("[ab].json"))


def test_stale_claim_is_taken_over_once_and_leaves_nothing_when_released(tmp_path: Path) -> None:
    (tmp_path / "k.json").write_text(dead_claim())
    with Leases(tmp_path, 60.0) as first, Leases(tmp_path, 60.0) as second:
        assert first.take("k", "the cell")
        assert not second.take("k", "the cell")
        holder = second.holder("k")
        assert holder is not None
        assert holder.holder == this_process()
        first.release("k")
        assert list(tmp_path.glob("k*")) == []
        assert second.take("k", "the cell")
    assert list(tmp_path.iterdir()) == []


def test_claim_of_another_machine_counts_until_it_is_no_longer_renewed(tmp_path: Path) -> None:
    path = tmp_path / "k.json"
    path.write_text(claim_text(ELSEWHERE))
    with Leases(tmp_path, 30.0) as leases:
        assert not leases.take("k", "the cell")
        os.utime(path, (time.time() - 31, time.time() - 31))
        assert leases.take("k", "the cell")


@pytest.mark.slow
def test_claim_that_is_held_is_renewed_and_one_that_was_lost_stays_with_its_new_holder(tmp_path: Path) -> None:
    with Leases(tmp_path, 0.4) as first, Leases(tmp_path, 0.4) as second:
        assert first.take("k", "the cell")
        time.sleep(1.0)
        assert not second.take("k", "the cell")
        # As if the first had been asleep.
        first._ended.set()
        time.sleep(0.8)
        assert second.take("k", "the cell")
        first.release("k")
        holder = first.holder("k")
        assert holder is not None
        assert holder.token == second._held["k"][0]


def test_claim_that_is_half_written_counts_until_it_is_old(tmp_path: Path) -> None:
    path = tmp_path / "k.json"
    path.write_text('{"cell": ')
    with Leases(tmp_path, 30.0) as leases:
        assert not leases.take("k", "the cell")
        os.utime(path, (time.time() - 31, time.time() - 31))
        assert leases.take("k", "the cell")


def test_process_number_that_was_given_to_another_process_does_not_keep_a_claim(tmp_path: Path) -> None:
    me = this_process()
    assert not is_dead(me)
    assert is_dead(Holder(me.host, me.machine, me.pid, me.started - 100))
    assert not is_dead(ELSEWHERE)


def test_folder_that_is_gone_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="the cell"), Leases(tmp_path / "gone", 60.0) as leases:
        leases.take("k", "the cell")

"""Tests that records, leases and journals of an earlier version are read and respected."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path

import pytest

from seqbench.records.layout import Layout, key_of
from seqbench.records.store import Store
from seqbench.running.leases import Leases
from seqbench.running.status import look

EARLIER = Path(__file__).with_name("earlier")
"""Two records as version 0.1 wrote them."""
NAMES = ("adding_gru_T1024_s0_cd7619742e964da2b4a5", "adding_gru_T16_s0_8046544033d235a9d149")
LEFT = "0123456789abcdef0123"
"""A cell that a sweep of the version before runs on another machine."""

JOURNAL = (
    '{"command":["seqbench","run"],"holder":{"host":"far","machine":"far","pid":7,"started":1.0},'
    '"started":"2026-01-01T00:00:00.000+00:00","workers":1,"cells":[{"key":"KEY","task":"copy","model":"rnn",'
    '"length":8,"seed":0,"steps":50,"work":400.0,"is_pending":true}],"claim_seconds":60.0}\n'
)
LIVE = (
    '{"updated":"2026-01-01T00:00:01.000+00:00","ended":null,"running":[{"key":"KEY",'
    '"since":"2026-01-01T00:00:00.500+00:00","attempt":1,"step":5,"loss":0.5,"steps_per_second":10.0}]}\n'
)
LEASE = {"cell": "copy rnn T=8 seed 0", "token": "t", "host": "far", "machine": "far", "pid": 7, "started": 1.0}


@pytest.fixture
def earlier(tmp_path: Path) -> Path:
    """Return a folder as version 0.1 lays it out, with two records and a cell that runs."""
    for folder in ("records", "claims", "checkpoints", "logs", "sweeps"):
        (tmp_path / folder).mkdir()
    shutil.copy(EARLIER / "store.json", tmp_path)
    for name in NAMES:
        shutil.copy(EARLIER / "records" / f"{name}.json", tmp_path / "records")
    (tmp_path / "claims" / f"{LEFT}.json").write_text(json.dumps(LEASE))
    (tmp_path / "logs" / f"copy_rnn_T8_s0_{LEFT}.log").write_text("==== begun\n")
    (tmp_path / "sweeps" / "0123_far_7.json").write_text(JOURNAL.replace("KEY", LEFT))
    (tmp_path / "sweeps" / "0123_far_7.live.json").write_text(LIVE.replace("KEY", LEFT))
    return tmp_path


def test_records_of_an_earlier_version_are_found_and_lie_where_new_ones_would(earlier: Path) -> None:
    store = Store(earlier)
    assert store.status() == {key_of(Path(f"{name}.json")): "ok" for name in NAMES}
    records = store.read()
    assert [store.layout.record(record).stem for record in records] == list(NAMES)
    assert [record.title for record in records] == ["adding gru T=1024 seed 0", "adding gru T=16 seed 0"]
    assert all(record.is_final for record in records)


def test_cell_that_an_earlier_version_runs_is_left_to_it_until_it_is_stale(earlier: Path) -> None:
    lease = earlier / "claims" / f"{LEFT}.json"
    with Leases(Layout(earlier).leases, 30.0) as leases:
        assert not leases.take(LEFT, "the cell")
        os.utime(lease, (time.time() - 100,) * 2)
        assert leases.take(LEFT, "the cell")


def test_status_tells_of_the_sweep_of_an_earlier_version(earlier: Path) -> None:
    seen = look(earlier)
    assert seen.states == {"ok": 2, "running": 1}
    (running,) = seen.running
    assert (running.cell, running.step, running.steps, running.stale) == ("copy rnn T=8 seed 0", 5, 50, None)
    assert running.log == earlier / "logs" / f"copy_rnn_T8_s0_{LEFT}.log"
    assert [(sweep.host, sweep.state) for sweep in seen.sweeps] == [("far", "running")]

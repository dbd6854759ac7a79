"""Reads the progress of sweeps, during and after their run, from the files of their store alone.

Writes nothing but an index of many records, and needs neither torch nor pandas. Builds on journal, leases, store.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from seqbench.base.plain_files import read_plain
from seqbench.base.process_identity import Holder, is_dead
from seqbench.errors import StoreError
from seqbench.records.layout import Layout, key_of
from seqbench.records.record_files import BROKEN, Seen
from seqbench.records.schema import FAILED, Record
from seqbench.records.store import Store
from seqbench.running.eta import Load, Pace, Underway
from seqbench.running.journal import CellNote, LiveNote, RunningNote, SweepNote, read_journals
from seqbench.running.leases import Lease, follow, leased

_RECORDS_FOR_PACE = 200
_LACKS = frozenset({"missing", "interrupted", BROKEN})
_SECONDS_OF_A_LEASE = float(SweepNote.model_fields["claim_seconds"].default)
"""Age from which a lease is stale if its sweep has no journal."""


@dataclass(frozen=True)
class Running:
    """A cell with a lease.

    Attributes:
        key, cell: the cell's key and title.
        host, pid: the machine and process of its sweep; pid is None if the lease cannot be read.
        seconds: time since it began; None if its sweep has not recorded it.
        attempt, step, steps, loss, steps_per_second: its latest recorded progress; None before its first step.
        stale: why it does not run any more; None if it runs.
        log: its log file.
    """

    key: str
    cell: str
    host: str
    pid: int | None
    seconds: float | None
    attempt: int
    step: int | None
    steps: int | None
    loss: float | None
    steps_per_second: float | None
    stale: str | None
    log: Path | None


@dataclass(frozen=True)
class Failure:
    """A cell that failed or ran out of time, with the reason and the log."""

    key: str
    cell: str
    status: str
    reason: str
    log: Path | None


@dataclass(frozen=True)
class SweepState:
    """A sweep: its command, machine, start, number of cells, and end.

    ``state`` is ``running``, ``finished``, ``interrupted``, ``killed``, or the error that ended it.
    """

    command: tuple[str, ...]
    host: str
    pid: int
    started: str
    cells: int
    state: str


@dataclass(frozen=True)
class Status:
    """The state of the sweeps in a store.

    Attributes:
        cells: number of known cells, from all sweeps and all records.
        states: number of cells that are ``ok``, ``diverged``, ``failed``, ``timeout``, ``interrupted`` (from their
            records), ``broken`` (their file holds no whole record), ``running``, ``waiting`` (for a running sweep)
            or ``missing`` (no sweep will run them).
        running: cells with a lease, stale ones included.
        failures: in the order of their files.
        sweeps: the running ones, the latest, and those with cells that no later one has; the oldest first.
        seconds_left: time until the running sweeps end; None if none runs or nothing is known yet.
    """

    cells: int
    states: Mapping[str, int]
    running: tuple[Running, ...]
    failures: tuple[Failure, ...]
    sweeps: tuple[SweepState, ...]
    seconds_left: float | None


@dataclass(frozen=True)
class _Found:
    """The content of a store: key -> record, the journals of sweeps, key -> log."""

    seen: Mapping[str, Seen]
    journals: Sequence[tuple[SweepNote, LiveNote | None]]
    logs: Mapping[str, Path]

    @cached_property
    def cells(self) -> Mapping[str, CellNote]:
        """Key -> cell of all sweeps."""
        return {cell.key: cell for note, _ in self.journals for cell in note.cells}

    @cached_property
    def told(self) -> Mapping[str, RunningNote]:
        """Key -> latest recorded progress of a running cell."""
        return {told.key: told for _, live in self.journals if live for told in live.running}

    def lease_seconds(self, holder: Holder | None) -> float:
        """Return the age from which leases of a process are stale."""
        told = {(note.holder.machine, note.holder.pid): note.claim_seconds for note, _ in self.journals}
        return told.get((holder.machine, holder.pid), _SECONDS_OF_A_LEASE) if holder else _SECONDS_OF_A_LEASE


def look(folder: Path) -> Status:
    """Return the state of a store.

    Raises:
        StoreError: the folder is not a store, or has another schema version.
    """
    store = _store(folder)
    layout = store.layout
    found = _Found(store.seen(), read_journals(layout.journals), layout.log_files())
    running = [_running(lease, found) for lease in _leases(layout.leases)]
    alive = [each for each in running if each.stale is None]
    sweeps = [_state(note, live, running) for note, live in found.journals]
    ours = [note for (note, _), sweep in zip(found.journals, sweeps, strict=True) if sweep.state == "running"]
    waiting = _waiting(ours, alive, found.seen)
    known = {
        **dict.fromkeys(found.cells, "missing"),
        **{key: each.status for key, each in found.seen.items()},
        **dict.fromkeys(waiting, "waiting"),
        **{each.key: "running" for each in alive},
    }
    return Status(
        cells=len(known),
        states=dict(Counter(known.values())),
        running=tuple(running),
        failures=(*_failures(layout, found), *_broken(found)),
        sweeps=tuple(_telling([note for note, _ in found.journals], sweeps, known)),
        seconds_left=_seconds_left(layout, found, ours, alive, waiting) if ours else None,
    )


def _store(folder: Path) -> Store:
    if not Layout(folder).mark.is_file():
        what = "it has no store.json" if folder.is_dir() else "there is no such folder"
        raise StoreError(
            f"{folder} is no folder of results: {what}; give the one that a run wrote to, such as results/quick"
        )
    return Store(folder)


def _leases(folder: Path) -> Iterator[Lease]:
    for key in sorted(leased(folder)):
        chain = list(follow(folder, key))
        if chain:
            yield chain[-1]


def _running(lease: Lease, found: _Found) -> Running:
    cell, told = found.cells.get(lease.key), found.told.get(lease.key)
    return Running(
        key=lease.key,
        cell=lease.cell or str(cell or lease.key),
        host=lease.host,
        pid=lease.holder.pid if lease.holder else None,
        seconds=max(0.0, time.time() - _seconds(told.since)) if told else None,
        attempt=told.attempt if told else 1,
        step=told.step if told else None,
        steps=cell.steps if cell else None,
        loss=told.loss if told else None,
        steps_per_second=told.steps_per_second if told else None,
        stale=_stale(lease, found.lease_seconds(lease.holder)),
        log=found.logs.get(lease.key),
    )


def _stale(lease: Lease, seconds: float) -> str | None:
    """Return why a lease is stale; None if it is held.

    Args:
        lease: the last one of its chain.
        seconds: the age from which it is stale.
    """
    if lease.holder is not None and is_dead(lease.holder):
        return "its process has died"
    age = time.time() - lease.renewed
    return f"not renewed for {age:.0f} s" if age > seconds else None


def _waiting(
    sweeps: Sequence[SweepNote], alive: Sequence[Running], seen: Mapping[str, Seen]
) -> dict[str, CellNote]:
    """Return key -> cell of all cells that the running sweeps will run."""
    running = {each.key for each in alive}
    return {
        cell.key: cell
        for note in sweeps
        for cell in note.cells
        if cell.is_pending
        and cell.key not in running
        and (cell.key not in seen or seen[cell.key].stamp[1] / 1e9 < _seconds(note.started))
    }


def _state(note: SweepNote, live: LiveNote | None, running: Sequence[Running]) -> SweepState:
    holder = note.holder
    holds = [each for each in running if (each.host, each.pid) == (holder.host, holder.pid)]
    # Processes of another machine are known by their leases only.
    is_gone = is_dead(holder) or (bool(holds) and all(each.stale for each in holds))
    ended = live.ended if live else None
    return SweepState(
        command=note.command,
        host=holder.host,
        pid=holder.pid,
        started=note.started,
        cells=len(note.cells),
        state=ended or ("killed" if is_gone else "running"),
    )


def _telling(
    notes: Sequence[SweepNote], states: Sequence[SweepState], known: Mapping[str, str]
) -> list[SweepState]:
    """Leave out ended sweeps, except the latest and those with cells that no sweep has finished since."""
    told: list[SweepState] = []
    later: set[str] = set()
    for note, state in reversed(list(zip(notes, states, strict=True))):
        lacking = {cell.key for cell in note.cells if known[cell.key] in _LACKS}
        if state.state == "running" or not told or lacking - later:
            told.append(state)
        later |= {cell.key for cell in note.cells}
    return told[::-1]


def _failures(layout: Layout, found: _Found) -> Iterator[Failure]:
    failed = [key for key, each in found.seen.items() if each.status in FAILED]
    for record in _read(layout, failed):
        reason = " ".join((record.reason or "no reason was recorded").split())
        yield Failure(record.key, record.title, record.status, reason, found.logs.get(record.key))


def _broken(found: _Found) -> Iterator[Failure]:
    for key, each in found.seen.items():
        if each.problem is not None:
            yield Failure(key, str(found.cells.get(key, key)), BROKEN, each.problem, found.logs.get(key))


def _read(layout: Layout, keys: Iterable[str]) -> list[Record]:
    if not (wanted := list(keys)):
        return []
    paths = {key_of(path): path for path in layout.record_files()}
    some = [paths[key] for key in wanted if key in paths]
    return [Record.from_json(read_plain(path), str(path)) for path in some]


def _seconds_left(
    layout: Layout,
    found: _Found,
    sweeps: Sequence[SweepNote],
    alive: Sequence[Running],
    waiting: Mapping[str, CellNote],
) -> float | None:
    done = [key for key in found.cells if key in found.seen and found.seen[key].status == "ok"]
    pace = Pace()
    for record in _read(layout, done[-_RECORDS_FOR_PACE:]):
        costs = record.costs
        spent = [costs.load_seconds, costs.train_seconds, costs.test_seconds]
        pace.add(_load(found.cells[record.key]), sum(seconds for seconds in spent if seconds is not None))
    underway = [
        Underway(_load(found.cells[each.key]), each.seconds or 0.0, (each.step or 0) / max(1, each.steps or 1))
        for each in alive
        if each.key in found.cells
    ]
    # In the order in which a sweep starts them.
    loads = sorted((_load(cell) for cell in waiting.values()), key=lambda load: -load.work)
    return pace.seconds_left(underway, loads, sum(note.workers for note in sweeps))


def _load(cell: CellNote) -> Load:
    return Load(cell.task, cell.model, cell.work)


def _seconds(when: str) -> float:
    return datetime.fromisoformat(when).replace(tzinfo=UTC).timestamp()

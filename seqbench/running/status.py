"""Reports how sweeps stand, while they run and afterwards, from the files of their store alone.

Writes nothing, and needs neither torch nor pandas.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from seqbench.base.plain_files import read_plain
from seqbench.base.process_identity import is_dead
from seqbench.errors import StoreError
from seqbench.jobs.cell_logs import logs_in
from seqbench.records.schema import CellData, Record
from seqbench.records.store import BROKEN, MARK, Seen, Store
from seqbench.running.eta import Load, Pace, Underway
from seqbench.running.journal import CellNote, LiveNote, RunningNote, SweepNote, read_notes
from seqbench.running.leases import Claim, claimed, follow

_PROBLEMS = frozenset({"failed", "timeout"})
_RECORDS_FOR_PACE = 200
_LACKS = frozenset({"missing", "interrupted", BROKEN})
_SECONDS_OF_A_CLAIM = float(SweepNote.model_fields["claim_seconds"].default)
"""Where the sweep that made it has left no note."""


@dataclass(frozen=True)
class Running:
    """A cell on which there is a claim.

    Attributes:
        key, cell: which.
        host, pid: of the sweep that runs it; pid None where the claim cannot be read.
        seconds: since it began; None where its sweep has left no word of it.
        attempt, step, steps, loss, steps_per_second: how it goes, as last told; None before its first step.
        stale: why it does not run any more; None where it does.
        log: what it says.
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
    """A cell that failed or ran out of time, why, and its log."""

    key: str
    cell: str
    status: str
    reason: str
    log: Path | None


@dataclass(frozen=True)
class SweepState:
    """A sweep: its command, where and since when it runs, how many cells it has, how it ended.

    ``state`` is ``running``, ``finished``, ``interrupted``, ``killed``, or the error that ended it.
    """

    command: tuple[str, ...]
    host: str
    pid: int
    started: str
    cells: int
    state: str


@dataclass(frozen=True)
class Overview:
    """The state of all sweeps of a store.

    Attributes:
        cells: how many are known: of all sweeps, and of all records.
        states: how many are ``ok``, ``diverged``, ``failed``, ``timeout``, ``interrupted`` (as their record
            says), ``broken`` (no whole record stands in its file), ``running``, ``waiting`` (a sweep that runs
            will run them) or ``missing`` (nobody will).
        running: cells with a claim, those with a stale one among them.
        failures: in the order of their files.
        sweeps: the oldest first: those that run, the latest, and those that left cells which no later one has.
        seconds_left: until the sweeps that run are through; None where none runs or nothing is known yet.
    """

    cells: int
    states: Mapping[str, int]
    running: tuple[Running, ...]
    failures: tuple[Failure, ...]
    sweeps: tuple[SweepState, ...]
    seconds_left: float | None


def look(folder: Path) -> Overview:
    """Return the state of a store.

    Raises:
        StoreError: the folder is no store, or one of another schema version.
    """
    if not (folder / MARK).is_file():
        what = "it has no store.json" if folder.is_dir() else "there is no such folder"
        raise StoreError(
            f"{folder} is no folder of results: {what}; give the one that `seqbench run` names with --output,"
            " such as results/quick"
        )
    store = Store(folder)
    seen, notes, logs = store.seen(), read_notes(folder), logs_in(folder)
    cells = {cell.key: cell for note, _ in notes for cell in note.cells}
    words = {told.key: told for note, live in notes if live for told in live.running}
    lives = {(note.holder.machine, note.holder.pid): note.claim_seconds for note, _ in notes}
    running = [
        _running(claim, _stale(claim, lives), words.get(claim.key), cells, logs) for claim in _claims(folder)
    ]
    alive = {each.key for each in running if each.stale is None}
    states = [_state(note, live, running) for note, live in notes]
    ours = [note for (note, _), state in zip(notes, states, strict=True) if state.state == "running"]
    waiting = {
        cell.key: cell
        for note in ours
        for cell in note.cells
        if cell.is_pending
        and cell.key not in alive
        and (cell.key not in seen or seen[cell.key].stamp[1] / 1e9 < _seconds(note.started))
    }
    known = {**dict.fromkeys(cells, "missing"), **{key: each.status for key, each in seen.items()}}
    known |= dict.fromkeys(waiting, "waiting") | dict.fromkeys(alive, "running")
    done = [key for key in cells if key in seen and seen[key].status == "ok"][-_RECORDS_FOR_PACE:]
    failed = [key for key, each in seen.items() if each.status in _PROBLEMS]
    return Overview(
        cells=len(known),
        states=dict(Counter(known.values())),
        running=tuple(running),
        failures=(*(_failure(record, logs) for record in _read(folder, failed)), *_broken(seen, cells, logs)),
        sweeps=tuple(_telling([note for note, _ in notes], states, known)),
        seconds_left=_seconds_left(
            _read(folder, done) if ours else [],
            ours,
            cells,
            [each for each in running if each.key in alive],
            waiting,
        ),
    )


def _claims(folder: Path) -> Iterable[Claim]:
    for key in sorted(claimed(folder / "claims")):
        chain = list(follow(folder / "claims", key))
        if chain:
            yield chain[-1]


def _running(
    claim: Claim,
    stale: str | None,
    told: RunningNote | None,
    cells: Mapping[str, CellNote],
    logs: Mapping[str, Path],
) -> Running:
    cell = cells.get(claim.key)
    return Running(
        key=claim.key,
        cell=claim.cell or str(cell or claim.key),
        host=claim.host,
        pid=claim.holder.pid if claim.holder else None,
        seconds=max(0.0, time.time() - _seconds(told.since)) if told else None,
        attempt=told.attempt if told else 1,
        step=told.step if told else None,
        steps=cell.steps if cell else None,
        loss=told.loss if told else None,
        steps_per_second=told.steps_per_second if told else None,
        stale=stale,
        log=logs.get(claim.key),
    )


def _stale(claim: Claim, lives: Mapping[tuple[str, int], float]) -> str | None:
    """Return why a claim is stale; None if it is held.

    Args:
        claim: the last of its chain.
        lives: machine and process of a sweep -> the age from which its claims are stale, in seconds.
    """
    holder, age = claim.holder, time.time() - claim.renewed
    if holder is not None and is_dead(holder):
        return "its process has died"
    life = lives.get((holder.machine, holder.pid), _SECONDS_OF_A_CLAIM) if holder else _SECONDS_OF_A_CLAIM
    return f"not renewed for {age:.0f} s" if age > life else None


def _state(note: SweepNote, live: LiveNote | None, running: Sequence[Running]) -> SweepState:
    holder = note.holder
    holds = [each for each in running if (each.host, each.pid) == (holder.host, holder.pid)]
    # Processes of another machine are known by their claims only.
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
    """Leave out sweeps that have ended, but for the latest and those with cells that nobody has finished since."""
    told: list[SweepState] = []
    later: set[str] = set()
    for note, state in reversed(list(zip(notes, states, strict=True))):
        lacking = {cell.key for cell in note.cells if known[cell.key] in _LACKS}
        if state.state == "running" or not told or lacking - later:
            told.append(state)
        later |= {cell.key for cell in note.cells}
    return told[::-1]


def _failure(record: Record, logs: Mapping[str, Path]) -> Failure:
    reason = " ".join((record.reason or "no reason was recorded").split())
    return Failure(record.key, _named(record.cell), record.status, reason, logs.get(record.key))


def _broken(
    seen: Mapping[str, Seen], cells: Mapping[str, CellNote], logs: Mapping[str, Path]
) -> Iterator[Failure]:
    for key, each in seen.items():
        if each.problem is not None:
            yield Failure(key, str(cells.get(key, key)), BROKEN, each.problem, logs.get(key))


def _named(cell: CellData) -> str:
    return f"{cell.task.name} {cell.model.name} T={cell.length} seed {cell.seed}"


def _read(folder: Path, keys: Iterable[str]) -> list[Record]:
    paths = {path.stem.rpartition("_")[2]: path for path in sorted((folder / "records").glob("[!.]*.json"))}
    some = [(paths[key], key) for key in keys if key in paths]
    return [Record.from_json(read_plain(path), str(path)) for path, _ in some]


def _seconds_left(
    done: Iterable[Record],
    sweeps: Sequence[SweepNote],
    cells: Mapping[str, CellNote],
    running: Sequence[Running],
    waiting: Mapping[str, CellNote],
) -> float | None:
    if not sweeps:
        return None
    pace = Pace()
    for record in done:
        costs = record.costs
        spent = [costs.load_seconds, costs.train_seconds, costs.test_seconds]
        pace.add(_load(cells[record.key]), sum(seconds for seconds in spent if seconds is not None))
    underway = [
        Underway(_load(cells[each.key]), each.seconds or 0.0, (each.step or 0) / max(1, each.steps or 1))
        for each in running
        if each.key in cells
    ]
    # In the order in which a sweep begins them.
    loads = sorted((_load(cell) for cell in waiting.values()), key=lambda load: -load.work)
    return pace.seconds_left(underway, loads, sum(note.workers for note in sweeps))


def _load(cell: CellNote) -> Load:
    return Load(cell.task, cell.model, cell.work)


def _seconds(when: str) -> float:
    return datetime.fromisoformat(when).replace(tzinfo=UTC).timestamp()

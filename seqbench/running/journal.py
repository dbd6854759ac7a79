"""Writes and reads the journals of sweeps in a store, which show their progress to other processes.

``sweeps/ID.json`` holds the command, its process and all its cells; ``sweeps/ID.live.json`` holds the running
cells and is rewritten at events. Only ``seqbench status`` depends on them. Builds on plan.
"""

from __future__ import annotations

import hashlib
import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from seqbench.base.atomic_files import write_atomically
from seqbench.base.plain_files import read_plain
from seqbench.base.process_identity import Holder, is_dead, this_process
from seqbench.experiment.schema import Execution
from seqbench.experiment.titles import title
from seqbench.jobs.events import Event, Finished, Progressed, Retried, Started
from seqbench.running.plan import Plan

log = logging.getLogger(__name__)

_LIVE = ".live.json"
_SECONDS_BETWEEN_WRITES = 1.0


class Noted(BaseModel):
    """The base of everything read from these files; fields of later versions are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class CellNote(Noted):
    """One cell of a sweep.

    ``work`` is proportional to its time, see `seqbench.plugins.grid.Expansion`; ``is_pending`` is False for a cell
    that was done before the sweep.
    """

    key: str
    task: str
    model: str
    length: int
    seed: int
    steps: int
    work: float
    is_pending: bool = True

    def __str__(self) -> str:
        return title(self.task, self.model, self.length, self.seed)


class SweepNote(Noted):
    """One sweep: its command, its process, the number of cells at a time, and all its cells.

    ``claim_seconds`` is the age from which its leases count as stale.
    """

    command: tuple[str, ...]
    holder: Holder
    started: str
    workers: int
    cells: tuple[CellNote, ...]
    claim_seconds: float = float(Execution.model_fields["claim_seconds"].default)


class RunningNote(Noted):
    """A running cell: its start, its attempt, and its progress (None before its first step)."""

    key: str
    since: str
    attempt: int = 1
    step: int | None = None
    loss: float | None = None
    steps_per_second: float | None = None


class LiveNote(Noted):
    """The progress of a sweep. ``ended`` says how it ended; None while it runs, or if its process was killed."""

    updated: str
    ended: str | None = None
    running: tuple[RunningNote, ...] = ()


Read = TypeVar("Read", bound=Noted)


@contextmanager
def journal(
    folder: Path,
    todo: Plan,
    workers: int,
    claim_seconds: float,
    stopping: Callable[[], bool],
) -> Iterator[Callable[[Event], None]]:
    """Write the journal of a sweep during the block; yield a function to call with every event.

    Errors in writing are ignored, because only records matter.

    Args:
        folder: the folder of the store's journals.
        todo: all cells of the sweep, also finished ones.
        workers: number of cells at a time.
        claim_seconds: the age from which the sweep's leases are stale.
        stopping: returns True once a stop is requested.
    """
    kept = _Journal(folder, _note(todo, workers, claim_seconds))
    kept.begin()
    try:
        yield kept.see
    except (KeyboardInterrupt, GeneratorExit):
        kept.end("interrupted")
        raise
    except BaseException as error:
        kept.end(f"{type(error).__name__}: {error}")
        raise
    kept.end("interrupted" if stopping() else "finished")


def read_journals(folder: Path) -> list[tuple[SweepNote, LiveNote | None]]:
    """Return the journals of the sweeps in a folder, the oldest first, without files that are not journals."""
    read = []
    for path in folder.glob("*.json"):
        if path.name.startswith(".") or path.name.endswith(_LIVE):
            continue
        note = _read(SweepNote, path)
        if note is not None:
            read.append((note, _read(LiveNote, path.with_suffix(_LIVE))))
    return sorted(read, key=lambda both: both[0].started)


def _note(todo: Plan, workers: int, claim_seconds: float) -> SweepNote:
    to_run = {cell.key for cell in todo.pending}
    return SweepNote(
        command=tuple(sys.argv),
        holder=this_process(),
        started=_now(),
        workers=workers,
        claim_seconds=claim_seconds,
        cells=tuple(
            CellNote(
                key=cell.key,
                task=cell.task.name,
                model=cell.model.shown,
                length=cell.length,
                seed=cell.seed,
                steps=cell.training.steps,
                work=todo.expansion.work(cell),
                is_pending=cell.key in to_run,
            )
            for cell in todo.cells
        ),
    )


class _Journal:
    """The two files of one sweep."""

    def __init__(self, folder: Path, note: SweepNote) -> None:
        self._folder = folder
        self._note = note
        # The same cells give the same stem, so that a restarted sweep replaces its old files.
        keys = hashlib.sha256("".join(sorted(cell.key for cell in note.cells)).encode()).hexdigest()[:12]
        self._same_cells = f"{keys}_*.json"
        self._stem = f"{keys}_{note.holder.host}_{note.holder.pid}"
        self._running: dict[str, RunningNote] = {}
        self._attempts: dict[str, int] = {}
        self._written = 0.0

    def begin(self) -> None:
        try:
            self._folder.mkdir(exist_ok=True)
            for path in self._folder.glob(self._same_cells):
                if not path.name.endswith(_LIVE) and _is_over(path):
                    path.unlink(missing_ok=True)
                    path.with_suffix(_LIVE).unlink(missing_ok=True)
        except OSError as error:
            log.info("%s: journals of earlier sweeps stay: %s", self._folder, error)
        self._write(f"{self._stem}.json", self._note)
        self._write_live(None)

    def see(self, event: Event) -> None:
        key = event.cell.key
        match event:
            case Started():
                self._running[key] = RunningNote(key=key, since=_now(), attempt=self._attempts.get(key, 1))
            case Progressed(step=step, loss=loss, steps_per_second=speed):
                told = {"step": step, "loss": loss, "steps_per_second": speed}
                self._running[key] = self._running[key].model_copy(update=told)
                is_last = step == event.cell.training.steps
                if time.monotonic() - self._written < _SECONDS_BETWEEN_WRITES and not is_last:
                    return
            case Retried():
                self._attempts[key] = self._running.pop(key).attempt + 1
            case Finished():
                self._running.pop(key, None)
        self._write_live(None)

    def end(self, how: str) -> None:
        self._running.clear()
        self._write_live(how)

    def _write_live(self, ended: str | None) -> None:
        self._written = time.monotonic()
        self._write(
            self._stem + _LIVE, LiveNote(updated=_now(), ended=ended, running=tuple(self._running.values()))
        )

    def _write(self, name: str, note: Noted) -> None:
        """Replace a file atomically, so that a reader never sees half of it; without fsync."""
        try:
            write_atomically(self._folder / name, note.model_dump_json() + "\n", is_synced=False)
        except OSError as error:
            log.info("%s cannot be written: %s", self._folder / name, error)


def _is_over(path: Path) -> bool:
    """Say whether the sweep of a journal has ended, or died on this machine."""
    note, live = _read(SweepNote, path), _read(LiveNote, path.with_suffix(_LIVE))
    return (live is not None and live.ended is not None) or (note is not None and is_dead(note.holder))


def _read(kind: type[Read], path: Path) -> Read | None:
    try:
        return kind.model_validate_json(read_plain(path))
    except (OSError, ValueError, ValidationError):
        return None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")

"""Records the results of cells from an executor: writes records, ends logs, releases leases, calls observers.

Builds on queue and store.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from typing import Any

from seqbench.base.printable import one_line
from seqbench.base.stop import Stop
from seqbench.errors import StoreError
from seqbench.experiment.cells import Cell
from seqbench.jobs.cell_logs import complete
from seqbench.jobs.events import Event, Finished, Started
from seqbench.plugins.catalog import Catalog
from seqbench.records.making import bounded, unfinished
from seqbench.records.schema import FINAL, Record
from seqbench.records.store import Store
from seqbench.running.queue import Queue
from seqbench.running.weights import with_weights_there


class Recorder:
    """Records the outcomes of cells.

    Args:
        store: gets the records.
        catalog: knows the observers.
        queue: gives the cells.
        environment: for records of cells that are ended by the sweep.
        ending: stops the sweep if records can no longer be written.

    Attributes:
        problem: why records can no longer be written; None while they can.
    """

    def __init__(
        self, store: Store, catalog: Catalog, queue: Queue, environment: Mapping[str, Any], ending: Stop
    ) -> None:
        self.problem: StoreError | None = None
        self._store = store
        self._catalog = catalog
        self._queue = queue
        self._environment = environment
        self._ending = ending
        self._running: dict[str, Cell] = {}

    def take(self) -> Cell | None:
        """Return the next cell; None if there is none, or once a stop is requested."""
        try:
            return None if self._ending.is_asked() else self._queue.take()
        except StoreError as error:
            # Not raised through the executor, so that running cells can write checkpoints.
            self._end(error if self._store.is_there() else self._gone(""))
            return None

    def kept(self, happening: Generator[Event], note: Callable[[Event], None]) -> Generator[Event]:
        """Yield the events of an executor; each record is written before its event is passed on."""
        try:
            with closing(happening) as events:
                for event in events:
                    if isinstance(event, Started):
                        self._running[event.cell.key] = event.cell
                    if isinstance(event, Finished):
                        event = Finished(event.cell, bounded(event.record))
                        del self._running[event.cell.key]
                        self._keep(event.cell, event.record)
                    note(event)
                    complete(self._store.layout, event)
                    yield event
        except (KeyboardInterrupt, GeneratorExit):
            # GeneratorExit: the caller was interrupted, or has stopped reading.
            for cell in self._running.values():
                why = "the sweep was interrupted"
                self._keep(cell, unfinished(cell, "interrupted", why, self._environment))
            raise

    def _keep(self, cell: Cell, record: Record) -> None:
        try:
            self._write(cell, record)
        except StoreError as error:
            self._end(error)
            return
        if not goes_on(record):
            self._store.layout.checkpoint(cell).unlink(missing_ok=True)
        self._queue.done(cell)
        tell_observers(record, self._catalog)

    def _write(self, cell: Cell, record: Record) -> None:
        was_there, seen = self._store.is_there(), self._store.look(cell)
        if record.status == "interrupted" and seen is not None and seen.status in FINAL:
            # The cell has no new result; the earlier record stays.
            return
        record = with_weights_there(record, self._store)
        path = self._store.write(record)
        if record.weights is None:
            # They belong to the record that this one replaces.
            self._store.layout.weights(record.key).unlink(missing_ok=True)
        if not was_there:
            self._end(self._gone(f"; the record of {cell} was written to {path} all the same"))

    def _end(self, problem: StoreError) -> None:
        self.problem = self.problem or problem
        self._ending.ask()

    def _gone(self, but: str) -> StoreError:
        return StoreError(
            f"the folder {self._store.path} was removed while the sweep ran{but}; the same command runs what is"
            " missing"
        )


def goes_on(record: Record) -> bool:
    """Say whether a cell may resume from its checkpoint when it is run again.

    After a process died, e.g. for lack of memory, its checkpoint is valid. An exception may come from the state in
    the checkpoint, and a fixed plugin starts anew.
    """
    died = record.status == "failed" and record.traceback is None
    return died or record.status in ("interrupted", "timeout")


def tell_observers(record: Record, catalog: Catalog) -> None:
    """Call every observer; an error in one becomes a warning."""
    for observer in catalog.observers:
        try:
            observer.call(record=record)
        except Exception as error:
            told = one_line(f"{observer.origin}, hook seqbench_cell_finished: {error!r}", 2000)
            warnings.warn(told, stacklevel=2)

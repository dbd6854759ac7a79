"""Records what an executor reports of cells (records, checkpoints, leases, logs), and then tells observers."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from typing import Any

from seqbench.base.printable import one_line
from seqbench.errors import StoreError
from seqbench.experiment.cells import Cell
from seqbench.jobs.cell_logs import complete
from seqbench.jobs.events import Event, Finished, Started
from seqbench.plugins.catalog import Catalog
from seqbench.records.making import bounded, unfinished
from seqbench.records.schema import Record
from seqbench.records.store import Store
from seqbench.running.plan import FINAL
from seqbench.running.queue import Backlog


class Keeper:
    """Records the outcomes of cells.

    Args:
        store: where records go.
        catalog: knows the observers.
        backlog: where the cells come from.
        environment: for the records of cells that are ended from here.

    Attributes:
        problem: why nothing can be kept any more; None while all is well.
    """

    def __init__(self, store: Store, catalog: Catalog, backlog: Backlog, environment: Mapping[str, Any]) -> None:
        self.problem: StoreError | None = None
        self._store = store
        self._catalog = catalog
        self._backlog = backlog
        self._environment = environment
        self._running: dict[str, Cell] = {}

    def take(self) -> Cell | None:
        """Return the next cell; None where there is none, and once there is a problem."""
        try:
            return None if self.problem else self._backlog.take()
        except StoreError as error:
            # Not raised through the executor, so that running cells end well.
            self.problem = error if self._store.is_there() else self._gone("")
            return None

    def kept(self, happening: Generator[Event], note: Callable[[Event], None]) -> Generator[Event]:
        """Yield what happens in an executor; each record is kept before it is told."""
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
                    complete(self._store.path, event)
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
            self.problem = self.problem or error
            return
        if not goes_on(record):
            self._store.checkpoint(cell).unlink(missing_ok=True)
        self._backlog.done(cell)
        tell_observers(record, self._catalog)

    def _write(self, cell: Cell, record: Record) -> None:
        was_there, seen = self._store.is_there(), self._store.look(cell)
        if record.status == "interrupted" and seen is not None and seen.status in FINAL:
            # It has no new result; the earlier one stays.
            return
        path = self._store.write(record)
        if not was_there:
            self.problem = self.problem or self._gone(f"; the record of {cell} was written to {path} all the same")

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

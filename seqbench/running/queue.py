"""Hands out the cells of a plan one by one, while other sweeps take cells of the same store.

The longest cell that has no record and that no other sweep runs comes first; its lease is taken before it is
handed out. Builds on leases, plan and store.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from seqbench.experiment.cells import Cell
from seqbench.records.store import Store
from seqbench.running.leases import Lease, Leases
from seqbench.running.plan import Plan

SECONDS_BETWEEN_LOOKS = 1.0
"""Time between two checks of a cell that another sweep runs."""


@dataclass(frozen=True)
class Waiting:
    """Nothing is left to run here: other sweeps into the same store run the rest.

    Attributes:
        cells: the cells that are not done.
        hosts: the machines of the other sweeps.
    """

    cells: tuple[Cell, ...]
    hosts: tuple[str, ...]


class Queue:
    """The cells of a plan that are not done yet.

    Args:
        todo: the plan.
        store: the store, in which records of other sweeps appear too.
        leases: their block must surround the use of this object.
    """

    def __init__(self, todo: Plan, store: Store, leases: Leases) -> None:
        self._todo = todo
        self._store = store
        self._leases = leases
        self._left = {cell.key: cell for cell in todo.pending}
        self._running: set[str] = set()
        self._ahead: list[Cell] = []
        self._look_again: dict[str, float] = {}

    @property
    def is_done(self) -> bool:
        """Whether every cell has ended, here or elsewhere."""
        return not self._left

    @property
    def is_ready(self) -> bool:
        """Whether a cell was taken while waiting."""
        return bool(self._ahead)

    def take(self) -> Cell | None:
        """Take the next cell; None if every remaining cell is done or run by another sweep.

        Raises:
            StoreError: its lease cannot be written.
        """
        if self._ahead:
            return self._ahead.pop()
        now = time.monotonic()
        for cell in [cell for key, cell in self._left.items() if key not in self._running]:
            if self._look_again.get(cell.key, 0.0) <= now and self._is_taken(cell):
                return cell
        return None

    def done(self, cell: Cell) -> None:
        """Record that a taken cell has ended, and give up its lease."""
        self._left.pop(cell.key)
        self._running.discard(cell.key)
        self._leases.release(cell.key)

    def wait(self, is_ending: Callable[[], bool], *, leaves_living: bool) -> Iterator[Waiting]:
        """Wait until there is a cell to take, or none left, or until a stop is requested.

        Args:
            is_ending: returns True once a stop is requested.
            leaves_living: wait only until the sweeps that hold the rest have proved alive.

        Yields:
            What this sweep waits for, at each change.
        """
        first, told = self._held(), None
        while self._left and not is_ending():
            cell = self.take()
            if cell is not None:
                self._ahead.append(cell)
                return
            held = self._held()
            waiting = Waiting(tuple(self._left.values()), tuple(sorted({lease.host for lease in held.values()})))
            if held and waiting != told:
                yield waiting
                told = waiting
            # A cell without a holder is free, and is taken at the next look.
            if leaves_living and all(key in held and held[key] != first.get(key) for key in self._left):
                return
            time.sleep(SECONDS_BETWEEN_LOOKS / 2)

    def _is_taken(self, cell: Cell) -> bool:
        """Try to take the lease on a cell that is not done; say whether it is ours."""
        if self._is_done(cell):
            del self._left[cell.key]
            return False
        if not self._leases.take(cell.key, str(cell)):
            self._look_again[cell.key] = time.monotonic() + SECONDS_BETWEEN_LOOKS
            return False
        if self._is_done(cell):
            # Its record was written between the look and the lease.
            self._leases.release(cell.key)
            del self._left[cell.key]
            return False
        self._running.add(cell.key)
        if self._todo.on_existing.begins_anew:
            self._store.layout.checkpoint(cell).unlink(missing_ok=True)
        return True

    def _is_done(self, cell: Cell) -> bool:
        return self._todo.on_existing.is_done(self._store.look(cell), self._todo.seen.get(cell.key))

    def _held(self) -> dict[str, Lease]:
        leases = {key: self._leases.holder(key) for key in self._left}
        return {key: lease for key, lease in leases.items() if lease is not None}

"""Chooses the next cell to run while other sweeps take cells of the same store.

It is the longest cell that has no record and no lease of another sweep; its lease is taken before it is given out.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from seqbench.experiment.cells import Cell
from seqbench.records.store import Store
from seqbench.running.leases import Claim, Claims
from seqbench.running.plan import Plan

SECONDS_BETWEEN_LOOKS = 1.0
"""At a cell that another sweep has claimed."""


@dataclass(frozen=True)
class Waiting:
    """Nothing is left to run here: other sweeps into the same store have claimed the rest.

    Attributes:
        cells: those that are not done.
        hosts: the machines of the other sweeps.
    """

    cells: tuple[Cell, ...]
    hosts: tuple[str, ...]


class Backlog:
    """The cells of a plan that are not done yet.

    Args:
        todo: what is to be run.
        store: where the records of others appear.
        claims: entered by whoever makes this object.
    """

    def __init__(self, todo: Plan, store: Store, claims: Claims) -> None:
        self._todo = todo
        self._store = store
        self._claims = claims
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
        """Whether a cell was claimed while waiting."""
        return bool(self._ahead)

    def take(self) -> Cell | None:
        """Claim the next cell; None where every cell that is left is done or claimed by another sweep.

        Raises:
            StoreError: it cannot be claimed.
        """
        if self._ahead:
            return self._ahead.pop()
        now = time.monotonic()
        for cell in [cell for key, cell in self._left.items() if key not in self._running]:
            if self._look_again.get(cell.key, 0.0) <= now and self._is_taken(cell):
                return cell
        return None

    def done(self, cell: Cell) -> None:
        """Note that a cell that was taken has ended, and give up its claim."""
        self._left.pop(cell.key)
        self._running.discard(cell.key)
        self._claims.release(cell.key)

    def wait(self, is_ending: Callable[[], bool], *, leaves_living: bool) -> Iterator[Waiting]:
        """Wait until there is a cell to take, or none left, or until the end is asked for.

        Args:
            is_ending: says whether it is.
            leaves_living: wait only until the sweeps that hold the rest have shown that they live.

        Yields:
            What is waited for, each time that it changes.
        """
        first, told = self._held(), None
        while self._left and not is_ending():
            cell = self.take()
            if cell is not None:
                self._ahead.append(cell)
                return
            held = self._held()
            waiting = Waiting(tuple(self._left.values()), tuple(sorted({claim.host for claim in held.values()})))
            if held and waiting != told:
                yield waiting
                told = waiting
            # A cell that is not held is free, and is taken at the next look.
            if leaves_living and all(key in held and held[key] != first.get(key) for key in self._left):
                return
            time.sleep(SECONDS_BETWEEN_LOOKS / 2)

    def _is_taken(self, cell: Cell) -> bool:
        """Claim a cell that is not done; say whether it is ours."""
        if self._is_done(cell):
            del self._left[cell.key]
            return False
        if not self._claims.take(cell.key, str(cell)):
            self._look_again[cell.key] = time.monotonic() + SECONDS_BETWEEN_LOOKS
            return False
        if self._is_done(cell):
            # Its record was written between the check and the claim.
            self._claims.release(cell.key)
            del self._left[cell.key]
            return False
        self._running.add(cell.key)
        if self._todo.on_existing.begins_anew:
            self._store.checkpoint(cell).unlink(missing_ok=True)
        return True

    def _is_done(self, cell: Cell) -> bool:
        return self._todo.on_existing.is_done(self._store.look(cell), self._todo.seen.get(cell.key))

    def _held(self) -> dict[str, Claim]:
        claims = {key: self._claims.holder(key) for key in self._left}
        return {key: claim for key, claim in claims.items() if claim is not None}

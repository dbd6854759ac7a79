"""Divides the cells of one experiment among n sweeps.

The division is the same on every machine and does not depend on finished cells, so each machine computes its share
itself.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from seqbench.errors import ExperimentError
from seqbench.experiment.cells import Cell

Item = TypeVar("Item")


@dataclass(frozen=True)
class Shard:
    """One of several shares of the cells: ``number`` of ``count``, counted from 1."""

    number: int
    count: int

    @staticmethod
    def read(text: str) -> Shard:
        """Read ``i/n``.

        >>> Shard.read("2/8")
        Shard(number=2, count=8)

        Raises:
            ExperimentError: the text has another form, or i is not between 1 and n.
        """
        found = re.fullmatch(r"(\d{1,9})/(\d{1,9})", text.strip())
        if not found or not 1 <= int(found[1]) <= int(found[2]):
            raise ExperimentError(f"shard {text!r}: write it as i/n with i from 1 to n, such as 2/8")
        return Shard(int(found[1]), int(found[2]))

    def of(self, cells: Sequence[Cell], work: Callable[[Cell], float]) -> list[Cell]:
        """Return this share, in the order of ``cells``; all shares have about the same work.

        Cells are assigned in the order of their work, the largest first, each to the share with the least so far.
        """
        ordered = sorted(cells, key=lambda cell: (-work(cell), cell.key))
        mine = {cell.key for cell in self.dealt(ordered, work)}
        return [cell for cell in cells if cell.key in mine]

    def dealt(self, items: Iterable[Item], work: Callable[[Item], float]) -> Iterator[Item]:
        """Yield the items of this share; each is dealt, in their order, to the share with the least work so far.

        >>> list(Shard(2, 2).dealt("abcde", lambda letter: 1.0))
        ['b', 'd']
        """
        loads = [(0.0, number) for number in range(1, self.count + 1)]
        for item in items:
            load, number = loads[0]
            heapq.heapreplace(loads, (load + work(item), number))
            if number == self.number:
                yield item

"""Packs the details of the cells of a page into parts that its script unpacks when a cell is opened.

A part is JSON, compressed (deflate, RFC 1951) and written in base64. The same cells give the same bytes.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from seqbench.records.curves import Curves
from seqbench.report.charts.lines import Look
from seqbench.report.names import Names
from seqbench.report.page.cells import Common, cell, points_of_a_curve
from seqbench.report.page.groups import Group
from seqbench.report.page.texts import script_json

_CELLS = 64
"""The number of cells from which a part is full: few to unpack, and enough that compression pays."""

_LEVEL = 9


@dataclass(frozen=True)
class Details:
    """The details of all cells.

    Attributes:
        points: the largest number of points of a curve.
        parts: what all cells share, then the cells, each as text.
        part_of: task, model and length -> the index of the part of their cells.
    """

    points: int
    parts: tuple[str, ...]
    part_of: Mapping[tuple[str, str, int], int]


class Packer:
    """Packs the cells of one group after the other, and keeps no record."""

    def __init__(self, names: Names, look_of: Mapping[str, Look], cells: int, rows: int) -> None:
        self._common = Common(names, points_of_a_curve(cells, rows))
        self._look_of = look_of
        self._open: dict[str, Any] = {}
        self._parts: list[str] = []
        self._part_of: dict[tuple[str, str, int], int] = {}

    def add(self, group: Group, curves: Sequence[Curves]) -> None:
        """Add the cells of a group, given the curves of each."""
        look = self._look_of[group.model]
        names = {"task": group.task, "model": group.model, "length": group.length}
        self._part_of[group.task, group.model, group.length] = len(self._parts) + 1
        for record, own in zip(group.records, curves, strict=True):
            made = cell(record, own, self._common)
            self._open[record.key] = {**names, "look": [look.classes, look.mark], **made}
        if len(self._open) >= _CELLS:
            self._close()

    def packed(self) -> Details:
        """Return the details of all cells that were added."""
        if self._open:
            self._close()
        shared = {"shared": self._common.shared.items, "grids": self._common.grids.items}
        return Details(self._common.points, (_packed(shared), *self._parts), self._part_of)

    def _close(self) -> None:
        self._parts.append(_packed(self._open))
        self._open = {}


def _packed(data: Mapping[str, Any] | Sequence[Any]) -> str:
    made = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    content = made.compress(script_json(data).encode()) + made.flush()
    return base64.b64encode(content).decode()

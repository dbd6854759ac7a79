"""Holds one series, or several stacked below one another, as numbers, with all that is known about them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

Counts = tuple[int, int, int]


@dataclass(frozen=True, eq=False)
class Panel:
    """Numbers in the order of time; several series stand below one another.

    Attributes:
        values: [rows, channels] float64.
        channels: the channels' names.
        season: steps after which the calendar repeats; None if unknown.
        names: the series' names; one empty name for a single series.
        ends: the row after the last of each series; empty for a single series.
        parts: rows of train, validation and test of each series, if the source defines them.
        irregular_steps: number of steps whose length differs from the most common one.
        filled_rows: number of rows that were added for missing times.
        stored: numpy float types with the source's precision of each channel; empty for float64.
        about: descriptions of how columns were read.
    """

    values: Tensor
    channels: tuple[str, ...]
    season: int | None = None
    names: tuple[str, ...] = ("",)
    ends: tuple[int, ...] = ()
    parts: tuple[Counts, ...] | None = None
    irregular_steps: int = 0
    filled_rows: int = 0
    stored: tuple[str, ...] = ()
    about: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_single(self) -> bool:
        """Whether there is one series only."""
        return len(self.names) == 1

    def series(self) -> Iterator[tuple[str, Tensor]]:
        """Yield each series' name and its rows, [rows, channels]."""
        start = 0
        for name, end in zip(self.names, self.ends or (len(self.values),), strict=True):
            yield name, self.values[start:end]
            start = end


def packed(panel: Panel) -> dict[str, Tensor]:
    """Convert a panel to tensors; everything except the values becomes the bytes of a JSON text."""
    import torch

    about = {
        "channels": panel.channels,
        "season": panel.season,
        "names": panel.names,
        "ends": panel.ends,
        "parts": panel.parts,
        "irregular_steps": panel.irregular_steps,
        "filled_rows": panel.filled_rows,
        "stored": panel.stored,
        "about": dict(panel.about),
    }
    text = torch.frombuffer(bytearray(json.dumps(about).encode()), dtype=torch.uint8)
    return {"values": panel.values, "about": text}


def unpacked(kept: Mapping[str, Tensor]) -> Panel:
    """Return the panel that `packed` was given."""
    about = json.loads(kept["about"].numpy().tobytes())
    return Panel(
        kept["values"],
        channels=tuple(about["channels"]),
        season=about["season"],
        names=tuple(about["names"]),
        ends=tuple(about["ends"]),
        parts=None if about["parts"] is None else tuple((a, b, c) for a, b, c in about["parts"]),
        irregular_steps=about["irregular_steps"],
        filled_rows=about["filled_rows"],
        stored=tuple(about["stored"]),
        about=about["about"],
    )

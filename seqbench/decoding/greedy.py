"""Writes the most probable token at each step; of equals, the one with the lowest number."""

from __future__ import annotations

from seqbench.decoding.readers import reader
from seqbench.decoding.rows import Rows
from seqbench.network.network import Network


def greedy(network: Network, rows: Rows) -> None:
    """Let each row write until it stops, or has as many tokens as it may have."""
    reading = reader(network)
    outputs = reading.read(rows.start)
    while True:
        rows.note_finite(outputs[:, None], ~rows.is_done)
        following = rows.write(outputs.argmax(-1)[:, None])
        if bool(rows.is_done.all()):
            return
        outputs = reading.read(following)

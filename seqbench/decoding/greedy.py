"""Decodes greedily: takes the most probable token at each step; of equals, the one with the lowest number."""

from __future__ import annotations

from seqbench.decoding.readers import reader
from seqbench.decoding.rows import Rows
from seqbench.network.network import Network


def greedy(network: Network, rows: Rows) -> None:
    """Decode each row until it stops or has the largest number of tokens."""
    reading = reader(network)
    outputs = reading.read(rows.start)
    while True:
        rows.note_finite(outputs[:, None], ~rows.is_done)
        following = rows.write(outputs.argmax(-1)[:, None])
        if bool(rows.is_done.all()):
            return
        outputs = reading.read(following)

"""Tests that greedy decoding in a batch writes what each row gets alone and whole."""

from __future__ import annotations

import pytest
import torch

from seqbench import Decoding
from seqbench.decoding.decode import decode
from seqbench.network.network import Network
from tests.decoding.written import LAYERS, network, prompts, rows


@torch.no_grad()
def alone(made: Network, tokens: list[int], decoding: Decoding) -> list[int]:
    """Return what a row gets when it is run whole for each of its tokens, by itself."""
    written: list[int] = []
    while len(written) < decoding.most_tokens:
        hidden, _ = made.hidden(torch.tensor([tokens + written]))
        token = int(made.head(hidden[0, -1]).argmax())
        if token == decoding.stop:
            break
        written.append(token)
    return written


@pytest.mark.parametrize("layer", LAYERS)
def test_greedy_in_a_batch_of_different_prefixes_writes_what_each_row_gets_alone_and_whole(layer: str) -> None:
    made, given = network(layer), prompts([3, 1, 5, 4, 4, 2, 9, 1])
    on = rows(decode(made, given, Decoding(prefix_steps=1, most_tokens=12)).tokens)
    for stop in (None, on[0][5], on[3][2]):
        decoding = Decoding(prefix_steps=1, stop=stop, most_tokens=12)
        written = rows(decode(made, given, decoding).tokens)
        expected = [
            alone(made, row[:length].tolist(), decoding)
            for row, length in zip(given.inputs, given.lengths, strict=True)
        ]
        assert written == expected
        assert [len(row) == 12 for row in written] == [stop is None or stop not in row for row in on]

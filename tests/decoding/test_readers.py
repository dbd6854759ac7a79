"""Tests that the next token is read from a carried state where rows can be told apart in it."""

from __future__ import annotations

import pytest

from seqbench import Decoding
from seqbench.decoding.decode import decode
from seqbench.decoding.readers import row_axes
from tests.decoding.written import network, prompts


@pytest.mark.parametrize(("layer", "steps"), [("gru", 3 + 9), ("window", sum(range(3, 13)))])
def test_a_layer_with_a_state_reads_each_token_once_and_one_without_all_of_them_again(
    layer: str, steps: int
) -> None:
    made, read = network(layer), []
    made.layer.register_forward_pre_hook(lambda module, given: read.append(given[0].shape[1]))
    decode(made, prompts([3, 3]), Decoding(prefix_steps=1, most_tokens=10))
    assert sum(read) == steps


def test_which_part_of_a_state_belongs_to_which_row_is_found_out_or_not_used() -> None:
    assert row_axes(network("gru")) == [1]
    assert row_axes(network("lstm")) == [1, 1]
    assert row_axes(network("folded")) is None

"""Tests that every bundled causal layer decodes from its state what it decodes from whole rows."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from seqbench import Decoding, Model, StepClass, Tokens, load_catalog
from seqbench.contracts.task import TaskData
from seqbench.decoding.decode import decode
from seqbench.network.network import Network, build_network
from seqbench.training.evaluations import decoding_note
from tests.decoding.written import VOCABULARY, prompts, rows
from tests.writing import Reverse

CATALOG = load_catalog()

SMALL: dict[str, dict[str, Any]] = {
    "attention": {"heads": 2},
    "xlstm": {"heads": 2},
    "mamba": {"state_size": 4},
    "s4d": {"state_size": 8},
    "tcn": {"layers": 3, "kernel_size": 3},
    "esn": {"connections": 4},
    "module": {"hidden_size": None},
}
QUICK = ("gru", "lstm", "tcn", "attention")
"""Layers that are tested by default: with a state, with two, without one or with one that grows."""

LAYERS = [pytest.param(name, marks=[] if name in QUICK else pytest.mark.slow) for name in sorted(CATALOG.models)]


def small(name: str) -> Model:
    found = {"hidden_size": 16, **SMALL.get(name, {})}
    return CATALOG.models[name](**{field: value for field, value in found.items() if value is not None})


def network(name: str) -> Network:
    """Return an untrained network in float64 whose answers differ from step to step."""
    for seed in range(20):
        torch.manual_seed(seed)
        made = build_network(small(name), Tokens(VOCABULARY), StepClass(VOCABULARY), 8).double().eval()
        made.head.weight.data.mul_(10)
        made.head.bias.data.zero_()
        made.embedding.weight.data.mul_(3)
        written = decode(made, prompts([3, 1, 6, 4]), Decoding(prefix_steps=1, most_tokens=9)).tokens
        if len(written.unique()) > 2:
            return made
    raise AssertionError(f"{name} always writes the same")


@torch.no_grad()
def alone(made: Network, tokens: list[int], steps: int) -> list[int]:
    """Return what a row gets when it is run whole for each of its tokens, by itself."""
    written: list[int] = []
    while len(written) < steps:
        hidden, _ = made.hidden(torch.tensor([tokens + written]))
        written.append(int(made.head(hidden[0, -1]).argmax()))
    return written


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_writes_in_a_batch_from_its_state_what_each_row_gets_alone_and_whole(name: str) -> None:
    made, given = network(name), prompts([3, 1, 6, 4])
    read: list[int] = []
    made.layer.register_forward_pre_hook(lambda module, inputs: read.append(inputs[0].shape[1]))
    written = rows(decode(made, given, Decoding(prefix_steps=1, most_tokens=14)).tokens)
    steps = sum(read)
    # All rows start together, at the end of the shortest prefix.
    assert (steps < 25) == (made.state_size > 0), "a state is carried over; without one all is read again"
    assert written == [
        alone(made, row[:length].tolist(), 14) for row, length in zip(given.inputs, given.lengths, strict=True)
    ]


@pytest.mark.parametrize("name", LAYERS)
def test_hypotheses_of_a_beam_are_carried_over_as_if_each_was_read_whole(name: str) -> None:
    made, given = network(name), prompts([3, 1, 5])
    decoding = Decoding(prefix_steps=1, stop=6, most_tokens=9, beams=3)
    carried = decode(made, given, decoding).tokens
    made.state_size = 0  # read as a layer without a state
    assert torch.equal(carried, decode(made, given, decoding).tokens)


@pytest.mark.parametrize("name", LAYERS)
def test_a_record_tells_that_a_layer_without_a_state_reads_whole_rows(name: str) -> None:
    data: TaskData = Reverse(examples=4).load(3, 0)
    made = network(name)
    assert ("decoding" in decoding_note(made, data)) == (made.state_size == 0)

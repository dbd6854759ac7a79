"""Tests that a row is decoded the same on a GPU, and that ties and scores that are not finite are settled."""

from __future__ import annotations

import pytest
import torch

from seqbench import Batch, Decoding
from seqbench.decoding.decode import decode
from tests.decoding.written import LAYERS, STOP, network, prompts, rows


@pytest.mark.parametrize("beams", [1, 3])
def test_of_equally_probable_tokens_the_lowest_is_written(beams: int) -> None:
    made = network("gru")
    for weights in made.head.parameters():
        weights.data.zero_()
    decoding = Decoding(prefix_steps=1, most_tokens=3, beams=beams)
    assert rows(decode(made, prompts([2, 1]), decoding).tokens) == [[0, 0, 0], [0, 0, 0]]


@pytest.mark.parametrize("beams", [1, 3])
def test_scores_that_are_not_finite_are_told_with_their_places(beams: int) -> None:
    made = network("gru")
    made.embedding.weight.data[5] = torch.nan
    made.head.bias.data[5] = -1e4  # it is never written
    inputs = torch.tensor([[1, 2, 0], [1, 5, 3]])
    given = Batch(inputs, inputs, torch.tensor([2, 3]))
    found = decode(made, given, Decoding(prefix_steps=1, most_tokens=2, beams=beams)).not_finite
    assert (found.outputs, found.scored, found.examples, found.first) == (2, 4, 2, ((1, 2), (1, 3)))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
@pytest.mark.parametrize("beams", [1, 3])
@pytest.mark.parametrize("layer", LAYERS)
def test_a_gpu_writes_the_same_tokens(layer: str, beams: int) -> None:
    made, given = network(layer).double(), prompts([3, 1, 5])
    decoding = Decoding(prefix_steps=1, stop=STOP, most_tokens=9, beams=beams)
    here = decode(made, given, decoding).tokens
    there = decode(made.cuda(), Batch(*(part.cuda() for part in given)), decoding).tokens
    assert torch.equal(here, there.cpu())

"""Tests decoding: chunks equal whole rows for any prefixes, and a beam search equals an exhaustive search."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from seqbench import UNSCORED, Batch, Decoding, StepClass, Tokens
from seqbench.decoding.decode import decode
from seqbench.decoding.readers import row_axes
from seqbench.network.network import Network

VOCABULARY = 7
STOP = 6


class Window(nn.Module):
    """A causal convolution: a layer without a state."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.convolution = nn.Conv1d(size, size, 3)

    def forward(self, inputs: Tensor, state: Any = None) -> tuple[Tensor, None]:
        padded = nn.functional.pad(inputs.transpose(1, 2), (2, 0))
        return self.convolution(padded).transpose(1, 2).sin(), None


class Folded(nn.Module):
    """A GRU whose state hides which part belongs to which row."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.gru = nn.GRU(size, size, batch_first=True)

    def forward(self, inputs: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        shape = 1, len(inputs), inputs.shape[2]
        outputs, last = self.gru(inputs, None if state is None else state.view(shape))
        return outputs, last.flatten()


LAYERS = {
    "rnn": lambda: nn.RNN(8, 8, batch_first=True),
    "lstm": lambda: nn.LSTM(8, 8, 2, batch_first=True),
    "gru": lambda: nn.GRU(8, 8, batch_first=True),
    "window": lambda: Window(8),
    "folded": lambda: Folded(8),
}


def network(layer: str, seed: int = 0, classes: int = VOCABULARY) -> Network:
    """Return an untrained network whose answers are far from even."""
    torch.manual_seed(seed)
    made = Network(LAYERS[layer](), Tokens(classes), StepClass(classes), 8)
    for weights in made.parameters():
        weights.data.mul_(3)
    return made.eval()


def prompts(lengths: list[int], classes: int = VOCABULARY, seed: int = 1) -> Batch:
    torch.manual_seed(seed)
    inputs = torch.zeros(len(lengths), max(lengths), dtype=torch.long)
    for row, length in enumerate(lengths):
        inputs[row, :length] = torch.randint(classes, (length,))
    return Batch(inputs, inputs, torch.tensor(lengths))


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


def rows(tokens: Tensor) -> list[list[int]]:
    return [[token for token in row if token != UNSCORED] for row in tokens.tolist()]


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


def every_answer(classes: int, decoding: Decoding) -> Iterator[tuple[int, ...]]:
    """Yield everything that a model can write, its stop token included."""
    for length in range(1, decoding.most_tokens + 1):
        for answer in itertools.product(range(classes), repeat=length):
            is_ended = answer[-1] == decoding.stop
            if decoding.stop not in answer[:-1] and (is_ended or length == decoding.most_tokens):
                yield answer


@torch.no_grad()
def log_probability(made: Network, given: list[int], answer: tuple[int, ...]) -> float:
    hidden, _ = made.hidden(torch.tensor([given + list(answer[:-1])]))
    steps = made.head(hidden[0]).double().log_softmax(-1)[len(given) - 1 :]
    return float(sum(step[token] for step, token in zip(steps, answer, strict=True)))


@pytest.mark.parametrize("layer", LAYERS)
def test_a_beam_of_all_hypotheses_finds_what_an_exhaustive_search_finds(layer: str) -> None:
    classes, greedily_too = 3, 0
    for seed in range(4):
        made, given = network(layer, seed, classes), prompts([2, 4, 1], classes, seed)
        decoding = Decoding(prefix_steps=1, stop=2, most_tokens=3, beams=27)
        found = rows(decode(made, given, decoding).tokens)
        greedily = rows(decode(made, given, Decoding(prefix_steps=1, stop=2, most_tokens=3)).tokens)
        for row, length in enumerate(given.lengths.tolist()):
            tokens = given.inputs[row, :length].tolist()
            best = max(every_answer(classes, decoding), key=lambda a, t=tokens: log_probability(made, t, a))
            assert found[row] == [token for token in best if token != 2]
            greedily_too += greedily[row] == found[row]
    assert greedily_too < 12


@pytest.mark.parametrize("layer", ["lstm", "window"])
def test_a_beam_of_one_that_is_followed_as_a_beam_writes_what_greedy_writes(layer: str) -> None:
    from seqbench.decoding.beam import beam
    from seqbench.decoding.rows import Rows

    made, given = network(layer), prompts([3, 1, 5])
    decoding = Decoding(prefix_steps=1, stop=STOP, most_tokens=9)
    followed = Rows(given, decoding, 1)
    with torch.no_grad():
        beam(made, followed)
    assert torch.equal(decoding.cut(followed.written[:, 0]), decode(made, given, decoding).tokens)


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


def test_what_is_given_and_what_is_asked_for_are_cut_out_of_a_row() -> None:
    decoding = Decoding(prefix=0, stop=6, most_tokens=4)
    inputs = torch.tensor([[1, 2, 0, 2, 1, 0], [3, 0, 3, 0, 0, 0]])
    targets = torch.tensor([[1, UNSCORED, 2, 1, 6, UNSCORED], [UNSCORED, 3, 6, *[UNSCORED] * 3]])
    given = decoding.prompts(Batch(inputs, targets, torch.tensor([5, 3])))
    assert given.inputs.tolist() == [[1, 2, 0], [3, 0, 0]]
    assert given.lengths.tolist() == [3, 2]
    assert given.targets.tolist() == [[2, 1], [3, UNSCORED]]


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

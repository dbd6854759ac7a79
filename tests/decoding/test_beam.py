"""Tests that a beam search of all hypotheses finds what an exhaustive search finds."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
import torch

from seqbench import Decoding
from seqbench.decoding.decode import decode
from seqbench.network.network import Network
from tests.decoding.written import LAYERS, STOP, network, prompts, rows


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


@pytest.mark.parametrize("layer", ["rnn", "lstm", "window"])
def test_a_beam_is_hardly_ever_less_probable_than_greedy_and_often_more(layer: str) -> None:
    gains = []
    for seed in range(6):
        made, given = network(layer, seed), prompts([3, 1, 5, 2], seed=seed)
        beam, greedy = (
            rows(decode(made, given, Decoding(prefix_steps=1, stop=STOP, most_tokens=8, beams=beams)).tokens)
            for beams in (4, 1)
        )
        for row, length in enumerate(given.lengths.tolist()):
            tokens = given.inputs[row, :length].tolist()
            best, first = (log_probability(made, tokens, (*each, STOP)[:8]) for each in (beam[row], greedy[row]))
            gains.append(best - first)
    # No law: greedy's hypothesis may be crowded out; of 960 such rows of other networks 2 were less probable.
    assert sum(gain < -1e-9 for gain in gains) <= 1
    assert sum(gain > 1e-3 for gain in gains) > 1
    assert sum(gains) > 0.1

"""Tests that a network continues a row from a carried state as it does when it reads the whole row each time."""

from __future__ import annotations

from itertools import islice

import pytest
import torch

from seqbench import ContractError, Decoding, Sampling, StepClass, Tokens, load_catalog
from seqbench.contracts.model import Model
from seqbench.decoding.continuing import continued, cost_of
from seqbench.decoding.decode import decode
from seqbench.decoding.sampling import GREEDY, draw, probabilities
from seqbench.network.network import Network, build_network
from seqbench.plugins.parameters import make
from tests.decoding.written import LAYERS, VOCABULARY, network, prompts, rows

SAMPLING = Sampling(temperature=0.9, top_p=0.95)


def rng(seed: int = 3) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@torch.no_grad()
def whole(made: Network, tokens: list[int], most: int, sampling: Sampling) -> list[int]:
    """Continue a row by running the network on all of it for each token."""
    written: list[int] = []
    numbers = rng()
    while len(written) < most:
        scores = made.head(made.hidden(torch.tensor([tokens + written]))[0][0, -1])
        written.append(draw(probabilities(scores, sampling), numbers))
    return written


def carried(made: Network, tokens: list[int], most: int, sampling: Sampling) -> list[int]:
    return [each.token for each in islice(continued(made, tokens, sampling, rng()), most)]


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("sampling", [GREEDY, SAMPLING], ids=["greedy", "drawn"])
def test_a_row_is_continued_as_if_it_were_read_whole_for_each_token(layer: str, sampling: Sampling) -> None:
    made = network(layer)
    assert carried(made, [3, 1, 5], 25, sampling) == whole(made, [3, 1, 5], 25, sampling)


def test_greedy_is_what_decoding_writes() -> None:
    made, given = network("gru"), prompts([4])
    decoding = Decoding(prefix_steps=1, most_tokens=20)
    assert carried(made, given.inputs[0].tolist(), 20, GREEDY) == rows(decode(made, given, decoding).tokens)[0]


def bundled() -> list[str]:
    return sorted(name for name, model in load_catalog().models.items() if model.name != "module")


@pytest.mark.slow
@pytest.mark.parametrize("name", bundled())
def test_every_bundled_model_that_looks_back_continues_from_its_state(name: str) -> None:
    model: Model = make(load_catalog().model(name), {})
    if not model.is_causal:
        pytest.skip("it looks ahead")
    torch.manual_seed(0)
    made = build_network(model, Tokens(VOCABULARY), StepClass(VOCABULARY), 16).eval()
    made.head.weight.data.mul_(3)
    for sampling in (GREEDY, SAMPLING):
        assert carried(made, [3, 1, 5], 40, sampling) == whole(made, [3, 1, 5], 40, sampling)


def test_probabilities_are_those_of_the_network_whatever_is_drawn_from() -> None:
    made = network("gru")
    found = list(islice(continued(made, [2], Sampling(temperature=3.0, top_k=2), rng()), 4))
    tokens = [2, *(each.token for each in found)]
    with torch.no_grad():
        chances = made.head(made.hidden(torch.tensor([tokens]))[0][0]).double().log_softmax(-1)
    assert [each.log_probability for each in found] == pytest.approx(
        [float(chances[step, token]) for step, token in enumerate(tokens[1:])], abs=1e-6
    )


def test_each_token_is_read_once_where_there_is_a_state() -> None:
    made, read = network("lstm"), []
    made.layer.register_forward_pre_hook(lambda module, given: read.append(given[0].shape[1]))
    carried(made, [1] * 600, 5, GREEDY)
    assert read == [512, 88, 1, 1, 1, 1]


def test_what_makes_tokens_slower_and_slower_is_told() -> None:
    assert cost_of(network("gru")) is None
    assert "no state" in str(cost_of(network("window")))
    growing = network("gru")
    growing.state_growth = 16
    assert cost_of(growing) == "its state grows by 16 numbers with each token"


@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
def test_scores_that_are_not_finite_end_the_text(bad: float) -> None:
    made = network("gru")
    made.head.bias.data[2] = bad
    with pytest.raises(ContractError, match="after 0 tokens the network's scores .* are not finite"):
        carried(made, [1], 3, GREEDY)
    made.head.bias.data[2] = -torch.inf
    assert 2 not in carried(made, [1], 30, Sampling())

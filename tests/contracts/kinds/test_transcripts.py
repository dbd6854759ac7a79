"""Tests the loss of transcripts against the sum over all alignments, each collapsed by hand, in float64."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby, product

import pytest
import torch
from torch import Tensor, nn
from torchmetrics.text import WordErrorRate

from seqbench import (
    UNSCORED,
    Batch,
    ContractError,
    Metric,
    Ragged,
    Split,
    StepClass,
    Transcript,
    Values,
    evaluate,
)
from seqbench.contracts.kinds.transcripts import best_paths
from seqbench.network.chunks import Chunking
from seqbench.network.network import Network
from seqbench.testing.tasks.predictors import perfect

KIND = Transcript(2)
ROWS = [[0, 1], [1, 1], [], [0]]
STEPS = [5, 3, 4, 1]


def rows_of(rows: list[list[int]], steps: list[int]) -> Split:
    inputs = Ragged.from_rows([torch.zeros(length, dtype=torch.int64) for length in steps])
    return Split(inputs, Ragged.from_rows([torch.tensor(row, dtype=torch.int64) for row in rows]))


def collapsed(path: tuple[int, ...]) -> list[int]:
    return [output - 1 for output, _ in groupby(path) if output != 0]


def brute_force(log_probabilities: Tensor, row: list[int]) -> Tensor:
    """Return minus ln of the probability of all paths that collapse to a row; [time, outputs] in."""
    steps = range(len(log_probabilities))
    paths = product(range(log_probabilities.shape[1]), repeat=len(log_probabilities))
    fitting = [log_probabilities[steps, path].sum() for path in paths if collapsed(path) == row]
    return -torch.stack(fitting).logsumexp(0)


def test_loss_and_its_gradient_are_those_of_the_sum_over_all_alignments() -> None:
    torch.manual_seed(0)
    batch, head = rows_of(ROWS, STEPS).batch(torch.arange(4)), nn.Linear(4, 3).double()
    hidden = torch.randn(4, 5, 4, dtype=torch.float64, requires_grad=True)
    losses, rows = KIND.losses(hidden, batch, head)
    outputs = head(hidden).log_softmax(-1)
    expected = torch.stack([brute_force(outputs[i, : STEPS[i]], ROWS[i]) for i in range(4)])
    assert rows.tolist() == [0, 1, 2, 3]
    assert torch.allclose(losses, expected, rtol=1e-12, atol=0)
    found, wanted = (torch.autograd.grad(each.sum(), hidden, retain_graph=True)[0] for each in (losses, expected))
    assert torch.allclose(found, wanted, rtol=1e-10, atol=1e-14)
    assert found[1, 3:].abs().max() == 0


def test_perfect_predictor_writes_each_row_and_the_silent_one_none() -> None:
    errors = Metric("errors", WordErrorRate, best=0.0, is_higher_better=False)
    split = rows_of(ROWS, STEPS)
    answers = perfect(KIND)
    assert evaluate([errors], split, answers.predict, targets=KIND) == {"errors": 0.0}
    silent = torch.tensor([0.0, -9.0, -9.0])
    found = evaluate([errors], split, lambda batch: silent.expand(*batch.inputs.shape, 3), targets=KIND)
    assert found == {"errors": 1.0}


def test_best_path_drops_blanks_and_repeats_and_what_is_behind_the_end() -> None:
    paths = torch.tensor([[1, 1, 0, 1, 2, 2], [2, 0, 0, 2, 1, 1]])
    outputs = nn.functional.one_hot(paths, 3).float()
    assert best_paths(outputs, torch.tensor([6, 4])) == [[0, 0, 1], [1, 1]]


@pytest.mark.parametrize(
    ("rows", "steps", "words"),
    [
        ([[0, 1], [1, 1]], [2, 2], "example 1 needs 3 steps and has 2"),
        ([[0, 2]], [5], "out of range: they go from 0 to 2"),
    ],
)
def test_row_that_no_alignment_leads_to_is_told(rows: list[list[int]], steps: list[int], words: str) -> None:
    unfit = KIND.unfit(rows_of(rows, steps), "test targets")
    assert unfit is not None
    assert words in unfit.found
    assert KIND.unfit(rows_of(ROWS, STEPS), "test targets") is None


def test_loss_of_a_part_is_refused() -> None:
    batch = rows_of(ROWS, STEPS).batch(torch.arange(4))
    with pytest.raises(ContractError, match="was asked for 2 from step 0 on"):
        KIND.losses(torch.zeros(4, 2, 4), batch, nn.Linear(4, 3))


def test_row_that_cannot_be_aligned_leaves_the_gradients_of_the_others_as_they_are() -> None:
    torch.manual_seed(0)
    head = nn.Linear(4, 3).double()
    hidden = torch.randn(3, 5, 4, dtype=torch.float64, requires_grad=True)
    rows, steps = [[0, 1], [1, 1], [0]], [5, 2, 3]
    losses, kept = KIND.losses(hidden, rows_of(rows, steps).batch(torch.arange(3)), head)
    found = torch.autograd.grad(losses.sum(), hidden)[0]
    others = rows_of([rows[0], rows[2]], [5, 3]).batch(torch.arange(2))
    alone, _ = KIND.losses(hidden[[0, 2]], others, head)
    assert kept.tolist() == [0, 2]
    assert torch.equal(losses, alone)
    assert found.isfinite().all()
    assert found[1].abs().max() == 0
    assert torch.equal(found[[0, 2]], torch.autograd.grad(alone.sum(), hidden)[0][[0, 2]])


def test_batch_without_a_row_that_can_be_aligned_is_told() -> None:
    batch = rows_of([[1, 1], [0, 0]], [2, 1]).batch(torch.arange(2))
    with pytest.raises(
        ContractError, match="no row of this batch can be aligned: the first needs 3 steps.* has 2"
    ):
        KIND.losses(torch.zeros(2, 2, 4), batch, nn.Linear(4, 3))


def test_network_that_is_fed_in_pieces_or_run_again_has_the_loss_of_the_whole() -> None:
    torch.manual_seed(0)
    inputs = torch.randn(3, 12, 2)
    targets = torch.tensor([[0, 1, 1], [1, UNSCORED, UNSCORED], [0, 0, UNSCORED]])
    batch, layer = Batch(inputs, targets, torch.tensor([12, 7, 9])), nn.GRU(2, 6, batch_first=True)
    losses, gradients = [], []
    for chunking in (Chunking(), Chunking(5), Chunking(5, recompute=True), Chunking(5, truncate=5)):
        network = Network(layer, Values(2), KIND, 0)
        torch.manual_seed(1)
        nn.init.normal_(network.head.weight)
        nn.init.zeros_(network.head.bias)
        network.chunking = chunking
        network.zero_grad()
        loss = network.loss(batch)
        loss.backward()
        losses.append(loss.item())
        gradients.append(layer.weight_hh_l0.grad.clone())
    assert losses == pytest.approx([losses[0]] * 4, rel=1e-6)
    assert torch.equal(gradients[1], gradients[2])
    assert torch.allclose(gradients[0], gradients[1], rtol=1e-4, atol=1e-7)
    assert not torch.allclose(gradients[0], gradients[3], rtol=1e-2, atol=1e-7)


def test_new_head_expects_a_symbol_at_few_steps_and_others_are_those_of_torch() -> None:
    torch.manual_seed(0)
    network = Network(torch.nn.GRU(3, 6, batch_first=True), Values(3), Transcript(10), 0)
    with torch.no_grad():
        outputs = network(Batch(torch.randn(4, 50, 3), torch.zeros(4, 1, dtype=torch.int64), torch.full((4,), 50)))
    assert outputs.exp()[..., 0].mean().item() == pytest.approx(0.95, abs=0.02)
    torch.manual_seed(0)
    plain = Network(torch.nn.GRU(3, 6, batch_first=True), Values(3), StepClass(11), 0)
    assert torch.equal(network.head.weight, plain.head.weight)
    assert torch.equal(network.head.bias[1:], plain.head.bias[1:])
    assert plain.head.bias.abs().max() < 1


@pytest.mark.slow
def test_causal_layer_learns_to_write_a_symbol_once_it_is_heard() -> None:
    """Rows of noise, then one of four tones; a head that begins as torch's writes at the first step, by chance."""
    rng = torch.Generator().manual_seed(0)
    said = torch.randint(4, (256,), generator=rng)
    inputs = 0.3 * torch.randn(256, 30, 4, generator=rng)
    inputs[torch.arange(256), :, said] += torch.linspace(-2, 2, 30).clamp(min=0)
    batch = Batch(inputs, said[:, None], torch.full((256,), 30))
    rates = []
    for kind in (Transcript(4), Plain(4)):
        torch.manual_seed(0)
        network = Network(torch.nn.GRU(4, 32, batch_first=True), Values(4), kind, 0)
        search = torch.optim.Adam(network.parameters(), lr=3e-3)
        for _ in range(150):
            search.zero_grad()
            kind.loss(network.hidden(batch.inputs)[0], batch, network.head).backward()
            search.step()
        guesses, answers = kind.items(network(batch), batch)
        rates.append(sum(one == other for one, other in zip(guesses, answers, strict=True)) / 256)
    assert rates[0] > 0.95
    assert rates[1] < 0.6


@dataclass(frozen=True)
class Plain(Transcript):
    """A transcript whose head begins as torch's."""

    def begin(self, head: torch.nn.Linear) -> None:
        """Leave it."""

"""How do gradients flow back through time in this network, on this batch?

Exactly, in float64, at thousands of steps, with the layer's own fused kernels and without Lightning. Stands
on backward, which goes back through time, and on flow, which makes curves of norms.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from seqbench.backward import Grid, Piece, Walk, batch_axes, cut_steps, run_in_pieces
from seqbench.flow import WHOLE, Curve, Flow, Quantity, curve_of, unknown_curve
from seqbench.network import Network
from seqbench.seeds import generator
from seqbench.splits import Batch

MOST_LAGS = 64
"""Lags at which the gradients of a sequence are measured."""


def measure_flow(network: Network, batch: Batch, *, seed: int = 0, draws: int = 3) -> Flow:
    """Measure state gradient, state Jacobian and input gradient, each example by itself.

    With s_t the state after t steps of a sequence of T, L the mean loss over one example's own scored items
    and e_t the embedded input of step t, the norms at lag T - t are

    - ``state``: dL/ds_t, along the state that is handed to the future; the output of step t is not in it.
    - ``jacobian``: v^T ds_T/ds_t for a random unit v, root mean square over the draws, which estimates the
      Frobenius norm of the Jacobian over the square root of the state's size.
    - ``input``: dL/de_t. All that exists for a layer without state.

    T is each example's own length. The network is left as it is: a copy is measured, without dropout. The
    random vectors come part by part in the state's own shape, for the rows that end last first.

    Args:
        network: what to measure.
        batch: padded at the end; rows may differ in length.
        seed: of the draws.
        draws: random vectors for each example; the cost is one forward pass and 1 + draws backward passes.

    Raises:
        ValueError: ``draws`` is below 1.
        ContractError: the layer's state is not as the contract has it.
    """
    if draws < 1:
        raise ValueError(f"draws is {draws}; it must be at least 1")
    lags = lag_grid(int(batch.lengths.max()))
    with torch.inference_mode(False), torch.enable_grad(), _float64():
        measured, batch = _frozen(network), Batch(*(_double(part) for part in batch))
        embedded = measured.embedding(batch.inputs).detach()
        axes = batch_axes(measured.layer, embedded.shape[2])
        has_state = any(axis is not None for axis in axes)
        cuts = cut_steps(batch.lengths.tolist(), lags) if has_state else []
        pieces = run_in_pieces(measured.layer, embedded, axes, cuts)
        grid = Grid(batch.lengths, lags)
        along_loss = Walk(grid, pieces[-1], _pull(measured, pieces, batch), None)
        along_state = [
            Walk(grid, pieces[-1], None, generator(seed, "jacobian", draw))
            for draw in range(draws if has_state else 0)
        ]
        while pieces:
            piece = pieces.pop()
            seen = grid.places([piece.start])
            for walk in along_state:
                walk.back(piece, seen, is_last=False)
            along_loss.back(piece, seen, is_last=True)
    names = _part_names(network.layer, len(along_loss.state_norms) - 1)
    return Flow(
        length=int(batch.lengths.max()),
        examples=len(batch.lengths),
        draws=draws,
        curves=(
            *_state_curves("state", lags, names, [along_loss.state_norms] if has_state else []),
            *_state_curves("jacobian", lags, names, [walk.state_norms for walk in along_state]),
            curve_of("input", WHOLE, lags, along_loss.input_norms.tolist()),
        ),
    )


def lag_grid(length: int, most: int = MOST_LAGS) -> tuple[int, ...]:
    """Return the lags of a sequence of ``length`` steps: all where they are few, else evenly in logarithm.

    The largest is ``length - 1``: the state after the first step, and the first input.

    >>> lag_grid(6)
    (1, 2, 3, 4, 5)
    >>> lag_grid(4096, most=8)
    (1, 3, 10, 33, 110, 367, 1226, 4095)
    """
    lags = [1] if length > 1 else []
    while lags and lags[-1] < length - 1:
        ratio = ((length - 1) / lags[-1]) ** (1 / max(1, most - len(lags)))
        lags.append(min(length - 1, max(lags[-1] + 1, round(lags[-1] * ratio))))
    return tuple(lags)


@contextmanager
def _float64() -> Iterator[None]:
    """Let what a layer makes for itself, such as a first state of zeros, be float64 too."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def _frozen(network: Network) -> Network:
    """Return a copy in float64, without dropout, and without gradients of weights, which nobody asks for."""
    frozen = copy.deepcopy(network).double().eval().requires_grad_(False)
    for module in frozen.modules():
        if isinstance(module, nn.RNNBase):
            # cuDNN gives no gradient in eval mode.
            module.dropout = 0.0
            module.train()
    return frozen


def _double(part: Tensor) -> Tensor:
    return part.double() if part.is_floating_point() else part


def _pull(network: Network, pieces: list[Piece], batch: Batch) -> Tensor:
    """Return the gradient of each example's own loss at the layer's outputs: [batch, time, output_size]."""
    hidden = torch.cat([piece.outputs.detach() for piece in pieces], dim=1)
    for row in range(len(hidden)):
        own = hidden[row : row + 1].clone().requires_grad_()
        loss = network.targets.loss(own, Batch(*(part[row : row + 1] for part in batch)), network.head)
        # Its outputs are done with: the gradient takes their place, and no memory of its own.
        hidden[row] = torch.autograd.grad(loss, own)[0][0]
    return hidden


def _part_names(layer: nn.Module, parts: int) -> list[str]:
    return ["hidden", "cell"] if isinstance(layer, nn.LSTM) else [f"part_{i}" for i in range(parts)]


def _state_curves(
    quantity: Quantity, lags: Sequence[int], names: Sequence[str], walks: Sequence[Tensor]
) -> Iterator[Curve]:
    """Yield the curve of the whole state, and of its parts where it has more than one.

    Args:
        quantity, lags, names: as in `Curve`.
        walks: logarithms of norms, [parts + 1, lags, batch] each; their root mean square is taken.
    """
    if not walks:
        yield unknown_curve(quantity, lags, "the layer carries no state from step to step")
        return
    mean = ((2 * torch.stack(list(walks))).logsumexp(0) - math.log(len(walks))) / 2
    whole, *parts = mean.tolist()
    yield curve_of(quantity, WHOLE, lags, whole)
    if len(parts) > 1:
        for name, part in zip(names, parts, strict=True):
            yield curve_of(quantity, name, lags, part)

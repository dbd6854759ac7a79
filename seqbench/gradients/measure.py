"""Measures how gradients flow back through time in a network, on a batch.

The measurement is exact, in float64, over thousands of steps, with the layer's own fused kernels and without
Lightning.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Generator, Tensor

from seqbench.base.seeds import generator
from seqbench.contracts.examples import Batch
from seqbench.contracts.targets import TargetKind
from seqbench.gradients.backpropagation import LogNorms, pass_back
from seqbench.gradients.flow import WHOLE, Curve, Flow, Quantity, curve_of, unknown_curve
from seqbench.gradients.part_names import part_names
from seqbench.gradients.passage import Part, Passage, Run, cut_steps, outputs_of, pass_forward, state_parts
from seqbench.network.copies import copied, exact
from seqbench.network.network import Network

MOST_LAGS = 64
"""Largest number of lags at which the gradients of a sequence are measured."""

_STEPS_AT_ONCE = 16_384
"""Steps, over all rows, whose graph is kept at a time where no state is measured: attention of 128 numbers and two
blocks takes 0.5 GB."""


def measure_flow(
    network: Network,
    batch: Batch,
    *,
    seed: int = 0,
    draws: int = 3,
    lags: int = MOST_LAGS,
    from_scored: bool = False,
) -> Flow:
    """Measure state gradient, state Jacobian and input gradient of each example separately.

    With s_t the state after t steps of a sequence of T, L the mean loss over one example's own scored items
    and e_t the embedded input of step t, the norms at lag T - t are

    - ``state``: dL/ds_t, through the state that later steps get; the direct path through output t is not included.
    - ``jacobian``: v^T ds_T/ds_t for a random unit v, root mean square over the draws, which estimates the
      Frobenius norm of the Jacobian over the square root of the state's size.
    - ``input``: dL/de_t, the only quantity for a layer without a state, one whose state grows with each step, or
      one that looks ahead.

    T is each example's own length. The network is left as it is: a copy is measured, without dropout. Random
    vectors are drawn part by part in the state's own shape, first for the rows that end last.

    Args:
        network: what to measure.
        batch: padded at the end; rows may differ in length.
        seed: of the draws.
        draws: random vectors for each example; the cost is one pass forward, and one forward and backward over
            a batch 1 + draws times as large. Memory holds one chunk of it, or a few whole rows without a state.
        lags: the largest number of lags to measure; fewer cost less.
        from_scored: take, for both gradients of L, the last scored step of an example for T; after it they are 0.

    Raises:
        ValueError: ``draws`` is below 1, or ``lags`` below 2.
        ContractError: the layer's state breaks the contract, or its model names other parts.
    """
    if draws < 1:
        raise ValueError(f"draws is {draws}; it must be at least 1")
    if lags < 2:
        raise ValueError(f"lags is {lags}; it must be at least 2: the nearest and the farthest")
    scored = last_scored(network.targets, batch) if from_scored else batch.lengths
    grid, grid_of_loss = (lag_grid(int(ends.max()), lags) for ends in (batch.lengths, scored))
    with torch.inference_mode(False):
        twin = copied(network)
    with torch.inference_mode(False), torch.enable_grad(), _float64(), _without_cudnn():
        measured, batch = _frozen(twin), Batch(*(_double(part) for part in batch))
        parts = state_parts(measured.layer, network.features) if measured.is_causal else []
        why = _without_state(network, parts)
        cuts = [] if why else cut_steps(batch.lengths.tolist(), grid, scored.tolist(), grid_of_loss)
        if why is None:
            norms = _log_norms(
                measured, batch, parts, cuts, [generator(seed, "jacobian", i) for i in range(draws)]
            )
        else:
            norms = _joined([_log_norms(measured, rows, (), (), ()) for rows in _few_rows(batch)])
    steps, of_loss = _steps(batch.lengths, grid), _steps(scored, grid_of_loss)
    inputs = torch.where(of_loss > 0, norms.inputs.T.gather(0, of_loss.clamp(min=1) - 1), math.nan)
    names = () if why else part_names(network, len(norms.state) - 1)
    state = _on_grid(norms.state[:, :, :1], of_loss, cuts)
    jacobian = _on_grid(norms.state[:, :, 1:], steps, cuts)
    return Flow(
        length=int(batch.lengths.max()),
        examples=len(batch.lengths),
        draws=draws,
        curves=(
            *_state_curves("state", grid_of_loss, names, state, why),
            *_state_curves("jacobian", grid, names, jacobian, why),
            curve_of("input", WHOLE, grid_of_loss, inputs.tolist()),
        ),
    )


def lag_grid(length: int, most: int = MOST_LAGS) -> tuple[int, ...]:
    """Return the lags of a sequence of ``length`` steps: all if they are few, otherwise spaced in the logarithm.

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


def last_scored(targets: TargetKind, batch: Batch) -> Tensor:
    """Return the last scored step of each row, counted from 1, [batch].

    It is the row's length where nothing in it is scored, and where the kind of target does not tell single steps.
    """
    places = targets.look_up(batch, 0, batch.inputs.shape[1])
    if places is None:
        return batch.lengths
    found = torch.zeros_like(batch.lengths).scatter_reduce(0, places.rows, places.steps + 1, "amax")
    return torch.where(found > 0, found, batch.lengths)


@contextmanager
def _float64() -> Iterator[None]:
    """Make tensors that a layer creates itself, e.g. a first state of zeros, float64 too."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


@contextmanager
def _without_cudnn() -> Iterator[None]:
    """Let torch's own kernels compute on a GPU: cuDNN's recurrent ones give no gradient in evaluation."""
    before = torch.backends.cudnn.enabled
    torch.backends.cudnn.enabled = False
    try:
        yield
    finally:
        torch.backends.cudnn.enabled = before


def _frozen(network: Network) -> Network:
    """Convert a network to float64, without dropout and without gradients of weights."""
    exact(network).eval().requires_grad_(False)
    return network


def _log_norms(
    network: Network, batch: Batch, parts: Sequence[Part], cuts: Sequence[int], draws: Sequence[Generator]
) -> LogNorms:
    """Return the norms at the cuts and at the inputs; without parts there is no cut, and no state is handed on."""
    run = network.run_layer if parts else _without_handing_on(network, batch.lengths)
    passage = pass_forward(run, _embedded(network, batch), parts, [0, *cuts, batch.inputs.shape[1]])
    losses = _OwnLosses(network, batch, passage)
    return losses.averaged(pass_back(passage, losses.pull, batch.lengths, draws))


def _without_handing_on(network: Network, lengths: Tensor) -> Run:
    """Return what runs the layer over whole sequences, and returns no state."""
    return lambda embedded, state: (network.run_layer(embedded, None, lengths)[0], None)


def _few_rows(batch: Batch) -> Iterator[Batch]:
    """Yield the examples of a batch, few at a time if they are long."""
    rows = max(1, _STEPS_AT_ONCE // batch.inputs.shape[1])
    return (Batch(*parts) for parts in zip(*(torch.split(part, rows) for part in batch), strict=True))


def _joined(found: Sequence[LogNorms]) -> LogNorms:
    return LogNorms(torch.cat([each.state for each in found], 3), torch.cat([each.inputs for each in found]))


def _double(part: Tensor) -> Tensor:
    return part.double() if part.is_floating_point() else part


def _embedded(network: Network, batch: Batch) -> Callable[[int, int], Tensor]:
    """Return a function that embeds some steps: (start, end) -> [batch, steps, features]."""
    return lambda start, end: network.embedding(batch.inputs[:, start:end]).detach().contiguous()


class _OwnLosses:
    """Each example's own loss: the mean over its scored items.

    The number of items is known only after all chunks: gradients are taken of the sum, and divided at the end. A
    loss that needs whole sequences is computed once, over one more forward pass.
    """

    def __init__(self, network: Network, batch: Batch, passage: Passage) -> None:
        self._network, self._batch = network, batch
        self._items = torch.zeros(len(batch.lengths), device=batch.lengths.device)
        is_whole = network.targets.needs_whole_sequence
        self._whole = self._gradient(outputs_of(passage), 0) if is_whole else None

    def pull(self, outputs: Tensor, start: int) -> Tensor | None:
        """Return the gradient of the sums at the outputs of a chunk; None if nothing is scored in it."""
        if self._whole is not None:
            return self._whole[:, start : start + outputs.shape[1]]
        return self._gradient(outputs, start)

    def _gradient(self, outputs: Tensor, start: int) -> Tensor | None:
        own = outputs.requires_grad_()
        losses, rows = self._network.targets.losses(own, self._batch, self._network.head, start)
        if not len(losses):
            return None
        self._items += rows.bincount(minlength=len(self._items))
        return torch.autograd.grad(losses.sum(), own)[0]

    def averaged(self, norms: LogNorms) -> LogNorms:
        """Return the norms for the mean losses, given those for the summed losses."""
        shift = self._items.log()
        norms.state[:, :, 0] -= shift
        return LogNorms(norms.state, norms.inputs - shift[:, None])


def _without_state(network: Network, parts: Sequence[Part]) -> str | None:
    """Return why no gradients are measured at a network's state; None if they are."""
    if not network.is_causal:
        return "the layer looks ahead: no state stands between its past and its future"
    if not parts:
        return "the layer carries no state from step to step"
    flowing = [part for part in parts if part.has_gradient]
    if not flowing:
        return "the layer's state holds integers only, through which no gradient flows"
    if any(part.is_growing for part in flowing):
        return (
            "the layer's state grows with each step: it holds the past itself, its size decides its gradient,"
            " and its Jacobian is made of copies"
        )
    return None


def _steps(ends: Tensor, grid: Sequence[int]) -> Tensor:
    """Return the step of each lag in each row, [lags, batch]; 0 or below where a row is too short."""
    return ends - ends.new_tensor(grid)[:, None]


def _on_grid(norms: Tensor, steps: Tensor, cuts: Sequence[int]) -> Tensor:
    """Return the norms at the requested steps: [parts + 1, lags, lanes, batch].

    Args:
        norms: [parts + 1, cuts, lanes, batch].
        steps: [lags, batch]; 0 or below if there is none.
        cuts: the step of each cut.
    """
    if not cuts:
        return norms.new_full((len(norms), len(steps), *norms.shape[2:]), math.nan)
    place = torch.zeros(max(cuts) + 1, dtype=torch.long, device=steps.device)
    place[list(cuts)] = torch.arange(len(cuts), device=steps.device)
    index = place[steps.clamp(min=0)][:, None].expand(-1, norms.shape[2], -1).expand(len(norms), -1, -1, -1)
    return torch.where((steps > 0)[:, None], norms.gather(1, index), math.nan)


def _state_curves(
    quantity: Quantity, lags: Sequence[int], names: Sequence[str], norms: Tensor, why: str | None
) -> Iterator[Curve]:
    """Yield the curve of the whole state, and of its parts if it has more than one.

    Args:
        quantity, lags, names: as in `Curve`.
        norms: logarithms, [parts + 1, lags, lanes, batch]; the root mean square over the lanes is taken.
        why: the reason if no state is measured; None if one is.
    """
    if why is not None:
        yield unknown_curve(quantity, lags, why)
        return
    mean = ((2 * norms).logsumexp(2) - math.log(norms.shape[2])) / 2
    whole, *parts = mean.tolist()
    yield curve_of(quantity, WHOLE, lags, whole)
    if len(parts) > 1:
        for name, part in zip(names, parts, strict=True):
            yield curve_of(quantity, name, lags, part)

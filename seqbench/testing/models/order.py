"""Checks that a layer only looks back, carries its state, and keeps rows and padding apart.

All in float64. Each check takes a model, and its docstring states the requirement.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import partial
from typing import TypeAlias

import torch
from torch import Tensor, nn

from seqbench.contracts.model import Model
from seqbench.gradients.passage import state_parts
from seqbench.network.network import check_takes_lengths, tensors
from seqbench.testing.models.layers import (
    FEATURES,
    Gap,
    build,
    build_exact,
    call,
    call_in_training,
    gap,
    noise,
    weighted_sum,
)
from seqbench.testing.outcome import CheckFailed, CheckSkipped

CUTS = (0, 1, 30, 63, 97)
"""Steps after which the inputs are changed: at the ends, and on both sides of a common chunk size."""

CHUNKS = (1, 7, 16, 40)

Run: TypeAlias = Callable[[Tensor], tuple[Tensor, dict[str, bytes]]]
"""Inputs -> (outputs, the random states after them)."""

_SAME_GRADIENT = 1e-4
"""Largest difference of equal gradients, relative to their norm: far above rounding in float64."""


def check_causality(model: Model) -> None:
    """Output t depends on inputs up to t only, in evaluation and in training."""
    _skip_lookahead(model, "its padding check asks for lengths instead")
    layer, inputs = build_exact(model), noise(2, 99, "causality")
    _check_looks_back(lambda given: (call(layer, given)[0], {}), inputs, "in evaluation")
    _check_looks_back(partial(call_in_training, model), inputs, "in training")


def _check_looks_back(run: Run, inputs: Tensor, mode: str) -> None:
    outputs, drawn = run(inputs)
    for cut in CUTS:
        changed = inputs.clone()
        changed[:, cut + 1 :] += 10 * noise(2, 99, "changed")[:, cut + 1 :]
        others, drawn_then = run(changed)
        found = gap(others[:, : cut + 1], outputs[:, : cut + 1])
        if found.is_open and drawn_then == drawn:
            raise CheckFailed(
                f"{mode} inputs after step {cut} change no output up to step {cut}",
                f"the output at step {found.step} changed by {found.size:.2g}: the layer looks into the future",
                "make it causal: no bidirectional layer, no normalisation over time, no unmasked attention, and"
                " convolutions padded on the left only; or say is_causal = False, if it is to look ahead",
            )


def _skip_lookahead(model: Model, why: str) -> None:
    if not model.is_causal:
        raise CheckSkipped(f"the model looks ahead (is_causal is False): {why}")


def check_carry_over(model: Model) -> None:
    """A sequence run in chunks, with the state carried over, gives the same outputs as run whole."""
    _skip_lookahead(model, "it is never run in chunks")
    layer, inputs = build_exact(model), noise(3, sum(CHUNKS), "carry-over")
    whole, after = call(layer, inputs)
    if after is None:
        raise CheckSkipped("the layer returns None as its state: nothing is carried over")
    expected = f"in chunks of {', '.join(map(str, CHUNKS))} steps the outputs are those of the whole sequence"
    found = gap(_in_chunks(layer, inputs), whole)
    if not found.is_open:
        return
    if not gap(_in_chunks(layer, inputs, is_forgetful=True), _in_chunks(layer, inputs)).is_open:
        raise CheckFailed(
            expected,
            f"they differ by {found}, and are the same as with no state at all: the layer ignores the state that"
            " it is given",
            "start from the state that forward is given, and from zeros only where it is None",
        )
    raise CheckFailed(
        expected,
        f"they differ by {found}",
        "return as the state all that later steps need: what recurrence, convolutions and counters of steps"
        " have seen",
    )


def _in_chunks(layer: nn.Module, inputs: Tensor, *, is_forgetful: bool = False) -> Tensor:
    chunks, state = [], None
    for chunk in torch.split(inputs, list(CHUNKS), dim=1):
        outputs, state = call(layer, chunk, None if is_forgetful else state)
        chunks.append(outputs)
    return torch.cat(chunks, dim=1)


def check_state(model: Model) -> None:
    """A state is None or tensors in tuples, lists or dicts, one axis of each is the batch's, and forward
    writes into none that it is given."""
    _skip_lookahead(model, "it is never handed a state")
    layer = build_exact(model)
    _, state = call(layer, noise(3, 4, "state"))
    given = list(tensors(state))
    state_parts(build(model), FEATURES)
    before = [part.clone() for part in given]
    if not given:
        return
    call(layer, noise(3, 4, "state", "next"), state)
    if any(not torch.equal(part, was) for part, was in zip(given, before, strict=True)):
        raise CheckFailed(
            "a state that is handed in is not changed",
            "forward wrote into the tensors of the state that it was given",
            "return new tensors: no in-place operation such as `state += ...` or `state[:] = ...`",
        )


def check_batch(model: Model) -> None:
    """Each row alone gives what it gives in a batch, and what other rows hold changes nothing in training."""
    layer, inputs = build_exact(model), noise(4, 12, "batch")
    for row in range(len(inputs)):
        together, alone = call(layer, inputs)[0], call(layer, inputs[row : row + 1])[0]
        _check_row(row, gap(alone, together[row : row + 1]), "in evaluation")
    together, drawn = call_in_training(model, inputs)
    for row in range(len(inputs)):
        # A row alone draws other random numbers than in a batch, except in one of the same size.
        others = 10 * noise(4, 12, "others")
        others[row] = inputs[row]
        for given, place in ((others, row), (inputs[row : row + 1], 0)):
            outputs, drawn_then = call_in_training(model, given)
            if drawn_then == drawn:
                _check_row(row, gap(outputs[place : place + 1], together[row : row + 1]), "in training")


def _check_row(row: int, found: Gap, mode: str) -> None:
    if found.is_open:
        raise CheckFailed(
            f"{mode} row {row} gives the same, whatever other rows stand in the batch",
            f"its output at step {found.step} differs by {found.size:.2g}: something, such as a mean or a"
            " variance, is taken across the rows of the batch",
            "no batch statistics: normalise each example by itself (torch.nn.LayerNorm or RMSNorm instead of"
            " BatchNorm1d), and reduce over no batch axis",
        )


def check_padding(model: Model) -> None:
    """The outputs of real steps do not depend on the padding behind them, of which lengths tell a layer that
    looks ahead."""
    layer, real = build_exact(model), noise(2, 10, "padding")
    alone, _ = call(layer, real)
    for padding, value in itertools.product((1, 22, 90), (0.0, 3.0)):
        padded = torch.cat([real, real.new_full((2, padding, FEATURES), value)], dim=1)
        found: Gap = gap(_of_real_steps(model, layer, padded, 10), alone)
        if found.is_open:
            raise CheckFailed(
                f"10 steps give the same outputs alone and padded to {10 + padding} steps (with {value:g})",
                f"they differ by {found}: the layer uses the length of the batch or what is in the padding",
                "let output t follow from inputs up to t alone, not from how many steps come after it"
                if model.is_causal
                else "leave out the steps beyond lengths, [batch], as pack_padded_sequence or a mask does",
            )


def _of_real_steps(model: Model, layer: nn.Module, padded: Tensor, steps: int) -> Tensor:
    """Return the outputs of the first steps, called as the harness does: [batch, steps, output_size]."""
    if model.is_causal:
        return call(layer, padded)[0][:, :steps]
    check_takes_lengths(layer)
    with torch.no_grad():
        outputs: Tensor = layer(padded, None, lengths=torch.full((len(padded),), steps))[0]
    return outputs[:, :steps]


def check_gradient(model: Model) -> None:
    """A gradient reaches the first step, in one piece and through the state that is carried over."""
    layer, inputs = build_exact(model), noise(2, 8, "gradient").requires_grad_()
    outputs, state = layer(inputs)
    state = state if model.is_causal else None
    # A layer without a state may see no further back than its kernel.
    slopes = _first_slopes(outputs if state is None else outputs[:, -1:], inputs)
    norms = slopes.norm(dim=1)
    if not bool(((norms > 0) & norms.isfinite()).all()):
        raise CheckFailed(
            "the gradient of the last output with respect to the first input, 8 steps before, is a number"
            " other than 0 (in float64)",
            f"its norms for two examples are {norms.tolist()}: nothing from the first step can be learned",
            "let gradients through: no detach(), no torch.no_grad() and no .data on the way",
        )
    if state is None:
        return
    carried = None
    for step in torch.split(inputs, 1, dim=1):
        outputs, carried = layer(step, carried)
    found = (_first_slopes(outputs[:, -1:], inputs) - slopes).norm(dim=1) / norms
    if not bool((found <= _SAME_GRADIENT).all()):
        raise CheckFailed(
            "run step by step, with the state carried over, the last output has the gradient with respect to the"
            " first input that it has in one piece: gradient statistics are measured so",
            f"it differs by {float(found.max()):.2g} of its norm: it is cut where the state is handed over",
            "return the state with its gradient: no detach(), no torch.no_grad() and no .data on the way",
        )


def _first_slopes(read: Tensor, inputs: Tensor) -> Tensor:
    """Return the gradient of ``read`` with respect to the first step of the inputs: [batch, features]."""
    if not read.requires_grad:
        return torch.zeros_like(inputs[:, 0])
    (slopes,) = torch.autograd.grad(weighted_sum(read), inputs, retain_graph=True, materialize_grads=True)
    return slopes[:, 0]

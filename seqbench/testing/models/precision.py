"""Checks that a layer computes and returns outputs in the requested arithmetic.

Each check takes a model, and its docstring states the requirement.
"""

from __future__ import annotations

import torch
from torch import Tensor

from seqbench.contracts.model import Model
from seqbench.network.network import tensors
from seqbench.testing.models.layers import build, build_exact, call, gap, noise
from seqbench.testing.outcome import CheckFailed, CheckSkipped, where_to_mend
from seqbench.training.precision import arithmetic

_NARROW = (torch.float32, torch.float16, torch.bfloat16, torch.complex64, torch.complex32)
_DTYPE_OF_INPUTS = (
    "make tensors with the dtype and device of the inputs, e.g. inputs.new_zeros(...); no .float(), and what is"
    " computed in float32 on purpose is given back with .to(inputs.dtype)"
)


def check_float64(model: Model) -> None:
    """``layer.double()`` computes in float64: gradients are measured in it."""
    inputs = noise(2, 8, "float64")
    try:
        outputs, state = call(build_exact(model), inputs)
    except RuntimeError as error:
        if not is_float32_only(model):
            raise
        raise CheckFailed(
            "a layer whose parameters and buffers are float64 (or complex128) runs on float64 inputs",
            f"{type(error).__name__}: {error}; in float32 it runs",
            "take dtypes from the inputs or the weights, not float32 or complex64 by name, and hold tensors as"
            f" nn.Parameter or with register_buffer; {where_to_mend(error)}",
        ) from error
    check_form(outputs, [2, 8, outputs.shape[-1]], torch.float64)
    narrow = [part.dtype for part in tensors(state) if part.dtype in _NARROW]
    coarse = gap(outputs, call(build(model), inputs.float())[0].double())
    if narrow or coarse.size > 1e-3:
        raise CheckFailed(
            "in float64 a layer has a float64 (or complex128) state, and outputs as in float32 but for rounding",
            f"parts of the state are {narrow}" if narrow else f"the outputs differ by {coarse}",
            _DTYPE_OF_INPUTS,
        )


def check_bfloat16(model: Model) -> None:
    """A layer that runs in bfloat16 answers in it."""
    layer = build(model).bfloat16()
    if any(part.is_complex() for part in (*layer.parameters(), *layer.buffers())):
        raise CheckSkipped("the layer is complex, and there are no complex numbers of bfloat16")
    try:
        with arithmetic("bf16"):
            outputs, _ = call(layer, noise(2, 8, "bfloat16").bfloat16())
    except (RuntimeError, TypeError) as error:
        raise CheckSkipped(f"it does not run in bfloat16: {error}") from error
    check_form(outputs, [2, 8, outputs.shape[-1]], torch.bfloat16)


def check_form(outputs: Tensor, shape: list[int], dtype: torch.dtype) -> None:
    """Fail if outputs have another shape or dtype than asked, or are not finite."""
    asked = f"outputs are {shape} {dtype}, and finite, for inputs [{shape[0]}, {shape[1]}, features] {dtype}"
    if list(outputs.shape) != shape:
        raise CheckFailed(
            asked,
            f"they are {list(outputs.shape)} {outputs.dtype}",
            "return one output for each step, batch first",
        )
    if outputs.dtype != dtype:
        raise CheckFailed(asked, f"they are {list(outputs.shape)} {outputs.dtype}", _DTYPE_OF_INPUTS)
    if not bool(outputs.isfinite().all()):
        step = int((~outputs.isfinite()).any(dim=2).any(dim=0).nonzero()[0])
        raise CheckFailed(
            asked,
            f"they are not finite from step {step} on",
            "start with weights that keep outputs bounded over long inputs",
        )


def is_float32_only(model: Model) -> bool:
    """Say whether a layer runs in float32, and raises an error in float64."""
    inputs = noise(2, 8, "float64")
    try:
        call(build(model), inputs.float())
    except Exception:
        return False
    try:
        call(build_exact(model), inputs)
    except RuntimeError:
        return True
    return False

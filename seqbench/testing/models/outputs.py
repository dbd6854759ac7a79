"""Checks that a layer's outputs have the right form and repeat exactly, and that nothing else changes.

Each check takes a model, and its docstring states the requirement.
"""

from __future__ import annotations

import dataclasses

import torch
from torch import Tensor, nn

from seqbench.contracts.model import Model
from seqbench.errors import ContractError
from seqbench.network.hidden_weights import check_all_registered
from seqbench.network.network import layer_sizes, tensors
from seqbench.testing.models.layers import FEATURES, TOLERANCE, build, build_exact, call, gap, noise
from seqbench.testing.models.precision import check_form
from seqbench.testing.outcome import CheckFailed, CheckSkipped, Remark
from seqbench.testing.surroundings import changed, random_states, seed_everything

LENGTHS = (1, 8, 64, 1000)


def check_outputs(model: Model) -> Remark:
    """Outputs are [batch, time, output_size], finite and float32 at any length and number of features."""
    for features in (1, FEATURES):
        layer = build(model, features=features)
        _check_all_registered(layer)
        size, _ = layer_sizes(layer, features)
        for length in LENGTHS:
            outputs, _ = call(layer, noise(2, length, "outputs", features=features).float())
            check_form(outputs, [2, length, size], torch.float32)
    return Remark("; ".join(model.remarks(layer)))


def _check_all_registered(layer: nn.Module) -> None:
    try:
        check_all_registered(layer)
    except ContractError as error:
        found, _, change = str(error).partition("; ")
        raise CheckFailed("torch knows every weight of a layer", found, change) from None


def check_determinism(model: Model) -> None:
    """In evaluation the same inputs give the same outputs."""
    asked = "two calls in evaluation with the same inputs and no state give the same outputs"
    if is_random(model):
        raise CheckFailed(
            asked,
            "they differ: the layer is random in evaluation, as if dropout were left on, or a global remembers"
            " what other layers were given",
            "switch it off in evaluation: torch.nn.Dropout does, torch.nn.functional.dropout only with"
            " training=self.training; draw no other random numbers there, and keep nothing in a global",
        )
    layer, inputs = build_exact(model), noise(2, 20, "determinism")
    first, _ = call(layer, inputs.clone())
    again, _ = call(layer, inputs.clone())
    if not _equal(again, first):
        raise CheckFailed(
            asked,
            f"they differ by {gap(again, first)}: the layer remembers the call before",
            "keep nothing from one call to the next: what is carried over is the state that forward returns",
        )


def is_random(model: Model) -> bool:
    """Say whether a layer gives different outputs for the same weights and inputs in evaluation."""
    inputs, outputs = noise(2, 20, "determinism"), []
    for seed in (0, 1):
        layer = build_exact(model)
        torch.manual_seed(seed)
        # A copy each: writing into inputs is another fault, which `check_no_change` reports.
        outputs.append(call(layer, inputs.clone())[0])
    return not _equal(*outputs)


def _equal(first: Tensor, second: Tensor) -> bool:
    """Say whether outputs are equal; NaN equals NaN, since that is a fault of `check_outputs`."""
    return first.shape == second.shape and torch.allclose(first, second, rtol=0, atol=0, equal_nan=True)


def check_no_change(model: Model) -> None:
    """A forward pass in evaluation changes no parameter, no buffer, no input and no field of the model."""
    fields = dataclasses.asdict(model)  # type: ignore[call-overload]
    layer, inputs = build_exact(model), noise(2, 20, "change")  # exact: small changes show
    before, given = _numbers(layer), inputs.clone()
    call(layer, inputs)
    after = _numbers(layer)
    told = [f"the layer's {name}" for name in before.keys() | after.keys() if _differs(before, after, name)]
    told += [] if torch.equal(inputs, given) else ["the inputs"]
    now = dataclasses.asdict(model)  # type: ignore[call-overload]
    told += [f"the model's parameter {name}" for name, value in fields.items() if now[name] != value]
    if told:
        raise CheckFailed(
            "building a layer and running it in evaluation changes nothing",
            f"changed at run time: {', '.join(sorted(told))}",
            "compute new tensors instead of writing into these; what is carried over is the state that forward"
            " returns, and a model's fields are frozen",
        )


def _numbers(layer: nn.Module) -> dict[str, Tensor]:
    named = [*layer.named_parameters(), *layer.named_buffers()]
    return {name: values.detach().clone() for name, values in named}


def _differs(before: dict[str, Tensor], after: dict[str, Tensor], name: str) -> bool:
    return name not in before or name not in after or not torch.equal(before[name], after[name])


def check_random_state(model: Model) -> None:
    """Neither building nor running a layer seeds global generators; only torch's is drawn from, and in evaluation
    none."""
    outcomes = []
    for seed in (1, 2):
        seed_everything(seed)
        before = random_states()
        layer = model.build(FEATURES).eval()
        built = random_states()
        call(layer, noise(1, 3, "random").float())
        _check_untouched(set(changed(before, built)) - {"torch"}, "build")
        _check_untouched(set(changed(built, random_states())), "a forward pass in evaluation")
        before = random_states()
        call(layer.train(), noise(1, 3, "random").float())
        after = random_states()
        _check_untouched(set(changed(before, after)) - {"torch"}, "a forward pass in training")
        outcomes.append(after["torch"])
    if outcomes[0] == outcomes[1]:
        raise CheckFailed(
            "weights come from torch's global generator as the harness has seeded it",
            "whatever the generator was seeded with, build and forward leave it in one and the same state:"
            " they seed globally",
            "call no torch.manual_seed (nor seed_everything); the harness seeds before it builds",
        )


def _check_untouched(libraries: set[str], where: str) -> None:
    if libraries:
        raise CheckFailed(
            "no global random state is touched, but for torch's: by build, and by forward in training",
            f"{where} changed the global random state of {', '.join(sorted(libraries))}",
            "draw weights and dropout from torch's generator (others are not put back when a chunk is run again),"
            " nothing in evaluation, and never seed globally",
        )


def check_gpu(model: Model) -> None:
    """A layer on a GPU gives what it gives on the CPU."""
    if not torch.cuda.is_available():
        raise CheckSkipped("no GPU: torch.cuda.is_available() is False")
    inputs = noise(2, 64, "gpu")
    layer = build_exact(model)
    expected, _ = call(layer, inputs)
    outputs, state = call(layer.cuda(), inputs.cuda())
    found = gap(outputs.cpu(), expected)
    if any(part.device.type != "cuda" for part in tensors(state)) or found.is_open:
        raise CheckFailed(
            f"on a GPU the state is there too, and outputs are those of the CPU to {TOLERANCE:g} (in float64)",
            f"the outputs differ by {found}; the state is on {[str(part.device) for part in tensors(state)]}",
            "make tensors on the device of the inputs, e.g. inputs.new_zeros(...)",
        )

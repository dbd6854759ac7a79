"""Which checks does a model have to pass?

Each function in MODEL_CHECKS takes a model with its parameters set; `model_checks` binds them to one model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from seqbench.contracts import Model
from seqbench.errors import ExperimentError
from seqbench.parameters import make, parameters_of
from seqbench.testing import layer_order, layer_outputs, layer_weights
from seqbench.testing.cost import check_growth
from seqbench.testing.layers import build, call, noise
from seqbench.testing.outcome import Check, CheckFailed, CheckSkipped, guarded


def check_time(model: Model) -> None:
    """The time of a forward pass grows no faster than the model's ``time_exponent`` states."""
    layer = build(model)
    inputs = {length: noise(2, length, "time").float() for length in (256, 2048)}
    check_growth(
        lambda length: call(layer, inputs[length]),
        short=256,
        long=2048,
        exponent=model.time_exponent,
        negligible=0.02,
        change="compute with less, or state the cost in the class, e.g. time_exponent = 2.0 for full attention",
    )


MODEL_CHECKS: Mapping[str, Callable[[Model], None]] = {
    "outputs": layer_outputs.check_outputs,
    "float64": layer_outputs.check_float64,
    "determinism": layer_outputs.check_determinism,
    "no-change": layer_outputs.check_no_change,
    "random-state": layer_outputs.check_random_state,
    "causality": layer_order.check_causality,
    "carry-over": layer_order.check_carry_over,
    "state": layer_order.check_state,
    "batch": layer_order.check_batch,
    "padding": layer_order.check_padding,
    "gradient": layer_order.check_gradient,
    "seed": layer_weights.check_seed,
    "save": layer_weights.check_save,
    "copy": layer_weights.check_copy,
    "size": layer_weights.check_size,
    "time": check_time,
    "gpu": layer_outputs.check_gpu,
}


_OF_RANDOMNESS = (layer_outputs.check_determinism, layer_outputs.check_random_state)


def checks_of_models(models: Mapping[str, Model]) -> Iterator[tuple[str, Check]]:
    """Yield every check of every model; the key of a model, where it has one, ends the id of its checks."""
    for suffix, model in models.items():
        for name, check in MODEL_CHECKS.items():
            id = f"{name}:{suffix}" if suffix else name
            yield id, guarded(first_line(check), partial(_told_apart, check, model))


def _told_apart(check: Callable[[Model], None], model: Model) -> None:
    """Make a check; what a layer that is random does wrong besides cannot be told from its being random."""
    try:
        check(model)
    except CheckFailed:
        if check in _OF_RANDOMNESS or not layer_outputs.is_random(model):
            raise
        raise CheckSkipped("cannot be told: the layer is random in evaluation; see determinism") from None


def variants(model: type[Model]) -> dict[str, Model]:
    """Return a model with its defaults and, where it has ``layers`` or ``dropout``, with other values of these.

    Two layers and a dropout of a half: what stands between layers is not there in most defaults.
    """
    known = {parameter.name: parameter.type for parameter in parameters_of(model)}
    others: dict[str, Any] = {"layers": 2} if known.get("layers") is int else {}
    if known.get("dropout") is float:
        others["dropout"] = 0.5
    if not others:
        return {"": make(model, {})}
    try:
        other = make(model, others)
    except ExperimentError:  # these values do not go together in this model
        return {"": make(model, {})}
    return {"": make(model, {}), ",".join(f"{name}={value}" for name, value in others.items()): other}


def first_line(check: Callable[..., None]) -> str:
    """Return what a check asks for, the first paragraph of its docstring."""
    return " ".join((check.__doc__ or "").split("\n\n")[0].split())

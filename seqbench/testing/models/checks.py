"""Holds the checks that a model has to pass.

Each function in MODEL_CHECKS takes a model with its parameters set; `model_checks` binds them to one model.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from seqbench.contracts.model import Model
from seqbench.errors import ExperimentError
from seqbench.plugins.parameters import make, parameters_of
from seqbench.testing.models import dropout, learning, memory, names, order, outputs, precision, weights
from seqbench.testing.models.cost import check_growth
from seqbench.testing.models.layers import build, call, noise
from seqbench.testing.outcome import Check, CheckFailed, CheckSkipped, Remark, guarded


def check_time(model: Model) -> Remark:
    """The time of a forward pass grows no faster than the model's ``time_exponent`` states."""
    layer = build(model)
    inputs = {length: noise(2, length, "time").float() for length in (256, 2048)}
    growth = check_growth(
        lambda length: call(layer, inputs[length]),
        short=256,
        long=2048,
        exponent=model.time_exponent,
        negligible=0.02,
        change="compute with less, or state the cost in the class, e.g. time_exponent = 2.0 for full attention",
    )
    return Remark("", {"growth from 256 to 2048 steps": growth})


LONGEST, SHORTEST = 8192, 1024
"""Steps of the longest sequence that every model is run on, and of the first one."""
LONG_SECONDS = 1.0
"""Longest expected time, in seconds, at which the next length is still tried."""


def check_long_inputs(model: Model) -> Remark:
    """A layer runs on long sequences: of 1024 steps, and twice as many up to 8192, while a second is enough."""
    layer, length, expected = build(model), SHORTEST, 0.0
    while length <= LONGEST and expected <= LONG_SECONDS:
        began = time.perf_counter()
        try:
            call(layer, noise(1, length, "long").float())
        except Exception as error:
            raise CheckFailed(
                f"a layer runs on {length} steps (up to {LONGEST} are tried), as tasks may ask for them",
                f"{type(error).__name__}: {error}",
                "give nothing a fixed number of steps, such as a table of positions or a mask made in __init__:"
                " make it as long as the inputs",
                {"steps": length // 2 if length > SHORTEST else 0},
            ) from error
        expected = (time.perf_counter() - began) * 2 ** max(1.0, model.time_exponent)
        length *= 2
    return Remark(f"up to {length // 2} steps", {"steps": length // 2})


MODEL_CHECKS: Mapping[str, Callable[[Model], str | Remark | None]] = {
    "outputs": outputs.check_outputs,
    "float64": precision.check_float64,
    "bfloat16": precision.check_bfloat16,
    "determinism": outputs.check_determinism,
    "no-change": outputs.check_no_change,
    "no-memory": memory.check_no_memory,
    "random-state": outputs.check_random_state,
    "causality": order.check_causality,
    "carry-over": order.check_carry_over,
    "state": order.check_state,
    "batch": order.check_batch,
    "padding": order.check_padding,
    "gradient": order.check_gradient,
    "finite-gradients": learning.check_finite_gradients,
    "parameters": learning.check_parameters,
    "dropout": dropout.check_dropout,
    "seed": weights.check_seed,
    "save": weights.check_save,
    "copy": weights.check_copy,
    "names": names.check_names,
    "size": weights.check_size,
    "long-inputs": check_long_inputs,
    "time": check_time,
    "gpu": outputs.check_gpu,
}


_OF_RANDOMNESS = (outputs.check_determinism, outputs.check_random_state)


def checks_of_models(models: Mapping[str, Model]) -> Iterator[tuple[str, Check]]:
    """Yield every check of every model; the ids of its checks end with the model's key, if it has one."""
    for suffix, model in models.items():
        for name, check in MODEL_CHECKS.items():
            id = f"{name}:{suffix}" if suffix else name
            yield id, guarded(first_line(check), partial(_told_apart, check, model))


def _told_apart(check: Callable[[Model], str | Remark | None], model: Model) -> str | Remark | None:
    """Make a check; if it fails by a fault that another check is for, skip it and name that check."""
    try:
        return check(model)
    except CheckSkipped:
        raise
    except Exception as error:
        reason = _told_elsewhere(check, model, error)
        if reason is None:
            raise
        raise CheckSkipped(f"cannot be told: {reason}") from None


def _told_elsewhere(check: Callable[[Model], str | Remark | None], model: Model, error: Exception) -> str | None:
    is_narrow = precision.is_float32_only(model)
    if not isinstance(error, CheckFailed):
        return "the layer does not run in float64; see float64" if is_narrow else None
    if is_narrow or check in _OF_RANDOMNESS or not outputs.is_random(model):
        return None
    return "the layer is random in evaluation; see determinism"


def variants(model: type[Model]) -> dict[str, Model]:
    """Return a model with its defaults and, if it has ``layers`` or dropout, with other values of these.

    The values are two layers and a dropout of 0.5: most defaults have nothing between layers. Every number with
    ``dropout`` in its name is a parameter for dropout.
    """
    known = {parameter.name: parameter.bare_type for parameter in parameters_of(model)}
    others: dict[str, Any] = {"layers": 2} if known.get("layers") is int else {}
    others |= {name: 0.5 for name, kind in known.items() if "dropout" in name and kind is float}
    if not others:
        return {"": make(model, {})}
    try:
        other = make(model, others)
    except ExperimentError:  # these values do not go together in this model
        return {"": make(model, {})}
    return {"": make(model, {}), ",".join(f"{name}={value}" for name, value in others.items()): other}


def first_line(check: Callable[..., str | Remark | None]) -> str:
    """Return the requirement of a check, the first paragraph of its docstring."""
    return " ".join((check.__doc__ or "").split("\n\n")[0].split())

"""Finds out how a layer is called, by calling it: axes, outputs, and where its state goes.

All sizes differ from one another and from every number among the arguments, so that no axis is taken for another.
"""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from seqbench.errors import told
from seqbench.wrapping.form import Form, Key, Layout
from seqbench.wrapping.handing_back import State, state_form

_SIZES = (11, 3, 13, 7, 17, 19, 23, 29, 31, 37)
"""Steps and rows to try, in this order."""
SAME = 1e-4
"""Largest difference of equal outputs in float32, relative to their size."""


class NotCallable(Exception):
    """A layer cannot be called on a batch of sequences; the message says why."""


@dataclass(frozen=True)
class Trial:
    """A layer and the inputs on which it is tried, [batch, time, features]."""

    layer: nn.Module
    inputs: Tensor

    def run(self, form: Form, inputs: Tensor, state: Any = None) -> Any:
        """Return what the layer returns, with the same random numbers in each call."""
        # The layer is on the CPU; torch.manual_seed asks every other kind of device too, which takes 6 ms.
        torch.default_generator.manual_seed(0)
        with torch.no_grad():
            return form.call(self.layer, inputs, state)

    def outputs(self, form: Form, inputs: Tensor, state: Any = None) -> Tensor:
        """Return the layer's outputs, [batch, time, output features]."""
        found: Tensor = form.outputs_of(self.run(form, inputs, state))
        return found


def tried(layer: nn.Module, features: int, numbers: Iterable[int], form: Form) -> Form:
    """Return the form of a layer that takes so many features.

    Args:
        layer: in evaluation.
        features: of a step.
        numbers: the whole numbers among its arguments.
        form: what is known of it already.

    Raises:
        NotCallable: no way to call it gives an output for each step.
    """
    steps, rows = [size for size in _SIZES if size not in {features, *numbers}][:2]
    rng = torch.Generator().manual_seed(0)
    trial = Trial(layer, torch.randn(rows, steps, features, generator=rng))
    form = _with_axes(trial, form)
    form = _with_state(trial, form)
    return replace(form, remarks=tuple(_remarks(trial, form)))


def _with_axes(trial: Trial, form: Form) -> Form:
    problems = []
    whole = [flag for flag in _flags(inspect.signature(trial.layer.forward).parameters) if "return" in flag]
    layouts: tuple[Layout, ...] = ("batch first", "channels first")
    for layout, flags in itertools.product(layouts, [{}, *({flag: True} for flag in whole)]):
        asked = replace(form, layout=layout, flags=flags)
        try:
            returned = trial.run(asked, trial.inputs)
        except Exception as error:
            problems.append(f"on {layout} inputs it raises {' '.join(told(error).split())[:200]}{_set(flags)}")
            continue
        found = with_outputs(asked, returned, trial.inputs)
        if found is None:
            problems.append(f"on {layout} inputs it returns {shapes(returned)}{_set(flags)}")
        else:
            return _time_first(trial, found)
    size = list(trial.inputs.shape)
    raise NotCallable(f"it gives no output for each step of inputs {size}: {'; '.join(problems[:4])}")


def with_outputs(form: Form, returned: Any, inputs: Tensor) -> Form | None:
    """Return the form with the key of the outputs; None if nothing that is returned has the right axes."""
    for key, value in _items(returned):
        if isinstance(value, Tensor) and value.ndim == 3 and not value.is_complex():
            asked = replace(form, outputs=key)
            if asked.outputs_of(returned).shape[:2] == inputs.shape[:2]:
                return asked
    return None


def _items(returned: Any) -> Iterator[tuple[Key | None, Any]]:
    if isinstance(returned, Mapping):
        yield from returned.items()
    elif isinstance(returned, (tuple, list)):
        yield from enumerate(returned)
    else:
        yield None, returned


def _time_first(trial: Trial, form: Form) -> Form:
    """Take the first axis for time if outputs mix along it, and along the second one they do not."""
    if form.layout != "batch first":
        return form
    mixes = [is_mixed(trial, form, axis) for axis in (0, 1)]
    return replace(form, layout="time first") if mixes == [True, False] else form


def is_mixed(trial: Trial, form: Form, axis: int) -> bool:
    """Say whether inputs at one place of an axis change outputs at others."""
    return any(leak(trial, form, axis, place) > SAME for place in (0, -1))


def leak(trial: Trial, form: Form, axis: int, place: int) -> float:
    """Return by how much inputs at a place change outputs at other places of an axis, relative to their size."""
    whole = trial.outputs(form, trial.inputs)
    changed = trial.inputs.clone()
    changed.select(axis, place).mul_(-3.0)
    others = [each for each in range(whole.shape[axis]) if each != place % whole.shape[axis]]
    index = torch.tensor(others)
    found = trial.outputs(form, changed)
    return gap(found.index_select(axis, index), whole.index_select(axis, index))


def gap(one: Tensor, other: Tensor) -> float:
    """Return the largest difference of outputs, relative to their size."""
    return float((one - other).abs().max()) / max(1e-6, float(other.abs().max()))


def _with_state(trial: Trial, form: Form) -> Form:
    """Return the form with the state, if the layer returns one: as it is called, or with one flag of forward."""
    parameters = inspect.signature(trial.layer.forward).parameters
    flags: list[Mapping[str, Any]] = [{}, *({name: True} for name in _flags(parameters))]
    for flag in flags:
        asked = replace(form, flags={**form.flags, **flag})
        try:
            returned = trial.run(asked, trial.inputs)
        except Exception:
            # A flag that does not go with the other arguments.
            continue
        found = with_outputs(asked, returned, trial.inputs)
        if found is None:
            continue
        state = state_form(found, returned, parameters, trial.inputs.shape[1], _Carried(trial, found))
        if state is not None:
            return replace(found, state=state.keys, state_argument=state.argument)
    # Some layers have no other state than their last output.
    state = state_form(form, None, parameters, trial.inputs.shape[1], _Carried(trial, form))
    return form if state is None else replace(form, state=state.keys, state_argument=state.argument)


def _flags(parameters: Mapping[str, inspect.Parameter]) -> list[str]:
    off = [name for name, each in parameters.items() if each.default is False]
    return [name for name in off if "return" in name or "state" in name or "cache" in name]


@dataclass(frozen=True)
class _Carried:
    """Measures how well a state continues a sequence."""

    trial: Trial
    form: Form

    def __call__(self, state: State | None, cut: int) -> float:
        """Return the distance of outputs after a cut, with the state carried over or without, from the whole's."""
        form, inputs = self.form, self.trial.inputs
        whole = self.trial.outputs(form, inputs)[:, cut:]
        if state is None:
            return gap(self.trial.outputs(form, inputs[:, cut:]), whole)
        asked = replace(form, state=state.keys, state_argument=state.argument)
        kept = asked.state_of(self.trial.run(asked, inputs[:, :cut]))
        return gap(self.trial.outputs(asked, inputs[:, cut:], kept), whole)


def _remarks(trial: Trial, form: Form) -> Iterator[str]:
    if (size := leak(trial, form, 1, -1)) > SAME:
        yield f"it looks ahead: the last input changes earlier outputs by {size:.1g} of their size"
    if is_mixed(trial, form, 0):
        yield "rows of a batch change one another's outputs"


def _set(flags: Mapping[str, Any]) -> str:
    return "".join(f" with {name}={value}" for name, value in flags.items())


def shapes(returned: Any) -> str:
    """Return the shapes of tensors in what a layer returned, in words."""
    if isinstance(returned, Tensor):
        return str(list(returned.shape))
    if isinstance(returned, Mapping):
        return "{" + ", ".join(f"{name}: {shapes(each)}" for name, each in returned.items()) + "}"
    if isinstance(returned, (tuple, list)):
        return "(" + ", ".join(map(shapes, returned)) + ")"
    return type(returned).__name__

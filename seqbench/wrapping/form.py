"""Describes how a layer of another package is called, and calls it as the harness calls layers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from torch import Tensor, nn

Layout = Literal["batch first", "time first", "channels first"]
Key = int | str

_AXES: Mapping[Layout, str] = {
    "batch first": "[batch, time, features]",
    "time first": "[time, batch, features]",
    "channels first": "[batch, features, time]",
}
ALL = "**"
"""The state is a mapping whose items are arguments of their own."""
LAST_STEP, LAST_ROWS = "[:, -1:]", "[:, -1]"
"""Keys of a state that is the last output: with the axis of time, or without it."""


@dataclass(frozen=True)
class Form:
    """How a layer is called; found out by trying.

    Attributes:
        input_argument: the argument of the constructor that takes the number of input features, or empty.
        mapped_to: features that the layer takes if it takes others than a step has: a linear map comes before it.
        constructor: arguments of the constructor that trying added, such as ``batch_first=True``.
        layout: the axes of inputs and outputs.
        outputs: the key of the outputs in what is returned; None if the outputs alone are returned.
        state: the key of the state in what is returned, several if it is in parts; empty if there is no state.
        state_argument: the argument of forward that takes the state; `ALL` for one argument for each part.
        flags: arguments of forward that are set in each call.
        remarks: what else was seen, a sentence each.
    """

    input_argument: str = ""
    mapped_to: int | None = None
    constructor: Mapping[str, Any] = field(default_factory=dict)
    layout: Layout = "batch first"
    outputs: Key | None = None
    state: tuple[Key, ...] = ()
    state_argument: str = ""
    flags: Mapping[str, Any] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    def told(self) -> Iterator[str]:
        """Yield what was found out, a sentence each."""
        if self.mapped_to is None:
            yield f"input size: {self.input_argument or 'the one that its arguments fix'}"
        else:
            yield f"input size: fixed, a linear map to {self.mapped_to} features comes before the layer"
        yield f"inputs: {_AXES[self.layout]}{_listed(self.constructor)}"
        yield "outputs: what it returns" if self.outputs is None else f"outputs: {_item(self.outputs)}"
        if self.state:
            there = " and ".join(map(_item, self.state))
            back = "by its own names" if self.state_argument == ALL else f"as {self.state_argument}"
            yield f"state: {there}, handed back {back}{_listed(self.flags)}"
        else:
            yield f"state: none{_listed(self.flags)}"
        yield from self.remarks

    def call(self, layer: nn.Module, inputs: Tensor, state: Any = None) -> Any:
        """Call a layer on [batch, time, features] and return what it returns; without a state, none is given."""
        return layer(laid(inputs, self.layout), **self.flags, **self._handed_back(state))

    def _handed_back(self, state: Any) -> Mapping[str, Any]:
        if state is None or not self.state:
            return {}
        return state if self.state_argument == ALL else {self.state_argument: state}

    def outputs_of(self, returned: Any) -> Any:
        """Return the outputs in what a layer returned, [batch, time, output features]."""
        outputs = returned if self.outputs is None else returned[self.outputs]
        return laid(outputs, self.layout)

    def state_of(self, returned: Any) -> Any:
        """Return the state in what a layer returned; None if it has none."""
        if not self.state:
            return None
        if self.state == (LAST_STEP,):
            return self.outputs_of(returned)[:, -1:]
        if self.state == (LAST_ROWS,):
            return self.outputs_of(returned)[:, -1]
        parts = [returned[key] for key in self.state]
        return parts[0] if len(parts) == 1 else tuple(parts)


class Wrapped(nn.Module):
    """A layer of another package, called as the harness calls layers.

    Attributes:
        layer: the layer itself.
        enter: a linear map to the features that it takes; the identity where none is needed.
        form: how it is called.
    """

    def __init__(self, layer: nn.Module, form: Form, enter: nn.Module) -> None:
        super().__init__()
        self.enter, self.layer, self.form = enter, layer, form

    def forward(self, inputs: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        """Run the layer: inputs [batch, time, features] -> (outputs [batch, time, output features], state)."""
        returned = self.form.call(self.layer, self.enter(inputs), state)
        return self.form.outputs_of(returned), self.form.state_of(returned)


def laid(values: Tensor, layout: Layout) -> Tensor:
    """Change [batch, time, features] to a layout, or back."""
    if layout == "time first":
        return values.transpose(0, 1)
    return values.transpose(1, 2) if layout == "channels first" else values


def _item(key: Key) -> str:
    if key in (LAST_STEP, LAST_ROWS):
        return f"the last output, outputs{key}"
    return f"item {key} of what it returns" if isinstance(key, int) else f"{key!r} of what it returns"


def _listed(values: Mapping[str, Any]) -> str:
    return f" ({', '.join(f'{name}={value}' for name, value in values.items())})" if values else ""

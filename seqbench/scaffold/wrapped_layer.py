"""Writes the module of a wrapped layer: the call that was found out, as code that its author can change."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from seqbench.wrapping.form import ALL, LAST_ROWS, LAST_STEP
from seqbench.wrapping.layer_class import LayerClass
from seqbench.wrapping.signatures import CLASS, class_at, signature_of, with_value

if TYPE_CHECKING:
    from seqbench.wrapping.form import Form, Layout

_LONGEST = 100
_OF_OUTPUTS = (LAST_STEP, LAST_ROWS)
_AXES: Mapping[Layout, str] = {"time first": ".transpose(0, 1)", "channels first": ".transpose(1, 2)"}


def layer_text(layer: LayerClass, form: Form, fields: Mapping[str, tuple[str, Any]]) -> str:
    """Return the module.

    Args:
        layer: the class, with its arguments.
        form: how it is called.
        fields: arguments that the model hands on: name -> (annotation, default).
    """
    built: dict[str, Any] = {name: _Code(name) for name in fields}
    values = {**layer.arguments, **form.constructor, **built}
    values = _with_input(values, form)
    imports = {layer.kind.__module__: {layer.kind.__name__}}
    made = call(f"        self.layer = {layer.kind.__name__}", _parts(layer.kind, values, layer.package, imports))
    named = {module: ", ".join(sorted(names)) for module, names in sorted(imports.items())}
    lines = "\n".join(f"from {module} import {names}" for module, names in named.items())
    own = [f"{name}: {annotation}" for name, (annotation, _) in fields.items()]
    takes = call("    def __init__", ["self", "input_size: int", *(["*", *own] if own else [])], " -> None:")
    entered = f"        self.enter = nn.Linear(input_size, {form.mapped_to})\n" if form.mapped_to else ""
    return f'''"""Calls {layer.kind.__name__} of {layer.source} as seqbench calls layers."""

from __future__ import annotations

from typing import Any

{lines}
from torch import Tensor, nn


class Layer(nn.Module):
    """{layer.kind.__name__}, called with inputs [batch, time, features] and an optional state."""

{takes}
        super().__init__()
{entered}{made}

    def forward(self, inputs: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        """Run the layer: inputs [batch, time, features] -> (outputs [batch, time, output features], state)."""
{_body(form)}'''


class _Code:
    """A value that is written as code."""

    def __init__(self, text: str) -> None:
        self.text = text


def call(name: str, parts: Sequence[str], end: str = "") -> str:
    """Return a call or a signature: on one line, or with a line for each part if that is too long.

    >>> call("    f", ["a", "b"])
    '    f(a, b)'
    """
    line = f"{name}({', '.join(parts)}){end}"
    if len(line) <= _LONGEST:
        return line
    indent = " " * (len(name) - len(name.lstrip()))
    return f"{name}(\n" + "".join(f"{indent}    {part},\n" for part in parts) + f"{indent}){end}"


def literal(value: Any) -> str:
    """Return a value as Python writes it; texts in double quotes."""
    if isinstance(value, _Code):
        return value.text
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def _with_input(values: Mapping[str, Any], form: Form) -> dict[str, Any]:
    if not form.input_argument:
        return dict(values)
    return with_value(values, tuple(form.input_argument.split(".")), _Code("input_size"))


def _parts(kind: type, values: Mapping[str, Any], package: str, imports: dict[str, set[str]]) -> list[str]:
    """Return the arguments of the call that makes an object, and add what they need to the imports."""
    known, parts = signature_of(kind).arguments, []
    for name, value in values.items():
        inner = class_at(known.get(name), value, package)
        if inner is None:
            parts.append(f"{name}={literal(value)}")
            continue
        imports.setdefault(inner.__module__, set()).add(inner.__name__)
        own = {each: under for each, under in value.items() if each != CLASS}
        parts.append(call(f"{name}={inner.__name__}", _parts(inner, own, package, imports)))
    return parts


def _body(form: Form) -> str:
    return "".join(f"        {line}\n" for line in _lines(form))


def _lines(form: Form) -> Iterator[str]:
    axes = _AXES.get(form.layout, "")
    inputs = f"self.enter(inputs){axes}" if form.mapped_to else f"inputs{axes}"
    flags = "".join(f", {name}={literal(value)}" for name, value in form.flags.items())
    handed = ""
    if form.state:
        back = "state" if form.state_argument == ALL else f"{{{literal(form.state_argument)}: state}}"
        yield f"given = {{}} if state is None else {back}"
        handed = ", **given"
    yield f"returned = self.layer({inputs}{flags}{handed})"
    outputs = "returned" if form.outputs is None else f"returned[{literal(form.outputs)}]"
    state = [f"{outputs}{axes}{key}" if key in _OF_OUTPUTS else f"returned[{literal(key)}]" for key in form.state]
    told = "None" if not state else state[0] if len(state) == 1 else f"({', '.join(state)})"
    yield f"return {outputs}{axes}, {told}"

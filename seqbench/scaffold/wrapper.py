"""Writes the files of a plugin that wraps a layer of another package, with what was found out about the layer."""

from __future__ import annotations

import keyword
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seqbench.scaffold.names import class_name, module_name
from seqbench.scaffold.wrapped_layer import call, layer_text, literal
from seqbench.wrapping.layer_class import LayerClass
from seqbench.wrapping.signatures import Argument, signature_of

if TYPE_CHECKING:
    from seqbench.wrapping.form import Form

_TRIED_WITH = 8
"""Features of a step with which the layer is tried."""
_WIDTH, _COUNT = 64, 1
_WIDE = ("unit", "size", "dim", "hidden", "width", "channel")
_SKIPPED = ("device", "dtype")


@dataclass(frozen=True)
class Wrapper:
    """A layer of another package that becomes a plugin of its own.

    Attributes:
        layer: its class, with all arguments that have no default.
        form: how it is called.
        fields: arguments that become parameters of the model: name -> (annotation, default).
        guessed: arguments without a default that were not given, and that got one.
    """

    layer: LayerClass
    form: Form
    fields: Mapping[str, tuple[str, Any]]
    guessed: tuple[str, ...]

    @property
    def distribution(self) -> str:
        """The requirement for pip; empty for a file of the user's own."""
        name, _, version = self.layer.source.partition(" ")
        return f"{name}=={version.partition(' ')[0]}" if version else ""


def wrapper(path: str, arguments: Mapping[str, Any]) -> Wrapper:
    """Try a layer, and return what a plugin for it needs.

    Args:
        path: the import path of its class.
        arguments: of its constructor; one without a default that is not given gets a guess if it is a number.

    Raises:
        ValueError: there is no such class, or an argument is unfit.
        ContractError: no way to call it was found.
    """
    given = LayerClass(path, arguments)
    missing = {place[-1]: _guess(place[-1]) for place in given.missing_places() if len(place) == 1}
    layer = LayerClass(path, {**arguments, **missing})
    layer.check()
    form = layer.build(_TRIED_WITH).form
    return Wrapper(layer, form, dict(_fields(layer, form)), tuple(missing))


def wrapper_files(name: str, wrapped: Wrapper, faults: Mapping[str, str]) -> dict[str, str]:
    """Return the modules and the test of a plugin: path -> text.

    Args:
        name: of the plugin.
        wrapped: the layer.
        faults: check of the kit that fails -> what it found.
    """
    module = module_name(name)
    return {
        f"{module}.py": _model_text(name, wrapped),
        f"{module}_layer.py": layer_text(wrapped.layer, wrapped.form, wrapped.fields),
        f"tests/test_{name.replace('-', '_')}.py": _test_text(name, faults),
    }


def _guess(name: str) -> int:
    return _WIDTH if any(part in name for part in _WIDE) else _COUNT


def _fields(layer: LayerClass, form: Form) -> Iterator[tuple[str, tuple[str, Any]]]:
    """Yield the arguments of the constructor that are numbers, text or truth values, with their defaults."""
    for name, argument in signature_of(layer.kind).arguments.items():
        default = layer.arguments.get(name, argument.default)
        annotation = _annotation(argument, default)
        is_found_out = name == form.input_argument or name in form.constructor
        is_free = not is_found_out and name not in _SKIPPED and not name.startswith(("_", "return"))
        is_usable = name.isidentifier() and not keyword.iskeyword(name) and name not in ("name", "version")
        if annotation and is_free and is_usable:
            yield name, (annotation, default)


def _annotation(argument: Argument, default: Any) -> str:
    """Return the annotation of a field; empty if the argument is no plain number, text or truth value."""
    parts = typing.get_args(argument.annotation) or (argument.annotation,)
    names = [{type(None): "None"}.get(each, getattr(each, "__name__", "")) for each in parts]
    if set(names) <= {"int", "float", "bool", "str", "None"} and (default is not None or "None" in names):
        return " | ".join(names)
    return type(default).__name__ if isinstance(default, (bool, int, float, str)) else ""


def _model_text(name: str, wrapped: Wrapper) -> str:
    kind, own = wrapped.layer.kind.__name__, class_name(name)
    fields = "".join(f"    {field}: {of} = {literal(value)}\n" for field, (of, value) in wrapped.fields.items())
    built = call("        return Layer", ["input_size", *(f"{field}=self.{field}" for field in wrapped.fields)])
    told = "\n".join(f"    - {each}" for each in wrapped.form.told())
    attributes = "".join(f"        {field}: argument of {kind}.\n" for field in wrapped.fields)
    listed = f"\n    Attributes:\n{attributes}" if attributes else ""
    return f'''"""Offers the model ``{name}``: {kind} of {wrapped.layer.source}."""
{_HEAD.format(own=own)}

@dataclass(frozen=True)
class {own}(Model):
    """{kind} of {wrapped.layer.source}.

    Found out by trying when this plugin was written:

{told}
{listed}    """

    name: ClassVar[str] = "{name}"
    version: ClassVar[int] = 1
{fields}
    def build(self, input_size: int) -> nn.Module:
        """Return the layer."""
        # Torch is imported here, so that `seqbench list` answers without it.
        from {module_name(name)}_layer import Layer

{built}
'''


_HEAD = '''
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from seqbench import Model, hookimpl

if TYPE_CHECKING:
    from torch import nn

SEQBENCH_CONTRACT = 2


@hookimpl
def seqbench_models() -> Iterator[type[Model]]:
    """Yield the model."""
    yield {own}

'''


def _test_text(name: str, faults: Mapping[str, str]) -> str:
    known = "".join(f"    {literal(check)}: {literal(found)},\n" for check, found in faults.items())
    listed = f"\nKNOWN = {{\n{known}}}\n" if faults else "\nKNOWN: dict[str, str] = {}\n"
    return f'''"""Tests that the model keeps the contract."""

from __future__ import annotations

from collections.abc import Callable

from seqbench.testing import checks_for
{listed}"""Checks that failed when this plugin was written, and what they found; empty it as you mend them."""


@checks_for("{name}", skip=KNOWN)
def test_contract(check: Callable[[], None]) -> None:
    check()
'''

"""Builds layers of a class of any package: its input size and its form are found out by trying."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from seqbench.base.nested import flat
from seqbench.errors import ContractError
from seqbench.wrapping.paths import NamingError, foreign_code, found_class, parts_of, told_as_value_error
from seqbench.wrapping.signatures import (
    Place,
    faults,
    made,
    open_places,
    optional_places,
    signature_of,
    with_value,
)
from seqbench.wrapping.source import source_of

if TYPE_CHECKING:
    from torch import nn

    from seqbench.wrapping.form import Form, Wrapped

INPUT_NAMES = (
    "input_size", "input_dim", "in_features", "in_channels", "input_channels", "num_inputs", "n_inputs", "dim_in",
    "in_dim", "d_in", "d_input", "n_in", "input_features", "embedding_dim", "embed_dim", "d_model", "model_dim",
    "dim", "width", "hidden_dim", "hidden_size", "features", "size",
)  # fmt: skip
"""Names of arguments for the number of input features, the most likely first."""

WIDTH_NAMES = (
    "hidden_size", "units", "hidden_dim", "hidden_features", "hidden_units", "num_units", "d_hidden", "n_hidden",
    "num_hidden", "d_model", "model_dim", "embedding_dim", "embed_dim", "dim", "width", "channels", "out_channels",
    "head_size", "head_dim", "state_size", "state_width", "state_dim", "d_state",
)  # fmt: skip
"""Names of arguments for the width of a layer, the most likely first."""


@dataclass(frozen=True)
class LayerClass:
    """A class of layers with arguments, without the number of input features.

    Attributes:
        path: its import path, such as ``ncps.torch:CfC``.
        arguments: of its constructor; a mapping is the arguments of a class of its own.
    """

    path: str
    arguments: Mapping[str, Any]

    @cached_property
    def kind(self) -> type[nn.Module]:
        """The class.

        Raises:
            ValueError: there is no such ``torch.nn.Module``.
        """
        from torch import nn

        found = found_class(self.path)
        if not issubclass(found, nn.Module):
            raise NamingError(f"{self.path} is no torch.nn.Module; name the class of a layer")
        return found

    @property
    def package(self) -> str:
        """The top-level package of the class."""
        return parts_of(self.path)[0].partition(".")[0]

    @property
    def source(self) -> str:
        """Its distribution and version, or a hash of its files."""
        return source_of(self.kind)

    def check(self) -> None:
        """Check the arguments against the signature.

        Raises:
            ValueError: one is unknown, of another type, or missing; every fault is told.
        """
        with told_as_value_error(f"the signature of {self.path}"):
            found = [*_not_json(self.arguments), *faults(self.kind, self.arguments, self.package)]
            missing = [] if found else [".".join(("arguments", *place)) for place in self.missing_places()]
        if missing:
            several = f"{' and '.join(missing)} {'are' if len(missing) > 1 else 'is'} missing"
            known = ", ".join(signature_of(self.kind).arguments)
            found = [f"{several}; {self.kind.__name__} takes {known}"]
        if found:
            raise NamingError("\n".join(found))

    def missing_places(self) -> list[Place]:
        """Return the arguments that are required and not given, except the one that takes the input size."""
        places = list(open_places(self.kind, self.arguments, self.package))
        chosen = _likeliest(places)[:1] or places[: len(places) == 1]
        return [place for place in places if place not in chosen]

    @property
    def width(self) -> str:
        """The dotted name of the argument that is its width, among the whole numbers given; empty if none is."""
        found = {name.rpartition(".")[2]: name for name, value in flat(self.arguments) if _is_whole(value)}
        return next((found[name] for name in WIDTH_NAMES if name in found), "")

    def build(self, input_size: int) -> Wrapped:
        """Return a layer; weights come from torch's global generator.

        Raises:
            ContractError: no way to build it and to call it was found; every try is told.
            RuntimeError: torch's default device is ``meta``, on which nothing can be tried.
        """
        import torch
        from torch import nn

        from seqbench.wrapping.form import Wrapped

        if torch.get_default_device().type == "meta":
            raise RuntimeError(f"{self.path} is tried as it is built, which needs numbers")
        try:
            form, arguments = self._form(input_size)
            with told_as_value_error(f"{self.kind.__name__} cannot be built"):
                enter = nn.Linear(input_size, form.mapped_to) if form.mapped_to else nn.Identity()
                return Wrapped(made(self.kind, arguments, self.package), form, enter)
        except ValueError as error:
            raise ContractError(f"{self.path}: {error}") from error

    def _form(self, input_size: int) -> tuple[Form, dict[str, Any]]:
        """Return the form of the layer, and all arguments of its constructor; known ones are kept."""
        if input_size not in self._forms:
            self._forms[input_size] = self._found_out(input_size)
        return self._forms[input_size]

    @cached_property
    def _forms(self) -> dict[int, tuple[Form, dict[str, Any]]]:
        return {}

    def _found_out(self, input_size: int) -> tuple[Form, dict[str, Any]]:
        from seqbench.wrapping.form import Form
        from seqbench.wrapping.trying import NotCallable, tried

        problems = []
        numbers = list(_numbers(self.arguments))
        for argument, features, extra in self._ways(input_size):
            place = tuple(argument.split(".")) if argument else ()
            arguments = with_value(self.arguments, place, features) if argument else dict(self.arguments)
            arguments |= extra
            mapped_to = None if argument or features == input_size else features
            known = Form(argument, mapped_to, extra)
            tried_as = f"with {argument}={features}" if argument else f"on {features} features"
            try:
                with foreign_code(tried_as):
                    layer = made(self.kind, arguments, self.package).eval()
                    return tried(layer, features, numbers, known), arguments
            except ValueError as error:
                cause = error.__cause__
                told = f"{tried_as}: {cause}" if isinstance(cause, NotCallable) else str(error)
                problems.append(told)
        raise NamingError("no way to call it was found\n  " + "\n  ".join(dict.fromkeys(problems)))

    def _ways(self, input_size: int) -> Iterator[tuple[str, int, dict[str, Any]]]:
        """Yield (argument for the input size, features of inputs, further arguments), the likeliest first."""
        extras: list[dict[str, Any]] = [{"batch_first": True}, {}]
        known = signature_of(self.kind).arguments
        if "batch_first" not in known or "batch_first" in self.arguments:
            extras = [{}]
        required = list(open_places(self.kind, self.arguments, self.package))
        places = _likeliest(required) or required[:1]
        if not places:
            places = _likeliest(list(optional_places(self.kind, self.arguments, self.package)))
        for extra in extras:
            yield from ((".".join(place), input_size, extra) for place in places)
        if not required:
            for extra in extras:
                # The likeliest argument that the user has set is the number of features that the layer takes.
                sizes = dict.fromkeys([input_size, *_sizes(self.arguments)])
                yield from (("", size, extra) for size in sizes)


def _likeliest(places: list[Place]) -> list[Place]:
    return [place for name in INPUT_NAMES for place in places if place[-1] == name]


def _sizes(arguments: Mapping[str, Any]) -> Iterator[int]:
    """Yield the values of arguments whose names tell of an input size, the likeliest first."""
    known = [(name.rpartition(".")[2], value) for name, value in flat(arguments)]
    yield from (value for wanted in INPUT_NAMES for name, value in known if name == wanted and _is_whole(value))


def _numbers(arguments: Any) -> Iterator[int]:
    """Yield the whole numbers among arguments."""
    if isinstance(arguments, Mapping):
        for value in arguments.values():
            yield from _numbers(value)
    elif isinstance(arguments, (list, tuple)):
        for value in arguments:
            yield from _numbers(value)
    elif _is_whole(arguments):
        yield arguments


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _not_json(arguments: Any, at: str = "arguments") -> Iterator[str]:
    """Yield the values that strict JSON cannot hold."""
    if isinstance(arguments, Mapping):
        for name, value in arguments.items():
            yield from _not_json(value, f"{at}.{name}")
    elif isinstance(arguments, (list, tuple)):
        for number, value in enumerate(arguments):
            yield from _not_json(value, f"{at}.{number}")
    elif isinstance(arguments, float) and not math.isfinite(arguments):
        yield f"{at} is {arguments}, and a record holds finite numbers only"
    elif not (arguments is None or isinstance(arguments, (bool, int, float, str))):
        yield f"{at} is {type(arguments).__name__}, and arguments are numbers, text, lists and mappings"

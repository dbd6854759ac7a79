"""Reads the signature of a class, and checks arguments from a file or a command line against it.

A mapping for an argument is the arguments of a class of its own: the one that the annotation names, or the one
under its key ``class``. Such classes come from the layer's own package.
"""

from __future__ import annotations

import dataclasses
import inspect
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from seqbench.errors import nearest
from seqbench.wrapping.paths import FORM, NamingError, found_class

CLASS = "class"
"""The key of a mapping that names the class of an argument."""

Place = tuple[str, ...]

_SIMPLE: Mapping[Any, str] = {int: "a number", float: "a number", bool: "true or false", str: "text"}


@dataclass(frozen=True)
class Argument:
    """One argument of a class.

    Attributes:
        name: as in the signature.
        annotation: its type; Any if it has none.
        default: its default value; None if it has none.
        is_required: whether it has no default.
    """

    name: str
    annotation: Any
    default: Any
    is_required: bool

    @property
    def inner(self) -> type | None:
        """The class whose arguments a mapping for it gives; None if it takes mappings, or other things."""
        kinds = [each for each in _alternatives(self.annotation) if inspect.isclass(each)]
        return next((each for each in kinds if dataclasses.is_dataclass(each)), None)


@dataclass(frozen=True)
class Signature:
    """The arguments of a class.

    Attributes:
        arguments: name -> argument.
        is_open: whether it takes names that are not in its signature.
    """

    arguments: Mapping[str, Argument]
    is_open: bool


def signature_of(kind: type) -> Signature:
    """Return the signature of a class; overloads and, where it passes keywords on, its bases complete it."""
    found: dict[str, Argument] = {}
    is_open = True
    for base in kind.__mro__:
        own = vars(base).get("__init__")
        if own is None or base is object:
            continue
        functions = typing.get_overloads(own)[:1] if inspect.isfunction(own) else []
        is_whole = bool(functions)
        try:
            parameters = inspect.signature(functions[0] if functions else own).parameters
        except (TypeError, ValueError):
            break
        hints, is_base = _hints(functions[0] if functions else own), bool(found)
        for name, each in list(parameters.items())[1:]:
            if each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD):
                found.setdefault(name, _argument(each, hints.get(name, Any), is_base=is_base))
        is_open = not is_whole and any(each.kind is each.VAR_KEYWORD for each in parameters.values())
        if not is_open:
            break
    return Signature(found, is_open)


def _argument(parameter: inspect.Parameter, annotation: Any, *, is_base: bool) -> Argument:
    is_required = parameter.default is parameter.empty and not is_base
    default = None if parameter.default is parameter.empty else parameter.default
    return Argument(parameter.name, annotation, default, is_required)


def _hints(function: Any) -> Mapping[str, Any]:
    try:
        return typing.get_type_hints(function)
    except Exception:
        # Names that only a type checker imports cannot be resolved.
        return {}


def class_at(argument: Argument | None, given: Any, package: str) -> type | None:
    """Return the class that a mapping for an argument builds; None if the value is plain data.

    Raises:
        ValueError: it names a class that is not there, or one of another package than the layer's.
    """
    if not isinstance(given, Mapping):
        return None
    if CLASS not in given:
        return argument.inner if argument else None
    path = given[CLASS]
    if not isinstance(path, str) or ":" not in path:
        if argument and argument.inner:
            return argument.inner
        raise NamingError(f"class: {path!r} stands in the arguments; a class is named as {FORM}")
    if path.partition(":")[0].partition(".")[0] not in (package, "torch"):
        raise NamingError(f"{path} is not of the layer's package {package}; classes of arguments are")
    return found_class(path)


def faults(kind: type, given: Mapping[str, Any], package: str, at: Place = ("arguments",)) -> Iterator[str]:
    """Yield a sentence for each argument that is unknown or of another simple type than the signature asks for."""
    signature = signature_of(kind)
    for name, value in given.items():
        argument, where = signature.arguments.get(name), ".".join((*at, name))
        if argument is None and not signature.is_open:
            yield _unknown(kind, name, where, signature.arguments)
            continue
        inner = class_at(argument, value, package)
        if inner is not None:
            yield from faults(inner, _without_class(value), package, (*at, name))
        elif argument is not None and (asked := _unfit(argument.annotation, value)):
            yield f"{where} is {value!r}, and {kind.__name__} asks for {asked}"


def open_places(kind: type, given: Mapping[str, Any], package: str, at: Place = ()) -> Iterator[Place]:
    """Yield the places of arguments that are required and not given, inner ones too."""
    for name, argument in signature_of(kind).arguments.items():
        is_given = name in given
        inner = class_at(argument, given.get(name, {}), package)
        if inner is not None and (is_given or argument.is_required):
            yield from open_places(inner, _without_class(given.get(name, {})), package, (*at, name))
        elif argument.is_required and not is_given:
            yield (*at, name)


def optional_places(kind: type, given: Mapping[str, Any], package: str, at: Place = ()) -> Iterator[Place]:
    """Yield the places of arguments that have a default and are not given, inner ones too."""
    for name, argument in signature_of(kind).arguments.items():
        inner = class_at(argument, given.get(name, {}), package)
        if inner is not None and (name in given or argument.is_required):
            yield from optional_places(inner, _without_class(given.get(name, {})), package, (*at, name))
        elif not argument.is_required and name not in given:
            yield (*at, name)


def made(kind: type, given: Mapping[str, Any], package: str) -> Any:
    """Return an object of a class with these arguments; mappings become objects of their classes."""
    signature, values = signature_of(kind), {}
    for name, value in given.items():
        inner = class_at(signature.arguments.get(name), value, package)
        values[name] = value if inner is None else made(inner, _without_class(value), package)
    return kind(**values)


def with_value(given: Mapping[str, Any], place: Place, value: Any) -> dict[str, Any]:
    """Return arguments with a value at a place.

    >>> with_value({"config": {"n_layers": 1}}, ("config", "d_model"), 8)
    {'config': {'n_layers': 1, 'd_model': 8}}
    """
    first, *rest = place
    inner = value if not rest else with_value(given.get(first, {}), tuple(rest), value)
    return {**given, first: inner}


def _without_class(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name != CLASS}


def _unknown(kind: type, name: str, where: str, known: Mapping[str, Argument]) -> str:
    near = nearest(name, known)
    guess = f"; did you mean {near!r}?" if near else "."
    return f"{kind.__name__} has no argument {name!r} ({where}){guess} It has: {', '.join(known) or 'none'}"


def _unfit(annotation: Any, value: Any) -> str:
    """Return what an annotation of simple types asks for if a value is none of it; empty if it fits."""
    choices: list[str] = []
    for each in _alternatives(annotation):
        if typing.get_origin(each) is Literal:
            if value in typing.get_args(each):
                return ""
            choices += [repr(choice) for choice in typing.get_args(each)]
        elif each is type(None):
            if value is None:
                return ""
            choices.append("null")
        elif each not in _SIMPLE or _is_of(value, each):
            return ""
        else:
            choices.append(_SIMPLE[each])
    return " or ".join(choices)


def _is_of(value: Any, kind: Any) -> bool:
    if isinstance(value, bool):
        return kind is bool
    # Packages annotate shares as whole numbers: what kind of number it is, their code decides.
    return isinstance(value, (int, float)) if kind in (int, float) else isinstance(value, kind)


def _alternatives(annotation: Any) -> tuple[Any, ...]:
    is_union = typing.get_origin(annotation) in (typing.Union, types.UnionType)
    return typing.get_args(annotation) if is_union else (annotation,)

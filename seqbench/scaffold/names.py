"""Checks the name of a new plugin, which names its distribution, module, class and task or model."""

from __future__ import annotations

import builtins
import importlib.metadata
import importlib.util
import keyword
import re
import sys

import seqbench
from seqbench.contracts.names import RESERVED, is_name
from seqbench.errors import PluginError
from seqbench.plugins.catalog import Catalog

_LONGEST = 40
"""Most letters of a name, which is used in file names and tables."""

_IMPORTED = ("Annotated", "ClassVar", "Field", "Iterator", "Tensor")
"""The names that the example's modules import from packages other than seqbench."""


def check_name(name: str, catalog: Catalog) -> None:
    """Refuse a name that cannot be used or is taken.

    Raises:
        PluginError: with the reason, and a similar name that can be used, if there is one.
    """
    fault = _form_fault(name) or _taken(name, catalog)
    if fault:
        raise PluginError(f"a plugin cannot be called {name!r}: {fault}")


def module_name(name: str) -> str:
    """Return the module of a plugin.

    >>> module_name("my-model")
    'seqbench_my_model'
    """
    return f"seqbench_{name.replace('-', '_')}"


def class_name(name: str) -> str:
    """Return the class of a plugin.

    >>> class_name("my-model")
    'MyModel'
    """
    return "".join(part.capitalize() for part in name.split("-"))


def kebab(text: str) -> str:
    """Return the nearest name of the right form; empty if there is none.

    >>> kebab("My_ModelV2"), kebab("seqbench-thing"), kebab("42")
    ('my-model-v2', 'thing', '')
    """
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", text).lower()
    words = re.sub(r"[^a-z0-9]+", "-", words).strip("-").removeprefix("seqbench-")
    return words if is_name(words) else ""


def _form_fault(name: str) -> str:
    near = kebab(name)
    instead = f"; {near!r} would do" if near and near != name else ""
    if not is_name(name):
        return f"a name is lower-case ASCII words joined by '-' that begin with a letter{instead}"
    if name.startswith("seqbench-"):
        return f"the distribution is called seqbench-NAME anyway{instead}"
    if len(name) > _LONGEST:
        return f"it has {len(name)} letters, and {_LONGEST} are the most"
    if name in RESERVED:
        return "the word means something else on the command line"
    return ""


def _taken(name: str, catalog: Catalog) -> str:
    for kind, offers in (("task", catalog.tasks), ("model", catalog.models), ("suite", catalog.suites)):
        if name in offers:
            return f"there is a {kind} of this name, from {catalog.origins[kind, name]}"
    points = importlib.metadata.entry_points(group="seqbench")
    if name in points.names:
        return f"there is a plugin of this name, from {points[name].dist.name}"  # type: ignore[union-attr]
    if importlib.util.find_spec(module_name(name)) is not None:
        return f"there is a module {module_name(name)} already"
    if name.replace("-", "_") in sys.stdlib_module_names:
        return "it is a module of Python's standard library"
    own = class_name(name)
    if keyword.iskeyword(own) or own in {*seqbench.__all__, *dir(builtins), *_IMPORTED}:
        return f"its class would be called {own}, which is taken"
    return ""

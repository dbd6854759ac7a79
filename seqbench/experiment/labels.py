"""Reads the models of an experiment: names, and labelled variants of one model.

Builds on contracts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import FunctionType
from typing import Annotated, Any

from pydantic import PlainSerializer, PlainValidator

from seqbench.base.given import shown
from seqbench.contracts.model import Model
from seqbench.contracts.names import RESERVED, is_name
from seqbench.contracts.task import Task

LONGEST = 40
"""Most characters of a label: it is a name in tables."""
_FORM = "{label: lstm-wide, model: lstm, hidden_size: 256}"


@dataclass(frozen=True)
class Variant:
    """A model under a label of its own.

    Attributes:
        label: appears in records, tables and pages, and in no key.
        model: the name of the model.
        parameters: override the experiment's parameters of the model.
    """

    label: str
    model: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


def read_choice(value: Any) -> str | Variant:
    """Read one entry of ``models``.

    >>> read_choice({"label": "lstm-wide", "model": "lstm", "hidden_size": 256})
    Variant(label='lstm-wide', model='lstm', parameters={'hidden_size': 256})

    Raises:
        ValueError: the entry is neither a name nor a labelled model.
    """
    if isinstance(value, (str, Variant)):
        return value
    if is_code(value):
        raise ValueError(how_named("model", value))
    if not isinstance(value, Mapping):
        raise ValueError(f"it is the name of a model, or {_FORM}; {shown(value)} was given")
    if is_code(value.get("model")):
        raise ValueError(how_named("model", value["model"]))
    if missing := [name for name in ("label", "model") if not isinstance(value.get(name), str)]:
        raise ValueError(f"a labelled model has a {missing[0]}, which is text: write it as {_FORM}")
    label = value["label"]
    if not is_name(label) or label in RESERVED:
        words = "lower-case words joined by '-', such as lstm-wide"
        raise ValueError(f"a label is {words}{_but_none_of_ours(label)}; {label!r} was given")
    if len(label) > LONGEST:
        raise ValueError(
            f"a label has up to {LONGEST} characters, and {label!r} has {len(label)}: choose a shorter one"
        )
    if not value["model"]:
        raise ValueError(f"the label {label} is without a model: write {label}=lstm, or in a file {_FORM}")
    rest = {name: each for name, each in value.items() if name not in ("label", "model")}
    return Variant(label, value["model"], rest)


def is_code(value: Any) -> bool:
    """Say whether a value is a class, a function, a layer, a task or a model, and no name of one."""
    return callable(value) or isinstance(value, Task | Model)


def how_named(kind: str, value: Any) -> str:
    """Return a sentence that says how to name a task or a model of which the class, or an object, was given.

    Args:
        kind: ``task`` or ``model``.
        value: a class or an object.
    """
    given = value if isinstance(value, type | FunctionType) else type(value)
    said = f"a {kind} is given by its name, such as {_EXAMPLES[kind]}, and {shown(value)} was given"
    if isinstance(given, type) and issubclass(given, Task | Model):
        name = getattr(given, "name", "its name")
        return f"{said}; write {name!r}, and if it is not installed, give its file to seqbench.run in plugin_files"
    if kind == "task":
        return f"{said}; a task of your own is a seqbench.Task in a file, which seqbench.run takes in plugin_files"
    module = "my_file" if given.__module__ == "__main__" else given.__module__
    layer = {"label": "mine", "model": "module", "layer": f"{module}:{given.__name__}", "arguments": {}}
    where = ", with the class in the file my_file.py in the current folder" if module == "my_file" else ""
    return f"{said}; write a layer as {layer}{where}"


_EXAMPLES = {"task": "'copy'", "model": "'lstm'"}


def _but_none_of_ours(label: str) -> str:
    return f", and none of {', '.join(sorted(RESERVED))}" if label in RESERVED else ""


def _flat(choice: str | Variant) -> str | dict[str, Any]:
    if isinstance(choice, str):
        return choice
    return {"label": choice.label, "model": choice.model, **choice.parameters}


Choice = Annotated[str | Variant, PlainValidator(read_choice), PlainSerializer(_flat)]
"""An entry of ``models``: the name of a model, or a labelled variant."""


def shown_name(choice: str | Variant) -> str:
    """Return the name under which tables show a model of an experiment."""
    return choice if isinstance(choice, str) else choice.label


def read_word(word: str) -> str | dict[str, str]:
    """Read one word of ``--models``: ``lstm``, or ``lstm-wide=lstm`` for a labelled variant.

    >>> read_word("lstm"), read_word("lstm-wide=lstm")
    ('lstm', {'label': 'lstm-wide', 'model': 'lstm'})
    """
    label, equals, model = word.partition("=")
    return {"label": label.strip(), "model": model.strip()} if equals else word


def labelled(of_file: Any) -> dict[str, Any]:
    """Return label -> entry of the ``models`` of a file, valid or not."""
    entries = of_file if isinstance(of_file, Sequence) else ()
    return {str(each["label"]): each for each in entries if isinstance(each, Mapping) and "label" in each}


def picked(asked: Any, of_file: Any) -> Any:
    """Return the requested models; the label of a variant in the file selects that variant.

    Args:
        asked: the models of the command line.
        of_file: the ``models`` of the file, valid or not.
    """
    if not isinstance(asked, Sequence):
        return asked
    known = labelled(of_file)
    return [known.get(each, each) if isinstance(each, str) else each for each in asked]

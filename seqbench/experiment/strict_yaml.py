"""Reads a YAML text with the line of each value.

Plain PyYAML reads 1e-3 as a string, 12:30 as 750 and no as False, and keeps the last of two equal keys silently.
This module reads scalars by the core schema of YAML 1.2, and refuses the rest before it takes time or memory:
aliases, tags, depth, size.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import yaml
from pydantic import BaseModel

from seqbench.errors import ExperimentError
from seqbench.experiment.no_value import NoValueError, Place, what_to_write

_WORDS: Mapping[str, Any] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
MOST_BYTES = 1_000_000
"""Largest size of an experiment file."""
_MOST_LEVELS, _MOST_VALUES, _MOST_DIGITS = 50, 20_000, 100
_INTEGER = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")


@dataclass(frozen=True)
class Document:
    """The content of a text, with the line of each value.

    Attributes:
        value: dicts, lists and scalars.
        lines: the path of keys and positions to a value -> its line, counted from 1.
        source: the name of the file, for messages.
        replaced: the overrides that were applied; they have no line here.
    """

    value: Any
    lines: Mapping[Place, int]
    source: str
    replaced: Mapping[str, Any] = field(default_factory=dict)

    def where(self, place: Place) -> str:
        """Return ``file:line: `` of a place or of the nearest enclosing one.

        The text is empty for replaced values, and for names that only the overrides have.
        """
        if is_in(place, self.replaced):
            return ""
        while place and place not in self.lines:
            if _is_named_in(place, self.replaced):
                return ""
            place = place[:-1]
        return f"{self.source}:{self.lines.get(place, 1)}: "

    def without(self, overrides: Mapping[str, Any]) -> Document:
        """Return the document with the overridden values marked as replaced."""
        return replace(self, replaced=overrides)


def is_in(place: Place, overrides: Any) -> bool:
    """Say whether nested overrides give the value at a place.

    >>> is_in(("training", "steps"), {"training": {"steps": 5}}), is_in(("training",), {"training": {"steps": 5}})
    (True, False)
    """
    for step in place:
        if not isinstance(overrides, Mapping):
            return True
        if step not in overrides:
            return False
        overrides = overrides[step]
    return not isinstance(overrides, Mapping)


def _is_named_in(place: Place, overrides: Any) -> bool:
    """Say whether nested overrides have the names of a place."""
    for step in place:
        if not isinstance(overrides, Mapping) or step not in overrides:
            return False
        overrides = overrides[step]
    return True


def read_yaml(text: str, source: str, model: type[BaseModel] | None = None) -> Document:
    """Read a text.

    Args:
        text: the text.
        source: the name of its file, for messages.
        model: what its content is for, so that a message knows which field may be null.

    Raises:
        ExperimentError: it is not YAML, has a key twice, uses tags, anchors or several documents, or is too large
            or too deeply nested, or a field has no value.
    """
    try:
        _check_form(text, source)
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise ExperimentError(_not_yaml(error, source)) from error
    lines: dict[Place, int] = {}
    try:
        value = None if root is None else _value(root, (), lines, source)
    except NoValueError as error:
        named = next((f"{step} has" for step in reversed(error.place) if isinstance(step, str)), "an entry has")
        advice = what_to_write(error.place, model)
        raise ExperimentError(f"{source}:{error.line}: {named} no value here; {advice}") from error
    return Document(value, lines, source)


def _check_form(text: str, source: str) -> None:
    """Refuse unsupported YAML event by event, without building any of it in memory.

    Raises:
        ExperimentError: it uses an unsupported form; the message has the line.
        yaml.YAMLError: it is not YAML.
    """
    if len(text) > MOST_BYTES:
        raise ExperimentError(f"{source}: it has {len(text):,} characters, and an experiment up to {MOST_BYTES:,}")
    levels = documents = values = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        documents += isinstance(event, yaml.DocumentStartEvent)
        values += isinstance(event, yaml.NodeEvent)
        levels += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        problem = _unread(event)
        if documents > 1:
            problem = "a second document begins here; an experiment is one: keep one, or make a file of each"
        if levels > _MOST_LEVELS:
            problem = f"lists and mappings stand in each other more than {_MOST_LEVELS} deep"
        if values > _MOST_VALUES:
            problem = f"there are more than {_MOST_VALUES:,} values"
        if problem is not None:
            line = event.start_mark.line + 1 if event.start_mark else 1
            raise ExperimentError(f"{source}:{line}: {problem}")


def _unread(event: yaml.Event) -> str | None:
    """Return why an event is not supported; None if it is."""
    if isinstance(event, yaml.AliasEvent):
        return f"the alias *{event.anchor} is not followed; write its value here"
    anchor = getattr(event, "anchor", None)
    if anchor is not None:
        return f"the anchor &{anchor} is not understood, since aliases are not followed; leave it out"
    tag = event.tag if isinstance(event, yaml.CollectionStartEvent | yaml.ScalarEvent) else None
    return None if tag is None else f"the tag {tag} is not understood; leave it out"


def _not_yaml(error: yaml.YAMLError, source: str) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem and error.problem_mark:
        line, column = error.problem_mark.line + 1, error.problem_mark.column + 1
        return f"{source}:{line}: this is not YAML: {error.problem} (column {column})"
    return f"{source}: this is not YAML: {' '.join(str(error).split())}"


def read_scalar(text: str) -> Any:
    """Read one value of the command line: a scalar, or a list in brackets.

    >>> [read_scalar(text) for text in ("1e-3", "64", "no", "true", "null", "0.7/0.1/0.2", "[1, 2]")]
    [0.001, 64, 'no', True, None, '0.7/0.1/0.2', [1, 2]]

    Raises:
        ExperimentError: it has brackets but is not a list, or it is a number with too many digits.
    """
    if text.startswith("[") and text.endswith("]"):
        return read_yaml(text, "the command line").value
    return _scalar(text)


def _value(node: yaml.Node, place: Place, lines: dict[Place, int], source: str) -> Any:
    lines[place] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, place, lines, source)
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, (*place, i), lines, source) for i, item in enumerate(node.value)]
    is_plain = isinstance(node, yaml.ScalarNode) and node.style is None
    if is_plain and not node.value:
        # YAML reads null, and a path that was forgotten would be one that is not wanted.
        raise NoValueError(place, lines[place])
    return _scalar(node.value, f"{source}:{lines[place]}: ") if is_plain else node.value


def _mapping(node: yaml.MappingNode, place: Place, lines: dict[Place, int], source: str) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            raise ExperimentError(f"{source}:{line}: a key is a name, and a list or a mapping stands here")
        key = str(key_node.value)
        if key == "<<" and key_node.style is None:
            raise ExperimentError(f"{source}:{line}: << merges nothing here; write out what it would bring")
        if key in result:
            raise ExperimentError(f"{source}:{line}: the key {key!r} stands here a second time; keep one")
        result[key] = _value(value_node, (*place, key), lines, source)
        lines[(*place, key)] = line
    return result


def _scalar(text: str, where: str = "") -> Any:
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        if len(text) > _MOST_DIGITS:
            raise ExperimentError(f"{where}a number of {len(text):,} digits; the largest has {_MOST_DIGITS}")
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text

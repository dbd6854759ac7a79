"""Makes tables of the reference from the code: fields of an experiment, and parameters of tasks and models.

Also tells Sphinx which indented lines of a docstring are code: seqbench writes them after one colon.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable, Iterator, Sequence
from inspect import cleandoc
from typing import Annotated, Any

from docutils.nodes import Node
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from seqbench.cli.list import first_line
from seqbench.cli.prose import meanings
from seqbench.contracts.constraints import in_words
from seqbench.plugins.load import load_catalog
from seqbench.plugins.parameters import Parameter, parameters_of

Row = tuple[str, str, str, str]
"""Name, type, default and meaning, in reST."""
HEAD: Row = ("name", "type", "default", "meaning")
COUNTED = re.compile(r"tuple\[(.*), \.\.\.\]")
CHOICES = re.compile(r"Literal\[(.*?)\]")


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the directives, and what is done to docstrings."""
    app.add_directive("experiment-fields", ExperimentFields)
    app.add_directive("plugin-parameters", PluginParameters)
    # Before napoleon, which reads the sections.
    app.connect("autodoc-process-docstring", _mark_code, priority=100)
    app.connect("sphinx-click-process-options", _show_paths)
    return {"parallel_read_safe": True}


class ExperimentFields(SphinxDirective):
    """``.. experiment-fields:: MODULE.CLASS`` is a table of the fields of a section of an experiment."""

    required_arguments = 1

    def run(self) -> list[Node]:
        """Return the table."""
        module, _, name = self.arguments[0].rpartition(".")
        section = getattr(importlib.import_module(module), name)
        return self.parse_text_to_nodes(table(field_rows(section)))


class PluginParameters(SphinxDirective):
    """``.. plugin-parameters:: tasks`` (or models) has a part for each one of the bundled plugins."""

    required_arguments = 1

    def run(self) -> list[Node]:
        """Return the parts."""
        offers = getattr(load_catalog(), self.arguments[0])
        parts = (plugin_part(name, offer) for name, offer in sorted(offers.items()))
        return self.parse_text_to_nodes("\n\n".join(parts), allow_section_headings=True)


def field_rows(section: type[BaseModel]) -> Iterator[Row]:
    """Yield a row for each field."""
    for name, field in section.model_fields.items():
        yield code(name), code(_words(field)), _default(field), _escaped(field.description or "")


def plugin_part(name: str, offer: Any) -> str:
    """Return the heading of a task or a model, what it is, and the table of its parameters."""
    told = meanings(cleandoc(offer.__doc__ or ""))
    rows = [(*_kind(each), _escaped(told.get(each.name, ""))) for each in parameters_of(offer)]
    parts = [name, "-" * len(name), "", _escaped(first_line(offer)), ""]
    return "\n".join([*parts, table(rows) if rows else "It has no parameters."])


def _kind(parameter: Parameter) -> tuple[str, str, str]:
    return code(parameter.name), code(plain(parameter.type_name)), code(_shown(parameter.default))


def table(rows: Iterable[Row]) -> str:
    """Return a list-table."""
    lines = [".. list-table::", "   :header-rows: 1", "   :widths: auto", "   :class: from-code", ""]
    for row in (HEAD, *rows):
        lines += [f"   {'* -' if i == 0 else '  -'} {cell}" for i, cell in enumerate(row)]
    return "\n".join(lines)


def code(text: str) -> str:
    """Return a text as code; an empty one stays empty."""
    return f"``{text}``" if text else ""


def plain(words: str) -> str:
    """Return the words of a type without those of Python's that a file does not need.

    >>> plain("Literal['adam', 'sgd'] | None")
    'adam | sgd | null'
    """
    told = CHOICES.sub(lambda found: found[1].replace("'", "").replace(", ", " | "), words)
    return re.sub(r"\bNone\b", "null", told.replace("True | False", "true | false"))


def _words(field: FieldInfo) -> str:
    """Return the type of a field in words, a list as ``list of ...``."""
    metadata = tuple(field.metadata)
    words = in_words(Annotated[field.annotation, *metadata] if metadata else field.annotation)
    return plain(COUNTED.sub(r"list of \1", words))


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "must be given"
    made = field.get_default(call_default_factory=True, validated_data={})
    return "see below" if isinstance(made, BaseModel) else code(_shown(made))


def _shown(value: Any) -> str:
    """Return a value as YAML has it."""
    if isinstance(value, bool) or value is None:
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, (tuple, list)):
        return f"[{', '.join(map(_shown, value))}]"
    return '""' if value == "" else str(value)


def _escaped(text: str) -> str:
    """Return plain text that reST leaves as it is, apart from code."""
    return re.sub(r"([*|\\]|(?<=\w)_(?=\W|$))", r"\\\1", text.replace("`", "``"))


def _mark_code(app: Sphinx, what: str, name: str, found: object, options: object, lines: list[str]) -> None:
    lines[:] = marked(lines)


def _show_paths(app: Sphinx, context: object, lines: list[str]) -> None:
    """Write a default as a path is written, not as Python's object."""
    lines[:] = [re.sub(r"(?:Posix|Windows)Path\('(.*?)'\)", r"\1", line) for line in lines]


def marked(lines: Sequence[str]) -> list[str]:
    """Return lines of a docstring with ``::`` where an indented block follows a blank line.

    >>> marked(["As in:", "", "    1 0 1", "", "End."])
    ['As in::', '', '    1 0 1', '', 'End.']
    """
    return [
        line + ":" if line.endswith(":") and not line.endswith("::") and _code_follows(lines, i) else line
        for i, line in enumerate(lines)
    ]


def _code_follows(lines: Sequence[str], i: int) -> bool:
    if i + 2 >= len(lines) or lines[i + 1].strip():
        return False
    return _indent(lines[i + 2]) > _indent(lines[i])


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())

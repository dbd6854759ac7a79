"""Creates a plugin: a working distribution made from the example's files.

The example is a real distribution: plugins/example in the sources, seqbench/example where seqbench is installed.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from seqbench.errors import PluginError
from seqbench.scaffold.names import class_name, module_name

Licence = Literal["Apache-2.0", "MIT", "BSD-3-Clause", "none"]
_HERE = Path(__file__).parent


@dataclass(frozen=True)
class PluginKind:
    """The part of the example from which a plugin is created.

    Attributes:
        name: ``model`` or ``task``.
        plugin, type, other: the example's names of this plugin, of its class, and of the plugin that is left out.
        modules: its modules.
    """

    name: str
    plugin: str
    type: str
    other: str
    modules: tuple[str, ...]


KINDS: Mapping[str, PluginKind] = {
    kind.name: kind
    for kind in (
        PluginKind("model", "mingru", "MinGRU", "parity", ("seqbench_mingru.py", "seqbench_mingru_layer.py")),
        PluginKind("task", "parity", "Parity", "mingru", ("seqbench_parity.py",)),
    )
}


def create(name: str, kind: PluginKind, licence: Licence, folder: Path) -> list[Path]:
    """Write a distribution with one plugin into a new folder, whole or not at all.

    Args:
        name: the plugin's name; see `seqbench.scaffold.names.check_name`.
        kind: one of `KINDS`.
        licence: the SPDX name of its licence.
        folder: a new folder; it must not exist.

    Returns:
        The files that were written.

    Raises:
        PluginError: the folder exists or cannot be created.
    """
    return write(files(name, kind, licence), folder)


def write(texts: Mapping[str, str], folder: Path) -> list[Path]:
    """Write files into a new folder, whole or not at all, and return them.

    Raises:
        PluginError: the folder exists or cannot be created.
    """
    try:
        folder.mkdir()
    except FileExistsError:
        raise PluginError(f"{folder} exists already, and nothing is overwritten; see --output") from None
    except OSError as error:
        raise PluginError(f"{folder} cannot be made: {error.strerror}") from error
    try:
        for path, text in texts.items():
            (folder / path).parent.mkdir(exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
    except BaseException as error:
        shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, OSError):
            raise PluginError(f"{folder} cannot be written to: {error.strerror}") from error
        raise
    return [folder / path for path in texts]


def files(name: str, kind: PluginKind, licence: Licence) -> dict[str, str]:
    """Return the files of a distribution: path in it -> text."""
    paths = ("pyproject.toml", "README.md", *kind.modules, f"tests/test_{kind.plugin}.py")
    found = {}
    for path in paths:
        text = (example() / path).read_text(encoding="utf-8")
        text = _begun(text) if path in kind.modules else _without(text, kind.other)
        if path == "pyproject.toml":
            text = _licensed(text, licence).replace(
                'description = "An example of plugins for seqbench"',
                f'description = "The {kind.name} {kind.plugin} for seqbench"',
            )
        found[_renamed_path(path, name, kind)] = _renamed(text, name, kind)
    if licence != "none":
        found["LICENSE"] = licence_text(licence, f"The authors of seqbench-{name}")
    return found


def files_around(name: str, what: str, requirement: str, licence: Licence) -> dict[str, str]:
    """Return pyproject.toml, README and licence of a plugin with a model whose modules are written otherwise.

    Args:
        name: the plugin's name.
        what: a line about the model.
        requirement: a package that it needs, as pip takes it; empty for none.
        licence: the SPDX name of its licence.
    """
    kept = files(name, KINDS["model"], licence)
    project = kept["pyproject.toml"].replace(
        f'description = "The model {name} for seqbench"', f'description = "The model {name} for seqbench: {what}"'
    )
    if requirement:
        project = project.replace(
            'dependencies = ["seqbench>=0.2"]', f'dependencies = ["seqbench>=0.2", "{requirement}"]'
        )
    readme = "".join(
        f"- Model `{name}`: {what}.\n" if line.startswith(f"- Model `{name}`") else line
        for line in kept["README.md"].splitlines(keepends=True)
    )
    rest = {"LICENSE": kept["LICENSE"]} if "LICENSE" in kept else {}
    return {"pyproject.toml": project, "README.md": readme, **rest}


def example() -> Path:
    """Return the folder of the example.

    Raises:
        PluginError: seqbench was installed without it.
    """
    package = _HERE.parent
    for folder in (package / "example", package.parent / "plugins" / "example"):
        if (folder / "pyproject.toml").is_file():
            return folder
    raise PluginError("the example is missing from this installation of seqbench; install it again")


def licence_text(licence: Licence, holder: str) -> str:
    """Return the text of a licence; the Apache licence names no holder."""
    if licence == "Apache-2.0":
        return (example() / "LICENSE").read_text(encoding="utf-8")
    text = (_HERE / "licences" / f"{licence}.txt").read_text(encoding="utf-8")
    return text.replace("<year>", str(date.today().year)).replace("<holder>", holder)


def _renamed(text: str, name: str, kind: PluginKind) -> str:
    """Replace the example's names by the new ones; ``minGRU`` in prose is the unit's name and stays."""
    text = text.replace("seqbench-example", f"seqbench-{name}")
    text = text.replace(f"seqbench_{kind.plugin}", module_name(name))
    text = text.replace(kind.type, class_name(name))
    return re.sub(rf"\b{kind.plugin}\b", name, text)


def _renamed_path(path: str, name: str, kind: PluginKind) -> str:
    return path.replace(kind.plugin, name.replace("-", "_"))


def _without(text: str, other: str) -> str:
    """Remove the lines about the other plugin of the example."""
    return "".join(line for line in text.splitlines(keepends=True) if other not in line)


def _begun(text: str) -> str:
    """Append to a module's docstring what the author should do with the module."""
    first, end, rest = text.partition('"""\n')
    return f"{first}\n\nBegun with ``seqbench plugin new``: put yours in place of it.\n{end}{rest}"


def _licensed(text: str, licence: Licence) -> str:
    if licence == "none":
        return "".join(line for line in text.splitlines(keepends=True) if not line.startswith("license"))
    return text.replace('license = "Apache-2.0"', f'license = "{licence}"')

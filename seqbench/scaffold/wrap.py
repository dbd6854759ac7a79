"""Creates a plugin that wraps a layer of another package, and runs the kit on what was written."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqbench.plugins.load import load_catalog
from seqbench.scaffold.create import Licence, files_around, write
from seqbench.scaffold.names import module_name
from seqbench.scaffold.wrapper import Wrapper, wrapper, wrapper_files

if TYPE_CHECKING:
    from seqbench.testing import Outcome

_SECONDS = 30.0
"""Longest time of one check; a slower one counts as skipped."""


@dataclass(frozen=True)
class Wrap:
    """A plugin that was written.

    Attributes:
        source: distribution and version of the layer.
        told: what was found out about the layer, a sentence each.
        faults: check of the kit that fails -> what it found.
        written: the files.
    """

    source: str
    told: tuple[str, ...]
    faults: Mapping[str, str]
    written: list[Path]


def wrap(name: str, path: str, arguments: Mapping[str, Any], licence: Licence, folder: Path) -> Wrap:
    """Write a distribution whose model wraps a layer.

    Args:
        name: the plugin's name; see `seqbench.scaffold.names.check_name`.
        path: the import path of the layer's class.
        arguments: of its constructor.
        licence: the SPDX name of the plugin's licence.
        folder: a new folder; it must not exist.

    Raises:
        ValueError: there is no such class, or an argument is unfit.
        SeqbenchError: the layer cannot be called, or the folder exists or cannot be created.
    """
    wrapped = wrapper(path, arguments)
    what = f"{wrapped.layer.kind.__name__} of {wrapped.layer.source}"
    around = files_around(name, what, wrapped.distribution, licence)
    written = write({**around, **wrapper_files(name, wrapped, {})}, folder)
    try:
        faults = _faults(name, folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    for file, text in wrapper_files(name, wrapped, faults).items():
        (folder / file).write_text(text, encoding="utf-8")
    return Wrap(wrapped.layer.source, tuple(_told(wrapped)), faults, written)


def _told(wrapped: Wrapper) -> Iterator[str]:
    yield from wrapped.form.told()
    for name in wrapped.guessed:
        yield f"{name} has no default, and got {wrapped.layer.arguments[name]}: --set {name}=VALUE gives another"


def _faults(name: str, folder: Path) -> dict[str, str]:
    """Run the kit on the plugin, and return what failed."""
    from seqbench.testing import run_checks

    with _importable(folder):
        catalog = load_catalog("off", files=[folder / f"{module_name(name)}.py"])
        outcomes = run_checks(name, catalog=catalog, time_limit=_SECONDS)
    return {each.id: _found(each) for each in outcomes if each.status == "failed"}


def _found(outcome: Outcome) -> str:
    lines = [line for line in outcome.message.split("\n") if line.startswith("found: ")]
    return " ".join((lines or [outcome.message])[0].removeprefix("found: ").split())[:300]


@contextmanager
def _importable(folder: Path) -> Iterator[None]:
    place = str(folder.absolute())
    sys.path.insert(0, place)
    try:
        yield
    finally:
        sys.path.remove(place)

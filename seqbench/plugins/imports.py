"""Imports the module of one plugin, and tells what the import does besides.

It may fail, print, take long or need what is not installed; each is said in a sentence for its author.
Stands on execution and errors.
"""

from __future__ import annotations

import hashlib
import importlib.util
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from types import ModuleType
from typing import Any, TextIO, cast

import pluggy

from seqbench.base.plain_files import read_plain
from seqbench.errors import PluginError, reason, told
from seqbench.jobs.plugin_sources import PluginFile
from seqbench.plugins.generators import generators, moved

_LOADING = (
    "<frozen ",
    str(Path(importlib.util.__file__).parent),
    str(Path(__file__).parent),
    str(Path(pluggy.__file__).parent),
)
"""How the names of the files begin that load a plugin."""

SLOW_SECONDS = 2.0
"""An import that takes longer is told of: every command waits for it."""


def fingerprint(path: Path) -> str | None:
    """Return the hash of what a file holds; None where it cannot be read."""
    try:
        return hashlib.sha256(read_plain(path)).hexdigest()
    except OSError:
        return None


def import_file(file: PluginFile) -> ModuleType:
    """Import one Python file; a second time in the same process it is the same module.

    Raises:
        PluginError: it is no Python file, or was changed since its hash was taken.
        Exception: whatever its code raises.
    """
    if file.path.suffix != ".py":
        raise PluginError("it is to be a Python file, with the ending .py")
    try:
        found = hashlib.sha256(read_plain(file.path)).hexdigest()
    except OSError as error:
        raise PluginError(f"it cannot be read: {reason(error)}") from error
    if file.sha256 not in (None, found):
        raise PluginError("it was changed while the sweep ran; run the same command again")
    place = hashlib.sha256(str(file.path).encode()).hexdigest()
    name = f"seqbench_file_{file.path.stem}_{place[:8]}_{found[:8]}"
    return sys.modules[name] if name in sys.modules else _import_as(name, file.path)


def _import_as(name: str, path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise PluginError("Python cannot import it")
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look their module up.
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


class Watch:
    """What a plugin did while it was loaded."""

    def __init__(self) -> None:
        self.stream = _PassedOn()
        self.seconds = 0.0
        self.moved: tuple[str, ...] = ()

    def remarks(self) -> Iterator[str]:
        """Yield what its author had better mend, though it works."""
        if self.stream.has_text:
            yield "it prints when it is loaded; that went to stderr, since stdout is for results. Remove the print"
        if self.moved:
            yield (
                f"loading it moves the global random generator of {', '.join(self.moved)}; seed and draw inside"
                " the methods that are called, from a generator of the plugin's own"
            )
        if self.seconds > SLOW_SECONDS:
            yield (
                f"it took {self.seconds:.1f} s to load, and every command waits for it; import what is large, such"
                " as torch, inside the methods that use it"
            )


@contextmanager
def watched() -> Iterator[Watch]:
    """Watch what is loaded while the block runs; what it prints goes to stderr."""
    watch, before, began = Watch(), generators(), time.perf_counter()
    try:
        with redirect_stdout(cast("TextIO", watch.stream)):
            yield watch
    finally:
        watch.seconds = time.perf_counter() - began
        watch.moved = tuple(moved(before))


class _PassedOn:
    """Stands for stdout, passes all on to stderr, and remembers whether there was anything."""

    def __init__(self) -> None:
        self.has_text = False

    def write(self, text: str) -> int:
        self.has_text = self.has_text or bool(text)
        return sys.stderr.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(sys.stderr, name)


def said(error: BaseException, beside: Path | None = None) -> str:
    """Return what an exception says in one line, where it came from, and what to do where a package is missing.

    Args:
        error: what an import raised.
        beside: the folder of a plugin's file, whose neighbours cannot be imported.
    """
    text = f"{' '.join(told(error).split())}{_place(error)}"
    alone = f"{text}; --plugin loads one file by itself: for more, make a package of it (seqbench plugin new)"
    if beside is not None and isinstance(error, ImportError) and "relative import" in str(error):
        return alone
    if not isinstance(error, ModuleNotFoundError) or not error.name:
        return text
    missing = error.name.partition(".")[0]
    if beside is not None and ((beside / f"{missing}.py").is_file() or (beside / missing).is_dir()):
        return alone
    if missing in sys.modules:
        return f"{text}; {missing} is installed, in a version that has no such part"
    return f"{text}; pip install {missing} (or what it is called on PyPI)"


def _place(error: BaseException) -> str:
    """Return the last line of the plugin's module that an exception passed; empty where it passed none."""
    places = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    own = [place for place in places if not _only_loads(place[0])]
    if not own:
        return ""
    # The first file after those that load it is the plugin's.
    path, line = [place for place in own if place[0] == own[0][0]][-1]
    return f" ({Path(path).name}, line {line})"


def _only_loads(path: str) -> bool:
    # The backport of importlib.metadata takes over its work wherever a library has imported it.
    return path.startswith(_LOADING) or Path(path).parent.name == "importlib_metadata"

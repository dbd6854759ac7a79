"""Imports the module of one plugin, and reports side effects of the import.

The import may fail, print, take long or need a missing package; each is reported to the author in a sentence.
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
    str(Path(__file__).parents[1]),
    str(Path(pluggy.__file__).parent),
)
"""Prefixes of the names of files that take part in loading a plugin."""

SLOW_SECONDS = 2.0
"""A slower import is reported, because every command waits for it."""


def fingerprint(path: Path) -> str | None:
    """Return the hash of a file's content; None if it cannot be read."""
    try:
        return hashlib.sha256(read_plain(path)).hexdigest()
    except OSError:
        return None


def import_file(file: PluginFile) -> ModuleType:
    """Import one Python file; importing it again in the same process returns the same module.

    Raises:
        PluginError: it is not a Python file, or has changed since its hash was taken.
        Exception: any exception of its code.
    """
    if file.path.suffix != ".py":
        raise PluginError("it is to be a Python file, with the ending .py")
    try:
        source = read_plain(file.path)
    except OSError as error:
        raise PluginError(f"it cannot be read: {reason(error)}") from error
    found = hashlib.sha256(source).hexdigest()
    if file.sha256 not in (None, found):
        raise PluginError("it was changed while the sweep ran; run the same command again")
    place = hashlib.sha256(str(file.path).encode()).hexdigest()
    name = f"seqbench_file_{file.path.stem}_{place[:8]}_{found[:8]}"
    return sys.modules[name] if name in sys.modules else _import_as(name, file.path, source)


def _import_as(name: str, path: Path, source: bytes) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None:
        raise PluginError("Python cannot import it")
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look up their module in sys.modules.
    sys.modules[name] = module
    try:
        # Not by its loader: a file of the same size, edited within a second, has the byte code of before.
        exec(compile(source, path, "exec", dont_inherit=True), module.__dict__)
    except BaseException:
        del sys.modules[name]
        raise
    return module


class SideEffects:
    """The side effects of loading a plugin."""

    def __init__(self) -> None:
        self.stream = _PassedOn()
        self.seconds = 0.0
        self.moved: tuple[str, ...] = ()

    def remarks(self) -> Iterator[str]:
        """Yield faults that the author should fix although the plugin works."""
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
def watched() -> Iterator[SideEffects]:
    """Watch the loading of a plugin during the block; its output goes to stderr."""
    effects, before, began = SideEffects(), generators(), time.perf_counter()
    try:
        with redirect_stdout(cast("TextIO", effects.stream)):
            yield effects
    finally:
        effects.seconds = time.perf_counter() - began
        effects.moved = tuple(moved(before))


class _PassedOn:
    """Replaces stdout, forwards to stderr, and remembers whether anything was written."""

    def __init__(self) -> None:
        self.has_text = False

    def write(self, text: str) -> int:
        self.has_text = self.has_text or bool(text)
        return sys.stderr.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(sys.stderr, name)


def said(error: BaseException, beside: Path | None = None) -> str:
    """Return an exception as one line: its message, its place, and what to do if a package is missing.

    Args:
        error: the exception of an import.
        beside: the folder of a plugin's file; other files in it cannot be imported.
    """
    text = f"{' '.join(told(error).split())}{_place(error)}"
    alone = f"{text}; a plugin's file is loaded by itself: for more, make a package of it (seqbench plugin new)"
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
    """Return the last line of the plugin's module in an exception's traceback; empty if there is none."""
    places = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    own = [place for place in places if not _only_loads(place[0])]
    if not own:
        return ""
    # The first file after the loading code is the plugin's.
    path, line = [place for place in own if place[0] == own[0][0]][-1]
    return f" ({Path(path).name}, line {line})"


def _only_loads(path: str) -> bool:
    # The backport of importlib.metadata replaces it once any library has imported the backport.
    return path.startswith(_LOADING) or Path(path).parent.name == "importlib_metadata"

"""Imports a class by its path, such as ``ncps.torch:CfC``, and keeps the side effects of its code away.

The code is that of other packages: it may print, draw random numbers, raise anything or leave the process.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from inspect import isclass
from types import ModuleType

from seqbench.errors import nearest, told
from seqbench.wrapping.source import forget, has_source, is_stale, remember


class NamingError(ValueError):
    """An import path or an argument cannot be meant; the message says what to do."""


_RUNNING = ("__main__", "seqbench")
"""Modules that run now, and cannot be read again."""

FORM = "PACKAGE.MODULE:CLASS, such as ncps.torch:CfC"


def found_class(path: str) -> type:
    """Return the class of a path.

    Raises:
        ValueError: there is none, or its module cannot be imported; the message says what to do.
    """
    loaded, name = frozenset(sys.modules), parts_of(path)[0]
    found = _class_of(path)
    home = found.__module__
    if home != name and home in loaded and _is_read_again(home):
        # Its own file was edited, not the one that imports it, nor those between them.
        for holder in (home, name, *_holders(found)):
            forget(holder)
        found = _class_of(path)
    remember(home)
    if not has_source(home):
        raise NamingError(f"{path} is in no file, so that no record could tell its code; write it into one")
    return found


def _holders(kind: type) -> Iterator[str]:
    """Yield the modules in which a class has a name, but for those that run now."""
    for name, module in list(sys.modules.items()):
        is_other = isinstance(module, ModuleType) and name.partition(".")[0] not in _RUNNING
        if is_other and any(each is kind for each in list(vars(module).values())):
            yield name


def _class_of(path: str) -> type:
    module_name, class_name = parts_of(path)
    module = _imported(module_name, path)
    found = getattr(module, class_name, None)
    if found is None:
        classes = sorted(name for name, each in vars(module).items() if isclass(each))
        near = nearest(class_name, classes)
        guess = f"; did you mean {module_name}:{near}?" if near else ""
        raise NamingError(f"{module_name} has no class {class_name!r}{guess}")
    if not isclass(found):
        raise NamingError(f"{path} is {type(found).__name__} and not a class; name a class, as {FORM}")
    return found


def parts_of(path: str) -> tuple[str, str]:
    """Return the module and the class of a path.

    >>> parts_of("ncps.torch:CfC")
    ('ncps.torch', 'CfC')

    Raises:
        ValueError: it has another form.
    """
    module, colon, name = path.partition(":")
    if colon and name.isidentifier() and all(part.isidentifier() for part in module.split(".")):
        return module, name
    before, dot, last = path.rpartition(".")
    guess = f"; did you mean {before}:{last}?" if dot and not colon and last.isidentifier() else ""
    raise NamingError(f"a class is named as {FORM}, and {path!r} was given{guess}")


@contextmanager
def foreign_code(doing: str) -> Iterator[None]:
    """Run code of another package: what it prints goes to stderr, and random generators stay as they were.

    Raises:
        ValueError: the code raised anything, or left the process; Ctrl-C passes.
    """
    from seqbench.base.random_state import randomness_kept

    with randomness_kept(), told_as_value_error(doing):
        yield


@contextmanager
def told_as_value_error(doing: str) -> Iterator[None]:
    """Turn any error of another package into one sentence; what it prints goes to stderr.

    Raises:
        ValueError: the code raised anything, or left the process; Ctrl-C passes.
    """
    try:
        with redirect_stdout(sys.stderr):
            yield
    except (KeyboardInterrupt, GeneratorExit, NamingError):
        raise
    except BaseException as error:
        # A time limit that a caller sets is no Exception either, and no error of the package.
        if not isinstance(error, (Exception, SystemExit)):
            raise
        words = " ".join(told(error).split())
        left = "it leaves the process instead of raising an error: " if isinstance(error, SystemExit) else ""
        raise ValueError(f"{doing}: {left}{words[:500]}") from error


def _imported(name: str, path: str) -> ModuleType:
    top = name.partition(".")[0]
    before = forget(name) if _is_read_again(name) else {}
    try:
        return _import(name, path, top)
    except BaseException:
        # What was there before stays, so that whoever holds it can reload it.
        sys.modules.update({each: module for each, module in before.items() if each not in sys.modules})
        raise


def _import(name: str, path: str, top: str) -> ModuleType:
    with _current_folder_importable(top), foreign_code(f"{name} cannot be imported"):
        try:
            found = importlib.import_module(name)
            remember(name)
            return found
        except ModuleNotFoundError as error:
            if error.name is None or not (name + ".").startswith(error.name + "."):
                raise
    where = "install the package that has it (pip install), or run where the file or folder lies"
    raise NamingError(f"{path} cannot be found: there is no module {name!r}; {where}")


def _is_read_again(name: str) -> bool:
    """Say whether a module is to be imported anew: in a notebook a file is edited and run again in one process."""
    return name.partition(".")[0] not in _RUNNING and is_stale(name)


@contextmanager
def _current_folder_importable(top: str) -> Iterator[None]:
    """Let a module in the current folder be imported, if no installed one has its name."""
    here = os.getcwd()
    is_known = top in sys.modules or importlib.util.find_spec(top) is not None
    if is_known or here in sys.path:
        yield
        return
    # At the end, so that no file here hides a module that the package imports.
    sys.path.append(here)
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(here)

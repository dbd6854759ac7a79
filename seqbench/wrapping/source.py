"""Identifies the code of a class: its distribution and version, or a hash of its files if none provides it."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from types import ModuleType

from seqbench.base.process_identity import SECONDS_OF_DOUBT, this_process

_LOADED = "__seqbench_hash__"
"""The name in a module of the hash that its files had when it was loaded."""


def source_of(kind: type) -> str:
    """Return the distribution and version of a class, such as ``ncps 1.0.1``.

    A class in a file of the user's own has ``sha256:`` and the beginning of a hash: of the file, or of all Python
    files of its package, as they were when `remember` was called. A distribution that is installed in editable
    form has both.
    """
    named, owner = distribution_of(kind.__module__.partition(".")[0]), _owner(kind.__module__)
    found = [_loaded_hash(owner)] if owner and _is_hashed(owner) else []
    if named is None:
        return found[0] if found else _hash(None)
    name, version, _ = named
    # A local part, such as the +cpu of torch, names a build for one kind of device.
    return " ".join([name, version.partition("+")[0], *found])


def has_source(name: str) -> bool:
    """Say whether a distribution or a file tells the code of a loaded module; a notebook has neither."""
    return _owner(name) is not None or distribution_of(name.partition(".")[0]) is not None


def is_stale(name: str) -> bool:
    """Say whether the files of a module have changed, or gone, since it was loaded; never if a version tells them.

    Where `remember` was not called, all that is known is that this process loaded it: a file that is newer than
    the process may have changed.
    """
    owner = _owner(name)
    if owner is None or not _is_hashed(owner):
        return False
    try:
        if _LOADED in vars(owner):
            return _loaded_hash(owner) != _hash(owner.__file__)
        began = this_process().started - SECONDS_OF_DOUBT
        states = [path.stat() for path in _files(owner.__file__)]
        return any(max(state.st_mtime, state.st_ctime) > began for state in states)
    except OSError:
        return True


def forget(name: str) -> dict[str, ModuleType]:
    """Make the next import of a module, and of its package, read their files again; return what was loaded."""
    owner = _owner(name)
    for path in _files(owner.__file__ if owner else None):
        # Byte code is taken for current where a file of the same size was edited within a second.
        with suppress(OSError):
            Path(importlib.util.cache_from_source(str(path))).unlink(missing_ok=True)
    top = name.partition(".")[0]
    own = [each for each in sys.modules if each == top or each.startswith(f"{top}.")]
    loaded = {each: sys.modules.pop(each) for each in own}
    importlib.invalidate_caches()
    return loaded


def remember(name: str) -> None:
    """Keep the hash that the files of a module have now that it has been loaded, unless it is kept already."""
    owner = _owner(name)
    if owner is not None and _is_hashed(owner):
        vars(owner).setdefault(_LOADED, _hash(owner.__file__))


def _owner(name: str) -> ModuleType | None:
    """Return the module whose files are a module's code: the top-level one, or its own where that has no file."""
    for module in (sys.modules.get(each) for each in (name.partition(".")[0], name)):
        # What is typed has none, or <stdin>.
        if module and not str(vars(module).get("__file__") or "<").startswith("<"):
            return module
    return None


def _is_hashed(owner: ModuleType) -> bool:
    """Say whether no version tells the code: it is of no distribution, or of one in editable form."""
    named = distribution_of(owner.__name__.partition(".")[0])
    return named is None or not Path(str(owner.__file__)).resolve().is_relative_to(named[2])


def _loaded_hash(owner: ModuleType) -> str:
    return str(vars(owner).get(_LOADED) or _hash(owner.__file__))


@lru_cache(maxsize=64)
def distribution_of(top: str) -> tuple[str, str, str] | None:
    """Return name, version and folder of the distribution that provides a top-level module; None if none does."""
    for name in _names(top):
        found = importlib.metadata.distribution(name)
        return found.metadata["Name"], found.version, str(Path(str(found.locate_file(""))).resolve())
    return None


def _names(top: str) -> Iterator[str]:
    """Yield the names of distributions that provide a top-level module; one of the same name is the cheap case."""
    with suppress(importlib.metadata.PackageNotFoundError):
        same = importlib.metadata.distribution(top)
        if any(str(file).startswith((f"{top}/", f"{top}.py")) for file in same.files or ()):
            yield top
    # Reads what all distributions provide, which takes half a second.
    yield from sorted(set(importlib.metadata.packages_distributions().get(top, [])))


def _hash(file: str | None) -> str:
    """Return a hash of a module's file, or of all files of a package."""
    digest = hashlib.sha256()
    for path in _files(file):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return f"sha256:{digest.hexdigest()[:16]}"


def _files(file: str | None) -> Iterator[Path]:
    if file is None:
        return
    path = Path(file)
    if path.name == "__init__.py":
        yield from sorted(path.parent.rglob("*.py"))
    else:
        yield path

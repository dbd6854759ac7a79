"""Identifies the code of a class: its distribution and version, or a hash of its files if none provides it."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import cache, lru_cache
from pathlib import Path
from types import ModuleType


def source_of(kind: type) -> str:
    """Return the distribution and version of a class, such as ``ncps 1.0.1``.

    A class in a file of the user's own has ``sha256:`` and the beginning of a hash: of the file, or of all Python
    files of its package. A distribution that is installed in editable form has both.
    """
    top = kind.__module__.partition(".")[0]
    # A folder without __init__.py has no file; the module in it has.
    modules = (sys.modules.get(name) for name in (top, kind.__module__))
    file = next((found for module in modules if (found := getattr(module, "__file__", None))), None)
    named = distribution_of(top)
    if named is None:
        return _hash(file)
    name, version, folder = named
    # A local part, such as the +cpu of torch, names a build for one kind of device.
    told = f"{name} {version.partition('+')[0]}"
    return told if file is None or Path(file).is_relative_to(folder) else f"{told} {_hash(file)}"


def is_stale(module: ModuleType) -> bool:
    """Say whether the files of a module of nobody's distribution have changed, or gone, since `remember`."""
    try:
        before = remember(module)
        return before is not None and before != _hash(module.__dict__.get("__file__"))
    except OSError:
        return True


def forget(module: ModuleType) -> None:
    """Make the next import of a module and of what is in its package read their files again."""
    for path in _files(getattr(module, "__file__", None)):
        # Byte code is taken for current where a file of the same size was edited within a second.
        with suppress(OSError):
            Path(importlib.util.cache_from_source(str(path))).unlink(missing_ok=True)
    top = module.__name__
    for name in [name for name in sys.modules if name == top or name.startswith(f"{top}.")]:
        del sys.modules[name]
    importlib.invalidate_caches()


@cache
def remember(module: ModuleType) -> str | None:
    """Return the hash that a module's files had when it was first asked for; None for one of a distribution."""
    return _hash(module.__dict__.get("__file__")) if distribution_of(module.__name__) is None else None


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

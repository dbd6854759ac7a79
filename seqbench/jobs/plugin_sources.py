"""Describes where plugins were loaded from, so that another process can load the same ones."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class PluginFile:
    """One Python file that holds a plugin and is not installed.

    Attributes:
        path: its absolute path.
        sha256: the hash of its content when it was first loaded; None before that.
    """

    path: Path
    sha256: str | None = None


@dataclass(frozen=True)
class PluginSources:
    """Where plugins are loaded from; it can be pickled.

    Attributes:
        only: the limit on installed plugins, as `seqbench.load_catalog` takes it; None for the usual one.
        files: plugins that are not installed.
    """

    only: str | None = None
    files: tuple[PluginFile, ...] = ()

"""Offers the experiments that ship with seqbench, as a plugin that yields the YAML files beside it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from seqbench import hookimpl


@hookimpl
def seqbench_suites() -> Iterable[Path]:
    """Yield demo, smoke, quick, standard, long, diagnostics, language and sound."""
    folder = Path(__file__).parent
    for name in ("demo", "smoke", "quick", "standard", "long", "diagnostics", "language", "sound"):
        yield folder / f"{name}.yaml"

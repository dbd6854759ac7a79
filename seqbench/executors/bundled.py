"""Offers the bundled executors through the same hook as a plugin's; importing it imports no torch."""

from __future__ import annotations

from collections.abc import Iterable

from seqbench.jobs.executor import Executor
from seqbench.plugins.hooks import hookimpl


@hookimpl
def seqbench_executors() -> Iterable[type[Executor]]:
    """Yield the bundled executors."""
    from seqbench.executors.processes import Processes
    from seqbench.executors.ray.executor import Ray
    from seqbench.executors.serial import Serial

    yield Processes
    yield Ray
    yield Serial

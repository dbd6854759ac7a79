"""How do cells run one after the other in this process? For debugging, and where processes cannot be forked."""

from __future__ import annotations

from collections.abc import Generator

from seqbench.executors.events import Event, Finished, Job, Started
from seqbench.plugins import load_catalog


def run_serially(job: Job) -> Generator[Event]:
    """Yield what happens, cell by cell; the progress within a cell is not told."""
    from seqbench.training import run_cell

    catalog = load_catalog(job.plugins)
    for cell in job.cells:
        yield Started(cell)
        yield Finished(cell, run_cell(cell, catalog, job.environment))

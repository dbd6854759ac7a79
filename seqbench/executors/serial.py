"""How do cells run one after the other in this process? For debugging, and where processes cannot be forked."""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterator

from seqbench.errors import SeqbenchError
from seqbench.executors.events import Event, Finished, Job, Started
from seqbench.plugins import load_catalog

log = logging.getLogger(__name__)


def run_serially(job: Job) -> Generator[Event]:
    """Yield what happens, cell by cell; the progress within a cell is not told."""
    from seqbench.training import run_cell

    catalog = load_catalog(job.plugins)
    for cell in job.cells:
        yield Started(cell)
        yield Finished(cell, run_cell(cell, catalog, job.environment))


def check_serially(job: Job) -> Iterator[str]:
    """Load the data of every cell and yield what is wrong with them, in the order of the cells."""
    from seqbench.training import check_data

    catalog = load_catalog(job.plugins)
    for cell in job.cells:
        try:
            check_data(cell, catalog)
        except SeqbenchError as error:
            yield str(error)
        except Exception as error:
            # A plugin's own fault: the cell will fail with a traceback.
            log.info("%s: the data cannot be checked: %s", cell, error)

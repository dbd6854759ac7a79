"""Measures how long the harness takes for a cell, from the loaded data to the record.

    python -m benchmarks.harness_cell --models lstm --lengths 256 --steps 200

The counterpart of bare_loop.py, with the statistics at their defaults. Prints for each cell the seconds after
loading its data, and the median of one step.
"""

from __future__ import annotations

import json
import time

from benchmarks.settings import read_settings
from seqbench.experiment.schema import Experiment
from seqbench.plugins.grid import expand
from seqbench.plugins.load import load_catalog
from seqbench.training.cell import run_cell


def main() -> None:
    """Run each cell, print JSON lines."""
    catalog = load_catalog()
    for cell in expand(Experiment.model_validate(read_settings(__doc__).experiment()), catalog):
        began = time.perf_counter()
        record = run_cell(cell, catalog)
        seconds = time.perf_counter() - began - record.costs.load_seconds
        step = record.costs.seconds_per_step or 0.0
        found = {
            "cell": str(cell),
            "seconds": seconds,
            "seconds_per_step": step,
            "microseconds_per_time_step": 1e6 * step / cell.length,
        }
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()

"""Measures what the gradient statistics cost: whole cells of a suite with them over the same cells without.

    python -m benchmarks.statistics_cost [--suite quick] [--lengths 256,1024] [--tasks copy,adding] [--repeats 3]

On one thread, the two alternated in one run, CPU seconds of a whole cell: data, training, both
measurements of the flow, validation and test. Prints a ratio for each cell and that of the sums.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections import defaultdict

from seqbench.experiment.cells import Cell
from seqbench.experiment.schema import load, merge
from seqbench.plugins.catalog import Catalog
from seqbench.plugins.grid import expand
from seqbench.plugins.load import load_catalog
from seqbench.training.cell import run_cell


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--suite", default="quick")
    parser.add_argument("--lengths", default="256,1024")
    parser.add_argument("--tasks", default="")
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    catalog = load_catalog()
    seconds: dict[bool, float] = defaultdict(float)
    pairs = _pairs(catalog, asked.suite, asked.lengths, asked.tasks)
    # What a process does once, such as imports, is no cell's cost.
    run_cell(pairs[0][0], catalog)
    for on, off in pairs:
        times: dict[bool, list[float]] = {True: [], False: []}
        for _ in range(asked.repeats):
            for measured, cell in ((True, on), (False, off)):
                times[measured].append(_cpu_seconds(cell, catalog))
        median = {measured: statistics.median(values) for measured, values in times.items()}
        for measured, value in median.items():
            seconds[measured] += value
        print(
            f"{on}: {median[True]:.2f} s / {median[False]:.2f} s = {median[True] / median[False]:.3f}", flush=True
        )
    print(f"all: {seconds[True]:.1f} s / {seconds[False]:.1f} s = {seconds[True] / seconds[False]:.3f}")


def _pairs(catalog: Catalog, suite: str, lengths: str, tasks: str) -> list[tuple[Cell, Cell]]:
    grid = {"lengths": [int(length) for length in lengths.split(",")]}
    if tasks:
        grid["tasks"] = tasks.split(",")
    on, off = (
        expand(load(catalog.suite(suite), merge(grid, gradients)), catalog)
        for gradients in ({}, {"gradients": {"measure": False}})
    )
    return list(zip(on, off, strict=True))


def _cpu_seconds(cell: Cell, catalog: Catalog) -> float:
    began = time.process_time()
    run_cell(cell, catalog)
    return time.process_time() - began


if __name__ == "__main__":
    main()

"""Measures how far scores move when the same cell sums in another order, as another machine does.

    python -m benchmarks.verify_tolerance VARIANT EXPERIMENT.yaml [TASK,TASK] [LENGTH,LENGTH] > VARIANT.jsonl
    python -m benchmarks.verify_tolerance compare plain.jsonl VARIANT.jsonl...

Variants: plain; threads (two instead of one); no-onednn (other matrix products); older (kernels of a processor
without AVX-512 and AVX2, chosen by environment variables that this script sets for itself).
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

OLDER = {"ATEN_CPU_CAPABILITY": "default", "ONEDNN_MAX_CPU_ISA": "SSE41", "MKL_CBWR": "COMPATIBLE"}


def main() -> None:
    """Run cells under one variant, or compare what was written."""
    if sys.argv[1] == "compare":
        compare(*map(Path, sys.argv[2:]))
        return
    variant, experiment, *narrow = sys.argv[1:]
    if variant == "older" and "ATEN_CPU_CAPABILITY" not in os.environ:
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **OLDER})
    run(variant, Path(experiment), *narrow)


def run(variant: str, path: Path, tasks: str = "", lengths: str = "") -> None:
    """Write one line for each cell: what it is, its key, its skill and its scores."""
    import torch

    from seqbench import load_catalog
    from seqbench.experiment.schema import load
    from seqbench.plugins.grid import expand
    from seqbench.training.cell import run_cell

    if variant == "threads":
        torch.set_num_threads(2)
        torch.set_num_threads = lambda threads: None
    if variant == "no-onednn":
        torch.backends.mkldnn.enabled = False
    overrides = {"gradients": {"measure": False}}
    overrides |= {"tasks": tasks.split(",")} if tasks else {}
    overrides |= {"lengths": [int(length) for length in lengths.split(",")]} if lengths else {}
    catalog = load_catalog()
    for cell in expand(load(path, overrides), catalog):
        test = run_cell(cell, catalog).test
        found = {"cell": str(cell), "key": cell.key, "skill": test and test.skill, "scores": test and test.scores}
        print(json.dumps(found), flush=True)


def compare(plain: Path, *others: Path) -> None:
    """Print how far skill moved in each cell, and the largest and the mean of it."""
    expected = _read(plain)
    for other in others:
        moved = {}
        for key, found in _read(other).items():
            if key in expected and None not in (found["skill"], expected[key]["skill"]):
                moved[found["cell"]] = abs(found["skill"] - expected[key]["skill"])
        ordered = sorted(moved.items(), key=lambda pair: -pair[1])
        same = sum(value == 0 for value in moved.values())
        print(f"{other.stem}: {len(moved)} cells, {same} with the same skill; largest first")
        for cell, value in ordered[:12]:
            print(f"  {value:.6f}  {cell}")


def _read(path: Path) -> dict[str, dict[str, object]]:
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return {line["key"]: line for line in lines}


if __name__ == "__main__":
    main()

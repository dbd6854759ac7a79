"""Counts the calls of torch in a time step of the layers written in Python, and measures what each costs.

    python -m benchmarks.layers_profile [--models gru,rnn] [--sizes 64x16,128x32] [--length 256]

The calls of a forward and backward pass are recorded, and then those of each kind are repeated alone, in CPU
microseconds for each time step. So the figures are lower bounds: in a pass, calls of different kinds push each
other out of the processor's caches. Matrix products are marked; what costs less than 2% is added up as "rest".
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from seqbench_recurrent.recurrence import Recurrence
from torch.overrides import TorchFunctionMode

from benchmarks.layers_worker import make_pass
from seqbench.training.one_thread import one_quiet_thread

PRODUCTS = ("mm", "addmm", "addmm_")
REPEATS, LEAST_SHARE = 15, 0.02

Call = tuple[Callable[..., Any], Any, Any]


class Recorder(TorchFunctionMode):
    """Notes the calls of torch from Python by name."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: dict[str, list[Call]] = defaultdict(list)

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Note a call and make it."""
        self.calls[str(getattr(func, "__name__", func))].append((func, args, kwargs or {}))
        return func(*args, **(kwargs or {}))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", default="gru,rnn")
    parser.add_argument("--sizes", default="64x16,128x32")
    parser.add_argument("--length", type=int, default=256)
    asked = parser.parse_args()
    with one_quiet_thread():
        for hidden, batch in (map(int, size.split("x")) for size in asked.sizes.split(",")):
            for model in asked.models.split(","):
                case = {"model": model, "hidden": hidden, "batch": batch, "length": asked.length}
                run = make_pass({**case, "double": False, "network": False})
                print(f"\n{model}, hidden size {hidden}, batch {batch}, T = {asked.length}", end=": ")
                _print_profile(run, asked.length)


def _print_profile(run: Callable[[], None], steps: int) -> None:
    run()
    recorder = _recorded(run)
    plain = _median_seconds(run) / steps * 1e6
    with torch.inference_mode():
        rows = [
            (name, len(calls) / steps, _median_seconds(partial(_repeat, calls)) / steps * 1e6)
            for name, calls in recorder.calls.items()
        ]
    whole = sum(cost for *_, cost in rows)
    products = sum(cost for name, _, cost in rows if name in PRODUCTS)
    print(f"{plain:.1f} us a step; calls alone {whole:.1f}, of which products {products:.1f}")
    print("| operation | calls a step | us a call | us a step |\n|---|---:|---:|---:|")
    large = [row for row in rows if row[2] >= LEAST_SHARE * whole]
    for name, count, cost in sorted(large, key=lambda row: -row[2]):
        mark = "**" if name in PRODUCTS else ""
        print(f"| {mark}{name}{mark} | {count:.2f} | {cost / count:.2f} | {cost:.1f} |")
    count, cost = (sum(row[at] for row in rows if row not in large) for at in (1, 2))
    print(f"| rest | {count:.2f} | {cost / count:.2f} | {cost:.1f} |", flush=True)


def _recorded(run: Callable[[], None]) -> Recorder:
    """Record the calls of a pass; torch switches recorders off in `backward`, so it is switched on there again."""
    recorder, backward = Recorder(), Recurrence.backward

    def recorded(*arguments: Any) -> Any:
        with recorder:
            return backward(*arguments)

    Recurrence.backward = staticmethod(recorded)  # type: ignore[assignment, method-assign]
    try:
        with recorder:
            run()
    finally:
        Recurrence.backward = staticmethod(backward)  # type: ignore[method-assign]
    recorder.calls.pop("backward")
    return recorder


def _repeat(calls: list[Call]) -> None:
    for func, args, kwargs in calls:
        func(*args, **kwargs)


def _median_seconds(run: Callable[[], None]) -> float:
    found = []
    for _ in range(REPEATS):
        began = time.process_time()
        run()
        found.append(time.process_time() - began)
    return statistics.median(found)


if __name__ == "__main__":
    main()

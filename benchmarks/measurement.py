"""Measures what one measurement of the gradient flow costs, against one training step in float64.

    python -m benchmarks.measurement [--models rnn,lstm,gru] [--length 4096] [--repeats 3]

On noise, on one thread; each number comes from a process of its own, alternated. Prints medians of CPU seconds and
of memory above that of the network: for the step, for the measurement, and their ratios; and at how many lags the
curve of the state gradient is known, as a logarithm and as a number.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time

import torch

from seqbench.contracts.examples import Batch
from seqbench.contracts.inputs import Tokens
from seqbench.contracts.targets import SequenceClass
from seqbench.gradients.measure import measure_flow
from seqbench.network.network import build_network
from seqbench.plugins.load import load_catalog
from seqbench.plugins.parameters import make
from seqbench.training.one_thread import one_quiet_thread


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", default="rnn,lstm,gru")
    parser.add_argument("--length", type=int, default=4096)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--hidden-size", type=int, default=128)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", choices=["step", "measurement"], help="once, in this process")
    asked = parser.parse_args()
    if asked.only:
        print(json.dumps(_once(asked)))
        return
    print("model  step s  measurement s  ratio   step MiB  measurement MiB  ratio   lags: ln known, number known")
    for model in asked.models.split(","):
        runs = [[_run(asked, model, only) for only in ("step", "measurement")] for _ in range(asked.repeats)]
        step, measured = (
            {name: statistics.median(run[name] for run in column) for name in column[0]}
            for column in zip(*runs, strict=True)
        )
        time_ratio, memory_ratio = (measured[name] / step[name] for name in ("seconds", "mib"))
        print(
            f"{model:5} {step['seconds']:7.2f} {measured['seconds']:14.2f} {time_ratio:6.2f}"
            f" {step['mib']:10.0f} {measured['mib']:16.0f} {memory_ratio:6.2f}"
            f"   {measured['ln_known']:.0f}, {measured['known']:.0f} of {measured['lags']:.0f}",
            flush=True,
        )


def _run(asked: argparse.Namespace, model: str, only: str) -> dict[str, float]:
    options = {"models": model, "length": asked.length, "batch-size": asked.batch_size, "only": only}
    options["hidden-size"] = asked.hidden_size
    words = [str(word) for name, value in options.items() for word in (f"--{name}", value)]
    command = [sys.executable, "-m", "benchmarks.measurement", *words]
    found: dict[str, float] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return found


def _once(asked: argparse.Namespace) -> dict[str, float]:
    """Return CPU seconds and MiB of one step in float64, or of one measurement."""
    torch.manual_seed(0)
    model = make(load_catalog().model(asked.models), {"hidden_size": asked.hidden_size})
    network = build_network(model, Tokens(10), SequenceClass(10), 32)
    size = (asked.batch_size, asked.length)
    batch = Batch(torch.randint(10, size), torch.randint(10, size[:1]), torch.full(size[:1], asked.length))
    with one_quiet_thread():
        before, began = _peak_mib(), time.process_time()
        if asked.only == "step":
            network.double().loss(batch).backward()
            return {"seconds": time.process_time() - began, "mib": _peak_mib() - before}
        flow = measure_flow(network, batch, draws=2)
        found = {"seconds": time.process_time() - began, "mib": _peak_mib() - before}
    state = flow.curves[0]
    return {
        **found,
        "lags": len(state.lags),
        "ln_known": sum(value is not None for value in state.ln_median),
        "known": sum(value is not None for value in state.median),
    }


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()

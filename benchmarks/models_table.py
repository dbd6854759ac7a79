"""Measures the columns of the table of layers in docs/models.md, for all installed models that have a width.

    python -m benchmarks.models_table [--models rnn,xlstm] [--hidden-size 128] [--batch-size 8] [--repeats 2]

Times are alternated in one process, in CPU seconds on one thread, of a forward and backward pass, as medians.
The notes below the table, which it prints, define the columns.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import nn

from seqbench.contracts.model import Model
from seqbench.gradients.flow import Summary, summarise, summarise_flow
from seqbench.network.network import count_parameters, tensors
from seqbench.plugins.catalog import Catalog
from seqbench.plugins.load import load_catalog
from seqbench.plugins.parameters import make, parameters_of
from seqbench.training.one_thread import one_quiet_thread
from seqbench.training.probe import Finding, probe

FEATURES, LENGTHS, FLOW_LENGTH, SEEDS = 32, (256, 2048), 1024, (0, 1, 2)
KEEPS_MEMORY = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(1 << 62)}
"""Lets a process keep what it frees, as the harness does; read when a process starts."""
REFERENCE = "rnn"
COLUMNS = ("model", "weights", "state", *(f"time, T = {length}" for length in LENGTHS), "gain", "horizon")

NOTES = f"""
Each model has its defaults but for hidden_size, and {FEATURES} features of input; `weights` are the layer's.
`state` is what it carries to the next step for one example after {FLOW_LENGTH} steps (T: it grows with the time).
Times are of a step, forward and backward over whole sequences, relative to `{REFERENCE}`. Gain and horizon are
those of `seqbench gradients` at the start, on {FLOW_LENGTH} steps of noise, smallest to largest of {len(SEEDS)}
seeds; of the input gradient where nothing can be measured at the state.
"""


@dataclass(frozen=True)
class Asked:
    """What is measured.

    Attributes:
        hidden_size: width of all models.
        batch_size: examples of a pass.
        repeats: passes over the longest sequence.
    """

    hidden_size: int
    batch_size: int
    repeats: int


def main() -> None:
    """Measure and print."""
    if not KEEPS_MEMORY.items() <= os.environ.items():
        os.execve(sys.executable, [sys.executable, "-m", "benchmarks.models_table", *sys.argv[1:]], _environment())
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", default="", help="names, joined by commas; all that have a width without it")
    parser.add_argument("--hidden-size", type=int, default=128)
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--repeats", type=int, default=2)
    given = parser.parse_args()
    asked, catalog = Asked(given.hidden_size, given.batch_size, given.repeats), load_catalog()
    names = sorted({REFERENCE, *(given.models.split(",") if given.models else with_width(catalog))})
    with one_quiet_thread():
        for row in rows(names, catalog, asked):
            print(f"| {' | '.join(row)} |", flush=True)
    print(NOTES)


def _environment() -> dict[str, str]:
    return {**os.environ, **KEEPS_MEMORY}


def with_width(catalog: Catalog) -> list[str]:
    """Return the models that have a parameter `hidden_size`."""
    return [
        name
        for name, kind in catalog.models.items()
        if any(parameter.name == "hidden_size" for parameter in parameters_of(kind))
    ]


def rows(names: Sequence[str], catalog: Catalog, asked: Asked) -> Iterator[tuple[str, ...]]:
    """Yield the table: its head, the line below it, and a row for each model as soon as it is known."""
    models = {name: make(catalog.model(name), {"hidden_size": asked.hidden_size}) for name in names}
    layers = {name: _built(model) for name, model in models.items()}
    times = [relative_times(layers, length, asked) for length in LENGTHS]
    yield COLUMNS
    yield ("---",) * len(COLUMNS)
    for name, layer in layers.items():
        sizes = f"{count_parameters(layer):,}", state_size(layer)
        flows = flow_columns(name, catalog, asked)
        yield (f"`{name}`", *sizes, *(f"{time[name]:.2g}" for time in times), *flows)


def _built(model: Model) -> nn.Module:
    torch.manual_seed(0)
    return model.build(FEATURES)


def state_size(layer: nn.Module) -> str:
    """Return the numbers that a layer carries over for one example; with `T` where they grow with the time."""
    short, long = (_numbers(layer, steps) for steps in (FLOW_LENGTH // 2, FLOW_LENGTH))
    if short == long:
        return f"{long:,}"
    return f"{(long - short) // (FLOW_LENGTH // 2):,} T"


def _numbers(layer: nn.Module, steps: int) -> int:
    with torch.no_grad():
        return sum(part.numel() for part in tensors(layer(torch.zeros(1, steps, FEATURES))[1]))


def relative_times(layers: dict[str, nn.Module], length: int, asked: Asked) -> dict[str, float]:
    """Return the time of a pass of each layer, relative to that of the reference."""
    inputs = torch.randn(asked.batch_size, length, FEATURES)
    # A short pass is more easily disturbed, so it is taken more often.
    repeats = 1 + asked.repeats * (1 if length == max(LENGTHS) else 3)
    seconds: dict[str, list[float]] = {name: [] for name in layers}
    for _ in range(repeats):
        for name, layer in layers.items():
            began = time.process_time()
            layer(inputs.clone().requires_grad_())[0].square().mean().backward()
            seconds[name].append(time.process_time() - began)
    medians = {name: statistics.median(each[1:]) for name, each in seconds.items()}
    return {name: median / medians[REFERENCE] for name, median in medians.items()}


def flow_columns(name: str, catalog: Catalog, asked: Asked) -> tuple[str, str]:
    """Return gain per step and horizon at the start, each from smallest to largest over the seeds."""
    width = {name: {"hidden_size": asked.hidden_size}}
    told = [
        probe([name], catalog, FLOW_LENGTH, parameters=width, seed=seed, batch_size=4, draws=1)[0]
        for seed in SEEDS
    ]
    found = [_summary(one) for one in told if isinstance(one, Finding)]
    if not found:
        return "not measured", "not measured"
    at = " (input)" if any(at == "input" for at, _ in found) else ""
    gains = sorted(one.gain_per_step for _, one in found if one.gain_per_step is not None)
    horizons = sorted(
        (one.horizon.lag, str(one.horizon).replace(">=", "≥")) for _, one in found if one.horizon is not None
    )
    return _span([f"{gain:.4f}" for gain in gains]) + at, _span([text for _, text in horizons]) + at


def _summary(finding: Finding) -> tuple[str, Summary]:
    """Return the summary at the state; of the input gradient where nothing can be measured there."""
    at_state = summarise_flow(finding.flow)
    if at_state.gain_per_step is not None:
        return "state", at_state
    return "input", summarise(finding.flow.curve("input"), finding.flow.length)


def _span(texts: Sequence[str]) -> str:
    if not texts:
        return "-"
    return texts[0] if texts[0] == texts[-1] else f"{texts[0]} to {texts[-1]}"


if __name__ == "__main__":
    main()

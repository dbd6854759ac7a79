"""Measures layers that run all steps at once against their own step form, and against an lstm of as many weights.

    python -m benchmarks.parallel_layers [--models lru,minlstm] [--length 4096] [--set lru.layers=1]

CPU seconds of a forward and backward pass on one thread, freed memory kept, in chunks of 512 steps. The step form
is the same layer fed one step at a time under autograd. Passes are alternated in one process; medians.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.layers import KEEPS_MEMORY
from benchmarks.layers_worker import CHUNK, FEATURES
from seqbench.cli.check import settings_of
from seqbench.plugins.catalog import Catalog
from seqbench.plugins.load import load_catalog
from seqbench.plugins.parameters import make

Pass = Callable[[], None]


def main() -> None:
    """Measure and print."""
    asked = _read_options()
    if not KEEPS_MEMORY.items() <= os.environ.items():
        os.execve(sys.executable, sys.orig_argv, os.environ | KEEPS_MEMORY)
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    catalog = load_catalog()
    print("model        weights    all s   steps s   ratio   lstm width   weights   lstm s   ratio")
    names = asked.models.split(",")
    settings = settings_of(names, asked.set)
    for name in names:
        _print_row(name, {"hidden_size": asked.hidden} | settings.get(name, {}), catalog, asked)


def _read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", default="lru,minlstm")
    parser.add_argument("--set", action="append", default=[], metavar="NAME.FIELD=VALUE")
    parser.add_argument("--length", type=int, default=4096)
    parser.add_argument("--hidden", type=int, default=128)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--lstm-layers", type=int, default=1, help="its width is that nearest in weights")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--no-steps", action="store_true", help="leave out the step form, which takes longest")
    return parser.parse_args()


def _print_row(name: str, given: dict[str, Any], catalog: Catalog, asked: argparse.Namespace) -> None:
    torch.manual_seed(0)
    layer = make(catalog.model(name), given).build(FEATURES)
    width = _nearest_width(_weights(layer), asked.lstm_layers)
    sizes = {"hidden_size": width, "layers": asked.lstm_layers}
    lstm = make(catalog.model("lstm"), sizes).build(FEATURES)
    shape = (asked.batch, asked.length)
    passes = [_pass(layer, shape, CHUNK), _pass(lstm, shape, CHUNK)]
    if not asked.no_steps:
        passes.append(_pass(layer, shape, 1))
    own, other, *stepped = _medians(passes, asked.repeats)
    steps = f"{stepped[0]:9.2f} {own / stepped[0]:7.2f}" if stepped else f"{'-':>9} {'-':>7}"
    print(
        f"{name:10} {_weights(layer):9,d} {own:8.2f} {steps}"
        f" {width:12d} {_weights(lstm):9,d} {other:8.2f} {own / other:7.2f}",
        flush=True,
    )


def _nearest_width(weights: int, layers: int) -> int:
    """Return the hidden size of an lstm with about that many weights: 4 h (h + inputs + 2) in each layer."""
    return min(
        range(1, weights),
        key=lambda h: abs(4 * h * (h + FEATURES + 2) + 4 * h * (2 * h + 2) * (layers - 1) - weights),
    )


def _weights(layer: nn.Module) -> int:
    return sum(weight.numel() for weight in layer.parameters())


def _pass(layer: nn.Module, shape: tuple[int, int], chunk: int) -> Pass:
    """Return a forward and backward pass in chunks of so many steps."""
    inputs = torch.randn(*shape, FEATURES, requires_grad=True)
    gradient = torch.randn_like(_outputs(layer, inputs, CHUNK).detach())
    return lambda: torch.autograd.backward(_outputs(layer, inputs, chunk), gradient)


def _outputs(layer: nn.Module, inputs: Tensor, chunk: int) -> Tensor:
    """Return the outputs of all steps, with the state carried from chunk to chunk."""
    state, found = None, []
    for part in torch.split(inputs, chunk, dim=1):
        outputs, state = layer(part, state)
        found.append(outputs)
    return torch.cat(found, dim=1)


def _medians(passes: Sequence[Pass], repeats: int) -> list[float]:
    """Return the CPU seconds of each pass; the first round warms up."""
    rounds = [[_seconds(run) for run in passes] for _ in range(1 + repeats)]
    return [statistics.median(found) for found in zip(*rounds[1:], strict=True)]


def _seconds(run: Pass) -> float:
    began = time.process_time()
    run()
    return time.process_time() - began


if __name__ == "__main__":
    main()

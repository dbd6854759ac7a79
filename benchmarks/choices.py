"""Measures the two choices behind the chunk length and the decision not to compile networks.

    python -m benchmarks.choices [--models rnn,lstm,gru] [--length 8192] [--compiled 16,64,256]

Forward and backward passes on one thread, hidden size 64, denormal numbers as 0. First: a layer with a batch of 8
in chunks of several lengths, each over the whole sequence. Second: a network's loss with a batch of 16, compiled
by torch.compile against eager. Alternated in one process; medians of seven.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from seqbench import Batch, SequenceClass, Tokens, load_catalog
from seqbench.network.chunks import Chunking, feed
from seqbench.network.network import Network
from seqbench.plugins.parameters import make
from seqbench.training.one_thread import one_quiet_thread

HIDDEN, REPEATS = 64, 7
PIECES = (64, 128, 256, 512, 1024)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", default="rnn,lstm,gru")
    parser.add_argument("--length", type=int, default=8192)
    parser.add_argument("--compiled", default="16,64,256")
    asked = parser.parse_args()
    print(f"| model | {' | '.join(f'pieces of {piece}' for piece in PIECES)} |\n|---|{'---:|' * len(PIECES)}")
    with one_quiet_thread():
        for model in asked.models.split(","):
            whole, *cut = _medians(_in_pieces(_layer(model), asked.length))
            print(f"| {model} | {' | '.join(f'{seconds / whole:.2f}' for seconds in cut)} |", flush=True)
        print("\n| model | T | compiled / eager | seconds to compile |\n|---|---:|---:|---:|")
        for model in asked.models.split(","):
            for length in map(int, asked.compiled.split(",")):
                _print_compiled(model, length)


def _layer(model: str) -> nn.Module:
    torch.manual_seed(0)
    return make(load_catalog().model(model), {"hidden_size": HIDDEN}).build(32)


def _in_pieces(layer: nn.Module, length: int) -> Mapping[str, Callable[[], Tensor]]:
    embedded = torch.randn(8, length, 32)

    def run(piece: int | None) -> Tensor:
        outputs = feed(lambda inputs, start, state: layer(inputs.contiguous(), state), embedded, Chunking(piece))
        return sum((part.square().sum() for part in outputs), start=torch.zeros(()))

    return {str(piece): lambda piece=piece: run(piece) for piece in (None, *PIECES)}  # type: ignore[misc]


def _print_compiled(model: str, length: int) -> None:
    network = Network(_layer(model), Tokens(10), SequenceClass(10), 32)
    batch = Batch(torch.randint(10, (16, length)), torch.randint(10, (16,)), torch.full((16,), length))
    torch.compiler.reset()
    compiled = torch.compile(network.loss)
    began = time.perf_counter()
    compiled(batch).backward()
    took = time.perf_counter() - began
    eager, fast = _medians({"eager": lambda: network.loss(batch), "compiled": lambda: compiled(batch)})
    print(f"| {model} | {length} | {fast / eager:.2f} | {took:.1f} |", flush=True)


def _medians(losses: Mapping[str, Callable[[], Tensor]]) -> list[float]:
    times: dict[str, list[float]] = {name: [] for name in losses}
    for _ in range(1 + REPEATS):
        for name, loss in losses.items():
            began = time.perf_counter()
            loss().backward()
            times[name].append(time.perf_counter() - began)
    return [statistics.median(found[1:]) for found in times.values()]


if __name__ == "__main__":
    main()

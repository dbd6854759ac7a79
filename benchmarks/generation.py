"""Measures whether the time of a written token depends on how many were written before it.

    python -m benchmarks.generation [--models rnn,lstm,gru] [--tokens 10000] [--hidden-size 128] [--vocabulary 100]

Untrained networks, one thread, CPU time; a token is drawn with top-k 40 and top-p 0.95. Microseconds a token after
100 and after ``--tokens`` tokens, medians of blocks of 50 that alternate; the memory that the process gained;
and the time of the last token where the whole prefix is read for it, the median of three.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import time
from collections.abc import Iterator
from itertools import islice

import torch

from seqbench import Model, Sampling, StepClass, Tokens, load_catalog
from seqbench.decoding.continuing import Drawn, continued, cost_of
from seqbench.decoding.readers import WholeRows
from seqbench.network.network import Network, build_network
from seqbench.plugins.parameters import make, parameters_of
from seqbench.training.one_thread import one_quiet_thread

SAMPLING = Sampling(top_k=40, top_p=0.95)
BLOCK, BLOCKS = 50, 9


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", default="rnn,lstm,gru,minlstm,lru,mamba,xlstm")
    parser.add_argument("--tokens", type=int, default=10_000)
    parser.add_argument("--hidden-size", type=int, default=128)
    parser.add_argument("--vocabulary", type=int, default=100)
    asked = parser.parse_args()
    print("model      us/token at 100   at the end  ratio   MiB gained   whole prefix us/token   times as long")
    for name in asked.models.split(","):
        with one_quiet_thread():
            _measure(name, asked)


def _measure(name: str, asked: argparse.Namespace) -> None:
    network = _network(load_catalog().model(name), asked)
    early, late = _tokens(network), _tokens(network)
    for _ in islice(early, 100):
        pass
    before = _peak_mib()
    for _ in islice(late, asked.tokens):
        pass
    gained = _peak_mib() - before
    blocks = [(_block(early), _block(late)) for _ in range(BLOCKS)]
    first, last = (statistics.median(column) for column in zip(*blocks, strict=True))
    whole = _whole(network, asked.tokens)
    ratios = f"{last / first:6.3f} {gained:12.1f} {whole:23.0f} {whole / last:15.0f}"
    print(
        f"{name:10} {first:15.0f} {last:12.0f} {ratios}   {cost_of(network) or ''}",
        flush=True,
    )


def _network(model: type[Model], asked: argparse.Namespace) -> Network:
    torch.manual_seed(0)
    has_size = any(each.name == "hidden_size" for each in parameters_of(model))
    made = make(model, {"hidden_size": asked.hidden_size} if has_size else {})
    return build_network(made, Tokens(asked.vocabulary), StepClass(asked.vocabulary), 64).eval()


def _tokens(network: Network) -> Iterator[Drawn]:
    return continued(network, [0], SAMPLING, torch.Generator().manual_seed(0))


def _block(tokens: Iterator[Drawn]) -> float:
    """Return the CPU microseconds of a token, the mean of a block."""
    began = time.process_time()
    for _ in islice(tokens, BLOCK):
        pass
    return (time.process_time() - began) / BLOCK * 1e6


def _whole(network: Network, tokens: int) -> float:
    """Return the CPU microseconds of the last token, where the whole prefix is read for it; median of three."""
    found = []
    for seed in range(3):
        rows = torch.randint(network.head.out_features, (1, tokens), generator=torch.Generator().manual_seed(seed))
        began = time.process_time()
        with torch.no_grad():
            WholeRows(network).read(rows)
        found.append((time.process_time() - began) * 1e6)
    return statistics.median(found)


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()

"""Times passes of a recurrent layer of the checkout on PYTHONPATH, one for each line of JSON that it reads.

`benchmarks.layers` starts one for each checkout, so it imports of seqbench only what all builds have. A line names
model, hidden, batch, length, double and network; the answer is the CPU seconds of one forward and backward pass,
the median of some.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from seqbench import load_catalog

PASSES = 5

FEATURES, TOKENS, CHUNK = 32, 10, 512
"""Features of x, different tokens, and steps of a chunk, as in the harness."""


def main() -> None:
    """Answer each line on standard input."""
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    ready: dict[str, Callable[[], None]] = {}
    for line in sys.stdin:
        if line not in ready:
            ready[line] = make_pass(json.loads(line))
        # The first pass of a line finds the caches as another process left them.
        found = [_seconds(ready[line]) for _ in range(1 + PASSES)][1:]
        print(statistics.median(found), flush=True)


def _seconds(run: Callable[[], None]) -> float:
    began = time.process_time()
    run()
    return time.process_time() - began


def make_pass(case: Mapping[str, Any]) -> Callable[[], None]:
    """Return a forward and backward pass: of the layer alone, or with embedding, head and cross entropy."""
    torch.manual_seed(0)
    dtype = torch.float64 if case["double"] else torch.float32
    layer = load_catalog().model(case["model"])(hidden_size=case["hidden"]).build(FEATURES).to(dtype)
    shape = (case["batch"], case["length"])
    if not case["network"]:
        inputs = torch.randn(*shape, FEATURES, dtype=dtype, requires_grad=True)
        gradient = torch.randn(*shape, case["hidden"], dtype=dtype)
        return lambda: _outputs(layer, inputs).backward(gradient)
    embedding, head = nn.Embedding(TOKENS, FEATURES, dtype=dtype), nn.Linear(case["hidden"], TOKENS, dtype=dtype)
    tokens, labels = torch.randint(TOKENS, shape), torch.randint(TOKENS, (shape[0] * shape[1],))

    def run() -> None:
        scores = head(_outputs(layer, embedding(tokens)))
        nn.functional.cross_entropy(scores.flatten(0, 1), labels).backward()

    return run


def _outputs(layer: nn.Module, inputs: Tensor) -> Tensor:
    """Return the outputs of all steps, with the state carried from chunk to chunk."""
    state, found = None, []
    for chunk in inputs.split(CHUNK, dim=1):
        outputs, state = layer(chunk.contiguous(), state)
        found.append(outputs)
    return torch.cat(found, dim=1) if len(found) > 1 else found[0]


if __name__ == "__main__":
    main()

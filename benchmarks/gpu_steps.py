"""Makes training steps for a GPU: the harness's, one by one or captured as CUDA graphs, and those of a bare loop.

    python -m benchmarks.gpu_steps --kind captured --length 64 --seconds 5

Trains as the harness does, on random tokens of which the last ten are scored. Prints the steps per second of one
process in JSON; benchmarks.gpu starts several.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable, Iterator
from itertools import cycle

import torch
from torch import Tensor, nn

from seqbench.contracts.examples import UNSCORED, Batch
from seqbench.contracts.inputs import Tokens
from seqbench.contracts.targets import StepClass
from seqbench.experiment.schema import Training
from seqbench.network.chunks import CHUNK_STEPS, Chunking
from seqbench.network.network import build_network
from seqbench.plugins.load import load_catalog
from seqbench.plugins.parameters import make
from seqbench.training.capture_policy import STEPS_BEFORE
from seqbench.training.captured_step import CapturedStep
from seqbench.training.cuda_graphs import CudaCapture
from seqbench.training.determinism import same_bits
from seqbench.training.history import History
from seqbench.training.optimizers import LearningRates, make_optimizer
from seqbench.training.precision import arithmetic
from seqbench.training.step import TrainingStep

KINDS = ("bare", "eager", "captured")
HIDDEN, ROWS, FEATURES, TOKENS, CLASSES, SCORED = 128, 32, 32, 16, 8, 10
_LAYERS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}

Step = Callable[[Batch], Tensor]


def main() -> None:
    """Take steps for a while, and print how many a second."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kind", choices=KINDS, default="captured")
    parser.add_argument("--model", choices=sorted(_LAYERS), default="lstm")
    parser.add_argument("--length", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--at", type=float, default=0.0, help="the time at which to begin, of time.time")
    asked = parser.parse_args()
    with arithmetic("float32"), same_bits():
        step, notes = made_step(asked.kind, asked.model, asked.length)
        given = batches(asked.length)
        warm_up(step, given)
        time.sleep(max(0.0, asked.at - time.time()))
        print(json.dumps({"steps_per_second": rate([step], given, asked.seconds), "notes": notes}), flush=True)


def made_step(kind: str, model: str, length: int, device: str = "cuda") -> tuple[Step, dict[str, str]]:
    """Return a step of a new network, and the notes that it fills."""
    torch.manual_seed(0)
    if kind == "bare":
        return _bare_step(model, device), {}
    layer = make(load_catalog().model(model), {"hidden_size": HIDDEN})
    network = build_network(layer, Tokens(TOKENS), StepClass(CLASSES), FEATURES).to(device)
    network.chunking = Chunking(CHUNK_STEPS)
    settings = Training.model_validate({"capture": "auto" if kind == "captured" else False})
    optimizer, notes = make_optimizer(network, settings), dict[str, str]()
    history = History(network, is_measuring=True)
    plain = TrainingStep(
        network, optimizer, rates=LearningRates(optimizer, settings), norms=history.norms, settings=settings
    )
    if device == "cpu":
        return plain, notes
    graphs = CudaCapture(network, optimizer)
    step = CapturedStep(plain, network, optimizer, settings=settings, capture=graphs, notes=notes)
    # As `Fit` does, step by step.
    return lambda batch: step(
        batch._replace(inputs=batch.inputs.pin_memory().to(device, non_blocking=True))
    ), notes


def batches(length: int) -> list[Batch]:
    """Return a few batches, on the CPU."""
    rng = torch.Generator().manual_seed(1)
    found = []
    for _ in range(8):
        targets = torch.full((ROWS, length), UNSCORED)
        targets[:, -SCORED:] = torch.randint(CLASSES, (ROWS, SCORED), generator=rng)
        inputs = torch.randint(TOKENS, (ROWS, length), generator=rng)
        found.append(Batch(inputs, targets, torch.full((ROWS,), length)))
    return found


def warm_up(step: Step, given: list[Batch]) -> None:
    """Take so many steps that a capture is over."""
    for _, batch in zip(range(STEPS_BEFORE + 4), cycle(given), strict=False):
        step(batch)
    _wait()


def median_ms(step: Step, given: list[Batch], seconds: float = 0.4, rounds: int = 3) -> float:
    """Return the median over rounds of the milliseconds that a step takes."""
    return statistics.median(1e3 / rate([step], given, seconds) for _ in range(rounds))


def rate(steps: list[Step], given: list[Batch], seconds: float) -> float:
    """Return how many steps a second are taken together, in turn."""
    began, taken = time.perf_counter(), 0
    for number, batch in _until(began + seconds, given):
        steps[number % len(steps)](batch)
        taken += 1
    _wait()
    return taken / (time.perf_counter() - began)


def beside_each_other(kind: str, model: str, length: int, cells: int, seconds: float) -> float:
    """Return the steps a second of several networks in this process, each on a stream of its own."""
    given, found = batches(length), []
    for _ in range(cells):
        step, stream = made_step(kind, model, length)[0], torch.cuda.Stream()
        _wait()
        found.append(_on(stream, step))
        warm_up(found[-1], given)
    return rate(found, given, seconds)


def _on(stream: torch.cuda.Stream, step: Step) -> Step:
    def on_stream(batch: Batch) -> Tensor:
        with torch.cuda.stream(stream):
            return step(batch)

    return on_stream


def _until(end: float, given: list[Batch]) -> Iterator[tuple[int, Batch]]:
    for number, batch in enumerate(cycle(given)):
        if number >= 8 and time.perf_counter() > end:
            return
        # The processor must not run ahead for longer than the round lasts.
        if number % 64 == 63:
            _wait()
        yield number, batch


def _wait() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def _bare_step(model: str, device: str) -> Step:
    embedding, head = nn.Embedding(TOKENS, FEATURES), nn.Linear(HIDDEN, CLASSES)
    network = nn.ModuleList([embedding, _LAYERS[model](FEATURES, HIDDEN, batch_first=True), head]).to(device)
    weights = list(network.parameters())
    optimizer = torch.optim.Adam(weights, lr=3e-3)

    def step(batch: Batch) -> Tensor:
        inputs, targets = batch.inputs.to(device), batch.targets[:, -SCORED:].flatten().to(device)
        optimizer.zero_grad()
        hidden, _ = network[1](embedding(inputs))
        loss = nn.functional.cross_entropy(head(hidden[:, -SCORED:].flatten(0, 1)), targets)
        loss.backward()
        nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        return loss.detach()

    return step


if __name__ == "__main__":
    main()

"""Trains cells with a plain training loop over torch's own layers, as somebody would without a harness.

    python -m benchmarks.bare_loop --models lstm --lengths 256 --steps 200

Networks, data, optimiser, clipping, validations and the final test are those of ``seqbench run``; there are no
statistics and no records. Prints for each cell the seconds after loading its data, and the median of one step.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Iterator
from itertools import islice, pairwise, product

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from benchmarks.settings import Settings, read_settings
from seqbench.contracts.examples import Batch, Split
from seqbench.contracts.task import TaskData
from seqbench.plugins.load import load_catalog
from seqbench.plugins.parameters import make

_LAYERS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


def main() -> None:
    """Train each cell, print JSON lines."""
    settings = read_settings(__doc__)
    if settings.threads:
        torch.set_num_threads(settings.threads)
    torch.set_flush_denormal(settings.flush_denormal)
    catalog = load_catalog()
    for task, model, length in product(settings.tasks, settings.models, settings.lengths):
        data = make(catalog.task(task), {}).load(length, 0)
        print(json.dumps(_train(model, data, settings)), flush=True)


def _train(model: str, data: TaskData, settings: Settings) -> dict[str, float]:
    """Train, validate and test one network."""
    began = time.perf_counter()
    torch.manual_seed(0)
    embedding, features = data.inputs.embedding(32), data.inputs.features(32)
    layer = _LAYERS[model](features, settings.hidden_size, batch_first=True)
    head = nn.Linear(settings.hidden_size, data.targets.head_size)
    weights = [*embedding.parameters(), *layer.parameters(), *head.parameters()]
    optimizer = torch.optim.Adam(weights, lr=settings.learning_rate)

    def loss_of(inputs: Tensor, targets: Tensor) -> Tensor:
        hidden, _ = layer(embedding(inputs))
        batch = Batch(inputs, targets, torch.full((len(inputs),), inputs.shape[1]))
        return data.targets.loss(hidden, batch, head)

    def evaluate(split: Split) -> float:
        with torch.no_grad():
            return statistics.fmean(float(loss_of(*batch)) for batch in _loader(split, settings.batch_size, False))

    ends = [time.perf_counter()]
    for step, batch in enumerate(islice(_endless(data.train, settings.batch_size), settings.steps), start=1):
        optimizer.zero_grad()
        loss_of(*batch).backward()
        nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        ends.append(time.perf_counter())
        if step % settings.validate_every == 0:
            evaluate(data.validation)
    evaluate(data.test)
    per_step = statistics.median(after - before for before, after in pairwise(ends))
    return {"seconds": time.perf_counter() - began, "seconds_per_step": per_step}


def _loader(split: Split, batch_size: int, shuffle: bool) -> DataLoader[tuple[Tensor, ...]]:
    whole = split.batch(torch.arange(len(split)))
    return DataLoader(TensorDataset(whole.inputs, whole.targets), batch_size=batch_size, shuffle=shuffle)


def _endless(split: Split, batch_size: int) -> Iterator[tuple[Tensor, ...]]:
    loader = _loader(split, batch_size, True)
    while True:
        yield from loader


if __name__ == "__main__":
    main()

"""Takes samples of what a tested network writes, for people to read beside its scores."""

from __future__ import annotations

import json
from itertools import islice
from typing import NamedTuple

import torch

from seqbench.base.printable import on_lines
from seqbench.contracts.examples import Batch
from seqbench.contracts.task import Task, TaskData
from seqbench.decoding.decode import decode
from seqbench.decoding.sampling import Sampling
from seqbench.network.network import Network
from seqbench.training.writing import Writer

ROWS, TOKENS, MOST_LETTERS = 3, 60, 2000
"""Test rows that are told, tokens of a continued text, and letters of a line that a record holds."""

Texts = tuple[tuple[str, str], ...]
"""What was given, and what the network wrote after it."""

Roll = tuple[tuple[int, ...], ...]
"""The labels that hold at each step."""


class Samples(NamedTuple):
    """What a network wrote, by the names of the fields of `Evaluation`.

    Attributes:
        samples: pairs, to be read.
        rolls: the labels of what was given and written, to be drawn; empty where tokens are written.
        label_names: a name for each label, if the task names them.
    """

    samples: Texts = ()
    rolls: tuple[Roll, ...] = ()
    label_names: tuple[str, ...] = ()


def samples(network: Network, task: Task, data: TaskData, seed: int) -> Samples:
    """Return the answers to the first test rows of a task that decodes, or a text that the network begins itself.

    There are none if the task turns no tokens into text, or the model looks ahead. The same network and seed give
    the same samples; the global random generators are not moved.

    Raises:
        Exception: any exception of the task's `show`, `answers`, `prompt`, `text` or `label_names`.
    """
    was_training = network.training
    network.eval()
    try:
        with torch.no_grad():
            found = _written(network, task, data, seed)
    finally:
        network.train(was_training)
    texts = ((on_lines(given, MOST_LETTERS), on_lines(written, MOST_LETTERS)) for given, written in found.samples)
    return found._replace(samples=tuple(texts))


def _written(network: Network, task: Task, data: TaskData, seed: int) -> Samples:
    if answers := _answers(network, task, data):
        return Samples(answers)
    return _text(network, task, data, seed)


def _answers(network: Network, task: Task, data: TaskData) -> Texts:
    if data.decoding is None or not task.can_predict:
        return ()
    rows = torch.arange(min(ROWS, len(data.test)))
    batch = data.decoding.prompts(data.test.batch(rows))
    there = Batch(*(part.to(network.head.weight.device) for part in batch))
    written = decode(network, there, data.decoding).tokens.cpu()
    answers = task.answers(written, batch, _as_kept(data))
    return tuple((data.show(row), str(answer)) for row, answer in enumerate(answers))


def _text(network: Network, task: Task, data: TaskData, seed: int) -> Samples:
    if not task.can_generate or not network.is_causal:
        return Samples()
    kept = _as_kept(data)
    writer = Writer(network, task, data.inputs, kept)
    prompt = writer.prompt("")
    drawn = islice(writer.continued(prompt, Sampling(), seed=seed, sample=0), TOKENS)
    written = [each.token for each in drawn]
    roll = tuple(step for step in (*prompt, *written) if isinstance(step, tuple))
    texts = (("", writer.text(written)),)
    return Samples(texts, (roll,), tuple(map(str, task.label_names(kept)))) if roll else Samples(texts)


def _as_kept(data: TaskData) -> dict[str, object]:
    """Return the fitted values as a file of weights gives them back."""
    fitted: dict[str, object] = json.loads(json.dumps(dict(data.fitted)))
    return fitted

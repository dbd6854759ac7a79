"""Builds the network of a record again, with the weights kept beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from seqbench.contracts.examples import Batch, Ragged, Split
from seqbench.contracts.model import Model
from seqbench.contracts.task import Task
from seqbench.data.batches import evaluation_size
from seqbench.data.row_files import rows_of
from seqbench.decoding.decode import decode
from seqbench.decoding.sampling import Sampling
from seqbench.errors import DataError, PluginError, SeqbenchError, StoreError
from seqbench.network.chunks import CHUNK_STEPS, Chunking
from seqbench.network.network import Network, build_network
from seqbench.plugins.catalog import Catalog
from seqbench.plugins.grid import fingerprints
from seqbench.plugins.load import load_catalog
from seqbench.plugins.parameters import make
from seqbench.records.schema import PluginUsed, Record
from seqbench.records.store import Store
from seqbench.training.kept_weights import RUN_AGAIN, Kept, read_weights
from seqbench.training.writing import Generated, Writer

if TYPE_CHECKING:
    import pandas as pd

_AS_TRAINED = Sampling()


@dataclass(frozen=True, repr=False)
class Trained:
    """A trained network, and what its task needs to use it on new rows.

    Attributes:
        network: embedding, layer and head in evaluation mode, on the CPU.
        task: with its parameters.
        record: of its cell.
        kept: the content of the file of weights.
    """

    network: Network
    task: Task
    record: Record
    kept: Kept

    def __repr__(self) -> str:
        return f"<Trained {self.record.title}, {self.record.key}>"

    def check_source(self) -> None:
        """Refuse data that are gone or changed; whoever only writes or predicts needs none.

        Raises:
            DataError: they are missing, or not those that were trained on.
        """
        trained_on = self.record.cell.data
        for name, found in fingerprints(self.task).items():
            if found != trained_on.get(name):
                raise DataError(
                    f"{getattr(self.task, name)} has changed since {self.record.title} was trained on it:"
                    f" {found} now, {trained_on.get(name)} then"
                )

    def predict(self, rows: Sequence[Mapping[str, Any]] | pd.DataFrame) -> list[Any]:
        """Return the answers for new rows: one row or several make an input, and each input gets an answer.

        Args:
            rows: a list of rows, each column -> value, or a DataFrame of pandas.

        Raises:
            ContractError: the task does not define `Task.encode` and `Task.decode`.
            DataError: the rows are unfit.
        """
        inputs = self.task.encode(rows_of(rows), self.record.cell.length, self.kept.fitted)
        if len(inputs) == 0:
            return []
        size = evaluation_size(_longest(inputs), self.network.targets.outputs_per_step)
        batches = (_batch(inputs, part) for part in torch.split(torch.arange(len(inputs)), size))
        return [
            answer
            for batch in batches
            for answer in self.task.answers(self._outputs(batch), batch, self.kept.fitted)
        ]

    def generate(
        self, prompt: str = "", *, tokens: int, sampling: Sampling = _AS_TRAINED, seed: int = 0, sample: int = 0
    ) -> Generated:
        """Return what the network writes after a prompt, one token at a time.

        Args:
            prompt: the beginning of a text; empty for a text from its start.
            tokens: how many to write.
            sampling: temperature, top-k and top-p.
            seed: of the random numbers.
            sample: which of several samples of the seed it is, from 0; each is the same however many there are.

        Raises:
            ContractError: the task does not define `Task.prompt` and `Task.text`, or the model looks ahead.
            DataError: the prompt cannot be turned into tokens.
            ValueError: a number is no whole number, or too small.
        """
        return self.writer().generate(prompt, tokens=tokens, sampling=sampling, seed=seed, sample=sample)

    def writer(self) -> Writer:
        """Return what continues texts token by token.

        Raises:
            ContractError: as for `generate`.
        """
        return Writer(self.network, self.task, self.kept.inputs, self.kept.fitted)

    def _outputs(self, batch: Batch) -> torch.Tensor:
        if self.kept.decoding is not None:
            return decode(self.network, batch, self.kept.decoding).tokens
        with torch.no_grad():
            outputs: torch.Tensor = self.network(batch)
        if self.network.targets.is_stepwise:
            # So that a task can tell the last real step of each row.
            steps = torch.arange(outputs.shape[1])
            outputs[steps >= batch.lengths[:, None]] = torch.nan
        return outputs


def load_network(folder: str | Path, key: str, *, plugin_files: Iterable[str | Path] = ()) -> Network:
    """Return a trained network, a torch module in evaluation mode, with the weights that were tested.

    Its parts are ``embedding``, ``layer`` and ``head``; ``network.hidden(inputs, state)`` returns the layer's
    outputs, [batch, time, features], and its new state; ``network(batch)`` returns the outputs of a `Batch`. The
    training data are not needed.

    Args:
        folder: the results of a run with ``--keep-weights``.
        key: the cell's key: a column of `load_results`, and the end of the record's file name.
        plugin_files: Python files that hold its task or model, if these are not installed.

    Raises:
        StoreError: there is no such record, it has no weights, their file is damaged, or a plugin is missing or
            has another version than the one that was trained.
    """
    return load_trained(folder, key, plugin_files=plugin_files).network


def load_trained(
    folder: str | Path, key: str, *, plugin_files: Iterable[str | Path] = (), catalog: Catalog | None = None
) -> Trained:
    """Return a trained network with its task and its record: ``load_trained(...).predict(rows)`` answers new rows.

    Args:
        folder, key, plugin_files: as for `load_network`.
        catalog: plugins that are loaded already; by default all that are installed.

    Raises:
        StoreError: as for `load_network`.
    """
    catalog = catalog or load_catalog(files=plugin_files)
    store = Store(folder)
    record = store.with_key(key)
    if record.weights is None:
        why = record.notes.get("weights") or (
            f"the cell is {record.status}" if record.status != "ok" else "it was run without keep-weights"
        )
        raise StoreError(f"{store.path} holds no weights of {record.title}: {why}; {RUN_AGAIN}")
    # First the plugins: kinds of data may be theirs.
    task, model = _plugins(record, catalog)
    kept = read_weights(store.layout.weights(key), record.weights)
    with torch.random.fork_rng(devices=[]):
        try:
            network = build_network(model, kept.inputs, kept.targets, record.cell.training["embedding_size"])
            network.load_state_dict(kept.weights)
        except (SeqbenchError, RuntimeError) as error:
            raise StoreError(f"the network of {record.title} cannot be built again: {error}") from error
    # In the chunks in which it was tested, so that outputs have the same bits.
    network.chunking = Chunking(CHUNK_STEPS if network.state_size else None)
    return Trained(network.eval(), task, record, kept)


def _plugins(record: Record, catalog: Catalog) -> tuple[Task, Model]:
    """Return the task and the model of a record, with their parameters.

    Raises:
        StoreError: one is missing, has another version, or does not take its parameters.
    """
    with _rebuilt(record, record.cell.task):
        tasks = catalog.task(record.cell.task.name)
        _check_version(tasks, record.cell.task)
        task = make(tasks, record.cell.task.parameters)
    with _rebuilt(record, record.cell.model):
        models = catalog.model(record.cell.model.name)
        _check_version(models, record.cell.model)
        return task, make(models, record.cell.model.parameters)


@contextmanager
def _rebuilt(record: Record, used: PluginUsed) -> Iterator[None]:
    """Turn errors into a StoreError: the network cannot be built again, and where its plugin came from."""
    try:
        yield
    except SeqbenchError as error:
        raise StoreError(
            f"the network of {record.title} cannot be built again: {used.name} came from"
            f" {used.distribution or 'a plugin that the record does not name'}; install that, or name its file in"
            f" plugin_files: {error}"
        ) from error


def _check_version(found: type[Task] | type[Model], used: PluginUsed) -> None:
    if found.version != used.version:
        raise PluginError(
            f"version {used.version} of {used.name} was trained, and here is version {found.version}"
        )


def _longest(inputs: torch.Tensor | Ragged | Split) -> int:
    return inputs.shape[1] if isinstance(inputs, torch.Tensor) else int(inputs.lengths.max())


def _batch(inputs: torch.Tensor | Ragged | Split, rows: torch.Tensor) -> Batch:
    """Return some inputs as a batch, padded with 0; if they have no targets, it has none that mean anything."""
    if isinstance(inputs, Split):
        return inputs.batch(rows)
    if isinstance(inputs, Ragged):
        padded, lengths = inputs.take(rows, 0), inputs.lengths[rows]
    else:
        padded, lengths = inputs[rows], torch.full((len(rows),), inputs.shape[1])
    padded = padded.float() if padded.is_floating_point() else padded.long()
    return Batch(padded, padded, lengths)

"""Tests that files of weights restore a network to the last bit, and that faults are reported.

Modules: seqbench.training.stored_kinds.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch
from torch import Tensor, nn

from seqbench import (
    Catalog,
    Decoding,
    Forecast,
    InputKind,
    Ragged,
    SeqbenchError,
    StepClass,
    StoreError,
    TaskData,
    Values,
    load_results,
)
from seqbench.contracts.task import Task
from seqbench.network.network import Network
from seqbench.records.schema import Record
from seqbench.records.store import Store
from seqbench.training.cell import run_cell
from seqbench.training.kept_weights import keep_weights, read_weights, write_weights
from seqbench.training.load_network import load_trained
from tests.toys import CATALOG, Gru, Last, toy_cell
from tests.writing import Reverse


class Turning(nn.Module):
    """A layer with a complex weight, and one weight under two names."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.turn = nn.Parameter(torch.randn(size, dtype=torch.complex64))
        self.enter = nn.Linear(size, size)
        self.again = self.enter

    def forward(self, inputs: Tensor, state: Any = None) -> tuple[Tensor, None]:
        return (self.again(self.enter(inputs)) * self.turn).real, None


def test_weights_complex_and_shared_ones_too_are_read_back_to_the_last_bit(tmp_path: Path) -> None:
    data = Reverse().load(3, 0)
    network = Network(Turning(6), data.inputs, data.targets, 6)
    path = tmp_path / "weights" / "a.safetensors"
    told = write_weights(path, network, data, "a")
    assert told.bytes == path.stat().st_size
    kept = read_weights(path, told)
    assert (kept.inputs, kept.targets, kept.fitted) == (data.inputs, data.targets, {"letters": ["a", "b", "c"]})
    assert kept.decoding == data.decoding == Decoding(prefix=3, stop=4, most_tokens=4)
    assert all(torch.equal(kept.weights[name], weights) for name, weights in network.state_dict().items())
    assert kept.weights["layer.turn"].dtype == torch.complex64
    assert [each.name for each in path.parent.iterdir()] == ["a.safetensors"]
    before = path.read_bytes()
    write_weights(path, network, data, "a")
    assert path.read_bytes() == before


class Remembering(nn.GRU):
    def get_extra_state(self) -> Any:
        return {"seen": 3}

    def set_extra_state(self, state: Any) -> None: ...


class Odd(InputKind):
    """A kind that is no dataclass."""

    def embedding(self, size: int) -> nn.Module:
        return nn.Identity()

    def features(self, size: int) -> int:
        return 6


@pytest.mark.parametrize(
    ("layer", "change", "words"),
    [
        (
            lambda: Remembering(6, 6),
            {},
            "the layer keeps layer._extra_state, which is no tensor, among its weights",
        ),
        (lambda: nn.GRU(6, 6), {"inputs": Odd(), "decoding": None, "metrics": ()}, "Odd is no dataclass"),
        (lambda: nn.GRU(6, 6), {"fitted": {"mean": float("nan")}}, "a file of weights cannot hold them"),
        (lambda: nn.GRU(6, 6), {"fitted": {"words": {1, 2}}}, "a file of weights cannot hold them"),
    ],
)
def test_weights_that_cannot_be_kept_are_a_note(
    tmp_path: Path, layer: Callable[[], nn.Module], change: dict[str, Any], words: str
) -> None:
    data: TaskData = dataclasses.replace(Reverse().load(3, 0), **change)
    network = Network(layer(), data.inputs, StepClass(3), 6)
    told, notes = keep_weights(tmp_path / "a.safetensors", network, data, "a")
    assert told is None
    assert words in notes["weights"]
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def stored(tmp_path: Path) -> tuple[Store, Record]:
    """Return a store with a cell of the toy task and its weights."""
    store, cell = Store(tmp_path), toy_cell()
    store.prepare()
    record = run_cell(cell, CATALOG, weights=store.layout.weights(cell.key))
    store.write(record)
    return store, record


def test_network_is_built_again_without_its_data(stored: tuple[Store, Record]) -> None:
    store, record = stored

    @dataclass(frozen=True)
    class Gone(Last):
        def load(self, length: int, seed: int) -> TaskData:
            raise AssertionError("the data are asked for")

    torch.manual_seed(1)
    before = torch.get_rng_state()
    trained = load_trained(store.path, record.key, catalog=Catalog(tasks={"last": Gone}, models=CATALOG.models))
    assert torch.equal(torch.get_rng_state(), before)
    test = Last().load(6, 0).test.batch(torch.arange(64))
    assert not trained.network.training
    share = (trained.network(test).argmax(-1) == test.targets).double().mean()
    assert record.test is not None
    assert float(share) == record.test.scores["accuracy"]
    assert not trained.task.can_predict
    assert Reverse().can_predict
    with pytest.raises(SeqbenchError, match="the task last cannot predict: it does not say how new rows become"):
        trained.predict([{"text": "x"}])


@dataclass(frozen=True)
class Newer(Gru):
    version = 2


@dataclass(frozen=True)
class Another(Gru):
    def build(self, input_size: int) -> nn.Module:
        return nn.GRU(input_size, 5, batch_first=True)


def damage(store: Store, record: Record) -> None:
    path = store.layout.weights(record.key)
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("change", "catalog", "words"),
    [
        (
            damage,
            CATALOG,
            "another SHA-256, as it was damaged or replaced; the same run with on-existing fresh",
        ),
        (lambda store, record: store.layout.weights(record.key).unlink(), CATALOG, "cannot be read: no such file"),
        (None, Catalog(tasks={"last": Last}), "small came from .*; install that.*no model is called 'small'"),
        (
            None,
            Catalog(tasks={"last": Last}, models={"small": Newer}),
            "version 1 of small was trained, and here is version 2",
        ),
        (None, Catalog(tasks={"last": Last}, models={"small": Another}), "size mismatch"),
        (
            lambda store, record: store.write(record.model_copy(update={"weights": None})),
            CATALOG,
            "holds no weights of last small T=6 seed 0: it was run without keep-weights; .*fresh and keep-weights",
        ),
    ],
)
def test_what_stands_in_the_way_is_told(
    stored: tuple[Store, Record],
    change: Callable[[Store, Record], object] | None,
    catalog: Catalog,
    words: str,
) -> None:
    store, record = stored
    if change is not None:
        change(store, record)
    with pytest.raises(StoreError, match=words):
        load_trained(store.path, record.key, catalog=catalog)


def test_key_that_no_record_has_is_told(stored: tuple[Store, Record]) -> None:
    with pytest.raises(StoreError, match="holds no record of the key abc; keys are"):
        load_trained(stored[0].path, "abc", catalog=CATALOG)
    table = load_results(stored[0].path)
    for wrong in (table["key"], table, 3):
        with pytest.raises(StoreError, match=r"^key is .*; give one text of the column key of"):
            load_trained(stored[0].path, wrong, catalog=CATALOG)


@dataclass(frozen=True)
class Week(Task):
    """Forecast the next step of a series that is scaled by its training rows."""

    name = "week"
    version = 1

    def load(self, length: int, seed: int) -> TaskData:
        raise NotImplementedError

    def encode(self, rows: Any, length: int, fitted: Any) -> Tensor:
        last = torch.tensor([float(row["load"]) for row in rows[-length:]])
        return ((last - fitted["mean"]) / fitted["deviation"]).reshape(1, length, 1)

    def decode(self, outputs: Tensor, fitted: Any) -> list[Any]:
        return [{"load": float(step)} for step in outputs[:, 0, 0] * fitted["deviation"] + fitted["mean"]]


class Repeating(nn.Module):
    def forward(self, inputs: Tensor, state: Any = None) -> tuple[Tensor, None]:
        return inputs, None


def test_rows_of_next_week_are_scaled_with_what_was_fitted_on_training_rows(tmp_path: Path) -> None:
    from seqbench.training.kept_weights import Kept
    from seqbench.training.load_network import Trained

    network = Network(Repeating(), Values(1), Forecast(1, 1), 1).eval()
    torch.nn.init.ones_(network.head.weight)
    torch.nn.init.zeros_(network.head.bias)
    fitted = json.loads(json.dumps({"mean": 100.0, "deviation": 20.0}))
    kept = Kept({}, Values(1), Forecast(1, 1), None, fitted)
    record = run_cell(toy_cell(steps=0), CATALOG)
    record = record.model_copy(update={"cell": record.cell.model_copy(update={"length": 3})})
    answers = Trained(network, Week(), record, kept).predict([{"load": str(n)} for n in (90, 100, 140, 160)])
    assert answers == [{"load": pytest.approx(160.0)}]


class NextOf(Task):
    """Answer with the steps that were asked at once; a row has the length that it says."""

    name = "next-of"
    version = 1
    asked: ClassVar[list[tuple[int, ...]]] = []

    def load(self, length: int, seed: int) -> TaskData:
        raise NotImplementedError

    def encode(self, rows: Any, length: int, fitted: Any) -> Ragged:
        return Ragged.from_rows([torch.zeros(row["steps"], 1) for row in rows])

    def decode(self, outputs: Tensor, fitted: Any) -> list[Any]:
        self.asked.append(tuple(outputs.shape))
        return [int((~row[:, 0].isnan()).sum()) for row in outputs]


def test_many_outputs_of_new_rows_are_made_a_few_rows_at_a_time_and_answered_in_order() -> None:
    from seqbench.training.kept_weights import Kept
    from seqbench.training.load_network import Trained

    classes, steps = 4096, [1024, 3, 700, 1024, 5, 1, 9, 1024, 2, 4]
    network = Network(Repeating(), Values(1), StepClass(classes), 1).eval()
    kept = Kept({}, Values(1), StepClass(classes), None, {})
    task, record = NextOf(), run_cell(toy_cell(steps=0), CATALOG)
    task.asked.clear()
    assert Trained(network, task, record, kept).predict([{"steps": each} for each in steps]) == steps
    assert [shape[0] for shape in task.asked] == [8, 2]

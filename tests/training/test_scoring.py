"""Tests scores of decoded tokens: on which rows they are computed, and null if unknown."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
import torch
from torch import Tensor, nn
from torchmetrics.classification import MulticlassAccuracy

from seqbench import (
    UNSCORED,
    Batch,
    Catalog,
    ContractError,
    Decoding,
    Experiment,
    Metric,
    SequenceClass,
    StepClass,
    TaskData,
    Tokens,
    evaluate,
)
from seqbench.network.network import Network
from seqbench.plugins.grid import expand
from seqbench.records.schema import Record
from seqbench.training.cell import run_cell
from seqbench.training.scoring import MOST_DECODED, NetworkScores, validation_batches
from tests.toys import Gru
from tests.writing import GO, STOP, ExactMatch, Reverse


def trained(**fields: object) -> Record:
    experiment = {
        "tasks": ["reverse"],
        "models": ["small"],
        "lengths": [2],
        "training": {"steps": 60, "learning_rate": 0.03, "validate_every": 20},
        "parameters": {"small": {"hidden_size": 24}, "reverse": {"examples": 64}},
        "gradients": {"measure": False},
    }
    catalog = Catalog(tasks={"reverse": Reverse}, models={"small": Gru})
    (cell,) = expand(Experiment.model_validate(experiment | fields), catalog)
    return run_cell(cell, catalog)


def test_what_was_written_is_scored_on_validation_and_test_data_at_every_length() -> None:
    record = trained(evaluate_lengths=[1])
    assert record.status == "ok", record.reason
    assert [test.length for test in record.tests] == [2, 1]
    for test in record.tests:
        score = test.scores["exact_match"]
        assert score is not None
        assert test.baseline_name == "copy the row"
        copied = test.baselines[1].scores["exact_match"] or 0.0
        assert test.skill is None if copied == 1 else test.skill == pytest.approx((score - copied) / (1 - copied))
    assert len({validation.score for validation in record.course.validations}) > 1


def test_a_metric_gets_what_rows_get_alone_beside_their_references() -> None:
    torch.manual_seed(0)
    data = Reverse().load(4, 0)
    network = Network(nn.GRU(6, 6, batch_first=True), data.inputs, data.targets, 6).eval()
    seen: list[tuple[Tensor, Tensor]] = []

    class Seeing(ExactMatch):
        def update(self, written: Tensor, references: Tensor) -> None:
            seen.append((written, references))
            super().update(written, references)

    token_accuracy = Metric("accuracy", lambda: MulticlassAccuracy(STOP + 1, average="micro"))
    scores = NetworkScores(network, (Metric("seen", Seeing, of="decoded"), token_accuracy), data.decoding)
    rows = torch.arange(12)
    scores.update(data.test.batch(rows))
    right = 0
    for row, (written, reference) in enumerate(zip(*seen[0], strict=True)):
        batch = data.test.batch(torch.tensor([row]))
        inputs = batch.inputs[0].tolist()
        letters = inputs[: inputs.index(GO)]
        expected: list[int] = []
        while len(expected) < 5:
            hidden, _ = network.hidden(torch.tensor([[*letters, GO, *expected]]))
            token = int(network.head(hidden[0, -1]).argmax())
            if token == STOP:
                break
            expected.append(token)
        assert [token for token in written.tolist() if token != UNSCORED] == expected
        assert [token for token in reference.tolist() if token != UNSCORED] == letters[::-1]
        right += expected == letters[::-1]
    assert scores.scores()["seen"] == right / 12
    whole = evaluate((token_accuracy,), replace(data.test), network)
    assert list(scores.scores()) == ["seen", "accuracy"]
    assert 0 < whole["accuracy"] < 1


def test_validation_decodes_greedily_and_on_rows_that_are_spread_over_the_split() -> None:
    data = Reverse(examples=1000, beams=4).load(3, 0)
    batches, order = validation_batches(data)
    assert len(order) == len(set(order)) == MOST_DECODED
    assert (min(order), max(order)) == (0, 999)
    first = next(iter(batches))
    assert torch.equal(first.inputs, data.validation.batch(torch.tensor(order[: len(first.lengths)])).inputs)
    outputs = replace(data, metrics=(Metric("x", ExactMatch),))
    assert len(validation_batches(outputs)[1]) == 1000


def test_scores_of_tokens_that_are_not_finite_leave_every_score_unknown_with_places_in_the_split() -> None:
    data = Reverse().load(3, 0)
    network = Network(nn.GRU(6, 6, batch_first=True), data.inputs, data.targets, 6).eval()
    network.head.bias.data[1] = 1e9
    network.embedding.weight.data[1] = torch.nan
    scores = NetworkScores(network, (*data.metrics, Metric("other", ExactMatch, of="decoded")), data.decoding)
    inputs = torch.tensor([[0, GO, 0]])
    for _ in range(2):
        scores.update(Batch(inputs, torch.tensor([[UNSCORED, 0, STOP]]), torch.tensor([3])))
    assert str(scores.scores()) == "{'exact_match': nan, 'other': nan}"
    assert scores.not_finite.first[:2] == ((0, 2), (0, 3))
    assert scores.not_finite.examples == 2


@dataclass(frozen=True)
class Mute(Reverse):
    """The same task without a word on how it is decoded."""

    def load(self, length: int, seed: int) -> TaskData:
        return replace(super().load(length, seed), decoding=None)


def test_what_does_not_go_together_is_refused_in_a_sentence() -> None:
    data = Reverse().load(3, 0)
    with pytest.raises(ContractError, match=r'exact_match is of="decoded", and nothing says how to decode'):
        Mute().load(3, 0)
    with pytest.raises(ContractError, match="decoding needs inputs of Tokens and targets of StepClass"):
        replace(data, targets=SequenceClass(2))
    with pytest.raises(ContractError, match="there are 9 classes and 5 tokens"):
        replace(data, inputs=Tokens(5), targets=StepClass(9))
    with pytest.raises(ValueError, match="needs either prefix"):
        Decoding(most_tokens=3)
    with pytest.raises(ValueError, match=r"Decoding\.beams is 0"):
        Decoding(prefix=0, most_tokens=3, beams=0)
    with pytest.raises(ValueError, match="of is 'written'"):
        Metric("x", ExactMatch, of="written")  # type: ignore[arg-type]

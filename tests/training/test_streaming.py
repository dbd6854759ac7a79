"""Tests that a text is scored as one stream in bounded memory, and why some layers are not scored so.

Modules: seqbench.contracts.score_curves.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torchmetrics import MeanMetric

from seqbench import (
    Batch,
    Catalog,
    ContractError,
    CurvePoint,
    Metric,
    Model,
    Split,
    StepClass,
    Task,
    TaskData,
    Tokens,
)
from seqbench.board.check.faults import score_faults
from seqbench.contracts.metrics import Baseline
from seqbench.experiment.schema import Experiment
from seqbench.network.network import Network
from seqbench.plugins.grid import expand
from seqbench.records.resolution import score_bounds
from seqbench.records.schema import Record
from seqbench.report import result_tables
from seqbench.report.observations import observations
from seqbench.report.tables.seed_summaries import SKILL
from seqbench.training.cell import run_cell
from seqbench.training.scoring import NetworkScores
from seqbench.training.streaming import streamed, why_not_streamed
from tests.toys import Gru

SYMBOLS = 5


def losses(outputs: Tensor, batch: Batch) -> tuple[Tensor, ...]:
    return (nn.functional.cross_entropy(outputs.flatten(0, 1), batch.targets.flatten(), reduction="none"),)


LOSS = Metric("loss", MeanMetric, best=0.0, is_higher_better=False, prepare=losses)
STREAM_LOSS = replace(LOSS, name="stream_loss", of="stream")


@dataclass(frozen=True)
class Following(Task):
    """Name the next token of a text."""

    name = "following"
    version = 1
    needs_causal = True

    def load(self, length: int, seed: int) -> TaskData:
        text = torch.randint(SYMBOLS, (64 * length + 1,), generator=torch.Generator().manual_seed(seed))
        rows = Split(text[:-1].view(-1, length), text[1:].view(-1, length))
        curve = replace(LOSS, name="loss_at_1", curve=CurvePoint("loss by context", 1, "tokens"))
        names = ("loss", "stream_loss", "loss_at_1")
        return TaskData(
            train=rows,
            validation=rows,
            test=rows,
            inputs=Tokens(SYMBOLS),
            targets=StepClass(SYMBOLS),
            metrics=(replace(LOSS, best=1 + (length - 4) / 100, is_bound=False), STREAM_LOSS, curve),
            baselines=(Baseline("guess", dict.fromkeys(names, 1.7)), Baseline("luck", {"loss": 0.99})),
            show=str,
            stream=Split(text[None, :-1], text[None, 1:]),
        )


@dataclass(frozen=True)
class Stateless(Model):
    """A layer without a state."""

    name = "stateless"
    version = 1

    def build(self, input_size: int) -> nn.Module:
        class Alone(nn.Linear):
            def forward(self, inputs: Tensor, state: Any = None) -> tuple[Tensor, None]:  # type: ignore[override]
                return super().forward(inputs), None

        return Alone(input_size, input_size)


def network(build: Callable[[], nn.Module], classes: int = SYMBOLS) -> Network:
    torch.manual_seed(0)
    return Network(build(), Tokens(classes), StepClass(classes), 6).eval()


def record_of(model: type[Model]) -> Record:
    experiment = {
        "tasks": ["following"],
        "models": [model.name],
        "lengths": [4],
        "evaluate_lengths": [8],
        "training": {"steps": 4},
        "gradients": {"measure": False},
    }
    catalog = Catalog(tasks={"following": Following}, models={model.name: model})
    (cell,) = expand(Experiment.model_validate(experiment), catalog)
    return run_cell(cell, catalog)


def test_pieces_give_the_outputs_of_the_whole_text_whatever_their_number() -> None:
    text = torch.randint(SYMBOLS, (2, 1301))
    read = network(lambda: nn.LSTM(6, 6, batch_first=True))
    numbers: list[int] = []
    pieces = list(streamed(read, Split(text[:, :-1], text[:, 1:]), numbers.append))
    assert numbers == [0, 1, 2]
    assert [batch.inputs.shape[1] for _, batch in pieces] == [512, 512, 276]
    whole = read.head(read.hidden(text[:, :-1])[0])
    assert torch.allclose(torch.cat([outputs for outputs, _ in pieces], 1), whole, atol=1e-6)
    assert torch.equal(torch.cat([batch.targets for _, batch in pieces], 1), text[:, 1:])


def test_outputs_of_a_piece_are_bounded_for_any_number_of_classes() -> None:
    text = torch.zeros(1, 1000, dtype=torch.long)
    read = network(lambda: nn.GRU(6, 2, batch_first=True), classes=200_000)
    outputs, _ = next(streamed(read, Split(text, text), lambda number: None))
    assert outputs.numel() <= 2**25


class Growing(nn.Module):
    """A layer that keeps all that it read."""

    def forward(self, inputs: Tensor, state: Any = None) -> tuple[Tensor, Tensor]:
        kept = inputs if state is None else torch.cat([state, inputs], 1)
        return inputs, kept


def test_layers_whose_state_cannot_be_carried_are_told_why() -> None:
    assert why_not_streamed(network(lambda: nn.GRU(6, 6, batch_first=True))) is None
    assert "grows with each step" in str(why_not_streamed(network(Growing)))
    alone = network(lambda: Stateless().build(6))
    assert "has no state" in str(why_not_streamed(alone))


def test_score_of_the_stream_is_in_the_record_with_the_state_carried_over() -> None:
    record = record_of(Gru)
    assert record.status == "ok", record.reason
    assert record.test is not None
    assert record.test.scores["stream_loss"] != pytest.approx(record.test.scores["loss"], abs=1e-9)
    assert record.test.unknown is None
    assert "unknown" not in record.to_json()
    curves = record.test.curves or {}
    assert curves["loss by context"].points == {"loss_at_1": 1}
    assert Record.from_json(record.to_json(), "here") == record


def test_layer_without_a_state_has_no_score_of_the_stream_and_a_note_says_why() -> None:
    record = record_of(Stateless)
    assert record.status == "ok", record.reason
    assert record.test is not None
    assert record.test.scores["stream_loss"] is None
    assert record.test.scores["loss"] is not None
    assert "no state to carry over" in record.notes["scores.stream_loss@4"]


def test_best_that_is_no_bound_may_be_beaten() -> None:
    assert LOSS.fault(-1.0) is not None
    assert replace(LOSS, is_bound=False).fault(-1.0) is None
    record = record_of(Gru)
    assert record.metric is not None
    assert record.metric.is_bound is False
    assert record.test is not None
    assert record.test.baseline_name == "luck"
    assert score_bounds(record.metric) == (-math.inf, math.inf)
    assert SKILL.bounds(record.metric) == (-math.inf, math.inf)


def test_best_of_another_length_is_kept_and_skill_there_is_measured_to_it() -> None:
    record = record_of(Gru)
    (elsewhere,) = record.evaluations
    assert record.metric is not None
    assert record.test is not None
    assert (record.metric.best, record.test.best, elsewhere.best) == (1.0, None, 1.04)
    assert elsewhere.skill == pytest.approx((elsewhere.scores["loss"] - 0.99) / (1.04 - 0.99))  # type: ignore[operator]
    assert [each for each in score_faults(record) if "skill is " in each] == []
    changed = record.model_copy(update={"evaluations": (elsewhere.model_copy(update={"skill": 0.5}),)})
    assert any("a number was changed" in each for each in score_faults(changed))
    assert [each.metric.best for each in observations([record]) if each.metric] == [1.0, 1.04]
    titles = [table.title for table in result_tables([record])]
    assert any("best 1)" in title for title in titles)
    assert any("best 1.04)" in title or "best 1 to 1.04)" in title for title in titles)


def test_stream_that_is_not_finite_is_unknown_without_the_rows() -> None:
    read = network(lambda: nn.GRU(6, 6, batch_first=True))
    with torch.no_grad():
        read.embedding.weight[4] = torch.nan
    rows, text = torch.zeros(3, 4, dtype=torch.long), torch.full((1, 9), 4)
    scores = NetworkScores(read, (LOSS, STREAM_LOSS))
    scores.update(Batch(rows, rows, torch.full((3,), 4)))
    scores.read_stream(Split(text, text), lambda number: None)
    found = scores.scores()
    assert found["loss"] == found["loss"]
    assert found["stream_loss"] != found["stream_loss"]
    assert "not finite" in scores.unknown["stream_loss"]


def test_metric_of_a_stream_needs_one_and_is_not_primary() -> None:
    data = Following().load(4, 0)
    with pytest.raises(ContractError, match="there is no text to read as one"):
        replace(data, stream=None)
    with pytest.raises(ContractError, match="validation reads rows"):
        replace(data, metrics=(STREAM_LOSS,))


def test_point_of_a_curve_is_above_0() -> None:
    with pytest.raises(ValueError, match="begins above 0"):
        CurvePoint("loss by context", 0, "tokens")

"""Tests models that look ahead: they run, are measured, and are refused on teacher-forced tasks.

Modules: seqbench.plugins.lookahead.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from seqbench import (
    Batch,
    Catalog,
    ContractError,
    Experiment,
    ExperimentError,
    Model,
    SequenceClass,
    StepClass,
    Tokens,
    Values,
    load_catalog,
    run,
)
from seqbench.cli.main import run_line
from seqbench.experiment.cells import Cell
from seqbench.experiment.schema import Training
from seqbench.gradients.measure import measure_flow
from seqbench.network.chunks import Chunking
from seqbench.network.network import Network, build_network
from seqbench.plugins.grid import expand
from seqbench.plugins.verify import model_faults
from seqbench.testing import run_checks
from seqbench.training.cell import run_cell
from seqbench.training.chunk_policy import chunking_of
from tests.lookahead import BiLSTM, BothWays, Forced
from tests.toys import Gru

PLUGIN = Path(__file__).parents[1] / "lookahead.py"


def catalog() -> Catalog:
    sentiment = load_catalog().task("sentiment")
    tasks = {"forced": Forced, "sentiment": sentiment}
    return Catalog(tasks=tasks, models={"both-ways": BiLSTM, "small": Gru})


def cells(tasks: list[str], models: list[Any], **parameters: Any) -> list[Cell]:
    fields = {
        "tasks": tasks,
        "models": models,
        "lengths": [40],
        "training": {"steps": 8, "batch_size": 8, "validate_every": 4},
        "gradients": {"examples": 4, "draws": 1},
        "parameters": parameters,
    }
    return expand(Experiment.model_validate(fields), catalog())


def ragged(network: Network) -> Batch:
    rng = torch.Generator().manual_seed(0)
    lengths = torch.tensor([9, 4, 7])
    real = torch.arange(9) < lengths[:, None]
    targets = torch.randint(3, (3, 9), generator=rng).masked_fill(~real, -100)
    of_rows = torch.randint(3, (3,), generator=rng)
    return Batch(
        torch.randint(5, (3, 9), generator=rng) * real,
        targets if isinstance(network.targets, StepClass) else of_rows,
        lengths,
    )


def network(targets: SequenceClass | StepClass, **parameters: Any) -> Network:
    torch.manual_seed(0)
    return build_network(BiLSTM(hidden_size=6, **parameters), Tokens(5), targets, 4)


def test_bidirectional_lstm_when_run_on_sentiment_then_it_is_scored_and_its_inputs_are_measured() -> None:
    small = {"train_examples": 64, "validation_examples": 16, "test_examples": 32}
    (cell,) = cells(["sentiment"], ["both-ways"], sentiment=small)
    record = run_cell(cell, catalog())
    assert record.status == "ok", record.traceback
    assert record.test is not None
    assert record.costs.state_size == 0
    assert record.gradients is not None
    assert record.gradients.problems == ()
    flow = record.gradients.flows[0].flow
    for quantity in ("state", "jacobian"):
        curve = flow.curve(quantity)  # type: ignore[arg-type]
        assert set(curve.median) == {None}
        assert curve.reason == "the layer looks ahead: no state stands between its past and its future"
    assert all(norm is not None and norm > 0 for norm in flow.curve("input").median)
    assert record.gradients.norms is not None
    assert list(record.gradients.norms.groups) == ["U", "V", "W", "other"]


@pytest.mark.parametrize("models", [["both-ways"], ["both-ways", "small"]])
def test_model_that_looks_ahead_when_the_task_is_teacher_forced_then_the_grid_is_refused(
    models: list[str],
) -> None:
    with pytest.raises(
        ExperimentError, match="model both-ways looks ahead.* task forced hold earlier targets"
    ) as told:
        cells(["forced"], models)
    assert ("(models: small)" in str(told.value)) == (len(models) > 1)
    labelled = [{"label": "mirror", "model": "both-ways"}, {"label": "tiny", "model": "small"}]
    with pytest.raises(ExperimentError, match="model mirror looks ahead.* answers; leave it out, or"):
        cells(["forced"], labelled)
    # Parameters decide, of the model and of the task.
    assert len(cells(["forced"], models, **{"both-ways": {"bidirectional": False}})) == len(models)
    assert len(cells(["forced"], models, forced={"teacher": False})) == len(models)


@pytest.mark.parametrize("extra", [[], ["--dry-run"]])
def test_command_line_refuses_it_before_anything_runs(
    extra: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    options = ["--plugin", str(PLUGIN), "--tasks", "forced", "--models", "both-ways", "--output", str(out), *extra]
    status, _, err = shell(["run", "smoke", *options], monkeypatch, capsys)
    assert status == 2
    assert "model both-ways looks ahead, and the inputs of task forced hold earlier targets" in err
    assert not out.exists()
    experiment = Experiment.model_validate({"tasks": ["forced"], "models": ["both-ways"], "lengths": [4]})
    with pytest.raises(ExperimentError, match="looks ahead"):
        run(experiment, out, plugin_files=[PLUGIN])
    assert not out.exists()


def test_show_and_list_tell_what_goes_together(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def said(*arguments: str) -> str:
        status, out, err = shell([*arguments, "--plugin", str(PLUGIN)], monkeypatch, capsys)
        assert status == 0, err
        return out

    assert "looks ahead: refused on tasks" in said("show", "both-ways")
    assert "looks ahead" not in said("show", "both-ways", "--set", "bidirectional=false")
    assert "that do not look ahead" in said("show", "forced")
    model, task = (json.loads(said("show", name, "--json")) for name in ("both-ways", "forced"))
    assert (model["is_causal"], model["state_size"], model["time_exponent"]) == (False, 0, 1.0)
    assert task["needs_causal"] is True
    listed = {item["name"]: item["description"] for item in json.loads(said("list", "models", "--json"))["models"]}
    assert listed["both-ways"].endswith("(looks ahead)")
    assert not listed["lstm"].endswith("(looks ahead)")


def shell(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> tuple[int, str, str]:
    monkeypatch.setenv("SEQBENCH_PLUGINS", "recurrent,suites")
    monkeypatch.setattr(sys, "argv", ["seqbench", *arguments])
    return (run_line(), *capsys.readouterr())


def test_padding_reaches_no_output_of_a_real_step() -> None:
    net = network(StepClass(3))
    together, batch = net(ragged(net)), ragged(net)
    for row, steps in enumerate(batch.lengths.tolist()):
        alone = net(Batch(batch.inputs[[row], :steps], batch.targets[[row], :steps], batch.lengths[[row]]))
        torch.testing.assert_close(together[row, :steps], alone[0])


def test_whole_sequences_come_whatever_the_chunking_says_and_truncation_is_refused() -> None:
    net = network(SequenceClass(3))
    whole = net.loss(ragged(net))
    net.chunking = Chunking(2, recompute=True, truncate=2)
    assert torch.equal(net.loss(ragged(net)), whole)
    assert chunking_of(net, Training(), 4, 9000) == Chunking()
    with pytest.raises(ContractError, match="truncate is 3, and the layer looks ahead and is fed whole"):
        chunking_of(net, Training(truncate=3), 4, 9)


@pytest.mark.parametrize("targets", [SequenceClass(3), StepClass(3)], ids=lambda kind: type(kind).__name__)
def test_input_gradient_is_that_of_each_sequence_by_itself(targets: SequenceClass | StepClass) -> None:
    net = network(targets)
    batch = ragged(net)
    curve = measure_flow(net, batch).curve("input")
    twin = build_network(BiLSTM(hidden_size=6), Tokens(5), targets, 4).double()
    twin.load_state_dict(net.state_dict())
    norms = {}
    for row, steps in enumerate(batch.lengths.tolist()):
        embedded = twin.embedding(batch.inputs[[row], :steps]).detach().requires_grad_()
        outputs = twin.layer(embedded)[0]
        wanted = batch.targets[[row]] if isinstance(targets, SequenceClass) else batch.targets[row, :steps]
        read = outputs[:, -1] if isinstance(targets, SequenceClass) else outputs[0]
        (found,) = torch.autograd.grad(nn.functional.cross_entropy(twin.head(read), wanted), embedded)
        norms |= {(row, steps - 1 - step): float(norm) for step, norm in enumerate(found[0].norm(dim=1))}
    for lag, median, n in zip(curve.lags, curve.median, curve.n, strict=True):
        own = sorted(norm for (_, there), norm in norms.items() if there == lag)
        assert len(own) == n
        assert median == pytest.approx(torch.tensor(own, dtype=torch.float64).quantile(0.5).item(), rel=1e-9)


def test_kit_asks_it_to_respect_lengths_instead_of_causality() -> None:
    found = {one.id: one for one in run_checks(BiLSTM())}
    assert [(one.id, one.message) for one in found.values() if one.status == "failed"] == []
    for check in ("causality", "carry-over", "state"):
        assert found[check].status == "skipped"
        assert "looks ahead (is_causal is False)" in found[check].message
    assert found["padding"].status == "passed"
    causal = {one.id: one.status for one in run_checks(BiLSTM(bidirectional=False))}
    assert causal["causality"] == causal["carry-over"] == "passed"


def test_method_where_a_property_is_meant_is_a_fault_of_the_class() -> None:
    @dataclass(frozen=True)
    class Called(Gru):
        name = "called"

        def is_causal(self) -> bool:  # type: ignore[override]
            return False

    (fault,) = model_faults(Called)
    assert "is_causal is a method, and is to be a constant or a property" in fault
    assert model_faults(Gru) == model_faults(BiLSTM) == []


class Heedless(BothWays):
    """Reads the padding too."""

    def forward(self, inputs: Tensor, state: None = None, lengths: Tensor | None = None) -> tuple[Tensor, Any]:
        return super().forward(inputs)


@dataclass(frozen=True)
class Ahead(Model):
    """A model that looks ahead, and builds a layer that it was given."""

    name = "ahead"
    version = 1
    is_causal = False
    heedless: bool = True

    def build(self, input_size: int) -> nn.Module:
        return Heedless(input_size, 8) if self.heedless else nn.GRU(input_size, 8, batch_first=True)


def test_layer_that_reads_padding_or_takes_no_lengths_is_told_so() -> None:
    failed = {one.id: one.message for one in run_checks(Ahead()) if one.status == "failed"}
    assert "leave out the steps beyond lengths" in failed["padding"]
    failed = {one.id: one.message for one in run_checks(Ahead(heedless=False)) if one.status == "failed"}
    assert "its forward takes no lengths" in failed["padding"]
    with pytest.raises(ContractError, match=r"model ahead: is_causal is False.* takes no lengths"):
        build_network(Ahead(heedless=False), Values(2), SequenceClass(2), 0)

"""Tests ``seqbench gradients`` against values worked out by hand, on the networks and data that `run` uses.

Modules: seqbench.cli.gradient_tables, seqbench.cli.gradients, seqbench.report.plots.figures.
"""

from __future__ import annotations

import dataclasses
import json
import math
import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from seqbench import UNSCORED, Catalog, ExperimentError, Model, Split, StepClass, Task, TaskData
from seqbench.cli.gradient_tables import facts, norm_tables, print_findings
from seqbench.cli.main import run_line
from seqbench.contracts.inputs import Values
from seqbench.gradients.flow import Curve, Flow
from seqbench.network.network import build_network
from seqbench.plugins.load import load_catalog
from seqbench.report.plots.figures import draw_curves
from seqbench.training.probe import Finding, ReadOut, noise, probe, set_gain
from tests.toys import CATALOG, naming

LINEAR = ("--set", "rnn.nonlinearity=identity", "--set", "rnn.hidden_size=32", "--batch-size", "2", "--draws", "1")


@pytest.fixture(autouse=True)
def _few_plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEQBENCH_PLUGINS", "recurrent,copy")


class Shell:
    """Runs the command line in this process; returns exit status, stdout and stderr."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch, self._capsys = monkeypatch, capsys

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        self._monkeypatch.setattr(sys, "argv", ["seqbench", "gradients", *arguments])
        return (run_line(), *self._capsys.readouterr())

    def json(self, *arguments: str) -> Any:
        status, out, err = self(*arguments, "--json")
        assert status == 0, err
        return json.loads(out)


@pytest.fixture
def gradients(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(monkeypatch, capsys)


def whole(found: Any, quantity: str) -> Any:
    (curve,) = [c for c in found["curves"] if (c["quantity"], c["part"]) == (quantity, "all")]
    return curve


@pytest.mark.parametrize("initialisation", ["default", "orthogonal"])
@pytest.mark.parametrize(("gain", "after_50"), [(0.9, 0.005), (1.9, 8.7e13)])
def test_classic_example_is_exact_when_the_network_is_linear(
    gradients: Shell, gain: float, after_50: float, initialisation: str
) -> None:
    options = (*LINEAR, "--gain", str(gain), "--set", f"rnn.initialisation={initialisation}", "--length", "51")
    (found,) = gradients.json("rnn", *options)["models"]
    assert found["gain_per_step"] == pytest.approx(gain, rel=1e-9)
    assert found["ln_gain"] == pytest.approx(math.log(gain), rel=1e-9)
    assert found["factors"][0]["steps"] == 50
    assert found["factors"][0]["factor"] == pytest.approx(gain**50, rel=1e-9)
    assert found["factors"][0]["factor"] == pytest.approx(after_50, rel=0.05)  # as the textbooks round it
    jacobian, state = whole(found, "jacobian"), whole(found, "state")
    assert jacobian["lags"] == list(range(1, 51))
    assert jacobian["median"] == pytest.approx([gain**lag for lag in range(1, 51)], rel=1e-9)
    assert state["median"][-1] / state["median"][0] == pytest.approx(gain**49, rel=1e-9)


@pytest.mark.parametrize(("gain", "verdict"), [(0.9, "vanishing"), (1.9, "exploding"), (1.0, "stable")])
def test_gain_and_horizon_are_exact_at_length_2000(gradients: Shell, gain: float, verdict: str) -> None:
    (found,) = gradients.json("rnn", *LINEAR, "--gain", str(gain), "--length", "2000")["models"]
    assert found["gain_per_step"] == pytest.approx(gain, abs=1e-9)
    assert found["verdict"] == verdict
    if gain < 1:
        # 0.9 ** 43 = 0.0108 and 0.9 ** 44 = 0.0097 of the value at lag 1.
        assert found["horizon"] == {"lag": 44, "is_censored": False}
        assert found["half_life"] == pytest.approx(math.log(0.5) / math.log(0.9), rel=1e-9)
    if gain > 1:
        # 1.9 ** 2000 = 3e557: no float64, and yet known.
        assert (found["factors"][1]["factor"], found["factors"][1]["reason"] is None) == (None, False)
        assert found["factors"][1]["ln_factor"] == pytest.approx(2000 * math.log(1.9), rel=1e-9)
        assert whole(found, "state")["median"][-1] is None
        assert whole(found, "state")["ln_median"][-1] > 1280


def test_gain_is_the_spectral_radius_of_every_layer_and_scales_what_is_orthogonal() -> None:
    rnn = load_catalog().model("rnn")
    for initialisation in ("default", "orthogonal"):
        model = rnn(hidden_size=12, layers=2, initialisation=initialisation)
        network = build_network(model, Values(3), ReadOut(), 3)
        before = [network.layer.get_parameter(f"weight_hh_l{i}").detach().double().numpy() for i in (0, 1)]
        set_gain(network, 1.7, "rnn")
        for i in (0, 1):
            v = network.layer.get_parameter(f"weight_hh_l{i}").detach().numpy()
            assert np.abs(np.linalg.eigvals(v)) == pytest.approx(1.7, rel=1e-12)
            if initialisation == "orthogonal":
                assert v == pytest.approx(1.7 * before[i], abs=1e-6)


@dataclasses.dataclass(frozen=True)
class Renamed(Model):
    """Names other weights than torch's recurrent ones as a group."""

    name = "renamed"
    version = 1
    group: str = "V"

    def build(self, input_size: int) -> nn.Module:
        return nn.RNN(input_size, input_size, batch_first=True)

    def weight_groups(self, layer: nn.Module) -> dict[str, list[str]]:
        return {self.group: ["weight_ih_l0"]}


def test_gain_acts_on_the_group_v_as_the_model_names_it() -> None:
    network = build_network(Renamed(), Values(5), ReadOut(), 5)
    before = network.layer.get_parameter("weight_hh_l0").detach().double().numpy()
    set_gain(network, 0.5, "renamed")
    named, other = (
        network.layer.get_parameter(name).detach().numpy() for name in ("weight_ih_l0", "weight_hh_l0")
    )
    assert np.abs(np.linalg.eigvals(named)) == pytest.approx(0.5, rel=1e-12)
    assert other.tolist() == before.tolist()
    with pytest.raises(ExperimentError, match="renamed has no weights in that group"):
        set_gain(build_network(Renamed(group="R"), Values(5), ReadOut(), 5), 0.5, "renamed")


def test_task_is_measured_with_the_first_weights_and_loss_of_a_run() -> None:
    (found,) = probe(["small"], CATALOG, 9, task="last", seed=3, batch_size=5, parameters={"small": {}})
    # By hand: the same start, the same examples, dL/de unrolled by autograd in float64.
    data = CATALOG.task("last")().load(9, 3)
    torch.manual_seed(_seed(3, "initialisation"))
    network = build_network(CATALOG.model("small")(), data.inputs, data.targets, 32).double()
    batch = data.validation.batch(torch.arange(5))
    embedded = network.embedding(batch.inputs).detach().requires_grad_()
    logits = network.head(network.layer(embedded)[0][:, -1])
    nn.functional.cross_entropy(logits, batch.targets, reduction="sum").backward()
    norms = embedded.grad.norm(dim=2).median(dim=0).values
    curve = found.flow.curve("input")
    assert found.flow.examples == 5
    assert curve.lags == tuple(range(1, 9))
    assert curve.median == pytest.approx([float(norms[8 - lag]) for lag in curve.lags], rel=1e-9)


@dataclasses.dataclass(frozen=True)
class Early(Task):
    """Scores the fourth step alone."""

    name = "early"
    version = 1

    def load(self, length: int, seed: int) -> TaskData:
        targets = torch.full((2, length), UNSCORED)
        targets[:, 3] = 1
        split = Split(torch.arange(2 * length).reshape(2, length) % 5, targets)
        whole = naming(5, train=split, validation=split, test=split)
        return dataclasses.replace(whole, targets=StepClass(2))


def test_lags_are_counted_from_the_last_scored_step_where_that_is_asked_for() -> None:
    catalog = Catalog(models={"small": CATALOG.model("small")}, tasks={"early": Early})
    last, scored = (probe(["small"], catalog, 9, task="early", from_scored=is_on)[0] for is_on in (False, True))
    far, near = last.flow.curve("input"), scored.flow.curve("input")
    assert not any(far.median[:4])
    assert near.lags == (1, 2, 3)
    # The scored step is the fourth of nine: lag 1 from there is lag 6 from the end.
    assert near.median == pytest.approx(far.median[5:], rel=1e-12)
    assert scored.flow.curve("jacobian").median == pytest.approx(last.flow.curve("jacobian").median, rel=1e-12)


def test_command_counts_from_the_scored_step_and_says_so(gradients: Shell) -> None:
    options = ("rnn", "--length", "6", "--batch-size", "2", "--from-scored")
    assert gradients.json(*options)["from_scored"] is True
    assert "lags of the loss from the last scored step" in " ".join(gradients(*options)[1].split())
    assert "scored" not in gradients(*options[:-1])[1]


def _seed(seed: int, purpose: str) -> int:
    from seqbench import derive_seed

    return derive_seed(seed, purpose)


def test_noise_is_read_out_linearly_so_that_the_first_gradient_is_the_row_of_w() -> None:
    source = noise(30, 4, seed=0)
    assert source.batch.inputs.shape == (4, 30, 32)
    assert float(source.batch.inputs.std()) == pytest.approx(1, abs=0.05)
    head = nn.Linear(6, 1)
    hidden = torch.randn(4, 30, 6, requires_grad=True)
    (4 * ReadOut().loss(hidden, source.batch, head)).backward()
    assert torch.allclose(hidden.grad[:, -1], head.weight.expand(4, -1))
    assert not hidden.grad[:, :-1].any()


def test_same_seed_gives_the_same_numbers_and_another_seed_others() -> None:
    first, again, other = (probe(["small"], CATALOG, 20, seed=seed, batch_size=2) for seed in (1, 1, 2))
    assert first == again
    assert first[0].flow.curves != other[0].flow.curves
    state = torch.random.get_rng_state()
    probe(["small"], CATALOG, 5, batch_size=2)
    assert torch.equal(state, torch.random.get_rng_state())


class Stateless(nn.Module):
    """Sees the step before."""

    def __init__(self, input_size: int) -> None:
        super().__init__()
        self.linear = nn.Linear(input_size, 4)

    def forward(self, inputs: Tensor, state: None = None) -> tuple[Tensor, None]:
        before = torch.cat([torch.zeros_like(inputs[:, :1]), inputs[:, :-1]], dim=1)
        return self.linear(inputs + before).tanh(), None


@dataclasses.dataclass(frozen=True)
class Convolution(Model):
    """A layer without state."""

    name = "convolution"
    version = 1

    def build(self, input_size: int) -> nn.Module:
        return Stateless(input_size)


def test_stateless_model_has_null_with_a_reason_and_an_input_gradient() -> None:
    (found,) = probe(["convolution"], Catalog(models={"convolution": Convolution}), 6, batch_size=2)
    told = json.loads(json.dumps(facts(found), allow_nan=False))
    assert (told["gain_per_step"], told["verdict"], told["horizon"]) == (None, None, None)
    assert "no state" in told["notes"]["gain_per_step"]
    assert told["factors"][0]["reason"] == "the gain per step is unknown"
    inputs = whole(told, "input")
    assert inputs["median"][0] > 0
    assert inputs["median"][1:] == [None] * 4
    assert (told["measured_at"], told["input_summary"]["verdict"]) == ("input", "vanishing")
    assert told["input_summary"]["horizon"] == {"lag": 1, "is_censored": False}


def test_table_tells_which_model_was_measured_at_its_inputs(capsys: pytest.CaptureFixture[str]) -> None:
    models = {"convolution": Convolution, "renamed": Renamed}
    found = probe(list(models), Catalog(models=models), 6, batch_size=2)
    findings = [each for each in found if isinstance(each, Finding)]
    print_findings(findings, "both", [])
    told = capsys.readouterr().out
    lines = [line.split()[:2] for line in told.splitlines()]
    assert ["convolution", "input"] in lines
    assert ["renamed", "state"] in lines
    assert told.count("no state") == 1
    print_findings(findings[1:], "one", [])
    assert "input" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["rnn", "lstm", "--gain", "0.9"], "V of lstm holds one of 512 x 128"),
        (["rnn", "--gain", "0"], "the gain is 0.0"),
        (["rnn", "--gain", "nan"], "the gain is nan"),
        (["rnn", "rnn"], "rnn stands here twice"),
        (["rmn"], "did you mean 'rnn'?"),
        (["rnn", "--task", "cpoy"], "did you mean 'copy'?"),
        (["rnn", "--set", "gru.hidden_size=4"], "no model or task of this command is called 'gru'"),
        (["rnn", "--set", "training.steps=4"], "nothing is trained here"),
        (["rnn", "--set", "rnn.nonlinearity=gelu"], "nonlinearity"),
        (["rnn", "--plot", "curves.pdf"], ".png or .svg"),
        (["rnn", "--plot", "nowhere/curves.png"], "there is no folder nowhere"),
        ([], "MODEL"),
    ],
)
def test_what_makes_no_sense_ends_with_status_2_and_says_so(
    gradients: Shell, arguments: list[str], message: str
) -> None:
    status, out, err = gradients(*arguments, "--length", "8")
    assert (status, out) == (2, "")
    assert message in err


def test_missing_matplotlib_is_said_with_the_way_to_get_it(
    gradients: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    status, _, err = gradients("rnn", "--plot", str(tmp_path / "curves.svg"))
    assert status == 2
    assert "pip install 'seqbench[report]'" in err


def test_picture_has_a_line_for_each_model_in_each_panel(gradients: Shell, tmp_path: Path) -> None:
    path = tmp_path / "curves.svg"
    status, out, err = gradients("rnn", "gru", "--length", "40", "--batch-size", "2", "--plot", str(path))
    assert (status, err) == (0, f"picture: {path}\n")
    assert "null" not in out
    first = path.read_bytes()
    strokes = [element.get("style", "") for element in ElementTree.fromstring(first).iter()]
    for colour in ("#0072b2", "#d55e00"):
        assert sum(f"stroke: {colour}" in style for style in strokes) == 4  # three panels and the legend
    gradients("rnn", "gru", "--length", "40", "--batch-size", "2", "--plot", str(path))
    assert path.read_bytes() == first


def test_picture_shows_norms_that_no_float64_holds(tmp_path: Path) -> None:
    nothing = (None, None, None)
    curve = Curve("state", "all", (1, 10, 100), nothing, nothing, nothing, (0.0, -2000.0, None), (1, 1, 1), 1.0)
    draw_curves({"norm": {"deep": curve}}, tmp_path / "deep.png")
    assert (tmp_path / "deep.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(ExperimentError, match="cannot be written"):
        (tmp_path / "folder.png").mkdir()
        draw_curves({"norm": {"deep": curve}}, tmp_path / "folder.png")


def test_norms_at_a_few_lags_stand_side_by_side_however_small_they_are() -> None:
    nothing = (None,) * 3
    lns = {"deep": (0.0, -2000.0, None), "flat": (0.0, 0.0, math.log(0.5))}
    curves = {
        name: Curve("state", "all", (1, 10, 100), *[nothing] * 3, ln, (1,) * 3, 0.0) for name, ln in lns.items()
    }
    (table,) = norm_tables({name: Flow(101, 1, 1, (curve,)) for name, curve in curves.items()})
    assert table.columns == ("lag", "deep", "flat")
    # 10 ** (-2000 / ln 10) = 10 ** -868.589
    texts = [[entry.text for entry in row] for row in table.rows]
    assert texts == [["1", "1.00", "1.00"], ["10", "2.58e-869", "1.00"], ["100", "null", "0.500"]]


def test_terminal_is_plain_and_narrow_where_it_has_to_be(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "seqbench", "gradients", "rnn", "--length", "12", "--batch-size", "2"]
    environment = {**os.environ, "COLUMNS": "60", "PYTHONIOENCODING": "ascii"}
    said = subprocess.run(
        command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True, timeout=120
    )
    lines = said.stdout.splitlines()
    norms = lines[next(i for i, line in enumerate(lines) if line.split()[:1] == ["lag"]) + 2 :]
    assert [line.split()[0] for line in norms if line] == [str(lag) for lag in range(1, 12)]
    assert said.stdout.isascii()
    assert all(len(line) <= 60 for line in norms)
    assert "gain per step" in said.stdout
    assert said.stderr == ""
    assert list(tmp_path.iterdir()) == []

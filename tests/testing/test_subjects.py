"""Tests that the kit catches planted faults and names them, passes every bundled plugin, and leaves no trace.

Modules: seqbench.cli.check, seqbench.testing.models.checks, seqbench.testing.models.cost,
seqbench.testing.models.dropout, seqbench.testing.models.layers, seqbench.testing.models.learning,
seqbench.testing.models.precision, seqbench.testing.outcome, seqbench.testing.parametrised,
seqbench.testing.surroundings, seqbench.testing.tasks.checks.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result

from seqbench import ExperimentError, load_catalog
from seqbench.cli.main import cli
from seqbench.testing import CheckFailed, CheckSkipped, checks, checks_for, run_checks
from tests import planted_faults as planted
from tests import planted_layers as layers

CATALOG = load_catalog()

FAULTS = [
    (planted.Bidirectional, "causality", "looks into the future"),
    (planted.Forgetful, "carry-over", "ignores the state"),
    (planted.Detaching, "gradient", "it is cut where the state is handed over"),
    (planted.Dropping, "determinism", "dropout were left on"),
    (planted.Normalised, "batch", "across the rows of the batch"),
    (planted.Seeding, "random-state", "seed globally"),
    (planted.SeedingTask, "random-state", "seeds globally"),
    (planted.Overlapping, "splits", "the splits overlap"),
    (planted.Backwards, "direction", "direction is wrong"),
    (planted.Lying, "reference", "declared too low"),
    (planted.Lying(accuracy=0.9), "chance", "one of the declared baselines"),
    (planted.OutOfRange, "targets:8", "out of range"),
    (planted.Quadratic, "loading-cost", "quadratic"),
    (planted.Mutating, "no-change", "changed at run time: the layer's enter.weight"),
    (planted.Overwriting, "no-change", "changed at run time: the inputs"),
    (planted.Clashing, "name", "the name clashes with the task 'copy'"),
    (planted.Unheld, "declaration", "unheld(layers=0) raises nothing, and layers is int, at least 1"),
]


@pytest.mark.parametrize(("subject", "id", "words"), FAULTS, ids=lambda value: getattr(value, "name", None))
def test_planted_fault_is_caught_by_a_message_that_names_it(subject: object, id: str, words: str) -> None:
    # The one check: that a whole run tells failures as outcomes is seen with the layers below.
    with pytest.raises(CheckFailed) as failed:
        dict(checks(subject, catalog=CATALOG))[id]()
    assert words in str(failed.value)
    assert all(part in str(failed.value) for part in ("expected: ", "\nfound: ", "\nchange: "))


SLOW = dict.fromkeys(("long-inputs", "time"), "says nothing about these layers")

LAYERS = [
    (layers.Idle, "parameters", "of 240 trainable numbers 240 get none"),
    (layers.Cancelled, "parameters", "nothing that is learned changes what the layer computes"),
    (layers.Undropping, "dropout", "in training they are those of evaluation: dropout changes nothing"),
    (layers.FrozenDrop, "dropout", "in training they are the same with 64 random states"),
    (layers.TimeStatistics, "causality", "in training inputs after step 0 change no output up to step 0"),
    (layers.RowStatistics, "batch", "in training row 0 gives the same, whatever other rows stand in the batch"),
    (layers.Rooted, "finite-gradients", "they are NaN or infinite for part 0 of the state"),
    (layers.SingleComplex, "float64", "not float32 or complex64 by name"),
    (layers.Single, "bfloat16 float64", "torch.float32"),
    (layers.Sharing, "copy", "the copy's outputs changed with the layer's weights"),
    (layers.Drawing, "random-state", "a forward pass in evaluation changed the global random state of torch"),
    (layers.NumpyDropping, "random-state", "a forward pass in training changed the global random state of numpy"),
]


@pytest.mark.parametrize(("subject", "ids", "words"), LAYERS, ids=lambda value: getattr(value, "name", None))
def test_planted_layer_fails_the_checks_of_its_fault_and_no_other(subject: object, ids: str, words: str) -> None:
    failed = {
        one.id: one.message for one in run_checks(subject, catalog=CATALOG, skip=SLOW) if one.status == "failed"
    }
    assert sorted({id.partition(":")[0] for id in failed}) == ids.split()
    assert all(words in message for message in failed.values())


def test_layer_that_leaves_the_process_fails_every_check_that_builds_it() -> None:
    outcomes = {one.id: one for one in run_checks(layers.Leaving, catalog=CATALOG)}
    assert {one.id for one in outcomes.values() if one.status != "failed"} == {*UNBUILT}
    assert "it leaves the process with SystemExit: 0" in outcomes["outputs"].message
    assert outcomes["dropout"].status == "skipped"


UNBUILT = ("declaration", "name", "import", "dropout", "gpu")


def test_name_that_two_distributions_claim_is_a_failed_check(install: Callable[[str], None]) -> None:
    install("one")
    install("two")
    (only,) = run_checks("sound-model")
    assert only.status == "failed"
    assert "the name clashes" in only.message
    assert "seqbench-one 1.0" in only.message
    assert "seqbench-two 1.0" in only.message


SEEDING_FILE = """
from dataclasses import dataclass
import random

import numpy as np
import torch
from seqbench import Model, hookimpl

np.random.seed(0)
torch.manual_seed(0)
random.random()

@dataclass(frozen=True)
class Early(Model):
    name = "early"
    version = 1
    def build(self, input_size: int):
        return torch.nn.GRU(input_size, 4, batch_first=True)

@hookimpl
def seqbench_models():
    yield Early
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "is_first",
    [True, False],
    ids=["first to import torch", "after others did"],
)
def test_file_that_seeds_when_it_is_imported_fails_a_check(tmp_path: Path, is_first: bool) -> None:
    (tmp_path / "early.py").write_text(SEEDING_FILE)
    others = "" if is_first else "import torch, numpy; "
    code = f"{others}import sys; from seqbench.cli.main import main; sys.argv[0] = 'seqbench'; main()"
    command = [sys.executable, "-c", code, "check", "early", "--plugin", "early.py", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    failed = {one["id"]: one["message"] for one in json.loads(done.stdout)["checks"] if one["status"] == "failed"}
    assert list(failed) == ["import"]
    assert "moved the global random generator of numpy, random, torch" in failed["import"]
    assert "loading it moves the global random generator of random, torch, numpy" in done.stderr
    assert done.returncode == 4


@checks_for(planted.SoundModel, catalog=CATALOG)
def test_sound_model(check) -> None:
    check()


@checks_for(planted.SoundTask, catalog=CATALOG)
def test_sound_task(check) -> None:
    check()


@checks_for("rnn", catalog=CATALOG)
def test_rnn(check) -> None:
    check()


@checks_for("lstm", catalog=CATALOG)
def test_lstm(check) -> None:
    check()


@checks_for("gru", catalog=CATALOG)
def test_gru(check) -> None:
    check()


@pytest.mark.slow
@checks_for("irnn", catalog=CATALOG)
def test_irnn(check) -> None:
    check()


@pytest.mark.slow
@checks_for("scornn", catalog=CATALOG)
def test_scornn(check) -> None:
    check()


@pytest.mark.slow
@checks_for("esn", catalog=CATALOG)
def test_esn(check) -> None:
    check()


@pytest.mark.slow
@checks_for("lru", catalog=CATALOG)
def test_lru(check) -> None:
    check()


@pytest.mark.slow
@checks_for("minlstm", catalog=CATALOG)
def test_minlstm(check) -> None:
    check()


@checks_for("adding", catalog=CATALOG)
def test_adding(check) -> None:
    check()


@pytest.mark.slow
@checks_for("brackets", catalog=CATALOG)
def test_brackets(check) -> None:
    check()


@pytest.mark.slow
@checks_for(CATALOG.tasks["brackets"](ask="valid", pairs=2, train_examples=2000), catalog=CATALOG)
def test_brackets_that_may_be_ill_formed(check) -> None:
    check()


@checks_for("copy", catalog=CATALOG)
def test_copy(check) -> None:
    check()


@pytest.mark.slow
@checks_for("echo", catalog=CATALOG)
def test_echo(check) -> None:
    check()


@pytest.mark.slow
@checks_for(CATALOG.tasks["echo"](spectrum="band", signal=8, train_examples=2000), catalog=CATALOG)
def test_echo_of_a_signal_in_a_band(check) -> None:
    check()


@checks_for("forecasting", catalog=CATALOG)
def test_forecasting(check) -> None:
    check()


@pytest.mark.slow
@checks_for("pixels", catalog=CATALOG)
def test_pixels(check) -> None:
    check()


@pytest.mark.slow
@checks_for(CATALOG.tasks["pixels"](order="permuted", filler="blank"), catalog=CATALOG)
def test_pixels_in_a_fixed_random_order(check) -> None:
    check()


@pytest.mark.slow
@checks_for("sentiment", catalog=CATALOG)
def test_sentiment(check) -> None:
    check()


@pytest.mark.slow
@checks_for("induction", catalog=CATALOG)
def test_induction(check) -> None:
    check()


@pytest.mark.slow
@checks_for("recall", catalog=CATALOG)
def test_recall(check) -> None:
    check()


@pytest.mark.slow
@checks_for("next-token", catalog=CATALOG)
def test_next_token(check) -> None:
    check()


@pytest.mark.slow
@checks_for("music", catalog=CATALOG)
def test_music(check) -> None:
    check()


@pytest.mark.slow
@checks_for("series-class", catalog=CATALOG)
def test_series_class(check) -> None:
    check()


@pytest.mark.slow
@checks_for("selective-copy", catalog=CATALOG)
def test_selective_copy(check) -> None:
    check()


@pytest.mark.slow
@checks_for("sort", catalog=CATALOG)
def test_sort(check) -> None:
    check()


@pytest.mark.slow
@checks_for(CATALOG.tasks["sort"](items=None), catalog=CATALOG)
def test_sort_of_as_many_symbols_as_the_length(check) -> None:
    check()


@pytest.mark.slow
@checks_for("state-tracking", catalog=CATALOG)
def test_state_tracking(check) -> None:
    check()


@pytest.mark.slow
@checks_for(
    CATALOG.tasks["state-tracking"](group="A5", elements="generators", train_examples=2000), catalog=CATALOG
)
def test_state_tracking_by_generators(check) -> None:
    check()


@pytest.mark.slow
@checks_for("speech", catalog=CATALOG)
def test_speech(check) -> None:
    check()


@pytest.mark.slow
@checks_for(CATALOG.tasks["speech"](goal="transcript", train_rows=500), catalog=CATALOG)
def test_speech_with_transcripts(check) -> None:
    check()


@pytest.mark.slow
@checks_for("translation", catalog=CATALOG)
def test_translation(check) -> None:
    check()


@pytest.mark.slow
@checks_for(CATALOG.tasks["word-order"](sentences=3000), catalog=CATALOG)
def test_word_order_with_few_sentences(check) -> None:
    check()


@pytest.mark.slow
@checks_for("word-order", catalog=CATALOG)
def test_word_order(check) -> None:
    check()


@pytest.mark.slow
@checks_for("module", catalog=CATALOG)
def test_module(check) -> None:
    check()


@pytest.mark.slow
@checks_for("attention", catalog=CATALOG)
def test_attention(check) -> None:
    check()


@pytest.mark.slow
@checks_for("mamba", catalog=CATALOG)
def test_mamba(check) -> None:
    check()


@pytest.mark.slow
@checks_for("s4d", catalog=CATALOG)
def test_s4d(check) -> None:
    check()


@pytest.mark.slow
@checks_for("tcn", catalog=CATALOG)
def test_tcn(check) -> None:
    check()


@pytest.mark.slow
@checks_for("xlstm", catalog=CATALOG)
def test_xlstm(check) -> None:
    check()


def test_every_bundled_plugin_is_checked_here() -> None:
    here = {name.removeprefix("test_").replace("_", "-") for name in globals()}
    assert {*CATALOG.models, *CATALOG.tasks} <= here


def test_checks_leave_global_random_states_and_settings_as_they_were() -> None:
    def state() -> tuple[object, ...]:
        numpy = np.random.get_state(legacy=True)
        return torch.get_rng_state().tolist(), numpy[1].tolist(), numpy[2:], random.getstate(), dict(os.environ)

    before = state()
    for subject in (planted.SeedingTask, planted.Seeding):
        run_checks(subject, catalog=CATALOG)
    assert state() == before


def test_skip_gives_its_reason_and_a_wrong_id_is_an_error() -> None:
    skip = {"causality": "it is a filter"}
    found = dict(checks("lstm", catalog=CATALOG, skip=skip))
    for id in ("causality", "causality:layers=2,dropout=0.5"):
        with pytest.raises(CheckSkipped, match="it is a filter"):
            found[id]()
    with pytest.raises(ExperimentError, match="did you mean 'causality'"):
        list(checks("lstm", catalog=CATALOG, skip={"casuality": ""}))


def test_error_that_no_check_foresees_is_a_failure_with_its_cause() -> None:
    failing = dict(checks(planted.Lying(accuracy=float("nan")), catalog=CATALOG))["baselines"]
    with pytest.raises(CheckFailed, match="accuracy = nan"):
        failing()


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Return a function that installs the planted faults as a distribution, as pip would lay it out."""

    def make(name: str) -> None:
        info = tmp_path / name / f"seqbench_{name}-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: seqbench-{name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[seqbench]\n{name} = tests.planted_faults\n")
        monkeypatch.syspath_prepend(str(tmp_path / name))

    return make


def seqbench(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["check", *arguments])


def test_command_ends_with_4_where_a_check_fails_and_0_where_none_does(install: Callable[[str], None]) -> None:
    install("planted")
    failed = seqbench("sound-model", "lying", "--set", "lying.accuracy=0.9")
    assert failed.exit_code == 4
    assert "FAILED   lying          chance" in failed.stdout
    assert "found: none is: declared are 'guess' 0.9" in failed.stdout
    assert "1 failed" in failed.stdout
    assert seqbench("dropping").stdout.count("FAILED") == 2, "a random layer fails by its randomness only"
    told = json.loads(seqbench("lying", "--set", "lying.accuracy=0.2", "--json").stdout)
    assert told["failed"] == 0
    unpassed = {one["id"] for one in told["checks"] if one["status"] != "passed"}
    assert unpassed == {"decoding:8", "decoding:64", "decoding:1000"}, "the task has no Decoding"
    assert seqbench("lying", "--skip", "reference", "--skip", "chance").exit_code == 0


def test_fault_that_fails_many_checks_is_told_once_and_no_line_of_seqbench_is_blamed(
    install: Callable[[str], None],
) -> None:
    install("planted")
    told = seqbench("last-only").stdout
    assert told.count("found: ContractError: outputs are to be [batch, time, output_size]") == 1
    assert told.count("as outputs, above") > 5
    assert "no line of the plugin raises this" in told
    assert str(Path(load_catalog.__code__.co_filename).parents[1]) not in told
    assert "planted_faults.py" not in told


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["lstmm"], "no task or model is called 'lstmm'; did you mean 'lstm'?"),
        (["lstm", "--set", "lstm.layer=2"], "did you mean 'layers'"),
        (["lstm", "--set", "gru.layers=2"], "'gru' is not checked"),
        (["lstm", "--skip", "casuality"], "did you mean 'causality'"),
        ([], "name the tasks or models to check"),
    ],
)
def test_command_ends_with_2_where_something_is_unknown(arguments: list[str], words: str) -> None:
    done = seqbench(*arguments)
    # `seqbench.cli.main` ends with 2 for both.
    assert isinstance(done.exception, ExperimentError) or done.exit_code == 2
    assert words in f"{done.exception} {done.stderr}"
    assert done.stdout == ""


@pytest.mark.slow
def test_outsiders_test_file_runs_each_check_as_a_test(tmp_path: Path) -> None:
    lines = 'from seqbench.testing import checks_for\n@checks_for("gru")\ndef test_it(check): check()\n'
    (tmp_path / "test_mine.py").write_text(lines)
    options = ["-q", "-p", "no:cacheprovider", "-k", "gradient and not finite"]
    command = [sys.executable, "-m", "pytest", *options, "test_mine.py"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout

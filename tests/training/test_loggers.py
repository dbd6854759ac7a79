"""Tests that logged curves are those of the training, and that no logger changes a number of the training.

Modules: seqbench.training.logged_curves.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from seqbench.errors import ExperimentError
from seqbench.records.layout import stem
from seqbench.records.schema import Record
from seqbench.training.cell import run_cell
from seqbench.training.loggers import LOGGERS, check_loggers, logger_callbacks, prepare_loggers
from tests.toys import CATALOG, toy_cell

MOVES = {"environment", "costs", "finished"}


def run_watched(folder: Path, *names: str) -> Record:
    """Run the toy cell, 45 steps with a validation after every 10, watched by loggers."""
    cell = toy_cell(steps=45)
    prepare_loggers(names, folder)
    with logger_callbacks(names, folder, cell) as callbacks:
        return run_cell(cell, CATALOG, callbacks=callbacks)


def expected(record: Record) -> dict[str, dict[int, float]]:
    """Return the curves as the record has them: 45 losses in it, each one of 200 points, told in tens."""
    losses = [loss for _, loss in record.course.losses if loss is not None]
    tens = {end: losses[end - (end % 10 or 10) : end] for end in (10, 20, 30, 40, 45)}
    return {
        "train/loss": {end: sum(some) / len(some) for end, some in tens.items()},
        "validation/accuracy": {v.step: v.score for v in record.course.validations if v.score is not None},
    }


# What the packages of others warn each other of is not ours to mend.
THEIRS = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@THEIRS
@pytest.mark.parametrize("name", list(LOGGERS))
def test_logger_changes_no_bit_of_a_record_and_leaves_the_environment_as_it_was(tmp_path: Path, name: str) -> None:
    for package in LOGGERS[name].packages:
        pytest.importorskip(package, reason=f"the extra {name} is not installed")
    before = dict(os.environ)
    watched, alone = run_watched(tmp_path, name), run_watched(tmp_path)
    assert watched.status == "ok"
    assert watched.model_dump(exclude=MOVES) == alone.model_dump(exclude=MOVES)
    assert dict(os.environ) == before
    assert list((tmp_path / "loggers" / name).iterdir())


def test_tensorboard_shows_the_curves_of_the_record(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard", reason="the extra tensorboard is not installed")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    record = run_watched(tmp_path, "tensorboard")
    cell = toy_cell(steps=45)
    events = EventAccumulator(str(tmp_path / "loggers" / "tensorboard" / stem(cell)))
    events.Reload()
    for name, points in expected(record).items():
        assert {e.step: e.value for e in events.Scalars(name)} == pytest.approx(points, rel=1e-6), name
    assert len(events.Scalars("train/gradient_norm")) == 5


@THEIRS
def test_mlflow_shows_the_curves_of_the_record(tmp_path: Path) -> None:
    for package in LOGGERS["mlflow"].packages:
        pytest.importorskip(package, reason="the extra mlflow is not installed")
    from mlflow.tracking import MlflowClient

    record = run_watched(tmp_path, "mlflow")
    client = MlflowClient(f"sqlite:///{tmp_path / 'loggers' / 'mlflow' / 'mlflow.db'}")
    (run,) = client.search_runs([client.get_experiment_by_name("seqbench").experiment_id])
    assert (run.info.status, run.data.params["model"]) == ("FINISHED", "small")
    for name, points in expected(record).items():
        told = {metric.step: metric.value for metric in client.get_metric_history(run.info.run_id, name)}
        assert told == pytest.approx(points), name


def test_logger_that_fails_is_told_of_in_the_log_and_the_record_is_as_without_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pytest.importorskip("tensorboard", reason="the extra tensorboard is not installed")
    alone = run_watched(tmp_path)
    assert not caplog.messages
    (tmp_path / "loggers").write_text("a file where the folder should be")
    watched = run_watched(tmp_path, "tensorboard")
    assert (watched.status, watched.model_dump(exclude=MOVES)) == ("ok", alone.model_dump(exclude=MOVES))
    # Of the five times that it is to write the first fails, and then its end.
    written, ended = caplog.messages
    assert "failed and is left alone" in written
    assert "failed and is left alone" in ended
    assert (tmp_path / "loggers").read_text() == "a file where the folder should be"


def test_logger_that_is_not_there_is_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, kind in LOGGERS.items():
        monkeypatch.setitem(sys.modules, kind.packages[0], None)
        with pytest.raises(ExperimentError, match=rf"pip install 'seqbench\[{name}\]'"):
            check_loggers([name])
    said = subprocess.run(
        [sys.executable, "-m", "seqbench", "run", "smoke", "--logger", "tensorbord", "--output", tmp_path / "out"],
        capture_output=True,
        text=True,
    )
    assert said.returncode == 2
    assert "did you mean 'tensorboard'" in said.stderr
    assert not (tmp_path / "out").exists()

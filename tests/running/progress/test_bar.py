"""Tests that `seqbench.run` shows a sweep on stderr if asked, and nothing otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

from seqbench import DataError, Experiment, ExperimentError, run

SMALL = Experiment(
    tasks=("adding",),
    models=("rnn",),
    lengths=(8,),
    training={"steps": 2, "batch_size": 2},
    gradients="off",
    parameters={"adding": {"train_examples": 8, "test_examples": 8}},
)


def test_progress_is_shown_on_stderr_only_if_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = run(SMALL, tmp_path / "shown", executor="serial", progress=True)
    said = capsys.readouterr()
    ended = [line for line in said.err.splitlines() if line.startswith("[")]
    assert [line.partition(": ")[0] for line in ended] == ["[1/1] adding rnn T=8 seed 0"]
    assert said.out == ""
    run(SMALL, tmp_path / "shown", executor="serial", progress=True)
    other = run(SMALL, tmp_path / "not", executor="serial")
    assert capsys.readouterr() == ("", "")
    assert list(first["score"]) == list(other["score"])


def test_errors_reach_the_caller_as_without_progress(tmp_path: Path) -> None:
    missing = SMALL.model_copy(
        update={"tasks": ("forecasting",), "parameters": {"forecasting": {"data": "none.csv"}}}
    )
    with pytest.raises(DataError, match="none.csv"):
        run(missing, tmp_path / "out", executor="serial", progress=True)


def test_words_for_yes_and_no_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ExperimentError, match="progress is 'no'; give True or False"):
        run(SMALL, tmp_path / "out", progress="no")  # type: ignore[arg-type]
    assert not (tmp_path / "out").exists()

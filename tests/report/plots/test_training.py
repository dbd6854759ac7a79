"""Tests that training curves are means over the seeds that have an entry, and hide nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

import seqbench
from seqbench.records.schema import Course, Validation
from seqbench.records.store import Store
from seqbench.report.charts.lines import Look
from seqbench.report.plots.training import bin_size, binned, mean_line
from tests.report.tables.test_scores import record


def test_line_is_the_mean_over_seeds_and_ends_with_the_first_of_them() -> None:
    line = mean_line("lstm", Look(0), [{10: 1.0, 20: 0.5, 30: 0.1}, {10: 3.0, 20: None}])
    assert line.x == (10, 20)
    assert line.y == (2.0, None)
    assert (line.low, line.high) == ((1.0, None), (3.0, None))
    alone = mean_line("lstm", Look(0), [{10: 1.0}])
    assert (alone.y, alone.low, alone.high) == ((1.0,), (), ())


def test_many_losses_are_averaged_and_an_infinite_one_stays_a_gap() -> None:
    found = binned(range(1, 201), [float(step) for step in range(1, 201)], bin_size(200))
    assert len(found) == 50
    # Steps 1 to 4, at the last of them.
    assert (found[4], found[200]) == (2.5, 198.5)
    assert binned(range(1, 101), [None, *[1.0] * 99], 2)[2] is None


def test_several_models_stand_in_one_picture_with_loss_and_score(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed: pip install 'seqbench[report]'")
    for number, model in enumerate(("gru", "lstm")):
        for length in (12, 24):
            course = Course(
                losses=((1, 1.0 + number), (2, 0.1)),
                validations=(Validation(step=1, score=0.2), Validation(step=2, score=0.5 + number / 4)),
            )
            Store(tmp_path / "r").write(
                record(0.5, model=model, length=length).model_copy(update={"course": course})
            )
    loss, score = seqbench.plot(tmp_path / "r", what="training").axes
    assert [axes.get_title(loc="left") for axes in (loss, score)] == [
        "copy, T=24: training loss",
        "copy, T=24: validation",
    ]
    assert [list(line.get_ydata()) for line in loss.get_lines()] == [
        pytest.approx([0.0, -1.0]),
        pytest.approx([0.30103, -1.0], abs=1e-5),
    ]
    assert [list(line.get_ydata()) for line in score.get_lines()] == [[0.2, 0.5], [0.2, 0.75]]
    assert score.get_ylabel() == "accuracy"


def test_seeds_that_ended_at_different_steps_share_their_points(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed: pip install 'seqbench[report]'")
    for seed, steps in enumerate((350, 550)):
        course = Course(losses=tuple((step, 1.0) for step in range(1, steps + 1)))
        Store(tmp_path / "r").write(record(0.5, seed=seed).model_copy(update={"course": course}))
    (loss,) = seqbench.plot(tmp_path / "r", what="training").axes
    assert list(loss.get_lines()[0].get_xdata()) == list(range(11, 351, 11))


def test_a_seed_that_diverged_takes_no_line_away_and_is_told(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed: pip install 'seqbench[report]'")
    whole = Course(losses=((1, 100.0), (2, 10.0)), validations=(Validation(step=2, score=0.5),))
    early = Course(losses=((1, None),))
    for model, seed, course in (("gru", 0, whole), ("gru", 1, early), ("irnn", 0, early), ("lstm", 0, whole)):
        is_ok = course is whole
        found = record(0.5 if is_ok else None, model=model, seed=seed, status="ok" if is_ok else "diverged")
        Store(tmp_path / "r").write(found.model_copy(update={"course": course}))
    loss, score = seqbench.plot(tmp_path / "r", what="training", width="one").axes
    assert [list(line.get_ydata()) for line in loss.get_lines() if len(line.get_ydata()) > 1] == [[2.0, 1.0]] * 2
    for axes in (loss, score):
        told = " ".join(axes.get_title(loc="left").split())
        assert told.endswith("not drawn: gru (1 of 2 seeds diverged), irnn (1 of 1 seeds diverged)")

"""Tests the closed form of NLinear against a solver of least squares, Repeat by hand, and both on ETTh1."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from seqbench_published.closed_form import ClosedNLinear, Repeat, closed_form_error, repeat_error

from seqbench import DataError


def test_error_is_that_of_least_squares_window_by_window() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(60, 2)).cumsum(0)
    asked = ClosedNLinear(4, 3, parts=(40, 8, 12))
    scaled = (values - values[:40].mean(0)) / values[:40].std(0)

    def windows(first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
        rows = [
            (scaled[t - 4 : t, c] - scaled[t - 1, c], scaled[t : t + 3, c] - scaled[t - 1, c])
            for t in range(first, last - 2)
            for c in range(2)
        ]
        past, future = (np.array(each) for each in zip(*rows, strict=True))
        return np.c_[past, np.ones(len(past))], future

    weights = np.linalg.lstsq(*windows(4, 40), rcond=None)[0]
    past, future = windows(48, 60)
    assert closed_form_error(values, asked) == pytest.approx(((past @ weights - future) ** 2).mean())


@pytest.mark.parametrize(("batch", "windows"), [(1, 10), (4, 8), (32, 0)])
def test_repeat_is_the_last_value_of_whole_batches_of_windows(batch: int, windows: int) -> None:
    values = np.random.default_rng(0).normal(size=(60, 2)).cumsum(0)
    scaled = (values - values[:40].mean(0)) / values[:40].std(0)
    errors = [(scaled[t : t + 3] - scaled[t - 1]) ** 2 for t in range(48, 58)][:windows]
    asked = Repeat(3, batch, parts=(40, 8, 12))
    if not windows:
        with pytest.raises(DataError, match="10 test windows, fewer than a batch of 32"):
            repeat_error(values, asked)
        return
    assert repeat_error(values, asked) == pytest.approx(np.mean(errors))


def test_table_with_too_few_rows_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "short.csv"
    path.write_text("date,a\n2020-01-01,1\n2020-01-02,2\n")
    with pytest.raises(DataError, match="has 2 rows, and 14400 are needed"):
        ClosedNLinear(336, 96)(path)
    with pytest.raises(DataError, match="has 2 rows, and 14400 are needed"):
        Repeat(96, 32)(path)


@pytest.mark.slow
@pytest.mark.parametrize(("horizon", "error"), [(96, 0.3702), (336, 0.4277), (720, 0.4344)])
def test_error_on_etth1_is_the_known_one(shared_data: Path, horizon: int, error: float) -> None:
    found = ClosedNLinear(336, horizon)(shared_data / "forecasting-ett" / "ETTh1.csv")
    assert found == pytest.approx(error, abs=1e-4)


@pytest.mark.slow
def test_repeat_over_all_windows_is_the_baseline_that_was_computed_before(shared_data: Path) -> None:
    path = shared_data / "forecasting-ett" / "ETTh1.csv"
    assert [round(Repeat(horizon)(path), 4) for horizon in (96, 192, 336, 720)] == [1.2944, 1.3249, 1.3299, 1.3351]

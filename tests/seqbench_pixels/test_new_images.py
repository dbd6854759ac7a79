"""Tests that new images get the scale and the layout of those of training, and classes their names."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import torch
from seqbench_pixels.task import Pixels

from seqbench import DataError

LENGTH = 80


@pytest.fixture(scope="module")
def fitted() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(dict(Pixels().load(LENGTH, 0).fitted), allow_nan=False))
    return found


def rows(count: int = 3) -> list[dict[str, Any]]:
    rng = np.random.default_rng(0)
    return [
        {"label": "?", **{f"pixel{n}": float(rng.integers(17)) for n in range(64)}, "name": "x"}
        for _ in range(count)
    ]


def test_an_image_is_scaled_and_laid_out_as_in_training(fitted: dict[str, Any]) -> None:
    found = Pixels().encode(rows(), LENGTH, fitted)
    assert isinstance(found, torch.Tensor)
    pixels = torch.tensor([[row[f"pixel{n}"] for n in range(64)] for row in rows()])
    assert found.shape == (3, LENGTH, 1)
    assert torch.allclose(found[:, :64, 0], (pixels - fitted["mean"]) / fitted["deviation"], atol=1e-6)
    assert torch.equal(found, Pixels().encode(rows(), LENGTH, fitted))
    blank = Pixels(filler="blank").encode(rows(), LENGTH, fitted)
    assert float(blank[:, 64:].abs().max()) == 0
    assert Pixels().encode(rows(), 16, fitted).shape == (3, 16, 1)


def test_an_answer_is_the_class_with_its_probability(fitted: dict[str, Any]) -> None:
    outputs = torch.full((1, 10), -50.0)
    outputs[0, 7] = 0.0
    assert Pixels().decode(outputs, fitted) == [{"label": "7", "probability": pytest.approx(1.0)}]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda row: row.pop("pixel3"), "have 63 columns of pixels, and .* images of 8 x 8, 64 pixels"),
        (lambda row: row.update(pixel3=None), "row 1 has no finite number in the column pixel3"),
        (lambda row: row.update(pixel3="dark"), "a pixel is missing or is no number"),
    ],
)
def test_rows_that_are_no_images_are_told(fitted: dict[str, Any], change: Any, words: str) -> None:
    given = rows()
    change(given[0])
    with pytest.raises(DataError, match=words):
        Pixels().encode(given, LENGTH, fitted)
    with pytest.raises(DataError, match="there is no row"):
        Pixels().encode([], LENGTH, fitted)

"""Tests that images are read as published, and that no image and no length mixes the splits.

Modules: seqbench_pixels.picture.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from seqbench_pixels import seqbench_tasks
from seqbench_pixels.images import Images, digits, read_images
from seqbench_pixels.parts import divide
from seqbench_pixels.scores import baselines
from seqbench_pixels.sequences import Scale, places, read_pixels, size_at
from seqbench_pixels.task import Pixels
from sklearn.datasets import load_digits

from seqbench import Batch, DataError, Experiment, Split, TaskData, evaluate, run

PARTS = ("train", "validation", "test")


def everything(split: Split) -> Batch:
    return split.batch(torch.arange(len(split)))


@pytest.fixture(scope="module")
def whole() -> TaskData:
    """Return the digits at their own length."""
    return Pixels().load(64, seed=0)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Write 40 images of 2 x 3 pixels and two classes, two of them copies."""
    pixels = np.arange(240).reshape(40, 6) % 97
    pixels[39] = pixels[3]
    rows = pd.DataFrame(pixels, columns=[f"p{at}" for at in range(6)])
    rows["label"] = ["cat", "dog"] * 20
    rows.to_csv(tmp_path / "images.csv", index=False)
    return tmp_path / "images.csv"


def raw(data: TaskData, split: Split) -> np.ndarray:
    """Return the pixels of a split as they were, 0 to 16: [images, 64]."""
    values = everything(split).inputs[:, :64, 0].double()
    return np.asarray((values * data.fitted["deviation"] + data.fitted["mean"]).round().abs())  # no -0.0


def test_plugin_yields_the_task() -> None:
    assert list(seqbench_tasks()) == [Pixels]


def test_all_digits_of_scikit_learn_are_there_once_with_their_classes(whole: TaskData) -> None:
    """Reads every row back and looks it up among the source's images."""
    images, labels = load_digits(return_X_y=True)
    known = {image.tobytes(): label for image, label in zip(images.astype(np.float64), labels, strict=True)}
    found = {part: raw(whole, getattr(whole, part)) for part in PARTS}
    answers = {part: [known[image.tobytes()] for image in found[part]] for part in PARTS}
    assert {part: everything(getattr(whole, part)).targets.tolist() for part in PARTS} == answers
    assert sum(len(images) for images in found.values()) == len(images) == 1797
    assert len({image.tobytes() for images in found.values() for image in images}) == len(known)
    assert [len(found[part]) for part in PARTS] == [1259, 179, 359]


def test_classes_have_the_same_share_in_each_split(whole: TaskData) -> None:
    shares = [everything(getattr(whole, part)).targets.bincount() / len(getattr(whole, part)) for part in PARTS]
    assert all(float((share - 0.1).abs().max()) < 0.01 for share in shares)


def test_pixels_of_training_images_have_mean_0_and_deviation_1(whole: TaskData) -> None:
    values = everything(whole.train).inputs.double()
    assert float(values.mean()) == pytest.approx(0, abs=1e-6)
    assert float(values.std(correction=0)) == pytest.approx(1, abs=1e-6)


def test_splits_hold_the_same_images_at_every_length_and_order(whole: TaskData) -> None:
    for task, length in ((Pixels(), 70), (Pixels(order="permuted"), 64), (Pixels(filler="blank"), 300)):
        data = task.load(length, seed=0)
        for part in PARTS:
            mine, its = everything(getattr(data, part)), everything(getattr(whole, part))
            assert torch.equal(mine.targets, its.targets)
            assert torch.equal(mine.inputs[:, :64].sort(1).values, its.inputs.sort(1).values)
    small = Pixels().load(16, seed=0)
    assert torch.equal(everything(small.test).targets, everything(whole.test).targets)


def test_permutation_is_one_and_fixed(whole: TaskData) -> None:
    order = places(64, "permuted")
    assert sorted(order.tolist()) == list(range(64))
    assert order[:5].tolist() == [9, 34, 63, 40, 2]  # if this changes, `version` has to
    for seed in (0, 1):
        rows, permuted = (Pixels(order=order).load(64, seed=seed) for order in ("rows", "permuted"))
        assert torch.equal(permuted.test.inputs, rows.test.inputs[:, order])  # type: ignore[index]


def test_noise_follows_the_image_and_is_drawn_for_each_split_length_and_seed() -> None:
    data, longer, other = (Pixels().load(*which) for which in ((164, 0), (165, 0), (164, 1)))
    noises = [everything(split).inputs[:179, 64:164] for split in (data.train, data.test, longer.test, other.test)]
    assert float(noises[0].mean()) == pytest.approx(0, abs=0.03)
    assert float(noises[0].std()) == pytest.approx(1, abs=0.03)
    assert all(not torch.equal(noises[0], other) for other in noises[1:])
    assert not everything(Pixels(filler="blank").load(164, 0).test).inputs[:, 64:].any()


@pytest.mark.parametrize(
    ("length", "size"), [(1, (1, 1)), (8, (2, 2)), (16, (4, 4)), (63, (7, 7)), (64, (8, 8)), (8192, (8, 8))]
)
def test_image_is_as_large_as_fits_into_the_steps(length: int, size: tuple[int, int]) -> None:
    assert size_at(length, 8, 8) == size


@pytest.mark.parametrize("width", [1, 5, 30])
def test_image_that_is_no_square_fits_into_the_steps_too(width: int) -> None:
    for length in range(1, 140):
        wide, high = size_at(length, width, 4)
        assert 1 <= wide <= width
        assert 1 <= high <= 4
        assert wide * high <= length


def test_smaller_image_holds_means_of_areas() -> None:
    images = Images(np.arange(16, dtype=np.float32)[None], np.array(["a"]), 4)
    assert read_pixels(images, 4, Scale(0.0, 1.0)).tolist() == [[2.5, 4.5, 10.5, 12.5]]
    assert read_pixels(images, 5, Scale(2.5, 2.0)).tolist() == [[0.0, 1.0, 4.0, 5.0]]


def test_perfect_predictor_scores_best_and_the_baselines_are_what_they_say(whole: TaskData) -> None:
    def perfect(batch: Batch) -> torch.Tensor:
        return torch.nn.functional.one_hot(batch.targets, 10) * 1e4

    assert evaluate(whole.metrics, whole.test, perfect) == {metric.name: metric.best for metric in whole.metrics}
    majority, guess, linear = whole.baselines
    counts = everything(whole.train).targets.bincount().double()
    hits = (everything(whole.test).targets == counts.argmax()).double().mean()
    nats = -(counts / counts.sum()).log()[everything(whole.test).targets].mean()
    assert majority.scores["accuracy"] == pytest.approx(float(hits))
    assert majority.scores["balanced_accuracy"] == pytest.approx(0.1)
    assert majority.scores["loss"] == pytest.approx(float(nats), abs=1e-6)
    assert guess.scores == {"accuracy": 0.1, "balanced_accuracy": 0.1, "loss": math.log(10)}
    assert majority.is_reference
    assert guess.is_reference
    assert not linear.is_reference
    assert linear.scores["accuracy"] > 0.93  # about 0.96 is usual for these digits


def test_own_splits_are_kept_and_copies_stay_together(table: Path) -> None:
    task = Pixels(data=str(table), width=3)
    for seed in range(5):
        data = task.load(6, seed)
        where = {
            part: {tuple(row) for row in everything(getattr(data, part)).inputs[:, :, 0].tolist()}
            for part in PARTS
        }
        assert not where["train"] & where["test"]
        assert not where["train"] & where["validation"]
        assert data.facts["classes"] == "cat, dog"
        assert data.facts["image"] == "3 x 2"
    folder = table.parent / "both"
    folder.mkdir()
    rows = pd.read_csv(table)
    rows[:30].to_csv(folder / "train.csv", index=False)
    rows[30:].to_csv(folder / "test.csv", index=False)
    data = Pixels(data=str(folder), width=3).load(6, seed=0)
    assert [len(getattr(data, part)) for part in PARTS] == [26, 4, 10]
    assert data.facts["test_images_also_in_train"] == 1
    found = read_images(str(folder), "label", 3)
    assert sorted(divide(found, 0)["test"].pixels.tolist()) == sorted(found["test"].pixels.tolist())


def test_images_of_a_split_stay_within_their_budget() -> None:
    data = Pixels(split_time_steps=12_800).load(128, seed=0)
    assert [len(getattr(data, part)) for part in PARTS] == [100, 100, 100]
    assert data.facts["train_images"] == 100
    assert len(divide(digits(), 0)["train"].labels) == 1259


def test_training_images_that_are_kept_need_two_classes() -> None:
    with pytest.raises(
        DataError, match=r"split_time_steps is 1 and keeps 1 training image .* two classes .* pixels\.split_time"
    ):
        Pixels(split_time_steps=1).load(16, seed=0)


def test_linear_model_that_is_fitted_on_one_class_always_answers_with_it() -> None:
    images = torch.arange(8.0)[:, None]
    train = Split(images[:, :, None].repeat(300, 1, 1), torch.tensor([1] * 2_399 + [0]))
    test = Split(images[:, :, None], torch.tensor([0, 1] * 4))
    linear = baselines(train, test, (images.repeat(300, 1), images), 2)[2]
    assert linear.scores["accuracy"] == 0.5


@pytest.mark.parametrize("parameters", [{"label_column": "digit"}, {"width": 8}])
def test_parameter_of_a_table_without_data_is_refused(parameters: dict[str, Any]) -> None:
    (name,) = parameters
    with pytest.raises(ValueError, match=f"{name} is .*, but data is not set, .* set data, or leave {name} out"):
        Pixels(**parameters)
    Pixels(data="folder", **parameters)


def test_example_shows_the_image_and_the_steps_above_the_class(whole: TaskData) -> None:
    *picture, inputs, target, scored = whole.show(3).splitlines()
    assert [len(row) for row in picture] == [16] * 8
    assert inputs.startswith("input   ")
    assert "(48 more)" in inputs
    assert target.split() == ["target", str(int(everything(whole.test).targets[3]))]
    assert target.rindex(target[-1]) == scored.index("^") == len(inputs) - 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda rows: rows.drop(columns="label"),
            "has no column 'label'; it has p0, p1.* name it with label_column",
        ),
        (lambda rows: rows.assign(p2="x"), "the column p2 holds no numbers: line 2 has 'x'; each column"),
        (lambda rows: rows.assign(p2=rows["p2"].where(rows.index != 4)), "line 6 has no number in the column p2"),
        (
            lambda rows: rows.assign(p2=rows["p2"].astype(float).where(rows.index != 4, 1e300)),
            r"line 6 has 1e\+300 in the column p2, which is too large",
        ),
        (
            lambda rows: rows.assign(label=rows["label"].where(rows.index != 4)),
            "line 6 has no label; leave it",
        ),
        (
            lambda rows: rows.assign(label=rows.index / 4),
            "holds numbers, not classes: line 3 has 0.25; name",
        ),
        (
            lambda rows: rows.rename(columns={"p0": "id"}).rename(columns=lambda name: name.replace("p", "pixel")),
            "the column id is none of the pixels, whose columns are named as pixel1 is; leave it out",
        ),
        (lambda rows: rows.assign(p7=0), "has 7 pixels .* do not make rows of 3; .* or set width"),
        (lambda rows: rows[["label"]], "no column but the label"),
        (lambda rows: rows.assign(label="cat"), "all training images are of the class cat; two"),
        (
            lambda rows: rows.assign(label=["cat"] * 38 + ["dog", "cat"]),
            "the class dog has 1 image .*; 3 are needed",
        ),
        (lambda rows: rows.assign(**{f"p{at}": 1 for at in range(6)}), "the class cat has 1 image"),
    ],
)
def test_table_that_does_not_fit_is_refused_in_a_sentence(table: Path, change, message: str) -> None:
    change(pd.read_csv(table)).to_csv(table, index=False)
    with pytest.raises(DataError, match=message):
        Pixels(data=str(table), width=3).load(6, seed=0)


def test_pixels_that_make_no_square_need_a_width(table: Path) -> None:
    with pytest.raises(
        DataError, match="6 pixels in a row of the table, which do not make rows of 2; .* set width"
    ):
        Pixels(data=str(table)).load(6, seed=0)
    with pytest.raises(DataError, match="^not one pixel .* at least 1$"):
        Pixels().load(0, seed=0)
    with pytest.raises(ValueError, match="order is 'columns'; it must be 'rows' or 'permuted'"):
        Pixels(order="columns")  # type: ignore[arg-type]


def test_mnist_is_read_from_its_files(shared_data: Path) -> None:
    folder = shared_data / "images-mnist-t10k"
    if not folder.is_dir():
        pytest.skip(f"no MNIST: {folder} is not there")
    data = Pixels(data=str(folder), split_time_steps=78_400).load(784, seed=0)
    assert data.train.inputs.shape == (100, 784, 1)  # type: ignore[union-attr]
    assert data.facts["image"] == "28 x 28"
    assert data.facts["classes"] == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9"
    assert data.fitted["mean"] == pytest.approx(
        0.1325 * 255, rel=0.01
    )  # torchvision's users divide by 0.1307, 0.3081
    assert math.isfinite(data.baselines[2].scores["loss"])


@pytest.mark.slow
def test_gru_learns_the_digits_pixel_by_pixel(tmp_path: Path) -> None:
    experiment = Experiment.model_validate(
        {
            "tasks": ["pixels"],
            "models": ["gru"],
            "lengths": [16],
            "training": {"steps": 600, "learning_rate": 5e-3},
            "gradients": "off",
            "parameters": {"gru": {"hidden_size": 64}},
        }
    )
    assert run(experiment, tmp_path, executor="serial")["score"].min() > 0.75

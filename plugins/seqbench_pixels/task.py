"""Defines the task ``pixels``: the class of an image that is read pixel by pixel."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field
from seqbench_stepwise.classes import one_class_splits
from seqbench_stepwise.columns import columns

from seqbench import DataError, SequenceClass, Split, Task, TaskData, Values, data_source, generator
from seqbench_pixels.images import Images, digits, read_images
from seqbench_pixels.new_images import new_images
from seqbench_pixels.parts import divide
from seqbench_pixels.picture import picture
from seqbench_pixels.scores import baselines, metrics
from seqbench_pixels.sequences import Filler, Order, Scale, lay_out, read_pixels, size_at

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

Count = Annotated[int, Field(ge=1)]


@dataclass(frozen=True)
class Pixels(Task):
    """Name the class of an image, one pixel of which is read at each of ``length`` = T steps.

    The first four of the 64 pixels of a digit, then noise, at T = 1000::

        input   -0.81 -0.81 0.17 1.16 (992 more) 0.32 -1.40 0.95 0.11
        target                                                      3
        scored                                                      ^

    An image of P pixels takes the first P steps, row by row, or with ``order="permuted"`` in one fixed random
    order (Le et al. 2015: the permutation is drawn once, for all images, seeds and splits, from a generator that
    depends on P alone). The class is asked for at the last step. What T means:

    - T = P: the task of the publications, 784 for MNIST and 64 for the digits.
    - T > P: the image is followed by T - P steps of noise, independent normal numbers, as the rows of an image are
      in Chang et al. 2019, section 5.3; what was seen must be carried over them. With ``filler="blank"`` these
      steps are zeros.
    - T < P: the image is made smaller, to the largest square of at most T pixels (4 x 4 at T = 16), each the mean
      of an area; steps that remain hold noise. Less is seen there, so that a score at T < P may be lower for want
      of detail, not of memory: the linear baseline shows how much. The rasters of two such lengths differ, so
      that a network can be tested at other lengths than its own from P on only; ``facts`` tells the raster of the
      length that it was trained at, ``image_as_read``.

    Pixels have mean 0 and standard deviation 1 over all training images, as the noise has.

    Without ``data`` the images are the 1,797 handwritten digits of scikit-learn (Alpaydin & Kaynak 1998). ``data``
    is a folder of idx files (``train-images-idx3-ubyte.gz`` and so on, gzipped or not, as MNIST has them), or any
    table that `seqbench.read_tables` reads with a column of labels and one for each pixel. The data's own splits
    are kept; of what is missing, a fifth of the images of each class are drawn for test and a tenth for
    validation, copies of an image on the same side. The draw depends on the seed and not on T, so that a network
    trained at one length can be tested at others.

    Metrics: ``accuracy``, ``balanced_accuracy`` (the mean recall of the classes, which a constant answer cannot
    raise above 1 / classes), ``loss`` in nats. Skill is measured from the better of ``majority class``, with the
    shares of the training classes for the loss, and ``guess``. ``logistic regression on pixels`` sees the same
    pixels at once, without noise, fitted on at most 2,000 training images, and is reported beside.

    Attributes:
        data: the images; None takes the digits of scikit-learn.
        label_column: the column of classes in a table.
        width: pixels in a row of an image in a table; None takes a square.
        order: ``rows``, or ``permuted``.
        filler: what follows the image: ``noise``, or ``blank``.
        split_time_steps: images of a split times length, at most; there is always at least one image.
    """

    name: ClassVar[str] = "pixels"
    version: ClassVar[int] = 1
    reference: ClassVar[str] = """
        @article{le2015,
          author = {Le, Quoc V. and Jaitly, Navdeep and Hinton, Geoffrey E.},
          title = {A Simple Way to Initialize Recurrent Networks of Rectified Linear Units},
          journal = {arXiv preprint arXiv:1504.00941},
          year = {2015}
        }

        @inproceedings{chang2019,
          author = {Chang, Bo and Chen, Minmin and Haber, Eldad and Chi, Ed H.},
          title = {{AntisymmetricRNN}: A Dynamical System View on Recurrent Neural Networks},
          booktitle = {International Conference on Learning Representations},
          year = {2019}
        }

        @misc{alpaydin1998,
          author = {Alpaydin, E. and Kaynak, C.},
          title = {Optical Recognition of Handwritten Digits},
          howpublished = {UCI Machine Learning Repository},
          year = {1998}
        }
    """
    data: str | None = data_source()
    label_column: str = "label"
    width: Count | None = None
    order: Order = "rows"
    filler: Filler = "noise"
    split_time_steps: Count = 50_000_000

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, value in (("label_column", self.label_column), ("width", self.width)):
            if self.data is None and value != getattr(Pixels, name):
                raise ValueError(
                    f"{name} is {value!r}, but data is not set, and the digits that are then taken have no table,"
                    f" so that {name} would count for nothing; set data, or leave {name} out"
                )

    @property
    def divides_by_seed(self) -> bool:
        """True of the digits, and of images without a test split."""
        return "test" not in self._found()

    def load(self, length: int, seed: int) -> TaskData:
        """Read the images, divide them and lay them out in time.

        Args:
            length: T, the steps of a sequence.
            seed: of the division and the noise.

        Raises:
            DataError: ``length`` is below 1, the data are missing or unfit, or ``split_time_steps`` keeps too
                little.
        """
        if length < 1:
            raise DataError("not one pixel can be read; take a length of at least 1")
        found = self._found()
        parts = divide(found, seed)
        scale = Scale.of(parts["train"])
        if not scale.deviation:
            raise DataError(
                f"{self.data}: all pixels of the training images are {scale.mean:g}; there is nothing to see"
            )
        classes = _class_names(parts["train"])
        most = max(1, self.split_time_steps // length)
        kept = {
            part: Images(images.pixels[:most], images.labels[:most], images.width)
            for part, images in parts.items()
        }
        self._check_kept(kept["train"].labels, length)
        seen = {part: read_pixels(images, length, scale) for part, images in kept.items()}
        splits = {part: self._split(part, kept[part], seen[part], classes, length, seed) for part in kept}
        for said in one_class_splits(splits, classes, "images"):
            warnings.warn(said, stacklevel=2)
        return TaskData(
            train=splits["train"],
            validation=splits["validation"],
            test=splits["test"],
            inputs=Values(1),
            targets=SequenceClass(len(classes)),
            metrics=metrics(len(classes)),
            baselines=baselines(splits["train"], splits["test"], (seen["train"], seen["test"]), len(classes)),
            show=lambda example: self._show(splits["test"], example, seen["test"], kept["test"]),
            facts={**_facts(parts, kept, length), "classes": ", ".join(classes)},
            fitted={
                "mean": scale.mean,
                "deviation": scale.deviation,
                "classes": list(classes),
                "width": parts["train"].width,
                "height": parts["train"].height,
            },
        )

    def encode(self, rows: Sequence[Mapping[str, Any]], length: int, fitted: Mapping[str, Any]) -> Tensor:
        """Return an image of each row, laid out in time; the noise after it is the same each time it is asked for.

        Raises:
            DataError: a row has not as many pixels as the images of training.
        """
        images = new_images(rows, self.label_column, fitted["width"], fitted["height"])
        seen = read_pixels(images, length, Scale(fitted["mean"], fitted["deviation"]))
        return lay_out(seen, length, self.order, self.filler, generator(0, self.name, "new", length))

    def decode(self, outputs: Tensor, fitted: Mapping[str, Any]) -> list[dict[str, str | float]]:
        """Return the class of each image with its probability, as the network gives it."""
        best = outputs.double().softmax(-1).max(-1)
        return [
            {"label": fitted["classes"][place], "probability": probability}
            for place, probability in zip(best.indices.tolist(), best.values.tolist(), strict=True)
        ]

    def _found(self) -> dict[str, Images]:
        return digits() if self.data is None else read_images(self.data, self.label_column, self.width)

    def _check_kept(self, labels: np.ndarray, length: int) -> None:
        """Refuse training images of one class."""
        if len(set(labels.tolist())) < 2:
            raise DataError(
                f"split_time_steps is {self.split_time_steps} and keeps {len(labels)} training"
                f" {'image' if len(labels) == 1 else 'images'} of {length} steps, of the class {labels[0]} alone;"
                " two classes are needed; raise pixels.split_time_steps"
            )

    def _split(
        self, part: str, images: Images, seen: Tensor, classes: tuple[str, ...], length: int, seed: int
    ) -> Split:
        import torch

        rng = generator(seed, self.name, part, length)
        number = {name: at for at, name in enumerate(classes)}
        labels = torch.tensor([number[label] for label in images.labels.tolist()])
        return Split(lay_out(seen, length, self.order, self.filler, rng), labels)

    def _show(self, test: Split, example: int, seen: Tensor, images: Images) -> str:
        """Return the image as it is read, and the steps above the class."""
        import torch

        batch = test.batch(torch.tensor([example]))
        values = [f"{value:.2f}" for value in batch.inputs[0, :, 0].tolist()]
        blank = [""] * (len(values) - 1)
        label = str(images.labels[example])
        width, _ = size_at(len(values), images.width, images.height)
        steps = columns({"input": values, "target": [*blank, label], "scored": [*blank, "^"]}, keep=8)
        return f"{picture(seen[example].tolist(), width)}\n{steps}"


def _class_names(images: Images) -> tuple[str, ...]:
    """Return the names of classes in order, those that are whole numbers by their size."""
    names = sorted(set(images.labels.tolist()))
    return tuple(sorted(names, key=int) if all(name.isdecimal() for name in names) else names)


def _facts(parts: Mapping[str, Images], kept: Mapping[str, Images], length: int) -> dict[str, float | int | str]:
    """Return sizes, and how many test images stand among the training images too."""
    train = parts["train"]
    width, height = size_at(length, train.width, train.height)
    known = {image.tobytes() for image in train.pixels}
    return {
        "image": f"{train.width} x {train.height}",
        "image_as_read": f"{width} x {height}",
        **{f"{part}_images": len(images.labels) for part, images in kept.items()},
        "test_images_also_in_train": sum(image.tobytes() in known for image in parts["test"].pixels),
    }

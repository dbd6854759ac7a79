"""Defines what the tasks of CogScale share: data from the package, its metric, and baselines."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from seqbench import Baseline, DataError, Metric, Split, Task, TaskData, Values
from seqbench_cogscale.arrays import Category, Classes, Numbers, shown, split_of, splits
from seqbench_cogscale.package import KNOWN, Preset, examples_within, preset
from seqbench_cogscale.scores import class_baselines, error_rate, mean_baselines, mse

if TYPE_CHECKING:
    from torch import Tensor

REFERENCE = """
    @article{bendiouis2026,
      author = {Bendi-Ouis, Yannis and de Coudenhove, Romain and Hinaut, Xavier},
      title = {{CogScale}: Scalable Benchmark for Sequence Processing},
      journal = {arXiv:2605.19758},
      year = {2026}
    }
"""


@dataclass(frozen=True)
class CogScaleTask(Task):
    """A task of CogScale: its data are those of `cogscale.build_task` with the same seed.

    T is the package's ``sequence_length``. At the T of a difficulty inputs, targets and masks are the package's
    own, rounded to 32 bits; at another T the other parameters of the difficulty stay.

    Attributes:
        package_name: the name of the task in the package.
        difficulty: ``small``, ``medium`` or ``large``: numbers of examples, symbols, delays and the like.
    """

    reference: ClassVar[str] = REFERENCE
    package_name: ClassVar[str]
    difficulty: Literal["small", "medium", "large"] = "small"

    @property
    def preset(self) -> Preset:
        """What the package makes at this difficulty.

        Raises:
            DataError: the package is not installed, or in another version.
        """
        return preset(self.package_name, self.difficulty)

    def load(self, length: int, seed: int) -> TaskData:
        """Let the package make the data.

        Args:
            length: T.
            seed: of the package's one random stream, from which training, validation and test examples are drawn
                one after the other.

        Raises:
            DataError: the package is missing, or makes no data of this length.
        """
        if length < 1:
            raise DataError(f"a sequence has at least one step, and {length} were asked for")
        return self.task_data(self.tensors(length, seed))

    def tensors(self, length: int, seed: int) -> Mapping[str, Tensor]:
        """Return inputs and marked targets of each split; see `seqbench_cogscale.arrays.splits`."""
        changes: dict[str, Any] = {"sequence_length": length}
        return splits(self.preset.made({**changes, **examples_within(self.preset, changes)}, seed))

    @abstractmethod
    def task_data(self, tensors: Mapping[str, Tensor]) -> TaskData:
        """Return the data of a category of tasks."""


@dataclass(frozen=True)
class ClassTask(CogScaleTask):
    """A task with a class at each scored step; the metric is the package's error rate."""

    def task_data(self, tensors: Mapping[str, Tensor]) -> TaskData:
        """Return classes, with the commonest one and a guess as baselines."""
        classes = tensors["test targets"].shape[2]
        return assembled(
            tensors, Classes(), (error_rate(),), lambda train, test: class_baselines(train, test, classes)
        )


@dataclass(frozen=True)
class NumberTask(CogScaleTask):
    """A task with numbers at each scored step; the metric is the package's mean squared error."""

    def task_data(self, tensors: Mapping[str, Tensor]) -> TaskData:
        """Return numbers, with their mean in training and 0 as baselines."""
        return assembled(tensors, Numbers(), (mse(),), mean_baselines)


def assembled(
    tensors: Mapping[str, Tensor],
    category: Category,
    metrics: tuple[Metric, ...],
    baselines: Callable[[Split, Split], tuple[Baseline, ...]],
) -> TaskData:
    """Put splits, metrics and baselines together.

    Args:
        tensors: inputs and marked targets of each split.
        category: what the targets are.
        metrics: the package's first.
        baselines: from training and test split.

    Raises:
        DataError: nothing is asked in an example.
    """
    train, validation, test = (split_of(tensors, part, category) for part in ("train", "validation", "test"))
    return TaskData(
        train=train,
        validation=validation,
        test=test,
        inputs=Values(tensors["test inputs"].shape[2]),
        targets=category.kind(tensors["test targets"].shape[2]),
        metrics=metrics,
        baselines=baselines(train, test),
        show=lambda example: shown(test, example, category),
        facts={"train_examples": len(train), "test_examples": len(test), "cogscale": KNOWN},
    )

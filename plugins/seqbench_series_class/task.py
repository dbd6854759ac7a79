"""Defines the task ``series-class``: the class of a whole time series."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field
from seqbench_stepwise.classes import one_class_splits
from seqbench_stepwise.columns import columns

from seqbench import (
    DataError,
    SequenceClass,
    Split,
    Task,
    TaskData,
    Values,
    data_source,
    generated_only,
    generator,
)
from seqbench_series_class.collection import Collection
from seqbench_series_class.parts import divide
from seqbench_series_class.scores import metrics, nearest_baselines, shares_and_guess
from seqbench_series_class.sequences import Scale, lay_out, shortened
from seqbench_series_class.shapes import SHAPES, generated
from seqbench_series_class.ts_files import find_pair, fingerprint_of, read_ts

if TYPE_CHECKING:
    import torch

Parts = Mapping[str, Collection]


@dataclass(frozen=True)
class SeriesClass(Task):
    """Name the class of a time series, a step of which is read at each of ``length`` = T steps.

    A bump of four steps in noise, at T = 8::

        input   0.3 -1.1 1.4 2.9 2.2 1.6 -0.4 0.7
        target                               bump
        scored                                  ^

    With ``data`` the series are those of a pair of ``.ts`` files, as the UCR and UEA archives have them (Dau et
    al. 2019, Bagnall et al. 2018). The test file is the test split as it stands; of the training file a share of
    each class is drawn for validation. What T means, where the longest series has S steps:

    - T = S: the task of the publications. Series that are shorter than others stay so.
    - T > S: each series is followed by T - S steps of noise, over which what was seen has to be carried.
    - T < S: longer series are made shorter, to the means of T stretches; less is seen there.

    Values are as the files have them, which are z-normalised in most sets of one channel; then each channel is
    scaled to mean 0 and deviation 1 over the training series.

    Without ``data`` one of ``shapes`` shapes, three deviations high, stands at a random place in noise: 32 steps
    long from T = 64 on, half of T below. The more steps follow it, the longer it has to be remembered.

    Metrics: ``accuracy``, as published, and ``loss`` in nats. Skill is measured from the better of ``majority
    class`` and ``guess``. Reported beside: ``nearest series`` by Euclidean distance where all are equally long,
    and with ``data`` ``nearest by time warping`` where that takes at most ``warping_steps``; both know the whole
    training file, as in publications, and no noise after it.

    Attributes:
        data: ``NAME_TRAIN.ts`` with ``NAME_TEST.ts`` beside it, gzipped (``.ts.gz``) or not, or their folder.
        validation_share: of the training series of each class.
        warping_steps: pairs of steps, times channels, that time warping compares at most; 200 million take
            some seconds.
        shapes: how many shapes there are; only without ``data``.
    """

    name: ClassVar[str] = "series-class"
    version: ClassVar[int] = 1
    reference: ClassVar[str] = """
        @article{dau2019,
          author = {Dau, Hoang Anh and Bagnall, Anthony and Kamgar, Kaveh and others},
          title = {The {UCR} Time Series Archive},
          journal = {IEEE/CAA Journal of Automatica Sinica},
          volume = {6},
          number = {6},
          pages = {1293--1305},
          year = {2019}
        }

        @article{bagnall2018,
          author = {Bagnall, Anthony and Dau, Hoang Anh and Lines, Jason and others},
          title = {The {UEA} Multivariate Time Series Classification Archive, 2018},
          journal = {arXiv:1811.00075},
          year = {2018}
        }
    """
    data: str | None = data_source()
    validation_share: Annotated[float, Field(gt=0, lt=1)] = 0.2
    warping_steps: Annotated[int, Field(ge=0)] = 200_000_000
    shapes: Annotated[int, Field(ge=2, le=len(SHAPES))] = generated_only(4)

    def source_fingerprint(self, data: str) -> str:
        """Return a hash over the content of both files."""
        return fingerprint_of(find_pair(data))

    def load(self, length: int, seed: int) -> TaskData:
        """Read or generate the series, divide them, and lay them out in time.

        Raises:
            DataError: the data are missing or unfit, or ``length`` is below 1.
        """
        if length < 1:
            raise DataError("not one step can be read; take a length of at least 1")
        parts = self._parts(length, seed)
        longest = max(part.longest for part in parts.values())
        read = {name: Collection(shortened(part.series, length), part.labels) for name, part in parts.items()}
        classes = _class_names(read)
        scale = Scale.of(read["train"])
        splits = {
            name: self._split(name, part, classes, scale, max(0, length - longest), seed)
            for name, part in read.items()
        }
        for said in one_class_splits(splits, classes, "series"):
            warnings.warn(said, stacklevel=2)
        given = Collection(
            [*read["train"].series, *read["validation"].series],
            [*read["train"].labels, *read["validation"].labels],
        )
        source = self.source_fingerprint(self.data) if self.data else f"shapes {self.shapes}"
        # The share decides the order of the training series, whose rows the cache keeps.
        identity = (self.version, source, length, seed, str(self.validation_share))
        return TaskData(
            train=splits["train"],
            validation=splits["validation"],
            test=splits["test"],
            inputs=Values(given.channels),
            targets=SequenceClass(len(classes)),
            metrics=metrics(len(classes)),
            baselines=(
                *shares_and_guess(splits["train"], splits["test"], len(classes)),
                *nearest_baselines(given, read["test"], self.warping_steps if self.data else 0, identity),
            ),
            show=lambda example: _shown(splits["test"], example, read["test"].labels[example]),
            facts=_facts(parts, classes, longest),
        )

    def _parts(self, length: int, seed: int) -> Parts:
        if self.data is None:
            return {part: generated(part, length, seed, self.shapes) for part in ("train", "validation", "test")}
        pair = find_pair(self.data)
        given, test = read_ts(pair.train), read_ts(pair.test)
        if given.channels != test.channels:
            raise DataError(
                f"{pair.train} has {given.channels} channels and {pair.test} {test.channels}; both need the same"
            )
        train, validation = divide(given, self.validation_share, seed)
        return {"train": train, "validation": validation, "test": test}

    def _split(
        self, part: str, read: Collection, classes: tuple[str, ...], scale: Scale, filler: int, seed: int
    ) -> Split:
        import torch

        rng: torch.Generator = generator(seed, self.name, "filler", part, filler)
        number = {name: at for at, name in enumerate(classes)}
        labels = torch.tensor([number[label] for label in read.labels])
        return Split(lay_out(read.series, scale, filler, rng), labels)


def _class_names(parts: Parts) -> tuple[str, ...]:
    """Return the names of classes in order, those that are whole numbers by their size.

    Raises:
        DataError: there is one class only, or one without a training series.
    """
    names = sorted(set(parts["train"].labels))
    if len(names) < 2:
        raise DataError(f"all training series are of the class {names[0]}; two classes are needed")
    for part in ("validation", "test"):
        if strange := sorted(set(parts[part].labels) - set(names)):
            raise DataError(f"the class {strange[0]} is among the {part} series, and no training series has it")
    return tuple(sorted(names, key=int) if all(name.isdecimal() for name in names) else names)


def _facts(parts: Parts, classes: tuple[str, ...], longest: int) -> dict[str, float | int | str]:
    shortest = min(len(each) for part in parts.values() for each in part.series)
    return {
        "classes": ", ".join(classes),
        "channels": parts["train"].channels,
        "steps_of_a_series": longest if shortest == longest else f"{shortest} to {longest}",
        **{f"{name}_series": len(part.labels) for name, part in parts.items()},
    }


def _shown(test: Split, example: int, label: str) -> str:
    """Return the first channel of a series above its class."""
    import torch

    batch = test.batch(torch.tensor([example]))
    values = [f"{value:.2f}" for value in batch.inputs[0, :, 0].tolist()]
    blank = [""] * (len(values) - 1)
    return columns({"input": values, "target": [*blank, label], "scored": [*blank, "^"]}, keep=8)

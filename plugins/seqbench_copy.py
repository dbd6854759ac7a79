"""Offers copy memory: repeat a short random pattern after a long blank stretch.

The task ``copy`` in three published layouts; only the recalled positions are scored.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field
from seqbench_stepwise.columns import columns
from seqbench_stepwise.scores import accuracy, exact_match, mean, stepwise

from seqbench import (
    UNSCORED,
    Baseline,
    Batch,
    DataError,
    Metric,
    Split,
    StepClass,
    Task,
    TaskData,
    Tokens,
    evaluate,
    generator,
    hookimpl,
)

if TYPE_CHECKING:
    import torch
    from torch import Tensor

Count = Annotated[int, Field(ge=1)]

Layout = Literal["urnn", "tcn", "s4"]
"""The positions of the delimiters; see `Copy`."""


@hookimpl
def seqbench_tasks() -> Iterator[type[Task]]:
    """Yield the task."""
    yield Copy


@dataclass(frozen=True)
class Copy(Task):
    """Repeat the ``pattern`` random symbols that a sequence began with, ``length`` = T steps after they end.

    ``symbols=3, pattern=3, layout="urnn"`` at T = 5 (blank ``.``, delimiter ``>``)::

        input   2 0 1 . . . . > . . .
        target                  2 0 1
        scored                  ^ ^ ^

    In every layout a sequence has T + 2 pattern steps, the last ``pattern`` of them are scored, and each
    symbol has to be carried over T + pattern steps. With pattern P the input is:

    ======  =====================================  ====================================================
    layout  after the P symbols come               published in
    ======  =====================================  ====================================================
    urnn    T - 1 blanks, 1 delimiter, P blanks    Arjovsky et al. 2016, "Copying memory problem"
    tcn     T - 1 blanks, P + 1 delimiters         Bai et al. 2018, their ``data_generator``
    s4      T blanks, P delimiters                 code of Gu et al. 2022: ``torch_copying_data``
                                                   with L=T, M=P, A=symbols + 2, fixed positions
    ======  =====================================  ====================================================

    So in ``urnn`` and ``tcn`` the first delimiter is the T-th step after the pattern and recall begins one
    step later; in ``s4`` recall begins on the first delimiter. Those publications use 8 symbols and P = 10.
    ``urnn`` is often described as "T blanks, then the delimiter"; in the paper and its code the delimiter is the
    T-th of these steps, which makes T + 20 positions and the memoryless loss 10 ln 8 / (T + 20), 0.1733 at
    T = 100.

    So that a score means the same in all three, only the recalled positions are trained and scored, as in
    the code behind ``s4``, and the answer is always one of the symbols. The other two also score the blanks
    before, and a model that knows nothing else is right at 99% of all positions at T = 1000.

    Metrics: ``accuracy`` over the recalled positions; ``exact_match``, the share of patterns recalled
    without a mistake; ``loss``, nats for each recalled position; ``loss_ratio``, that loss over ln(symbols),
    the best that is possible without memory, so that 1 is no memory and 0 is perfect;
    ``loss_all_positions``, the nats of the recalled positions divided by *all* T + 2 pattern positions. The
    last one puts a score beside the curves of the publications: it is their loss if the blanks, which are
    not trained here, were predicted without any error.

    Symbols are drawn independently and uniformly and nothing else in a sequence varies, so a model that does not
    remember the pattern is right at 1 / symbols of the recalled positions, whatever it answers.

    Each split has its own random stream. The default parameters have 8 ** 10 patterns, and the splits share
    practically none. With few symbols and a short pattern there are only symbols ** pattern sequences, which all
    splits then share: the score still measures recall, but not generalisation to new patterns. ``facts`` says
    which share of the test patterns was in the training data.

    Attributes:
        symbols: how many different symbols a pattern is made of.
        pattern: how many symbols are to be recalled.
        layout: ``urnn``, ``tcn`` or ``s4``.
        train_examples, validation_examples, test_examples: sequences in each split.
    """

    name: ClassVar[str] = "copy"
    version: ClassVar[int] = 1
    reference: ClassVar[str] = """
        @inproceedings{arjovsky2016,
          author = {Arjovsky, Martin and Shah, Amar and Bengio, Yoshua},
          title = {Unitary Evolution Recurrent Neural Networks},
          booktitle = {Proceedings of the 33rd International Conference on Machine Learning},
          pages = {1120--1128},
          year = {2016}
        }

        @article{bai2018,
          author = {Bai, Shaojie and Kolter, J. Zico and Koltun, Vladlen},
          title = {An Empirical Evaluation of Generic Convolutional and Recurrent Networks for Sequence Modeling},
          journal = {arXiv preprint arXiv:1803.01271},
          year = {2018}
        }

        @inproceedings{gu2022,
          author = {Gu, Albert and Goel, Karan and R{\\'e}, Christopher},
          title = {Efficiently Modeling Long Sequences with Structured State Spaces},
          booktitle = {International Conference on Learning Representations},
          year = {2022}
        }
    """
    symbols: Annotated[int, Field(ge=2, le=32_000)] = 8
    pattern: Count = 10
    layout: Layout = "urnn"
    train_examples: Count = 20_000
    validation_examples: Count = 256
    test_examples: Count = 512

    def time_steps(self, length: int) -> int:
        """Return T + 2 pattern.

        >>> Copy().time_steps(100)
        120
        """
        return length + 2 * self.pattern

    def load(self, length: int, seed: int) -> TaskData:
        """Draw the patterns of each split and lay out their sequences.

        Args:
            length: T, the steps from the last symbol of the pattern to the first delimiter (``urnn``,
                ``tcn``) or to the last blank (``s4``), that step counted.
            seed: of the three random streams.

        Raises:
            DataError: ``length`` is below 1.
        """
        if length < 1:
            raise DataError("no step lies between the pattern and its copy; take a length of at least 1")
        train = self._split("train", self.train_examples, length, seed)
        test = self._split("test", self.test_examples, length, seed)
        return TaskData(
            train=train,
            validation=self._split("validation", self.validation_examples, length, seed),
            test=test,
            inputs=Tokens(self.symbols + 2),
            targets=StepClass(self.symbols),
            metrics=self._metrics(length),
            baselines=(self._memoryless(test, length),),
            show=lambda example: self._show(test, example),
            facts={"test_patterns_seen_in_training": self._share_seen(test, train)},
        )

    def _split(self, part: str, examples: int, length: int, seed: int) -> Split:
        import torch

        rng = generator(seed, self.name, part, length)
        patterns = torch.randint(self.symbols, (examples, self.pattern), generator=rng)
        inputs = self.inputs(patterns, length)
        targets = torch.full_like(inputs, UNSCORED)
        targets[:, -self.pattern :] = patterns
        return Split(inputs, targets)

    def inputs(self, patterns: Tensor, length: int) -> Tensor:
        """Lay out sequences.

        Args:
            patterns: [examples, pattern] symbols.
            length: T.

        Returns:
            [examples, T + 2 pattern] tokens: symbols count from 0, then the blank, then the delimiter.

        >>> import torch
        >>> Copy(symbols=3, pattern=2).inputs(torch.tensor([[2, 0]]), length=3).tolist()
        [[2, 0, 3, 3, 4, 3, 3]]
        """
        import torch

        blank, delimiter = self.symbols, self.symbols + 1
        shape = (len(patterns), self.time_steps(length))
        inputs = torch.full(shape, blank, dtype=self._dtype())
        inputs[:, : self.pattern] = patterns
        inputs[:, self._delimiters(length)] = delimiter
        return inputs

    def _delimiters(self, length: int) -> slice:
        """Return the steps at which delimiters stand."""
        end_of_wait = self.pattern + length
        match self.layout:
            case "urnn":
                return slice(end_of_wait - 1, end_of_wait)
            case "tcn":
                return slice(end_of_wait - 1, None)
            case "s4":
                return slice(end_of_wait, None)

    def _dtype(self) -> torch.dtype:
        """Return the smallest signed type that holds every token and UNSCORED."""
        import torch

        return torch.int8 if self.symbols + 2 <= 128 else torch.int16

    def _metrics(self, length: int) -> tuple[Metric, ...]:
        share = self.pattern / self.time_steps(length)
        return (
            accuracy(self.symbols),
            exact_match(),
            _loss("loss", 1.0),
            _loss("loss_ratio", 1 / math.log(self.symbols)),
            _loss("loss_all_positions", share),
        )

    def _memoryless(self, test: Split, length: int) -> Baseline:
        """Score guessing with equal probabilities: its losses on the test data, its expected hits."""

        def guess(batch: Batch) -> Tensor:
            return batch.inputs.new_zeros((*batch.inputs.shape, self.symbols)).float()

        losses = [metric for metric in self._metrics(length) if not metric.is_higher_better]
        hits = {"accuracy": 1 / self.symbols, "exact_match": float(self.symbols) ** -self.pattern}
        return Baseline("memoryless", hits | evaluate(losses, test, guess))

    def _share_seen(self, test: Split, train: Split) -> float:
        seen = {tuple(pattern) for pattern in self._patterns(train)}
        return sum(tuple(pattern) in seen for pattern in self._patterns(test)) / len(test)

    def _patterns(self, split: Split) -> list[list[int]]:
        rows: list[list[int]] = split.targets[:, -self.pattern :].numpy().tolist()  # type: ignore[index]
        return rows

    def _show(self, test: Split, example: int) -> str:
        """Return input above target, scored steps marked; a long wait is shortened in the middle."""
        import torch

        batch = test.batch(torch.tensor([example]))
        signs = {self.symbols: ".", self.symbols + 1: ">", UNSCORED: ""}
        tokens, targets = batch.inputs[0].tolist(), batch.targets[0].tolist()
        lines = {
            "input": [signs.get(token, str(token)) for token in tokens],
            "target": [signs.get(target, str(target)) for target in targets],
            "scored": ["" if target == UNSCORED else "^" for target in targets],
        }
        return columns(lines, keep=self.pattern + 5)


def _loss(name: str, scale: float) -> Metric:
    """Return the mean of ``scale`` times the cross entropy of each scored item, in nats."""

    def prepare(outputs: Tensor, batch: Batch) -> tuple[Tensor]:
        from torch.nn.functional import cross_entropy

        is_scored = batch.targets != UNSCORED
        logits = outputs[is_scored].double()
        return (scale * cross_entropy(logits, batch.targets[is_scored], reduction="none"),)

    return Metric(name, mean, best=0.0, is_higher_better=False, prepare=prepare, per_example=stepwise(prepare))

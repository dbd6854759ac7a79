"""Offers the task ``parity``, which tests whether what is learned on short sequences holds on long ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from seqbench import (
    Baseline,
    Metric,
    Ragged,
    SequenceClass,
    Split,
    Task,
    TaskData,
    Tokens,
    generator,
    hookimpl,
)

if TYPE_CHECKING:
    import torchmetrics

SEQBENCH_CONTRACT = 2


@hookimpl
def seqbench_tasks() -> Iterator[type[Task]]:
    """Yield the task."""
    yield Parity


@dataclass(frozen=True)
class Parity(Task):
    """Say whether the number of ones in a sequence is even (0) or odd (1).

    At T = 6::

        input   1 0 1 1 0 0
        target            1
        scored            ^

    The language is regular: two states are enough, at any length, but the answer depends on every step.
    Training and validation sequences are 1 to ``train_length`` = 40 steps long, each length as likely as any
    other; test sequences have T steps. Above 40 the score tells whether a network has learned the rule or the
    lengths: generalisation over lengths as in Deletang et al. 2023 ("Neural networks and the Chomsky
    hierarchy"), who train at lengths up to 40 and test from 41 to 500. Below 40, training sequences have at
    most T steps.

    The training data do not depend on T above 40. So ``--lengths 40 --evaluate-lengths 100,500`` trains one
    network and tests it at three lengths, and ``--lengths 40,100,500`` trains it three times.

    Metric: ``accuracy``. The baseline guesses: every bit is drawn with probability 1/2, so that half the
    answers are odd at every length, and a model that misses a single step can do no better. Each split has its own
    random stream; below some 20 steps there are so few sequences that splits share some by chance.

    Attributes:
        train_length: the longest training and validation sequence, in steps.
        train_examples, validation_examples, test_examples: sequences in the splits.
    """

    name: ClassVar[str] = "parity"
    version: ClassVar[int] = 1
    reference: ClassVar[str] = """
        @inproceedings{deletang2023,
          author = {Del{\\'e}tang, Gr{\\'e}goire and Ruoss, Anian and Grau-Moya, Jordi and Genewein, Tim and
                    Wenliang, Li Kevin and Catt, Elliot and Cundy, Chris and Hutter, Marcus and Legg, Shane and
                    Veness, Joel and Ortega, Pedro A.},
          title = {Neural Networks and the {Chomsky} Hierarchy},
          booktitle = {International Conference on Learning Representations},
          year = {2023}
        }
    """
    train_length: Annotated[int, Field(ge=1)] = 40
    train_examples: Annotated[int, Field(ge=1)] = 20_000
    validation_examples: Annotated[int, Field(ge=1)] = 500
    test_examples: Annotated[int, Field(ge=1)] = 1_000

    def load(self, length: int, seed: int) -> TaskData:
        """Draw the three splits.

        Args:
            length: T, the steps of a test sequence.
            seed: of the three random streams.
        """
        longest = min(length, self.train_length)
        test = self._test(length, seed)
        return TaskData(
            train=self._short("train", self.train_examples, longest, seed),
            validation=self._short("validation", self.validation_examples, longest, seed),
            test=test,
            inputs=Tokens(2),
            targets=SequenceClass(2),
            metrics=(Metric("accuracy", _accuracy, worst=0.0),),
            baselines=(Baseline("guess", {"accuracy": 0.5}),),
            show=lambda example: _show(test, example),
            facts={"longest_train_steps": longest},
        )

    def _short(self, part: str, examples: int, longest: int, seed: int) -> Split:
        """Draw sequences of 1 to ``longest`` steps."""
        import torch

        rng = generator(seed, self.name, part, longest)
        ends = torch.randint(1, longest + 1, (examples,), generator=rng).cumsum(0)
        offsets = torch.cat([ends.new_zeros(1), ends])
        bits = torch.randint(2, (int(ends[-1]),), generator=rng, dtype=torch.uint8)
        # Ones before each bit: the ones of an example are those before its end minus those before its start.
        ones = torch.cat([ends.new_zeros(1), bits.cumsum(0)])
        return Split(Ragged(bits, offsets), ones[offsets].diff() % 2)

    def _test(self, length: int, seed: int) -> Split:
        """Draw sequences of ``length`` steps."""
        import torch

        rng = generator(seed, self.name, "test", length)
        bits = torch.randint(2, (self.test_examples, length), generator=rng, dtype=torch.uint8)
        return Split(bits, bits.sum(1) % 2)


def _accuracy() -> torchmetrics.Metric:
    from torchmetrics.classification import MulticlassAccuracy

    return MulticlassAccuracy(2, average="micro")


def _show(test: Split, example: int) -> str:
    """Return an example, the target below the last step; of a long one, both ends."""
    import torch

    batch = test.batch(torch.tensor([example]))
    bits = [str(bit) for bit in batch.inputs[0].tolist()]
    if len(bits) > 30:
        bits = [*bits[:12], f"({len(bits) - 24} more)", *bits[-12:]]
    last = " " * (len(" ".join(bits)) - 1)
    return f"input   {' '.join(bits)}\ntarget  {last}{batch.targets.item()}\nscored  {last}^"

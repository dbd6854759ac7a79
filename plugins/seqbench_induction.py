"""Offers induction heads: say what followed a special token when it was shown before.

The task ``induction`` as in Fu et al. 2023 and Gu & Dao 2023; the answer is given at the last step.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field
from seqbench_stepwise.columns import worked_example
from seqbench_stepwise.rows import rows_within, share_seen, smallest_type
from seqbench_stepwise.scores import accuracy, loss

from seqbench import Baseline, DataError, SequenceClass, Split, Task, TaskData, Tokens, generator, hookimpl

if TYPE_CHECKING:
    from torch import Tensor

Count = Annotated[int, Field(ge=1)]

LEAST_LENGTH = 3
"""Special token, answer, special token."""


@hookimpl
def seqbench_tasks() -> Iterator[type[Task]]:
    """Yield the task."""
    yield Induction


@dataclass(frozen=True)
class Induction(Task):
    """Name the symbol that followed the special token among ``length`` = T random ones.

    ``vocab_size=6`` at T = 10 (special token ``*``)::

        input   3 0 4 * 2 2 1 0 4 *
        target                    2
        scored                    ^

    The special token stands at one of the steps 1 to T - 2, each equally probable, and again at the last step,
    where the symbol that stood behind it the first time is asked for. It is carried over 1 to T - 2 steps,
    (T - 1) / 2 on average. All other tokens are symbols, drawn independently and uniformly.

    This is the "induction heads" task of Fu et al. 2023 (20 tokens) and of Gu & Dao 2023, section 4.1.2 (16
    tokens, trained at 256 steps and tested at 64 to 1,048,576), after the attention heads that Olsson et al. 2022
    describe: they find an earlier occurrence of the present token and repeat what followed. Because the token is
    the same in all sequences, a layer may also keep what follows it at once, and need not search later.

    Metrics: ``accuracy``; ``loss``, nats an answer.

    The symbol is independent of the last token and of its place, so that without the past each of the
    vocab_size - 1 symbols is equally probable: the baseline ``memoryless``, exactly.

    Each split has its own random stream. ``facts`` says which share of the test sequences was also in the
    training data. Training examples are held at 1 byte for each step, 2 if tokens are many; above T = 2000 the
    default ``train_time_steps`` leaves fewer than ``train_examples`` of them, 4882 at T = 8192.

    Attributes:
        vocab_size: tokens: vocab_size - 1 symbols and the special token.
        train_examples: training sequences, at most.
        train_time_steps: training sequences times length, at most; there is always at least one sequence.
        validation_examples, test_examples: sequences in these splits.
    """

    name: ClassVar[str] = "induction"
    version: ClassVar[int] = 1
    reference: ClassVar[str] = """
        @inproceedings{fu2023,
          author = {Fu, Daniel Y. and Dao, Tri and Saab, Khaled K. and Thomas, Armin W. and Rudra, Atri and
            R{\\'e}, Christopher},
          title = {Hungry Hungry Hippos: Towards Language Modeling with State Space Models},
          booktitle = {International Conference on Learning Representations},
          year = {2023}
        }

        @article{gu2023,
          author = {Gu, Albert and Dao, Tri},
          title = {Mamba: Linear-Time Sequence Modeling with Selective State Spaces},
          journal = {arXiv preprint arXiv:2312.00752},
          year = {2023}
        }

        @article{olsson2022,
          author = {Olsson, Catherine and Elhage, Nelson and Nanda, Neel and Joseph, Nicholas and DasSarma, Nova
            and Henighan, Tom and Mann, Ben and Askell, Amanda and Bai, Yuntao and Chen, Anna and others},
          title = {In-context Learning and Induction Heads},
          journal = {arXiv preprint arXiv:2209.11895},
          year = {2022}
        }
    """
    vocab_size: Annotated[int, Field(ge=3, le=32_000)] = 16
    train_examples: Count = 20_000
    train_time_steps: Count = 40_000_000
    validation_examples: Count = 256
    test_examples: Count = 1_000

    @property
    def _symbols(self) -> int:
        return self.vocab_size - 1

    def load(self, length: int, seed: int) -> TaskData:
        """Draw symbols, and the place of the special token, of each split.

        Args:
            length: T, the steps of a sequence.
            seed: of the three random streams.

        Raises:
            DataError: ``length`` is below 3.
        """
        if length < LEAST_LENGTH:
            raise DataError(
                "the special token stands in a sequence twice, with a symbol between; take a length of at least"
                f" {LEAST_LENGTH}"
            )
        train = self._split("train", rows_within(self.train_examples, self.train_time_steps, length), length, seed)
        test = self._split("test", self.test_examples, length, seed)
        return TaskData(
            train=train,
            validation=self._split("validation", self.validation_examples, length, seed),
            test=test,
            inputs=Tokens(self.vocab_size),
            targets=SequenceClass(self._symbols),
            metrics=(accuracy(self._symbols), loss()),
            baselines=(Baseline("memoryless", {"accuracy": 1 / self._symbols, "loss": math.log(self._symbols)}),),
            show=lambda example: self._show(test, example),
            facts={
                "train_examples": len(train),
                "test_rows_seen_in_training": share_seen(test.inputs, train.inputs),  # type: ignore[arg-type]
            },
        )

    def _split(self, part: str, examples: int, length: int, seed: int) -> Split:
        import torch

        rng = generator(seed, self.name, part, length)
        symbols = torch.randint(
            self._symbols, (examples, length), generator=rng, dtype=smallest_type(self.vocab_size)
        )
        places = torch.randint(length - 2, (examples,), generator=rng)
        answers = symbols[torch.arange(examples), places + 1]
        return Split(self.inputs(symbols, places), answers)

    def inputs(self, symbols: Tensor, places: Tensor) -> Tensor:
        """Lay out sequences.

        Args:
            symbols: [examples, T], counted from 0.
            places: [examples], the step at which the special token stands first, counted from 0, below T - 2.

        Returns:
            [examples, T] tokens; the special token is the last of the vocabulary.

        >>> import torch
        >>> Induction(vocab_size=6).inputs(torch.tensor([[3, 0, 4, 1, 2]]), torch.tensor([1])).tolist()
        [[3, 5, 4, 1, 5]]
        """
        inputs = symbols.scatter(1, places[:, None], self._symbols)
        inputs[:, -1] = self._symbols
        return inputs

    def _show(self, test: Split, example: int) -> str:
        first, *_ = [step for step, token in enumerate(test.inputs[example].tolist()) if token == self._symbols]  # type: ignore[index]
        return worked_example(
            test,
            example,
            sign=lambda token: "*" if token == self._symbols else str(token),
            answer=str,
            shown=lambda scored: [0, 1, *range(first - 2, first + 4), *(scored[0] - i for i in range(4))],
        )

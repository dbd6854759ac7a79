"""Offers selective copying: symbols stand at random places between blanks, and are repeated in order at the end.

The task ``selective-copy`` in the layout of Gu & Dao 2023; only the recalled positions are scored.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field
from seqbench_stepwise.columns import worked_example
from seqbench_stepwise.rows import rows_within, share_seen, smallest_type
from seqbench_stepwise.scores import accuracy, exact_match, guess, loss

from seqbench import UNSCORED, DataError, Split, StepClass, Task, TaskData, Tokens, generator, hookimpl

if TYPE_CHECKING:
    from torch import Generator, Tensor

Count = Annotated[int, Field(ge=1)]


@hookimpl
def seqbench_tasks() -> Iterator[type[Task]]:
    """Yield the task."""
    yield SelectiveCopy


@dataclass(frozen=True)
class SelectiveCopy(Task):
    """Repeat the ``pattern`` symbols that stood among ``length`` = T blanks, in their order.

    ``symbols=3, pattern=3`` at T = 5 (blank ``.``, delimiter ``>``)::

        input   . 2 . . 0 . 1 . > > >
        target                  2 0 1
        scored                  ^ ^ ^

    A sequence begins with T blanks and P = ``pattern`` symbols in T + P steps; every choice of P of these steps
    for the symbols is equally probable. P delimiters follow, and at each of them one symbol is asked for. A
    symbol is carried over T / 2 + P steps on average, and over T + P at most. A layer that only delays its input
    by a fixed number of steps, which solves ``copy``, does not solve this: what to keep depends on the input.

    The task is the "denoise" task of Jing et al. 2019 and the selective copying of Gu & Dao 2023, section 4.1.1,
    in the layout of the latter (code of Gu et al. 2022, ``torch_copying_data`` with L=T, M=P, A=symbols + 2,
    variable=True), whose sequences have 4096 steps, 16 tokens and P = 16. The former have one delimiter and then
    blanks, as Arjovsky et al. 2016.

    Metrics: ``accuracy`` over the recalled positions; ``exact_match``, the share of patterns recalled without a
    mistake; ``loss``, nats for each recalled position.

    Symbols are drawn independently and uniformly, so a model that does not remember them is right at
    1 / symbols of the recalled positions, whatever it answers. That is the baseline ``memoryless``, exactly.

    Each split has its own random stream. ``facts`` says which share of the test patterns, whatever their places,
    was in the training data. Training examples are held at 2 bytes for each step; above T = 2000 the default
    ``train_time_steps`` leaves fewer than ``train_examples`` of them, 4863 at T = 8192.

    Attributes:
        symbols: how many different symbols a pattern is made of.
        pattern: how many symbols are to be recalled.
        train_examples: training sequences, at most.
        train_time_steps: training sequences times their steps, at most; there is always at least one sequence.
        validation_examples, test_examples: sequences in these splits.
    """

    name: ClassVar[str] = "selective-copy"
    version: ClassVar[int] = 1
    reference: ClassVar[str] = """
        @article{gu2023,
          author = {Gu, Albert and Dao, Tri},
          title = {Mamba: Linear-Time Sequence Modeling with Selective State Spaces},
          journal = {arXiv preprint arXiv:2312.00752},
          year = {2023}
        }

        @article{jing2019,
          author = {Jing, Li and Gulcehre, Caglar and Peurifoy, John and Shen, Yichen and Tegmark, Max and
            Solja{\\v{c}}i{\\'c}, Marin and Bengio, Yoshua},
          title = {Gated Orthogonal Recurrent Units: On Learning to Forget},
          journal = {Neural Computation},
          volume = {31},
          number = {4},
          pages = {765--783},
          year = {2019}
        }
    """
    symbols: Annotated[int, Field(ge=2, le=32_000)] = 14
    pattern: Count = 16
    train_examples: Count = 20_000
    train_time_steps: Count = 40_000_000
    validation_examples: Count = 256
    test_examples: Count = 512

    def time_steps(self, length: int) -> int:
        """Return T + 2 pattern.

        >>> SelectiveCopy().time_steps(4096)
        4128
        """
        return length + 2 * self.pattern

    def load(self, length: int, seed: int) -> TaskData:
        """Draw patterns and their places for each split.

        Args:
            length: T, the number of blanks.
            seed: of the three random streams.

        Raises:
            DataError: ``length`` is below 1.
        """
        if length < 1:
            raise DataError("there is no blank among the symbols; take a length of at least 1")
        train_examples = rows_within(self.train_examples, self.train_time_steps, self.time_steps(length))
        train = self._split("train", train_examples, length, seed)
        test = self._split("test", self.test_examples, length, seed)
        return TaskData(
            train=train,
            validation=self._split("validation", self.validation_examples, length, seed),
            test=test,
            inputs=Tokens(self.symbols + 2),
            targets=StepClass(self.symbols),
            metrics=(accuracy(self.symbols), exact_match(), loss()),
            baselines=(guess("memoryless", choices=self.symbols, answers=self.pattern),),
            show=lambda example: self._show(test, example),
            facts={
                "train_examples": train_examples,
                "test_patterns_seen_in_training": share_seen(self._patterns(test), self._patterns(train)),
            },
        )

    def _split(self, part: str, examples: int, length: int, seed: int) -> Split:
        import torch

        rng = generator(seed, self.name, part, length)
        patterns = torch.randint(self.symbols, (examples, self.pattern), generator=rng)
        steps = draw_places(rng, examples, length + self.pattern, self.pattern)
        inputs = self.inputs(patterns, steps, length)
        targets = torch.full_like(inputs, UNSCORED)
        targets[:, -self.pattern :] = patterns
        return Split(inputs, targets)

    def inputs(self, patterns: Tensor, steps: Tensor, length: int) -> Tensor:
        """Lay out sequences.

        Args:
            patterns: [examples, pattern] symbols.
            steps: [examples, pattern], the step of each symbol, rising and below T + pattern.
            length: T.

        Returns:
            [examples, T + 2 pattern] tokens: symbols count from 0, then the blank, then the delimiter.

        >>> import torch
        >>> task = SelectiveCopy(symbols=3, pattern=2)
        >>> task.inputs(torch.tensor([[2, 0]]), torch.tensor([[1, 4]]), length=3).tolist()
        [[3, 2, 3, 3, 0, 4, 4]]
        """
        import torch

        blank, delimiter = self.symbols, self.symbols + 1
        tokens = smallest_type(self.symbols + 2)
        inputs = torch.full((len(patterns), self.time_steps(length)), blank, dtype=tokens)
        inputs.scatter_(1, steps, patterns.to(tokens))
        inputs[:, -self.pattern :] = delimiter
        return inputs

    def _patterns(self, split: Split) -> Tensor:
        return split.targets[:, -self.pattern :]  # type: ignore[index]

    def _show(self, test: Split, example: int) -> str:
        def shown(scored: list[int]) -> Iterator[int]:
            yield from (0, *scored)
            for step, token in enumerate(tokens):
                if token < self.symbols:
                    yield from (step - 1, step, step + 1)

        tokens: list[int] = test.inputs[example].tolist()  # type: ignore[index]
        signs = {self.symbols: ".", self.symbols + 1: ">"}
        return worked_example(
            test, example, sign=lambda token: signs.get(token, str(token)), answer=str, shown=shown
        )


def draw_places(rng: Generator, rows: int, steps: int, count: int) -> Tensor:
    """Draw ``count`` of ``steps`` steps for each row; all choices are equally probable.

    Floyd's algorithm (Bentley & Floyd 1987, "A sample of brilliance"), whose cost does not depend on ``steps``.

    Returns:
        [rows, count] different steps, rising.

    >>> import torch
    >>> draw_places(torch.Generator().manual_seed(0), rows=2, steps=3, count=3).tolist()
    [[0, 1, 2], [0, 1, 2]]
    """
    import torch

    drawn = torch.full((rows, count), -1)
    for i, last in enumerate(range(steps - count, steps)):
        step = torch.randint(last + 1, (rows,), generator=rng)
        is_taken = (drawn[:, :i] == step[:, None]).any(dim=1)
        drawn[:, i] = torch.where(is_taken, last, step)
    return drawn.sort(dim=1).values

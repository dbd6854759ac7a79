"""Offers sorting: symbols in any order come first, and are written in rising order after a wait.

The task ``sort``; its baseline knows the exact distribution of each place of a sorted sequence.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field
from seqbench_stepwise.columns import worked_example
from seqbench_stepwise.rows import rows_within, share_seen, smallest_type
from seqbench_stepwise.scores import accuracy, exact_match, guess, loss

from seqbench import UNSCORED, Baseline, DataError, Split, StepClass, Task, TaskData, Tokens, generator, hookimpl

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

Count = Annotated[int, Field(ge=1)]


@hookimpl
def seqbench_tasks() -> Iterator[type[Task]]:
    """Yield the task."""
    yield Sort


@dataclass(frozen=True)
class Sort(Task):
    """Write the ``items`` symbols that a sequence began with in rising order, ``length`` = T steps later.

    ``symbols=5, items=4`` at T = 3 (blank ``.``, delimiter ``>``)::

        input   3 0 4 0 . . . > > > >
        target                0 0 3 4
        scored                ^ ^ ^ ^

    With N ``items`` the input has N symbols, T blanks and N delimiters; at the i-th delimiter the i-th smallest
    symbol is asked for. A symbol is carried over T + N steps on average. ``items=null`` is the denser form: T
    symbols, and T delimiters at once, so that a symbol is carried over T steps on average, and longer sequences
    have more to sort.

    The first form is the sorting of Graves et al. 2014 ("priority sort", 20 vectors by a priority of each), with
    tokens that are their own priority, and with the wait of copy memory, so that the length only moves the
    answer away. The second is the "bucket sort" of Delétang et al. 2023, who have 5 symbols.

    Metrics: ``accuracy`` over the sorted positions; ``exact_match``, the share of sequences sorted without a
    mistake; ``loss``, nats for each sorted position.

    Symbols are drawn independently and uniformly, but a place of the sorted sequence has its likely symbols: the
    first is mostly small. Of k symbols the i-th smallest of N is at most v (from 0) with the probability that i
    or more of N draws are, I(i, N - i + 1) at F = (v + 1) / k, the regularised incomplete beta function (David &
    Nagaraja 2003, section 2.1). ``most probable at each place`` answers by that distribution, and its expected
    scores are exact; skill is measured from it. With N = T its accuracy rises with T, since shares of symbols
    become certain: with 16 symbols from 0.29 at T = 16 to 0.95 at T = 8192. ``guess`` is reported beside.

    Each split has its own random stream. ``facts`` says which share of the sorted test sequences was also in the
    training data. Training examples are held at 2 bytes for each step; above T = 2000 the default
    ``train_time_steps`` leaves fewer than ``train_examples`` of them, 4870 at T = 8192.

    Attributes:
        symbols: how many different symbols there are.
        items: how many symbols are sorted; null for as many as the length, without a wait.
        train_examples: training sequences, at most.
        train_time_steps: training sequences times their steps, at most; there is always at least one sequence.
        validation_examples, test_examples: sequences in these splits.
    """

    name: ClassVar[str] = "sort"
    version: ClassVar[int] = 1
    reference: ClassVar[str] = """
        @article{graves2014,
          author = {Graves, Alex and Wayne, Greg and Danihelka, Ivo},
          title = {Neural {Turing} Machines},
          journal = {arXiv preprint arXiv:1410.5401},
          year = {2014}
        }

        @inproceedings{deletang2023,
          author = {Del{\\'e}tang, Gr{\\'e}goire and Ruoss, Anian and Grau-Moya, Jordi and Genewein, Tim and
            Wenliang, Li Kevin and Catt, Elliot and Cundy, Chris and Hutter, Marcus and Legg, Shane and Veness,
            Joel and Ortega, Pedro A.},
          title = {Neural Networks and the {Chomsky} Hierarchy},
          booktitle = {International Conference on Learning Representations},
          year = {2023}
        }
    """
    symbols: Annotated[int, Field(ge=2, le=1_000)] = 16
    items: Annotated[int, Field(ge=2)] | None = 10
    train_examples: Count = 20_000
    train_time_steps: Count = 40_000_000
    validation_examples: Count = 256
    test_examples: Count = 512

    def time_steps(self, length: int) -> int:
        """Return T + 2 N, or 2 T if all are items.

        >>> Sort().time_steps(100), Sort(items=None).time_steps(100)
        (120, 200)
        """
        return 2 * length if self.items is None else length + 2 * self.items

    def load(self, length: int, seed: int) -> TaskData:
        """Draw and sort the symbols of each split.

        Args:
            length: T, the blanks between the symbols and the first delimiter, or the number of symbols if
                ``items`` is None.
            seed: of the three random streams.

        Raises:
            DataError: there is nothing to sort, or to wait for.
        """
        least = 2 if self.items is None else 1
        if length < least:
            raise DataError(f"there is nothing to sort, or to wait for; take a length of at least {least}")
        train_examples = rows_within(self.train_examples, self.train_time_steps, self.time_steps(length))
        train = self._split("train", train_examples, length, seed)
        test = self._split("test", self.test_examples, length, seed)
        items = self.items or length
        return TaskData(
            train=train,
            validation=self._split("validation", self.validation_examples, length, seed),
            test=test,
            inputs=Tokens(self.symbols + 2),
            targets=StepClass(self.symbols),
            metrics=(accuracy(self.symbols), exact_match(), loss()),
            baselines=(
                most_probable(self.symbols, items),
                guess("guess", choices=self.symbols, answers=items, is_reference=False),
            ),
            show=lambda example: self._show(test, example, items),
            facts={
                "train_examples": train_examples,
                "test_answers_seen_in_training": share_seen(_answers(test, items), _answers(train, items)),
            },
        )

    def _split(self, part: str, examples: int, length: int, seed: int) -> Split:
        import torch

        rng, items = generator(seed, self.name, part, length), self.items or length
        tokens = smallest_type(self.symbols + 2)
        symbols = torch.randint(self.symbols, (examples, items), generator=rng, dtype=tokens)
        inputs = self.inputs(symbols, length)
        targets = torch.full_like(inputs, UNSCORED)
        targets[:, -items:] = symbols.sort(dim=1).values
        return Split(inputs, targets)

    def inputs(self, symbols: Tensor, length: int) -> Tensor:
        """Lay out sequences.

        Args:
            symbols: [examples, items], counted from 0.
            length: T.

        Returns:
            [examples, steps] tokens: symbols count from 0, then the blank, then the delimiter.

        >>> import torch
        >>> Sort(symbols=3, items=2).inputs(torch.tensor([[2, 0]]), length=3).tolist()
        [[2, 0, 3, 3, 3, 4, 4]]
        """
        import torch

        blank, delimiter = self.symbols, self.symbols + 1
        items = symbols.shape[1]
        inputs = torch.full((len(symbols), self.time_steps(length)), blank, dtype=smallest_type(self.symbols + 2))
        inputs[:, :items] = symbols
        inputs[:, -items:] = delimiter
        return inputs

    def _show(self, test: Split, example: int, items: int) -> str:
        signs = {self.symbols: ".", self.symbols + 1: ">"}
        ends = range(min(items, 12) + 4)
        return worked_example(
            test,
            example,
            sign=lambda token: signs.get(token, str(token)),
            answer=str,
            shown=lambda scored: (*ends, *(scored[-1] - step for step in ends)),
        )


def most_probable(symbols: int, items: int) -> Baseline:
    """Return the expected scores of who knows which symbols are probable at each place, and none of the input.

    Its answer is the most probable symbol of each place, its probabilities are those of the place. All answers
    are right if the symbols are, in any order, those answered: a multinomial probability.

    >>> most_probable(symbols=2, items=1).scores["accuracy"]
    0.5
    """
    import numpy as np
    from scipy.special import entr, gammaln

    shares = place_shares(symbols, items)
    counts = np.bincount(shares.argmax(axis=1), minlength=symbols)
    match = gammaln(items + 1) - gammaln(counts + 1).sum() - items * math.log(symbols)
    scores = {
        "accuracy": float(shares.max(axis=1).mean()),
        "exact_match": math.exp(match),
        "loss": float(entr(shares).sum(axis=1).mean()),
    }
    return Baseline("most probable at each place", scores)


def place_shares(symbols: int, items: int) -> NDArray[np.float64]:
    """Return the probability of each symbol at each place of a sorted sequence: [items, symbols].

    >>> place_shares(symbols=2, items=2).tolist()  # the smaller of two coins is 0 three times of four
    [[0.75, 0.25], [0.25, 0.75]]
    """
    import numpy as np
    from scipy.special import betainc

    i = np.arange(1, items + 1)[:, None]
    at_most = betainc(i, items - i + 1, np.arange(1, symbols + 1) / symbols)
    return np.diff(at_most, axis=1, prepend=0.0)


def _answers(split: Split, items: int) -> Tensor:
    return split.targets[:, -items:]  # type: ignore[index]

"""Offers multi-query associative recall: name the value that was shown beside a key.

The task ``recall`` in the layout of Arora et al. 2023; only the queried steps are scored.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field
from seqbench_stepwise.columns import worked_example
from seqbench_stepwise.rows import draw_distinct, rows_within, share_seen, smallest_type
from seqbench_stepwise.scores import accuracy, exact_match, guess, loss

from seqbench import UNSCORED, Baseline, DataError, Split, StepClass, Task, TaskData, Tokens, generator, hookimpl

if TYPE_CHECKING:
    import torch
    from torch import Generator, Tensor

Count = Annotated[int, Field(ge=1)]

BLANK = 0
STEPS_PER_PAIR = 16
LEAST_PAIRS = 2
"""With one pair there is nothing to associate: remembering its value is enough."""


@hookimpl
def seqbench_tasks() -> Iterator[type[Task]]:
    """Yield the task."""
    yield Recall


@dataclass(frozen=True)
class Recall(Task):
    """Read key-value pairs, then answer each key that is shown again with its value, in ``length`` = T steps.

    ``vocab_size=12`` at T = 14, two pairs (blank ``.``, keys 1 to 5, values 6 to 11)::

        input   3 9 1 6 1 . . . . . 3 . . .
        target          6           9
        scored          ^           ^

    The pairs come first, 2 steps each: keys differ from each other, and values do. Behind them every second
    step is a place for a query; each key is asked once. With n places, the places of the queries are drawn one
    after the other, without replacement, with probabilities proportional to 1 / i ** (1 - ``power_a``), i = 1 to
    n from the pairs on: a power law, as for repeated word pairs in language (Arora et al. 2023, "Zoology"). The
    other steps are blank, or hold random tokens (``random_non_queries``), which may be keys and are never scored.
    The value is asked for on the step of the query, and never shown behind it.

    This is the layout of the authors' code, with one difference: there the key that was shown first is also the
    first to be given a place, and tends to be asked early, so that the value at the right rank is more often
    right than one of N. Here keys are given to the drawn places at random, and a guess by place wins nothing.

    The number N of pairs grows with the length, one for each ``steps_per_pair`` steps and at least two; their
    experiments have one for 16 steps (T = 64 to 256). ``num_kv_pairs`` fixes it instead: then the length only
    moves queries away. Each pair has to be carried from its step, 0 to 2N - 1, to its query, at most T - 2.

    Metrics: ``accuracy`` over the queried steps; ``exact_match``, the share of sequences in which all queries
    are answered; ``loss``, nats a query.

    Without the past, each of the vocab_size / 2 values is equally probable (``memoryless``). A model that keeps
    the values that were shown, but not which key each belongs to, is right at 1 / N of the queries. Skill is
    measured from that (``values shown, in any order``), so that skill above 0 takes associations. Both are exact.

    Training examples are held in memory at 4 bytes for each step; above T = 2000 the default ``train_time_steps``
    leaves fewer than ``train_examples`` of them, 4882 at T = 8192. ``facts`` tells their number, that of the
    pairs, and the share of test sequences that were also in the training data.

    Attributes:
        vocab_size: tokens: a blank, vocab_size / 2 - 1 keys and vocab_size / 2 values.
        steps_per_pair: steps of a sequence for each pair.
        num_kv_pairs: pairs in a sequence, whatever its length; None for one each ``steps_per_pair`` steps.
        power_a: exponent of the power law of the queries' places, plus 1; 1 draws them uniformly.
        random_non_queries: whether random tokens stand where nothing is asked, instead of blanks.
        train_examples: training sequences, at most.
        train_time_steps: training sequences times length, at most; there is always at least one sequence.
        validation_examples, test_examples: sequences in these splits.
    """

    name: ClassVar[str] = "recall"
    version: ClassVar[int] = 1
    reference: ClassVar[str] = """
        @article{arora2023,
          author = {Arora, Simran and Eyuboglu, Sabri and Timalsina, Aman and Johnson, Isys and Poli, Michael and
            Zou, James and Rudra, Atri and R{\\'e}, Christopher},
          title = {Zoology: Measuring and Improving Recall in Efficient Language Models},
          journal = {arXiv preprint arXiv:2312.04927},
          year = {2023}
        }
    """
    vocab_size: Annotated[int, Field(ge=6, le=2**15, multiple_of=2)] = 2048
    steps_per_pair: Annotated[int, Field(ge=4)] = STEPS_PER_PAIR
    num_kv_pairs: Annotated[int, Field(ge=LEAST_PAIRS)] | None = None
    power_a: Annotated[float, Field(gt=0, le=1)] = 0.01
    random_non_queries: bool = False
    train_examples: Count = 20_000
    train_time_steps: Count = 40_000_000
    validation_examples: Count = 256
    test_examples: Count = 512

    def __post_init__(self) -> None:
        """Refuse two numbers of pairs, and more pairs than keys.

        Raises:
            ValueError: see above.
        """
        super().__post_init__()
        if self.num_kv_pairs is not None and self.steps_per_pair != STEPS_PER_PAIR:
            raise ValueError(
                f"num_kv_pairs is {self.num_kv_pairs} whatever the length, so that steps_per_pair,"
                f" {self.steps_per_pair}, would count for nothing; set one of them"
            )
        if self.num_kv_pairs is not None and self.num_kv_pairs > self._keys:
            raise ValueError(
                f"num_kv_pairs is {self.num_kv_pairs}, and vocab_size {self.vocab_size} has {self._keys} keys;"
                f" set vocab_size to {2 * self.num_kv_pairs + 2} or more"
            )

    @property
    def _keys(self) -> int:
        return self._values - 1

    @property
    def _values(self) -> int:
        return self.vocab_size // 2

    def pairs(self, length: int) -> int:
        """Return the number of pairs at a length.

        >>> [Recall().pairs(length) for length in (16, 64, 256, 8192)]
        [2, 4, 16, 512]

        Raises:
            DataError: the length is too short for them, or there are too few keys.
        """
        pairs = self.num_kv_pairs or max(LEAST_PAIRS, length // self.steps_per_pair)
        if 4 * pairs > length:
            raise DataError(
                f"{pairs} pairs take {2 * pairs} steps and their queries {2 * pairs} more; take a length of"
                f" at least {4 * pairs}"
                + ("" if self.num_kv_pairs is None else ", or a smaller recall.num_kv_pairs")
            )
        if pairs > self._keys:
            raise DataError(
                f"there are {pairs} pairs, and vocab_size {self.vocab_size} has {self._keys} keys; set"
                f" recall.vocab_size to {2 * pairs + 2} or more, or recall.steps_per_pair to"
                f" {length // (self._keys + 1) + 1} or more"
            )
        return pairs

    def load(self, length: int, seed: int) -> TaskData:
        """Draw pairs and places of queries of each split.

        Args:
            length: T, the steps of a sequence.
            seed: of the three random streams.

        Raises:
            DataError: see `pairs`.
        """
        pairs = self.pairs(length)
        train = self._split("train", rows_within(self.train_examples, self.train_time_steps, length), length, seed)
        test = self._split("test", self.test_examples, length, seed)
        return TaskData(
            train=train,
            validation=self._split("validation", self.validation_examples, length, seed),
            test=test,
            inputs=Tokens(self.vocab_size),
            targets=StepClass(self._values),
            metrics=(accuracy(self._values), exact_match(), loss()),
            baselines=(
                guess("memoryless", choices=self._values, answers=pairs),
                values_shown(pairs),
            ),
            show=lambda example: self._show(test, example),
            facts={
                "train_examples": len(train),
                "pairs": pairs,
                "test_rows_seen_in_training": share_seen(test.inputs, train.inputs),  # type: ignore[arg-type]
            },
        )

    def _split(self, part: str, examples: int, length: int, seed: int) -> Split:
        import torch

        rng, pairs = generator(seed, self.name, part, length), self.pairs(length)
        keys = draw_distinct(rng, examples, torch.ones(self._keys), pairs)
        values = draw_distinct(rng, examples, torch.ones(self._values), pairs)
        queries = self._queries(rng, examples, length)
        inputs = torch.full((examples, length), BLANK, dtype=smallest_type(self.vocab_size))
        if self.random_non_queries:
            inputs.random_(self.vocab_size, generator=rng)
        targets = torch.full_like(inputs, UNSCORED)
        inputs[:, 0 : 2 * pairs : 2] = keys + 1
        inputs[:, 1 : 2 * pairs : 2] = values + self._values
        inputs.scatter_(1, queries, (keys + 1).to(inputs.dtype))
        targets.scatter_(1, queries, values.to(targets.dtype))
        return Split(inputs, targets)

    def _queries(self, rng: Generator, examples: int, length: int) -> Tensor:
        """Draw the step at which each pair's key is asked: [examples, pairs]."""
        import torch

        pairs = self.pairs(length)
        places = (length - 2 * pairs) // 2
        drawn = draw_distinct(rng, examples, power_law(places, self.power_a), pairs)
        order = draw_distinct(rng, examples, torch.ones(pairs), pairs)
        return 2 * pairs + 2 * drawn.gather(1, order)

    def _show(self, test: Split, example: int) -> str:
        return worked_example(
            test,
            example,
            sign=lambda token: "." if token == BLANK else str(token),
            answer=lambda value: str(value + self._values),
            shown=lambda scored: steps_to_show(scored, test.inputs.shape[1]),  # type: ignore[union-attr]
        )


def values_shown(pairs: int) -> Baseline:
    """Return the expected scores of who answers the queries with the values shown, each once, in any order.

    >>> values_shown(2).scores["accuracy"], values_shown(2).scores["exact_match"]
    (0.5, 0.5)
    """
    scores = {"accuracy": 1 / pairs, "exact_match": 1 / math.factorial(pairs), "loss": math.log(pairs)}
    return Baseline("values shown, in any order", scores)


def power_law(places: int, power_a: float) -> torch.Tensor:
    """Return weights proportional to a i ** (a - 1), i = 1 to ``places``: [places].

    >>> power_law(4, power_a=0.5)[[0, 3]].tolist()
    [1.0, 0.5]
    """
    import torch

    return torch.arange(1, places + 1, dtype=torch.float64) ** (power_a - 1)


def steps_to_show(scored: list[int], length: int, most: int = 6) -> Iterator[int]:
    """Yield the first steps, those around the first and the last queries, and the last step.

    >>> sorted(set(steps_to_show([8, 30], length=40)))
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 29, 30, 31, 39]
    """
    yield from range(min(8, length))
    for query in (*scored[: most - 1], *scored[-1:]):
        yield from (query - 1, query, query + 1)
    yield length - 1

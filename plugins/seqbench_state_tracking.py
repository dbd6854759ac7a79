"""Offers state tracking: multiply the elements of a group and tell the product so far at each step.

The task ``state-tracking``; group tables are computed from permutations.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, TypeAlias

from pydantic import Field
from seqbench_stepwise.columns import columns
from seqbench_stepwise.rows import share_seen
from seqbench_stepwise.scores import accuracy, exact_match, last_accuracy, loss

from seqbench import (
    UNSCORED,
    Baseline,
    DataError,
    Metric,
    Split,
    StepClass,
    Task,
    TaskData,
    Tokens,
    generator,
    hookimpl,
)

if TYPE_CHECKING:
    from torch import Tensor

Count = Annotated[int, Field(ge=1)]

Group = Literal["Z2", "S3", "A5", "S5"]

Permutation: TypeAlias = tuple[int, ...]
"""Where each object goes, counted from 0."""

OBJECTS: dict[Group, int] = {"Z2": 2, "S3": 3, "A5": 5, "S5": 5}
"""How many objects the permutations of a group move."""


@hookimpl
def seqbench_tasks() -> Iterator[type[Task]]:
    """Yield the task."""
    yield StateTracking


@dataclass(frozen=True)
class StateTracking(Task):
    """Say at each of ``length`` = T steps what the product of the group elements so far is.

    Two elements of Z2, where the product is the parity of the ones, and ``group="S3"``, where 213 exchanges the
    first two of three objects and 231 sends the first to the second place, the second to the third::

        input   1 0 1 1 0 1     input   213 231 321 213
        target    1 0 1 1 0     target      321 123 213
        scored    ^ ^ ^ ^ ^     scored        ^   ^   ^

    This is the word problem of a group as Merrill et al. 2024 pose it: tokens are drawn uniformly and
    independently, and the answer at a step is x_1 x_2 ... x_t, "first x_1, then x_2". Groups: ``Z2`` (2 elements,
    parity), ``S3`` (6), ``A5`` (60, the smallest group that is not solvable: its word problem is complete for NC1)
    and ``S5`` (120). With ``elements="generators"`` the input is one of a few elements that generate the group, as
    in Liu et al. 2023: the identity, the shift of all objects by one place, and the exchange of the first two; in
    A5, where no exchange is, the cycle of the first three.

    The first product is the first element itself, so it is not scored.

    Chance: with ``elements="all"`` it is exactly 1 / |G| for whoever misses any one of the elements so far. Fix
    the others: the product is a x b with a and b known, and x -> a x b maps the group onto itself one to one, so
    with x uniform every product is equally likely. No window, no bag of tokens and no place helps. With generators
    the product spreads over the group step by step: the best that is possible from the step's number and the
    present token alone is the likeliest product of the steps before, times that token, and is computed exactly.

    Metrics: ``accuracy`` over scored steps; ``last_accuracy``, at the last step, which depends on all T elements;
    ``exact_match``, the share of sequences without a mistake; ``loss`` in nats. With ``score="last"`` only the
    last step is trained and scored, and the first and the last of these metrics remain.

    Each split has a random stream of its own. ``facts`` says which share of the test sequences was also in the
    training data: with Z2 there are only 2 ** T, and all are at T = 8. Examples are held at 2 bytes for each
    step; above T = 1000 the default ``train_time_steps`` leaves fewer than ``train_examples`` of them, 2441 at
    T = 8192.

    Attributes:
        group: ``Z2``, ``S3``, ``A5`` or ``S5``.
        elements: ``all`` of the group as tokens, or only ``generators`` of it.
        score: ``all`` steps from the second on, or only the ``last``.
        train_examples: training sequences, at most.
        train_time_steps: training sequences times length, at most; there is always at least one sequence.
        validation_examples, test_examples: sequences in these splits.
    """

    name: ClassVar[str] = "state-tracking"
    version: ClassVar[int] = 1
    reference: ClassVar[str] = """
        @inproceedings{merrill2024,
          author = {Merrill, William and Petty, Jackson and Sabharwal, Ashish},
          title = {The Illusion of State in State-Space Models},
          booktitle = {Proceedings of the 41st International Conference on Machine Learning},
          note = {arXiv:2404.08819},
          year = {2024}
        }

        @inproceedings{liu2023,
          author = {Liu, Bingbin and Ash, Jordan T. and Goel, Surbhi and Krishnamurthy, Akshay and Zhang, Cyril},
          title = {Transformers Learn Shortcuts to Automata},
          booktitle = {International Conference on Learning Representations},
          year = {2023}
        }
    """
    group: Group = "S5"
    elements: Literal["all", "generators"] = "all"
    score: Literal["all", "last"] = "all"
    train_examples: Count = 20_000
    train_time_steps: Count = 20_000_000
    validation_examples: Count = 256
    test_examples: Count = 512

    def __post_init__(self) -> None:
        """Refuse a second name of the same task.

        Raises:
            ValueError: ``elements`` is ``generators``, and the group is Z2.
        """
        super().__post_init__()
        if self.group == "Z2" and self.elements == "generators":
            raise ValueError(
                "elements is 'generators', and the generators of Z2 are all its elements: this is the task with"
                " elements 'all'; leave elements out"
            )

    def load(self, length: int, seed: int) -> TaskData:
        """Draw the elements of each split and multiply them.

        Args:
            length: T, the steps of a sequence.
            seed: of the three random streams.

        Raises:
            DataError: ``length`` is below 2.
        """
        if length < 2:
            raise DataError(
                "the first product is the first element itself, and is not scored; take a length of at least 2"
            )
        train_examples = max(1, min(self.train_examples, self.train_time_steps // length))
        order, tokens = len(elements_of(self.group)), len(self.tokens())
        train = self._split("train", train_examples, length, seed)
        test = self._split("test", self.test_examples, length, seed)
        return TaskData(
            train=train,
            validation=self._split("validation", self.validation_examples, length, seed),
            test=test,
            inputs=Tokens(tokens),
            targets=StepClass(order),
            metrics=self._metrics(order),
            baselines=self._baselines(length),
            show=lambda example: self._show(test, example),
            facts={
                "group_order": order,
                "tokens": tokens,
                "train_examples": train_examples,
                "test_rows_seen_in_training": share_seen(test.inputs, train.inputs),  # type: ignore[arg-type]
            },
        )

    def tokens(self) -> tuple[Permutation, ...]:
        """Return the permutation that each token stands for.

        >>> StateTracking(group="S3", elements="generators").tokens()
        ((0, 1, 2), (1, 2, 0), (1, 0, 2))
        """
        return elements_of(self.group) if self.elements == "all" else generators_of(self.group)

    def _split(self, part: str, examples: int, length: int, seed: int) -> Split:
        import torch

        rng = generator(seed, self.name, part, length)
        inputs = torch.randint(len(self.tokens()), (examples, length), generator=rng, dtype=torch.int8)
        targets = self.products(inputs)
        targets[:, : 1 if self.score == "all" else -1] = UNSCORED
        return Split(inputs, targets)

    def products(self, inputs: Tensor) -> Tensor:
        """Return the number of the product up to each step, [examples, time] int8, from tokens of this shape.

        >>> import torch
        >>> StateTracking(group="Z2").products(torch.tensor([[1, 0, 1, 1, 0, 1]])).tolist()
        [[1, 1, 0, 1, 1, 0]]
        """
        import torch

        steps = torch.tensor(self._steps())
        products = torch.empty(inputs.shape[::-1], dtype=torch.int8)
        product = torch.zeros(len(inputs), dtype=torch.long)  # element 0 is the identity
        for step, tokens in enumerate(inputs.T.contiguous()):
            product = steps.take(product * steps.shape[1] + tokens)
            products[step] = product
        return products.T.contiguous()

    def _steps(self) -> list[list[int]]:
        """Return the number of the product of each element and each token: [elements][tokens]."""
        elements = elements_of(self.group)
        number = {element: index for index, element in enumerate(elements)}
        return [[number[then(element, token)] for token in self.tokens()] for element in elements]

    def _metrics(self, order: int) -> tuple[Metric, ...]:
        if self.score == "last":
            return (accuracy(order), loss())
        return (accuracy(order), last_accuracy(), exact_match(), loss())

    def _baselines(self, length: int) -> tuple[Baseline, ...]:
        """Return exact expectations of guessing, and, with generators, of the likeliest product at each step."""
        order = len(elements_of(self.group))
        chance = 1 / order
        scored = length - 1 if self.score == "all" else 1
        guess = {"accuracy": chance, "loss": math.log(order)}
        if self.score == "all":
            guess |= {"last_accuracy": chance, "exact_match": chance**scored}
        if self.elements == "all":
            return (Baseline("guess", guess),)
        before = self.shares(length)[-scored:]
        likeliest = {
            "accuracy": float(before.amax(1).mean()),
            "loss": float(-before.xlogy(before).sum(1).mean()),
            **({"last_accuracy": float(before[-1].max())} if self.score == "all" else {}),
        }
        return (Baseline("guess", guess), Baseline("likeliest product at each step", likeliest))

    def shares(self, length: int) -> Tensor:
        """Return how likely each element is as the product before each step: [length, elements] float64."""
        import torch

        steps = self._steps()
        moves = torch.zeros(len(steps), len(steps), dtype=torch.float64)
        for element, products in enumerate(steps):
            for product in products:
                moves[element, product] += 1 / len(products)
        shares = torch.zeros(length, len(steps), dtype=torch.float64)
        shares[0, 0] = 1
        for step in range(1, length):
            shares[step] = shares[step - 1] @ moves
        return shares

    def _show(self, test: Split, example: int) -> str:
        import torch

        batch = test.batch(torch.tensor([example]))
        tokens = [self._sign(element) for element in self.tokens()]
        answers = {number: self._sign(element) for number, element in enumerate(elements_of(self.group))}
        targets = batch.targets[0].tolist()
        return columns(
            {
                "input": [tokens[token] for token in batch.inputs[0].tolist()],
                "target": [answers.get(target, "") for target in targets],
                "scored": ["" if target == UNSCORED else "^" for target in targets],
            },
            keep=16 if self.group == "Z2" else 8,
        )

    def _sign(self, element: Permutation) -> str:
        """Write an element: the place of each object, counted from 1; in Z2 0 and 1."""
        if self.group == "Z2":
            return str(element[0])
        return "".join(str(place + 1) for place in element)


def elements_of(group: Group) -> tuple[Permutation, ...]:
    """Return all elements of a group in lexicographic order, which begins with the identity.

    >>> elements_of("S3")
    ((0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0))
    """
    found = permutations(range(OBJECTS[group]))
    return tuple(element for element in found if not group.startswith("A") or is_even(element))


def generators_of(group: Group) -> tuple[Permutation, ...]:
    """Return the identity and elements that generate a group.

    >>> generators_of("A5")
    ((0, 1, 2, 3, 4), (1, 2, 3, 4, 0), (1, 2, 0, 3, 4))
    """
    places = tuple(range(OBJECTS[group]))
    shift = (*places[1:], 0)
    short = (1, 2, 0, *places[3:]) if group.startswith("A") else (1, 0, *places[2:])
    return tuple(dict.fromkeys((places, shift, short)))


def then(first: Permutation, second: Permutation) -> Permutation:
    """Return the permutation that does ``first``, then ``second``.

    >>> then((1, 0, 2), (1, 2, 0))  # the first object goes to place 1, and what is there goes on to place 2
    (2, 1, 0)
    """
    return tuple(second[place] for place in first)


def is_even(element: Permutation) -> bool:
    """Say whether an even number of pairs of objects stands in reversed order."""
    reversed_pairs = sum(a > b for at, a in enumerate(element) for b in element[at:])
    return reversed_pairs % 2 == 0

"""Defines the task ``brackets``: strings of brackets of bounded depth, and two questions about them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field
from seqbench_stepwise.columns import columns
from seqbench_stepwise.rows import share_seen
from seqbench_stepwise.scores import accuracy, exact_match, loss

from seqbench import (
    UNSCORED,
    Baseline,
    DataError,
    Metric,
    SequenceClass,
    Split,
    StepClass,
    TargetKind,
    Task,
    TaskData,
    Tokens,
    generator,
)
from seqbench_brackets.faults import with_faults
from seqbench_brackets.strings import Shape, Strings, draw

if TYPE_CHECKING:
    import torchmetrics
    from torch import Generator, Tensor

Count = Annotated[int, Field(ge=1)]

SHORTEST = 4
"""The shortest string with a question in each: ``( [ ] {``, of two levels."""

SIGNS = ("()", "[]", "{}", "<>")
"""How four kinds of brackets are written; more kinds have numbers."""


@dataclass(frozen=True)
class Brackets(Task):
    """Say which bracket may close next, or whether a string of ``length`` = T brackets is well formed.

    ``pairs=4, depth=3`` at T = 10, ``ask="next"``, and ``ask="valid"`` with a fault at the fourth and fifth::

        input   ( [ { } ] < > [ { }     input   ( [ { ] } < > [ { }
        target        ] )   )     ]     target                   no
        scored        ^ ^   ^     ^     scored                    ^

    The language is Dyck-(k, m): k = ``pairs`` kinds of brackets, at most m = ``depth`` open at a time (Hewitt et
    al. 2020). A stack of m kinds, m log2 k bits, is all that has to be remembered, at any length.

    ``ask="next"``: after each closing bracket, the kind of the one closing bracket that may come next, which
    closes the innermost open one. After an opening bracket the answer stands in the input, so it is not scored.
    Opening brackets may always come after a closing one, so that this answer is the whole set of symbols that may
    come next, as Suzgun et al. 2019 and Bhattamishra et al. 2020 ask for it, and the best score is 1.

    ``ask="valid"``: at the last step, whether the string is the beginning of a well-formed one. In a half of the
    strings, drawn anew in each split, two neighbouring closing brackets have changed places, ``[ { } ]`` to ``[ {
    ] }``, so that neither the numbers of brackets nor the places of closing ones tell anything. (In a short string
    without two such neighbours the kind of one closing bracket is drawn anew; ``facts`` says in how many test
    strings.)

    How strings are drawn: the first bracket stays open. On level 1 a bracket opens, on level m one closes, and in
    between one opens with probability c / (1 + c), c = (T / 4) ** (1 / (m - 2)), so that a bracket holds c others
    on average, those on level 2 span about half of the string, and distances from a question to the opening
    bracket are spread over all octaves up to T, whatever T is. (With the c = 1 of Hewitt et al. few are longer
    than m ** 2.) The kind of each bracket that opens is uniform and independent of all else; m is at most T / 2.

    Chance is exactly 1 / k for ``next``: the kind asked for is that of one opening bracket, and nothing else in
    the string depends on it up to the question. It is exactly 1/2 for ``valid``; an odd number of test strings
    has one well-formed one more, and then chance is their share, which the answer "yes" gets.

    Metrics of ``next``: ``accuracy_by_distance``, the mean over octaves of the distance (2 to 3, 4 to 7, ...) of
    the accuracy in each, since most questions are about a bracket nearby: who remembers w steps is right in log2 w
    of log2 T octaves; ``accuracy`` over all questions; ``exact_match``, the share of strings without a mistake;
    ``loss`` in nats. Of ``valid``: ``accuracy`` and ``loss``. There the octave of a fault is drawn first, uniform
    over those that the string has.

    Each split has a random stream of its own. ``facts`` says which share of the test strings was also in the
    training data, which is large where strings are short and pairs few. Examples are held at 2 bytes for each
    step, 4 with more than 64 pairs; above T = 1000 the default ``train_time_steps`` leaves fewer than
    ``train_examples`` of them, 2441 at T = 8192.

    Attributes:
        ask: ``next``, which bracket may close next, or ``valid``, whether the string is well formed.
        pairs: kinds of brackets.
        depth: most brackets that are open at a time; never more than half of the length.
        train_examples: training strings, at most.
        train_time_steps: training strings times length, at most; there is always at least one string.
        validation_examples, test_examples: strings in these splits.
    """

    name: ClassVar[str] = "brackets"
    version: ClassVar[int] = 1
    reference: ClassVar[str] = """
        @inproceedings{hewitt2020,
          author = {Hewitt, John and Hahn, Michael and Ganguli, Surya and Liang, Percy and
                    Manning, Christopher D.},
          title = {{RNN}s can Generate Bounded Hierarchical Languages with Optimal Memory},
          booktitle = {Proceedings of the 2020 Conference on Empirical Methods in Natural Language Processing},
          pages = {1978--2010},
          year = {2020}
        }

        @inproceedings{bhattamishra2020,
          author = {Bhattamishra, Satwik and Ahuja, Kabir and Goyal, Navin},
          title = {On the Ability and Limitations of Transformers to Recognize Formal Languages},
          booktitle = {Proceedings of the 2020 Conference on Empirical Methods in Natural Language Processing},
          pages = {7096--7116},
          year = {2020}
        }

        @inproceedings{suzgun2019,
          author = {Suzgun, Mirac and Gehrmann, Sebastian and Belinkov, Yonatan and Shieber, Stuart M.},
          title = {{LSTM} Networks Can Perform Dynamic Counting},
          booktitle = {Proceedings of the Workshop on Deep Learning and Formal Languages},
          pages = {44--54},
          year = {2019}
        }
    """
    ask: Literal["next", "valid"] = "next"
    pairs: Annotated[int, Field(ge=2, le=16_000)] = 8
    depth: Annotated[int, Field(ge=2)] = 8
    train_examples: Count = 20_000
    train_time_steps: Count = 20_000_000
    validation_examples: Count = 256
    test_examples: Count = 512

    def load(self, length: int, seed: int) -> TaskData:
        """Draw the strings of each split.

        Args:
            length: T, the brackets of a string.
            seed: of the three random streams.

        Raises:
            DataError: ``length`` is below 4.
        """
        if length < SHORTEST:
            raise DataError(f"so short a string has nothing to ask; take a length of at least {SHORTEST}")
        train_examples = max(1, min(self.train_examples, self.train_time_steps // length))
        sizes = {"train": train_examples, "validation": self.validation_examples, "test": self.test_examples}
        rngs = {part: generator(seed, self.name, part, length) for part in sizes}
        strings = draw(list(sizes.values()), self.shape(length), list(rngs.values()))
        (train, _), (validation, _), (test, told) = (
            self._split(drawn, rng) for drawn, rng in zip(strings, rngs.values(), strict=True)
        )
        return TaskData(
            train=train,
            validation=validation,
            test=test,
            inputs=Tokens(2 * self.pairs),
            targets=self._kind(),
            metrics=self._metrics(),
            baselines=(Baseline("guess", self._chance(test)),),
            show=lambda example: self._show(test, example),
            facts={
                "train_examples": train_examples,
                "deepest": self.shape(length).depth,
                "test_rows_seen_in_training": share_seen(test.inputs, train.inputs),  # type: ignore[arg-type]
                **({"test_faults_that_counts_tell": told} if self.ask == "valid" else {}),
            },
        )

    def shape(self, length: int) -> Shape:
        """Return what strings of this length are drawn from."""
        return Shape(self.pairs, length, min(self.depth, length // 2))

    def _split(self, strings: Strings, rng: Generator) -> tuple[Split, int]:
        """Return a split, and how many of its faults the numbers of brackets tell."""
        import torch

        tokens, innermost, spans = strings
        if self.ask == "next":
            return Split(tokens, innermost), 0
        is_valid = torch.randperm(len(tokens), generator=rng) % 2 == 0
        if bool(is_valid.all()):
            return Split(tokens, is_valid.long()), 0
        tokens[~is_valid], told = with_faults(tokens[~is_valid], spans[~is_valid], self.pairs, rng)
        return Split(tokens, is_valid.long()), told

    def _kind(self) -> TargetKind:
        return StepClass(self.pairs) if self.ask == "next" else SequenceClass(2)

    def _metrics(self) -> tuple[Metric, ...]:
        if self.ask == "valid":
            return (accuracy(2), loss())
        return (self._accuracy_by_distance(), accuracy(self.pairs), exact_match(), loss())

    def _accuracy_by_distance(self) -> Metric:
        def make() -> torchmetrics.Metric:
            from seqbench_brackets.scores import OCTAVES, MeanOverGroups

            return MeanOverGroups(OCTAVES)

        from seqbench_brackets.scores import one_string, rights_by_octave

        return Metric(
            "accuracy_by_distance",
            make,
            prepare=partial(rights_by_octave, pairs=self.pairs),
            worst=0.0,
            one_example=partial(one_string, pairs=self.pairs),
        )

    def _chance(self, test: Split) -> dict[str, float]:
        """Return what a guess with equal probabilities scores: exact expectations.

        For ``valid`` accuracy is that of the better constant answer, above 1/2 if strings are odd in number.
        """
        if self.ask == "valid":
            valid = float(test.targets.double().mean())  # type: ignore[union-attr]
            return {"accuracy": max(valid, 1 - valid), "loss": math.log(2)}
        questions = (test.targets != UNSCORED).sum(1)  # type: ignore[union-attr]
        return {
            "accuracy_by_distance": 1 / self.pairs,
            "accuracy": 1 / self.pairs,
            "exact_match": _mean_power(1 / self.pairs, questions),
            "loss": math.log(self.pairs),
        }

    def _show(self, test: Split, example: int) -> str:
        import torch

        batch = test.batch(torch.tensor([example]))
        tokens = batch.inputs[0].tolist()
        if self.ask == "valid":
            blank = [""] * (len(tokens) - 1)
            target, scored = [*blank, "yes" if int(batch.targets) else "no"], [*blank, "^"]
        else:
            asked = batch.targets[0].tolist()
            target = ["" if kind == UNSCORED else self._sign(kind + self.pairs) for kind in asked]
            scored = ["" if kind == UNSCORED else "^" for kind in asked]
        return columns(
            {"input": [self._sign(token) for token in tokens], "target": target, "scored": scored}, keep=20
        )

    def _sign(self, token: int) -> str:
        """Write a bracket: its own sign where there are four kinds at most, otherwise with its number."""
        is_closing, kind = divmod(token, self.pairs)
        if self.pairs <= len(SIGNS):
            return SIGNS[kind][is_closing]
        return f"){kind}" if is_closing else f"({kind}"


def _mean_power(base: float, exponents: Tensor) -> float:
    """Return the mean of a base to these powers."""
    return float((base ** exponents.double()).mean())

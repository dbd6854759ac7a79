"""Makes perfect and ignorant predictors from a task's kind of target."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from torch import Tensor

from seqbench.contracts.examples import Batch
from seqbench.contracts.targets import TargetKind
from seqbench.contracts.task import TaskData
from seqbench.errors import ContractError
from seqbench.testing.outcome import CheckSkipped


@dataclass(frozen=True)
class Predictor:
    """A predictor, with a short description of how it predicts."""

    name: str
    predict: Callable[[Batch], Tensor]


def perfect(kind: TargetKind) -> Predictor:
    """Return the predictor that always gives the target.

    It raises CheckSkipped if the kind has none, or the targets are out of range.
    """

    def predict(batch: Batch) -> Tensor:
        try:
            outputs = kind.perfect(batch)
        except ContractError as error:
            raise CheckSkipped(str(error)) from error
        if outputs is None:
            raise CheckSkipped(f"what outputs {type(kind).__name__} takes is the plugin's own")
        return outputs

    return Predictor("perfect", predict)


def ignorant(data: TaskData) -> list[Predictor]:
    """Return predictors that know at most shares and means of the training targets, random answers first.

    Raises:
        CheckSkipped: the kind of target knows none.
    """
    found = list(_named(data.targets.ignorant(data.train)))
    if not found:
        raise CheckSkipped(f"what outputs {type(data.targets).__name__} takes is the plugin's own")
    return found


def by_place(data: TaskData) -> Iterator[Predictor]:
    """Yield predictors without memory of their input, such as one that knows only the place of a step."""
    return _named(data.targets.memoryless(data.train))


def _named(predictors: Iterable[tuple[str, Callable[[Batch], Tensor]]]) -> Iterator[Predictor]:
    return (Predictor(name, predict) for name, predict in predictors)

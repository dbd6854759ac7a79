"""Defines a model: a sequence layer and its hyper-parameters. Torch is imported when a method runs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from seqbench.contracts.constraints import check_fields

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class ParameterGroup:
    """Parameters of a layer that are trained at a learning rate of their own.

    Attributes:
        parameters: names, as ``layer.named_parameters()`` has them.
        learning_rate: factor on ``training.learning_rate``; 0 leaves the parameters at their initial values.
        weight_decay: replaces ``training.weight_decay``; None keeps that.
    """

    parameters: tuple[str, ...]
    learning_rate: float = 1.0
    weight_decay: float | None = None


class Model(ABC):
    """A sequence layer; the harness adds the embedding before it and the head after it.

    Subclasses are frozen dataclasses; their fields are the parameters a user can set. A subclass may override a
    property by a constant of the class (``is_causal = False``), or by a property that depends on a parameter.

    Attributes:
        name: lower-case words joined by ``-``; the name on the command line.
        version: an integer that rises whenever a score can move.
        reference: BibTeX of the sources to cite, one entry or several; ``seqbench cite`` prints it.
    """

    name: ClassVar[str]
    version: ClassVar[int]
    reference: ClassVar[str] = ""

    def __post_init__(self) -> None:
        """Check the limits of the fields, as in ``Annotated[int, Field(ge=1)]``; a subclass calls it first.

        Raises:
            ValueError: a value is outside its limits.
        """
        check_fields(self)

    @abstractmethod
    def build(self, input_size: int) -> nn.Module:
        """Return a layer that is called like ``torch.nn.LSTM(batch_first=True)``.

        ``layer(inputs, state=None) -> (outputs, state)`` with inputs [batch, time, input_size] and outputs
        [batch, time, output_size]. The state is None or tensors in tuples, lists or dicts, which may be complex or
        integers; outputs are real. A sequence run in chunks with the state carried over gives the same outputs as
        run whole. A layer without a state returns None as its state. Output t depends on inputs up to t only,
        unless `is_causal` is False.
        """

    @property
    def is_causal(self) -> bool:
        """Whether output t depends on inputs up to t only.

        A layer that looks ahead is called ``layer(inputs, state=None, lengths=None)``: ``lengths`` are the real
        steps of each row, [batch] integers on the CPU, as `torch.nn.utils.rnn.pack_padded_sequence` takes them;
        None means that all steps are real. Padding must not reach the outputs of real steps. Such a layer gets
        whole sequences and never a state; tasks with earlier targets among their inputs refuse it.
        """
        return True

    @property
    def time_exponent(self) -> float:
        """Largest power of the length with which time grows; ``seqbench check`` measures it.

        1 for recurrent layers and convolutions, 2 for full attention.
        """
        return 1.0

    @property
    def width_parameters(self) -> tuple[str, ...]:
        """Names of the whole-number parameters that set how many weights the layer has, the coarsest first.

        ``--weights 10k`` chooses the first, then each finer one, so that the layer comes nearest to so many
        weights; more of a parameter must not make fewer weights. A name may lead into a mapping:
        ``arguments.units``; what the experiment sets there is replaced. Empty if there is none, or an
        ExperimentError that says what to do.
        """
        return ("hidden_size",)

    @property
    def trains_embedding(self) -> bool:
        """Whether the harness's embedding of tokens is trained; False leaves its vectors as they were drawn.

        False is for a layer whose weights are fixed, so that only the head learns, and no gradient flows back
        through time.
        """
        return True

    @property
    def state_parts(self) -> tuple[str, ...]:
        """Names of the tensors of the state that gradients flow through, in their order, e.g. hidden and cell.

        Empty leaves the naming to the harness: ``part_0``, ``part_1`` and so on.
        """
        return ()

    @property
    def default_label(self) -> str:
        """Name in tables where an experiment gives the model no label: lower-case words joined by ``-``.

        Empty, as usual, for the name of the class. It is part of no key.
        """
        return ""

    def remarks(self, layer: nn.Module) -> Iterable[str]:
        """Return what is worth telling about a built layer, a sentence each; by default nothing.

        ``seqbench show``, ``check`` and ``run`` print it, and records keep it as the note ``layer``.
        """
        return ()

    def weight_groups(self, layer: nn.Module) -> Mapping[str, Iterable[str]]:
        """Return the weights whose gradients are reported together: name -> names of the layer's parameters.

        ``W`` is the harness's own head, and parameters named under ``W`` join it; ``other`` holds all parameters
        that are in no group. By default U are torch's weights from input to hidden (``weight_ih...``) and V those
        from hidden to hidden (``weight_hh...``), wherever in the layer they are.
        """
        return torch_weight_groups(name for name, _ in layer.named_parameters())

    def parameter_groups(self, layer: nn.Module) -> Iterable[ParameterGroup]:
        """Return the groups of parameters with learning rates of their own; by default none.

        A change of the groups needs a new ``version``.
        """
        return ()


def torch_weight_groups(names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return the groups U and V of parameters, by torch's names of recurrent weights.

    >>> torch_weight_groups(["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "cell.weight_hh"])
    {'U': ('weight_ih_l0',), 'V': ('weight_hh_l0', 'cell.weight_hh')}
    """
    known = list(names)
    marks = {"U": "weight_ih", "V": "weight_hh"}
    return {group: tuple(name for name in known if mark in name) for group, mark in marks.items()}

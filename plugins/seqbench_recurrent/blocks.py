"""Holds the buffers of a block of time steps, and keeps them from one call of a layer to the next.

A view of one step costs half as much as an operation on it, so the views of a block are made once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from itertools import pairwise
from typing import Any, ClassVar

from torch import Tensor

from seqbench_recurrent.slabs import Slabs

NUMBERS, MOST_STEPS = 65536, 64
"""Most numbers of h in a block, [steps, batch, hidden], and most steps: a block stays in the processor's cache.
Measured on gru, 64 and 128 units, batches of 16 and 32, beside other work: half as many cost up to 20% more,
because the code that runs once a block has left the cache; four times as many cost up to 15% more."""

MOST_SHAPES = 4
"""Shapes of which a layer keeps the buffers, 3 MB each in float32."""

State = tuple[Tensor, ...]
"""(h,) or (h, c), each [batch, hidden]."""


class Block(ABC):
    """Some steps of a cell; time is axis 0.

    A cell computes columns, [steps, batch, width * hidden], from U x, V h and biases. U acts on the first of them
    and V on the last, each on as many as it has rows. V's rows are in torch's order; U's are rolled by `shift`, so
    that the last come first.

    Attributes:
        inputs, outputs, d_outputs: x and h of each step, and the gradients of h: [batch, steps, ...].
        hs: h before the first step and after each, [steps + 1, batch, hidden].
        states: hs, and the same for c if the cell has one.
        dhs: gradients of hs.
        columns: see above.
        dcolumns: gradients of the columns.
        flat: the same as matrices.
    """

    width: ClassVar[int]
    """Width of the columns, in multiples of hidden."""
    shift: ClassVar[int] = 0
    """Width of the columns on which U acts and V does not; V acts on as many on which U does not."""
    kept_widths: ClassVar[tuple[int, ...]]
    """Width of each tensor in `kept`, in multiples of hidden."""

    def __init__(self, buffers: Buffers, steps: int) -> None:
        hidden = buffers.hidden
        xs = buffers.take("xs", steps, buffers.features)
        self.hs, self.dhs = (buffers.take(name, steps + 1, hidden) for name in ("hs", "dhs"))
        self.columns, self.dcolumns = (
            buffers.take(name, steps, self.width * hidden) for name in ("columns", "dcolumns")
        )
        self.inputs, self.outputs, self.d_outputs = (
            each.transpose(0, 1) for each in (xs, self.hs[1:], self.dhs[1:])
        )
        self.states: tuple[Tensor, ...] = (self.hs,)
        self.flat = Flat(xs, self.hs[:-1], self.columns, self.dcolumns, (self.width - self.shift) * hidden)

    @property
    @abstractmethod
    def kept(self) -> tuple[Tensor, ...]:
        """What `run_back` needs besides hs, each [steps, batch, a multiple of hidden]."""

    @abstractmethod
    def run(self, v_t: Tensor) -> None:
        """Run the steps, with V^T; the first state is set, and the columns hold U x and biases."""

    @abstractmethod
    def run_back(self, v: Tensor, kept: tuple[Tensor, ...]) -> None:
        """Find dcolumns and dhs; `kept` is as it was after the steps were run, and hs, too."""

    def begin(self, state: State) -> None:
        """Set the state before the first step."""
        for whole, part in zip(self.states, state, strict=True):
            whole[0] = part

    @property
    def end(self) -> State:
        """The state after the last step."""
        return tuple(whole[-1] for whole in self.states)

    def begin_back(self, d_outputs: Tensor, d_state: State) -> None:
        """Set the gradients of the outputs, [batch, steps, hidden], and of the state after the last step."""
        self.d_outputs.copy_(d_outputs)
        self.dhs[-1] += d_state[0]
        self.dhs[0] = 0

    @property
    def end_back(self) -> State:
        """The gradients of the state before the first step."""
        return (self.dhs[0].clone(),)


class Flat:
    """A block's tensors as matrices, [steps * batch, ...], as products for all steps at once take them.

    Attributes:
        xs: x of each step.
        before: h before each step.
        driven, d_driven: the columns on which U acts, and their gradients.
        fixed: the columns on which U does not act.
        d_recurrent: gradients of the columns on which V acts.
        dcolumns: gradients of all columns.
    """

    def __init__(self, xs: Tensor, before: Tensor, columns: Tensor, dcolumns: Tensor, rows: int) -> None:
        self.xs, self.before = xs.flatten(0, 1), before.flatten(0, 1)
        columns, self.dcolumns = columns.flatten(0, 1), dcolumns.flatten(0, 1)
        self.driven, self.fixed = columns[:, :rows], columns[:, rows:]
        self.d_driven, self.d_recurrent = self.dcolumns[:, :rows], self.dcolumns[:, -rows:]


class Buffers:
    """The memory of a layer's blocks for one shape, shared by blocks of all numbers of steps.

    Attributes:
        kind: the class of the blocks.
        steps: most steps of a block: a power of two, so that a chunk of the harness is a number of whole blocks.
        features: numbers in x of one row.
        hidden: numbers in h of one row.
    """

    def __init__(self, kind: type[Block], inputs: Tensor, hidden: int) -> None:
        batch, _, self.features = inputs.shape
        self.kind, self.hidden = kind, hidden
        most = max(1, min(MOST_STEPS, NUMBERS // (batch * hidden)))
        self.steps = 1 << (most.bit_length() - 1)
        self._like, self._batch = inputs.new_empty(0), batch
        self._tensors: dict[str, Tensor] = {}
        self._blocks: dict[int, Block] = {}

    def take(self, name: str, rows: int, width: int) -> Tensor:
        """Return the first rows of a buffer, [rows, batch, width]; rows are at most steps + 1."""
        if name not in self._tensors:
            self._tensors[name] = self._like.new_empty(self.steps + 1, self._batch, width)
        return self._tensors[name][:rows]

    def blocks(self, time: int) -> list[tuple[slice, Block]]:
        """Cut a sequence of `time` steps into blocks, each with the steps that it covers."""
        ends = [*range(0, time, self.steps), time]
        for steps in {end - start for start, end in pairwise(ends)} - self._blocks.keys():
            self._blocks[steps] = self.kind(self, steps)
        return [(slice(start, end), self._blocks[end - start]) for start, end in pairwise(ends)]


class Spares:
    """The buffers of a layer that no call is using; a copy of the layer begins with none.

    Attributes:
        kind: the class of the layer's blocks.
        slabs: memory for what calls keep.
    """

    def __init__(self, kind: type[Block]) -> None:
        self.kind = kind
        self.slabs = Slabs()
        self._buffers: dict[tuple[Any, ...], Buffers] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        return Spares, (self.kind,)

    def take(self, inputs: Tensor, hidden: int) -> Buffers:
        """Return buffers for inputs [batch, time, features]; no other call gets them before `give_back`."""
        found = self._buffers.pop(_shape(inputs, hidden), None)
        return found or Buffers(self.kind, inputs, hidden)

    def give_back(self, buffers: Buffers, inputs: Tensor) -> None:
        """Take back buffers whose content is no longer needed."""
        if len(self._buffers) >= MOST_SHAPES:
            self._buffers.clear()
        self._buffers[_shape(inputs, buffers.hidden)] = buffers


def _shape(inputs: Tensor, hidden: int) -> tuple[Any, ...]:
    return len(inputs), inputs.shape[2], hidden, inputs.dtype

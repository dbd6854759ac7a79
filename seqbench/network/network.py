"""Builds one network from an embedding, a sequence layer and a head.

The layer is the plugin's. The rest belongs to the harness and is the same for every model.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn

from seqbench.base.allocator import give_back_holes
from seqbench.contracts.examples import Batch
from seqbench.contracts.inputs import InputKind
from seqbench.contracts.model import Model
from seqbench.contracts.targets import TargetKind
from seqbench.errors import ContractError
from seqbench.network.chunks import CHUNK_STEPS, WHOLE, Chunking, feed
from seqbench.network.hidden_weights import check_all_registered

STEPS_BETWEEN_TRIMS = 64 * CHUNK_STEPS
"""Steps after which freed memory goes back to the system if chunks are recomputed; this takes 1 to 2 ms."""


class Network(nn.Module):
    """Embedding, sequence layer, head.

    Attributes:
        embedding: inputs -> [batch, time, features].
        layer: the model's own, called as ``torch.nn.LSTM(batch_first=True)`` is.
        head: the output matrix W and its bias: [..., output_size] -> [..., head_size].
        model: the model that built the layer; None if it came from elsewhere.
        features: number of features of an embedded step.
        state_size: numbers that the layer carries from the first step to the second, for one example; 0 for one
            that looks ahead, which carries nothing.
        state_growth: how many more it carries from the second step to the third; 0 for a state of a fixed size.
        chunking: the chunks in which sequences are fed; truncation and recomputation apply in training only. A
            layer that looks ahead is always fed whole.
    """

    def __init__(
        self,
        layer: nn.Module,
        inputs: InputKind,
        targets: TargetKind,
        embedding_size: int,
        model: Model | None = None,
    ) -> None:
        """Put embedding and head around a layer.

        Args:
            layer: the model's own.
            inputs, targets: their kinds.
            embedding_size: features of an embedded token.
            model: builds such layers anew for copies, and states their properties; None for a causal layer that
                can be deep-copied.

        Raises:
            ContractError: the layer does not keep its calling convention.
        """
        super().__init__()
        self.features = inputs.features(embedding_size)
        self.model = model
        if not self.is_causal:
            check_takes_lengths(layer)
        output_size, state_size = layer_sizes(layer, self.features)
        self.state_size = state_size if self.is_causal else 0
        self.state_growth = state_growth(layer, self.features) if self.state_size else 0
        self.embedding = inputs.embedding(embedding_size)
        if model is not None and not model.trains_embedding:
            self.embedding.requires_grad_(False)
        self.layer = layer
        self.head = nn.Linear(output_size, targets.head_size)
        targets.begin(self.head)
        self.targets = targets
        self.chunking = WHOLE

    @property
    def is_causal(self) -> bool:
        """Whether the layer looks back only."""
        return self.model is None or self.model.is_causal

    @property
    def is_trained_through(self) -> bool:
        """Whether a training's gradients flow through the layer: to weights of its own, or to the embedding's."""
        return any(each.requires_grad for part in (self.embedding, self.layer) for each in part.parameters())

    @property
    def build(self) -> Callable[[], nn.Module] | None:
        """The function that returns a new layer; None if the network was not made from a model."""
        return partial(self.model.build, self.features) if self.model else None

    def hidden(self, inputs: Tensor, state: Any = None, lengths: Tensor | None = None) -> tuple[Tensor, Any]:
        """Return the layer's outputs after a state, [batch, time, output_size], and its new state.

        Args:
            inputs: [batch, time] or [batch, time, channels].
            state: as the layer returned it; None for a sequence's start.
            lengths: real steps of each row, [batch]; passed only to a layer that looks ahead.
        """
        hidden, state = self.run_layer(self.embedding(inputs).contiguous(), state, lengths)
        if hidden.shape[:2] != inputs.shape[:2]:
            raise ContractError(
                f"the layer is to return one output for each of the {inputs.shape[1]} steps of {inputs.shape[0]}"
                f" sequences, and returned {list(hidden.shape)}"
            )
        return hidden, state

    def run_layer(self, embedded: Tensor, state: Any = None, lengths: Tensor | None = None) -> tuple[Tensor, Any]:
        """Run the layer itself on embedded steps, [batch, time, features]; see `hidden`."""
        if self.is_causal:
            outputs, state = self.layer(embedded, state)
        else:
            outputs, state = self.layer(embedded, state, lengths=None if lengths is None else lengths.cpu())
        return outputs, state

    def forward(self, batch: Batch) -> Tensor:
        """Return the outputs that metrics take; their shape is the target kind's."""
        hidden = self._whole(batch, Chunking(self._allowed_chunking.chunk))
        return self.targets.outputs(hidden, batch.lengths, self.head)

    def _whole(self, batch: Batch, chunking: Chunking) -> Tensor:
        """Return the layer's outputs at all steps, [batch, time, output_size], computed in chunks."""

        def run(chunk: Tensor, start: int, state: Any) -> tuple[Tensor, Any]:
            return self.hidden(chunk, state, batch.lengths)

        chunks = list(feed(run, batch.inputs, chunking))
        return torch.cat(chunks, dim=1) if len(chunks) > 1 else chunks[0]

    def loss(self, batch: Batch) -> Tensor:
        """Return the mean training loss of a batch: a scalar."""
        chunking, steps = self._allowed_chunking, batch.inputs.shape[1]
        if self.targets.needs_whole_sequence:
            return self.targets.loss(self._whole(batch, chunking), batch, self.head)
        if chunking.is_whole(steps):
            hidden, _ = self.hidden(batch.inputs, None, batch.lengths)
            return self.targets.loss(hidden, batch, self.head)
        return self._loss_in_chunks(batch, chunking)

    def _loss_in_chunks(self, batch: Batch, chunking: Chunking) -> Tensor:
        is_run_again = chunking.is_run_again(batch.inputs.shape[1])

        def run(chunk: Tensor, start: int, state: Any) -> tuple[tuple[Tensor, int], Any]:
            if is_run_again and start and start % STEPS_BETWEEN_TRIMS == 0:
                give_back_holes()
            hidden, state = self.hidden(chunk, state, batch.lengths)
            losses, _ = self.targets.losses(hidden, batch, self.head, start)
            return (losses.sum(), len(losses)), state

        sums, items = zip(*feed(run, batch.inputs, chunking), strict=True)
        mean: Tensor = sum(sums[1:], start=sums[0]) / sum(items)
        return mean

    @property
    def _allowed_chunking(self) -> Chunking:
        return self.chunking if self.is_causal else WHOLE


def build_network(model: Model, inputs: InputKind, targets: TargetKind, embedding_size: int) -> Network:
    """Build a network around a model's layer; weights come from torch's global generator.

    Raises:
        ContractError: the layer does not keep its calling convention.
    """
    features = inputs.features(embedding_size)
    try:
        layer = model.build(features)
    except ValueError as error:
        raise ContractError(f"model {model.name} cannot be built: {error}") from error
    if not isinstance(layer, nn.Module):
        raise ContractError(f"model {model.name}: build is to return a torch.nn.Module, and returned {layer!r}")
    try:
        check_all_registered(layer)
        return Network(layer, inputs, targets, embedding_size, model)
    except ContractError as error:
        raise ContractError(f"model {model.name}: {error}") from error


def check_takes_lengths(layer: nn.Module) -> None:
    """Refuse a layer that looks ahead and does not take the lengths of rows.

    Raises:
        ContractError: its forward has no parameter ``lengths``.
    """
    known = inspect.signature(layer.forward).parameters
    if "lengths" not in known and not any(each.kind is each.VAR_KEYWORD for each in known.values()):
        raise ContractError(
            "is_causal is False, so the layer is called layer(inputs, state, lengths=lengths), and its forward"
            " takes no lengths; let it be forward(self, inputs, state=None, lengths=None)"
        )


def layer_sizes(layer: nn.Module, input_size: int) -> tuple[int, int]:
    """Return output_size and state_size of a layer, from one step of zeros.

    Raises:
        ContractError: it does not return (outputs [batch, time, output_size], state).
    """
    was_training = layer.training
    layer.eval()
    with torch.no_grad():
        returned = layer(torch.zeros(1, 1, input_size))
    layer.train(was_training)
    if not (isinstance(returned, tuple) and len(returned) == 2 and isinstance(returned[0], Tensor)):
        raise ContractError(f"the layer is to return (outputs, state), and returned {type(returned).__name__}")
    outputs, state = returned
    if outputs.is_complex():
        raise ContractError(
            "outputs are complex, and the head reads real numbers; give their real parts, or"
            " torch.view_as_real(outputs).flatten(2)"
        )
    if outputs.ndim != 3 or outputs.shape[:2] != (1, 1):
        raise ContractError(
            "outputs are to be [batch, time, output_size], and for an input of [1, 1, input_size] they are"
            f" {list(outputs.shape)}; is it batch_first?"
        )
    return outputs.shape[2], sum(_numbers(part) for part in tensors(state))


def state_growth(layer: nn.Module, input_size: int) -> int:
    """Return how many more numbers the state of one example holds after two steps than after one.

    A cache of keys and values grows so with every step.
    """
    was_training = layer.training
    layer.eval()
    with torch.no_grad():
        one, two = (layer(torch.zeros(1, steps, input_size))[1] for steps in (1, 2))
    layer.train(was_training)
    return sum(map(_numbers, tensors(two))) - sum(map(_numbers, tensors(one)))


def tensors(state: Any) -> Iterator[Tensor]:
    """Yield the tensors of a state: None, a tensor, or tuples, lists and dicts of such.

    Raises:
        ContractError: something else is in it.
    """
    if isinstance(state, Tensor):
        yield state
    elif isinstance(state, Mapping):
        for part in state.values():
            yield from tensors(part)
    elif isinstance(state, (tuple, list)):
        for part in state:
            yield from tensors(part)
    elif state is not None:
        raise ContractError(
            f"a state is None or tensors in tuples, lists or dicts; {type(state).__name__} was found"
        )


def number_of(module: nn.Module) -> Tensor:
    """Return a tensor of numbers that a module holds, for its device and type; an empty one if it holds none.

    It is a parameter, or a buffer of a module without parameters.
    """
    held = chain(module.parameters(), module.buffers())
    return next((each for each in held if each.is_floating_point() or each.is_complex()), torch.zeros(0))


def count_parameters(module: nn.Module) -> int:
    """Return how many trainable numbers a module has."""
    return sum(_numbers(weights) for weights in module.parameters() if weights.requires_grad)


def _numbers(tensor: Tensor) -> int:
    """Return how many real numbers a tensor holds: two for each complex one."""
    return 2 * tensor.numel() if tensor.is_complex() else tensor.numel()

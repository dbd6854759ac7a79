"""Takes training steps on a GPU: captured as CUDA graphs where that is the same to the bit, one by one elsewhere.

A capture is trusted only after it has taken two steps with the bits of the step it stands for.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Protocol

import torch
from torch import Tensor

from seqbench.base.printable import one_line
from seqbench.contracts.examples import Batch
from seqbench.errors import told
from seqbench.experiment.schema import Training
from seqbench.network.network import Network
from seqbench.training.capture_policy import MOST_SHAPES, STEPS_BEFORE, why_not_captured
from seqbench.training.clipping import Readings
from seqbench.training.cuda_graphs import Capture, Replay, Result
from seqbench.training.looked_up import ItemPlaces, Shape, look_up, looked_up, shape_of
from seqbench.training.step_state import StepState, has_same_bits

log = logging.getLogger(__name__)

NOTE = "training.capture"
"""The note of a record that says why steps were not captured."""

Looked = tuple[Batch, ItemPlaces]


class PlainStep(Protocol):
    """A training step in three parts, of which only the second one computes."""

    def begin(self) -> None:
        """Set the learning rates of the next step."""

    def compute(self, batch: Batch) -> Result:
        """Change the weights; return the loss, and the gradient norms where they are needed."""

    def keep(self, norms: Readings | None) -> None:
        """Keep the norms of a step."""


class CapturedStep:
    """Takes the steps of one training, a call for each, with the bits of the plain step.

    Args:
        step: the plain step, which is captured.
        network: what it trains.
        optimizer: of all its parameters.
        settings: of the training.
        capture: captures steps on the network's device.
        notes: gets the reason if steps are not captured, or no longer.
    """

    def __init__(
        self,
        step: PlainStep,
        network: Network,
        optimizer: torch.optim.Optimizer,
        *,
        settings: Training,
        capture: Capture,
        notes: MutableMapping[str, str],
    ) -> None:
        self._step = step
        self._network = network
        self._optimizer = optimizer
        self._capture = capture
        self._notes = notes
        self._rates = _device_rates(optimizer, settings)
        self._graphs: dict[Shape, Replay] = {}
        self._seen: Counter[Shape] = Counter()
        self._last: dict[Shape, Looked] = {}
        self._is_capturing = settings.capture == "auto"
        if self._is_capturing and (why := why_not_captured(network, optimizer, settings)):
            self._give_up(why)

    def __call__(self, batch: Batch) -> Tensor:
        """Take a step and return the mean loss of the batch before it, of shape [], without its graph."""
        self._step.begin()
        with self._rates_on_device():
            loss, norms = self._compute(batch)
        self._step.keep(norms)
        return loss

    def _compute(self, batch: Batch) -> Result:
        places = look_up(self._network, batch) if self._network.is_causal else None
        if places is None:
            if self._is_capturing:
                self._give_up("its kind of target looks up scored items while it computes the loss")
            return self._step.compute(batch)
        shape = shape_of(batch, places)
        if self._is_capturing and shape not in self._graphs and self._is_due(shape, (batch, places)):
            self._try(shape, (batch, places))
        return self._graphs.get(shape, self._plain)(batch, places)

    def _plain(self, batch: Batch, places: ItemPlaces) -> Result:
        """Take a step as it is, on the items that a captured one takes."""
        device = batch.inputs.device
        moved = {
            start: each.mapped(lambda part: part.to(device, non_blocking=True)) for start, each in places.items()
        }
        with looked_up(self._network, moved):
            return self._step.compute(batch)

    def _is_due(self, shape: Shape, now: Looked) -> bool:
        """Count a batch, and say whether its shape is to be captured now."""
        self._seen[shape] += 1
        if self._seen[shape] < STEPS_BEFORE:
            return False
        if len(self._graphs) == MOST_SHAPES:
            self._notes[NOTE] = f"steps were captured for {MOST_SHAPES} shapes of a batch, and there are more"
            return False
        if self._seen[shape] == STEPS_BEFORE:
            self._last[shape] = now
            return False
        return True

    def _try(self, shape: Shape, now: Looked) -> None:
        """Capture a shape and check it on the last two batches that had it; leave everything as it was."""
        before, batches = StepState.of(self._network, self._optimizer), (self._last.pop(shape), now)
        graph, why = None, None
        try:
            graph, why = self._checked(before, batches)
        except Exception as error:
            # Whatever a layer does that cannot be captured, or a lack of memory: the plain step does not need it.
            why = one_line(told(error))
        finally:
            before.put_back(self._network)
        if graph is None or why is not None:
            self._give_up(why or "it could not be captured")
        else:
            self._graphs[shape] = graph

    def _checked(self, before: StepState, batches: tuple[Looked, Looked]) -> tuple[Replay | None, str | None]:
        """Return a captured step, and why it is not to be trusted; None if it is."""
        network = self._network
        plain = self._capture.beside(lambda: self._two_steps(self._plain, batches))
        if why := before.change_in_python(network):
            return None, why
        before.put_back(network)
        graph = self._capture.captured(self._step.compute, *batches[1])
        before.put_back(network)
        captured = self._two_steps(graph, batches)
        return graph, _difference(plain, captured)

    def _two_steps(
        self, take: Callable[[Batch, ItemPlaces], Result], batches: tuple[Looked, Looked]
    ) -> tuple[list[Tensor], StepState]:
        """Take two steps, the second at half the learning rate; return losses, norms and the state after them."""
        results: list[Tensor] = []
        rates = [rate.clone() for rate in self._rates]
        try:
            for number, (batch, places) in enumerate(batches):
                for rate in self._rates:
                    rate.mul_(1.0 - number / 2)
                results += [each.clone() for each in take(batch, places) if isinstance(each, Tensor)]
        finally:
            for rate, was in zip(self._rates, rates, strict=True):
                rate.copy_(was)
        return results, StepState.of(self._network, self._optimizer)

    @contextmanager
    def _rates_on_device(self) -> Iterator[None]:
        """Give the optimiser its rates as tensors during the block, captured or not, since float32 rounds them."""
        if not self._rates:
            yield
            return
        values = [group["lr"] for group in self._optimizer.param_groups]
        for group, rate, value in zip(self._optimizer.param_groups, self._rates, values, strict=True):
            group["lr"] = rate.fill_(value)
        try:
            yield
        finally:
            for group, value in zip(self._optimizer.param_groups, values, strict=True):
                group["lr"] = value

    def _give_up(self, why: str) -> None:
        """Take all further steps one by one."""
        self._is_capturing = False
        self._graphs.clear()
        self._last.clear()
        self._notes[NOTE] = f"steps were not captured as a CUDA graph: {why}"
        log.info("steps are not captured as a CUDA graph: %s", why)


def _device_rates(optimizer: torch.optim.Optimizer, settings: Training) -> list[Tensor]:
    """Return a tensor for the learning rate of each group, if they move and the optimiser takes tensors."""
    groups = optimizer.param_groups
    if settings.schedule == "constant" or not all(group.get("fused") for group in groups):
        return []
    # A group of a model may be empty.
    device = next(parameter.device for group in groups for parameter in group["params"])
    return [torch.zeros((), device=device) for _ in groups]


def _difference(plain: tuple[list[Tensor], StepState], captured: tuple[list[Tensor], StepState]) -> str | None:
    """Say where two steps differ; None if they agree to the bit."""
    alike = len(plain[0]) == len(captured[0]) and all(map(has_same_bits, plain[0], captured[0]))
    where = plain[1].difference(captured[1]) if alike else "the loss or a gradient norm"
    return None if where is None else f"two captured steps differ from two plain ones in {where}"

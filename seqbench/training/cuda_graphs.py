"""Captures a training step as a CUDA graph: all its kernels, started by one call.

torch's rules for capture (docs.pytorch.org, CUDA semantics, "CUDA Graphs"): a side stream, which has run the work
before; inputs, weights and optimiser state at fixed addresses; nothing that waits for the device.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Protocol, TypeAlias, TypeVar

import torch
from torch import Tensor

from seqbench.contracts.examples import Batch
from seqbench.network.network import Network
from seqbench.training.clipping import Readings
from seqbench.training.looked_up import ItemPlaces, looked_up

Result: TypeAlias = "tuple[Tensor, Readings | None]"
"""The loss of a step, and its gradient norms where they are needed."""

Compute = Callable[[Batch], Result]
"""Takes a step without a word about it: changes weights and optimiser state, and returns its result."""

Replay = Callable[[Batch, ItemPlaces], Result]
"""Takes a captured step on another batch of the same shape."""

T = TypeVar("T")


class Capture(Protocol):
    """Captures steps, and runs others where captures run."""

    def beside(self, work: Callable[[], T]) -> T:
        """Run work on the stream on which steps are captured, and wait for it."""

    def captured(self, compute: Compute, batch: Batch, places: ItemPlaces) -> Replay:
        """Capture a step for batches with the shape of this one; no weight changes."""


class CudaCapture:
    """Captures the steps of one network on the current GPU; all its graphs share their memory.

    They may, because they run one after the other and each reads only what it has written, its inputs, and weights
    and optimiser state, which are older than all graphs.
    """

    def __init__(self, network: Network, optimizer: torch.optim.Optimizer) -> None:
        self._network = network
        self._optimizer = optimizer
        self._stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        self._pool = torch.cuda.graph_pool_handle()
        self._failed: list[torch.cuda.CUDAGraph] = []

    def beside(self, work: Callable[[], T]) -> T:
        """Run work on the stream on which steps are captured, and wait for it."""
        self._stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self._stream):
            found = work()
        torch.cuda.current_stream().wait_stream(self._stream)
        return found

    def captured(self, compute: Compute, batch: Batch, places: ItemPlaces) -> Replay:
        """Capture a step for batches with the shape of this one; no weight changes.

        Raises:
            RuntimeError: an operation of the step cannot be captured.
        """
        inputs = _static(batch.inputs)
        kept = {start: each.mapped(_static) for start, each in places.items()}
        _fill(inputs, batch.inputs)
        _fill_all(kept, places)
        # Gradients that torch would add to belong to no graph.
        for parameter in self._network.parameters():
            parameter.grad = None
        torch.clear_autocast_cache()
        graph = torch.cuda.CUDAGraph()
        with (
            self._cleared_up(graph),
            looked_up(self._network, kept),
            _capturable(self._optimizer),
            torch.cuda.graph(graph, pool=self._pool, stream=self._stream),
        ):
            loss, norms = compute(batch._replace(inputs=inputs))

        def replay(batch: Batch, places: ItemPlaces) -> Result:
            _fill(inputs, batch.inputs)
            _fill_all(kept, places)
            graph.replay()
            # The next replay writes to the same addresses.
            return loss.clone(), norms.clone() if isinstance(norms, Tensor) else norms

        return replay

    @contextmanager
    def _cleared_up(self, graph: torch.cuda.CUDAGraph) -> Iterator[None]:
        """Undo what torch leaves behind when a capture fails: stream, allocator and generator think it goes on."""
        before, device = torch.cuda.current_stream(), torch.cuda.current_device()
        random = torch.cuda.get_rng_state(device)
        try:
            yield
        except BaseException:
            torch.cuda.set_stream(before)
            # The allocator may ask the graph whether a stream belongs to it.
            self._failed.append(graph)
            with suppress(Exception):
                # Refused where the end of the capture has done it, and then the pool is released too.
                torch._C._cuda_endAllocateToPool(device, self._pool)
                torch._C._cuda_releasePool(device, self._pool)
            with suppress(Exception):
                fresh = torch.Generator(device=f"cuda:{device}")
                fresh.set_state(random)
                torch.cuda.default_generators[device].graphsafe_set_state(fresh.graphsafe_get_state())
            raise


@contextmanager
def _capturable(optimizer: torch.optim.Optimizer) -> Iterator[None]:
    """Let torch capture an optimiser in its fused form, whose arithmetic is the same without this mark."""
    marked: list[dict[str, Any]] = [group for group in optimizer.param_groups if "capturable" in group]
    before = [group["capturable"] for group in marked]
    for group in marked:
        group["capturable"] = True
    try:
        yield
    finally:
        for group, was in zip(marked, before, strict=True):
            group["capturable"] = was


def _static(part: Tensor) -> Tensor:
    return torch.empty(part.shape, dtype=part.dtype, device="cuda")


def _fill_all(kept: ItemPlaces, places: ItemPlaces) -> None:
    for start, each in kept.items():
        for static, part in zip(each.tensors, places[start].tensors, strict=True):
            _fill(static, part)


def _fill(static: Tensor, part: Tensor) -> None:
    """Copy a tensor to a fixed address without waiting; torch reuses pinned memory only after it was copied."""
    if static.numel():
        static.copy_(part.pin_memory() if part.device.type == "cpu" else part, non_blocking=True)

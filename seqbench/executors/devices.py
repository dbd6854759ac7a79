"""Chooses the GPU on which a cell starts, beside the cells that already run. Numbers in, names of devices out.

One cell of a small model leaves a GPU idle most of the time, so several share one. ``executor.gpus`` says how
many, as a share of a GPU; otherwise the GPU's memory decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

USABLE = 0.9
"""Share of a GPU's memory that cells may be expected to take; allocators leave holes, and forecasts err."""


@dataclass(frozen=True)
class Gpu:
    """One GPU.

    Attributes:
        name: its name in CUDA_VISIBLE_DEVICES.
        memory: free bytes at the start of the sweep.
    """

    name: str
    memory: int


@dataclass(frozen=True)
class GpuPlace:
    """The GPUs for a cell.

    Attributes:
        devices: CUDA_VISIBLE_DEVICES of its process; None keeps that of this process.
    """

    devices: str | None


EVERYTHING, NO_GPU = GpuPlace(None), GpuPlace("")


@dataclass(frozen=True)
class Devices:
    """The devices on which cells compute.

    Attributes:
        gpus: the GPUs of the machine; may be empty.
        share: share of a GPU for each cell; 0 hides all GPUs, None lets memory decide. A cell computes on one GPU,
            so more than 1 counts as 1.
    """

    gpus: Sequence[Gpu]
    share: float | None = None

    def cells(self, workers: int, *, is_limited: bool) -> int:
        """Return how many cells may run at a time.

        Args:
            workers: the requested number, or one for each core.
            is_limited: whether it was requested.

        >>> two = [Gpu("0", 2**30), Gpu("1", 2**30)]
        >>> Devices(two, 0.5).cells(8, is_limited=False), Devices(two, 0.5).cells(3, is_limited=True)
        (4, 3)
        >>> Devices(two).cells(8, is_limited=False), Devices(two).cells(1, is_limited=False)
        (8, 2)
        >>> Devices(two, 1).cells(8, is_limited=True), Devices(two).cells(1, is_limited=True)
        (2, 1)
        """
        if not self.gpus or self.share == 0:
            return workers
        if self.share is None:
            return workers if is_limited else max(workers, len(self.gpus))
        room = len(self.gpus) * self._most(self.share)
        return min(workers, room) if is_limited else room

    def place(self, needed: int, beside: Sequence[tuple[GpuPlace, int]]) -> GpuPlace | None:
        """Return the place where a cell can begin now; None if it must wait.

        The GPU with the fewest cells comes first; a GPU without any takes every cell.

        Args:
            needed: expected GPU memory of the cell, in bytes.
            beside: place and expected bytes of each running cell.

        >>> two, (a, b) = Devices([Gpu("2", 1000), Gpu("3", 1000)]), (GpuPlace("2"), GpuPlace("3"))
        >>> two.place(600, []), two.place(600, [(a, 300)])
        (GpuPlace(devices='2'), GpuPlace(devices='3'))
        >>> two.place(600, [(a, 300), (b, 400)]), two.place(600, [(a, 400), (b, 400)])
        (GpuPlace(devices='2'), None)
        >>> half = Devices(two.gpus, 0.5)
        >>> half.place(9999, [(a, 9999), (b, 9999)]), half.place(1, [(a, 1), (b, 1), (a, 1), (b, 1)])
        (GpuPlace(devices='2'), None)
        >>> Devices([]).place(0, []), Devices(two.gpus, 0).place(0, [])
        (GpuPlace(devices=None), GpuPlace(devices=''))
        """
        if self.share == 0:
            return NO_GPU
        if not self.gpus:
            return EVERYTHING
        taken = {gpu: [size for place, size in beside if place.devices == gpu.name] for gpu in self.gpus}
        fitting = [gpu for gpu in self.gpus if self._has_room(gpu, needed, taken[gpu])]
        return GpuPlace(min(fitting, key=lambda gpu: len(taken[gpu])).name) if fitting else None

    def _has_room(self, gpu: Gpu, needed: int, taken: Sequence[int]) -> bool:
        if self.share is not None:
            return len(taken) < self._most(self.share)
        return not taken or sum(taken) + needed <= USABLE * gpu.memory

    def _most(self, share: float) -> int:
        return max(1, int(1 / share))


def named(memories: Sequence[int], visible: str | None) -> list[Gpu]:
    """Return GPUs with these memories; ``visible`` is CUDA_VISIBLE_DEVICES (None if it is not set).

    >>> [gpu.name for gpu in named([1, 1], None)], [gpu.name for gpu in named([1, 1], "3,5")], named([], "")
    (['0', '1'], ['3', '5'], [])
    """
    names = [str(i) for i in range(len(memories))] if visible is None else visible.split(",")
    return [Gpu(name, memory) for name, memory in zip(names, memories, strict=False)]

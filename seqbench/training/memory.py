"""Forecasts the memory that a cell needs, and reads how much the machine has.

The best forecast comes from similar cells at other lengths; time and memory of a recurrent layer grow with the
number of steps. Imports no torch.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil

from seqbench.base.environment import available_cores
from seqbench.errors import SeqbenchError
from seqbench.experiment.cells import Cell
from seqbench.experiment.schema import Execution
from seqbench.records.schema import CellData, Costs, Record

log = logging.getLogger(__name__)

SHARED_BYTES = 300 * 2**20
"""Memory of a cell's process for torch and Lightning, which all processes share; on a GPU, that of CUDA."""
GUESS_BYTES, GUESS_BYTES_PER_STEP = 512 * 2**20, 4 * 2**20
"""Assumed need of an unknown cell: more than any bundled model took at its defaults."""
_GPU_IS_FULL = ("OutOfMemoryError", "CUDA out of memory", "CUDA error: out of memory", "_STATUS_ALLOC_FAILED")
"""Parts of the messages by which torch, CUDA and its libraries report a full GPU."""


@dataclass(frozen=True)
class MemoryKind:
    """A kind of memory.

    Attributes:
        peak: returns the most that a cell held.
        fixed: returns the need of a cell as set by the user, in GiB.
        most: returns the most that a cell takes before its chunks are recomputed instead; None if unknown.
    """

    peak: Callable[[Costs], int | None]
    fixed: Callable[[Execution], float | None]
    most: Callable[[], int | None]


RESIDENT = MemoryKind(
    lambda costs: costs.peak_memory_bytes, lambda settings: settings.memory, lambda: fair_share()
)
"""The memory of the machine that a process holds."""
ON_GPU = MemoryKind(lambda costs: _with_cuda(costs.peak_gpu_memory_bytes), lambda settings: None, lambda: None)
"""The memory of a GPU: tensors, and CUDA itself."""


def _with_cuda(peak: int | None) -> int | None:
    return None if peak is None else peak + SHARED_BYTES


class Memory:
    """Forecasts the memory of cells from similar cells: the same task, model and batch size.

    Args:
        settings: ``memory``, in GiB, overrides the forecast.
        records: gives the records of cells that have run; read when the first cell is asked for, since a
            sweep of one cell at a time never asks.
        kind: the kind of memory.
    """

    def __init__(
        self,
        settings: Execution,
        records: Callable[[], Iterable[Record]] = tuple,
        kind: MemoryKind = RESIDENT,
    ) -> None:
        self._fixed = kind.fixed(settings)
        self._of = kind
        self._peaks: dict[str, dict[int, int]] = {}
        self._in_pieces: set[str] = set()
        self._growing: set[str] = set()
        self._records: Callable[[], Iterable[Record]] | None = records

    def learn(self, record: Record) -> None:
        """Note the memory that a cell took."""
        peak = self._of.peak(record.costs)
        if peak is not None:
            kind = _kind(record.cell, record.cell.training)
            peaks = self._peaks.setdefault(kind, {})
            peaks[record.cell.length] = max(peak, peaks.get(record.cell.length, 0))
            if record.costs.state_growth:
                self._growing.add(kind)
            elif record.costs.state_size and record.cell.training.get("recompute", "auto") == "auto":
                self._in_pieces.add(kind)

    def __call__(self, cell: Cell) -> int:
        """Return the expected peak of a cell's process, in bytes; 0 if unknown."""
        if self._fixed is not None:
            return int(self._fixed * 2**30)
        self._read()
        kind = _kind(cell, cell.training.model_dump())
        # A layer with a state of a fixed size never takes more: its chunks are recomputed instead.
        most = self._of.most() if kind in self._in_pieces else None
        return predict(self._peaks.get(kind, {}), cell.length, most, is_growing=kind in self._growing)

    def _read(self) -> None:
        records, self._records = self._records, None
        try:
            for record in records() if records else ():
                self.learn(record)
        except SeqbenchError as error:
            # An unreadable record is reported elsewhere; here its memory is only unknown.
            log.info("no memory is known of earlier cells: %s", error)


def predict(peaks: Mapping[int, int], length: int, most: int | None = None, *, is_growing: bool = False) -> int:
    """Return the memory expected at a length, from what was taken at others: length -> bytes.

    Beyond the known lengths it grows as steeply as between any two of them, which overestimates, but not beyond
    ``most`` or what was taken already. With a state that grows, of which each chunk keeps a copy, it grows as much
    more steeply as the sequence is longer.

    >>> predict({16: 400, 64: 880}, 128), predict({16: 400, 64: 880}, 20), predict({}, 16)
    (1520, 880, 0)
    >>> predict({16: 400, 64: 880}, 128, most=1000), predict({16: 400, 64: 880}, 128, is_growing=True)
    (1000, 2160)
    """
    if not peaks:
        return 0
    longer = [peak for known, peak in peaks.items() if known >= length]
    if longer:
        return min(longer)
    known = sorted(peaks.items())
    longest, peak = known[-1]
    rises = [(b - a) / (longer - shorter) for (shorter, a), (longer, b) in pairwise(known)]
    slope = max(rises, default=(peak - SHARED_BYTES) / longest)
    steeper = length / longest if is_growing else 1.0
    expected = round(peak + max(0.0, slope) * steeper * (length - longest))
    return expected if most is None else max(peak, min(expected, most))


def guess(cell: Cell) -> int:
    """Return the assumed need of a cell, in bytes, if no similar cell is known."""
    return GUESS_BYTES + GUESS_BYTES_PER_STEP * cell.length


def available_bytes() -> int:
    """Return the memory that is still available on the machine and within this process's limits."""
    return min([psutil.virtual_memory().available, *_left_in_groups()])


def fair_share() -> int:
    """Return the memory of the machine, or what this process is limited to, for each core that it may use."""
    return min([psutil.virtual_memory().total, *_limits()]) // available_cores()


def resident_bytes(pid: int) -> int:
    """Return the bytes that a process holds; 0 if it has ended."""
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0


def is_out_of_gpu_memory(record: Record) -> bool:
    """Say whether a cell, or a measurement of its gradients, failed because its GPU was full."""
    problems = record.gradients.problems if record.gradients else ()
    said = [record.reason or "", *problems] if record.status == "failed" else problems
    return any(words in text for text in said for words in _GPU_IS_FULL)


def out_of_memory_kills() -> int | None:
    """Return how many processes the system has killed for lack of memory; None if it does not count them."""
    return _field(Path("/proc/vmstat"), "oom_kill")


def _left_in_groups() -> Iterator[int]:
    for folder, limit in _limited_groups():
        used = _lines(folder / "memory.current")
        if used:
            # The system reclaims the pages of read files on demand.
            yield limit - int(used[0]) + (_field(folder / "memory.stat", "inactive_file") or 0)


def _limits() -> Iterator[int]:
    return (limit for _, limit in _limited_groups())


def _limited_groups() -> Iterator[tuple[Path, int]]:
    """Yield each control group (container, Slurm job) above this process that has a limit, and the limit."""
    lines = _lines(Path("/proc/self/cgroup"))
    name = next((line.removeprefix("0::/") for line in lines if line.startswith("0::/")), None)
    if name is None:
        return
    root = Path("/sys/fs/cgroup")
    for folder in (root / name, *(folder for folder in (root / name).parents if folder.is_relative_to(root))):
        limit = _lines(folder / "memory.max")
        if limit and limit[0] != "max":
            yield folder, int(limit[0])


def _field(path: Path, name: str) -> int | None:
    found = (line.split() for line in _lines(path))
    return next((int(words[1]) for words in found if words[0] == name), None)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []


def _kind(cell: Cell | CellData, training: Mapping[str, Any]) -> str:
    plugins = [[plugin.name, dict(plugin.parameters)] for plugin in (cell.task, cell.model)]
    # A record from before recomputation existed took as much as one with ``auto`` takes.
    settings = [training.get("batch_size"), training.get("embedding_size"), training.get("recompute", "auto")]
    return json.dumps([plugins, settings], sort_keys=True)

"""What does a person, a log or a program see while a sweep runs?

Live lines on a terminal, plain lines elsewhere, JSON lines on request; all but the last on stderr.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeRemainingColumn

from seqbench.cells import Cell, work
from seqbench.execution import Event, Finished, Progressed, Retried, Started
from seqbench.plugins import Catalog
from seqbench.records import Record

Watch = Callable[[Event], None]


@contextmanager
def watch(cells: Sequence[Cell], catalog: Catalog, *, as_json: bool, quiet: bool, live: bool) -> Iterator[Watch]:
    """Give a function to call with every event.

    Args:
        cells: what is to be run.
        catalog: tells how many time steps a cell's sequences have.
        as_json: a JSON line on stdout for each event.
        quiet: nothing at all, but for JSON lines.
        live: allow bars; they are shown on a terminal only.
    """
    console = Console(stderr=True)
    if as_json:
        yield _print_json
    elif quiet:
        yield lambda event: None
    elif live and console.is_terminal:
        with _Live({cell.key: work(cell, catalog) for cell in cells}, console) as shown:
            yield shown
    else:
        yield _Plain(len(cells))


def outcome(record: Record) -> str:
    """Return what came of a cell in one line.

    >>> from seqbench.records import CellData, PluginUsed
    >>> used = PluginUsed(name="x", version=1, parameters={})
    >>> cell = CellData(task=used, model=used, length=8, seed=0, training={}, evaluate_lengths=(), data={})
    >>> outcome(Record(key="k", status="failed", reason="no memory", cell=cell))
    'failed: no memory'
    """
    metric, test = record.metric, record.test
    if record.status != "ok" or metric is None or test is None:
        return f"{record.status}: {record.reason}"
    score = test.scores[metric.name]
    baseline = next(b.scores[metric.name] for b in test.baselines if b.name == test.baseline_name)
    seconds = record.costs.train_seconds or 0.0
    ended = "" if record.stopped == "steps" else f", {record.stopped} after {record.costs.steps} steps"
    return f"{metric.name} {_number(score)} (baseline {_number(baseline)}), {seconds:.1f} s{ended}"


class _Warnings:
    """Tells each warning once, however many cells give it."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def new(self, event: Finished) -> list[str]:
        """Return the warnings of a cell that were not told yet, as lines."""
        fresh = [text for text in event.record.warnings if text not in self._told]
        self._told.update(fresh)
        return [f"warning: {event.cell.task.name}: {text}" for text in fresh]


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.3f}"


def _print_json(event: Event) -> None:
    sys.stdout.write(json.dumps(_as_json(event), allow_nan=False) + "\n")
    sys.stdout.flush()


def _as_json(event: Event) -> dict[str, Any]:
    cell = event.cell
    told: dict[str, Any] = {
        "event": type(event).__name__.lower(),
        "key": cell.key,
        "task": cell.task.name,
        "model": cell.model.name,
        "length": cell.length,
        "seed": cell.seed,
    }
    match event:
        case Progressed(step=step, loss=loss, steps_per_second=speed):
            # A loss that is not finite ends the cell before it is told here.
            told |= {"step": step, "loss": loss, "steps_per_second": speed}
        case Retried(reason=reason):
            told |= {"reason": reason}
        case Finished(record=record):
            told |= {"record": record.model_dump(mode="json")}
    return told


class _Plain:
    """A line for each cell that ends."""

    def __init__(self, cells: int) -> None:
        self._cells = cells
        self._ended = 0
        self._warnings = _Warnings()
        self._console = Console(stderr=True, highlight=False, soft_wrap=True)

    def __call__(self, event: Event) -> None:
        if isinstance(event, Finished):
            self._ended += 1
            for line in self._warnings.new(event):
                self._console.print(line, markup=False)
            line = f"[{self._ended}/{self._cells}] {event.cell}: {outcome(event.record)}"
            self._console.print(line, markup=False)
        elif isinstance(event, Retried):
            self._console.print(f"{event.cell}: {event.reason}; it is run again", markup=False)


class _Live:
    """A bar for the sweep with the time left, and a line for each running cell."""

    def __init__(self, work_of: Mapping[str, float], console: Console) -> None:
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=20),
            TextColumn("{task.fields[told]}", markup=False),
            _SweepTimeLeft(),
            console=console,
            transient=True,
        )
        self._lines: dict[str, TaskID] = {}
        self._cells = len(work_of)
        self._ended = 0
        self._warnings = _Warnings()
        # Cells differ in cost a hundredfold, so the bar moves by their work and not by their number.
        self._work_of = work_of
        total = sum(work_of.values())
        self._sweep = self._progress.add_task("sweep", total=total, told=self._told, is_sweep=True)
        self._done: dict[str, float] = {}

    @property
    def _told(self) -> str:
        return f"{self._ended}/{self._cells} cells"

    def __enter__(self) -> _Live:
        self._progress.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._progress.stop()

    def __call__(self, event: Event) -> None:
        key, cell = event.cell.key, event.cell
        match event:
            case Started():
                self._lines[key] = self._progress.add_task(
                    str(cell), total=cell.training.steps or None, told="loading", is_sweep=False
                )
            case Progressed(step=step, loss=loss, steps_per_second=speed):
                told = f"step {step}/{cell.training.steps}  loss {loss:.3g}  {speed:.3g} steps/s"
                self._progress.update(self._lines[key], completed=step, told=told)
                self._advance(cell, step / cell.training.steps)
            case Retried(reason=reason):
                self._end_line(key)
                self._progress.console.print(f"{cell}: {reason}; it is run again", markup=False, highlight=False)
            case Finished(record=record) as event:
                self._ended += 1
                self._end_line(key)
                self._advance(cell, 1.0)
                self._progress.update(self._sweep, told=self._told)
                for line in [*self._warnings.new(event), f"{cell}: {outcome(record)}"]:
                    self._progress.console.print(line, markup=False, highlight=False)

    def _advance(self, cell: Cell, share: float) -> None:
        self._done[cell.key] = share * self._work_of[cell.key]
        self._progress.update(self._sweep, completed=sum(self._done.values()))

    def _end_line(self, key: str) -> None:
        self._progress.remove_task(self._lines.pop(key))


class _SweepTimeLeft(TimeRemainingColumn):
    """The time left, for the sweep's line only."""

    def render(self, task: Any) -> Any:
        return super().render(task) if task.fields["is_sweep"] else ""

"""Writes a sweep as sentences: how far it is, ends of cells, retries, warnings, other sweeps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from seqbench.base.counts import counted
from seqbench.base.printable import one_line
from seqbench.experiment.cells import Cell
from seqbench.jobs.events import Event, Finished, Retried, Started
from seqbench.records.layout import Layout
from seqbench.records.record_files import Seen
from seqbench.records.schema import FAILED, FINAL, STATUSES, Record
from seqbench.running.plan import Plan
from seqbench.running.progress.tally import ELSEWHERE
from seqbench.running.queue import Waiting


def outcome(record: Record) -> str:
    """Return the outcome of a cell in one line.

    >>> from seqbench.records.schema import CellData, PluginUsed
    >>> used = PluginUsed(name="x", version=1, parameters={})
    >>> cell = CellData(task=used, model=used, length=8, seed=0, training={}, evaluate_lengths=(), data={})
    >>> outcome(Record(key="k", status="failed", reason="no memory", cell=cell))
    'failed: no memory'
    """
    metric = record.metric
    if record.status != "ok" or metric is None or (record.test is None and record.trial is None):
        return f"{record.status}: {one_line(record.reason or 'no reason was recorded')}"
    seconds = record.costs.train_seconds or 0.0
    ended = "" if record.stopped == "steps" else f", {record.stopped} after {counted(record.costs.steps, 'step')}"
    if record.trial is not None:
        return f"validation {metric.name} {_number(record.validation_score)}, {seconds:.1f} s{ended}"
    return f"{metric.name} {_number(record.score)} (baseline {_number(record.baseline)}), {seconds:.1f} s{ended}"


class Sentences:
    """Turns events into lines; each warning comes once, however many cells give it.

    Args:
        layout: the layout of the store that holds the logs.
        is_shard: cells that other sweeps run are left to them.
    """

    def __init__(self, layout: Layout, *, is_shard: bool) -> None:
        self._layout = layout
        self._is_shard = is_shard
        self._warnings: set[str] = set()
        self._hosts: tuple[str, ...] = ()

    def lines(self, event: Event | Waiting) -> Iterator[str]:
        """Yield the lines for an event: the end of a cell, with its log if it failed; a retry; other sweeps."""
        match event:
            case Started():
                self._hosts = ()
            case Waiting(hosts=hosts) if hosts != self._hosts:
                # Not repeated for every cell that the other sweeps end.
                self._hosts = hosts
                yield self._of_others(event)
            case Retried(cell=cell, reason=reason):
                yield f"{cell}: {one_line(reason)}; it is run again"
                yield from _log_line(self._layout, cell)
            case Finished(cell=cell, record=record):
                for text in dict.fromkeys(record.warnings):
                    if text not in self._warnings:
                        self._warnings.add(text)
                        yield f"warning: {cell.task.name}: {one_line(text)}"
                yield f"{cell}: {outcome(record)}"
                if record.status in FAILED:
                    yield from _log_line(self._layout, cell)

    def _of_others(self, waiting: Waiting) -> str:
        doing = "this shard leaves them to it" if self._is_shard else "waiting for it; Ctrl-C ends this sweep only"
        return f"{others(waiting)}; {doing}"


def others(waiting: Waiting) -> str:
    """Return in words what other sweeps run."""
    cells, hosts = len(waiting.cells), ", ".join(waiting.hosts)
    return f"cells that another sweep into this folder runs: {cells} (on {hosts})"


def done_before(todo: Plan) -> str:
    """Return how many cells of a plan have ended before, and how many are left; empty if none have."""
    keys = {cell.key for cell in todo.cells} - {cell.key for cell in todo.pending}
    if not keys or not todo.on_existing.runs:
        return ""
    ends = Counter(_end(todo.seen[key].status) for key in keys if key in todo.seen)
    failed = f", {ends['failed']} failed" if ends["failed"] else ""
    left = f"; {len(todo.pending)} left to run" if todo.pending else ""
    return f"{len(keys) - ends['failed']} of {_all(todo)} were done already{failed}{left}"


def how_far(todo: Plan, now: Mapping[str, Seen]) -> str:
    """Return how far a sweep had come when it was stopped; the numbers add up to the cells of its plan.

    Args:
        todo: the plan.
        now: key -> state of its record at the end of the sweep.
    """
    is_anew = todo.on_existing.begins_anew
    there = {key: seen.status for key, seen in now.items() if not (is_anew and seen == todo.seen.get(key))}
    ends = Counter(_end(there.get(cell.key)) for cell in todo.cells)
    failed = f", {ends['failed']} failed" if ends["failed"] else ""
    left = f", {ends['left']} left" if ends["left"] else ""
    is_over = not left and not (ends["failed"] and todo.on_existing.done.isdisjoint(FAILED))
    again = "begins all again" if is_anew else "shows the tables" if is_over else "goes on"
    return f"{ends['done']} of {_all(todo)} are done{failed}{left}; the same command {again}"


def _all(todo: Plan) -> str:
    return f"{len(todo.cells)} {'trials' if todo.cells[0].trial is not None else 'cells'}"


def _end(status: str | None) -> str:
    return "done" if status in FINAL else "failed" if status in FAILED else "left"


def counts(statuses: Iterable[tuple[str, int]]) -> str:
    """Return the number of cells with each status, the good ones first.

    >>> counts({"failed": 1, "ok": 10, "timeout": 0}.items())
    '10 ok, 1 failed'
    """
    order = [*STATUSES, ELSEWHERE]
    ordered = sorted(statuses, key=lambda each: order.index(each[0]))
    return ", ".join(f"{number} {status}" for status, number in ordered if number)


def _log_line(layout: Layout, cell: Cell) -> Iterator[str]:
    path = layout.log(cell)
    if path.exists():
        yield f"  log: {path}"


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.3f}"

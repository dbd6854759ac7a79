"""Tells a person, a log or a program how a sweep goes while it runs.

Live lines on a terminal, plain lines elsewhere, JSON lines on request; all but the last on stderr. Meanwhile
stdout belongs to results: what a plugin prints goes to stderr.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console

from seqbench.backlog import Waiting
from seqbench.cells import Cell
from seqbench.cli.console import results_apart, width
from seqbench.cli.tally import ELSEWHERE, Tally
from seqbench.counts import counted
from seqbench.execution import Event, Finished, Progressed, Retried, Started
from seqbench.logs import log_path
from seqbench.pace import in_words
from seqbench.plan import Plan
from seqbench.plugins import Catalog
from seqbench.printable import one_line, printable
from seqbench.records import Record

_HAVE_LOGS = frozenset({"failed", "timeout"})
_SECONDS_BETWEEN_ESTIMATES = 30.0


@dataclass(frozen=True)
class Watch:
    """Shows how a sweep goes.

    Attributes:
        see: called with everything that happens.
        tell: called with a line for a person, from any thread.
    """

    see: Callable[[Event | Waiting], None]
    tell: Callable[[str], None]


@contextmanager
def watch(
    todo: Plan, catalog: Catalog, folder: Path, *, as_json: bool, quiet: bool, live: bool
) -> Iterator[Watch]:
    """Give what is to be called with every event.

    Args:
        todo: what is to be run.
        catalog: tells how many time steps a cell's sequences have.
        folder: the store's, in which the logs lie.
        as_json: a JSON line on stdout for each event.
        quiet: nothing at all, but for JSON lines.
        live: allow lines that change; they are shown on a terminal only.
    """
    # The stream as it is now: while a cell runs in this process, sys.stderr is the cell's log.
    console = Console(file=sys.stderr, emoji=False, width=width(sys.stderr) if "COLUMNS" in os.environ else None)

    def tell(line: str) -> None:
        console.print(printable(line), markup=False, highlight=False, soft_wrap=True)

    told = Told(folder, is_shard=todo.is_shard)
    with results_apart() as results:
        if as_json:
            yield Watch(_Lines(told, tell, folder, results), tell)
        elif quiet:
            yield Watch(_Quiet(told, tell), tell)
        elif live and console.is_terminal:
            from seqbench.cli.live import Live

            with Live(Tally(todo.pending, catalog), told, console) as shown:
                yield Watch(shown, tell)
        else:
            yield Watch(_Plain(Tally(todo.pending, catalog), told, tell), tell)


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
        return f"{record.status}: {one_line(record.reason or 'no reason was recorded')}"
    score = test.scores[metric.name]
    baseline = next(b.scores[metric.name] for b in test.baselines if b.name == test.baseline_name)
    seconds = record.costs.train_seconds or 0.0
    ended = "" if record.stopped == "steps" else f", {record.stopped} after {counted(record.costs.steps, 'step')}"
    return f"{metric.name} {_number(score)} (baseline {_number(baseline)}), {seconds:.1f} s{ended}"


class Told:
    """Says in lines what happened; each warning once, however many cells give it.

    Args:
        folder: the store's, in which the logs lie.
        is_shard: cells that other sweeps run are left to them.
    """

    def __init__(self, folder: Path, *, is_shard: bool) -> None:
        self._folder = folder
        self._is_shard = is_shard
        self._warnings: set[str] = set()
        self._hosts: tuple[str, ...] = ()

    def lines(self, event: Event | Waiting) -> Iterator[str]:
        """Yield what is to be told: the end of a cell, with its log where it failed; a retry; other sweeps."""
        match event:
            case Started():
                self._hosts = ()
            case Waiting(hosts=hosts) if hosts != self._hosts:
                # Not again with every cell that the others end.
                self._hosts = hosts
                yield self._of_others(event)
            case Retried(cell=cell, reason=reason):
                yield f"{cell}: {one_line(reason)}; it is run again"
                yield from _log_line(self._folder, cell)
            case Finished(cell=cell, record=record):
                for text in dict.fromkeys(record.warnings):
                    if text not in self._warnings:
                        self._warnings.add(text)
                        yield f"warning: {cell.task.name}: {one_line(text)}"
                yield f"{cell}: {outcome(record)}"
                if record.status in _HAVE_LOGS:
                    yield from _log_line(self._folder, cell)

    def _of_others(self, waiting: Waiting) -> str:
        doing = "this shard leaves them to it" if self._is_shard else "waiting for it; Ctrl-C ends this sweep only"
        return f"{others(waiting)}; {doing}"


def others(waiting: Waiting) -> str:
    """Return what other sweeps run, in words."""
    cells, hosts = len(waiting.cells), ", ".join(waiting.hosts)
    return f"cells that another sweep into this folder runs: {cells} (on {hosts})"


def counts(statuses: Iterable[tuple[str, int]]) -> str:
    """Return how many cells have each status, the good ones first.

    >>> counts({"failed": 1, "ok": 10, "timeout": 0}.items())
    '10 ok, 1 failed'
    """
    order = ["ok", "diverged", "failed", "timeout", "interrupted", ELSEWHERE]
    ordered = sorted(statuses, key=lambda each: order.index(each[0]))
    return ", ".join(f"{number} {status}" for status, number in ordered if number)


def _log_line(folder: Path, cell: Cell) -> Iterator[str]:
    path = log_path(folder, cell)
    if path.exists():
        yield f"  log: {path}"


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.3f}"


def _as_json(event: Event | Waiting, folder: Path) -> dict[str, Any]:
    told: dict[str, Any] = {"event": type(event).__name__.lower()}
    if isinstance(event, Waiting):
        return told | {"cells": [_named(cell) for cell in event.cells], "hosts": event.hosts}
    cell = event.cell
    told |= _named(cell)
    match event:
        case Progressed(step=step, loss=loss, steps_per_second=speed):
            # A loss that is not finite ends the cell before it is told here.
            told |= {"step": step, "loss": loss, "steps_per_second": speed}
        case Retried(reason=reason):
            told |= {"reason": reason, "log": str(log_path(folder, cell))}
        case Finished(record=record):
            told |= {"log": str(log_path(folder, cell)), "record": record.model_dump(mode="json")}
    return told


def _named(cell: Cell) -> dict[str, Any]:
    return {
        "key": cell.key,
        "task": cell.task.name,
        "model": cell.model.name,
        "length": cell.length,
        "seed": cell.seed,
    }


class _Quiet:
    """Says only why nothing happens: other sweeps run what is left."""

    def __init__(self, told: Told, tell: Callable[[str], None]) -> None:
        self._told = told
        self._tell = tell

    def __call__(self, event: Event | Waiting) -> None:
        if isinstance(event, Started | Waiting):
            for line in self._told.lines(event):
                self._tell(line)


class _Lines:
    """A JSON line for everything that happens, and for a person what the quiet say."""

    def __init__(self, told: Told, tell: Callable[[str], None], folder: Path, results: TextIO) -> None:
        self._quiet = _Quiet(told, tell)
        self._folder = folder
        self._results = results

    def __call__(self, event: Event | Waiting) -> None:
        self._results.write(json.dumps(_as_json(event, self._folder), allow_nan=False) + "\n")
        self._results.flush()
        self._quiet(event)


class _Plain:
    """A line for each cell that ends, and now and then how long the sweep takes yet."""

    def __init__(self, tally: Tally, told: Told, tell: Callable[[str], None]) -> None:
        self._tally = tally
        self._told = told
        self._tell = tell
        self._estimated = time.monotonic()

    def __call__(self, event: Event | Waiting) -> None:
        self._tally.see(event)
        for line in self._told.lines(event):
            is_end = isinstance(event, Finished) and line.startswith(f"{event.cell}:")
            count = f"[{self._tally.ended}/{self._tally.cells}] " if is_end else ""
            self._tell(count + line)
        if time.monotonic() - self._estimated > _SECONDS_BETWEEN_ESTIMATES:
            self._estimated = time.monotonic()
            self._tell(self._standing())

    def _standing(self) -> str:
        tally, seconds = self._tally, self._tally.seconds_left()
        parts = [counts(tally.statuses.items()), f"{len(tally.running)} running"]
        parts.append("" if seconds is None else f"about {in_words(seconds)} left")
        return f"{tally.ended} of {tally.cells} cells: " + ", ".join(part for part in parts if part)

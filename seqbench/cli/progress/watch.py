"""Chooses how a sweep is shown while it runs: live lines, plain lines, or JSON lines on request.

All but JSON goes to stderr. Stdout is kept for results: what a plugin prints goes to stderr.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from rich.console import Console

from seqbench.base.printable import printable
from seqbench.cli.console import results_apart, width
from seqbench.cli.progress.events import Lines, Quiet
from seqbench.jobs.events import Event
from seqbench.records.layout import Layout
from seqbench.running.plan import Plan
from seqbench.running.progress.headline import ended_before
from seqbench.running.progress.plain import Plain
from seqbench.running.progress.sentences import Sentences
from seqbench.running.progress.tally import Tally
from seqbench.running.queue import Waiting


@dataclass(frozen=True)
class Display:
    """Shows the progress of a sweep.

    Attributes:
        see: called with every event.
        tell: called with a message for people, from any thread.
    """

    see: Callable[[Event | Waiting], None]
    tell: Callable[[str], None]


@contextmanager
def watch(todo: Plan, layout: Layout, *, as_json: bool, quiet: bool, live: bool) -> Iterator[Display]:
    """Yield the display of a sweep, and close it at the end of the block.

    Args:
        todo: the cells to run.
        layout: the layout of the store that holds the logs.
        as_json: a JSON line on stdout for each event.
        quiet: show nothing, except JSON lines.
        live: allow lines that change; they are shown on a terminal only.
    """
    # The current stream: while a cell runs in this process, sys.stderr is the cell's log.
    console = Console(file=sys.stderr, emoji=False, width=width(sys.stderr) if "COLUMNS" in os.environ else None)

    def tell(line: str) -> None:
        console.print(printable(line), markup=False, highlight=False, soft_wrap=True)

    told, earlier = Sentences(layout, is_shard=todo.is_shard), partial(ended_before, todo, layout)
    with results_apart() as results:
        if as_json:
            yield Display(Lines(told, tell, layout, results), tell)
        elif quiet:
            yield Display(Quiet(told, tell), tell)
        elif live and console.is_terminal:
            from seqbench.running.progress.live import Live

            with Live(Tally(todo, earlier), told, console) as shown:
                yield Display(shown, tell)
        else:
            yield Display(Plain(Tally(todo, earlier), told, tell), tell)

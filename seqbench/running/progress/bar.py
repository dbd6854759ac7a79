"""Chooses how `seqbench.run` shows a sweep: a notebook's output, live lines on a terminal, or plain lines.

All of it goes to stderr, or to the notebook.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from rich.console import Console

from seqbench.base.printable import printable
from seqbench.jobs.events import Event
from seqbench.records.layout import Layout
from seqbench.running.plan import Plan
from seqbench.running.progress.headline import ended_before
from seqbench.running.progress.notebook import NotebookBar
from seqbench.running.progress.plain import Plain
from seqbench.running.progress.sentences import Sentences, done_before
from seqbench.running.progress.tally import Tally
from seqbench.running.queue import Waiting

See = Callable[[Event | Waiting], None]
"""Called with every event of a sweep."""


@contextmanager
def progress_bar(todo: Plan, layout: Layout) -> Iterator[See]:
    """Yield what shows the events of a sweep, and close it at the end of the block.

    Args:
        todo: the cells to run; nothing is shown if there are none.
        layout: the layout of the store that holds the logs.
    """
    # The current stream: while a cell runs in this process, sys.stderr is the cell's log.
    console = Console(file=sys.stderr, emoji=False)
    told, earlier = Sentences(layout, is_shard=todo.is_shard), partial(ended_before, todo, layout)
    if not todo.pending:
        yield lambda event: None
    elif console.is_jupyter:
        with NotebookBar(Tally(todo, earlier)) as shown:
            yield shown
    elif console.is_terminal:
        from seqbench.running.progress.live import Live

        _tell_before(todo, console)
        with Live(Tally(todo, earlier), told, console) as lines:
            yield lines
    else:
        _tell_before(todo, console)
        yield Plain(Tally(todo, earlier), told, lambda line: print_line(console, line))


def _tell_before(todo: Plan, console: Console) -> None:
    if before := done_before(todo):
        print_line(console, before)


def print_line(console: Console, line: str) -> None:
    """Print a line for people; the text of a record or a plugin does not control the terminal."""
    console.print(printable(line), markup=False, highlight=False, soft_wrap=True)

"""How do cells run side by side, each in a fresh process?

Processes are forked from a server that imported torch and Lightning once: 0.1 s for each instead of 4 s. A
process that dies costs its cell one retry, never the sweep. One thread each: two threads on two busy cores
are many times slower than one.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerProcess
from typing import Any

from seqbench.cells import Cell
from seqbench.executors.events import Event, Finished, Job, Progressed, Retried, Started
from seqbench.plugins import Catalog, load_catalog
from seqbench.records import Record, unfinished

PRELOAD = ["torch", "pytorch_lightning", "seqbench.training"]
ATTEMPTS = 2
_SECONDS_TO_END = 5.0

Work = Callable[[Cell, Catalog, Mapping[str, Any], Callable[[int, float, float], None]], Record | None]


@dataclass
class _Worker:
    """One running process."""

    cell: Cell
    process: ForkServerProcess
    connection: Connection
    attempt: int


def run_in_processes(job: Job) -> Generator[Event]:
    """Yield what happens until every cell has finished.

    Closing the iterator ends the processes that still run.
    """
    waiting = deque((cell, 1) for cell in job.cells)
    running: dict[int, _Worker] = {}
    try:
        while waiting or running:
            while waiting and len(running) < job.workers:
                cell, attempt = waiting.popleft()
                worker = _start(cell, attempt, _train, job)
                running[worker.connection.fileno()] = worker
                yield Started(cell)
            for connection in wait([worker.connection for worker in running.values()]):
                assert isinstance(connection, Connection)
                worker = running[connection.fileno()]
                event = _next_event(worker, job)
                if isinstance(event, Finished | Retried):
                    del running[connection.fileno()]
                    _end(worker)
                if isinstance(event, Retried):
                    waiting.appendleft((worker.cell, worker.attempt + 1))
                yield event
    finally:
        for worker in running.values():
            _end(worker)


def check_in_processes(job: Job) -> Iterator[str]:
    """Load the data of every cell and yield what is wrong with them, in the order of the cells."""
    for start in range(0, len(job.cells), job.workers):
        workers = [_start(cell, 1, _check, job) for cell in job.cells[start : start + job.workers]]
        try:
            for worker in workers:
                problem = _received(worker)
                if isinstance(problem, str):
                    yield problem
                elif problem is None:
                    yield f"{worker.cell}: the process that loads the data died, {_exit(worker)}"
        finally:
            for worker in workers:
                _end(worker)


def _start(cell: Cell, attempt: int, target: Callable[..., None], job: Job) -> _Worker:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOAD)
    receiving, sending = context.Pipe(duplex=False)
    with _main_hidden(), _one_thread_each(), _interrupts_wait():
        process = context.Process(
            target=target, args=(sending, cell, job.environment, job.plugins), daemon=True, name=f"seqbench {cell}"
        )
        process.start()
    sending.close()
    return _Worker(cell, process, receiving, attempt)


@contextmanager
def _main_hidden() -> Iterator[None]:
    """Keep multiprocessing from importing the caller's script again in every process.

    A process needs nothing from it, and a script without ``if __name__ == "__main__"`` would start itself.
    """
    main = sys.modules["__main__"]
    hidden: dict[str, Any] = {
        name: vars(main).pop(name) for name in ("__file__", "__spec__") if name in vars(main)
    }
    main.__spec__ = None
    try:
        yield
    finally:
        vars(main).update(hidden)


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Give the server, when it starts, an environment in which torch takes one thread."""
    before = os.environ.get("OMP_NUM_THREADS")
    os.environ["OMP_NUM_THREADS"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["OMP_NUM_THREADS"]
        else:
            os.environ["OMP_NUM_THREADS"] = before


@contextmanager
def _interrupts_wait() -> Iterator[None]:
    """Hold Ctrl-C back while a process starts: it is for the parent, which gets it when the block ends.

    The server is started with it blocked for good, so that it prints no traceback out of its imports.
    """
    # It unblocks signals when it starts, so it has to be there before.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _next_event(worker: _Worker, job: Job) -> Event:
    received = _received(worker)
    if isinstance(received, tuple):
        return Progressed(worker.cell, *received)
    if isinstance(received, Record):
        return Finished(worker.cell, received)
    reason = f"the cell's process died, {_exit(worker)}"
    if worker.attempt < ATTEMPTS:
        return Retried(worker.cell, reason)
    reason = f"{reason}; it was run {ATTEMPTS} times"
    return Finished(
        worker.cell, unfinished(worker.cell, "failed", reason, job.environment, load_catalog(job.plugins))
    )


def _received(worker: _Worker) -> Any:
    try:
        return worker.connection.recv()
    except (EOFError, OSError, pickle.UnpicklingError):
        # The process died before, or in the middle of, what it had to say.
        return None


def _exit(worker: _Worker) -> str:
    worker.process.join(_SECONDS_TO_END)
    code = worker.process.exitcode
    if code is not None and code < 0:
        return f"by signal {signal.Signals(-code).name}" + (" (out of memory?)" if code == -signal.SIGKILL else "")
    return f"with exit status {code}"


def _end(worker: _Worker) -> None:
    worker.connection.close()
    worker.process.join(0.2)
    if worker.process.is_alive():
        worker.process.terminate()
        worker.process.join(_SECONDS_TO_END)
    if worker.process.is_alive():
        worker.process.kill()
        worker.process.join()


def _train(sending: Connection, cell: Cell, environment: Mapping[str, Any], plugins: str | None) -> None:
    """Run in the process: train one cell and send its progress and its record."""
    from seqbench.training import run_cell

    _leave_interrupts_to_the_parent()
    catalog = load_catalog(plugins)
    _send(sending, run_cell(cell, catalog, environment, lambda *told: _send(sending, told)))


def _send(sending: Connection, message: Any) -> None:
    """Tell the parent; where it has gone, there is nobody to run for and nobody to tell of it."""
    try:
        sending.send(message)
    except OSError:
        os._exit(1)


def _check(sending: Connection, cell: Cell, environment: Mapping[str, Any], plugins: str | None) -> None:
    """Run in the process: load the data of one cell; send what is wrong with them, or False."""
    from seqbench.errors import SeqbenchError
    from seqbench.training import check_data

    _leave_interrupts_to_the_parent()
    try:
        check_data(cell, load_catalog(plugins))
    except SeqbenchError as error:
        _send(sending, str(error))
    except Exception:
        # A plugin's own fault is a failed cell with a traceback, not bad input.
        _send(sending, False)
    else:
        _send(sending, False)


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
